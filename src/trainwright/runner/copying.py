"""Copying on this machine: as fast as `cp -r`, bytes and the x-bit only, never out of the folder.

Symbolic links are followed only to what lies inside the folder; sockets, pipes and devices are left out. What was
looked at may have become a link when it is opened: see `beneath`.
"""

from __future__ import annotations

import errno
import os
import stat
import time

from .beneath import Folder, Spot, opened
from .layout import UnsafePath, check_relative
from .rundir import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .beneath import Where

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
    """A regular file below a folder: relative path, size, change time, x-bit; and `source`, where its bytes are: that
    path, or what the link there leads to.
    """

    __slots__ = ("_top", "executable", "mtime_ns", "path", "size", "source")

    def __init__(self, path: str, top: Folder, source: str, status: os.stat_result) -> None:
        self.path = path
        self._top = top
        self.source = source
        self.size = status.st_size
        self.mtime_ns = status.st_mtime_ns
        self.executable = bool(status.st_mode & 0o100)

    def open(self) -> int:
        """A descriptor for reading it.

        Raises:
            FileNotFoundError: it is gone, or has become something else.
        """
        try:
            return self._top.read(self.source)
        except UnsafePath as error:
            raise FileNotFoundError(errno.ENOENT, str(error), self.path) from error

    def is_gone(self) -> bool:
        """Whether it cannot be opened any more."""
        try:
            os.close(self.open())
        except FileNotFoundError:
            return True
        return False


class Skipped:
    """Something below a folder that is not copied, and why."""

    __slots__ = ("path", "why")

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        self.why = why


def walk(where: Where) -> Iterator[Item | Skipped]:
    """Every file below a folder, in no particular order; drafts are passed over. What vanishes meanwhile is left out.

    Raises:
        FileNotFoundError: there is no such folder.
        UnsafePath: the `Place` is a link.
    """
    top = opened(where)
    waiting = [""]
    while waiting:
        relative = waiting.pop()
        try:
            folder = top.enter(relative) if relative else top
        except FileNotFoundError:
            continue
        except UnsafePath as error:
            yield Skipped(relative, str(error))
            continue
        with os.scandir(folder.descriptor) as entries:
            for entry in entries:
                path = f"{relative}/{entry.name}" if relative else entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif not entry.name.startswith(DRAFT_PREFIX):
                    found = _look(top, path, entry)
                    if found is not None:
                        yield found


def _look(top: Folder, path: str, entry: os.DirEntry[str]) -> Item | Skipped | None:
    try:
        source = path
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            above = os.path.realpath(f"/proc/self/fd/{top.descriptor}")
            found = os.path.realpath(f"{above}/{path}")
            if not found.startswith(above + "/"):
                return Skipped(path, "it is a symbolic link that leaves the folder")
            source = found[len(above) + 1 :]
            status = top.status(source)
            if stat.S_ISDIR(status.st_mode):
                return Skipped(path, "it is a symbolic link to a folder")
    except FileNotFoundError:
        return Skipped(path, "it is a broken symbolic link") if entry.is_symlink() else None
    except UnsafePath:
        return None  # it changes at this moment
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path, "it is not a regular file")
    return Item(path, top, source, status)


def copy_file(
    item: Item, target: Spot, *, executable: bool = False, note: Callable[[int], None] | None = None
) -> int:
    """Copy the bytes of one file and make `target` new; returns how many. `note` hears of every piece and may raise.

    `target` is replaced, not written through: it never is a link to elsewhere.
    """
    reading = item.open()
    try:
        writing = target.create(0o755 if executable else 0o644)
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
    """Makes the folders that files are put into. Refuses to go through a symbolic link. Safe for threads."""

    def __init__(self, top: Where) -> None:
        """Raises `OSError`, and `UnsafePath` when the `Place` is a link."""
        self._top = opened(top, make=True)
        self._latest = ("", self._top)  # files come folder by folder

    def target(self, path: str) -> Spot:
        """Where `path` belongs, in a folder that is made. Raises `OSError`, and `UnsafePath` for a path that leaves the
        folder, by itself or over a link.
        """
        above, _, name = check_relative(path).rpartition("/")
        known, folder = self._latest
        if known != above:
            folder = self._top.enter(above, make=True) if above else self._top
            self._latest = (above, folder)
        return Spot(folder, name)


def put_file(item: Item, target: Spot, tag: str, note: Callable[[int], None] | None = None) -> int:
    """Copy so that readers of `target` see the old bytes or all the new ones. `tag` tells writers apart."""
    draft = target.beside(f"{DRAFT_PREFIX}{tag}-")
    try:
        size = copy_file(item, draft, executable=item.executable, note=note)
        draft.rename(target.name)
    except BaseException:
        draft.remove()
        raise
    return size
