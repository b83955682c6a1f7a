"""The platform's own copies of published code, in a bucket that no caller can name.

A copy lies under `<item id>/<version id>/<name of the code folder>/` and is never written again. It is made before its
row, and removed after it, so a crash leaves at most a copy without a row; `sweep` removes those of items that are gone.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from trainwright.domain.errors import (
    BucketExists,
    BucketNotFound,
    InvalidCodeDir,
    StorageUnavailable,
    TrainwrightError,
    Unavailable,
)
from trainwright.domain.obs import BadObsPath, ObsPath
from trainwright.domain.texts import Text
from trainwright.ports.objects import ObjectMeta, ObjectStore
from trainwright.ports.uow import PLATFORM
from trainwright.services.code_folders import list_code
from trainwright.services.context import Services

BUCKET = "trainwright-gallery"
LEFT_OVER_MS = 3_600_000
"""Only what was last written longer ago is swept: copying 5 GB takes its time."""
_NOT_COPIED = Text("the code could not be copied", "代码未能复制")
_PAGE = 1000
_AT_ONCE = 4


def folder_of(item_id: str, version_id: str) -> ObsPath:
    """Where the copy of a version lies."""
    return ObsPath(BUCKET, f"{item_id}/{version_id}/")


async def copy_code(
    ctx: Services, source: ObjectStore, code: ObsPath, boot_file: str, target: ObsPath
) -> ObsPath:
    """Copy the files of `code`, read from `source`, below `target`; the copy's own folder. Refusals leave nothing.

    Raises:
        InvalidCodeDir, InvalidBootFile, TooManyCodeFiles, CodeTooDeep, CodeTooLarge: as `list_code`.
        StorageUnavailable: the object store could not be asked.
    """
    files = await list_code(source, code, boot_file)
    folder, pairs = _pairs(code, files, target)
    await _ensure_bucket(ctx.objects)
    gate = asyncio.Semaphore(_AT_ONCE)
    try:
        async with asyncio.TaskGroup() as group:
            for origin, copy in pairs:
                group.create_task(_copy(ctx.objects, source, origin, copy, gate))
    except* TrainwrightError as failed:
        await remove_code(ctx, target)
        first = _first(failed)
        if isinstance(first, StorageUnavailable):  # its detail may name the copy
            raise StorageUnavailable(detail=_NOT_COPIED) from failed
        raise first from failed
    return folder


def _pairs(
    code: ObsPath, files: Sequence[ObjectMeta], target: ObsPath
) -> tuple[ObsPath, list[tuple[ObsPath, ObsPath]]]:
    """The copy's own folder, and what is copied where."""
    try:
        folder = target.join(f"{code.name}/")
        origins = [ObsPath(found.bucket, found.key) for found in files]
        return folder, [(origin, folder.join(origin.relative_to(code))) for origin in origins]
    except BadObsPath as exc:
        raise InvalidCodeDir(uri=str(code), detail=exc.text) from exc


async def remove_code(ctx: Services, folder: ObsPath) -> None:
    """Remove all that lies in `folder`; missing is success, and what cannot be removed now is swept later."""
    with suppress(BucketNotFound, Unavailable):
        while True:
            page = await ctx.objects.list_page(folder, limit=_PAGE)
            for found in page.objects:
                await ctx.objects.delete(ObsPath(found.bucket, found.key))
            if not page.objects:
                break


async def sweep(ctx: Services) -> None:
    """Remove copies of items that are gone, once no unfinished job runs them."""
    with suppress(BucketNotFound, Unavailable):
        top, after = ObsPath(BUCKET), ""
        while True:
            page = await ctx.objects.list_page(top, delimiter=True, after=after, limit=_PAGE)
            names = [prefix.rstrip("/") for prefix in page.prefixes]
            for name in await ctx.blocking(_left_over, ctx, names) if names else ():
                await _sweep_item(ctx, ObsPath(BUCKET, f"{name}/"))
            if not page.next_after:
                break
            after = page.next_after


async def _sweep_item(ctx: Services, folder: ObsPath) -> None:
    newest = 0
    async for found in _objects_in(ctx.objects, folder):
        newest = max(newest, found.modified_at_ms)
    if ctx.clock.now_ms() - newest >= LEFT_OVER_MS:
        await remove_code(ctx, folder)


async def _objects_in(objects: ObjectStore, folder: ObsPath) -> AsyncIterator[ObjectMeta]:
    after = ""
    while True:
        page = await objects.list_page(folder, after=after, limit=_PAGE)
        for found in page.objects:
            yield found
        if not page.next_after:
            return
        after = page.next_after


async def _ensure_bucket(objects: ObjectStore) -> None:
    if not await objects.bucket_exists(BUCKET):
        with suppress(BucketExists):
            await objects.create_bucket(BUCKET)


async def _copy(
    objects: ObjectStore, source: ObjectStore, origin: ObsPath, target: ObsPath, gate: asyncio.Semaphore
) -> None:
    async with gate:
        await objects.write(target, source.read(origin))


def _first(failed: BaseExceptionGroup[Exception]) -> Exception:
    found = failed.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


def _left_over(ctx: Services, item_ids: list[str]) -> list[str]:
    """Those without a row and without an unfinished job."""
    with ctx.units(PLATFORM, write=False) as uow:
        there = uow.gallery.existing(item_ids)
        gone = [item_id for item_id in item_ids if item_id not in there]
        return [
            item_id for item_id in gone if not uow.gallery.code_in_use(str(ObsPath(BUCKET, f"{item_id}/")))
        ]
