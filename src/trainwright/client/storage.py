"""The object store from blocking code: buckets, listings, copies. Paths are texts such as `obs://bucket/folder/`."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from trainwright.client.asynchronous import AsyncClient
from trainwright.client.blocking import Client
from trainwright.client.errors import ApiError, TransferError
from trainwright.client.transfers import Progress, TransferOptions, TransferReport, download, upload
from trainwright.client.transfers.plan import LocalFolder, scan_folder
from trainwright.client.transfers.workers import for_each
from trainwright.domain.obs import ObsPath
from trainwright.wire.objects import ObjectItem

T = TypeVar("T")

CODE_BUCKET = "trainwright"
NOT_CODE = frozenset({"__pycache__", ".git"})
_BUCKET_EXISTS = "Trainwright.0102"
_DELETES_IN_FLIGHT = 16


class Storage:
    """Copies run on an event loop of their own: from a coroutine use `transfers.upload` and `download` instead."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def buckets(self) -> list[str]:
        """Names of all buckets."""
        return [item.name for item in self._client.list_buckets().buckets]

    def ensure_bucket(self, bucket: str) -> bool:
        """Create the bucket unless it is there; whether it was created."""
        try:
            self._client.create_bucket(bucket)
        except ApiError as exc:
            if exc.error_code != _BUCKET_EXISTS:
                raise
            return False
        return True

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
        """Copy a file or a folder's contents to `target`; see `transfers.upload`."""
        path = parse_path(target)
        return self._run(
            lambda client: upload(client, Path(source), path, options=options, progress=progress)
        )

    def download(
        self,
        source: str,
        target: str | Path,
        *,
        options: TransferOptions | None = None,
        progress: Progress | None = None,
    ) -> TransferReport:
        """Copy an object, or what lies below a path that ends in `/`, to `target`; see `transfers.download`."""
        path = parse_path(source)
        return self._run(
            lambda client: download(client, path, Path(target), options=options, progress=progress)
        )

    def upload_code(self, folder: str | Path, *, bucket: str = CODE_BUCKET) -> str:
        """Upload a code folder to a place of its own and return that. The place is named after the content, so that
        the same code is stored once and the code of an earlier job never changes. `NOT_CODE` folders stay behind.

        Raises:
            TransferError: it is not a folder, or holds no file.
        """
        root = Path(folder).resolve()
        if not root.is_dir():
            raise TransferError("{path} is not a folder", path=folder)
        scanned = scan_folder(root, NOT_CODE)
        if not scanned.files:
            raise TransferError("{path} holds no files", path=folder)
        target = f"obs://{bucket}/code/{_digest(scanned)}/{root.name}/"
        self.ensure_bucket(bucket)
        self.upload(root, target, options=TransferOptions(skip_unchanged=True, leave_out=NOT_CODE))
        return target

    def remove(self, path: str) -> int:
        """Delete an object, or everything below a path that ends in `/`; how many objects were deleted.

        Raises:
            TransferError: nothing lies there.
        """
        place = parse_path(path)
        if place.is_folder:
            keys = [item.key for item in self._client.iter_objects(place.bucket, prefix=place.key)]
        else:
            page = self._client.list_objects(place.bucket, prefix=place.key, limit=1)
            keys = [item.key for item in page.objects if item.key == place.key]
        if not keys:
            raise TransferError("Nothing lies under {path}", path=place)

        async def delete_all(client: AsyncClient) -> None:
            async def delete(key: str) -> None:
                await client.delete_object(place.bucket, key)

            await for_each(keys, delete, at_once=min(_DELETES_IN_FLIGHT, len(keys)))

        self._run(delete_all)
        return len(keys)

    def _run(self, work: Callable[[AsyncClient], Awaitable[T]]) -> T:
        async def main() -> T:
            async with AsyncClient(self._client.access) as client:
                return await work(client)

        return asyncio.run(main())


def parse_path(text: str) -> ObsPath:
    """`text` as a path of the object store.

    Raises:
        TransferError: it is none.
    """
    try:
        return ObsPath.parse(text)
    except ValueError as exc:
        raise TransferError(
            "{text} is not a path such as obs://bucket/folder/: {detail}", text=repr(text), detail=exc
        ) from exc


def _digest(folder: LocalFolder) -> str:
    total = hashlib.sha256()
    for file in folder.files:
        with file.path.open("rb") as content:
            total.update(f"{file.relative}\0{hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()[:16]
