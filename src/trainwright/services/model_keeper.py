"""Keeps the models of ended jobs: what lies in `/model` is copied as an immutable version of the model they name.

Level-triggered: all there is to know is in the rows. A version's row is written first, with `ready` False; then its
files are copied into a bucket that no caller can name; then it is ready. A server that was killed goes on where it
was, and no job ever gives two versions: its row, or the event that closes the matter, is there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace

from trainwright.domain.entities import Job
from trainwright.domain.errors import (
    BucketExists,
    BucketNotFound,
    ModelNotFound,
    ModelVersionNotFound,
    ObjectNotFound,
    Unavailable,
)
from trainwright.domain.obs import BadObsPath, ObsPath
from trainwright.domain.specs import MODEL_CHANNEL, Channel
from trainwright.ports.models import ModelVersion
from trainwright.ports.objects import ObjectMeta
from trainwright.services import model_rows
from trainwright.services.context import Services
from trainwright.services.model_rows import BUCKET, NotKept, folder_of
from trainwright.services.ownership import is_platforms, owner_of

log = logging.getLogger(__name__)

LEFT_OVER_MS = 3_600_000
"""Of copies without a row only those are swept that were last written longer ago."""
OBJECTS_MAX = 100_000
PASSES_MAX = 5
VERSIONS_AT_ONCE = 2
LOOK_EVERY_S = 2.0
RETRY_S = 10.0
_AT_ONCE = 4
_PAGE = 1000

Files = dict[str, ObjectMeta]
"""Objects by their path below the folder."""


def model_output(job: Job) -> Channel | None:
    """The output that a job's model is taken from."""
    return next((channel for channel in job.launch.all_outputs() if channel.name == MODEL_CHANNEL), None)


class ModelKeeper:
    """Begins a version for every ended job that is to keep its model, and brings all that were begun to their end. One
    in a process.
    """

    def __init__(self, ctx: Services) -> None:
        self._ctx = ctx
        self._gate = asyncio.Semaphore(VERSIONS_AT_ONCE)
        self._copying: set[str] = set()
        self._seen_seq = 0  # ends told of by events up to here have been looked at

    async def run(self, *, until_idle: bool = False) -> None:
        """Keep models for ever, or until there is nothing to do.

        Raises:
            DatabaseUnavailable: the database is away; called again, it goes on.
        """
        async with asyncio.TaskGroup() as group:
            while True:
                await self._begin_all()
                for version in await self._ctx.blocking(model_rows.unready, self._ctx):
                    if version.id not in self._copying:
                        self._copying.add(version.id)
                        group.create_task(self._finish(version))
                if until_idle and not self._copying:
                    return
                await asyncio.sleep(0.01 if until_idle else LOOK_EVERY_S)

    async def _begin_all(self) -> None:
        seq, waiting = await self._ctx.blocking(model_rows.jobs_to_keep, self._ctx, self._seen_seq)
        begun = [await _begin(self._ctx, job) for job in waiting]
        if all(begun) and len(waiting) < model_rows.BATCH:
            self._seen_seq = seq

    async def _finish(self, version: ModelVersion) -> None:
        try:
            async with self._gate:
                await _finish(self._ctx, version)
        except (Unavailable, OSError) as exc:  # one version must not hold up all others
            log.warning("model_waits", extra={"version": version.id, "error": str(exc)})
            await asyncio.sleep(RETRY_S)
        finally:
            self._copying.discard(version.id)


async def _begin(ctx: Services, job: Job) -> bool:
    """Write the row of the job's version, or the event that says why there is none; False: try again later."""
    try:
        channel = model_output(job)
        if channel is None or not await _list(ctx, job.project_id, ObsPath.parse(channel.uri).as_folder()):
            raise NotKept("model_empty")
        await ctx.blocking(model_rows.add_version, ctx, job, channel)
    except NotKept as failed:
        await ctx.blocking(model_rows.close, ctx, job.id, failed)
        ctx.events_grown(job.id)
    except (Unavailable, OSError) as exc:
        log.warning("model_waits", extra={"job": job.id, "error": str(exc)})
        return False
    return True


async def _finish(ctx: Services, version: ModelVersion) -> None:
    try:
        model = await ctx.blocking(model_rows.model_of, ctx, version)
        source = ObsPath.parse(version.document["source"])
        objects, size = await _Copying(ctx, model.project_id, source, ObsPath.parse(version.uri)).copy()
    except NotKept as failed:
        await ctx.blocking(model_rows.give_up, ctx, version, failed)
        log.info("model_not_kept", extra={"job": version.job_id, "reason": failed.code})
    except (ModelNotFound, ModelVersionNotFound):
        log.info("model_version_gone", extra={"version": version.id})
    else:
        done = replace(version, objects=objects, bytes=size, ready=True)
        await ctx.blocking(model_rows.make_ready, ctx, model, done)
        log.info("model_kept", extra={"version": version.id, "objects": objects, "bytes": size})
    ctx.events_grown(version.job_id)


