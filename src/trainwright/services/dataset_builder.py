"""Makes dataset versions: reads every object of the folder once and writes down its size and SHA-256.

Level-triggered: all there is to know is in the rows. What has been read stays read, so that a server that was killed
goes on where it was. A version is ready only when a whole listing of the folder agreed with its manifest.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from trainwright.domain.errors import (
    BucketNotFound,
    DatasetNotFound,
    DatasetVersionNotFound,
    ObjectNotFound,
    Unavailable,
)
from trainwright.domain.obs import ObsPath
from trainwright.ports.datasets import DatasetVersion, ManifestEntry
from trainwright.ports.objects import ObjectMeta
from trainwright.ports.uow import PLATFORM
from trainwright.services.context import Services
from trainwright.services.dataset_view import FAILED, READY, problem
from trainwright.services.ownership import owner_of

log = logging.getLogger(__name__)

OBJECTS_MAX = 1_000_000
PASSES_MAX = 5
READS_AT_ONCE = 3
READS_OF_PROJECT = 2  # one is left for others, however large its objects are
VERSIONS_AT_ONCE = 16
VERSIONS_OF_PROJECT = 4  # they share the reads, so that a small one need not wait for the end of a large one
TRIES = 4  # of an object that changes while it is read
RETRY_S = 5.0
IDLE_S = 30.0
_SAVE_EVERY_MS = 1000
_SAVE_ENTRIES = 500
_PAGE = 1000
_SMALL = 64 << 10  # hashed in less time than another thread takes to wake up
_SMALL_AT_ONCE = 50


Digest = tuple[int, str]
"""How many bytes, and their SHA-256."""


class _Over(Exception):
    """The version is ready, failed or deleted by somebody else."""


class _Failed(Exception):
    """The version cannot be made. `message`: what is stored."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class DatasetBuilder:
    """Makes the versions that wait, the projects in turn, of each the oldest first. One in a process."""

    def __init__(self, ctx: Services) -> None:
        self._ctx = ctx
        self._reads = asyncio.Semaphore(READS_AT_ONCE)
        self._reads_of: dict[str, asyncio.Semaphore] = {}  # of projects of which versions are being made
        self._building: dict[str, str] = {}  # version id -> project id

    async def run(self, *, until_idle: bool = False) -> None:
        """Make versions for ever, or until none waits."""
        bell = self._ctx.version_waits
        async with asyncio.TaskGroup() as tasks:
            while True:
                bell.clear()
                for project_id, version in await self._ctx.blocking(_unfinished, self._ctx):
                    if version.id not in self._building and self._has_room(project_id):
                        self._building[version.id] = project_id
                        tasks.create_task(self._build(project_id, version))
                if until_idle and not self._building:
                    return
                try:
                    async with asyncio.timeout(IDLE_S):
                        await bell.wait()
                except TimeoutError:
                    pass

    def _has_room(self, project_id: str) -> bool:
        projects = list(self._building.values())
        return len(projects) < VERSIONS_AT_ONCE and projects.count(project_id) < VERSIONS_OF_PROJECT

    async def _build(self, project_id: str, version: DatasetVersion) -> None:
        own = self._reads_of.setdefault(project_id, asyncio.Semaphore(READS_OF_PROJECT))
        try:
            await _Making(self._ctx, version, (own, self._reads)).make()
        except (_Over, DatasetNotFound, DatasetVersionNotFound):
            log.info("dataset_version_gone", extra={"version": version.id})
        except (Unavailable, OSError) as exc:  # a broken disk, too: one version must not hold up all others
            log.warning("dataset_version_waits", extra={"version": version.id, "error": str(exc)})
            await asyncio.sleep(RETRY_S)
        finally:
            del self._building[version.id]
            if project_id not in self._building.values():
                del self._reads_of[project_id]
            self._ctx.version_waits.set()


