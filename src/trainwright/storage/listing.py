"""Pages of a folder tree as object keys, in the order of an object store.

Entries of one folder sorted by name, with a slash behind the names of folders, and folders walked where they stand:
that is the order of the whole keys, because `a!b` < `a/b` < `a0` also holds for `a!b` < `a/` < `a0`.
"""

import os
import re
import stat
import threading
import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice

from trainwright.domain.obs import KEY_BYTES_MAX
from trainwright.storage.beneath import is_marked, open_folder

DRAFT_PREFIX = ".trainwright-tmp-"
"""Files with such names are never listed: writers that share the folder use them for what is not finished."""

KEY_DEPTH_MAX = KEY_BYTES_MAX // 2
_NOT_IN_KEYS = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_CACHE_FROM_NAMES = 2_000  # smaller folders are read faster than they are looked up
_CACHE_NAMES_MAX = 500_000  # some 50 MB
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """A key with its file's status, or a folded folder (`status` None)."""

    name: str
    status: os.stat_result | None


class FolderNames:
    """Sorted names of folders. Large ones are remembered until the folder changes; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, int, int], Sequence[str]] = OrderedDict()

    def of(self, at: int) -> Sequence[str]:
        """Names of the files and (with a trailing slash) folders in the folder `at` that can be parts of keys."""
        status = os.fstat(at)
        key = (status.st_dev, status.st_ino, status.st_mtime_ns)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        names = sorted(_names(at))
        # A change within the clock tick of the last one leaves the modification time as it is, so a folder is
        # remembered only once that time is well past.
        if len(names) >= _CACHE_FROM_NAMES and time.time_ns() - status.st_mtime_ns > _SETTLED_NS:
            self._remember(key, names)
        return names

    def _remember(self, key: tuple[int, int, int], names: Sequence[str]) -> None:
        with self._lock:
            self._known[key] = names
            while len(self._known) > 1 and sum(map(len, self._known.values())) > _CACHE_NAMES_MAX:
                self._known.popitem(last=False)


def list_tree(
    names: FolderNames, at: int, base: str, start: str, *, delimiter: bool, after: str, limit: int
) -> list[Found]:
    """At most `limit` entries greater than `after`, ascending, of the folder `at` whose keys begin with `base`
    (empty, or ending in `/`); only those whose rest begins with `start`. `at` stays open.
    """
    own = os.dup(at)
    try:
        with closing((_folded if delimiter else _walked)(names, own, base, start, after)) as entries:
            return list(islice(entries, limit))
    finally:
        os.close(own)


def holds_objects(at: int) -> bool:
    """Whether any object lies in the folder `at` or below it."""
    entered = [os.dup(at)]
    waiting: list[list[str]] = []  # folders still to be looked into, for each of `entered`
    try:
        while entered:
            if len(waiting) < len(entered):
                below = _folders_unless_objects(entered[-1])
                if below is None:
                    return True
                waiting.append(below if len(entered) < KEY_DEPTH_MAX else [])
            if waiting[-1]:
                with suppress(FileNotFoundError, NotADirectoryError):  # gone or replaced since it was read
                    entered.append(open_folder(waiting[-1].pop(), entered[-1]))
            else:
                waiting.pop()
                os.close(entered.pop())
        return False
    finally:
        for descriptor in entered:
            os.close(descriptor)


def _folders_unless_objects(at: int) -> list[str] | None:
    """Names of the folders in `at`; None when it holds an object or was stored as a folder itself."""
    if is_marked(os.fstat(at)):
        return None
    below = []
    for name in _names(at):
        if not name.endswith("/"):
            return None
        below.append(name[:-1])
    return below


def _child_holds_objects(name: str, at: int) -> bool:
    try:
        child = open_folder(name[:-1], at)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        return holds_objects(child)
    finally:
        os.close(child)


def _names(at: int) -> Iterator[str]:
    with os.scandir(at) as entries:
        for entry in entries:
            name = entry.name
            if _NOT_IN_KEYS.search(name) or name.startswith(DRAFT_PREFIX):
                continue
            if entry.is_file(follow_symlinks=False):
                yield name
            elif entry.is_dir(follow_symlinks=False):
                yield name + "/"


def _from(names: Sequence[str], base: str, start: str, after: str) -> int:
    """Index of the first name that may lead to keys greater than `after`."""
    first = bisect_left(names, start)
    if not after.startswith(base):
        return first if after < base else len(names)
    segment, slash, _ = after[len(base) :].partition("/")
    return max(first, bisect_left(names, segment + slash) if slash else bisect_right(names, segment))


def _folded(names: FolderNames, at: int, base: str, start: str, after: str) -> Generator[Found]:
    if base and not start and base > after and is_marked(os.fstat(at)):
        yield Found(base, os.fstat(at))
    known = names.of(at)
    for index in range(_from(known, base, start, after), len(known)):
        name = known[index]
        if not name.startswith(start):
            return
        if name.endswith("/"):
            if base + name > after and _child_holds_objects(name, at):
                yield Found(base + name, None)
        elif found := _file(name, at, base):
            yield found


def _walked(names: FolderNames, at: int, base: str, start: str, after: str) -> Generator[Found]:
    """Depth first. Only descriptors on the way to the present key are open."""
    if base and not start and base > after and is_marked(os.fstat(at)):
        yield Found(base, os.fstat(at))
    known = names.of(at)
    for index in range(_from(known, base, start, after), len(known)):
        name = known[index]
        if not name.startswith(start):
            return
        if not name.endswith("/"):
            if found := _file(name, at, base):
                yield found
            continue
        if len((base + name).encode()) > KEY_BYTES_MAX:
            continue
        try:
            child = open_folder(name[:-1], at)
        except (FileNotFoundError, NotADirectoryError):
            continue  # gone or replaced since its name was read
        try:
            yield from _walked(names, child, base + name, "", after)
        finally:
            os.close(child)


def _file(name: str, at: int, base: str) -> Found | None:
    if len((base + name).encode()) > KEY_BYTES_MAX:
        return None
    try:
        status = os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Found(base + name, status) if stat.S_ISREG(status.st_mode) else None
