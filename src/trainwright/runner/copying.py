"""Copying on this machine: as fast as `cp -r`, bytes and the x-bit only, never out of the folder.

Symbolic links are followed only to what lies inside the folder; sockets, pipes and devices are left out.
"""

from __future__ import annotations

import errno
import os
import stat
import time

from .layout import check_relative
from .rundir import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DRAFT_PREFIX = ".trainwright-tmp-"
"""What is not finished is named so in folders shared with the store, which never lists such names."""

_PIECE = 256 << 10
_COPY_AT_ONCE = 64 << 20  # so that a cancel is heard and progress is seen
_NO_FAST_COPY = (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF)


class Cancelled(Exception):
    """The work is not wanted any more."""


class Cancel:
    """Set once, heard by worker threads at their next step."""

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        """Ask the work to end."""
        self._set = True

    def is_set(self) -> bool:
        """Whether it was asked to."""
        return self._set

    def wait(self, seconds: float) -> None:
        """Sleep, but not past a cancel by more than a tenth of a second."""
        until = time.monotonic() + seconds
        while not self._set and time.monotonic() < until:
            time.sleep(min(0.1, max(0.0, until - time.monotonic())))


class Item:
    """A regular file below a folder: relative path, full path to read it from, size, change time, x-bit."""

    __slots__ = ("executable", "mtime_ns", "path", "size", "source")

    def __init__(self, path: str, source: str, status: os.stat_result) -> None:
        self.path = path
        self.source = source
        self.size = status.st_size
        self.mtime_ns = status.st_mtime_ns
        self.executable = bool(status.st_mode & 0o100)


class Skipped:
    """Something below a folder that is not copied, and why."""

    __slots__ = ("path", "why")

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        self.why = why


def walk(folder: str) -> Iterator[Item | Skipped]:
    """Every file below `folder`, in no particular order; drafts are passed over. What vanishes meanwhile is left out.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    top = os.path.realpath(folder)
    waiting = [""]
    while waiting:
        relative = waiting.pop()
        try:
            entries = os.scandir(os.path.join(top, relative))
        except FileNotFoundError:
            if not relative:
                raise
            continue
        with entries:
            for entry in entries:
                path = f"{relative}/{entry.name}" if relative else entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif not entry.name.startswith(DRAFT_PREFIX):
                    found = _look(top, path, entry)
                    if found is not None:
                        yield found


def _look(top: str, path: str, entry: os.DirEntry[str]) -> Item | Skipped | None:
    try:
        source = entry.path
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            source = os.path.realpath(entry.path)
            if not source.startswith(top + "/"):
                return Skipped(path, "it is a symbolic link that leaves the folder")
            status = os.stat(source)
            if stat.S_ISDIR(status.st_mode):
                return Skipped(path, "it is a symbolic link to a folder")
    except FileNotFoundError:
        return Skipped(path, "it is a broken symbolic link") if entry.is_symlink() else None
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path, "it is not a regular file")
    return Item(path, source, status)


def copy_file(
    source: str, target: str, *, executable: bool = False, note: Callable[[int], None] | None = None
) -> int:
    """Copy the bytes of one file and make `target` new; returns how many. `note` hears of every piece and may raise.

    `target` is replaced, not written through: it never is a link to elsewhere.
    """
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        mode = 0o755 if executable else 0o644
        try:
            writing = os.open(target, flags, mode)
        except FileExistsError:
            os.unlink(target)
            writing = os.open(target, flags, mode)
        try:
            return _copy_bytes(reading, writing, note)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _copy_bytes(reading: int, writing: int, note: Callable[[int], None] | None) -> int:
    total = _copy_piece(reading, writing, note)  # for small files two calls less than the fast way
    if total < _PIECE:
        return total + _copy_plainly(reading, writing, note)
    while True:
        try:
            count = os.copy_file_range(reading, writing, _COPY_AT_ONCE)
        except OSError as error:
            if error.errno not in _NO_FAST_COPY:
                raise
            return total + _copy_plainly(reading, writing, note)
        if count == 0:
            return total
        total += count
        if note is not None:
            note(count)


def _copy_plainly(reading: int, writing: int, note: Callable[[int], None] | None) -> int:
    total = 0
    while True:
        count = _copy_piece(reading, writing, note)
        if not count:
            return total
        total += count


def _copy_piece(reading: int, writing: int, note: Callable[[int], None] | None) -> int:
    piece = os.read(reading, _PIECE)
    if piece:
        write_all(writing, piece)
        if note is not None:
            note(len(piece))
    return len(piece)


class Folders:
    """Makes the folders that files are put into, each once. Refuses to go through a symbolic link."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._made = {""}
        os.makedirs(top, exist_ok=True)

    def target(self, path: str) -> str:
        """Where `path` belongs; the folder for it exists. Raises `UnsafePath` for a path that leaves the folder."""
        check_relative(path)
        folder = path.rpartition("/")[0]
        if folder not in self._made:
            self._make(folder)
        return f"{self._top}/{path}"

    def _make(self, folder: str) -> None:
        done = ""
        for part in folder.split("/"):
            done = f"{done}/{part}" if done else part
            if done in self._made:
                continue
            try:
                os.mkdir(f"{self._top}/{done}")
            except FileExistsError:
                if not stat.S_ISDIR(os.lstat(f"{self._top}/{done}").st_mode):
                    raise
            self._made.add(done)


def put_file(item: Item, target: str, tag: str, note: Callable[[int], None] | None = None) -> int:
    """Copy so that readers of `target` see the old bytes or all the new ones. `tag` tells writers apart."""
    folder, _, name = target.rpartition("/")
    draft = f"{folder}/{DRAFT_PREFIX}{tag}-{name}"[: len(folder) + 240]
    try:
        size = copy_file(item.source, draft, executable=item.executable, note=note)
        os.rename(draft, target)
    except BaseException:
        if os.path.lexists(draft):
            os.unlink(draft)
        raise
    return size
