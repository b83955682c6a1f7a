"""Resumable uploads: parts as files on the server's disk until all are there, then one object.

root/<id>/upload.json   what is being uploaded, for whom; written once, first
root/<id>/parts/<n>     a part, whole and flushed to disk
root/<id>/done.json     the object it became; kept for a while, so that a repeated completion finds it
root/index/<digest>     id of the unfinished upload of this project, key, size, part size and revision
root/drafts/            parts under way
"""

import asyncio
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

import anyio
import anyio.to_thread

from trainwright.domain.errors import (
    BucketNotFound,
    InvalidObsPath,
    InvalidParam,
    ObjectChanged,
    ObjectNotFound,
    ParamOutOfRange,
    StorageUnavailable,
    UploadIncomplete,
    UploadNotFound,
)
from trainwright.domain.obs import ObsPath
from trainwright.domain.texts import Text
from trainwright.ports.objects import ObjectMeta, ObjectStore
from trainwright.storage.conditions import check_replaced
from trainwright.storage.draft import Draft, remove_stale

P = ParamSpec("P")
R = TypeVar("R")

PARTS_MAX = 10_000
STALE_AFTER_MS = 7 * 24 * 3600 * 1000
_BLOCK = 1 << 20
_THREADS = 4
_ID = re.compile(r"[0-9a-f]{32}")
_MISSING_SHOWN = 10

