"""`mox.file.File`: one class for local files and objects."""

from __future__ import annotations

import io
import os
from typing import IO, Any, Iterable, Iterator

from moxing.framework.file.paths import is_object
from moxing.framework.file.streams import ObjectReader, ObjectWriter, open_object


class File:
    """A file, local or an object, opened as `open` does: `mode` is r, w, a, r+, w+ or a+, with b for bytes.

    Text is UTF-8. An object is read in ranges as it is needed. What is written is stored by `flush` and `close`, as a
    whole: readers see the old bytes or all the new ones. A `close` that fails leaves the file open with all that was
    written, so that it can be tried again.

    Raises:
        MoxFileNotExistsException: there is no such object to read.
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        encoding = None if "b" in mode else "utf-8"
        self._file: IO[Any]
        if is_object(name):
            self._file = open_object(name, mode, encoding=encoding)
        else:
            self._file = io.open(name, mode, encoding=encoding)  # noqa: SIM115, UP020  # never the shifted one
        self.name = name
        self.mode = mode

    def read(self, n: int = -1) -> Any:
        """At most `n` characters or bytes; all that are left when negative."""
        return self._file.read(n)

    def readline(self, size: int = -1) -> Any:
        """The next line with its end, at most `size` of it."""
        return self._file.readline(size)

    def readlines(self, hint: int = -1) -> list[Any]:
        """The lines that are left; those that begin within the next `hint` characters, if given."""
        return self._file.readlines(hint)

    def write(self, data: Any) -> int:
        """Write text or bytes; how much that was."""
        return self._file.write(data)

    def writelines(self, lines: Iterable[Any]) -> None:
        """Write one after the other."""
        self._file.writelines(lines)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place; where that is."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()

    def flush(self) -> None:
        """Store what was written so far."""
        self._file.flush()

    def close(self) -> None:
        """Store what was written. Calling it twice is harmless; after a failure it tries again."""
        self._file.close()

    def size(self) -> int:
        """Bytes of the file, with what was written to it."""
        inner = getattr(self._file, "buffer", self._file)
        inner = getattr(inner, "raw", inner)
        if isinstance(inner, (ObjectReader, ObjectWriter)):
            return inner.size()
        self._file.flush()
        return os.fstat(self._file.fileno()).st_size

    def readable(self) -> bool:
        """Whether it may be read."""
        return self._file.readable()

    def writable(self) -> bool:
        """Whether it may be written to."""
        return self._file.writable()

    def seekable(self) -> bool:
        """Whether it has places to go to."""
        return self._file.seekable()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._file.closed

    def __enter__(self) -> File:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._file)

    def __getattr__(self, name: str) -> Any:
        if name == "_file":  # it could not be opened
            raise AttributeError(name)
        return getattr(self._file, name)
