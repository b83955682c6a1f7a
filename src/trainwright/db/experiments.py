"""Experiments. Implements `ports.workspaces.ExperimentRepository`."""

from trainwright.db.transaction import Transaction


class Experiments:
    """See `ports.workspaces.ExperimentRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
