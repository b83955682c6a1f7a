"""The S3 store where the contract says nothing: links, refusals, silence, and services of other habits."""

import gc
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import httpx
import pytest

from tests.contract.object_stores import all_pages, get, names, new_bucket, pieces, put
from tests.storage.seaweed import seaweed
from trainwright.domain.errors import BucketExists, InvalidBucketName, ObjectChanged, StorageUnavailable
from trainwright.domain.obs import ObsPath
from trainwright.ports.objects import NOTHING
from trainwright.storage import s3
from trainwright.storage.s3 import S3Store
from trainwright.storage.s3_calls import S3Calls, S3Settings

pytestmark = pytest.mark.anyio

ELSEWHERE = S3Settings("https://s3.example.com", "eu-central-1", "AK", "SK")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Settings]:
    with seaweed(tmp_path_factory.mktemp("seaweed")) as running:
        yield running


@pytest.fixture
async def store(service: S3Settings) -> AsyncIterator[S3Store]:
    opened = S3Store(service)
    yield opened
    await opened.close()


@pytest.fixture
async def bucket(store: S3Store) -> str:
    name = new_bucket()
    await store.create_bucket(name)
    return name


@pytest.mark.parametrize("key", ["a b/ü", "a%20b+c", "q?z#1&=", "日本.txt"])
async def test_links_carry_bytes_both_ways_without_credentials(store: S3Store, bucket: str, key: str) -> None:
    # Guards: what runners use when they share no folder with the store.
    path = ObsPath(bucket, key)
    put_url = await store.sign(path, method="PUT", ttl_s=60)
    get_url = await store.sign(path, method="GET", ttl_s=60)
    assert put_url is not None
    assert get_url is not None
    async with httpx.AsyncClient(timeout=10) as client:
        assert (await client.put(put_url, content=b"bytes")).status_code == 200
        assert (await client.get(get_url)).content == b"bytes"
        assert (await client.put(get_url, content=b"other")).status_code == 403
        assert (await client.get(get_url.replace(bucket, new_bucket()))).status_code == 403
    assert await get(store, bucket, key) == b"bytes"
    assert store.shared_path(path) is None


async def test_only_reading_and_writing_is_signed(store: S3Store, bucket: str) -> None:
    # Guards: a link that deletes.
    with pytest.raises(ValueError, match="DELETE"):
        await store.sign(ObsPath(bucket, "k"), method="DELETE", ttl_s=60)


async def test_wrong_keys_are_a_fault_of_the_platform(
    service: S3Settings, store: S3Store, bucket: str
) -> None:
    # Guards: users read "the store failed", not "not found"; secrets and addresses stay out of it.
    await put(store, bucket, "k")
    wrong = S3Store(replace(service, secret_key="wrong-secret"))
    path = ObsPath(bucket, "k")
    try:
        for call in (
            lambda: wrong.list_buckets(),
            lambda: wrong.create_bucket(new_bucket()),
            lambda: wrong.bucket_exists(bucket),
            lambda: wrong.list_page(ObsPath(bucket)),
            lambda: wrong.head(path),
            lambda: wrong.write(path, pieces(b"x")),
            lambda: wrong.delete(path),
            lambda: get(wrong, bucket, "k"),
        ):
            with pytest.raises(StorageUnavailable) as caught:
                await call()
            assert "wrong-secret" not in str(caught.value)
            assert service.endpoint not in str(caught.value)
    finally:
        await wrong.close()


async def test_a_service_that_is_away_is_a_fault_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    # Guards: a refused connection, on both ways to the service.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = S3Store(S3Settings(f"http://127.0.0.1:{port}", "us-east-1", "AK", "SK", allow_http=True))
    try:
        with pytest.raises(StorageUnavailable):
            await away.list_buckets()
        with pytest.raises(StorageUnavailable):
            await away.head(ObsPath("bucket", "k"))
    finally:
        await away.close()


