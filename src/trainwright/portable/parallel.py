"""Doing many things with a few threads, the calling one among them."""

from __future__ import annotations

import threading
from typing import Callable, Iterable, Iterator, TypeVar

T = TypeVar("T")


def for_each(items: Iterable[T], work: Callable[[T], None], *, threads: int) -> None:
    """Call `work` for all `items`, `threads` at a time; with 0 or 1, one after the other in the calling thread.

    Threads that cannot be started (the interpreter is ending, a limit is reached) are done without.

    Raises:
        BaseException: the first failure; what was under way has ended then, and the rest was not begun.
    """
    crew = _Crew(iter(items), work)
    helpers = []
    for _ in range(threads - 1):
        helper = threading.Thread(target=crew.run, daemon=True)
        try:
            helper.start()
        except RuntimeError:
            break
        helpers.append(helper)
    try:
        crew.run()
        for helper in helpers:
            helper.join()
    finally:
        crew.stopped = True  # an interrupt while waiting: nothing new is begun behind the caller's back
    if crew.failures:
        raise crew.failures[0]


class _Crew:
    """What the threads of one call share."""

    def __init__(self, items: Iterator[T], work: Callable[[T], None]) -> None:
        self._items = items
        self._work: Callable[[T], None] = work
        self._lock = threading.Lock()
        self.failures: list[BaseException] = []
        self.stopped = False

    def run(self) -> None:
        """Take items until there are none, or something has failed."""
        try:
            while self._take_one():
                pass
        except BaseException as exc:  # noqa: BLE001  # raised again by the calling thread
            self.failures.append(exc)

    def _take_one(self) -> bool:
        with self._lock:  # a generator may be asked by one thread at a time only
            if self.failures or self.stopped:
                return False
            try:
                item = next(self._items)
            except StopIteration:
                return False
        self._work(item)
        return True
