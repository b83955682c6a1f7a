"""Opening and making folders below a root, step by step, so that no symbolic link is ever followed.

Jobs may write into the folder store's folders: whatever lies there may be a link that was laid to lead outside.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO that a job left behind must not hang.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# An explicitly stored empty folder (`key/`) is a directory with the sticky bit: invisible to jobs, copied along by
# tools, and without effect on a directory whose owner alone writes to it.
_MARK = stat.S_ISVTX


@contextmanager
def folder(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """A descriptor of the folder `parts` below `root`, closed at the end. Raises as `descend`."""
    at = descend(root, parts)
    try:
        yield at
    finally:
        os.close(at)


def descend(root: Path, parts: Sequence[str], *, make: bool = False) -> int:
    """A descriptor, owned by the caller, of the folder `parts` below `root`. `make` creates what is missing below
    the first part.

    Raises:
        FileNotFoundError: it is missing.
        NotADirectoryError: a step is a file or a symbolic link.
    """
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for depth, part in enumerate(parts):
        try:
            below = _step(part, at, make=make and depth > 0)
        finally:
            os.close(at)
        at = below
    return at


def open_folder(name: str, at: int) -> int:
    """A descriptor, owned by the caller, of the folder `name` in the folder `at`. Raises as `descend`."""
    try:
        return os.open(name, _FOLDER, dir_fd=at)
    except OSError as exc:
        if exc.errno == errno.ELOOP:  # what some kernels say of a symbolic link instead of ENOTDIR
            raise NotADirectoryError(errno.ENOTDIR, "a symbolic link", name) from exc
        raise


def open_file(name: str, at: int) -> int:
    """A descriptor, owned by the caller, of the regular file `name` in the folder `at`.

    Raises:
        FileNotFoundError: missing, or anything but a regular file.
    """
    try:
        descriptor = os.open(name, _FILE, dir_fd=at)
    except OSError as exc:
        if exc.errno in (errno.ELOOP, errno.ENXIO):  # a symbolic link; a socket
            raise FileNotFoundError(errno.ENOENT, "not a regular file", name) from exc
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise FileNotFoundError(errno.ENOENT, "not a regular file", name)


def is_marked(status: os.stat_result) -> bool:
    """Whether this is a folder that was stored as such."""
    return stat.S_ISDIR(status.st_mode) and bool(status.st_mode & _MARK)


def mark(at: int, *, marked: bool) -> None:
    """Make the folder `at` one that was stored as such, or not."""
    mode = stat.S_IMODE(os.fstat(at).st_mode)
    os.fchmod(at, mode | _MARK if marked else mode & ~_MARK)


def prune(root: Path, parts: Sequence[str]) -> None:
    """Remove the folder `parts` and those above it while they are empty and unmarked. The first part stays."""
    for depth in range(len(parts), 1, -1):
        try:
            with folder(root, parts[: depth - 1]) as at:
                if is_marked(os.stat(parts[depth - 1], dir_fd=at, follow_symlinks=False)):
                    return
                os.rmdir(parts[depth - 1], dir_fd=at)
        except OSError:  # in use, gone already, or not a folder: nothing to prune here
            return


def _step(part: str, at: int, *, make: bool) -> int:
    try:
        return open_folder(part, at)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):  # somebody else may make it in the meantime
        os.mkdir(part, dir_fd=at)
    return open_folder(part, at)
