"""Objects as files: read by ranges as they are needed, written to a local draft that is stored as a whole."""

from __future__ import annotations

import atexit
import codecs
import io
import os
import tempfile
import weakref
from typing import IO, Any

from moxing.framework.file import file_io
from moxing.framework.file.client import store
from moxing.framework.file.errors import missing, tells, told
from moxing.framework.file.notes import say_error
from moxing.framework.file.paths import ObjectPath, split
from trainwright.portable.access import NotConfigured
from trainwright.portable.copying import put
from trainwright.portable.sources import FileSource
from trainwright.portable.store import Entry, ObjectStream, Store

_BUFFER = 256 << 10
_WINDOW_MAX = 16 << 20
_KINDS = ("r", "w", "a", "x")


@tells
def open_object(
    url: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
) -> IO[Any]:
    """An object as `open` opens a file. Text is UTF-8 unless `encoding` says otherwise.

    Raises:
        ValueError: there is no such mode.
        LookupError: there is no such encoding.
        IsADirectoryError: a folder is named.
        MoxFileNotExistsException: there is no such object to read.
        FileExistsError: with mode x there is one.
    """
    path = split(url)
    assert path is not None
    kind, binary = _check_mode(mode), "b" in mode
    if binary and (encoding is not None or errors is not None or newline is not None):
        raise ValueError("binary mode takes no encoding, errors or newline argument")
    if path.is_folder:
        raise IsADirectoryError(21, "Is a directory", path.url)
    codecs.lookup(encoding or "utf-8")  # raises LookupError, before anything is made
    raw: Any
    if kind == "r" and "+" not in mode:
        raw = io.BufferedReader(ObjectReader(store(), path), max(buffering, _BUFFER))
    else:
        raw = ObjectWriter(store(), path, mode)
    if not binary:
        raw = _Text(raw, encoding or "utf-8", errors, newline)
        raw.mode = mode
    if not raw.readable() or raw.writable():
        _OPEN.add(raw)
    opened: IO[Any] = raw
    return opened


