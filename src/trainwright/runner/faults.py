"""How moving files can fail for good. Apart from `transfers`, so that they can be caught without loading it."""

from __future__ import annotations


class TransferFailed(Exception):
    """Trying again would not help, or has been tried for long enough."""


class Missing(TransferFailed):
    """What was asked for does not exist (404)."""


class Rejected(TransferFailed):
    """The store or the server does not allow it (any other 4xx)."""


class StoreTrouble(TransferFailed):
    """The store has been answering with errors for a long time."""
