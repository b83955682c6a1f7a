"""Authorisations and options. Implements `ports.workspaces.AuthorizationRepository`."""

from trainwright.db.transaction import Transaction


class Authorizations:
    """See `ports.workspaces.AuthorizationRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
