"""Moves granted folders: code, inputs and earlier outputs in, outputs and the log out."""

from __future__ import annotations

import os

from . import deferred
from .beneath import opened
from .copying import Cancel, Cancelled, Folders, Item, Skipped, copy_file, put_file, walk
from .layout import UnsafePath, check_relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from .beneath import Where

SMALL_FILES = 64
SMALL_BYTES = 4 << 20
_THREADS = 8  # for transfers; copies on one machine are not faster with more than one (measured 2026-11-22)
_PAGE = 500


class Progress:
    """What of a folder has been moved. Written by worker threads, read by the main one."""

    def __init__(self) -> None:
        self.total = 0
        self.moved = 0

    def note(self, count: int) -> None:
        """`count` more bytes. Lost updates between threads do not matter: it is only shown."""
        self.moved += count


class Access:
    """How this runner reaches what it is granted."""

    def __init__(self, server_url: str, token: str, cancel: Cancel) -> None:
        self.server_url = server_url
        self.token = token
        self.cancel = cancel

    def transfers(self) -> Any:
        """A `Transfers`."""
        return deferred.load("transfers").Transfers(self.server_url, self.token, self.cancel)

    def heed(self) -> None:
        """Raises `Cancelled` when the work is not wanted any more."""
        if self.cancel.is_set():
            raise Cancelled


def small_items(folder: dict[str, Any]) -> list[Item] | None:
    """The files of a folder so small that no thread is worth it; None when it is not, or not on this machine."""
    grant = folder["grant"]
    if grant["kind"] != "path" or folder.get("manifest_url"):
        return None
    if not os.path.isdir(grant["path"]):
        return None
    found: list[Item] = []
    size = 0
    for item in walk(grant["path"]):
        if isinstance(item, Item):
            found.append(item)
            size += item.size
            if len(found) > SMALL_FILES or size > SMALL_BYTES:
                return None
    return found


def lay_small(items: list[Item], target: Where) -> None:
    """Copy `items` into the folder `target`."""
    folders = Folders(target)
    for item in items:
        copy_file(item, folders.target(item.path), executable=item.executable)


def fetch(
    folder: dict[str, Any],
    target: Where,
    access: Access,
    progress: Progress,
    wanted: Callable[[str, int], bool] | None = None,
) -> None:
    """Lay a granted folder (or single object) into the folder `target`, over what is there.

    `wanted`: whether a file of this path and size is to be laid; None: all are.

    Raises:
        FileNotFoundError: it does not exist on the shared disk.
        OSError: it cannot be read or written.
        UnsafePath: a symbolic link is in the way.
        Missing, Rejected, StoreTrouble: of `transfers`.
        Changed: it is a dataset version, and an object is no longer what that holds.
        Cancelled: `access.cancel` was set.
    """
    if folder.get("manifest_url"):
        deferred.load("exact").fetch_exact(folder, target, access, progress)
        return
    grant = folder["grant"]
    folders = Folders(target)
    if grant["kind"] == "url":
        _download(grant["url"], folders, access, progress, wanted)
        return

    def note(count: int) -> None:
        access.heed()
        progress.note(count)

    if folder.get("is_file"):
        item = _single(grant["path"])
        progress.total = item.size
        copy_file(item, folders.target(item.path), note=note)
        return
    items = [item for item in walk(grant["path"]) if isinstance(item, Item)]
    if wanted is not None:
        items = [item for item in items if wanted(item.path, item.size)]
    progress.total = sum(item.size for item in items)
    for item in items:
        access.heed()
        copy_file(item, folders.target(item.path), executable=item.executable, note=note)


def _single(path: str) -> Item:
    """One file of the store, or of our own. Raises `FileNotFoundError`."""
    folder, _, name = path.rpartition("/")
    status = os.lstat(path)
    return Item(name, opened(folder or "/"), name, status)


def _download(
    url: str,
    folders: Folders,
    access: Access,
    progress: Progress,
    wanted: Callable[[str, int], bool] | None,
) -> None:
    transfers = access.transfers()
    targets = []
    for target in transfers.iter_objects(url):
        marker = target["path"].endswith("/")  # a folder's own object
        if not marker and (wanted is None or wanted(target["path"], int(target["size"]))):
            progress.total += int(target["size"])
            check_relative(target["path"])
            targets.append(target)
    transfers.close()
    spread = deferred.load("workers").spread
    spread(
        targets,
        lambda target: transfers.download(target, folders.target(target["path"]), progress.note),
        threads=min(_THREADS, max(1, len(targets))),
        cancelled=access.cancel.is_set,
    )


