"""Buckets and objects of the caller's project; those of others do not exist (`services.ownership`)."""

from collections.abc import AsyncIterator

from trainwright.domain.errors import InvalidBucketName, InvalidObsPath, ParamOutOfRange, UploadNotFound
from trainwright.domain.obs import ObsPath, is_bucket_name
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.objects import ObjectMeta, ObjectPage
from trainwright.services.context import Services
from trainwright.services.ownership import owned_objects, owns

PAGE_MAX = 1000
_NO_KEY = Text("it names a bucket, not an object", "该路径是桶，不是对象")


def object_path(bucket: str, key: str) -> ObsPath:
    """The path of an object.

    Raises:
        InvalidBucketName, InvalidObsPath: there can be no such object.
    """
    path = _path(bucket, key)
    if not path.key:
        raise InvalidObsPath(field="key", uri=str(path), detail=_NO_KEY)
    return path


def prefix_path(bucket: str, prefix: str) -> ObsPath:
    """Where the keys that begin with `prefix` lie; an empty one: the whole bucket.

    Raises:
        InvalidBucketName, InvalidObsPath: there can be no such objects.
    """
    return _path(bucket, prefix)


async def list_buckets(ctx: Services, who: Principal) -> tuple[str, ...]:
    """Names of the project's own, ascending."""
    return tuple(await owned_objects(ctx, who).list_buckets())


async def create_bucket(ctx: Services, who: Principal, bucket: str) -> None:
    """Create it.

    Raises:
        InvalidBucketName, BucketExists: it cannot be.
    """
    await owned_objects(ctx, who).create_bucket(_bucket(bucket))


async def delete_bucket(ctx: Services, who: Principal, bucket: str) -> None:
    """Delete it.

    Raises:
        InvalidBucketName, BucketNotFound, BucketNotEmpty: it cannot be.
    """
    await owned_objects(ctx, who).delete_bucket(_bucket(bucket))


async def list_objects(
    ctx: Services,
    who: Principal,
    bucket: str,
    *,
    prefix: str = "",
    delimiter: bool = False,
    after: str = "",
    limit: int = PAGE_MAX,
) -> ObjectPage:
    """One page of the keys that begin with `prefix` and are greater than `after`.

    Raises:
        ParamOutOfRange: `limit` is not 1 to 1000.
        InvalidBucketName, InvalidObsPath, BucketNotFound: there is nothing to list.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise ParamOutOfRange(field="limit", value=limit, allowed=f"1-{PAGE_MAX}")
    return await owned_objects(ctx, who).list_page(
        _path(bucket, prefix), delimiter=delimiter, after=after, limit=limit
    )


async def head_object(ctx: Services, who: Principal, path: ObsPath) -> ObjectMeta:
    """What is known of it. Raises `ObjectNotFound`."""
    return await owned_objects(ctx, who).head(path)


def read_object(
    ctx: Services, who: Principal, path: ObsPath, *, start: int = 0, end: int | None = None
) -> AsyncIterator[bytes]:
    """Its bytes from `start` up to but without `end`, in pieces of bounded size. Raises `ObjectNotFound`."""
    return owned_objects(ctx, who).read(path, start=start, end=end)


async def write_object(
    ctx: Services,
    who: Principal,
    path: ObsPath,
    pieces: AsyncIterator[bytes],
    *,
    replacing: str | None = None,
) -> ObjectMeta:
    """Store it; readers see the old bytes or all the new ones. `replacing`: see `ObjectStore.write`.

    Raises:
        ObjectChanged: something else is there than it is to replace; nothing was stored.
        BucketNotFound, KeyConflict, InvalidObsPath: it cannot be stored there.
    """
    return await owned_objects(ctx, who).write(path, pieces, replacing=replacing)


async def delete_object(ctx: Services, who: Principal, path: ObsPath) -> None:
    """Delete it. Missing is success."""
    await owned_objects(ctx, who).delete(path)


async def check_upload(ctx: Services, who: Principal, bucket: str, upload_id: str) -> None:
    """The bucket is still the project's: the name may have changed hands since the upload began.

    Raises:
        UploadNotFound: it is not.
    """
    if not await owns(ctx, who, bucket):
        raise UploadNotFound(upload=upload_id)


def _bucket(name: str) -> str:
    if not is_bucket_name(name):
        raise InvalidBucketName(bucket=name)
    return name


def _path(bucket: str, key: str) -> ObsPath:
    try:
        return ObsPath(_bucket(bucket), key)
    except ValueError as exc:
        raise InvalidObsPath(field="key", uri=f"obs://{bucket}/{key}", detail=str(exc)) from exc
