"""How long to wait before trying again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RETRY_STATUSES = frozenset({502, 503, 504})
RETRIES = 3


def backoff_s(retry: int, *, base_s: float = 0.1, cap_s: float = 5.0) -> float:
    """Seconds before retry `retry` (1 = first): doubles from `base_s` up to `cap_s`."""
    return min(cap_s, base_s * float(2 ** min(retry - 1, 20)))


def delays(retries: int = RETRIES) -> Iterator[float]:
    """The pauses of a call that is tried at most `retries` times more."""
    for retry in range(1, retries + 1):
        yield backoff_s(retry)


class Deadline:
    """The end of one's patience, `timeout_s` from now; None: there is none."""

    def __init__(self, timeout_s: float | None) -> None:
        self._at = None if timeout_s is None else time.monotonic() + timeout_s

    @property
    def has_passed(self) -> bool:
        """Whether it is over."""
        return self._at is not None and time.monotonic() >= self._at

    def within(self, seconds: float) -> float:
        """`seconds`, or what is left if that is less; never less than a moment."""
        return seconds if self._at is None else max(0.001, min(seconds, self._at - time.monotonic()))
