"""An object store in any S3-compatible service: bytes through obstore, the rest through `s3_calls`."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast
from weakref import WeakValueDictionary

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store as Remote

from trainwright.domain.errors import (
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    InvalidBucketName,
    InvalidObsPath,
    ObjectChanged,
    ObjectNotFound,
    ObjectTooLarge,
    StorageUnavailable,
)
from trainwright.domain.obs import ObsPath, is_bucket_name
from trainwright.ports.objects import ANYTHING, NOTHING, ObjectMeta, ObjectPage
from trainwright.storage.conditions import changed, check_replaced, exists
from trainwright.storage.folder import FOLDER_HOLDS_NO_BYTES, NOT_AN_OBJECT
from trainwright.storage.s3_calls import ANSWER_S, CONNECT_S, Entry, S3Calls, S3Settings, error_code

if TYPE_CHECKING:  # in obstore's stubs only
    from obstore import PutMode
    from obstore.store import S3Credential

PART = 16 << 20
PARTS_AT_ONCE = 3
_PARTS_MAX = 10_000  # of S3
_PIECE = 1 << 20
_BODY_S = 24 * 3600  # a whole transfer; a stalled one ends after ANSWER_S
_BUCKET_KNOWN_S = 30.0
_LIST_MAX = 1000
_SIGN_TTL_MAX_S = 7 * 24 * 3600
_NO_CONDITIONS = "NotImplemented"  # what services say to headers that they do not know


class S3Store:
    """An `ObjectStore` in an S3-compatible service. Within a page keys are ascending; across pages they come in the
    service's order, which is the order of keys on S3 and OBS but the order of a folder tree on SeaweedFS.

    `close` when done.
    """

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._calls = S3Calls(settings)
        self._remotes: dict[str, Remote] = {}
        self._known: dict[str, float] = {}
        self._knows_conditions = True  # until it says that it does not
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def close(self) -> None:
        """Close the connections. Calling it twice is fine."""
        await self._calls.close()

    async def list_buckets(self) -> Sequence[str]:
        """Names, ascending."""
        return sorted(filter(is_bucket_name, await self._calls.list_buckets()))

    async def create_bucket(self, bucket: str) -> None:
        """Create it. Raises `BucketExists`, `InvalidBucketName`."""
        if not is_bucket_name(bucket):
            raise InvalidBucketName(bucket=bucket)
        answer = await self._calls.call("PUT", bucket, body=self._location(), passes=(400, 409))
        if answer.status == 409:
            raise BucketExists(bucket=bucket)
        if answer.status == 400:  # services are stricter than the contract, e.g. about names like addresses
            raise InvalidBucketName(bucket=bucket)

    async def delete_bucket(self, bucket: str) -> None:
        """Delete it. Raises `BucketNotFound`, `BucketNotEmpty`."""
        if not is_bucket_name(bucket):
            raise BucketNotFound(bucket=bucket)
        # Asked first because SeaweedFS deletes a bucket with all that is in it.
        page = await self.list_page(ObsPath(bucket), limit=1)
        if page.objects or page.next_after:
            raise BucketNotEmpty(bucket=bucket)
        self._known.pop(bucket, None)
        answer = await self._calls.call("DELETE", bucket, passes=(404, 409))
        if answer.status == 404:
            raise BucketNotFound(bucket=bucket)
        if answer.status == 409:
            raise BucketNotEmpty(bucket=bucket)

    async def bucket_exists(self, bucket: str) -> bool:
        """Whether it is there."""
        if not is_bucket_name(bucket):
            return False
        return (await self._calls.call("HEAD", bucket, passes=(404,))).status != 404

    async def head(self, path: ObsPath) -> ObjectMeta:
        """Raises `ObjectNotFound`."""
        if not path.key:
            raise ObjectNotFound(uri=str(path))
        if path.is_folder:
            return await self._head_folder(path)
        with _translated(path):
            return _meta(path, await obstore.head_async(self._remote(path.bucket), path.key))

    async def read(self, path: ObsPath, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to but without `end`, in pieces of a few MiB at most. Raises `ObjectNotFound`."""
        if path.is_folder or (end is not None and end <= start):
            await self.head(path)
            return
        options: obstore.GetOptions = {}
        if end is not None:
            options = {"range": (start, end)}
        elif start:
            options = {"range": {"offset": start}}
        try:
            with _translated(path):
                found = await obstore.get_async(self._remote(path.bucket), path.key, options=options)
        except StorageUnavailable:
            # Services refuse ranges that begin at or past the end; to us that is no bytes.
            if start and (await self.head(path)).size <= start:
                return
            raise
        with _translated(path):
            async for piece in found.stream(min_chunk_size=_PIECE):
                yield bytes(piece)

    async def write(
        self, path: ObsPath, pieces: AsyncIterator[bytes], *, replacing: str | None = None
    ) -> ObjectMeta:
        """Store the object; readers see the old bytes or all the new ones. Small ones go in one call, others in
        parts, of which at most four are in memory.

        Writers of this process that say what they are `replacing` take turns. Small objects are also kept apart from
        other writers by services that know conditional writes; large ones, and on other services all, are looked at
        right before they are stored.

        Raises:
            ObjectChanged: something else is there.
            BucketNotFound: there is no such bucket.
            InvalidObsPath: the key names no object, or bytes were given for a folder.
            ObjectTooLarge: it has more parts than S3 takes (156 GiB).
        """
        if not path.key:
            raise InvalidObsPath(field="key", uri=str(path), detail=NOT_AN_OBJECT)
        await self._require(path.bucket)
        first = bytearray()
        async for piece in pieces:
            first += piece
            if first and path.is_folder:
                raise InvalidObsPath(field="key", uri=str(path), detail=FOLDER_HOLDS_NO_BYTES)
            if len(first) > PART:
                await self._write_parts(path, _joined(path, first, pieces), replacing)
                return await self.head(path)
        if replacing is None:
            await self._write_whole(path, bytes(first))
            return await self.head(path)
        async with self._turn(path):
            await self._check(path, replacing)
            await self._write_whole(path, bytes(first), replacing)
            return await self.head(path)

    async def move(self, source: ObsPath, target: ObsPath, *, replacing: str | None = None) -> bool:
        """Services have no such call."""
        return False

    async def delete(self, path: ObsPath) -> None:
        """Delete one object. Missing is success."""
        if path.key:
            await self._calls.call("DELETE", path.bucket, path.key, passes=(404,))

    async def list_page(
        self, prefix: ObsPath, *, delimiter: bool = False, after: str = "", limit: int = 1000
    ) -> ObjectPage:
        """Objects (and folders) whose name begins with `prefix.key`, from behind `after`. Keys that no `ObsPath` can
        have are left out.
        """
        found: list[Entry] = []
        last = token = ""
        while True:
            page = await self._calls.list_objects(
                prefix.bucket,
                prefix.key,
                delimiter=delimiter,
                after=after,
                token=token,
                limit=min(limit - len(found), _LIST_MAX),
            )
            if page is None:
                raise BucketNotFound(bucket=prefix.bucket)
            found += (entry for entry in page.entries if _is_listed(prefix.bucket, entry, after))
            last, token = page.last or last, page.token
            if not token or len(found) >= limit:
                return _page(prefix.bucket, found, last if token else "")

    def shared_path(self, path: ObsPath) -> Path | None:
        """A service is no folder."""
        return None

    async def sign(self, path: ObsPath, *, method: str, ttl_s: int) -> str | None:
        """A URL that allows `GET` or `PUT` of this object for `ttl_s` seconds, at most 7 days."""
        if method not in ("GET", "PUT"):
            raise ValueError(f"cannot sign {method}")
        verb = cast(Literal["GET", "PUT"], method)
        ttl = timedelta(seconds=min(ttl_s, _SIGN_TTL_MAX_S))
        with _translated(path):
            return await obstore.sign_async(self._remote(path.bucket), verb, path.key, ttl)

    async def _head_folder(self, path: ObsPath) -> ObjectMeta:
        # obstore drops the slash of a marker's key. Services list the marker first, being the shortest.
        with suppress(BucketNotFound):
            for found in (await self.list_page(path, limit=1)).objects:
                if found.key == path.key:
                    return found
        raise ObjectNotFound(uri=str(path))

    async def _write_whole(self, path: ObsPath, data: bytes, replacing: str | None = None) -> None:
        if path.is_folder:
            await self._calls.call("PUT", path.bucket, path.key)
            return
        mode: PutMode = "overwrite"
        if self._knows_conditions and replacing is not None and replacing != ANYTHING:
            mode = "create" if replacing == NOTHING else {"e_tag": f'"{replacing}"'}
        with _translated(path, writing=True):
            try:
                await self._put(path, data, mode)
            except AlreadyExistsError as exc:
                raise exists(path) if mode == "create" else changed(path) from exc
            except BaseError as exc:
                if mode == "overwrite" or error_code(str(exc)) != _NO_CONDITIONS:
                    raise
                self._knows_conditions = False
                await self._put(path, data, "overwrite")

    async def _put(self, path: ObsPath, data: bytes, mode: "PutMode") -> None:
        await obstore.put_async(self._remote(path.bucket), path.key, data, mode=mode, use_multipart=False)

    async def _write_parts(
        self, path: ObsPath, pieces: AsyncIterator[bytes], replacing: str | None = None
    ) -> None:
        async with AsyncExitStack() as turn:

            async def checked() -> AsyncIterator[bytes]:
                """What is raised at the end of the pieces keeps the parts from becoming an object."""
                async for piece in pieces:
                    yield piece
                if replacing is not None:
                    await turn.enter_async_context(self._turn(path))
                    try:
                        await self._check(path, replacing)
                    except ObjectChanged as exc:
                        refused.append(exc)
                        raise

            refused: list[ObjectChanged] = []
            with _translated(path, writing=True):
                try:
                    await obstore.put_async(
                        self._remote(path.bucket),
                        path.key,
                        checked(),
                        use_multipart=True,
                        chunk_size=PART,
                        max_concurrency=PARTS_AT_ONCE,
                    )
                except Exception as exc:
                    if refused:  # in whatever obstore has wrapped it
                        raise refused[0] from exc
                    raise

    def _turn(self, path: ObsPath) -> asyncio.Lock:
        """Writers with a condition hold it from when they look until they have stored."""
        return self._turns.setdefault(str(path), asyncio.Lock())

    async def _check(self, path: ObsPath, replacing: str) -> None:
        try:
            there = await self.head(path)
        except ObjectNotFound:
            there = None
        check_replaced(path, replacing, there)

    async def _require(self, bucket: str) -> None:
        """Asked before every write because SeaweedFS makes missing buckets; remembered for a short while."""
        now = time.monotonic()
        if self._known.get(bucket, 0.0) > now:
            return
        if not await self.bucket_exists(bucket):
            raise BucketNotFound(bucket=bucket)
        self._known[bucket] = now + _BUCKET_KNOWN_S

    def _location(self) -> bytes:
        if self._settings.region in ("", "us-east-1"):  # the default must not be named
            return b""
        return (
            '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>'
            f"{self._settings.region}</LocationConstraint></CreateBucketConfiguration>"
        ).encode()

    def _credentials(self) -> "S3Credential":
        settings = self._settings
        return {
            "access_key_id": settings.access_key,
            "secret_access_key": settings.secret_key,
            "token": settings.session_token or None,
            "expires_at": None,
        }

    def _remote(self, bucket: str) -> Remote:
        if bucket not in self._remotes:
            settings = self._settings
            self._remotes[bucket] = Remote(
                bucket,
                # Named in full, so that AWS_* variables of the server's environment change nothing.
                aws_endpoint_url_s3=settings.endpoint if settings.path_style else settings.bucket_url(bucket),
                region=settings.region,
                virtual_hosted_style_request=not settings.path_style,
                skip_signature=False,
                credential_provider=self._credentials,
                client_options={
                    "allow_http": settings.allow_http,
                    "connect_timeout": timedelta(seconds=CONNECT_S),
                    "read_timeout": timedelta(seconds=ANSWER_S),
                    "timeout": timedelta(seconds=_BODY_S),
                },
                retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=ANSWER_S)},
            )
        return self._remotes[bucket]


