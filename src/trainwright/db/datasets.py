"""Datasets and their versions. Implements `ports.datasets.DatasetRepository`."""

from trainwright.db.transaction import Transaction


class Datasets:
    """See `ports.datasets.DatasetRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
