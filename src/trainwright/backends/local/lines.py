"""Who waits, pool by pool, in the order of the schedule, and why. Changed on the event loop only."""

import bisect
from collections.abc import Iterable, Mapping, Sequence

from trainwright.backends.local.schedule import Room, Waiting, admit, explain, head_of
from trainwright.domain.demand import Demand
from trainwright.domain.entities import Note

_NOTHING = Room(Demand(), Demand())


class Lines:
    """One line a pool. The notes are what was last said: they are kept while the schedule has still to look again."""

    def __init__(self) -> None:
        self._lines: dict[str, list[Waiting]] = {}
        self._classes: dict[str, dict[Demand, list[Waiting]]] = {}  # those that are not barred, by demand
        self._notes: dict[str, Note] = {}

    def __len__(self) -> int:
        """How many wait."""
        return sum(len(line) for line in self._lines.values())

    def count(self, pool: str) -> int:
        """How many wait in one pool."""
        return len(self._lines.get(pool, ()))

    def line(self, pool: str) -> Sequence[Waiting]:
        """All that wait in one pool, in order."""
        return self._lines.get(pool, ())

    def enter(self, waiting: Waiting) -> None:
        """Put it into its place."""
        bisect.insort(self._lines.setdefault(waiting.pool, []), waiting, key=_rank)
        if not waiting.barred:
            classes = self._classes.setdefault(waiting.pool, {})
            bisect.insort(classes.setdefault(waiting.demand, []), waiting, key=_rank)

    def leave(self, waiting: Waiting) -> None:
        """Take it out; it must be there, with the rank it entered with."""
        _take(self._lines[waiting.pool], waiting)
        self._notes.pop(waiting.key, None)
        if not waiting.barred:
            classes = self._classes[waiting.pool]
            _take(classes[waiting.demand], waiting)
            if not classes[waiting.demand]:
                del classes[waiting.demand]

    def admit(self, rooms: Mapping[str, Room]) -> tuple[str, ...]:
        """Keys that may start now. They stay in their lines."""
        return tuple(key for pool, room in rooms.items() for key in admit(self._of(pool), room))

    def heads(self, rooms: Mapping[str, Room], pools: Iterable[str]) -> list[Waiting]:
        """The head of each of `pools` that has one, once all that may start have left their lines."""
        heads = (head_of(self._of(pool), rooms[pool]) for pool in pools if pool in rooms)
        return [head for head in heads if head is not None]

    def look(self, waiting: Waiting, rooms: Mapping[str, Room], closed: Sequence[str] = ()) -> None:
        """Note why it waits in these rooms. A pool that has none has nothing."""
        place = bisect.bisect_left(self._lines[waiting.pool], waiting.rank, key=_rank) + 1
        self._notes[waiting.key] = explain(waiting, rooms.get(waiting.pool, _NOTHING), place, closed)

    def note(self, key: str) -> Note | None:
        """Why it waited when looked at last."""
        return self._notes.get(key)

    def _of(self, pool: str) -> Iterable[Sequence[Waiting]]:
        return self._classes.get(pool, {}).values()


def _take(line: list[Waiting], waiting: Waiting) -> None:
    del line[bisect.bisect_left(line, waiting.rank, key=_rank)]


def _rank(waiting: Waiting) -> tuple[bool, int, int]:
    return waiting.rank
