"""Which file goes where, decided before a byte moves: local folders are read, keys are checked."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainwright.client.errors import TransferError, UnsafeKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainwright.domain.obs import ObsPath


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to upload. `relative` is its `/`-separated path below the folder; `revision` changes with its bytes."""

    path: Path
    relative: str
    size: int
    mtime_ns: int

    @property
    def revision(self) -> str:
        """See `UploadBegin.revision`."""
        return str(self.mtime_ns)


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """What a folder holds, by path, and what in it cannot be copied and why."""

    files: tuple[LocalFile, ...]
    left_out: tuple[tuple[str, str], ...]


def local_file(path: Path) -> LocalFile:
    """The single file at `path`; a symbolic link named by the user is followed.

    Raises:
        TransferError: it is missing, not a file or not readable.
    """
    try:
        status = path.stat()
    except OSError as exc:
        raise TransferError("{path}: {detail}", path=path, detail=exc.strerror) from exc
    if not stat.S_ISREG(status.st_mode):
        raise TransferError("{path} is not a file", path=path)
    return LocalFile(path, path.name, status.st_size, status.st_mtime_ns)


def scan_folder(root: Path, leave_out: frozenset[str] = frozenset()) -> LocalFolder:
    """Every file below `root`, except in folders called as in `leave_out`. Links to files inside it are followed,
    links to folders and out of it are left out.

    Raises:
        TransferError: `root` or a folder below cannot be read.
    """
    real_root = root.resolve()
    files: list[LocalFile] = []
    left_out: list[tuple[str, str]] = []
    for entry, relative in _walk(root, "", leave_out):
        found = _read_entry(entry, relative, real_root)
        if isinstance(found, LocalFile):
            files.append(found)
        else:
            left_out.append((relative, found))
    files.sort(key=lambda file: file.relative)
    return LocalFolder(tuple(files), tuple(left_out))


def key_below(folder: ObsPath, relative: str) -> str:
    """The key of `relative` below `folder`.

    Raises:
        TransferError: it cannot be a key (control characters, too long, not UTF-8, …).
    """
    try:
        return folder.join(relative).key
    except ValueError as exc:
        raise TransferError("{name} cannot be stored: {detail}", name=repr(relative), detail=exc) from exc


class TargetFolder:
    """The folder a download goes to. Whatever the keys say, nothing is written outside it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._checked: set[Path] = set()

    def place(self, relative: str) -> Path:
        """Where `relative` is to be written; its folder exists afterwards.

        Raises:
            UnsafeKey: that would be outside, also by way of a symbolic link that lies in the folder.
            TransferError: a folder cannot be made, or a folder lies where the file should.
        """
        target = self._root / self.check(relative)
        if target.parent not in self._checked:
            self._make(target.parent, relative)
        if target.is_dir() and not target.is_symlink():
            raise TransferError(
                "{path} is a folder, but the object store has a file of this name", path=target
            )
        return target

    @staticmethod
    def check(relative: str) -> Path:
        """`relative` as a path of plain names.

        Raises:
            UnsafeKey: it is absolute, or has an empty, `.` or `..` part, a backslash or a NUL.
        """
        parts = relative.split("/")
        if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
            raise UnsafeKey(
                "The key {name} does not name a place inside the target folder", name=repr(relative)
            )
        return Path(*parts)

    def _make(self, folder: Path, relative: str) -> None:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            real_root = self._root.resolve()
            step = self._root
            for part in folder.relative_to(self._root).parts:
                step = step / part
                if not step.resolve().is_relative_to(real_root):
                    raise UnsafeKey(
                        "{path} is a link out of the target folder; {name} was not written",
                        path=step,
                        name=repr(relative),
                    )
                step.mkdir(exist_ok=True)
        except OSError as exc:
            raise TransferError(
                "Cannot make the folder {path}: {detail}", path=folder, detail=exc.strerror
            ) from exc
        self._checked.add(folder)


def _walk(folder: Path, prefix: str, leave_out: frozenset[str]) -> Iterator[tuple[os.DirEntry[str], str]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as exc:
        raise TransferError("{path}: {detail}", path=folder, detail=exc.strerror) from exc
    for entry in found:
        relative = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in leave_out:
                yield from _walk(folder / entry.name, relative + "/", leave_out)
        else:
            yield entry, relative


def _read_entry(entry: os.DirEntry[str], relative: str, real_root: Path) -> LocalFile | str:
    path = Path(entry.path)
    try:
        if entry.is_symlink() and not path.resolve().is_relative_to(real_root):
            return "a link out of the folder"
        status = entry.stat()
    except OSError as exc:
        return exc.strerror or "it cannot be read"  # a dangling link, or gone since the folder was listed
    if stat.S_ISDIR(status.st_mode):
        return "a link to a folder"
    if not stat.S_ISREG(status.st_mode):
        return "not a file"
    return LocalFile(path, relative, status.st_size, status.st_mtime_ns)
