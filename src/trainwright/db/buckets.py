"""Whose each bucket is. Implements `ports.datasets.BucketRepository`."""

from trainwright.db.transaction import Transaction


class Buckets:
    """See `ports.datasets.BucketRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
