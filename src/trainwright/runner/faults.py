"""How moving files can fail for good. Apart from `transfers`, so that they can be caught without loading it."""

from __future__ import annotations


class TransferFailed(Exception):
    """Trying again would not help, or has been tried for long enough."""


class Changed(TransferFailed):
    """An object of a dataset version is not what its manifest says, or is `gone`."""

    def __init__(self, path: str, *, gone: bool = False) -> None:
        changed = f"{path} has changed since the dataset version was made"
        super().__init__(f"{path} of the dataset version is gone" if gone else changed)
        self.path = path
        self.gone = gone


class Missing(TransferFailed):
    """What was asked for does not exist (404)."""


class Rejected(TransferFailed):
    """The store or the server does not allow it (any other 4xx)."""


class StoreTrouble(TransferFailed):
    """The store has been answering with errors for a long time."""
