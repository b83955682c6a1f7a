"""Does what a new job points to exist in the object store, and is it within the limits. Source: contract §3.6, §15."""

from collections.abc import Sequence
from dataclasses import replace

from trainwright.catalog.flavors import Flavor
from trainwright.catalog.folders import Folders
from trainwright.catalog.places import Place, Places
from trainwright.domain.errors import (
    BucketNotFound,
    InputNotFound,
    InputTooLarge,
    InvalidObsPath,
    ObjectNotFound,
)
from trainwright.domain.obs import ObsPath
from trainwright.domain.texts import Text
from trainwright.ports.objects import ObjectStore
from trainwright.services.code_folders import SUBSCRIBED_CODE, list_code

_PAGE = 1000
SIZE_PAGES_MAX = 20

_NO_BUCKET = Text("bucket {bucket} does not exist", "桶 {bucket} 不存在")


async def check_places(
    objects: ObjectStore, places: Places, *, code_objects: ObjectStore | None = None
) -> Places:
    """`places` as the store has them: an input that is not a single object becomes a folder.

    `code_objects`: where the code lies, when it is a subscription's: then nothing tells the caller the place.

    Raises:
        InvalidCodeDir, InvalidBootFile, TooManyCodeFiles, CodeTooDeep, CodeTooLarge: about the code.
        InputNotFound, InvalidObsPath: nothing lies under an input; a bucket does not exist.
        StorageUnavailable: the store could not be asked.
    """
    if places.code is not None:
        if code_objects is None:
            await list_code(objects, places.code.path, places.boot_file)
        else:
            await list_code(code_objects, places.code.path, places.boot_file, shown=SUBSCRIBED_CODE)
    inputs = tuple([await _found_input(objects, place) for place in places.inputs])
    for place in places.outputs:
        await _check_bucket(objects, place)
    if places.log_export is not None:
        await _check_bucket(objects, places.log_export)
    return replace(places, inputs=inputs)


async def check_folders(objects: ObjectStore, folders: Folders) -> Folders:
    """`folders` as the store has them.

    Raises:
        InputNotFound, InvalidObsPath: nothing lies under an input; a bucket does not exist.
        StorageUnavailable: the store could not be asked.
    """
    inputs = [replace(folder, place=await _found_input(objects, folder.place)) for folder in folders.inputs]
    for folder in folders.outputs:
        await _check_bucket(objects, folder.place)
    return replace(folders, inputs=tuple(inputs))


async def check_size(objects: ObjectStore, inputs: Sequence[Place], flavor: Flavor) -> None:
    """All inputs together fit on the flavor's disk, as far as a bounded look can tell.

    Raises:
        InputTooLarge: they do not.
    """
    limit = flavor.resources.disk_mib << 20
    if not limit:
        return
    size = 0
    for place in inputs:
        known = place.version_id or place.ours
        size += place.bytes if known else await _measure(objects, place.path, limit - size)
        if size > limit:
            raise InputTooLarge(size=size, flavor=flavor.id, limit=limit)


async def _measure(objects: ObjectStore, path: ObsPath, enough: int) -> int:
    """Bytes of an object, or of a folder's first `SIZE_PAGES_MAX` pages; stops counting beyond `enough`."""
    if not path.is_folder:
        return (await objects.head(path)).size
    size, after = 0, ""
    for _ in range(SIZE_PAGES_MAX):
        page = await objects.list_page(path, after=after, limit=_PAGE)
        size += sum(found.size for found in page.objects)
        after = page.next_after
        if not after or size > enough:
            break
    return size


async def _found_input(objects: ObjectStore, place: Place) -> Place:
    """The input as an object, if there is one of exactly that key, else as a folder that is not empty."""
    if place.version_id or place.ours:
        return place
    if not place.path.is_folder and await _exists(objects, place.path):
        return place
    folder = place.path.as_folder()
    try:
        page = await objects.list_page(folder, limit=2)
    except BucketNotFound as exc:
        raise _no_bucket(place) from exc
    if not any(found.key != folder.key for found in page.objects):
        raise InputNotFound(field=place.field, uri=str(folder))
    return replace(place, path=folder)


async def _exists(objects: ObjectStore, path: ObsPath) -> bool:
    try:
        await objects.head(path)
    except ObjectNotFound:
        return False
    return True


async def _check_bucket(objects: ObjectStore, place: Place) -> None:
    if not place.ours and not await objects.bucket_exists(place.path.bucket):
        raise _no_bucket(place)


def _no_bucket(place: Place) -> InvalidObsPath:
    return InvalidObsPath(field=place.field, uri=str(place.path), detail=_NO_BUCKET, bucket=place.path.bucket)
