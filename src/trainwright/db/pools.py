"""Dedicated pools. Implements `ports.pools.PoolRepository`."""

from trainwright.db.transaction import Transaction


class Pools:
    """See `ports.pools.PoolRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