@dataclass(frozen=True, slots=True)
class _Copying:
    """Files of a job's `/model` on their way into a version's folder. Repeating it is harmless."""

    ctx: Services
    project_id: str
    source: ObsPath
    target: ObsPath

    async def copy(self) -> tuple[int, int]:
        """How many files there are and their bytes, once a listing after the copy agrees with the one before it.

        Raises:
            NotKept: there is nothing (any more), too much, or it goes on changing.
            Unavailable: the store could not be asked.
        """
        await _ensure_bucket(self.ctx)
        copied: Files = {}
        for _ in range(PASSES_MAX):
            files = await _list(self.ctx, self.project_id, self.source)
            if not files:
                raise NotKept("model_gone", uri=_shown(self.source))
            if files == copied:
                return len(files), sum(meta.size for meta in files.values())
            known = copied or await self._there_already(files)
            await self._copy_all({path: meta for path, meta in files.items() if known.get(path) != meta})
            await self._drop(files)
            copied = files
        raise NotKept("model_restless", uri=_shown(self.source))

    async def _there_already(self, files: Files) -> Files:
        """Those that a former life of the server has copied: of the same size, and written later."""
        there = {path: meta async for path, meta in _objects_in(self.ctx, self.target)}
        return {
            path: meta
            for path, meta in files.items()
            if path in there
            and there[path].size == meta.size
            and there[path].modified_at_ms > meta.modified_at_ms
        }

    async def _copy_all(self, files: Files) -> None:
        waiting = iter(files.items())

        async def some() -> None:
            for path, meta in waiting:
                with suppress(ObjectNotFound):  # gone meanwhile: the next listing says so
                    origin = ObsPath(meta.bucket, meta.key)
                    await self.ctx.objects.write(self.target.join(path), self.ctx.objects.read(origin))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_AT_ONCE, len(files))):
                    group.create_task(some())
        except* (BadObsPath, Unavailable, OSError) as failed:
            raise _first(failed) from failed

    async def _drop(self, files: Files) -> None:
        """Remove copies of files that are gone."""
        async for path, meta in _objects_in(self.ctx, self.target):
            if path not in files:
                await self.ctx.objects.delete(ObsPath(meta.bucket, meta.key))


def _first(failed: BaseExceptionGroup[Exception]) -> Exception:
    found = failed.exceptions[0]
    if isinstance(found, BaseExceptionGroup):
        return _first(found)
    # A key that was as long as it may be does not fit below the version's folder.
    return NotKept("model_not_kept", detail=str(found)) if isinstance(found, BadObsPath) else found


def _shown(folder: ObsPath) -> str:
    """What a user is told: a place of the platform's own says nothing to them."""
    return "/model" if is_platforms(folder.bucket) else str(folder)


async def _list(ctx: Services, project_id: str, folder: ObsPath) -> Files:
    """The files below a job's output. Raises `NotKept` when the bucket is gone, or they are too many."""
    if not is_platforms(folder.bucket) and await owner_of(ctx, folder.bucket) != project_id:
        raise NotKept("model_gone", uri=_shown(folder))
    files: Files = {}
    try:
        async for path, meta in _objects_in(ctx, folder):
            files[path] = meta
            if len(files) > OBJECTS_MAX:
                raise NotKept("model_too_many", limit=OBJECTS_MAX)
    except BucketNotFound as exc:
        raise NotKept("model_gone", uri=_shown(folder)) from exc
    return files


async def _objects_in(ctx: Services, folder: ObsPath) -> AsyncIterator[tuple[str, ObjectMeta]]:
    """Path and meta of each object below `folder`, markers of folders left out."""
    after = ""
    while True:
        page = await ctx.objects.list_page(folder, after=after, limit=_PAGE)
        for meta in page.objects:
            if not meta.key.endswith("/"):
                yield meta.key[len(folder.key) :], meta
        after = page.next_after
        if not after:
            return


async def _ensure_bucket(ctx: Services) -> None:
    if not await ctx.objects.bucket_exists(BUCKET):
        with suppress(BucketExists):
            await ctx.objects.create_bucket(BUCKET)


async def remove_files(ctx: Services, folder: ObsPath) -> None:
    """Remove all that lies in `folder`; missing is success, and what cannot be removed now is swept later."""
    with suppress(BucketNotFound, Unavailable):
        while True:
            page = await ctx.objects.list_page(folder, limit=_PAGE)
            for meta in page.objects:
                await ctx.objects.delete(ObsPath(meta.bucket, meta.key))
            if not page.objects:
                return


async def sweep(ctx: Services) -> None:
    """Remove files of versions that are gone, once no unfinished job reads them."""
    with suppress(BucketNotFound, Unavailable):
        async for model_id in _folders_in(ctx, ObsPath(BUCKET)):
            async for version_id in _folders_in(ctx, ObsPath(BUCKET, f"{model_id}/")):
                folder = folder_of(model_id, version_id)
                left_over = await ctx.blocking(model_rows.is_left_over, ctx, version_id, folder)
                if left_over and await _is_old(ctx, folder):
                    await remove_files(ctx, folder)


async def _folders_in(ctx: Services, folder: ObsPath) -> AsyncIterator[str]:
    after = ""
    while True:
        page = await ctx.objects.list_page(folder, delimiter=True, after=after, limit=_PAGE)
        for prefix in page.prefixes:
            yield prefix[len(folder.key) :].rstrip("/")
        after = page.next_after
        if not after:
            return


async def _is_old(ctx: Services, folder: ObsPath) -> bool:
    newest = 0
    async for _, meta in _objects_in(ctx, folder):
        newest = max(newest, meta.modified_at_ms)
    return ctx.clock.now_ms() - newest >= LEFT_OVER_MS
