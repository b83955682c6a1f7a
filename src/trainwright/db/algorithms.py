"""Saved algorithms. Implements `ports.algorithms.AlgorithmRepository`."""

from trainwright.db.transaction import Transaction


class Algorithms:
    """See `ports.algorithms.AlgorithmRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
