"""The object store from blocking code: buckets, listings, objects. Faults that pass are sat out, broken streams are
gone on with where they stood. Safe for threads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Iterator

from trainwright.portable.access import Access
from trainwright.portable.calls import Body, Call, Patience, Retry
from trainwright.portable.connection import Answer, Connection, Cut
from trainwright.portable.failures import BUCKET_EXISTS, Interrupted, ObjectChanged, Refused, in_words

PAGE = 1000
PIECE = 1 << 20


@dataclass(frozen=True)
class Entry:
    """An object. `etag` changes whenever its bytes do; a key that ends in `/` is an empty folder's marker."""

    key: str
    size: int
    modified_at_ms: int
    etag: str = ""


@dataclass(frozen=True)
class Page:
    """Part of a listing, keys ascending. `folders` (ending in `/`) are what was folded by a delimiter."""

    entries: tuple[Entry, ...]
    folders: tuple[str, ...] = ()


class Store:
    """The object store of a server, seen by whom `access` names. `on_retry` hears of every new try.

    Every method raises `Refused` where the server refuses and `Unreachable` where it does not answer.
    """

    def __init__(
        self,
        access: Access,
        *,
        patience: Patience | None = None,
        on_retry: Callable[[Retry], None] | None = None,
        page: int = PAGE,
    ) -> None:
        self.connection = Connection(access, patience=patience, on_retry=on_retry)
        self._project_id = access.project_id.value
        self._page = page

    @property
    def project_id(self) -> str:
        """The project whose objects these are; that of the keys is asked for once."""
        if not self._project_id:
            found = self.ask(Call("GET", "/v3/projects"))
            self._project_id = str(found["projects"][0]["id"])
        return self._project_id

    def buckets(self) -> list[str]:
        """Names of all buckets of the project, ascending."""
        return [str(item["name"]) for item in self.ask(Call("GET", self.path()))["buckets"]]

    def create_bucket(self, bucket: str) -> bool:
        """Create the bucket unless it is there; whether it was created."""
        try:
            self.connection.call(Call("PUT", self.path(bucket)))
        except Refused as exc:
            if exc.error_code != BUCKET_EXISTS:
                raise
            return False
        return True

    def delete_bucket(self, bucket: str) -> None:
        """Delete an empty bucket."""
        self.connection.call(Call("DELETE", self.path(bucket)))

    def pages(
        self, bucket: str, prefix: str = "", *, folded: bool = False, limit: int | None = None
    ) -> Iterator[Page]:
        """All objects whose key begins with `prefix`, page by page; with `folded` what lies in folders below is one
        entry of `folders` each. `limit` is how many there are on a page.
        """
        after = ""
        while True:
            query = [("prefix", prefix), ("delimiter", "/" if folded else ""), ("after", after)]
            query.append(("limit", str(limit or self._page)))
            sent = [(name, value) for name, value in query if value]
            told = self.ask(Call("GET", self.path(bucket) + "/objects", sent))
            entries = tuple(
                Entry(item["key"], item["size"], item["modified_at_ms"], item.get("etag", ""))
                for item in told["objects"]
            )
            yield Page(entries, tuple(told.get("prefixes", ())))
            after = told["next_after"]
            if not after:
                return

    def entries(self, bucket: str, prefix: str = "") -> Iterator[Entry]:
        """All objects whose key begins with `prefix`, by key."""
        for page in self.pages(bucket, prefix):
            yield from page.entries

    def is_folder(self, bucket: str, key: str) -> bool:
        """Whether anything lies below the folder `key`, or it is there as an empty one. A bucket is a folder."""
        prefix = key.rstrip("/") + "/" if key else ""
        try:
            page = next(self.pages(bucket, prefix, limit=1))
        except Refused as exc:
            if not exc.is_missing:
                raise
            return False
        return not key or bool(page.entries)

    def head(self, bucket: str, key: str) -> Entry:
        """What is known of an object; its time to the second. Raises `Refused` (404) when it is missing."""
        path = self.path(bucket, key)
        try:
            headers, _ = self.connection.call(Call("HEAD", path))
        except Refused as exc:
            if not exc.is_missing:  # an answer to HEAD has no words: asked otherwise, the server says why
                self.connection.open(Call("GET", path, headers={"Range": "bytes=0-0"})).close()
            raise
        modified = parsedate_to_datetime(headers["last-modified"]).timestamp()
        return Entry(key, int(headers["content-length"]), int(modified) * 1000, headers["etag"].strip('"'))

    def find(self, bucket: str, key: str) -> Entry | None:
        """As `head`; None when it is missing."""
        try:
            return self.head(bucket, key)
        except Refused as exc:
            if not exc.is_missing:
                raise
            return None

    def open(
        self, bucket: str, key: str, *, start: int = 0, end: int | None = None, etag: str = ""
    ) -> ObjectStream:
        """The bytes from `start` up to but without `end`, to be read in pieces; of the version `etag`, if given.

        Raises:
            ObjectChanged: it is another version by now.
        """
        return ObjectStream(self.connection, self.path(bucket, key), start=start, end=end, etag=etag)

    def read(self, bucket: str, key: str, *, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from `start` up to but without `end`."""
        stream = self.open(bucket, key, start=start, end=end)
        return b"".join(stream.pieces())

    def write(self, bucket: str, key: str, body: Body) -> None:
        """Store an object in one request, replacing what is there in one step. A key that ends in `/` is an empty
        folder's marker and takes no bytes.
        """
        self.connection.call(Call("PUT", self.path(bucket, key), body=body))

    def delete(self, bucket: str, key: str) -> None:
        """Delete one object. Missing is success."""
        try:
            self.connection.call(Call("DELETE", self.path(bucket, key)))
        except Refused as exc:
            if not exc.is_missing:
                raise

    def close(self) -> None:
        """Hang up. Calling it twice is harmless, and so is using the store again."""
        self.connection.close()

    def path(self, bucket: str = "", key: str = "") -> str:
        """Where a bucket, an object of it, or (without either) the list of buckets is asked for."""
        parts = f"/v1/{self.project_id}/buckets"
        parts += f"/{bucket}" if bucket else ""
        return parts + (f"/objects/{key}" if key else "")

    def ask(self, call: Call) -> dict[str, Any]:
        """The JSON object that answers a call."""
        _, content = self.connection.call(call)
        try:
            told = json.loads(content)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Refused(
                200, "unreadable_answer", f"{call.path} was answered with something else than JSON."
            )
        return told


class ObjectStream:
    """The bytes of one version of an object, or of a range of it. `size` is that of the whole object."""

    def __init__(
        self, connection: Connection, path: str, *, start: int = 0, end: int | None = None, etag: str = ""
    ) -> None:
        self._connection = connection
        self._path = path
        self._cuts = 0
        self.etag = etag
        self.position = start
        self.size = -1
        self._end = end
        self._answer = self._open()

    def read(self, size: int = PIECE) -> bytes:
        """At least one byte, at most `size`; empty at the end. After a cut it goes on where it stood.

        Raises:
            ObjectChanged: it became another version meanwhile.
            Interrupted: it was cut off again and again.
        """
        while self.position < self._last():
            try:
                piece = self._answer.read(min(size, self._last() - self.position))
            except Cut as exc:
                self._go_on(exc.error)
                continue
            if piece:
                self.position += len(piece)
                self._cuts = 0
                return piece
            self._go_on(ConnectionError("the object's bytes ended too early"))
        self._answer.read()  # the end of it, so that the connection can be used again
        return b""

    def pieces(self) -> Iterator[bytes]:
        """All that is left."""
        try:
            while True:
                piece = self.read()
                if not piece:
                    return
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        """Hang up unless everything was read. Calling it twice is harmless."""
        self._answer.close()

    def _last(self) -> int:
        return self.size if self._end is None else min(self._end, self.size)

    def _open(self) -> Answer:
        headers = {}
        if self.position or self._end is not None:
            headers["Range"] = "bytes={}-{}".format(self.position, "" if self._end is None else self._end - 1)
            if self.etag:
                headers["If-Range"] = f'"{self.etag}"'
        answer = self._connection.open(Call("GET", self._path, headers=headers))
        etag = answer.headers.get("etag", "").strip('"')
        ranged = answer.status == 206
        if (self.etag and etag != self.etag) or (self.position and not ranged):
            answer.close()
            raise ObjectChanged(self._path)
        self.etag = etag
        told = answer.headers.get("content-range", "").rpartition("/")[2]
        self.size = int(told if ranged else answer.headers.get("content-length", "0"))
        return answer

    def _go_on(self, cause: Exception) -> None:
        self._answer.close()
        self._cuts += 1
        if self._cuts >= self._connection.patience.tries:
            raise Interrupted(self._connection.access.endpoint.value, in_words(cause)) from cause
        self._connection.pause(self._cuts, cause)
        self._answer = self._open()
