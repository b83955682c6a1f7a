"""The object store: buckets of named bytes. Keys are relative, `/`-separated, without `.` or `..` segments."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from trainwright.domain.obs import ObsPath

NOTHING: Final = ""
ANYTHING: Final = "*"
"""What `ObjectStore.write` and `move` may replace, beside an object of a certain etag."""


@dataclass(frozen=True, slots=True)
class ObjectMeta:
    """One object. `etag` changes whenever the bytes do; `modified_at_ms` is UTC."""

    bucket: str
    key: str
    size: int
    modified_at_ms: int
    etag: str = ""


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """One page of a listing, keys ascending. `next_after` is empty on the last page.

    `prefixes` are the folders (ending in `/`) met when a delimiter was given.
    """

    objects: tuple[ObjectMeta, ...]
    prefixes: tuple[str, ...] = ()
    next_after: str = ""


class ObjectStore(Protocol):
    """All paths are checked by `ObsPath`. Errors are those of `domain.errors`; anything else is a bug."""

    async def list_buckets(self) -> Sequence[str]:
        """Names, ascending."""
        ...

    async def create_bucket(self, bucket: str) -> None:
        """Create it. Raises `BucketExists`."""
        ...

    async def delete_bucket(self, bucket: str) -> None:
        """Delete it. Raises `BucketNotFound`, `BucketNotEmpty`."""
        ...

    async def bucket_exists(self, bucket: str) -> bool:
        """Whether it is there."""
        ...

    async def head(self, path: ObsPath) -> ObjectMeta:
        """Raises `ObjectNotFound` (also when the bucket is missing)."""
        ...

    def read(self, path: ObsPath, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to but without `end`, in pieces of bounded size. Raises `ObjectNotFound`."""
        ...

    async def write(
        self, path: ObsPath, pieces: AsyncIterator[bytes], *, replacing: str | None = None
    ) -> ObjectMeta:
        """Store the object; readers see the old bytes or all the new ones.

        `replacing` is what must be there at the moment it is stored: `NOTHING`, `ANYTHING`, or an object of this etag;
        None: it does not matter. Of several writers with one condition, one succeeds.

        Raises:
            BucketNotFound: there is no such bucket.
            ObjectChanged: another object is there than `replacing` says, or none; nothing was stored.
        """
        ...

    async def move(self, source: ObsPath, target: ObsPath, *, replacing: str | None = None) -> bool:
        """Give an object another place without copying its bytes: at every moment it is at one of the two at least.
        False, and nothing was done, where only a copy will do.

        Raises:
            ObjectNotFound, BucketNotFound: there is no such object, or no bucket to move it to.
            ObjectChanged: as `write`.
        """
        ...

    async def delete(self, path: ObsPath) -> None:
        """Delete one object. Missing is success."""
        ...

    async def list_page(
        self, prefix: ObsPath, *, delimiter: bool = False, after: str = "", limit: int = 1000
    ) -> ObjectPage:
        """Objects whose key begins with `prefix.key` and is greater than `after`; folders are folded when
        `delimiter`. Raises `BucketNotFound`.
        """
        ...

    def shared_path(self, path: ObsPath) -> Path | None:
        """Where the object or folder lies on a folder that jobs on this machine may read and write; None if none."""
        ...

    async def sign(self, path: ObsPath, *, method: str, ttl_s: int) -> str | None:
        """A URL that allows `GET` or `PUT` of this object for `ttl_s` seconds; None if the store has none."""
        ...
