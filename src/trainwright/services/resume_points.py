"""What was found out once for all tasks of one start of an attempt."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from trainwright.wire.runner import ResumePoint

REMEMBERED = 1024
Key = tuple[str, int, str]


class ResumePoints:
    """What was found for each attempt, start and role. Of many that ask at once one looks, and the others wait."""

    def __init__(self) -> None:
        self._found: OrderedDict[Key, asyncio.Task[ResumePoint | None]] = OrderedDict()

    async def get(self, key: Key, find: Callable[[], Awaitable[ResumePoint | None]]) -> ResumePoint | None:
        """What `find` finds, or found before. Whoever waits for it may be cancelled; the search goes on."""
        task = self._found.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.ensure_future(_awaited(find))
            self._found[key] = task
            while len(self._found) > REMEMBERED:
                self._found.popitem(last=False)
        return await asyncio.shield(task)


async def _awaited(find: Callable[[], Awaitable[ResumePoint | None]]) -> ResumePoint | None:
    return await find()
