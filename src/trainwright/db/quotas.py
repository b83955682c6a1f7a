"""Limits of workspaces and users. Implements `ports.workspaces.QuotaRepository`."""

from trainwright.db.transaction import Transaction


class Quotas:
    """See `ports.workspaces.QuotaRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
