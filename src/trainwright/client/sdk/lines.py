"""Lines out of bytes that come in pieces of any size."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class LineCutter:
    """Feed it everything in order. Bytes that are no UTF-8 are shown as a replacement character."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, piece: bytes) -> Iterator[str]:
        """The lines completed by `piece`, without their ends."""
        whole = self._rest + self._decoder.decode(piece)
        *lines, self._rest = whole.split("\n")
        yield from lines

    def end(self) -> Iterator[str]:
        """What is left, if the last line has no end."""
        last = self._rest + self._decoder.decode(b"", True)
        if last:
            yield last
