"""Buckets belong to projects. For everyone else, and for all when they are the platform's own, they do not exist.

Names are global, as in S3: what another project has cannot be created, and creating tells no more than that.
"""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from trainwright.domain.errors import BucketExists, BucketNotFound, ObjectNotFound
from trainwright.domain.obs import ObsPath
from trainwright.ports.identity import Principal
from trainwright.ports.objects import ObjectMeta, ObjectPage, ObjectStore
from trainwright.ports.uow import PLATFORM
from trainwright.services.context import Services

PLATFORM_PREFIX = "trainwright-"
"""Buckets named so are the platform's: nobody may create, list, read or name them."""


def is_platforms(bucket: str) -> bool:
    """Whether the name is kept for the platform."""
    return bucket.startswith(PLATFORM_PREFIX)


async def owner_of(ctx: Services, bucket: str) -> str:
    """The id of the project that has the bucket, be it there or not."""
    known = ctx.owners.find(bucket)
    if known is not None:
        return known
    ticket = ctx.owners.ticket()
    owner = await ctx.blocking(_read_owner, ctx, bucket)
    ctx.owners.remember(bucket, owner, ticket)
    return owner


async def owns(ctx: Services, who: Principal, bucket: str) -> bool:
    """Whether the bucket is the caller's project's, be it there or not."""
    if is_platforms(bucket):
        return False
    return await owner_of(ctx, bucket) == who.project_id


async def check_bucket(ctx: Services, who: Principal, bucket: str) -> None:
    """The bucket is the caller's project's; whether it exists is for the store to say.

    Raises:
        BucketNotFound: it is another's.
    """
    if not await owns(ctx, who, bucket):
        raise BucketNotFound(bucket=bucket)


def owned_objects(ctx: Services, who: Principal) -> ObjectStore:
    """The object store as the caller sees it: every bucket that is not their project's is missing."""
    return OwnedObjects(ctx, who)


class OwnedObjects:
    """A view of `ctx.objects`, with the errors that the store has for buckets that do not exist."""

    def __init__(self, ctx: Services, who: Principal) -> None:
        self._ctx = ctx
        self._who = who
        self._objects = ctx.objects

    async def list_buckets(self) -> Sequence[str]:
        """The project's own, ascending."""
        names = [name for name in await self._objects.list_buckets() if not is_platforms(name)]
        owners = await self._ctx.blocking(_read_owners, self._ctx, names)
        return [name for name in names if owners[name] == self._who.project_id]

    async def create_bucket(self, bucket: str) -> None:
        """Claim the name, then create the bucket; a crash between the two leaves a name that only its project can
        create (or delete).

        Raises:
            InvalidBucketName: it cannot be.
            BucketExists: it does, whoever has it.
        """
        if is_platforms(bucket):
            raise BucketExists(bucket=bucket)
        async with self._ctx.owners.changing(bucket):
            # Asked before the claim: a bucket nobody has claimed is the first project's, and must stay it.
            if await self._objects.bucket_exists(bucket):
                raise BucketExists(bucket=bucket)
            try:
                mine = await self._ctx.blocking(_claim, self._ctx, self._who.project_id, bucket)
            finally:
                self._ctx.owners.forget(bucket)
            if not mine:
                raise BucketExists(bucket=bucket)
            await self._objects.create_bucket(bucket)

    async def delete_bucket(self, bucket: str) -> None:
        """Delete it and give its name back.

        Raises:
            BucketNotFound, BucketNotEmpty: it cannot be.
        """
        async with self._ctx.owners.changing(bucket):
            await check_bucket(self._ctx, self._who, bucket)
            try:
                await self._objects.delete_bucket(bucket)
            except BucketNotFound:
                await self._release(bucket)  # claimed once, but not created, or not given back
                raise
            await self._release(bucket)

    async def _release(self, bucket: str) -> None:
        try:
            await self._ctx.blocking(_release, self._ctx, bucket)
        finally:
            self._ctx.owners.forget(bucket)

    async def bucket_exists(self, bucket: str) -> bool:
        """Whether the project has it."""
        return await self._mine(bucket) and await self._objects.bucket_exists(bucket)

    async def head(self, path: ObsPath) -> ObjectMeta:
        """Raises `ObjectNotFound`."""
        await self._check_object(path)
        return await self._objects.head(path)

    async def read(self, path: ObsPath, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to but without `end`. Raises `ObjectNotFound`."""
        await self._check_object(path)
        async for piece in self._objects.read(path, start=start, end=end):
            yield piece

    async def write(
        self, path: ObsPath, pieces: AsyncIterator[bytes], *, replacing: str | None = None
    ) -> ObjectMeta:
        """Store it. Raises as the store's, and `BucketNotFound` for a bucket of others."""
        await check_bucket(self._ctx, self._who, path.bucket)
        return await self._objects.write(path, pieces, replacing=replacing)

    async def move(self, source: ObsPath, target: ObsPath, *, replacing: str | None = None) -> bool:
        """Move it. Raises as the store's, and `ObjectNotFound` and `BucketNotFound` for buckets of others."""
        await self._check_object(source)
        await check_bucket(self._ctx, self._who, target.bucket)
        return await self._objects.move(source, target, replacing=replacing)

    async def delete(self, path: ObsPath) -> None:
        """Delete it; missing is success, and so is another's bucket."""
        if await self._mine(path.bucket):
            await self._objects.delete(path)

    async def list_page(
        self, prefix: ObsPath, *, delimiter: bool = False, after: str = "", limit: int = 1000
    ) -> ObjectPage:
        """One page. Raises `BucketNotFound`."""
        await check_bucket(self._ctx, self._who, prefix.bucket)
        return await self._objects.list_page(prefix, delimiter=delimiter, after=after, limit=limit)

    def shared_path(self, path: ObsPath) -> Path | None:
        """None: a view for callers, who reach no disk of ours."""
        return None

    async def sign(self, path: ObsPath, *, method: str, ttl_s: int) -> str | None:
        """A URL of an object of the project's; None for others."""
        return (
            await self._objects.sign(path, method=method, ttl_s=ttl_s)
            if await self._mine(path.bucket)
            else None
        )

    async def _mine(self, bucket: str) -> bool:
        return await owns(self._ctx, self._who, bucket)

    async def _check_object(self, path: ObsPath) -> None:
        if not await self._mine(path.bucket):
            raise ObjectNotFound(uri=str(path))


def _read_owner(ctx: Services, bucket: str) -> str:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.buckets.owner(bucket)


def _read_owners(ctx: Services, buckets: Sequence[str]) -> dict[str, str]:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.buckets.owners(buckets)


def _claim(ctx: Services, project_id: str, bucket: str) -> bool:
    with ctx.units(PLATFORM) as uow:
        mine = uow.buckets.claim(bucket, project_id, ctx.clock.now_ms())
        uow.commit()
    return mine


def _release(ctx: Services, bucket: str) -> None:
    with ctx.units(PLATFORM) as uow:
        uow.buckets.release(bucket)
        uow.commit()
