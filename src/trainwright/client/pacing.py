"""How long to wait before trying again."""

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
