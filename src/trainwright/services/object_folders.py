"""Folders of the object store: their size, who uses them, and what is done to many objects at once.

None of it takes longer than a few seconds: what is left then is told, and asked for again.
"""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from trainwright.domain.access import Action
from trainwright.domain.errors import ActionDenied, InvalidParam, ObjectChanged, ObjectExists
from trainwright.domain.obs import ObsPath
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.objects import NOTHING, ObjectMeta, ObjectStore
from trainwright.ports.uow import FolderJob, Scope
from trainwright.services.context import Services
from trainwright.services.objects import object_path, prefix_path
from trainwright.services.ownership import check_bucket, owned_objects
from trainwright.services.reading import scope_of
from trainwright.wire.object_folders import (
    Copy,
    CopyResult,
    Deletion,
    DeletionResult,
    FolderUsage,
    FolderUse,
    FolderUser,
)
from trainwright.wire.parsing import parse

LIST_S = 3.0
CHANGE_S = 15.0  # within the patience of clients and proxies
JOBS_SHOWN_MAX = 50
_PAGE = 1000

_FOLDER = Text("it must end with /", "必须以 / 结尾")
_NOTHING = Text("keys or prefixes are required", "须填写 keys 或 prefixes")
_ONE_KIND = Text(
    "source and target must both be objects, or both be folders that end with /",
    "source 与 target 必须同为对象，或同为以 / 结尾的目录",
)
_INSIDE = Text("it lies in the source", "目标位于源目录内")
_ONTO_ITSELF = Text(
    "what lies in {folder} would replace other objects of the source before they are copied: copy to another place "
    "first",
    "{folder} 中的对象会在源目录的其他对象被复制之前覆盖它们，请先复制到其他位置",
)
_SAME = Text("it is the source", "目标与源相同")


async def show_usage(
    ctx: Services, who: Principal, bucket: str, prefix: str, *, limit_s: float = LIST_S
) -> FolderUsage:
    """How many objects begin with `prefix`, and their bytes; of as many as could be listed in time.

    Raises:
        InvalidBucketName, InvalidObsPath, BucketNotFound: there is nothing to list.
    """
    deadline = time.monotonic() + limit_s
    objects = size = newest = 0
    async for page in _pages(owned_objects(ctx, who), prefix_path(bucket, prefix)):
        objects += len(page)
        size += sum(meta.size for meta in page)
        newest = max([newest, *(meta.modified_at_ms for meta in page)])
        if time.monotonic() > deadline:
            return FolderUsage(objects=objects, bytes=size, newest_at_ms=newest, complete=len(page) < _PAGE)
    return FolderUsage(objects=objects, bytes=size, newest_at_ms=newest, complete=True)


async def delete(
    ctx: Services, who: Principal, bucket: str, raw: Mapping[str, Any], *, limit_s: float = CHANGE_S
) -> DeletionResult:
    """Delete objects, and all that lies in folders. What is missing is no error.

    Raises:
        InvalidParam, InvalidBucketName, InvalidObsPath: the form is wrong; nothing was deleted.
        BucketNotFound: there is none, or it is another's.
    """
    asked = parse(Deletion, raw)
    if not asked.keys and not asked.prefixes:
        raise InvalidParam(field="keys", detail=_NOTHING)
    for index, prefix in enumerate(asked.prefixes):
        if not prefix.endswith("/"):
            raise InvalidParam(field=f"prefixes[{index}]", detail=_FOLDER)
    paths = [object_path(bucket, key) for key in asked.keys]
    folders = [prefix_path(bucket, prefix) for prefix in asked.prefixes]
    await check_bucket(ctx, who, bucket)
    store, deadline, deleted = owned_objects(ctx, who), time.monotonic() + limit_s, 0
    for path in paths:
        await store.delete(path)
        deleted += 1
        if time.monotonic() > deadline and path != paths[-1]:
            return DeletionResult(deleted=deleted, complete=False)
    for folder in folders:
        async for meta in _metas(store, folder):
            if time.monotonic() > deadline:
                return DeletionResult(deleted=deleted, complete=False)
            await store.delete(ObsPath(meta.bucket, meta.key))
            deleted += 1
    return DeletionResult(deleted=deleted, complete=True)


async def copy(
    ctx: Services, who: Principal, bucket: str, raw: Mapping[str, Any], *, limit_s: float = CHANGE_S
) -> CopyResult:
    """Copy or move an object or a folder. An object is replaced in one step; a folder is copied object by object.

    Raises:
        InvalidParam, InvalidBucketName, InvalidObsPath: the form is wrong.
        BucketNotFound, ObjectNotFound: there is nothing to copy, or no bucket to copy to.
        ObjectExists: something is at the target, and is not to be replaced.
        KeyConflict: it cannot be stored there.
        ActionDenied: the caller may not read, or for a move not delete.
    """
    asked = parse(Copy, raw)
    for action in (Action.OBJECT_GET, Action.OBJECT_LIST, *([Action.OBJECT_DELETE] if asked.move else [])):
        if not who.may(action):
            raise ActionDenied(action=action.value)
    source, target = (
        object_path(bucket, asked.source),
        object_path(asked.target_bucket or bucket, asked.target),
    )
    _check_places(source, target)
    store = owned_objects(ctx, who)
    await check_bucket(ctx, who, source.bucket)
    await check_bucket(ctx, who, target.bucket)
    if not asked.overwrite and not asked.after:
        await _check_free(store, target)
    await _check_not_onto_itself(store, source, target)
    if not source.is_folder:
        meta = await store.head(source)
        try:
            await _copy_one(store, (source, target), move=asked.move, replace=asked.overwrite)
        except ObjectChanged as exc:  # since it was looked for
            raise ObjectExists(uri=str(target)) from exc
        return CopyResult(objects=1, bytes=meta.size)
    return await _copy_folder(store, (source, target), asked, time.monotonic() + limit_s)


