"""The object stores under test, and short words for what the tests do with them."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from trainwright.domain.obs import ObsPath
from trainwright.ports.objects import ObjectPage, ObjectStore
from trainwright.storage.folder import FolderStore
from trainwright.storage.s3 import S3Store
from trainwright.storage.s3_calls import S3Settings

OpenStore = Callable[[], AbstractAsyncContextManager[ObjectStore]]


@asynccontextmanager
async def folder_store(root: Path) -> AsyncIterator[ObjectStore]:
    yield FolderStore(root)


@asynccontextmanager
async def s3_store(settings: S3Settings) -> AsyncIterator[ObjectStore]:
    store = S3Store(settings)
    try:
        yield store
    finally:
        await store.close()


def new_bucket() -> str:
    """A name nobody has used: the S3 server lives through many tests."""
    return f"bucket-{secrets.token_hex(8)}"


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def put(store: ObjectStore, bucket: str, key: str, data: bytes = b"x") -> None:
    await store.write(ObsPath(bucket, key), pieces(data) if data else pieces())


async def get(store: ObjectStore, bucket: str, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(ObsPath(bucket, key), start=start, end=end)])


async def all_pages(
    store: ObjectStore, bucket: str, prefix: str = "", *, delimiter: bool = False, limit: int = 1000
) -> list[ObjectPage]:
    found, after = [], ""
    while True:
        page = await store.list_page(ObsPath(bucket, prefix), delimiter=delimiter, after=after, limit=limit)
        found.append(page)
        after = page.next_after
        if not after:
            return found


def names(page: ObjectPage) -> list[str]:
    """Keys and folded folders of a page, ascending."""
    return sorted([*(meta.key for meta in page.objects), *page.prefixes])
