"""Doing many small things at once, and one thing again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from trainwright.client.connection import is_worth_repeating
from trainwright.client.errors import ApiError, ConnectionFailed, unbundled
from trainwright.client.pacing import backoff_s
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Iterable
else:
    asyncio = deferred("asyncio")

Item = TypeVar("Item")
T = TypeVar("T")


FILES_IN_FLIGHT_HERE = (
    8  # more only makes the connection pool search longer (measured 2026-11-22: half the CPU of 32)
)
FILES_IN_FLIGHT_AWAY = 32


def files_at_once(asked: int, count: int, *, here: bool) -> int:
    """How many of `count` files to move at a time, at least 1; `asked` 0 lets us choose."""
    return max(1, min(count, asked or (FILES_IN_FLIGHT_HERE if here else FILES_IN_FLIGHT_AWAY)))


async def for_each(items: Iterable[Item], work: Callable[[Item], Awaitable[None]], *, at_once: int) -> None:
    """Await `work(item)` for all items, `at_once` of them at a time.

    Raises:
        ClientError: the first failure; what was under way is cancelled, the rest is not begun.
    """
    waiting = iter(items)

    async def take() -> None:
        for item in waiting:
            await work(item)

    with unbundled():
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(take())


async def repeat(call: Callable[[], Awaitable[T]], *, tries: int) -> T:
    """The result of `call()`, called again after passing faults, at most `tries` times in all.

    Raises:
        ClientError: the last fault, or one that will not pass.
    """
    for attempt in range(1, tries):
        try:
            return await call()
        except ConnectionFailed:
            await asyncio.sleep(backoff_s(attempt))
        except ApiError as exc:
            if not is_worth_repeating(exc):
                raise
            await asyncio.sleep(backoff_s(attempt))
    return await call()