class _Making:
    """One version on its way."""

    def __init__(
        self, ctx: Services, version: DatasetVersion, reads: tuple[asyncio.Semaphore, asyncio.Semaphore]
    ) -> None:
        self._ctx = ctx
        self._version = version
        self._folder = ObsPath.parse(version.uri)
        self._own_reads, self._all_reads = reads
        self._shared = ctx.objects.shared_path(self._folder) is not None
        self._entries: list[ManifestEntry] = []  # read, but not stored yet
        self._saved_at_ms = ctx.clock.now_ms()
        self._done = 0
        self._saving = asyncio.Lock()

    async def make(self) -> None:
        """Bring it to its end. Raises `_Over`, `DatasetVersionNotFound`, `StorageUnavailable`."""
        uri, bucket = self._version.uri, self._folder.bucket
        try:
            await self._check_owner()
            await self._count()
            for _ in range(PASSES_MAX):
                if not await self._pass():
                    break
            else:
                raise _Failed(problem("restless", uri=uri))
        except BucketNotFound:
            await self._end(FAILED, problem("gone", bucket=bucket))
        except _Failed as failed:
            await self._end(FAILED, failed.message)
        except (Unavailable, OSError):
            await self._save()  # what has been read need not be read again
            raise
        else:
            await self._end(READY, "")

    async def _check_owner(self) -> None:
        owner = await owner_of(self._ctx, self._folder.bucket)
        if owner != await self._ctx.blocking(_project_of, self._ctx, self._version.dataset_id):
            raise BucketNotFound(bucket=self._folder.bucket)

    async def _count(self) -> None:
        """How much there is, so that progress means something."""
        objects = size = 0
        async for page in _pages(self._ctx, self._folder):
            objects += len(page.objects)
            size += sum(meta.size for meta in page.objects.values())
            if objects > OBJECTS_MAX:
                raise _Failed(problem("too_many", uri=self._version.uri, limit=OBJECTS_MAX))
        if not objects:
            raise _Failed(problem("empty", uri=self._version.uri))
        self._version = replace(self._version, objects=objects, bytes=size)
        await self._save()

    async def _pass(self) -> bool:
        """Hold the manifest against a listing, read what differs, drop what is gone; whether there was anything."""
        changed = False
        self._done = 0
        async for page in _pages(self._ctx, self._folder):
            known = await self._ctx.blocking(_known, self._ctx, self._version.id, page.after, page.upto)
            differing = [meta for path, meta in page.objects.items() if not _is_known(known.get(path), meta)]
            gone = [path for path in known if path not in page.objects]
            changed = changed or bool(differing or gone)
            self._done += len(page.objects) - len(differing)
            if gone:
                await self._save(gone)
            await self._read_all(differing)
        await self._save()
        return changed

    async def _read_all(self, metas: Sequence[ObjectMeta]) -> None:
        waiting = _portions(metas, _SMALL_AT_ONCE if self._shared else 1)
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(READS_OF_PROJECT, len(metas))):
                    tasks.create_task(self._read_some(waiting))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed

    async def _read_some(self, waiting: Iterator[Sequence[ObjectMeta]]) -> None:
        for portion in waiting:
            async with self._own_reads, self._all_reads:
                entries = await self._read(portion)
            self._entries += entries
            self._done += len(entries)
            late = self._ctx.clock.now_ms() - self._saved_at_ms >= _SAVE_EVERY_MS
            if late or len(self._entries) >= _SAVE_ENTRIES:
                await self._save()

    async def _read(self, portion: Sequence[ObjectMeta]) -> list[ManifestEntry]:
        """What the objects hold; those that were deleted meanwhile are left out.

        A small object that changes at this very moment is found out by the next listing: asking for each of them again
        would double the work.
        """
        digests: list[Digest | None] = [None] * len(portion)
        if self._shared and portion[0].size <= _SMALL:
            digests = await self._ctx.blocking(_digests_of_files, self._ctx, portion)
        entries = []
        for meta, digest in zip(portion, digests, strict=True):
            if digest is not None and digest[0] == meta.size:
                entries.append(self._entry(meta, digest))
                continue
            with suppress(ObjectNotFound):
                entries.append(await self._read_one(meta))
        return entries

    async def _read_one(self, meta: ObjectMeta) -> ManifestEntry:
        path = ObsPath(meta.bucket, meta.key)
        for _ in range(TRIES):
            digest = await self._digest(path)
            if digest[0] == meta.size <= _SMALL:
                return self._entry(meta, digest)
            now = await self._ctx.objects.head(path)
            if (now.etag, now.size) == (meta.etag, digest[0]):
                return self._entry(meta, digest)
            meta = now
        raise _Failed(problem("changing", uri=str(path)))

    def _entry(self, meta: ObjectMeta, digest: Digest) -> ManifestEntry:
        return ManifestEntry(meta.key[len(self._folder.key) :], *digest, meta.etag)

    async def _digest(self, path: ObsPath) -> Digest:
        digest, size = hashlib.sha256(), 0
        async for piece in self._ctx.objects.read(path):
            size += len(piece)
            if len(piece) <= _SMALL:
                digest.update(piece)
            else:
                await self._ctx.blocking(digest.update, piece)
        return size, digest.hexdigest()

    async def _save(self, gone: Sequence[str] = ()) -> None:
        """Write down what has been read since, and how far it is."""
        async with self._saving:
            entries, self._entries = self._entries, []
            self._saved_at_ms = self._ctx.clock.now_ms()
            done = min(self._done, self._version.objects)
            self._version = replace(self._version, done_objects=max(done, self._version.done_objects))
            await self._ctx.blocking(_store, self._ctx, self._version, entries, gone)

    async def _end(self, state: str, message: str) -> None:
        version = replace(self._version, state=state, message=message, ready_at_ms=self._ctx.clock.now_ms())
        made = await self._ctx.blocking(_finish, self._ctx, version)
        log.info(
            "dataset_version_made",
            extra={"version": made.id, "state": state, "objects": made.objects, "bytes": made.bytes},
        )


