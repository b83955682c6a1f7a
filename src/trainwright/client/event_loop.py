"""Coroutines from blocking code, also where an event loop runs already: a notebook's thread always has one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine
    from concurrent import futures
    from typing import Any
else:
    asyncio = deferred("asyncio")
    futures = deferred("concurrent.futures")

T = TypeVar("T")


def run_apart(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The result of `main()`, run on an event loop of its own: here, or in a thread where this one has a loop already.

    Ctrl-C cancels it, waits for it to let go and is raised.
    """
    if not has_loop():
        return asyncio.run(main())
    begun: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T] | None]] = []

    async def cancellable() -> T:
        begun.append((asyncio.get_running_loop(), asyncio.current_task()))
        return await main()

    with futures.ThreadPoolExecutor(1, thread_name_prefix="trainwright-client") as pool:
        running = pool.submit(lambda: asyncio.run(cancellable()))
        try:
            return running.result()
        except KeyboardInterrupt:
            for loop, task in begun:
                if task is not None:
                    with suppress(RuntimeError):  # it ended, and its loop was closed, just now
                        loop.call_soon_threadsafe(task.cancel)
            raise


def has_loop() -> bool:
    """Whether an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
