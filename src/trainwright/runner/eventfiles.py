"""Event files of TensorBoard below the outputs: found, followed while they grow, and their scalars told as points."""

from __future__ import annotations

import os
import time
from itertools import islice

from . import tfevents
from .layout import UnsafePath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .beneath import Folder, Place
    from .points import Batch, Noted

MARK = "tfevents"
_KEY = "events/"  # before the keys of these files, to tell them from others
_EVERY_S = 2.0
_SHARE = 200  # looks take at most 0.5 % of a CPU
_FILES_MAX = 2000  # that are followed
_ENTRIES_MAX = 300_000  # files and folders that are looked at: about a second
_DEPTH_MAX = 50
_PIECE = 1 << 20  # longer records are passed over: pictures, sounds
_WINDOW = 64 << 10
_SPEAKING = frozenset(
    ("train", "training", "val", "valid", "validation", "eval", "evaluation", "dev", "test")
)


class _File:
    """An event file: the id of its folder (output and path), its key, and how it stands."""

    __slots__ = ("folder", "key", "path", "size", "top", "version")

    def __init__(self, output: str, above: str, name: str, top: Folder, status: os.stat_result) -> None:
        self.folder = f"{output}/{above}" if above else output
        self.key = f"{_KEY}{self.folder}/{name}"
        self.path = f"{above}/{name}" if above else name
        self.top = top
        self.size = status.st_size
        self.version = status.st_ino


class _Window:
    """A file of which the bytes around the last place asked for are kept."""

    def __init__(self, descriptor: int, size: int) -> None:
        self.size = size
        self._descriptor = descriptor
        self._data = b""
        self._start = 0

    def at(self, start: int, count: int) -> bytes:
        """That many bytes; none when they are not all there."""
        if start + count > self.size:
            return b""
        if not self._start <= start <= start + count <= self._start + len(self._data):
            wanted = min(max(count, _WINDOW), self.size - start)
            self._data, self._start = os.pread(self._descriptor, wanted, start), start
        found = self._data[start - self._start : start - self._start + count]
        return found if len(found) == count else b""