async def test_the_environment_changes_nothing(
    service: S3Settings, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Guards: AWS_* variables of whoever starts the server.
    for name, value in {
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "other",
        "AWS_SECRET_ACCESS_KEY": "other",
        "AWS_SESSION_TOKEN": "other",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_REGION": "elsewhere-1",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    }.items():
        monkeypatch.setenv(name, value)
    opened = S3Store(service)
    try:
        await put(opened, bucket, "k", b"bytes")
        assert await get(opened, bucket, "k") == b"bytes"
    finally:
        await opened.close()


async def test_large_objects_take_bounded_memory(store: S3Store, bucket: str) -> None:
    # Guards: a write that gathers the whole object before it sends it.
    alive = 0
    most = 0

    class Block(bytes):
        def __new__(cls) -> "Block":
            nonlocal alive
            alive += 1
            return super().__new__(cls, s3.PART)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    async def source() -> AsyncIterator[bytes]:
        nonlocal most
        for _ in range(8):
            yield Block()
            gc.collect()
            most = max(most, alive)

    meta = await store.write(ObsPath(bucket, "big"), source())
    assert meta.size == 8 * s3.PART
    assert most <= s3.PARTS_AT_ONCE + 3
    read = 0
    async for piece in store.read(ObsPath(bucket, "big")):
        assert len(piece) <= 4 << 20
        read += len(piece)
    assert read == meta.size


@pytest.mark.parametrize(
    "endpoint",
    ["", "s3.example.com", "ftp://s3.example.com", "https://", "https://u:p@host", "https://host/?q"],
)
def test_endpoints_that_are_none_are_refused(endpoint: str) -> None:
    # Guards: a typing error in the settings is told at the start.
    with pytest.raises(ValueError, match="not the URL"):
        S3Settings(endpoint, "us-east-1", "AK", "SK")


def test_an_unencrypted_endpoint_must_be_meant() -> None:
    # Guards: keys and data in the clear by accident.
    with pytest.raises(ValueError, match="allow_http"):
        S3Settings("http://s3.example.com", "us-east-1", "AK", "SK")
    assert "SK" not in repr(ELSEWHERE)


def test_the_bucket_is_in_the_path_or_the_host() -> None:
    # Guards: OBS wants the host, SeaweedFS the path.
    assert ELSEWHERE.bucket_url("b") == "https://s3.example.com/b"
    hosted = replace(ELSEWHERE, path_style=False)
    assert hosted.bucket_url("b") == "https://b.s3.example.com"
    assert hosted.bucket_url("") == "https://s3.example.com"


# -- services of other habits, played by a transport -------------------------------------------------------------------


class Played:
    """An `S3Store` whose service is `answer`."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        answer: Callable[[httpx.Request], httpx.Response],
        settings: S3Settings = ELSEWHERE,
    ) -> None:
        self.asked: list[httpx.Request] = []

        def record(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            return answer(request)

        client = httpx.AsyncClient(transport=httpx.MockTransport(record))
        monkeypatch.setattr("trainwright.storage.s3_calls.httpx.AsyncClient", lambda **_: client)
        self.store = S3Store(settings)
        monkeypatch.setattr("trainwright.storage.s3_calls._BACKOFF_S", 0.0)


def as_on_aws(keys: list[str]) -> Callable[[httpx.Request], httpx.Response]:
    """ListObjectsV2 in the order of bytes; a folder is folded again when `start-after` lies in it; spaces are `+`."""

    def answer(request: httpx.Request) -> httpx.Response:
        query = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        position = query.get("continuation-token", "").removeprefix("opaque:") or query.get("start-after", "")
        prefix, delimiter, limit = query["prefix"], query.get("delimiter", ""), int(query["max-keys"])
        found: dict[str, str] = {}
        more = False
        for key in sorted(keys):
            if not key.startswith(prefix) or key <= position:
                continue
            cut = key.find("/", len(prefix)) if delimiter else -1
            name = key if cut < 0 else key[: cut + 1]
            if name not in found and len(found) == limit:
                more = True
                break
            found[name] = key
        token = (
            f"<NextContinuationToken>opaque:{escape(max(found.values(), default=''))}</NextContinuationToken>"
        )
        return httpx.Response(
            200,
            text='<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>{token if more else ''}"
            + "".join(_entry(name, folded=name != key or name.endswith("/")) for name, key in found.items())
            + "</ListBucketResult>",
        )

    return answer


def _entry(name: str, *, folded: bool) -> str:
    encoded = httpx.QueryParams({"": name}).__str__()[1:].replace("%2F", "/").replace("%20", "+")
    if folded:
        return f"<CommonPrefixes><Prefix>{encoded}</Prefix></CommonPrefixes>"
    return (
        f"<Contents><Key>{encoded}</Key><LastModified>2026-11-22T02:28:44.123Z</LastModified>"
        "<ETag>&quot;e&quot;</ETag><Size>3</Size></Contents>"
    )


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("delimiter", [False, True])
async def test_pages_of_a_service_in_the_order_of_bytes(
    monkeypatch: pytest.MonkeyPatch, limit: int, delimiter: bool
) -> None:
    # Guards: S3 and OBS themselves: nothing lost and nothing twice where folders stand among objects.
    keys = ["a b", "a!", "a+b", "a-1", "a.txt", "a/x", "a/y", "a/z/1", "a0", "a%2F", "b/1", "b/2", "ü"]
    played = Played(monkeypatch, as_on_aws(keys))
    found = await all_pages(played.store, "bucket", delimiter=delimiter, limit=limit)
    expected = (
        sorted({key.partition("/")[0] + "/" if "/" in key else key for key in keys})
        if delimiter
        else sorted(keys)
    )
    assert [name for page in found for name in names(page)] == sorted(expected)
    await played.store.close()


async def test_keys_that_cannot_be_said_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # Guards: buckets that others filled; pages that consist of such keys only.
    played = Played(
        monkeypatch, as_on_aws([*(f"//{number}" for number in range(30)), "../x", "/abs", "ok", "zz//"])
    )
    found = await all_pages(played.store, "bucket", limit=3)
    assert [name for page in found for name in names(page)] == ["ok"]
    await played.store.close()


async def test_trouble_of_the_service_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # Guards: a passing 503.
    answers = iter([httpx.Response(503), httpx.Response(500), httpx.Response(200)])
    played = Played(monkeypatch, lambda _: next(answers))
    assert await played.store.bucket_exists("bucket")
    assert len(played.asked) == 3
    await played.store.close()


async def test_a_refusal_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # Guards: keys that get locked after many wrong tries.
    played = Played(
        monkeypatch, lambda _: httpx.Response(403, text="<Error><Code>AccessDenied</Code></Error>")
    )
    with pytest.raises(StorageUnavailable, match="403 AccessDenied"):
        await played.store.list_buckets()
    assert len(played.asked) == 1
    await played.store.close()


async def test_silence_is_a_fault_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    # Guards: timeouts.
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("silence", request=request)

    played = Played(monkeypatch, silent)
    with pytest.raises(StorageUnavailable, match="ReadTimeout"):
        await played.store.list_buckets()
    assert len(played.asked) == 3
    await played.store.close()


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    "body",
    ["", "no xml", "<a>", LAUGHS, '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "x" * ((16 << 20) + 1)],
)
async def test_answers_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    # Guards: entity expansion, endless answers, and services that are something else.
    played = Played(monkeypatch, lambda _: httpx.Response(200, text=body))
    with pytest.raises(StorageUnavailable):
        await played.store.list_buckets()
    await played.store.close()


class Conditions(BaseHTTPRequestHandler):
    """A service with one bucket that answers writes with a condition by `refusal`, and keeps the others."""

    refusal = (501, "NotImplemented")
    bodies: ClassVar[list[bytes]] = []
    refused = 0

    def do_HEAD(self) -> None:
        """The bucket, and the object that was stored last."""
        is_there = self.path.count("/") == 1 or bool(self.bodies)
        self.send_response(200 if is_there else 404)
        self.send_header("ETag", f'"{len(self.bodies)}"')
        self.send_header("Last-Modified", "Wed, 21 Oct 2026 07:28:00 GMT")
        self.send_header("Content-Length", "1")
        self.end_headers()

    def do_PUT(self) -> None:
        """An object."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        has_condition = bool({"if-match", "if-none-match"} & {name.lower() for name in self.headers})
        status, code = self.refusal if has_condition else (200, "")
        answer = f"<Error><Code>{code}</Code></Error>".encode() if has_condition else b""
        if has_condition:
            type(self).refused += 1
        else:
            self.bodies.append(body)
        self.send_response(status)
        self.send_header("ETag", f'"{len(self.bodies)}"')
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def conditions(status: int, code: str) -> Iterator[tuple[S3Store, type[Conditions]]]:
    """A store in a service that refuses conditions so."""
    handler = type("Refusing", (Conditions,), {"refusal": (status, code), "bodies": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield S3Store(S3Settings(address, "us-east-1", "AK", "SK", allow_http=True)), handler
    finally:
        server.shutdown()
        server.server_close()


async def test_a_service_without_conditions_is_looked_at_first() -> None:
    # Guards: services that know no conditional writes, and say so: objects can be saved, and are not replaced blindly.
    path = ObsPath("bucket", "k")
    with conditions(501, "NotImplemented") as (store, service):
        first = await store.write(path, pieces(b"1"), replacing=NOTHING)
        with pytest.raises(ObjectChanged, match="exists already"):
            await store.write(path, pieces(b"2"), replacing=NOTHING)
        asked = service.refused
        await store.write(path, pieces(b"3"), replacing=first.etag)
        assert (service.bodies, service.refused) == ([b"1", b"3"], asked)  # it is not asked again
        with pytest.raises(ObjectChanged, match="has changed"):
            await store.write(path, pieces(b"4"), replacing=first.etag)
        await store.close()


@pytest.mark.parametrize("status", [404, 409, 412])
async def test_a_service_whose_object_changes_meanwhile(status: int) -> None:
    # Guards: what services answer to the slower of two writers, or where the object was just deleted.
    path = ObsPath("bucket", "k")
    with conditions(status, "Whatever") as (store, service):
        there = await store.write(path, pieces(b"1"))
        with pytest.raises(ObjectChanged, match="has changed"):
            await store.write(path, pieces(b"2"), replacing=there.etag)
        assert service.bodies == [b"1"]
        await store.close()


async def test_the_region_is_named_when_a_bucket_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    # Guards: regions other than the default; wrong and taken names.
    answers = iter([httpx.Response(200), httpx.Response(409), httpx.Response(400)])
    played = Played(monkeypatch, lambda _: next(answers))
    await played.store.create_bucket("bucket")
    assert b"<LocationConstraint>eu-central-1</LocationConstraint>" in played.asked[0].content
    with pytest.raises(BucketExists):
        await played.store.create_bucket("bucket")
    with pytest.raises(InvalidBucketName):
        await played.store.create_bucket("192.168.1.1")
    await played.store.close()


async def test_the_service_is_addressed_by_host_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    # Guards: virtual-hosted buckets, signed for the host they are sent to.
    played = Played(monkeypatch, lambda _: httpx.Response(200), replace(ELSEWHERE, path_style=False))
    await played.store.bucket_exists("bucket")
    assert str(played.asked[0].url) == "https://bucket.s3.example.com/"
    assert played.asked[0].headers["host"] == "bucket.s3.example.com"
    await played.store.close()


async def test_closing_twice_is_fine() -> None:
    # Guards: shutdown paths that meet.
    calls = S3Calls(ELSEWHERE)
    await calls.close()
    await calls.close()