class Upload:
    """An output folder on its way out. Remembers what was sent, so that only what changed is sent again."""

    def __init__(self, folder: dict[str, Any], local: Where, tag: str, access: Access) -> None:
        self.name: str = folder["name"]
        self._grant = folder["grant"]
        self._local = local
        self._tag = tag
        self._access = access
        self._sent: dict[str, tuple[int, int]] = {}
        self.skipped: list[Skipped] = []

    @property
    def files(self) -> int:
        """Files that lie in the store from this folder."""
        return len(self._sent)

    def remember(self, only: Collection[str] | None = None) -> None:
        """What lies here now (those of these paths) came from the store: it need not go back."""
        for item in walk(self._local):
            if isinstance(item, Item) and (only is None or item.path in only):
                self._sent[item.path] = (item.size, item.mtime_ns)

    def known(self) -> dict[str, list[int]]:
        """What was sent or laid, to be `recall`ed in another life."""
        return {path: list(state) for path, state in self._sent.items()}

    def recall(self, known: dict[str, list[int]]) -> None:
        """What a former life knew."""
        self._sent.update({path: (state[0], state[1]) for path, state in known.items()})

    def unchanged(self, path: str, size: int) -> bool:
        """Whether the file here is the one of this size in the store: not touched since it was sent or laid."""
        sent = self._sent.get(path)
        if sent is None or sent[0] != size:
            return False
        try:
            status = opened(self._local).status(path)
        except (FileNotFoundError, UnsafePath):
            return False
        return sent == (status.st_size, status.st_mtime_ns)

    def push(self) -> int:
        """Send what is new or changed; returns how many files that were. A file that goes on growing is sent again by
        the next call.

        Raises:
            OSError: the shared disk does not take it.
            UnsafePath: the folder has become a link.
            Missing, Rejected, StoreTrouble, Cancelled: as `fetch`.
        """
        changed: list[Item] = []
        self.skipped = []
        for found in walk(self._local):
            if isinstance(found, Skipped):
                self.skipped.append(found)
            elif not nameable(found.path):
                self.skipped.append(Skipped(found.path, "its name cannot be an object's name"))
            elif self._sent.get(found.path) != (found.size, found.mtime_ns):
                changed.append(found)
        if changed:
            if self._grant["kind"] == "path":
                self._push_path(changed)
            else:
                self._push_url(changed)
        return len(changed)

    def _push_path(self, changed: list[Item]) -> None:
        folders = Folders(self._grant["path"])
        for item in changed:
            self._access.heed()
            try:
                put_file(item, folders.target(item.path), self._tag, lambda count: self._access.heed())
            except FileNotFoundError:
                if not item.is_gone():
                    raise
                continue  # the job removed it meanwhile
            self._sent[item.path] = (item.size, item.mtime_ns)

    def _push_url(self, changed: list[Item]) -> None:
        transfers = self._access.transfers()
        for first in range(0, len(changed), _PAGE):
            page = {item.path: item for item in changed[first : first + _PAGE]}
            targets = transfers.put_targets(
                self._grant["url"], [(path, item.size) for path, item in page.items()]
            )
            pairs = [(target, page[target["path"]]) for target in targets if target["path"] in page]
            transfers.close()
            deferred.load("workers").spread(
                pairs,
                lambda pair: self._send(transfers, pair[0], pair[1]),
                threads=min(_THREADS, max(1, len(pairs))),
                cancelled=self._access.cancel.is_set,
            )

    def _send(self, transfers: Any, target: dict[str, Any], item: Item) -> None:
        try:
            transfers.upload(target, item, lambda count: None)
        except FileNotFoundError:
            return  # the job removed it meanwhile
        self._sent[item.path] = (item.size, item.mtime_ns)


def nameable(path: str) -> bool:
    """Whether a path can be an object's key: no control characters, no backslash, valid UTF-8, not too long."""
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF or char in "\\\x7f" for char in path):
        return False
    return len(path.encode("utf-8")) <= 1024


def send_file(grant: dict[str, Any], path: str, name: str, tag: str, access: Access) -> None:
    """Store one local file as `name` in a granted folder. Raises as `Upload.push`."""
    item = _single(path)
    if grant["kind"] == "path":
        put_file(item, Folders(grant["path"]).target(name), tag)
        return
    transfers = access.transfers()
    for target in transfers.put_targets(grant["url"], [(name, item.size)]):
        transfers.upload(target, item, lambda count: None)
    transfers.close()


def without_place(folder: dict[str, Any], text: str) -> str:
    """`text` with the folder's own name in place of where it lies, when that is not to be told."""
    shown: str = folder.get("shown", "")
    if not shown:
        return text
    grant = folder["grant"]
    if grant["kind"] == "path":
        for place in (grant["path"], os.path.realpath(grant["path"])):
            text = text.replace(place.rstrip("/"), shown)
    # Presigned addresses name bucket and key.
    return " ".join(
        shown + word[len(word.rstrip(":")) :] if "://" in word else word for word in text.split(" ")
    )


def describe(error: BaseException, hide: Callable[[str], str]) -> str:
    """A failure in a few words for an event. `hide` takes out what a user must not see."""
    if isinstance(error, FileNotFoundError):
        return hide(f"{error.filename or error} does not exist")
    if isinstance(error, OSError) and error.strerror:
        return hide(f"{error.strerror}: {error.filename}" if error.filename else error.strerror)
    return hide(str(error) or type(error).__name__)
