"""A file under way: nameless to readers until it is published by a rename."""

import errno
import os
import secrets
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""From filesystems without hard links: there the name is looked for first, and only our own writers are kept apart."""
_STALE_S = 24 * 3600
_BUFFERS_MAX = 512  # below IOV_MAX


class Draft:
    """`with Draft(folder) as draft: draft.add(…); draft.publish(…)`. What is not published is removed.

    Its calls block and come from worker threads; leaving the block may overtake a call that still runs there (the
    request was cancelled), hence the lock.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / secrets.token_hex(16)
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
                self._path.unlink(missing_ok=True)

    @property
    def begun(self) -> bool:
        """Whether anything has been written."""
        return self._descriptor is not None

    def add(self, pieces: Sequence[bytes]) -> None:
        """Append `pieces`; the first call makes the file."""
        with self._lock:
            descriptor = self._open()
            for first in range(0, len(pieces), _BUFFERS_MAX):
                _write(descriptor, pieces[first : first + _BUFFERS_MAX])

    def publish(self, name: str, at: int, *, durable: bool, new: bool = False) -> os.stat_result:
        """Give the file its place: `name` in the folder `at`, replacing what is there. `durable`: on disk first. `new`:
        nothing is replaced, whoever makes a file of this name at the same time.

        Raises:
            FileExistsError: `new`, and there is something; may be called again.
            FileNotFoundError: the folder was removed meanwhile; may be called again.
            IsADirectoryError: `name` is a folder; may be called again.
        """
        with self._lock:
            descriptor = self._open()
            if durable:
                os.fsync(descriptor)
            status = os.fstat(descriptor)
            place(self._path, name, to=at, new=new)
            if durable:
                os.fsync(at)
            self._descriptor = None
            os.close(descriptor)
            return status

    def _open(self) -> int:
        if self._closed:
            raise InterruptedError("the write was given up")
        if self._descriptor is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o666)
        return self._descriptor


def place(path: Path | str, name: str, *, to: int, at: int | None = None, new: bool = False) -> None:
    """Rename `path`, of the folder `at`, to `name` in the folder `to`. `new`: only where there is nothing.

    Raises:
        FileExistsError: `new`, and there is something.
    """
    if new:
        try:
            os.link(path, name, src_dir_fd=at, dst_dir_fd=to, follow_symlinks=False)
        except OSError as exc:
            if exc.errno not in _NO_LINKS:
                raise
            if _is_there(name, to):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from exc
        else:
            os.unlink(path, dir_fd=at)
            return
    os.rename(path, name, src_dir_fd=at, dst_dir_fd=to)


def _is_there(name: str, at: int) -> bool:
    try:
        os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def remove_stale(folder: Path) -> None:
    """Remove drafts that a former life of this process left behind in `folder`."""
    for entry in folder.iterdir():
        if time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE_S:
            entry.unlink(missing_ok=True)


def _write(descriptor: int, pieces: Sequence[bytes]) -> None:
    written = os.writev(descriptor, pieces)
    for piece in pieces:
        if written < len(piece):  # a short write: the rest piece by piece
            rest = memoryview(piece)[written:]
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        written = max(0, written - len(piece))
