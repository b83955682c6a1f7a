"""What reading logs keeps in memory, and how the work is shared: bounded, fair between users. Used from `Services`.

Work over much of a log runs in short slices on the pool of threads, so that it holds up nothing else there; few users
do so at a time, and each of them once.
"""

import asyncio
import time
from array import array
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from threading import Lock

from trainwright.services.log_index import LineIndex
from trainwright.services.log_lines import Line, LogText
from trainwright.services.log_search import Finder, Hit, Query, finder

SLICE_S = 0.05
PLACES_MAX = 4096
_KEPT = 512  # logs
_AT_ONCE = 4
_PATIENCE_S = 5.0
_ERRORS = Query(errors=True, system=False)

Place = tuple[str, str]
"""Attempt key and task."""
_Blocking = Callable[[Callable[[float], bool], float], Awaitable[bool]]


class ErrorSurvey:
    """Where the error lines of one log are, as far as was searched. Of very many, each `stride`-th is kept."""

    def __init__(self) -> None:
        self.searched = 0
        self.count = 0
        self.first: Hit | None = None
        self.stride = 1
        self.offsets = array("Q")
        self._lock = Lock()

    def search_on(self, text: LogText, ended: bool, until: float) -> bool:
        """Search until that moment (`time.monotonic`), some lines at least; True when all there is was searched."""
        with self._lock:
            end = text.size if ended else text.open_start
            find = finder(_ERRORS)
            for start, piece in text.segments(self.searched):
                if start >= end:
                    break
                for line in find.lines(start, piece[: end - start]):
                    self._take(find, line)
                self.searched = min(start + len(piece), end)
                if time.monotonic() >= until:
                    break
            return self.searched >= end

    def _take(self, find: Finder, line: Line) -> None:
        if self.first is None:
            self.first = find.hit(line)
        if self.count % self.stride == 0:
            self.offsets.append(line.offset)
        self.count += 1
        if len(self.offsets) > PLACES_MAX:
            self.offsets = self.offsets[::2]
            self.stride *= 2


@dataclass(slots=True)
class Known:
    """What is remembered of one log."""

    index: LineIndex = field(default_factory=LineIndex)
    errors: ErrorSurvey = field(default_factory=ErrorSurvey)


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class LogWork:
    """Of one process. For use on one event loop; what is known of logs may be used in threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[Place, Known] = OrderedDict()
        self._turns: dict[str, _Turn] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)

    def known(self, place: Place) -> Known:
        """What is remembered of a log; of those that were asked for last."""
        known = self._known.setdefault(place, Known())
        self._known.move_to_end(place)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return known

    @asynccontextmanager
    async def turn(self, user_id: str, patience_s: float = _PATIENCE_S) -> AsyncIterator[bool]:
        """A user's turn to work long; False: it did not come in time."""
        turn = self._turns.setdefault(user_id, _Turn())
        turn.waiting += 1
        try:
            mine = await _acquired(turn.lock, patience_s)
            try:
                place = mine and await _acquired(self._places, patience_s)
                try:
                    yield place
                finally:
                    if place:
                        self._places.release()
            finally:
                if mine:
                    turn.lock.release()
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                self._turns.pop(user_id, None)


async def _acquired(what: asyncio.Lock | asyncio.Semaphore, patience_s: float) -> bool:
    if not what.locked():
        return await what.acquire()
    try:
        async with asyncio.timeout(patience_s):
            return await what.acquire()
    except TimeoutError:
        return False


async def in_slices(blocking: _Blocking, call: Callable[[float], bool], budget_s: float) -> bool:
    """Have `call`, which works until a moment (`time.monotonic`) and says whether all is done, work until it says so or
    time is up.
    """
    deadline = time.monotonic() + budget_s
    while not await blocking(call, min(time.monotonic() + SLICE_S, deadline)):
        if time.monotonic() >= deadline:
            return False
    return True
