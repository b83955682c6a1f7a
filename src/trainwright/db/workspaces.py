"""Workspaces and their members. Implements `ports.workspaces.WorkspaceRepository`."""

from trainwright.db.transaction import Transaction


class Workspaces:
    """See `ports.workspaces.WorkspaceRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