@dataclass(frozen=True, slots=True)
class _Page:
    """Objects of one page of a listing by path, and which paths it covers: those behind `after`, up to `upto` (empty:
    to the end).
    """

    objects: Mapping[str, ObjectMeta]
    after: str
    upto: str


async def _pages(ctx: Services, folder: ObsPath) -> AsyncIterator[_Page]:
    """All objects below `folder` without the markers of folders. Raises `BucketNotFound`."""
    key_after = after = ""
    while True:
        listed = await ctx.objects.list_page(folder, after=key_after, limit=_PAGE)
        key_after = listed.next_after
        upto = key_after[len(folder.key) :]
        found = {meta.key[len(folder.key) :]: meta for meta in listed.objects if not meta.key.endswith("/")}
        yield _Page(found, after, upto)
        if not key_after:
            return
        after = upto


def _portions(metas: Sequence[ObjectMeta], at_once: int) -> Iterator[Sequence[ObjectMeta]]:
    """Small ones `at_once` at a time, others one by one."""
    small: list[ObjectMeta] = []
    for meta in metas:
        if meta.size > _SMALL:
            yield [meta]
            continue
        small.append(meta)
        if len(small) == at_once:
            yield small
            small = []
    if small:
        yield small


def _digests_of_files(ctx: Services, metas: Sequence[ObjectMeta]) -> list[Digest | None]:
    """Of small objects on a shared folder, in one thread at one go (measured: 10 times as fast as one by one); None
    where there is no such file, or it is not small any more.
    """
    digests: list[Digest | None] = []
    for meta in metas:
        file = ctx.objects.shared_path(ObsPath(meta.bucket, meta.key))
        data = None if file is None else _read_small(file)
        digests.append(None if data is None else (len(data), hashlib.sha256(data).hexdigest()))
    return digests


def _read_small(file: Path) -> bytes | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        data = os.read(descriptor, _SMALL + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return data if len(data) <= _SMALL else None


def _is_known(entry: ManifestEntry | None, meta: ObjectMeta) -> bool:
    return entry is not None and (entry.size, entry.etag) == (meta.size, meta.etag)


def _unfinished(ctx: Services) -> tuple[tuple[str, DatasetVersion], ...]:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.datasets.unfinished_versions(limit=2 * VERSIONS_AT_ONCE)


def _project_of(ctx: Services, dataset_id: str) -> str:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.datasets.get(dataset_id).project_id


def _known(ctx: Services, version_id: str, after: str, upto: str) -> dict[str, ManifestEntry]:
    """The manifest's entries behind `after`, up to `upto` (empty: to the end)."""
    known: dict[str, ManifestEntry] = {}
    with ctx.units(PLATFORM, write=False) as uow:
        while True:
            found = uow.datasets.list_entries(version_id, after=after, limit=_PAGE)
            known.update((entry.path, entry) for entry in found if not upto or entry.path <= upto)
            if len(found) < _PAGE or (upto and found[-1].path > upto):
                return known
            after = found[-1].path


def _store(
    ctx: Services, version: DatasetVersion, entries: Sequence[ManifestEntry], gone: Sequence[str]
) -> None:
    with ctx.units(PLATFORM) as uow:
        stored = uow.datasets.change_entries(version.id, entries, without=gone)
        if not (stored and uow.datasets.save_version(version)):
            raise _Over
        uow.commit()


def _finish(ctx: Services, version: DatasetVersion) -> DatasetVersion:
    """With the counts of the manifest itself; one without any object has failed after all."""
    with ctx.units(PLATFORM) as uow:
        objects, size = uow.datasets.totals(version.id)
        if version.state == READY:
            version = replace(version, objects=objects, bytes=size, done_objects=objects)
            if not objects:
                version = replace(version, state=FAILED, message=problem("empty", uri=version.uri))
        if not uow.datasets.save_version(version):
            raise _Over
        uow.commit()
    return version