_WRONG_SIZE = Text("part {number} must be {want} bytes", "分段 {number} 的大小必须为 {want} 字节")
_NO_SUCH_PART = Text("the parts are 1 to {last}", "分段编号为 1 至 {last}")
_FOLDER = Text("a folder holds no bytes of its own", "目录本身不包含数据")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be uploaded, for which project. `revision` changes when the file does; `replacing`: see
    `ObjectStore.write`.
    """

    project_id: str
    bucket: str
    key: str
    size: int
    part_size: int
    revision: str = ""
    replacing: str | None = None

    @property
    def parts(self) -> int:
        """How many parts there are; none for an empty file."""
        return -(-self.size // self.part_size)

    def size_of(self, number: int) -> int:
        """Bytes of part `number`, counted from 1."""
        return min(self.part_size, self.size - (number - 1) * self.part_size)


@dataclass(frozen=True, slots=True)
class Upload:
    """An unfinished upload with the numbers of its stored parts, ascending."""

    upload_id: str
    plan: Plan
    parts: tuple[int, ...]


class Uploads:
    """The unfinished uploads of all projects in the folder `root`, which is made when missing. One server process
    owns it. Ids cannot be guessed and are valid in their project and bucket only.
    """

    def __init__(self, root: Path, objects: ObjectStore) -> None:
        self._root = root
        self._objects = objects
        self._drafts = root / "drafts"
        self._index = root / "index"
        for folder in (self._drafts, self._index):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_stale(self._drafts)
        self._threads = anyio.CapacityLimiter(_THREADS)
        self._beginning = asyncio.Lock()
        self._ending: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def begin(self, plan: Plan) -> Upload:
        """A new upload, or the unfinished one of the same plan.

        Raises:
            InvalidObsPath: the key is no object's.
            ParamOutOfRange: there would be too many parts.
            BucketNotFound: there is no such bucket.
            ObjectChanged: something else is there than it is to replace.
        """
        path = _object_path(plan)
        if plan.size < 0 or plan.part_size < 1 or plan.parts > PARTS_MAX:
            least = max(1, -(-max(0, plan.size) // PARTS_MAX))
            raise ParamOutOfRange(field="part_size", value=plan.part_size, allowed=f">= {least}")
        if not await self._objects.bucket_exists(path.bucket):
            raise BucketNotFound(bucket=path.bucket)
        if plan.replacing is not None:
            check_replaced(path, plan.replacing, await self._find(path))
        async with self._beginning:
            return await self._blocking(self._begin, plan)

    async def show(self, project_id: str, bucket: str, upload_id: str) -> Upload:
        """The unfinished upload.

        Raises:
            UploadNotFound: no such one, or it has ended.
        """
        return await self._blocking(self._unfinished, project_id, bucket, upload_id)

    async def write_part(
        self, project_id: str, bucket: str, upload_id: str, number: int, pieces: AsyncIterator[bytes]
    ) -> int:
        """Store part `number`, replacing an earlier try; durable once it returns. Returns its size in bytes.

        Raises:
            UploadNotFound: as `show`.
            InvalidParam: no such part, or not as many bytes as it must have.
        """
        plan = (await self.show(project_id, bucket, upload_id)).plan
        if not 1 <= number <= plan.parts:
            raise InvalidParam(field="part_number", detail=_NO_SUCH_PART, last=plan.parts)
        want = plan.size_of(number)
        with Draft(self._drafts) as draft:
            gathered: list[bytes] = []
            size = waiting = 0
            async for piece in pieces:
                gathered.append(piece)
                size += len(piece)
                waiting += len(piece)
                if size > want:
                    break
                if waiting >= _BLOCK:
                    await self._blocking(draft.add, gathered)
                    gathered, waiting = [], 0
            if size != want:
                raise InvalidParam(field="body", detail=_WRONG_SIZE, number=number, want=want)
            await self._blocking(self._store_part, draft, gathered, upload_id, number)
        return size

    async def complete(self, project_id: str, bucket: str, upload_id: str) -> ObjectMeta:
        """Make the parts one object and forget them. Called again it returns the same.

        Raises:
            UploadNotFound: as `show`.
            UploadIncomplete: parts are missing.
            ObjectChanged: something else is there than it is to replace, with other bytes; the parts stay for a while.
        """
        async with self._lock_of(upload_id):
            done = await self._blocking(self._find_done, project_id, bucket, upload_id)
            if done is not None:
                return done
            upload = await self.show(project_id, bucket, upload_id)
            missing = sorted(set(range(1, upload.plan.parts + 1)) - set(upload.parts))
            if missing:
                shown = ", ".join(map(str, missing[:_MISSING_SHOWN]))
                more = ", …" if len(missing) > _MISSING_SHOWN else ""
                raise UploadIncomplete(upload=upload_id, detail=shown + more)
            meta = await self._write(upload)
            await self._blocking(self._end, upload, meta)
            return meta

    async def abort(self, project_id: str, bucket: str, upload_id: str) -> None:
        """Forget the upload and its parts.

        Raises:
            UploadNotFound: as `show`.
        """
        async with self._lock_of(upload_id):
            upload = await self.show(project_id, bucket, upload_id)
            await self._blocking(self._forget, upload)

    async def purge(self, now_ms: int) -> int:
        """Remove what nobody has touched for `STALE_AFTER_MS`; returns how many uploads that were."""
        purged = 0
        for upload_id in await self._blocking(self._stale, now_ms):
            async with self._lock_of(upload_id):
                if upload_id in await self._blocking(self._stale, now_ms, upload_id):
                    await self._blocking(shutil.rmtree, self._root / upload_id, ignore_errors=True)
                    purged += 1
        await self._blocking(self._drop_dangling)
        return purged

    async def _find(self, path: ObsPath) -> ObjectMeta | None:
        try:
            return await self._objects.head(path)
        except ObjectNotFound:
            return None

    async def _write(self, upload: Upload) -> ObjectMeta:
        path = _object_path(upload.plan)
        try:
            return await self._objects.write(path, self._pieces(upload), replacing=upload.plan.replacing)
        except ObjectChanged:
            # Written by this very upload, perhaps: the server was killed before it could note that.
            there = await self._find(path)
            if there is None or not await self._holds(path, there, upload):
                raise
            return there

    async def _holds(self, path: ObsPath, there: ObjectMeta, upload: Upload) -> bool:
        """Whether the object's bytes are the upload's."""
        if there.size != upload.plan.size:
            return False
        waiting = bytearray()
        async with aclosing(self._pieces(upload)) as ours:
            async for piece in self._objects.read(path):
                while len(waiting) < len(piece) and (more := await anext(ours, b"")):
                    waiting += more
                if waiting[: len(piece)] != piece:
                    return False
                del waiting[: len(piece)]
            return not waiting and not await anext(ours, b"")

    async def _pieces(self, upload: Upload) -> AsyncGenerator[bytes, None]:
        for number in upload.parts:
            descriptor = await self._blocking(os.open, self._part(upload.upload_id, number), os.O_RDONLY)
            try:
                while piece := await self._blocking(os.read, descriptor, _BLOCK):
                    yield piece
            finally:
                os.close(descriptor)

    async def _blocking(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        def translated() -> R:
            with _translated():
                return call(*args, **kwargs)

        return await anyio.to_thread.run_sync(translated, limiter=self._threads)

    def _lock_of(self, upload_id: str) -> asyncio.Lock:
        return self._ending.setdefault(upload_id, asyncio.Lock())

    def _part(self, upload_id: str, number: int) -> Path:
        return self._root / upload_id / "parts" / str(number)

    # -- in worker threads --------------------------------------------------------------------------------------------

    def _begin(self, plan: Plan) -> Upload:
        entry = self._index / _digest(plan)
        with suppress(FileNotFoundError, UploadNotFound):
            return self._unfinished(plan.project_id, plan.bucket, entry.read_text())
        upload_id = secrets.token_hex(16)
        folder = self._root / upload_id
        (folder / "parts").mkdir(parents=True, mode=0o700)
        self._store(folder / "upload.json", json.dumps(asdict(plan)))
        self._store(entry, upload_id)
        return Upload(upload_id, plan, ())

    def _unfinished(self, project_id: str, bucket: str, upload_id: str) -> Upload:
        plan = self._plan(project_id, bucket, upload_id)
        folder = self._root / upload_id
        if (folder / "done.json").exists():
            raise UploadNotFound(upload=upload_id)
        with suppress(FileNotFoundError):
            stored = sorted(int(part.name) for part in (folder / "parts").iterdir())
            return Upload(upload_id, plan, tuple(stored))
        raise UploadNotFound(upload=upload_id)

    def _plan(self, project_id: str, bucket: str, upload_id: str) -> Plan:
        if _ID.fullmatch(upload_id):
            with suppress(FileNotFoundError):
                plan = Plan(**json.loads((self._root / upload_id / "upload.json").read_text()))
                if (plan.project_id, plan.bucket) == (project_id, bucket):
                    return plan
        raise UploadNotFound(upload=upload_id)

    def _find_done(self, project_id: str, bucket: str, upload_id: str) -> ObjectMeta | None:
        self._plan(project_id, bucket, upload_id)
        with suppress(FileNotFoundError):
            return ObjectMeta(**json.loads((self._root / upload_id / "done.json").read_text()))
        return None

    def _store_part(self, draft: Draft, pieces: list[bytes], upload_id: str, number: int) -> None:
        draft.add(pieces)
        try:
            at = os.open(self._root / upload_id / "parts", os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError as exc:  # ended meanwhile
            raise UploadNotFound(upload=upload_id) from exc
        try:
            draft.publish(str(number), at, durable=True)
        except FileNotFoundError as exc:
            raise UploadNotFound(upload=upload_id) from exc
        finally:
            os.close(at)

    def _end(self, upload: Upload, meta: ObjectMeta) -> None:
        folder = self._root / upload.upload_id
        self._store(folder / "done.json", json.dumps(asdict(meta)))
        self._unlist(upload)
        shutil.rmtree(folder / "parts", ignore_errors=True)

    def _forget(self, upload: Upload) -> None:
        self._unlist(upload)
        shutil.rmtree(self._root / upload.upload_id, ignore_errors=True)

    def _unlist(self, upload: Upload) -> None:
        entry = self._index / _digest(upload.plan)
        with suppress(FileNotFoundError):
            if entry.read_text() == upload.upload_id:
                entry.unlink()

    def _store(self, target: Path, text: str) -> None:
        with Draft(self._drafts) as draft:
            draft.add([text.encode()])
            at = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                draft.publish(target.name, at, durable=True)
            finally:
                os.close(at)

    def _stale(self, now_ms: int, only: str = "") -> list[str]:
        found = []
        for folder in [self._root / only] if only else list(self._root.iterdir()):
            if _ID.fullmatch(folder.name) and now_ms - _touched_ms(folder) > STALE_AFTER_MS:
                found.append(folder.name)
        return found

    def _drop_dangling(self) -> None:
        for entry in self._index.iterdir():
            with suppress(FileNotFoundError):
                if not (self._root / entry.read_text()).exists():
                    entry.unlink()


def _object_path(plan: Plan) -> ObsPath:
    uri = f"obs://{plan.bucket}/{plan.key}"
    try:
        path = ObsPath(plan.bucket, plan.key)
    except ValueError as exc:
        raise InvalidObsPath(field="key", uri=uri, detail=str(exc)) from exc
    if path.is_folder:
        raise InvalidObsPath(field="key", uri=uri, detail=_FOLDER)
    return path


def _said(plan: Plan) -> dict[str, Any]:
    """As servers before conditions wrote it, where there is none: what they began is found."""
    return {name: value for name, value in asdict(plan).items() if name != "replacing" or value is not None}


def _digest(plan: Plan) -> str:
    return hashlib.sha256(json.dumps(_said(plan), sort_keys=True).encode()).hexdigest()


def _touched_ms(folder: Path) -> float:
    times = [entry.stat().st_mtime for entry in (folder, folder / "parts") if entry.exists()]
    return max(times, default=0.0) * 1000


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise StorageUnavailable(detail=os.strerror(exc.errno or 0)) from exc
