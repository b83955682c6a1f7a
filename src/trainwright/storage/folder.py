"""The default object store: `obs://bucket/key` is the file `root/bucket/key`.

Objects appear whole (draft + rename) and symbolic links are never followed. What jobs write into the folders
themselves is an object like any other; names that no key can have are left out of listings.
"""

import errno
import os
import stat
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

from trainwright.domain.errors import (
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    InvalidBucketName,
    InvalidObsPath,
    KeyConflict,
    ObjectNotFound,
    StorageUnavailable,
)
from trainwright.domain.obs import ObsPath, is_bucket_name
from trainwright.domain.texts import Text
from trainwright.ports.objects import NOTHING, ObjectMeta, ObjectPage
from trainwright.storage import beneath
from trainwright.storage.conditions import check_replaced, exists
from trainwright.storage.draft import Draft, place, remove_stale
from trainwright.storage.listing import (
    DRAFT_PREFIX,
    KEY_DEPTH_MAX,
    FolderNames,
    Found,
    holds_objects,
    list_tree,
)

P = ParamSpec("P")
R = TypeVar("R")

BLOCK = 1 << 20
_THREADS = 8
_PUBLISH_TRIES = 20
_TURNS = 64
NOT_AN_OBJECT = Text("it names a bucket, not an object", "该路径是桶，不是对象")
FOLDER_HOLDS_NO_BYTES = Text("a folder holds no bytes of its own", "目录本身不包含数据")
_TOO_LONG = Text(
    "a segment of its key is too long for the filesystem", "对象名中有一段超过文件系统的长度限制"
)
_RESERVED = Text("names that begin with {prefix} are reserved", "以 {prefix} 开头的名称为系统保留")
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
_DRAFTS = ".trainwright-tmp"  # not a bucket's name, so nobody can ask for it


