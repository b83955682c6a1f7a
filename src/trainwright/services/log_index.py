"""How many lines lie before each block of a log: what turns line numbers into bytes and back. Pure but for its reads.

Lines are counted block by block, as far as was asked for; a log of 1 GiB takes 8 KiB. It is kept in memory only: it is
made anew when it was forgotten. A log only grows, so what was counted stays true.
"""

import time
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from threading import Lock

from trainwright.services.log_lines import BLOCK, LogText

_LF = b"\n"
_FEW = 64


class LineIndex:
    """Of one log. Line numbers begin at 1. Calls may come from any thread."""

    def __init__(self, block: int = BLOCK) -> None:
        self._block = block
        self._ends = array("Q", [0])  # ends of lines up to the end of each whole block
        self._lock = Lock()

    @property
    def counted(self) -> int:
        """Bytes whose lines are counted: whole blocks."""
        return (len(self._ends) - 1) * self._block

    def covers(self, size: int) -> bool:
        """Whether all whole blocks of so many bytes are counted: then every line of them can be numbered."""
        return self.counted + self._block > size

    def count_on(self, text: LogText, until: float) -> bool:
        """Count until that moment (`time.monotonic`), at least one block; True when there is nothing more to count."""
        with self._lock:
            while not self.covers(text.size):
                block = text.read(self.counted, self._block)
                if len(block) < self._block:
                    return True  # deleted meanwhile
                self._ends.append(self._ends[-1] + max(1, block.count(_LF)))
                if time.monotonic() >= until:
                    break
        return self.covers(text.size)

    def number_at(self, text: LogText, start: int) -> int | None:
        """The number of the line that begins at `start`; None: not counted so far."""
        at = start // self._block
        if at >= len(self._ends):
            return None
        first = at * self._block
        return self._ends[at] + text.read(first, start - first).count(_LF) + 1

    def numbers_at(self, text: LogText, starts: Sequence[int]) -> list[int | None]:
        """`number_at` of each, with no block read twice in a row."""
        numbers: list[int | None] = []
        held, block = -1, b""
        for start in starts:
            at, inside = divmod(start, self._block)
            if at >= len(self._ends):
                numbers.append(None)
                continue
            if at != held:
                held, block = at, text.read(at * self._block, self._block)
            numbers.append(self._ends[at] + block.count(_LF, 0, inside) + 1)
        return numbers

    def line_count(self, text: LogText) -> int | None:
        """All lines, one without an end among them; None: not counted so far."""
        start = text.open_start
        number = self.number_at(text, start)
        if number is None:
            return None
        return number - 1 + (start < text.size)

    def estimate(self, size: int) -> int:
        """About how many lines so many bytes are, by those that are counted."""
        ends = self._ends[-1]
        return int(size * ends / self.counted) if self.counted else size // 100

    def start_of_line(self, text: LogText, number: int) -> int | None:
        """Where line `number` begins; None: there is none, or it is not counted so far."""
        if number <= 1:
            return 0
        ends = number - 1  # it begins where so many lines have ended
        at = bisect_left(self._ends, ends) - 1
        first = at * self._block
        block = text.read(first, min(self._block, text.size - first))
        wanted = ends - self._ends[at]
        if at + 1 < len(self._ends) and self._ends[at + 1] - self._ends[at] == 1 and _LF not in block:
            return first + self._block
        found = _nth_end(block, wanted)
        return None if found is None else first + found


def _nth_end(block: bytes, wanted: int) -> int | None:
    """Where line end number `wanted` of the block is, behind its LF."""
    low, high = 0, len(block)
    before = 0
    while high - low > _FEW:
        middle = (low + high) // 2
        count = block.count(_LF, low, middle)
        if before + count >= wanted:
            high = middle
        else:
            low, before = middle, before + count
    at = low
    for _ in range(wanted - before):
        at = block.find(_LF, at) + 1
        if not at:
            return None
    return at
