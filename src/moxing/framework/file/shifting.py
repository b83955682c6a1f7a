"""`shift('os', 'mox')`: functions of the standard library that take paths of the object store, too, and back.

Only the functions that MoXing names are replaced, each in its own module and under its own name; a name that another
module took before (`from os import listdir`) stays what it was. For everything that is no path of the object store the
function that was there before is called with the very same arguments.
"""

from __future__ import annotations

import builtins
import functools
import glob
import os
import shutil
import threading
from types import TracebackType
from typing import Any, Callable, Iterator

from moxing.framework.file import changes, globbing, queries, streams, trees
from moxing.framework.file.paths import is_object, join

_CAPABILITIES = ("supports_dir_fd", "supports_effective_ids", "supports_fd", "supports_follow_symlinks")


class _Scan:
    """What `os.scandir` gives: an iterator that can be closed."""

    def __init__(self, url: Any) -> None:
        self._entries: Iterator[Any] = queries.scan_dir(url)

    def __iter__(self) -> _Scan:
        return self

    def __next__(self) -> Any:
        return next(self._entries)

    def __enter__(self) -> _Scan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ask for no more."""
        self._entries = iter(())


def _listdir(path: Any = ".") -> list[str]:
    return queries.list_directory(path)


def _makedirs(name: Any, mode: int = 0o777, exist_ok: bool = False) -> None:
    changes.make_dirs(name)


def _mkdir(path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
    changes.mk_dir(path)


def _exists(path: Any) -> bool:
    return queries.exists(path)


def _getsize(filename: Any) -> int:
    return queries.get_size(filename)


def _isdir(s: Any) -> bool:
    return queries.is_directory(s)


def _remove(path: Any, *, dir_fd: int | None = None) -> None:
    changes.remove(path)


def _rename(src: Any, dst: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
    changes.rename(src, dst)


def _scandir(path: Any = ".") -> _Scan:
    return _Scan(path)


def _stat(path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> Any:
    return queries.stat(path)


def _walk(top: Any, topdown: bool = True, onerror: Any = None, followlinks: bool = False) -> Any:
    return queries.walk(top, topdown, onerror, followlinks)


def _glob(pathname: Any, *, recursive: bool = False, **more: Any) -> list[str]:
    return globbing.glob(pathname, recursive=recursive)


def _open(
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    return streams.open_object(file, mode, buffering, encoding, errors, newline)


def _copyfile(src: Any, dst: Any, *, follow_symlinks: bool = True) -> Any:
    changes.copy(src, dst)
    return dst


def _copytree(src: Any, dst: Any, symlinks: bool = False, ignore: Any = None, **more: Any) -> Any:
    if ignore is None:
        trees.copy_parallel(src, dst)
        return dst
    top = os.fsdecode(src)
    kept = []
    for folder, folders, files in queries.walk(src):
        left_out = set(ignore(folder, [*folders, *files]))
        folders[:] = [name for name in folders if name not in left_out]
        within = folder[len(top) :].strip("/")
        kept += [join(within, name) if within else name for name in files if name not in left_out]
    trees.copy_parallel(src, dst, file_list=kept)
    return dst


def _rmtree(path: Any, ignore_errors: bool = False, onerror: Any = None, **more: Any) -> None:
    changes.remove(path, recursive=True)


_PLACES: tuple[tuple[Any, str, Callable[..., Any], int], ...] = (
    # where, which name, what takes its place, how many of the first arguments are paths
    (builtins, "open", _open, 1),
    (glob, "glob", _glob, 1),
    (os, "listdir", _listdir, 1),
    (os, "makedirs", _makedirs, 1),
    (os, "mkdir", _mkdir, 1),
    (os, "remove", _remove, 1),
    (os, "rename", _rename, 2),
    (os, "scandir", _scandir, 1),
    (os, "stat", _stat, 1),
    (os, "walk", _walk, 1),
    (os.path, "exists", _exists, 1),
    (os.path, "getsize", _getsize, 1),
    (os.path, "isdir", _isdir, 1),
    (shutil, "copyfile", _copyfile, 2),
    (shutil, "copytree", _copytree, 2),
    (shutil, "rmtree", _rmtree, 1),
)
_PATH_NAMES = ("path", "name", "src", "dst", "top", "file", "pathname", "filename", "s")


class _Shift:
    """Whether the functions are replaced, and what was there before."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._before: list[tuple[Any, str, Any, Any]] = []
        self.on = False

    def do(self) -> None:
        """Replace them. Twice is once."""
        with self._lock:
            if not self.on:
                self.on = True
                self._before = [self._replace(*place) for place in _PLACES]

    def undo(self) -> None:
        """Put back what was there. What others have put over ours since then stays: below it ours passes all on."""
        with self._lock:
            self.on = False
            for where, name, before, ours in reversed(self._before):
                if getattr(where, name) is ours:
                    setattr(where, name, before)
                for capability in _CAPABILITIES:
                    getattr(os, capability).discard(ours)
            self._before = []

    def _replace(
        self, where: Any, name: str, ours: Callable[..., Any], paths: int
    ) -> tuple[Any, str, Any, Any]:
        before = getattr(where, name)

        @functools.wraps(before)
        def either(*args: Any, **kwargs: Any) -> Any:
            if self.on:
                given = [*args[:paths], *(kwargs[key] for key in _PATH_NAMES if key in kwargs)]
                if any(is_object(path) for path in given):
                    return ours(*args, **kwargs)
            return before(*args, **kwargs)

        for capability in _CAPABILITIES:  # shutil asks these before it uses an option
            if before in getattr(os, capability):
                getattr(os, capability).add(either)
        setattr(where, name, either)
        return where, name, before, either


_STATE = _Shift()


def shift(src: str, dst: str) -> None:
    """`shift('os', 'mox')` lets `open` and functions of `os`, `os.path`, `glob` and `shutil` take paths of the object
    store; `shift('mox', 'os')` takes that back. Doing either twice is harmless.

    Raises:
        ValueError: it is neither of these two.
    """
    if (src, dst) == ("os", "mox"):
        _STATE.do()
    elif (src, dst) == ("mox", "os"):
        _STATE.undo()
    else:
        raise ValueError(f"shift({src!r}, {dst!r}): only ('os', 'mox') and ('mox', 'os') exist")