class EventFiles:
    """Those below the outputs, by name and place. What was there before the job's own is passed over."""

    def __init__(self, outputs: Sequence[tuple[str, Place]], noted: Noted) -> None:
        self._outputs = outputs
        self._noted = noted
        self._next = 0.0
        self._tried: dict[str, tuple[int, int]] = {}  # how a file stood from which no more was to be had

    def look(self, batch: Batch, *, thorough: bool) -> None:
        """Add the scalars of whole records."""
        began = time.monotonic()
        if began < self._next and not thorough:
            return
        files, whole = self._files()
        self._name(sorted({file.folder for file in files if _has_news(file, batch)}))
        batch.until += time.monotonic() - began  # finding them is not reading them
        for file in files:
            if batch.full:
                return  # the rest right after
            if batch.enough:
                break
            self._read(file, batch)
        if whole:
            present = {file.key for file in files}
            batch.ended |= {key for key in self._noted.marks if key.startswith(_KEY) and key not in present}
        now = time.monotonic()
        self._next = now + max(_EVERY_S, _SHARE * (now - began))

    def settled(self, batch: Batch) -> None:
        """Nothing to be done: the files are the job's."""

    def adopt(self, *, read: bool) -> None:
        """Take note of the files that are there now and are not known: as the job's own, to be read from their
        beginning, or as laid by us, of which only what is added later counts.
        """
        for file in self._files()[0]:
            if file.key not in self._noted.marks:
                self._noted.marks[file.key] = [0 if read else file.size, file.version]

    def _files(self) -> tuple[list[_File], bool]:
        """The files, and whether these are all: of a tree without end a part is looked at."""
        found: list[_File] = []
        left = _ENTRIES_MAX
        for output, place in self._outputs:
            try:
                top = place.open()
            except (OSError, UnsafePath):
                continue
            waiting = [""]
            while waiting and left > 0:
                above = waiting.pop()
                entries, seen = _entries(top, above, left)
                left -= seen + 1
                for name, is_folder, status in entries:
                    path = f"{above}/{name}" if above else name
                    if is_folder and path.count("/") < _DEPTH_MAX:
                        waiting.append(path)
                    elif status is not None:
                        file = _File(output, above, name, top, status)
                        if len(found) < _FILES_MAX or file.key in self._noted.marks:
                            found.append(file)
        return found, left > 0

    def _read(self, file: _File, batch: Batch) -> None:
        mark = batch.mark(file.key)
        at = mark[0] if mark is not None and mark[1] == file.version and mark[0] <= file.size else 0
        if mark is not None and at < mark[0]:  # emptied, or another one
            batch.marks[file.key] = [0, file.version]
            self._tried.pop(file.key, None)
        if at == file.size or self._tried.get(file.key) == (file.size, file.version):
            return
        try:
            descriptor = file.top.read(file.path)
        except (OSError, UnsafePath):
            return  # gone, or something else by now
        try:
            end = self._records(
                _Window(descriptor, file.size), at, self._noted.runs.get(file.folder, ""), batch
            )
        except OSError:
            return  # the disk: the same again
        finally:
            os.close(descriptor)
        if not batch.enough:
            self._tried[file.key] = (file.size, file.version)
        if [end, file.version] != mark:
            batch.marks[file.key] = [end, file.version]

    @staticmethod
    def _records(window: _Window, at: int, prefix: str, batch: Batch) -> int:
        """Read the records from `at` on; where the first one begins that was not read: it is not all there yet, or it
        is none, and nothing behind it can be found.
        """
        while not batch.enough:
            head = window.at(at, tfevents.HEAD)
            length = tfevents.length_of(head) if head else -1
            behind = at + tfevents.HEAD + length + tfevents.TAIL
            if length < 0 or behind > window.size:
                break
            if length <= _PIECE:
                data = window.at(at + tfevents.HEAD, length + tfevents.TAIL)
                if not data or not tfevents.is_whole(data[:length], data[length:]):
                    break
                _add(data[:length], prefix, batch)
            at = behind
        return at

    def _name(self, folders: Sequence[str]) -> None:
        """Choose what the metrics of folders seen for the first time begin with. It stays so: a name that changes when
        a second folder turns up would cut a curve in two.
        """
        runs = self._noted.runs
        fresh = [folder for folder in folders if folder not in runs]
        if not fresh:
            return
        if not runs and len(fresh) == 1:
            leaf = fresh[0].rpartition("/")[2] if "/" in fresh[0] else ""
            runs[fresh[0]] = leaf if leaf.lower() in _SPEAKING else ""
            return
        base = _base(runs) if runs else os.path.commonpath(fresh)
        first = next((folder for folder, begin in runs.items() if not begin), base)
        for folder in fresh:
            runs[folder] = _relative(folder, first, base)


def _has_news(file: _File, batch: Batch) -> bool:
    return batch.mark(file.key) != [file.size, file.version]


def _base(runs: dict[str, str]) -> str:
    """The folder to which names of further runs are relative."""
    first = next(iter(runs))
    return first[: -len(runs[first]) - 1] if runs[first] else first.rpartition("/")[0]


def _relative(folder: str, first: str, base: str) -> str:
    for above in (first, base):
        if folder == above:
            return ""
        if above and folder.startswith(above + "/"):
            return folder[len(above) + 1 :]
    return folder


def _entries(top: Folder, above: str, most: int) -> tuple[list[tuple[str, bool, os.stat_result | None]], int]:
    """Folders and event files in a folder: name, whether it is a folder, and how the file stands. Of its entries `most`
    are looked at; how many were, too.
    """
    found: list[tuple[str, bool, os.stat_result | None]] = []
    seen = 0
    try:
        folder = top.enter(above) if above else top
        with os.scandir(folder.descriptor) as entries:
            for entry in islice(entries, most):
                seen += 1
                if entry.is_dir(follow_symlinks=False):
                    found.append((entry.name, True, None))
                elif MARK in entry.name and entry.is_file(follow_symlinks=False):
                    found.append((entry.name, False, entry.stat(follow_symlinks=False)))
    except (OSError, UnsafePath):
        pass  # gone, or a link by now; what was seen before that is good
    return found, seen


def _add(event: bytes, prefix: str, batch: Batch) -> None:
    try:
        found = tfevents.scalars(event)
    except ValueError:
        return  # a record of something else
    for tag, step, value, at_ms in found:
        batch.add(f"{prefix}/{tag}" if prefix else tag, step, value, at_ms)
