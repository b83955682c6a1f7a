"""Whose turn it is to write."""

import threading
from collections import deque


class Turns:
    """A lock that is handed over in the order of asking.

    Ordinary locks, and SQLAlchemy's pool, let a thread that asks again at once win again and again: a busy loop beside
    it made other writers wait 280 ms each (measured 2026-11 on SQLite).
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    @property
    def waiting(self) -> int:
        """How many wait now."""
        with self._guard:
            return len(self._waiting)

    def take(self, timeout_s: float) -> bool:
        """Wait for the turn, at most that long; False when it did not come. Not reentrant."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout_s):
            return True
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # handed over at the very moment the wait ended

    def give(self) -> None:
        """Hand it to who has waited longest. Only the holder calls this, once."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
