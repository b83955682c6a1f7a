"""The object store: buckets, listings, copies. Paths are texts such as `obs://bucket/folder/`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from trainwright.client.asynchronous import AsyncClient
from trainwright.client.errors import ApiError, BadPath, TransferError
from trainwright.client.event_loop import run_apart
from trainwright.client.transfers import Progress, TransferOptions, TransferReport, download, upload
from trainwright.client.transfers.plan import LocalFolder, scan_folder
from trainwright.client.transfers.workers import for_each
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from trainwright.client.blocking import Client
    from trainwright.domain import obs
    from trainwright.wire.objects import ObjectItem
else:
    asyncio = deferred("asyncio")
    obs = deferred("trainwright.domain.obs")

T = TypeVar("T")

CODE_BUCKET = "trainwright"
NOT_CODE = frozenset({"__pycache__", ".git"})
_BUCKET_EXISTS = "Trainwright.0102"
_DELETES_IN_FLIGHT = 16


class AsyncStorage:
    """For asyncio: every method does what that of `Storage` does, awaited."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def buckets(self) -> list[str]:
        """Names of all buckets."""
        return [item.name for item in (await self._client.list_buckets()).buckets]

    async def ensure_bucket(self, bucket: str) -> bool:
        """Create the bucket unless it is there; whether it was created."""
        try:
            await self._client.create_bucket(bucket)
        except ApiError as exc:
            if exc.error_code != _BUCKET_EXISTS:
                raise
            return False
        return True

    def objects(self, folder: str) -> AsyncIterator[ObjectItem]:
        """All objects whose key begins with that of `folder`."""
        path = parse_path(folder)
        return self._client.iter_objects(path.bucket, prefix=path.key)

    async def upload(
        self,
        source: str | Path,
        target: str,
        *,
        options: TransferOptions | None = None,
        progress: Progress | None = None,
    ) -> TransferReport:
        """Copy a file or a folder's contents to `target`; see `Storage.upload`."""
        path = parse_path(target)
        return await upload(self._client, Path(source), path, options=options, progress=progress)

    async def download(
        self,
        source: str,
        target: str | Path,
        *,
        options: TransferOptions | None = None,
        progress: Progress | None = None,
    ) -> TransferReport:
        """Copy an object, or what lies below a path that ends in `/`, to `target`; see `Storage.download`."""
        path = parse_path(source)
        return await download(self._client, path, Path(target), options=options, progress=progress)

    async def upload_code(
        self, folder: str | Path, *, bucket: str = CODE_BUCKET, progress: Progress | None = None
    ) -> str:
        """Upload a code folder to a place of its own and return that; see `Storage.upload_code`."""
        root = Path(folder).resolve()
        if not root.is_dir():
            raise TransferError("{path} is not a folder", path=folder)
        scanned = await asyncio.to_thread(scan_folder, root, NOT_CODE)
        if not scanned.files:
            raise TransferError("{path} holds no files", path=folder)
        target = f"obs://{bucket}/code/{await asyncio.to_thread(_digest, scanned)}/{root.name}/"
        await self.ensure_bucket(bucket)
        options = TransferOptions(skip_unchanged=True, leave_out=NOT_CODE)
        await self.upload(root, target, options=options, progress=progress)
        return target

    async def remove(self, path: str) -> int:
        """Delete an object, or everything below a path that ends in `/`; see `Storage.remove`."""
        place = parse_path(path)
        if place.is_folder:
            keys = [item.key async for item in self._client.iter_objects(place.bucket, prefix=place.key)]
        else:
            page = await self._client.list_objects(place.bucket, prefix=place.key, limit=1)
            keys = [item.key for item in page.objects if item.key == place.key]
        if not keys:
            raise TransferError("Nothing lies under {path}", path=place)

        async def delete(key: str) -> None:
            await self._client.delete_object(place.bucket, key)

        await for_each(keys, delete, at_once=min(_DELETES_IN_FLIGHT, len(keys)))
        return len(keys)


class Storage:
    """For blocking code, notebooks among it. Copies run on an event loop of their own."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def client(self) -> Client:
        """What the store is asked with."""
        return self._client

    def buckets(self) -> list[str]:
        """Names of all buckets."""
        return [item.name for item in self._client.list_buckets().buckets]

    def ensure_bucket(self, bucket: str) -> bool:
        """Create the bucket unless it is there; whether it was created."""
        return self._run(lambda storage: storage.ensure_bucket(bucket))

    def objects(self, folder: str) -> Iterator[ObjectItem]:
        """All objects whose key begins with that of `folder`."""
        path = parse_path(folder)
        return self._client.iter_objects(path.bucket, prefix=path.key)

    def upload(
        self,
        source: str | Path,
        target: str,
        *,
        options: TransferOptions | None = None,
        progress: Progress | None = None,
    ) -> TransferReport:
        """Copy a file or a folder's contents to `target`. A file keeps its name below a target that ends in `/`.
        Running an interrupted upload again goes on where it was.

        Raises:
            TransferError: something here cannot be read, or `target` is no path of the object store.
            ApiError, ConnectionFailed: the server refused, or did not answer.
        """
        return self._run(lambda storage: storage.upload(source, target, options=options, progress=progress))

    def download(
        self,
        source: str,
        target: str | Path,
        *,
        options: TransferOptions | None = None,
        progress: Progress | None = None,
    ) -> TransferReport:
        """Copy an object, or what lies below a path that ends in `/`, to `target`. A file appears whole or not at all.

        Raises:
            TransferError: nothing lies there, or something here cannot be written.
            ApiError, ConnectionFailed: the server refused, or did not answer.
        """
        return self._run(lambda storage: storage.download(source, target, options=options, progress=progress))

    def upload_code(
        self, folder: str | Path, *, bucket: str = CODE_BUCKET, progress: Progress | None = None
    ) -> str:
        """Upload a code folder to a place of its own and return that. The place is named after the content, so that
        the same code is stored once and the code of an earlier job never changes. `NOT_CODE` folders stay behind.

        Raises:
            TransferError: it is not a folder, or holds no file.
        """
        return self._run(lambda storage: storage.upload_code(folder, bucket=bucket, progress=progress))

    def remove(self, path: str) -> int:
        """Delete an object, or everything below a path that ends in `/`; how many objects were deleted.

        Raises:
            TransferError: nothing lies there.
        """
        return self._run(lambda storage: storage.remove(path))

    def _run(self, work: Callable[[AsyncStorage], Awaitable[T]]) -> T:
        async def main() -> T:
            async with AsyncClient(self._client.access) as client:
                return await work(AsyncStorage(client))

        return run_apart(main)


def parse_path(text: str) -> obs.ObsPath:
    """`text` as a path of the object store.

    Raises:
        BadPath: it is none.
    """
    try:
        return obs.ObsPath.parse(text)
    except ValueError as exc:
        raise BadPath(
            "{text} is not a path such as obs://bucket/folder/: {detail}", text=repr(text), detail=exc
        ) from exc


def _digest(folder: LocalFolder) -> str:
    total = hashlib.sha256()
    for file in folder.files:
        with file.path.open("rb") as content:
            total.update(f"{file.relative}\0{hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()[:16]
