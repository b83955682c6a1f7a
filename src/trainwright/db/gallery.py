"""Published algorithms and subscriptions. Implements `ports.algorithms.GalleryRepository`."""

from trainwright.db.transaction import Transaction


class Gallery:
    """See `ports.algorithms.GalleryRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