class ObjectReader(io.RawIOBase):
    """The bytes of one version of an object, in windows that grow as long as they are read one after the other."""

    mode = "rb"

    def __init__(self, store_: Store, path: ObjectPath) -> None:
        entry = store_.find(path.bucket, path.key)
        if entry is None:
            raise missing(path.url)
        self.name = path.url
        self._store = store_
        self._path = path
        self._entry: Entry = entry
        self._stream: ObjectStream | None = None
        self._window = 0
        self._position = 0

    def size(self) -> int:
        """Bytes of the object."""
        return self._entry.size

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Nothing is asked of the server before the next read."""
        base = (0, self._position, self._entry.size)[whence]
        if base + offset < 0:
            raise OSError(22, "Invalid argument")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The place."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the place on, as far as the object goes; how many bytes that is.

        Raises:
            MoxFileReadException: the bytes broke off again and again, or it is another version by now.
        """
        size = self._entry.size
        if self._position >= size or not len(buffer):
            return 0
        with told("File.read", (self._path.url,)):
            if self._stream is None or self._stream.position != self._position:
                self._open()
            assert self._stream is not None
            piece = self._stream.read(len(buffer))
            if not piece:
                self._open()
                piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        """Hang up."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        super().close()

    def _open(self) -> None:
        follows = self._stream is not None and self._stream.position == self._position
        if self._stream is not None:
            self._stream.close()
        self._window = min(self._window * 2, _WINDOW_MAX) if follows else _BUFFER
        end = min(self._position + self._window, self._entry.size)
        self._stream = self._store.open(
            self._path.bucket, self._path.key, start=self._position, end=end, etag=self._entry.etag
        )


class ObjectWriter(io.BufferedIOBase):
    """A draft of an object, in a file without a name in the folder for temporary files."""

    def __init__(self, store_: Store, path: ObjectPath, mode: str) -> None:
        self._dirty = False
        self._failed = False
        kind = _check_mode(mode)
        found = store_.find(path.bucket, path.key) if kind != "w" else None
        if kind == "r" and found is None:
            raise missing(path.url)
        if kind == "x" and found is not None:
            raise FileExistsError(17, "File exists", path.url)
        self.name = path.url
        self.mode = mode
        self._store = store_
        self._path = path
        self._process = os.getpid()
        self._reads = kind == "r" or "+" in mode
        self._appends = kind == "a"
        self._draft = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the writer
        if found is not None:
            try:
                for piece in store_.open(path.bucket, path.key).pieces():
                    self._draft.write(piece)
            except BaseException:
                self._draft.close()
                raise
            self._draft.seek(0, 2 if self._appends else 0)
        self._dirty = found is None

    def size(self) -> int:
        """Bytes of the draft."""
        self._draft.flush()
        return os.fstat(self._draft.fileno()).st_size

    def readable(self) -> bool:
        """Whether the mode allows it."""
        return self._reads

    def writable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes of the draft."""
        self._check_reading()
        return self._draft.read(-1 if size is None else size)

    def read1(self, size: int = -1) -> bytes:
        """The same, in one step."""
        self._check_reading()
        return self._draft.read1(size)

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the draft."""
        self._check_reading()
        return self._draft.readinto(buffer)

    def readline(self, size: int | None = -1) -> bytes:
        """The next line of the draft."""
        self._check_reading()
        return self._draft.readline(-1 if size is None else size)

    def write(self, data: Any) -> int:
        """Write bytes to the draft; how many."""
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        if self._appends:
            self._draft.seek(0, 2)
        self._dirty = True
        return self._draft.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place of the draft."""
        return self._draft.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._draft.tell()

    def truncate(self, size: int | None = None) -> int:
        """Cut the draft off, at the place unless told otherwise."""
        self._dirty = True
        return self._draft.truncate(size)

    def flush(self) -> None:
        """Store the draft as it is, unless nothing was written since it last was."""
        if self._dirty and not self.closed:
            self._failed = True
            self._draft.flush()
            with told("File.close", (self.name,)):
                source = FileSource(self._draft.fileno(), self.name, resumable=False)
                put(self._store, self._path.bucket, self._path.key, source, sizes=file_io.sizes())
            self._dirty = self._failed = False

    def close(self) -> None:
        """Store the draft and forget it. Where it cannot be stored it stays open, to be closed again."""
        if not self.closed:
            self.flush()
            super().close()
            self._draft.close()

    def __del__(self) -> None:
        if self._dirty and not self.closed:
            _close_unclosed(self)

    def _check_reading(self) -> None:
        if not self._reads:
            raise io.UnsupportedOperation("not readable")


class _Text(io.TextIOWrapper):
    """Text in an object. One that cannot be stored is not closed, either."""

    def close(self) -> None:
        """As `ObjectWriter.close`."""
        if not self.closed:
            self.flush()
            super().close()

    def __del__(self) -> None:
        if not self.closed and isinstance(self.buffer, ObjectWriter):
            _close_unclosed(self)


_OPEN: weakref.WeakSet[Any] = weakref.WeakSet()
"""What was opened for writing and may never be closed."""


@atexit.register
def _close_all() -> None:
    for opened in list(_OPEN):
        if not opened.closed:
            _close_unclosed(opened)


def _close_unclosed(opened: Any) -> None:
    """Store what nobody closed, as a local file would be; say so where that fails, for nobody else will."""
    writer = getattr(opened, "buffer", opened)
    if writer._process != os.getpid():
        return  # a child's copy: the parent has its own
    try:
        if not writer._failed:
            opened.close()
            return
    except (OSError, NotConfigured, RuntimeError, ValueError) as exc:
        say_error(f"{exc}")
    writer._dirty = False
    writer._draft.close()
    say_error(f"What was written to {writer.name} was NOT stored: close it before the program ends.")


def _check_mode(mode: str) -> str:
    kinds = [char for char in mode if char in _KINDS]
    rest = sorted(char for char in mode if char not in _KINDS)
    if (
        len(kinds) != 1
        or len(rest) != len(set(rest))
        or not set(rest) <= set("bt+")
        or {"b", "t"} <= set(rest)
    ):
        raise ValueError(f"invalid mode: {mode!r}")
    return kinds[0]
