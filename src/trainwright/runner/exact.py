"""Lays exactly the objects of a dataset version, and only bytes that are what its manifest says.

Size and SHA-256 are taken from the bytes on their way, so nothing is read twice. Loaded late: `hashlib`, `http.client`.
"""

from __future__ import annotations

import errno
import hashlib
import os

from . import deferred
from .copying import Folders
from .faults import Changed, Missing
from .rundir import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .beneath import Spot, Where
    from .staging import Access, Progress

_THREADS_MAX = 4  # checksums keep a core busy each, unlike plain copies
_PIECE = 1 << 20
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR)


def fetch_exact(folder: dict[str, Any], target: Where, access: Access, progress: Progress) -> None:
    """Lay the objects that `folder`'s manifest lists into the folder `target`.

    Raises:
        Changed: an object is gone or is not what the manifest says; it is not laid down.
        OSError, UnsafePath, Missing, Rejected, StoreTrouble, Cancelled: as `staging.fetch`.
    """
    transfers = access.transfers()
    folders = Folders(target)
    grant = folder["grant"]
    shared = Shared(grant["path"]) if grant["kind"] == "path" else None

    def note(count: int) -> None:
        access.heed()
        progress.note(count)

    def lay(entry: dict[str, Any]) -> None:
        spot = folders.target(entry["path"])
        if shared is not None:
            copy_checked(shared, entry, spot, note)
        else:
            _download(transfers, entry, spot, progress.note)

    threads = min(_THREADS_MAX, len(os.sched_getaffinity(0)))
    entries = _entries(transfers, folder["manifest_url"], progress)
    deferred.load("workers").spread(entries, lay, threads=threads, cancelled=access.cancel.is_set)


def _entries(transfers: Any, url: str, progress: Progress) -> Iterator[dict[str, Any]]:
    """Each object; by pages, so that a long manifest is never in memory as a whole."""
    for page in transfers.iter_pages(url):
        progress.total = int(page.get("total_bytes", 0))
        for entry in page["objects"]:
            if not entry.get("sha256"):
                raise Missing(f"{url}: the server sent no checksums")
            yield entry


def _download(transfers: Any, entry: dict[str, Any], spot: Spot, note: Callable[[int], None]) -> None:
    try:
        transfers.download(entry, spot, note)
    except Missing as error:
        raise Changed(entry["path"], gone=True) from error


class Shared:
    """A folder on the disk that the runner shares with the store."""

    def __init__(self, path: str) -> None:
        self._top = os.path.realpath(path)
        self._plain = {self._top}  # folders that no link leads to

    def open(self, path: str) -> int:
        """A descriptor of the object. Through a link nothing is read: the store has none, so the object is gone.

        Raises:
            Changed: it is gone.
        """
        source = f"{self._top}/{path}"
        folder = os.path.dirname(source)
        try:
            if folder not in self._plain:
                if os.path.realpath(folder) != folder:
                    raise Changed(path, gone=True)
                self._plain.add(folder)
            return os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in _GONE:
                raise Changed(path, gone=True) from error
            raise


def copy_checked(shared: Shared, entry: dict[str, Any], target: Spot, note: Callable[[int], None]) -> None:
    """Copy one object from a shared folder, replacing `target`. Raises `Changed`, `OSError`."""
    reading = shared.open(entry["path"])
    try:
        status = os.fstat(reading)
        if status.st_size != int(entry["size"]):
            raise Changed(entry["path"])
        writing = target.create(0o755 if status.st_mode & 0o100 else 0o644)
        try:
            found = _copy(reading, writing, note)
        finally:
            os.close(writing)
    finally:
        os.close(reading)
    if found != (int(entry["size"]), entry["sha256"]):
        target.remove()
        raise Changed(entry["path"])


def _copy(reading: int, writing: int, note: Callable[[int], None]) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    while True:
        piece = os.read(reading, _PIECE)
        if not piece:
            return size, digest.hexdigest()
        digest.update(piece)
        write_all(writing, piece)
        size += len(piece)
        note(len(piece))
