"""What was found out once for all tasks of one start of an attempt."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from trainwright.wire.runner import ResumePoint

REMEMBERED = 1024
WAIT_S = 5.0
"""A task that asks is kept waiting no longer: it asks again."""
AGAIN_MS = 2_000
"""After trouble the next search begins so much later."""
PATIENCE_MS = 300_000
"""With trouble for so long, a start makes do with what there is."""
Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Newest:
    """What a search found. `trouble`: why that may not be the newest, or not all there is; empty for nothing."""

    point: ResumePoint | None = None
    trouble: str = ""


class NotYet(Exception):
    """It is still being looked for: to be asked again."""


Find = Callable[[], Awaitable[Newest]]
GiveUp = Callable[[Newest], Awaitable[None]]


class ResumePoints:
    """What was found for each attempt, start and role. Of many that ask at once one looks, and the others wait. What
    came of trouble is not kept, but looked for again until `PATIENCE_MS` are over.
    """

    def __init__(self) -> None:
        self._searches: OrderedDict[Key, _Search] = OrderedDict()

    async def get(self, key: Key, find: Find, give_up: GiveUp, now_ms: int) -> ResumePoint | None:
        """What `find` finds, or found before; the same for all that ask from then on. Whoever waits for it may be
        cancelled; the search goes on. `give_up` is awaited, once, when it ends with trouble.

        Raises:
            NotYet: it takes longer, or there was trouble.
        """
        search = self._searches.get(key)
        if search is None:
            search = self._searches[key] = _Search(now_ms)
            while len(self._searches) > REMEMBERED:
                self._searches.popitem(last=False)
        return await search.get(find, give_up, now_ms)


class _Search:
    def __init__(self, now_ms: int) -> None:
        self._since_ms = self._begun_ms = now_ms
        self._task: asyncio.Task[Newest] | None = None

    async def get(self, find: Find, give_up: GiveUp, now_ms: int) -> ResumePoint | None:
        if self._task is None or (_failed(self._task) and now_ms - self._begun_ms >= AGAIN_MS):
            self._begun_ms = now_ms
            last = now_ms - self._since_ms >= PATIENCE_MS
            self._task = asyncio.ensure_future(_look(find, give_up, last=last))
        await asyncio.wait([self._task], timeout=WAIT_S)
        if not self._task.done() or _failed(self._task):
            raise NotYet
        return self._task.result().point


def _failed(task: asyncio.Task[Newest]) -> bool:
    if not task.done():
        return False
    return task.cancelled() or task.exception() is not None or bool(task.result().trouble)


async def _look(find: Find, give_up: GiveUp, *, last: bool) -> Newest:
    found = await find()
    if found.trouble and last:
        await give_up(found)
        return Newest(found.point)
    return found
