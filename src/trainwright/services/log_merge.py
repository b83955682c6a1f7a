"""Lines of many logs in the order they came, forward and backward from any place. Pure but for its reads.

A line came when its first byte came. Lines of one moment are in the order of their tasks, then of their offsets. A
place is one offset for each log: whatever is written later, nothing is passed over and nothing comes twice.
"""

import base64
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from trainwright.domain.errors import InvalidQuery
from trainwright.domain.texts import Text
from trainwright.ports.logs import Arrivals
from trainwright.services.log_lines import Line, LogText, trimmed

PAGE_BYTES = 2 << 20
_STEP = 1 << 10
_STEP_MAX = 64 << 10
_OFFSET_MAX = 2**62

_NO_CURSOR = Text(
    "it is no before or after of an answer about these tasks",
    "不是针对这些任务的返回结果中的 before 或 after",
)


class Row(NamedTuple):
    """A line in the merged order. `data` is as `log_lines.trimmed` leaves it."""

    time_ms: int
    source: int
    offset: int
    end: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Source:
    """One log. `end`: of the lines that are shown; `begun_ms`: the time of bytes that nobody knows the time of."""

    text: LogText
    arrivals: Callable[[int, int], Arrivals]
    begun_ms: int
    end: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows, oldest first, from the place `starts` up to the place `ends`."""

    rows: list[Row]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between the lines of one attempt's logs."""

    attempt: int
    offsets: tuple[int, ...]

    def encode(self) -> str:
        """As text for a URL."""
        packed = b"".join(_varint(number) for number in (self.attempt, *self.offsets))
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, field: str) -> "Cursor":
        """The place that `encode` made the text of.

        Raises:
            InvalidQuery: it did not.
        """
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            attempt, *offsets = _numbers(packed)
        except ValueError as exc:
            raise InvalidQuery(field=field, detail=_NO_CURSOR) from exc
        return cls(attempt, tuple(offsets))

    def check(self, count: int, field: str) -> None:
        """It is a place between the logs of so many tasks.

        Raises:
            InvalidQuery: it is not.
        """
        if len(self.offsets) != count:
            raise InvalidQuery(field=field, detail=_NO_CURSOR)


def newer(sources: Sequence[Source], starts: Sequence[int], count: int) -> Taken:
    """The first `count` lines behind the place `starts`."""
    places = list(starts)
    merged = heapq.merge(*(_forward(number, source, places[number]) for number, source in enumerate(sources)))
    rows = _take(merged, count)
    for row in rows:
        places[row.source] = row.end
    return Taken(rows, tuple(starts), tuple(places))


def older(sources: Sequence[Source], ends: Sequence[int], count: int) -> Taken:
    """The last `count` lines before the place `ends`."""
    places = list(ends)
    merged = heapq.merge(
        *(_backward(number, source, places[number]) for number, source in enumerate(sources)), reverse=True
    )
    rows = _take(merged, count)
    for row in rows:
        places[row.source] = row.offset
    return Taken(rows[::-1], tuple(places), tuple(ends))


def _take(merged: Iterable[Row], count: int) -> list[Row]:
    rows: list[Row] = []
    size = 0
    for row in merged:
        rows.append(row)
        size += len(row.data)
        if len(rows) >= count or size >= PAGE_BYTES:
            break
    return rows


def _forward(number: int, source: Source, start: int) -> Iterator[Row]:
    at, step = start, _STEP
    while at < source.end:
        begin, piece = source.text.after(at, step)
        lines = _lines(source, begin, piece)
        if not lines:
            return  # deleted meanwhile
        yield from _rows(number, source, lines)
        at, step = min(begin + len(piece), source.end), min(2 * step, _STEP_MAX)


def _backward(number: int, source: Source, end: int) -> Iterator[Row]:
    at, step = min(end, source.end), _STEP
    while at > 0:
        begin, piece = source.text.before(at, step)
        lines = _lines(source, begin, piece)
        if not lines:
            return
        lines.reverse()
        yield from _rows(number, source, lines)
        at, step = begin, min(2 * step, _STEP_MAX)


def _lines(source: Source, start: int, piece: bytes) -> list[tuple[Line, int]]:
    """The lines of a piece, and where each ends. Long ones are not kept whole: there may be many logs."""
    lines = source.text.split(start, piece[: source.end - start])
    return [(trimmed(line), line.end) for line in lines]


def _rows(number: int, source: Source, lines: Sequence[tuple[Line, int]]) -> Iterator[Row]:
    """One after the other, as they are asked for: most are not."""
    first, last = sorted((lines[0][0].offset, lines[-1][0].offset))
    came = source.arrivals(first, last + 1)
    for line, end in lines:
        yield Row(came.at(line.offset) or source.begun_ms, number, line.offset, end, line.data)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _numbers(packed: bytes) -> list[int]:
    numbers, number, shift = [], 0, 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        shift += 7
        if number > _OFFSET_MAX:
            raise ValueError("a number is too large")
        if byte < 0x80:
            numbers.append(number)
            number = shift = 0
    if shift or not numbers:
        raise ValueError("a number is cut off")
    return numbers
