"""The S3 calls that obstore has no words for: buckets, folder markers and listings in pages, by signed requests."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote_plus, urlsplit
from xml.etree import ElementTree

import anyio
import httpx

from trainwright.domain.errors import StorageUnavailable
from trainwright.storage.sigv4 import Credentials, Unsigned, signed_headers

CONNECT_S = 5.0
ANSWER_S = 30.0
_TRIES = 3
_BACKOFF_S = 0.2
_ANSWER_BYTES_MAX = 16 << 20  # a page of 1,000 keys of 1,024 encoded bytes is below 5 MB
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,64})</Code>")


@dataclass(frozen=True, slots=True)
class S3Settings:
    """An S3-compatible service.

    `endpoint` is its URL without a bucket. `path_style`: the bucket is the first part of the path, otherwise of the
    host name. `allow_http`: unencrypted endpoints are accepted. `session_token` belongs to temporary keys.
    """

    endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    path_style: bool = True
    allow_http: bool = False
    session_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.endpoint)
        if parts.scheme not in ("https", "http") or not parts.netloc or parts.query or parts.username:
            raise ValueError(f"not the URL of a service: {self.endpoint!r}")
        if parts.scheme == "http" and not self.allow_http:
            raise ValueError(f"{self.endpoint!r} is not encrypted; set allow_http to accept that")

    def bucket_url(self, bucket: str) -> str:
        """Where `bucket` lies; the service itself when it is empty."""
        parts = urlsplit(self.endpoint)
        root = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        if not bucket:
            return root
        return f"{root}/{bucket}" if self.path_style else root.replace("://", f"://{bucket}.", 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """An object of a listing, or (size -1) a folded folder."""

    name: str
    size: int = -1
    modified_at_ms: int = 0
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What one call listed. `token` asks for the rest; empty: there is none. `last` is the name of the last entry in
    the service's order.
    """

    entries: tuple[Entry, ...]
    token: str
    last: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers of a call that was answered with anything but trouble."""

    status: int
    body: bytes
    headers: httpx.Headers


class S3Calls:
    """Signed calls to one service. `close` when done."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings.access_key, settings.secret_key, settings.session_token)
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S))

    async def close(self) -> None:
        """Close the connections. Calling it twice is fine."""
        await self._client.aclose()

    async def list_buckets(self) -> list[str]:
        """Names, as the service orders them. Raises `StorageUnavailable`."""
        answer = await self.call("GET")
        return [_text(node, "Name") for node in _xml(answer.body).iterfind("{*}Buckets/{*}Bucket")]

    async def list_objects(
        self, bucket: str, prefix: str, *, delimiter: bool, after: str, token: str, limit: int
    ) -> Listing | None:
        """A page of at most `limit` (1 to 1000) entries; None when there is no such bucket.

        Raises:
            StorageUnavailable: no answer, or not one that can be understood.
        """
        query = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", str(limit)), ("prefix", prefix)]
        query += [("delimiter", "/")] if delimiter else []
        query += [("continuation-token", token)] if token else [("start-after", after)] if after else []
        answer = await self.call("GET", bucket, query=query, passes=(404,))
        return None if answer.status == 404 else _listing(_xml(answer.body))

    async def call(
        self,
        method: str,
        bucket: str = "",
        key: str = "",
        *,
        query: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        passes: Sequence[int] = (),
    ) -> Answer:
        """The answer, when its status is a success or in `passes`. Tried again when the service does not answer or
        has trouble of its own.

        Raises:
            StorageUnavailable: anything else.
        """
        for again in reversed(range(_TRIES)):
            try:
                answer = await self._send(method, bucket, key, query, body)
            except httpx.HTTPError as exc:
                if not again:
                    raise StorageUnavailable(detail=f"no answer ({type(exc).__name__})") from exc
            else:
                if answer.status < 300 or answer.status in passes:
                    return answer
                if not again or answer.status < 500:
                    raise StorageUnavailable(detail=_refusal(answer))
            await anyio.sleep(_BACKOFF_S * 2 ** (_TRIES - again) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
        raise AssertionError("unreachable")

    async def _send(
        self, method: str, bucket: str, key: str, query: Sequence[tuple[str, str]], body: bytes
    ) -> Answer:
        url = urlsplit(self._settings.bucket_url(bucket))
        path = f"{url.path}/{key}" if key or not url.path else url.path
        unsigned = Unsigned(method, url.netloc, path, query, body)
        headers = signed_headers(
            unsigned, self._credentials, region=self._settings.region, at=datetime.now(UTC)
        )
        target = f"{url.scheme}://{url.netloc}{unsigned.target}"
        async with self._client.stream(method, target, headers=headers, content=body) as response:
            received = bytearray()
            async for piece in response.aiter_bytes():
                received += piece
                if len(received) > _ANSWER_BYTES_MAX:
                    raise StorageUnavailable(detail="its answer is too long")
            return Answer(response.status_code, bytes(received), response.headers)


def error_code(text: str) -> str:
    """The S3 error code in an answer's text, such as `NoSuchBucket`; empty when there is none."""
    match = _CODE.search(text)
    return match[1] if match else ""


def _refusal(answer: Answer) -> str:
    code = error_code(answer.body.decode("utf-8", "replace"))
    return f"it answered {answer.status} {code}".rstrip()


def _xml(body: bytes) -> ElementTree.Element:
    # S3 answers have no document type; without one there are no entities to expand or to fetch.
    if b"<!" in body:
        raise StorageUnavailable(detail="its answer holds a document type")
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - see above
    except ElementTree.ParseError as exc:
        raise StorageUnavailable(detail="its answer is not XML") from exc


def _listing(root: ElementTree.Element) -> Listing:
    encoded = root.findtext("{*}EncodingType") == "url"

    def name(node: ElementTree.Element, tag: str) -> str:
        return unquote_plus(_text(node, tag)) if encoded else _text(node, tag)

    try:
        found = [
            Entry(
                name(node, "Key"),
                int(_text(node, "Size")),
                _milliseconds(_text(node, "LastModified")),
                _text(node, "ETag").strip('"'),
            )
            for node in root.iterfind("{*}Contents")
        ]
    except ValueError as exc:
        raise StorageUnavailable(detail="its listing cannot be understood") from exc
    folders = [Entry(name(node, "Prefix")) for node in root.iterfind("{*}CommonPrefixes")]
    token = _text(root, "NextContinuationToken") if root.findtext("{*}IsTruncated") == "true" else ""
    ends = [part[-1].name for part in (found, folders) if part]
    # Objects and folders come apart. Which was last is told by the order of names, but not on SeaweedFS, whose order
    # is that of a tree (`a/` before `a.txt`) and whose token is the last name.
    last = token if token in ends else max(ends, default="")
    return Listing((*found, *folders), token, last)


def _milliseconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp() * 1000)


def _text(node: ElementTree.Element, tag: str) -> str:
    return node.findtext(f"{{*}}{tag}") or ""
