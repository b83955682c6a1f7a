"""What is to be stored: bytes at hand, a file, an object, or some of these one behind the other. Each can be read again
from anywhere, so that what was cut off is sent again.
"""

from __future__ import annotations

import os
from typing import Iterator, Sequence

from trainwright.portable.calls import Body
from trainwright.portable.failures import ObjectChanged
from trainwright.portable.store import PIECE, Entry, Store


class Source:
    """`size` is in bytes. `revision` is another text for other bytes; empty where nobody could come back to them."""

    size = 0
    revision = ""

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to but without `end`."""
        raise NotImplementedError

    def body(self, start: int, end: int) -> Body:
        """The same, to be sent."""
        return _Span(self, start, end)


class _Span(Body):
    def __init__(self, source: Source, start: int, end: int) -> None:
        self._source = source
        self._start = start
        self._end = end
        self.size = end - start

    def pieces(self) -> Iterator[bytes]:
        return self._source.pieces(self._start, self._end)


class BytesSource(Source):
    """Bytes at hand."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """See `Source`."""
        view = memoryview(self._content)
        for at in range(start, end, PIECE):
            yield bytes(view[at : min(at + PIECE, end)])


class FileSource(Source):
    """An open file as long as it is now: what is written behind that meanwhile is left out."""

    def __init__(self, descriptor: int, name: str, *, resumable: bool = True) -> None:
        status = os.fstat(descriptor)
        self._descriptor = descriptor
        self._name = name
        self.size = status.st_size
        self.revision = str(status.st_mtime_ns) if resumable else ""

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """See `Source`.

        Raises:
            ObjectChanged: the file has become shorter.
            OSError: it cannot be read.
        """
        while start < end:
            piece = os.pread(self._descriptor, min(PIECE, end - start), start)
            if not piece:
                raise ObjectChanged(self._name)
            yield piece
            start += len(piece)


class ObjectSource(Source):
    """One version of an object."""

    def __init__(self, store: Store, bucket: str, entry: Entry) -> None:
        self._store = store
        self._bucket = bucket
        self._entry = entry
        self.size = entry.size
        self.revision = entry.etag

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """See `Source`.

        Raises:
            ObjectChanged: it is another version by now.
        """
        if start < end:
            entry = self._entry
            yield from self._store.open(
                self._bucket, entry.key, start=start, end=end, etag=entry.etag
            ).pieces()


class JoinedSource(Source):
    """Several, one behind the other."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self.size = sum(source.size for source in sources)

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """See `Source`."""
        for source in self._sources:
            first, last = max(0, start), min(end, source.size)
            if first < last:
                yield from source.pieces(first, last)
            start -= source.size
            end -= source.size