class FolderStore:
    """An `ObjectStore` in the folder `root`, which is made when missing.

    A bucket must lie on the same filesystem as `root`. One name cannot be an object and a folder: `KeyConflict`.
    `durable`: objects survive a power cut once stored, at the price of a disk flush each; a killed process never
    harms them either way.
    """

    def __init__(self, root: Path, *, durable: bool = False) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root.resolve()
        self._drafts = self._root / _DRAFTS
        self._drafts.mkdir(mode=0o700, exist_ok=True)
        self._durable = durable
        self._names = FolderNames()
        self._turns = tuple(threading.RLock() for _ in range(_TURNS))
        self._threads = anyio.CapacityLimiter(_THREADS)
        remove_stale(self._drafts)

    async def list_buckets(self) -> Sequence[str]:
        """Names, ascending."""
        return await self._blocking(self._list_buckets)

    async def create_bucket(self, bucket: str) -> None:
        """Create it. Raises `BucketExists`, `InvalidBucketName`."""
        if not is_bucket_name(bucket):
            raise InvalidBucketName(bucket=bucket)
        await self._blocking(self._create_bucket, bucket)

    async def delete_bucket(self, bucket: str) -> None:
        """Delete it. Raises `BucketNotFound`, `BucketNotEmpty`."""
        await self._blocking(self._delete_bucket, ObsPath(bucket) if is_bucket_name(bucket) else None, bucket)

    async def bucket_exists(self, bucket: str) -> bool:
        """Whether it is there."""
        return is_bucket_name(bucket) and await self._blocking(self._bucket_exists, bucket)

    async def head(self, path: ObsPath) -> ObjectMeta:
        """Raises `ObjectNotFound`."""
        return await self._blocking(self._head, path)

    async def read(self, path: ObsPath, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to but without `end`, in pieces of at most 1 MiB. Raises `ObjectNotFound`."""
        if path.is_folder:
            await self.head(path)
            return
        descriptor = await self._blocking(self._open, path)
        try:
            at = start
            while end is None or at < end:
                count = BLOCK if end is None else min(BLOCK, end - at)
                piece = await self._blocking(self._read, path, descriptor, count, at)
                if not piece:
                    return
                at += len(piece)
                yield piece
        finally:
            os.close(descriptor)

    async def write(
        self, path: ObsPath, pieces: AsyncIterator[bytes], *, replacing: str | None = None
    ) -> ObjectMeta:
        """Store the object; readers see the old bytes or all the new ones. What it is `replacing` is held against what
        is there in turn with all other writers of this process. A job that writes the same file itself is no such
        writer: only `NOTHING` is kept from it, too.

        Raises:
            ObjectChanged: something else is there.
            BucketNotFound: there is no such bucket.
            KeyConflict: the key is a folder, or lies below an object.
            InvalidObsPath: the key cannot be a file's name, or bytes were given for a folder.
        """
        _check_key(path)
        with Draft(self._drafts) as draft:
            gathered: list[bytes] = []
            size = 0
            async for piece in pieces:
                gathered.append(piece)
                size += len(piece)
                if size >= BLOCK:
                    await self._blocking(self._add, path, draft, gathered)
                    gathered, size = [], 0
            return await self._blocking(self._finish, path, draft, gathered, replacing)

    async def move(self, source: ObsPath, target: ObsPath, *, replacing: str | None = None) -> bool:
        """Rename the file; its etag stays. False for folders, and where the buckets are on two filesystems.

        Raises:
            ObjectNotFound, BucketNotFound, KeyConflict, InvalidObsPath, ObjectChanged: as `write` and `read`.
        """
        _check_key(target)
        if source.is_folder or target.is_folder:
            return False
        return await self._blocking(self._move, source, target, replacing)

    async def delete(self, path: ObsPath) -> None:
        """Delete one object, and the folders above it that this leaves empty. Missing is success."""
        await self._blocking(self._delete, path)

    async def list_page(
        self, prefix: ObsPath, *, delimiter: bool = False, after: str = "", limit: int = 1000
    ) -> ObjectPage:
        """Objects (and folders) whose name begins with `prefix.key` and is greater than `after`, ascending."""
        return await self._blocking(self._list_page, prefix, delimiter, after, limit)

    def shared_path(self, path: ObsPath) -> Path | None:
        """The file or folder itself, which need not exist yet; None when a symbolic link lies on the way to it or
        there is no such bucket.
        """
        at = self._root
        for depth, part in enumerate(_parts(path)):
            at /= part
            try:
                mode = at.lstat().st_mode
            except OSError:
                mode = 0
            if stat.S_ISLNK(mode) or (depth == 0 and not stat.S_ISDIR(mode)):
                return None
        return at

    async def sign(self, path: ObsPath, *, method: str, ttl_s: int) -> str | None:
        """A folder has no URLs."""
        return None

    async def _blocking(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await anyio.to_thread.run_sync(lambda: call(*args, **kwargs), limiter=self._threads)

    # -- in worker threads --------------------------------------------------------------------------------------------

    def _list_buckets(self) -> list[str]:
        with _translated(), os.scandir(self._root) as entries:
            return sorted(
                e.name for e in entries if is_bucket_name(e.name) and e.is_dir(follow_symlinks=False)
            )

    def _create_bucket(self, bucket: str) -> None:
        with _translated():
            try:
                (self._root / bucket).mkdir()
            except FileExistsError as exc:
                raise BucketExists(bucket=bucket) from exc

    def _delete_bucket(self, path: ObsPath | None, bucket: str) -> None:
        if path is None:
            raise BucketNotFound(bucket=bucket)
        with _translated():
            try:
                with beneath.folder(self._root, [bucket]) as at:
                    if not holds_objects(at):
                        _remove_empty(at)
                (self._root / bucket).rmdir()
            except (FileNotFoundError, NotADirectoryError) as exc:
                raise BucketNotFound(bucket=bucket) from exc
            except OSError as exc:
                if exc.errno != errno.ENOTEMPTY:
                    raise
                raise BucketNotEmpty(bucket=bucket) from exc

    def _bucket_exists(self, bucket: str) -> bool:
        with _translated():
            try:
                return stat.S_ISDIR((self._root / bucket).lstat().st_mode)
            except FileNotFoundError:
                return False

    def _head(self, path: ObsPath) -> ObjectMeta:
        *above, name = _parts(path)
        with _translated(reading=path), beneath.folder(self._root, above) as at:
            status = os.stat(name, dir_fd=at, follow_symlinks=False)
            there = beneath.is_marked(status) if path.is_folder else stat.S_ISREG(status.st_mode)
            if not there or not path.key:
                raise ObjectNotFound(uri=str(path))
            return _meta(path.bucket, path.key, status)

    def _open(self, path: ObsPath) -> int:
        *above, name = _parts(path)
        with _translated(reading=path), beneath.folder(self._root, above) as at:
            return beneath.open_file(name, at)

    def _read(self, path: ObsPath, descriptor: int, count: int, at: int) -> bytes:
        with _translated():
            return os.pread(descriptor, count, at)

    def _add(self, path: ObsPath, draft: Draft, pieces: list[bytes]) -> None:
        if path.is_folder:
            raise InvalidObsPath(field="key", uri=str(path), detail=FOLDER_HOLDS_NO_BYTES)
        with _translated():
            if not draft.begun and not self._bucket_exists(path.bucket):
                raise BucketNotFound(bucket=path.bucket)
            draft.add(pieces)

    def _finish(self, path: ObsPath, draft: Draft, pieces: list[bytes], replacing: str | None) -> ObjectMeta:
        if path.is_folder and any(pieces):
            raise InvalidObsPath(field="key", uri=str(path), detail=FOLDER_HOLDS_NO_BYTES)
        with _translated(writing=path):
            if path.is_folder:
                with self._turn(path):
                    check_replaced(path, replacing, self._find(path) if replacing is not None else None)
                    return self._make_marked(path)
            draft.add(pieces)

            def publish(name: str, at: int, new: bool) -> os.stat_result:
                return draft.publish(name, at, durable=self._durable, new=new)

            return _meta(path.bucket, path.key, self._place(path, replacing, publish))

    def _move(self, source: ObsPath, target: ObsPath, replacing: str | None) -> bool:
        *above, name = _parts(source)
        first, second = sorted((self._turn(source), self._turn(target)), key=id)
        with first, second, _translated(reading=source), beneath.folder(self._root, above) as at:

            def rename(new_name: str, to: int, new: bool) -> os.stat_result:
                if not _is_file(name, at):
                    raise ObjectNotFound(uri=str(source))
                status = os.stat(name, dir_fd=at, follow_symlinks=False)
                # A move that was killed between its two steps; one name in two spellings is no second name.
                if status.st_nlink > 1 and _is_file(new_name, to, like=status):
                    os.unlink(name, dir_fd=at)
                else:
                    place(name, new_name, at=at, to=to, new=new)
                if self._durable:
                    os.fsync(to)
                    os.fsync(at)
                return status

            if not _is_file(name, at):  # before folders are made for it
                raise ObjectNotFound(uri=str(source))
            with _translated(writing=target):
                try:
                    self._place(target, replacing, rename)
                except OSError as exc:
                    if exc.errno != errno.EXDEV:
                        raise
                    return False
        beneath.prune(self._root, above)
        return True

    def _place(
        self, path: ObsPath, replacing: str | None, put: Callable[[str, int, bool], os.stat_result]
    ) -> os.stat_result:
        for _ in range(_PUBLISH_TRIES):
            status = self._try_place(path, replacing, put)
            if status is not None:
                return status
        raise StorageUnavailable(detail=f"the folder of {path} keeps vanishing")

    def _try_place(
        self, path: ObsPath, replacing: str | None, put: Callable[[str, int, bool], os.stat_result]
    ) -> os.stat_result | None:
        """None: a deletion pruned the object's folder at this very moment, or made room; try again."""
        *above, name = _parts(path)
        at = self._make_folders(path, above)
        try:
            with self._turn(path):
                if replacing not in (None, NOTHING):
                    check_replaced(path, replacing, self._find(path))
                return put(name, at, replacing == NOTHING)
        except FileNotFoundError:
            return None
        except (IsADirectoryError, FileExistsError) as exc:
            if not _is_folder(name, at):
                raise exists(path) from exc
            if not _remove_if_without_objects(name, at):
                raise KeyConflict(uri=str(path), other=f"{path}/") from exc
            return None
        finally:
            os.close(at)

    def _turn(self, path: ObsPath) -> threading.RLock:
        """Whoever changes what is at `path` holds it for that moment."""
        return self._turns[hash(path) % _TURNS]

    def _find(self, path: ObsPath) -> ObjectMeta | None:
        try:
            return self._head(path)
        except ObjectNotFound:
            return None

    def _make_marked(self, path: ObsPath) -> ObjectMeta:
        at = self._make_folders(path, _parts(path))
        try:
            beneath.mark(at, marked=True)
            return _meta(path.bucket, path.key, os.fstat(at))
        finally:
            os.close(at)

    def _make_folders(self, path: ObsPath, parts: Sequence[str]) -> int:
        for _ in range(_PUBLISH_TRIES):
            try:
                return beneath.descend(self._root, parts, make=True)
            except FileNotFoundError as exc:
                # The bucket; or a folder that a deletion pruned at this very moment.
                if not self._bucket_exists(path.bucket):
                    raise BucketNotFound(bucket=path.bucket) from exc
            except NotADirectoryError as exc:
                if not self._bucket_exists(path.bucket):
                    raise BucketNotFound(bucket=path.bucket) from exc
                raise KeyConflict(uri=str(path), other=self._obstacle(path, parts)) from exc
        raise StorageUnavailable(detail=f"the folder of {path} keeps vanishing")

    def _obstacle(self, path: ObsPath, parts: Sequence[str]) -> str:
        """The object (or link) that stands where `path` needs a folder."""
        for depth in range(2, len(parts)):
            at = self._root.joinpath(*parts[:depth])
            if at.is_symlink() or not at.is_dir():
                return str(ObsPath(path.bucket, "/".join(parts[1:depth])))
        return str(ObsPath(path.bucket, "/".join(parts[1:])))

    def _delete(self, path: ObsPath) -> None:
        if not path.key:
            return
        *above, name = parts = _parts(path)
        with suppress(ObjectNotFound), _translated(reading=path):
            if path.is_folder:
                with beneath.folder(self._root, parts) as at:
                    beneath.mark(at, marked=False)
                beneath.prune(self._root, parts)
                return
            with self._turn(path), beneath.folder(self._root, above) as at:
                if stat.S_ISREG(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
                    os.unlink(name, dir_fd=at)
            beneath.prune(self._root, above)

    def _list_page(self, prefix: ObsPath, delimiter: bool, after: str, limit: int) -> ObjectPage:
        above, slash, start = prefix.key.rpartition("/")
        base = above + slash
        if not self._bucket_exists(prefix.bucket):
            raise BucketNotFound(bucket=prefix.bucket)
        found: list[Found] = []
        parts = _parts(ObsPath(prefix.bucket, base))
        names = self._names
        with suppress(ObjectNotFound), _translated(reading=prefix), beneath.folder(self._root, parts) as at:
            found = list_tree(names, at, base, start, delimiter=delimiter, after=after, limit=limit + 1)
        return _page(prefix.bucket, found, limit)


def _page(bucket: str, found: list[Found], limit: int) -> ObjectPage:
    page = found[:limit]
    return ObjectPage(
        objects=tuple(_meta(bucket, each.name, each.status) for each in page if each.status is not None),
        prefixes=tuple(each.name for each in page if each.status is None),
        next_after=page[-1].name if len(found) > len(page) and page else "",
    )


def _meta(bucket: str, key: str, status: os.stat_result) -> ObjectMeta:
    modified_at_ms = status.st_mtime_ns // 1_000_000
    if key.endswith("/"):
        return ObjectMeta(bucket, key, 0, modified_at_ms, "folder")
    # A rename brings another inode, writing in place another time.
    etag = f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"
    return ObjectMeta(bucket, key, status.st_size, modified_at_ms, etag)


def _parts(path: ObsPath) -> list[str]:
    return [path.bucket, *filter(None, path.key.split("/"))]


def _check_key(path: ObsPath) -> None:
    if not path.key:
        raise InvalidObsPath(field="key", uri=str(path), detail=NOT_AN_OBJECT)
    if any(part.startswith(DRAFT_PREFIX) for part in path.key.split("/")):
        raise InvalidObsPath(field="key", uri=str(path), detail=_RESERVED, prefix=DRAFT_PREFIX)


def _is_file(name: str, at: int, *, like: os.stat_result | None = None) -> bool:
    """Whether `name` in the folder `at` is a file; with `like`, that very one."""
    try:
        status = os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and (like is None or os.path.samestat(status, like))


def _is_folder(name: str, at: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _remove_empty(at: int, depth: int = 0) -> None:
    """Remove the folders below `at`, which hold no objects, as far as they are empty. What is deeper than any key can
    be stays, and the folders above it with it.
    """
    for name in os.listdir(at):
        try:
            child = beneath.open_folder(name, at)
        except OSError:  # not a folder; the caller's rmdir will say so
            continue
        try:
            if depth < KEY_DEPTH_MAX:
                _remove_empty(child, depth + 1)
        finally:
            os.close(child)
        os.rmdir(name, dir_fd=at)


def _remove_if_without_objects(name: str, at: int) -> bool:
    child = beneath.open_folder(name, at)
    try:
        if holds_objects(child):
            return False
        _remove_empty(child)
        os.rmdir(name, dir_fd=at)
    except OSError as exc:
        if exc.errno != errno.ENOTEMPTY:  # something that no key can name
            raise
        return False
    finally:
        os.close(child)
    return True


@contextmanager
def _translated(*, reading: ObsPath | None = None, writing: ObsPath | None = None) -> Iterator[None]:
    """What the filesystem says, as errors of the domain. Its messages name paths of this machine: left out."""
    try:
        yield
    except OSError as exc:
        if reading is not None and exc.errno in _ABSENT:
            raise ObjectNotFound(uri=str(reading)) from exc
        if writing is not None and exc.errno == errno.ENAMETOOLONG:
            raise InvalidObsPath(field="key", uri=str(writing), detail=_TOO_LONG) from exc
        raise StorageUnavailable(detail=os.strerror(exc.errno or errno.EIO)) from exc
