"""An object store in memory. It passes the same contract suite as the real ones."""

import hashlib
import itertools
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from trainwright.domain.errors import (
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    InvalidBucketName,
    InvalidObsPath,
    KeyConflict,
    ObjectNotFound,
    StorageUnavailable,
)
from trainwright.domain.obs import ObsPath, is_bucket_name
from trainwright.ports.objects import ObjectMeta, ObjectPage
from trainwright.storage.conditions import check_replaced

PIECE = 1 << 16


class MemoryStore:
    """Buckets in a dict. `broken`, when set, is the detail of the `StorageUnavailable` that every call raises."""

    def __init__(self) -> None:
        self.broken = ""
        self._buckets: dict[str, dict[str, tuple[bytes, ObjectMeta]]] = {}
        self._ticks = itertools.count(1_700_000_000_000)

    async def list_buckets(self) -> Sequence[str]:
        """Names, ascending."""
        self._check()
        return sorted(self._buckets)

    async def create_bucket(self, bucket: str) -> None:
        """Create it. Raises `BucketExists`."""
        self._check()
        if not is_bucket_name(bucket):
            raise InvalidBucketName(bucket=bucket)
        if bucket in self._buckets:
            raise BucketExists(bucket=bucket)
        self._buckets[bucket] = {}

    async def delete_bucket(self, bucket: str) -> None:
        """Delete it. Raises `BucketNotFound`, `BucketNotEmpty`."""
        if self._bucket(bucket):
            raise BucketNotEmpty(bucket=bucket)
        del self._buckets[bucket]

    async def bucket_exists(self, bucket: str) -> bool:
        """Whether it is there."""
        self._check()
        return bucket in self._buckets

    async def head(self, path: ObsPath) -> ObjectMeta:
        """Raises `ObjectNotFound`."""
        return self._get(path)[1]

    async def read(self, path: ObsPath, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to but without `end`."""
        data = self._get(path)[0]
        for at in range(start, len(data) if end is None else min(end, len(data)), PIECE):
            yield data[at : min(at + PIECE, len(data) if end is None else end)]

    async def write(
        self, path: ObsPath, pieces: AsyncIterator[bytes], *, replacing: str | None = None
    ) -> ObjectMeta:
        """Store the object."""
        self._bucket(path.bucket)
        if not path.key:
            raise InvalidObsPath(field="key", uri=str(path), detail="it names a bucket, not an object")
        data = b"".join([piece async for piece in pieces])
        objects = self._bucket(path.bucket)
        self._refuse_conflict(path, data, objects)
        there = objects.get(path.key)
        check_replaced(path, replacing, there[1] if there else None)
        etag = hashlib.sha256(data).hexdigest()[:32]
        meta = ObjectMeta(path.bucket, path.key, len(data), next(self._ticks), etag)
        objects[path.key] = (data, meta)
        return meta

    async def move(self, source: ObsPath, target: ObsPath, *, replacing: str | None = None) -> bool:
        """Nothing is moved."""
        return False

    async def delete(self, path: ObsPath) -> None:
        """Delete one object. Missing is success."""
        self._check()
        self._buckets.get(path.bucket, {}).pop(path.key, None)

    async def list_page(
        self, prefix: ObsPath, *, delimiter: bool = False, after: str = "", limit: int = 1000
    ) -> ObjectPage:
        """A page, keys ascending."""
        entries: dict[str, ObjectMeta | None] = {}
        for key, (_, meta) in self._bucket(prefix.bucket).items():
            if key.startswith(prefix.key):
                cut = key.find("/", len(prefix.key)) if delimiter else -1
                entries[key if cut < 0 else key[: cut + 1]] = meta if cut < 0 else None
        names = sorted(name for name in entries if name > after)
        page = names[:limit]
        folded = [(name, entries[name]) for name in page]
        return ObjectPage(
            objects=tuple(meta for _, meta in folded if meta is not None),
            prefixes=tuple(name for name, meta in folded if meta is None),
            next_after=page[-1] if len(names) > len(page) else "",
        )

    def shared_path(self, path: ObsPath) -> Path | None:
        """Memory is shared with nobody."""
        return None

    async def sign(self, path: ObsPath, *, method: str, ttl_s: int) -> str | None:
        """There are no URLs."""
        return None

    def _check(self) -> None:
        if self.broken:
            raise StorageUnavailable(detail=self.broken)

    def _bucket(self, bucket: str) -> dict[str, tuple[bytes, ObjectMeta]]:
        self._check()
        if bucket not in self._buckets:
            raise BucketNotFound(bucket=bucket)
        return self._buckets[bucket]

    def _get(self, path: ObsPath) -> tuple[bytes, ObjectMeta]:
        self._check()
        found = self._buckets.get(path.bucket, {}).get(path.key)
        if found is None:
            raise ObjectNotFound(uri=str(path))
        return found

    def _refuse_conflict(
        self, path: ObsPath, data: bytes, objects: dict[str, tuple[bytes, ObjectMeta]]
    ) -> None:
        if path.is_folder and data:
            raise InvalidObsPath(field="key", uri=str(path), detail="a folder holds no bytes of its own")
        above = {path.key[:at] for at, char in enumerate(path.key) if char == "/"}
        below = path.key.rstrip("/") + "/"
        for key in objects:
            if key in above or (not path.is_folder and key.startswith(below)):
                raise KeyConflict(uri=str(path), other=str(ObsPath(path.bucket, key)))
