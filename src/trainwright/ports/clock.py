"""Time, injected, so that flow tests can turn it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where all times come from."""

    def now_ms(self) -> int:
        """Milliseconds UTC since 1970."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds UTC since 1970."""
        return time.time_ns() // 1_000_000
