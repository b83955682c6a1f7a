"""Files below a folder in which somebody else may put symbolic links: they are reached without following any.

The task's file tree is the job's to change at any moment, and a link in it means something else to us than to the job
in its sandbox. So each folder on the way is opened from the one above it, and held open as long as it is used.
"""

from __future__ import annotations

import errno
import os
import stat

from .layout import UnsafePath, check_relative
from .rundir import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    Where = Union[str, "Place"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_BESIDE = (errno.ELOOP, errno.ENOTDIR)  # what the kernel says of a link where a folder should be
_MEDDLED = (FileExistsError, FileNotFoundError, IsADirectoryError, PermissionError)


class Place:
    """A folder by its path `inner` below `root`: only above that links are followed."""

    def __init__(self, root: str, inner: str) -> None:
        self.root = root
        self.inner = inner.strip("/")

    def open(self, *, make: bool = False) -> Folder:
        """The folder; `make`: even when it is not there yet.

        Raises:
            UnsafePath: it, or what it lies in, is a link or no folder, or closed to us.
            OSError: it does not exist, or cannot be made.
        """
        top = Folder(os.open(self.root, _FOLDER))
        return top.enter(self.inner, make=make) if self.inner else top

    def parent(self) -> tuple[Folder, str]:
        """The folder above it, and its name there. Raises as `open`."""
        above, _, name = self.inner.rpartition("/")
        return Place(self.root, above).open(), name

    def lies_there(self) -> bool:
        """Whether there is something, be it a link. Raises `UnsafePath` when that cannot be told for a link."""
        try:
            folder, name = self.parent()
            folder.status(name)
        except FileNotFoundError:
            return False
        return True

    def write(self, data: bytes, *, mode: int = 0o600) -> None:
        """Make it a file of these bytes, replacing what is there. Raises as `open`."""
        above, _, name = self.inner.rpartition("/")
        Place(self.root, above).open(make=True).write(name, data, mode=mode)


class Folder:
    """A folder that is open, until nobody holds this object any more."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __del__(self) -> None:
        os.close(self.descriptor)

    def enter(self, path: str, *, make: bool = False) -> Folder:
        """The folder at the relative `path` in it; `make`: even when it is not there yet. Raises as `Place.open`."""
        found = self
        for part in check_relative(path).split("/"):
            found = Folder(found._step(part, path, make=make))
        return found

    def _step(self, part: str, path: str, *, make: bool) -> int:
        for _ in range(2):
            try:
                return os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=self.descriptor)
            except FileNotFoundError:
                if not make:
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
            except OSError as error:
                if error.errno in _BESIDE:
                    raise UnsafePath(f"{path}: {part} is a symbolic link or no folder") from error
                if error.errno == errno.EACCES:
                    raise UnsafePath(f"{path}: {part} cannot be opened: {error.strerror}") from error
                raise
            try:
                os.mkdir(part, dir_fd=self.descriptor)
            except FileExistsError:
                pass  # made by another thread at this moment
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

    def status(self, path: str) -> os.stat_result:
        """Of what lies at `path` in it, be it a link. Raises as `Place.open`."""
        above, _, name = path.rpartition("/")
        folder = self.enter(above) if above else self
        return os.stat(name, dir_fd=folder.descriptor, follow_symlinks=False)

    def read(self, path: str) -> int:
        """A descriptor of the regular file at `path` in it, for reading. Raises as `Place.open`."""
        above, _, name = path.rpartition("/")
        folder = self.enter(above) if above else self
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe would keep us waiting
        try:
            descriptor = os.open(name, flags, dir_fd=folder.descriptor)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise UnsafePath(f"{path} has become a symbolic link") from error
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise UnsafePath(f"{path} is not a regular file any more")
        return descriptor

    def write(self, name: str, data: bytes, *, mode: int) -> None:
        """Make `name` in it a file of these bytes, replacing what is there; no reader sees a part.

        Raises:
            UnsafePath: there is something that cannot be replaced.
            OSError: the disk does not take it.
        """
        draft = f"{name}.{os.getpid()}.tmp"
        try:
            descriptor = self.create(draft, mode)
            try:
                write_all(descriptor, data)
                os.fchmod(descriptor, mode)
            finally:
                os.close(descriptor)
            os.rename(draft, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        except _MEDDLED as error:
            raise UnsafePath(f"{name} cannot be written: {error.strerror}") from error

    def create(self, name: str, mode: int) -> int:
        """A descriptor of a new file `name` in it, for writing; what is there is removed. Raises `OSError`."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return os.open(name, flags, mode, dir_fd=self.descriptor)
        except FileExistsError:
            os.unlink(name, dir_fd=self.descriptor)
            return os.open(name, flags, mode, dir_fd=self.descriptor)


class Spot:
    """Where a file belongs: a name in a folder that is open."""

    def __init__(self, folder: Folder, name: str) -> None:
        self.folder = folder
        self.name = name

    def create(self, mode: int = 0o644) -> int:
        """A descriptor of a new file there, for writing; what is there is removed. Raises `OSError`."""
        return self.folder.create(self.name, mode)

    def rename(self, name: str) -> None:
        """Give what lies there another name in the same folder, replacing what has it. Raises `OSError`."""
        descriptor = self.folder.descriptor
        os.rename(self.name, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)

    def remove(self) -> None:
        """Nothing lies there any more. Raises `OSError`."""
        try:
            os.unlink(self.name, dir_fd=self.folder.descriptor)
        except FileNotFoundError:
            pass  # nothing did

    def beside(self, prefix: str) -> Spot:
        """The one whose name begins with `prefix`, cut to what a name may be."""
        return Spot(self.folder, (prefix + self.name)[:240])


def opened(where: Where, *, make: bool = False) -> Folder:
    """A folder by its path alone (then its own name may be a link: nobody else's is in it), or as `Place.open`."""
    if not isinstance(where, str):
        return where.open(make=make)
    if make:
        os.makedirs(where, exist_ok=True)
    return Folder(os.open(where, _FOLDER))
