"""Threads of the supervisor, for what may take long: copying and transfers. Loaded only when there is such work."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from .copying import Cancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


class Work:
    """One function in a thread of its own. `wake` is called at its end, from that thread."""

    def __init__(self, task: Callable[[], Any], wake: Callable[[], None]) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._future = self._pool.submit(task)
        self._future.add_done_callback(lambda future: wake())

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._future.done()

    def outcome(self) -> Any:
        """Its result; raises what it raised. Waits for the thread's last breath, so that none is left to fork with."""
        self._pool.shutdown(wait=True)
        return self._future.result()


def spread(
    items: Iterable[Any], action: Callable[[Any], None], *, threads: int, cancelled: Callable[[], bool]
) -> None:
    """Run `action` on every item, `threads` at a time. The first failure stops the rest and is raised.

    Raises:
        Cancelled: `cancelled` turned true.
    """
    waiting = iter(items)
    end = object()
    lock = threading.Lock()
    failed = threading.Event()

    def run() -> None:
        complete = False
        try:
            while not failed.is_set() and not cancelled():
                with lock:
                    item = next(waiting, end)
                if item is end:
                    break
                action(item)
            complete = True
        finally:
            if not complete:
                failed.set()

    with ThreadPoolExecutor(max_workers=threads) as pool:
        futures = [pool.submit(run) for _ in range(threads)]
    for future in futures:
        future.result()
    if cancelled():
        raise Cancelled