async def show_use(ctx: Services, who: Principal, bucket: str, prefix: str) -> FolderUse:
    """Which unfinished jobs read or write what begins with `prefix`, or lies in it. What the caller does not see is
    counted only.

    Raises:
        InvalidBucketName, InvalidObsPath, BucketNotFound: there is no such place.
    """
    path = prefix_path(bucket, prefix)
    await check_bucket(ctx, who, bucket)
    using, seen = await ctx.blocking(_using, ctx, who, str(path))
    shown = [job for job in using if job.id in seen][:JOBS_SHOWN_MAX]
    return FolderUse(
        jobs=[
            FolderUser(
                id=job.id,
                name=job.name,
                user_name=job.user_name,
                phase=job.phase.value,
                reads=job.reads,
                writes=job.writes,
            )
            for job in shown
        ],
        others=len(using) - len(shown),
    )


def _using(ctx: Services, who: Principal, uri: str) -> tuple[tuple[FolderJob, ...], frozenset[str]]:
    with ctx.units(Scope(who.project_id), write=False) as uow:
        using = uow.jobs.list_using(uri)
    if not using or not who.may(Action.JOB_LIST):
        return using, frozenset()
    with ctx.units(scope_of(who), write=False) as uow:
        return using, uow.jobs.existing([job.id for job in using])


def _check_places(source: ObsPath, target: ObsPath) -> None:
    if source.is_folder != target.is_folder:
        raise InvalidParam(field="target", detail=_ONE_KIND)
    if source == target:
        raise InvalidParam(field="target", detail=_SAME)
    if source.is_folder and source.bucket == target.bucket and target.key.startswith(source.key):
        raise InvalidParam(field="target", detail=_INSIDE)


async def _check_free(store: ObjectStore, target: ObsPath) -> None:
    page = await store.list_page(target, limit=1)
    if any(target.is_folder or meta.key == target.key for meta in page.objects):
        raise ObjectExists(uri=str(target))


async def _check_not_onto_itself(store: ObjectStore, source: ObsPath, target: ObsPath) -> None:
    """A folder that goes into one above it meets itself where it holds a folder of the name it loses: of `a/b/` to
    `a/`, `a/b/b/x` becomes `a/b/x`.
    """
    if source.is_folder and source.bucket == target.bucket and source.key.startswith(target.key):
        inner = source.join(source.key.removeprefix(target.key))
        if (await store.list_page(inner, limit=1)).objects:
            raise InvalidParam(field="target", detail=_ONTO_ITSELF, folder=str(inner))


async def _copy_folder(
    store: ObjectStore, places: tuple[ObsPath, ObsPath], asked: Copy, deadline: float
) -> CopyResult:
    source, target = places
    objects = size = 0
    last = asked.after
    async for meta in _metas(store, source, after=asked.after):
        if time.monotonic() > deadline and objects:
            return CopyResult(objects=objects, bytes=size, next_after=last)
        path = ObsPath(meta.bucket, meta.key)
        new = ObsPath(target.bucket, target.key + meta.key[len(source.key) :])
        await _copy_one(store, (path, new), move=asked.move, replace=True)
        objects, size, last = objects + 1, size + meta.size, meta.key
    if not objects and not asked.after:
        await store.head(source)  # not even a folder's marker: there is no such folder
    return CopyResult(objects=objects, bytes=size)


async def _copy_one(
    store: ObjectStore, places: tuple[ObsPath, ObsPath], *, move: bool, replace: bool
) -> None:
    """A move without a copy is one step; with one, the source stays until the target is whole."""
    source, target = places
    replacing = None if replace else NOTHING
    if move and await store.move(source, target, replacing=replacing):
        return
    await store.write(target, store.read(source), replacing=replacing)
    if move:
        await store.delete(source)


async def _metas(store: ObjectStore, folder: ObsPath, *, after: str = "") -> AsyncIterator[ObjectMeta]:
    async for page in _pages(store, folder, after=after):
        for meta in page:
            yield meta


async def _pages(
    store: ObjectStore, folder: ObsPath, *, after: str = ""
) -> AsyncIterator[tuple[ObjectMeta, ...]]:
    while True:
        page = await store.list_page(folder, after=after, limit=_PAGE)
        yield page.objects
        if not page.next_after:
            return
        after = page.next_after
