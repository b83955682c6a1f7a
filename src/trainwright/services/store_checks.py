"""Does what a new job points to exist in the object store, and is it within the limits. Source: contract §3.6, §15."""

from dataclasses import replace

from trainwright.catalog.places import Place, Places
from trainwright.domain.errors import (
    BucketNotFound,
    CodeTooDeep,
    CodeTooLarge,
    InputNotFound,
    InvalidBootFile,
    InvalidCodeDir,
    InvalidObsPath,
    ObjectNotFound,
    TooManyCodeFiles,
)
from trainwright.domain.obs import ObsPath
from trainwright.domain.texts import Text
from trainwright.ports.objects import ObjectStore

CODE_FILES_MAX = 1000
CODE_BYTES_MAX = 5 << 30
CODE_DEPTH_MAX = 32
_PAGE = 1000

_NO_BUCKET = Text("bucket {bucket} does not exist", "桶 {bucket} 不存在")
_EMPTY = Text("nothing lies under it", "目录下没有任何对象")
_MISSING = Text("it does not exist", "文件不存在")


async def check_places(objects: ObjectStore, places: Places) -> Places:
    """`places` as the store has them: an input that is not a single object becomes a folder.

    Raises:
        InvalidCodeDir, InvalidBootFile, TooManyCodeFiles, CodeTooDeep, CodeTooLarge: about the code.
        InputNotFound, InvalidObsPath: nothing lies under an input; a bucket does not exist.
        StorageUnavailable: the store could not be asked.
    """
    if places.code is not None:
        await _check_code(objects, places.code.path)
        if places.boot_file:
            await _check_boot_file(objects, places.code.path.join(places.boot_file))
    inputs = tuple([await _found_input(objects, place) for place in places.inputs])
    for place in places.outputs:
        await _check_bucket(objects, place)
    if places.log_export is not None:
        await _check_bucket(objects, places.log_export)
    return replace(places, inputs=inputs)


async def _check_code(objects: ObjectStore, folder: ObsPath) -> None:
    uri, after, files, size = str(folder), "", 0, 0
    while True:
        try:
            page = await objects.list_page(folder, after=after, limit=_PAGE)
        except BucketNotFound as exc:
            raise InvalidCodeDir(uri=uri, detail=_NO_BUCKET, bucket=folder.bucket) from exc
        for found in page.objects:
            if found.key.endswith("/"):
                continue  # the marker of a folder, which holds no bytes
            files += 1
            size += found.size
            if found.key.count("/", len(folder.key)) > CODE_DEPTH_MAX:
                raise CodeTooDeep(uri=uri, limit=CODE_DEPTH_MAX)
        if files > CODE_FILES_MAX:
            raise TooManyCodeFiles(uri=uri, limit=CODE_FILES_MAX)
        if size > CODE_BYTES_MAX:
            raise CodeTooLarge(uri=uri, limit=CODE_BYTES_MAX)
        if not page.next_after:
            break
        after = page.next_after
    if not files:
        raise InvalidCodeDir(uri=uri, detail=_EMPTY)


async def _check_boot_file(objects: ObjectStore, path: ObsPath) -> None:
    try:
        await objects.head(path)
    except ObjectNotFound as exc:
        raise InvalidBootFile(uri=str(path), detail=_MISSING) from exc


async def _found_input(objects: ObjectStore, place: Place) -> Place:
    """The input as an object, if there is one of exactly that key, else as a folder that is not empty."""
    if not place.path.is_folder and await _exists(objects, place.path):
        return place
    folder = place.path.as_folder()
    try:
        page = await objects.list_page(folder, limit=2)
    except BucketNotFound as exc:
        raise _no_bucket(place) from exc
    if not any(found.key != folder.key for found in page.objects):
        raise InputNotFound(field=place.field, uri=str(folder))
    return Place(place.field, folder)


async def _exists(objects: ObjectStore, path: ObsPath) -> bool:
    try:
        await objects.head(path)
    except ObjectNotFound:
        return False
    return True


async def _check_bucket(objects: ObjectStore, place: Place) -> None:
    if not await objects.bucket_exists(place.path.bucket):
        raise _no_bucket(place)


def _no_bucket(place: Place) -> InvalidObsPath:
    return InvalidObsPath(field=place.field, uri=str(place.path), detail=_NO_BUCKET, bucket=place.path.bucket)
