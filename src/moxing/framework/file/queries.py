"""What is there: existence, listings, sizes, times. Nothing here changes anything."""

from __future__ import annotations

import os
import stat as stats
from typing import Any, Callable, Iterator, NamedTuple

from moxing.framework.file.client import store
from moxing.framework.file.errors import duplicate, missing, tells, tells_each
from moxing.framework.file.paths import ObjectPath, is_object, join, local, split
from trainwright.portable.failures import Refused
from trainwright.portable.store import Entry

UNSEEN = Entry("", 0, 0)
"""Stands for a file of which nothing but its name is known."""
_FOLDER_MODE = stats.S_IFDIR | 0o777
_FILE_MODE = stats.S_IFREG | 0o666


class FileStatistics(tuple):  # type: ignore[type-arg]  # of numbers, as os.stat_result
    """What `stat` says: `length` in bytes, `mtime_nsec` since 1970 in UTC, `is_directory`; and the fields of
    `os.stat_result`, by name and by position, as far as objects have them.
    """

    def __new__(cls, length: int, mtime_nsec: int, is_directory: bool, mode: int = 0) -> FileStatistics:
        """From what is known of a file or folder."""
        mode = mode or (_FOLDER_MODE if is_directory else _FILE_MODE)
        second = mtime_nsec // 1_000_000_000
        made = super().__new__(cls, (mode, 0, 0, 1, 0, 0, length, second, second, second))
        made.length = made.st_size = length
        made.mtime_nsec = made.st_mtime_ns = made.st_atime_ns = made.st_ctime_ns = mtime_nsec
        made.st_mtime = made.st_atime = made.st_ctime = mtime_nsec / 1e9
        made.is_directory = is_directory
        made.st_mode = mode
        made.st_ino = made.st_dev = made.st_uid = made.st_gid = 0
        made.st_nlink = 1
        return made

    length: int
    st_size: int
    mtime_nsec: int
    st_mtime_ns: int
    st_atime_ns: int
    st_ctime_ns: int
    st_mtime: float
    st_atime: float
    st_ctime: float
    is_directory: bool
    st_mode: int
    st_ino: int
    st_dev: int
    st_uid: int
    st_gid: int
    st_nlink: int


class DirEntry:
    """What `scan_dir` finds in the object store; as `os.DirEntry`."""

    def __init__(self, path: str, name: str, statistics: FileStatistics) -> None:
        self.path = path
        self.name = name
        self._statistics = statistics

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a folder."""
        return self._statistics.is_directory

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is an object."""
        return not self._statistics.is_directory

    def is_symlink(self) -> bool:
        """There are none."""
        return False

    def stat(self, *, follow_symlinks: bool = True) -> FileStatistics:
        """What the listing said of it."""
        return self._statistics

    def inode(self) -> int:
        """There are none."""
        return 0

    def __fspath__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"<DirEntry {self.name!r}>"


class Found(NamedTuple):
    """A file or folder below a folder. `name` is relative to it, without a slash at its end; `entry` is a file's."""

    name: str
    entry: Entry | None

    @property
    def is_folder(self) -> bool:
        """Whether it is one."""
        return self.entry is None


@tells
def exists(url: Any) -> bool:
    """Whether there is a file or folder of this name; with a slash at its end, a folder."""
    path = split(url)
    if path is None:
        return os.path.exists(url)
    if not path.is_folder and store().find(path.bucket, path.key):
        return True
    return store().is_folder(path.bucket, path.key)


@tells
def is_directory(url: Any) -> bool:
    """Whether there is a folder of this name: something lies below it, or it was made. A bucket is one."""
    path = split(url)
    return os.path.isdir(url) if path is None else store().is_folder(path.bucket, path.key)


@tells
def list_directory(
    url: Any,
    recursive: bool = False,
    remove_sep: bool = True,
    skip_file: bool = False,
    skip_dir: bool = False,
) -> list[str]:
    """The names in the folder `url`, in order; with `recursive` the paths of everything below, relative to it, folders
    before what is in them. Folders end in `/` unless `remove_sep`.

    An empty list where there is nothing of this name in the object store; locally that is an error.
    """
    names = []
    for found in list_all(url) if recursive else list_one(url):
        if not (skip_dir if found.is_folder else skip_file):
            names.append(found.name + ("/" if found.is_folder and not remove_sep else ""))
    return names


@tells_each
def scan_dir(url: Any) -> Iterator[Any]:
    """What is in the folder `url`, as `os.DirEntry` has it."""
    path = split(url)
    if path is None:
        with os.scandir(url) as entries:
            yield from entries
        return
    for found in list_one(url):
        yield DirEntry(join(path.url, found.name), found.name, _statistics(found.entry))