async def _joined(path: ObsPath, first: bytearray, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = len(first)
    yield bytes(first)
    first.clear()
    async for piece in rest:
        size += len(piece)
        if size > PART * _PARTS_MAX:
            raise ObjectTooLarge(uri=str(path), limit=PART * _PARTS_MAX)
        yield piece


def _is_listed(bucket: str, entry: Entry, after: str) -> bool:
    # `after` may be a folded folder, or a key in one: services differ in whether they fold that folder once more.
    if entry.name == after or (entry.size < 0 and after.startswith(entry.name)):
        return False
    try:
        ObsPath(bucket, entry.name)
    except ValueError:
        return False
    return True


def _page(bucket: str, found: Sequence[Entry], next_after: str) -> ObjectPage:
    return ObjectPage(
        objects=tuple(
            ObjectMeta(bucket, entry.name, entry.size, entry.modified_at_ms, entry.etag)
            for entry in sorted(found, key=lambda entry: entry.name)
            if entry.size >= 0
        ),
        prefixes=tuple(sorted(entry.name for entry in found if entry.size < 0)),
        next_after=next_after,
    )


def _meta(path: ObsPath, found: "obstore.ObjectMeta") -> ObjectMeta:
    modified_at_ms = int(found["last_modified"].timestamp() * 1000)
    return ObjectMeta(path.bucket, path.key, found["size"], modified_at_ms, (found["e_tag"] or "").strip('"'))


@contextmanager
def _translated(path: ObsPath, *, writing: bool = False) -> Iterator[None]:
    """What obstore says, as errors of the domain. Its texts name the endpoint and whole answers: left out."""
    try:
        yield
    except FileNotFoundError as exc:
        if writing:  # nothing else can be missing
            raise BucketNotFound(bucket=path.bucket) from exc
        raise ObjectNotFound(uri=str(path)) from exc
    except PreconditionError as exc:
        raise changed(path) from exc
    except BaseError as exc:
        reason = error_code(str(exc)) or type(exc).__name__
        raise StorageUnavailable(detail=f"{path}: {reason}") from exc
