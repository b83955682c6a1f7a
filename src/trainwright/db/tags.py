"""Tags of jobs. Implements `ports.workspaces.TagRepository`."""

from trainwright.db.transaction import Transaction


class Tags:
    """See `ports.workspaces.TagRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