@tells_each
def walk(
    url: Any,
    topdown: bool = True,
    onerror: Callable[[OSError], object] | None = None,
    followlinks: bool = False,
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Each folder below `url` and itself: its path, the names of the folders and of the files in it. As `os.walk`: from
    the top the list of folders may be changed. Links do not exist in the object store, and errors there are raised.
    """
    if not is_object(url):
        yield from os.walk(url, topdown, onerror, followlinks)
        return
    found = list(list_one(url))
    folders = [each.name for each in found if each.is_folder]
    files = [each.name for each in found if not each.is_folder]
    top = os.fsdecode(url)
    if not found and not is_directory(url):
        return
    if topdown:
        yield top, folders, files
    for name in folders:
        yield from walk(join(top, name), topdown)
    if not topdown:
        yield top, folders, files


@tells
def stat(url: Any) -> FileStatistics:
    """Size, time and kind of a file or folder.

    Raises:
        MoxFileNotExistsException: there is none of this name in the object store.
    """
    path = split(url)
    if path is None:
        status = os.stat(url)
        return FileStatistics(
            status.st_size, status.st_mtime_ns, stats.S_ISDIR(status.st_mode), status.st_mode
        )
    return stat_object(path)


def stat_object(path: ObjectPath) -> FileStatistics:
    """The same for something in the object store."""
    if not path.is_folder:
        entry = store().find(path.bucket, path.key)
        if entry is not None:
            return _statistics(entry)
    if not store().is_folder(path.bucket, path.key):
        raise missing(path.url)
    return _statistics(None)


@tells
def get_size(url: Any, recursive: bool = False) -> int:
    """Bytes of a file; of a folder 0, or with `recursive` those of all files below.

    Raises:
        MoxFileNotExistsException: there is none of this name in the object store.
    """
    path = split(url)
    is_folder = os.path.isdir(url) if path is None else stat_object(path).is_directory
    if not is_folder:
        return os.path.getsize(url) if path is None else stat_object(path).length
    if not recursive:
        return 0
    if path is not None:
        return sum(entry.size for entry in store().entries(path.bucket, path.prefix))
    return sum(os.path.getsize(join(local(url), each.name)) for each in list_all(url) if not each.is_folder)


def list_one(url: Any) -> Iterator[Found]:
    """What is in a folder, by name."""
    path = split(url)
    if path is None:
        with os.scandir(local(url)) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
        yield from (Found(name, None if is_folder else UNSEEN) for name, is_folder in found)
        return
    for page in store_pages(path, folded=True):
        both = [Found(name[len(path.prefix) : -1], None) for name in page.folders]
        both += [
            Found(entry.key[len(path.prefix) :], entry) for entry in page.entries if entry.key != path.prefix
        ]
        yield from sorted(both, key=lambda found: found.name)


def list_all(url: Any) -> Iterator[Found]:
    """Everything below a folder, folders before what is in them. Linked folders are followed once.

    Raises:
        MoxFileNameDuplicateException: an object has the name of a folder.
    """
    path = split(url)
    if path is None:
        yield from _list_local(local(url), "", frozenset())
        return
    folders: set[str] = set()
    files: set[str] = set()
    for page in store_pages(path, folded=False):
        for entry in page.entries:
            name = entry.key[len(path.prefix) :]
            above = name.split("/")[:-1]  # of a marker all parts, of a file all but the last
            for depth in range(1, len(above) + 1):
                folder = "/".join(above[:depth])
                if folder in files:
                    raise duplicate(join(path.url, folder))
                if folder not in folders:
                    folders.add(folder)
                    yield Found(folder, None)
            if name and not name.endswith("/"):
                files.add(name)
                yield Found(name, entry)


def store_pages(path: ObjectPath, *, folded: bool) -> Iterator[Any]:
    """The pages of a folder's listing; none where there is no such bucket."""
    try:
        yield from store().pages(path.bucket, path.prefix, folded=folded)
    except Refused as exc:
        if not exc.is_missing:
            raise


def _list_local(root: str, prefix: str, above: frozenset[str]) -> Iterator[Found]:
    folder = os.path.join(root, prefix)
    above |= {os.path.realpath(folder)}
    for found in list_one(folder):
        name = prefix + found.name
        yield Found(name, found.entry)
        if found.is_folder and os.path.realpath(os.path.join(root, name)) not in above:
            yield from _list_local(root, name + "/", above)


def _statistics(entry: Entry | None) -> FileStatistics:
    if entry is None:
        return FileStatistics(0, 0, True)
    # To the second, as HTTP tells it: a listing and a look at one object must say the same.
    return FileStatistics(entry.size, entry.modified_at_ms // 1000 * 1_000_000_000, False)
