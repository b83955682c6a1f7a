"""Pages of whole lines out of a log too long to be held, by byte positions. Reads at most `WINDOW` bytes a page."""

from collections.abc import Callable
from dataclasses import dataclass

from trainwright.wire.watch import LogLines

WINDOW = 5_000_000  # bytes of the contract's preview, and the bound of a page of lines
_BLOCK = 256 * 1024
_LINE_END = b"\n"

ReadBytes = Callable[[int, int], bytes]
"""`read(start, limit)` gives at most `limit` bytes from `start`."""


@dataclass(frozen=True, slots=True)
class Page:
    """Lines with their ends, oldest first, and the bytes from `start` to `end` they are."""

    start: int
    end: int
    lines: tuple[bytes, ...]

    def to_answer(self, *, newest_first: bool) -> LogLines:
        """The page as the contract shows it; bytes that are no UTF-8 become replacement characters."""
        texts = [line.removesuffix(_LINE_END).decode("utf-8", "replace") for line in self.lines]
        if newest_first:
            texts.reverse()
        return LogLines(
            start_line=str(self.start),
            end_line=str(self.end),
            lines=len(texts),
            content="".join(f"{text}\n" for text in texts),
        )


def lines_before(read: ReadBytes, position: int, count: int) -> Page:
    """The last `count` lines that end at or before `position`. A line longer than `WINDOW` comes in pieces."""
    start, block = position, b""
    while start > 0 and len(block) < WINDOW and block.count(_LINE_END) <= count:
        step = min(_BLOCK, start, WINDOW - len(block))
        start -= step
        block = read(start, step) + block
    pieces = _split(block)
    if start > 0 and len(pieces) > 1:
        pieces = pieces[1:]  # its beginning lies before what was read
    pieces = pieces[-count:]
    size = sum(len(piece) for piece in pieces)
    return Page(position - size, position, tuple(pieces))


def lines_after(read: ReadBytes, position: int, size: int, count: int) -> Page:
    """The first `count` lines from `position` on; `size` is where the log ends at present."""
    end, block = position, b""
    while end < size and len(block) < WINDOW and block.count(_LINE_END) < count:
        piece = read(end, min(_BLOCK, size - end, WINDOW - len(block)))
        if not piece:
            break
        end += len(piece)
        block += piece
    pieces = _split(block)[:count]
    cut = end < size and pieces and not pieces[-1].endswith(_LINE_END)
    if cut and len(pieces) > 1:
        pieces = pieces[:-1]
    length = sum(len(piece) for piece in pieces)
    return Page(position, position + length, tuple(pieces))


def _split(block: bytes) -> list[bytes]:
    """Lines with their ends; only LF ends a line, as CR alone is a progress bar's."""
    pieces = [piece + _LINE_END for piece in block.split(_LINE_END)]
    last = pieces.pop().removesuffix(_LINE_END)
    return [*pieces, last] if last else pieces
