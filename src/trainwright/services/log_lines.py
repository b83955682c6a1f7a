"""Where the lines of a log begin and end, found from any byte of it in bounded time and memory. Pure.

A line ends with LF. So that no line can be endless, a block of `BLOCK` bytes (counted from the log's beginning) without
any LF ends a line, too: every line is shorter than two blocks, and whether one begins at a byte is known from the block
before it. CR alone ends nothing: progress bars write it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

BLOCK = 1 << 20
PLATFORM_LINE = b"[ModelArts Service Log]"
SHOWN_BYTES = 16 << 10  # of a line are shown
_NEAR = 16 << 10  # most lines are shorter
_LF = b"\n"
_CR = b"\r"

ReadBytes = Callable[[int, int], bytes]
"""`read(start, limit)` gives at most `limit` bytes from `start`."""


class Line(NamedTuple):
    """A line's bytes, its end among them, and where it begins."""

    offset: int
    data: bytes

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + len(self.data)

    @property
    def is_system(self) -> bool:
        """Whether the platform wrote it."""
        return self.data.startswith(PLATFORM_LINE)


@dataclass(frozen=True, slots=True)
class LogText:
    """The first `size` bytes of a log."""

    read: ReadBytes
    size: int
    block: int = BLOCK

    def start_of(self, position: int) -> int:
        """Where the line begins that holds the byte at `position`; the position itself where a line begins there, as
        one always does behind the end of another.
        """
        position = min(position, self.size)
        if position <= 0:
            return 0
        first = (position - 1) // self.block * self.block
        near = max(first, position - _NEAR)
        found = self.read(near, position - near).rfind(_LF)
        if found >= 0:
            return near + found + 1
        text = self.read(first, position - first)
        found = text.rfind(_LF)
        if found >= 0:
            return first + found + 1
        if len(text) == self.block:
            return position
        if not first:
            return 0
        found = self.read(first - self.block, self.block).rfind(_LF)
        return first if found < 0 else first - self.block + found + 1

    def end_of(self, start: int) -> int:
        """Where the line ends that begins at `start`, its LF included; the log's end for the last one."""
        at, step = start, _NEAR
        while at < self.size:
            stop = min((at // self.block + 1) * self.block, self.size)
            text = self.read(at, min(step, stop - at))
            found = text.find(_LF)
            if found >= 0:
                return at + found + 1
            if len(text) == self.block:
                return at + self.block
            # After a short look the whole rest of the block, and whole blocks from there on.
            if at + len(text) == stop or not text:
                at = stop
            step = self.block
        return self.size

    @property
    def open_start(self) -> int:
        """Where the last line begins if it has no end yet; else the log's size."""
        return self.start_of(self.size)

    def segments(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Whole lines from the beginning of one at `start` on, many at a time: fewer than three blocks of bytes. The
        last may lack its end.
        """
        carry, at = b"", start
        while at < self.size:
            stop = min((at // self.block + 1) * self.block, self.size)
            text = self.read(at, stop - at)
            if not text:
                break
            last = text.rfind(_LF) + 1
            if not last and len(text) == self.block:
                last = len(text)
            if last:
                yield at - len(carry), b"".join((carry, memoryview(text)[:last]))
                carry = text[last:]
            else:
                carry += text
            at += len(text)
        if carry:
            yield at - len(carry), carry

    def before(self, end: int, step: int) -> tuple[int, bytes]:
        """The whole lines that end at `end`, of about `step` bytes, and where they begin. `end` ends a line."""
        start = self.start_of(max(0, min(end, self.size) - step))
        return start, self.read(start, end - start)

    def after(self, start: int, step: int) -> tuple[int, bytes]:
        """The whole lines from the beginning of one at `start` on, of about `step` bytes; the last may lack its end."""
        text = self.read(start, min(step, self.size - start))
        found = text.rfind(_LF) + 1
        if not found:
            text = self.read(start, self.end_of(start) - start)
            found = len(text)
        return start, text[:found]

    def split(self, start: int, text: bytes) -> list[Line]:
        """The lines of `text`, which lies at `start`, the beginning of one."""
        lines = []
        for begin, end in self._unbroken(start, text):
            while begin < end:
                found = text.find(_LF, begin, end) + 1 or end
                lines.append(Line(start + begin, text[begin:found]))
                begin = found
        return lines

    def _unbroken(self, start: int, text: bytes) -> Iterator[tuple[int, int]]:
        """The parts of `text` between those ends of lines that are no LF."""
        begin = 0
        for at in range(-start % self.block or self.block, len(text), self.block):
            if at >= self.block and text.find(_LF, at - self.block, at) < 0:
                yield begin, at
                begin = at
        yield begin, len(text)


class Shown(NamedTuple):
    """A line as it is shown; `cut`: there is more of it."""

    text: str
    cut: bool


def shown(data: bytes, limit: int = SHOWN_BYTES) -> Shown:
    """What a terminal would show of a line: what was written behind the last CR, without the line's end. Bytes that are
    no UTF-8 become replacement characters.
    """
    line = data.removesuffix(_LF).rstrip(_CR)
    line = line[line.rfind(_CR) + 1 :]
    if len(line) <= limit:
        return Shown(line.decode("utf-8", "replace"), False)
    return Shown(_whole_characters(line, limit).decode("utf-8", "replace"), True)


def trimmed(line: Line, limit: int = 4 * SHOWN_BYTES) -> Line:
    """The line, or what is shown of it when it is long: for keeping many. Its `end` is not to be asked for."""
    if len(line.data) <= limit:
        return line
    data = line.data.removesuffix(_LF).rstrip(_CR)
    return Line(line.offset, data[data.rfind(_CR) + 1 :][: SHOWN_BYTES + 4])


def _whole_characters(line: bytes, limit: int) -> bytes:
    """At most `limit` bytes that do not end inside a character."""
    back = 0
    while back < 4 and limit > back and line[limit - back] & 0xC0 == 0x80:
        back += 1
    return line[: limit - back if back < 4 else limit]
