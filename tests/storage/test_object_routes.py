"""The HTTP routes of buckets, objects and uploads, over the folder store."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote, unquote

import anyio
import httpx
import pytest
from fastapi import FastAPI

from trainwright.db.database import Database
from trainwright.db.migrate import upgrade
from trainwright.ports.clock import SystemClock
from trainwright.ports.identity import Principal, User
from trainwright.ports.uow import PLATFORM
from trainwright.server import dependencies, errors
from trainwright.server.routers import objects
from trainwright.services.context import Services
from trainwright.services.owners import BucketOwners
from trainwright.storage.folder import FolderStore
from trainwright.storage.uploads import Uploads

pytestmark = pytest.mark.anyio

ROOT = "/v1/project/buckets"
DATA = bytes(range(256)) * 40


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with two projects: `project`, the first, and `other`."""
    file = tmp_path_factory.mktemp("schema") / "empty.db"
    upgrade(f"sqlite:///{file}")
    with closing(Database.open(f"sqlite:///{file}")) as database, database.units(PLATFORM) as uow:
        for made_ms, project in enumerate(("project", "other")):
            uow.principals.add_user(User(f"of-{project}", "user", project, is_admin=False), made_ms)
        uow.commit()
    return file


@pytest.fixture
def database(schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    file = shutil.copy(schema, tmp_path_factory.mktemp("database") / "test.db")
    with closing(Database.open(f"sqlite:///{file}")) as opened:
        yield opened


@pytest.fixture
def app(tmp_path: Path, database: Database) -> FastAPI:
    store = FolderStore(tmp_path / "store")
    uploads = Uploads(tmp_path / "uploads", store)
    made = FastAPI(redirect_slashes=False)
    errors.install(made)
    made.include_router(objects.router)

    async def blocking(call: Callable[..., Any], *args: Any, **more: Any) -> Any:
        return call(*args, **more)

    async def services() -> Services:
        return ctx

    def caller(project_id: str) -> Principal:
        return Principal(f"of-{project_id}", "user", project_id, is_admin=True)

    parts = SimpleNamespace(
        objects=store, units=database.units, blocking=blocking, clock=SystemClock(), owners=BucketOwners()
    )
    ctx = cast(Services, parts)
    made.dependency_overrides = {
        dependencies.caller: caller,
        dependencies.services: services,
        dependencies.uploads: lambda: uploads,
    }
    return made


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://server", timeout=30) as client:
        assert (await client.put(f"{ROOT}/bucket")).status_code == 201
        yield client


def url(key: str) -> str:
    return f"{ROOT}/bucket/objects/{quote(key, safe='/')}"


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error_code"]


async def test_buckets(http: httpx.AsyncClient) -> None:
    # Guards: routes, statuses and shapes of buckets.
    assert (await http.put(f"{ROOT}/another")).json() == {"name": "another"}
    assert (await http.get(ROOT)).json() == {"buckets": [{"name": "another"}, {"name": "bucket"}]}
    assert code(await http.put(f"{ROOT}/bucket")) == (409, "Trainwright.0102")
    assert code(await http.put(f"{ROOT}/UPPER")) == (400, "Trainwright.0104")
    assert (await http.put(url("k"), content=b"x")).status_code == 200
    assert code(await http.delete(f"{ROOT}/bucket")) == (409, "Trainwright.0103")
    assert (await http.delete(url("k"))).status_code == 204
    assert (await http.delete(f"{ROOT}/bucket")).status_code == 204
    assert code(await http.delete(f"{ROOT}/bucket")) == (404, "Trainwright.0101")


@pytest.mark.parametrize("key", ["k", "a/b c.txt", "ü/漢", "a%20b", "a%2Fb", "x+y", "q?z#1&=", "folder/"])
async def test_an_object_comes_back_as_it_was(http: httpx.AsyncClient, key: str) -> None:
    # Guards: keys are decoded exactly once; headers say what the body is.
    data = b"" if key.endswith("/") else DATA
    stored = await http.put(url(key), content=data)
    assert stored.status_code == 200
    item = stored.json()
    assert (item["key"], item["size"]) == (key, len(data))
    for response in (await http.get(url(key)), await http.head(url(key))):
        assert response.status_code == 200
        assert response.headers["etag"] == f'"{item["etag"]}"' == stored.headers["etag"]
        assert response.headers["content-length"] == str(len(data))
        assert response.headers["accept-ranges"] == "bytes"
        assert response.headers["content-type"] == "application/octet-stream"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "last-modified" in response.headers
        assert response.content == (data if response.request.method == "GET" else b"")
    listed = (await http.get(f"{ROOT}/bucket/objects")).json()
    assert [found["key"] for found in listed["objects"]] == [key]
    assert (await http.delete(url(key))).status_code == 204
    assert code(await http.get(url(key))) == (404, "ModelArts.2836")
    assert (await http.head(url(key))).status_code == 404
    assert (await http.delete(url(key))).status_code == 204


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=10000-", 10000, 10240),
        ("bytes=-10", 10230, 10240),
        ("bytes=0-99999", 0, 10240),
        ("bytes=-99999", 0, 10240),
    ],
)
async def test_ranges(http: httpx.AsyncClient, asked: str, start: int, end: int) -> None:
    # Guards: what resumed downloads rely on.
    await http.put(url("k"), content=DATA)
    response = await http.get(url("k"), headers={"Range": asked})
    assert response.status_code == 206
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    assert response.headers["content-length"] == str(end - start)
    assert response.content == DATA[start:end]


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=9-5", "bytes=-0", "bytes=a-b", "lines=1-2"])
async def test_ranges_that_do_not_exist(http: httpx.AsyncClient, asked: str) -> None:
    # Guards: 416 with the size, so that a client can see that it has everything.
    await http.put(url("k"), content=DATA)
    response = await http.get(url("k"), headers={"Range": asked})
    assert code(response) == (416, "Trainwright.0107")
    assert response.headers["content-range"] == "bytes */10240"


async def test_a_range_of_changed_bytes_sends_all(http: httpx.AsyncClient) -> None:
    # Guards: a resumed download never joins two versions.
    etag = (await http.put(url("k"), content=DATA)).headers["etag"]
    headers = {"Range": "bytes=5-", "If-Range": etag}
    assert (await http.get(url("k"), headers=headers)).status_code == 206
    await http.put(url("k"), content=DATA[::-1])
    changed = await http.get(url("k"), headers=headers)
    assert changed.status_code == 200
    assert changed.content == DATA[::-1]


async def test_listings_in_pages(http: httpx.AsyncClient) -> None:
    # Guards: parameters of the listing and their limits.
    for key in ("a/1", "a/2", "b", "c/3", "d"):
        await http.put(url(key), content=b"x")
    first = (await http.get(f"{ROOT}/bucket/objects", params={"delimiter": "/", "limit": 2})).json()
    assert [item["key"] for item in first["objects"]] == ["b"]
    assert first["prefixes"] == ["a/"]
    params = {"delimiter": "/", "after": first["next_after"]}
    second = (await http.get(f"{ROOT}/bucket/objects", params=params)).json()
    assert [item["key"] for item in second["objects"]] == ["d"]
    assert (second["prefixes"], second["next_after"]) == (["c/"], "")
    below = (await http.get(f"{ROOT}/bucket/objects", params={"prefix": "a/"})).json()
    assert [item["key"] for item in below["objects"]] == ["a/1", "a/2"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"limit": 0}, (400, "ModelArts.2816")),
        ({"limit": 1001}, (400, "ModelArts.2816")),
        ({"limit": "x"}, (400, "ModelArts.2764")),
        ({"delimiter": "-"}, (400, "ModelArts.2764")),
        ({"prefix": "../"}, (400, "ModelArts.2791")),
        ({"prefix": "/etc"}, (400, "ModelArts.2791")),
        ({"prefix": "a\0"}, (400, "ModelArts.2791")),
    ],
)
async def test_listings_that_cannot_be(
    http: httpx.AsyncClient, params: dict[str, Any], expected: tuple[int, str]
) -> None:
    # Guards: each wrong parameter has its own error.
    assert code(await http.get(f"{ROOT}/bucket/objects", params=params)) == expected


BAD_PATHS = [
    "%2e%2e/x",
    "%2e%2e%2fx",
    "a/%2e%2e/%2e%2e/x",
    "a/%2e/x",
    "%2fetc/passwd",
    "/etc/passwd",
    "a//b",
    "a%5c..%5cb",
    "a%00b",
    "a%0ab",
    "%ff",
    "a%ed%a0%80b",
    "",
    "x" * 1025,
]


@pytest.mark.parametrize("raw", BAD_PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_paths_that_lead_elsewhere_are_refused(
    app: FastAPI, tmp_path: Path, method: str, raw: str
) -> None:
    # Guards: every verb, with the path as it arrives: clients tidy paths up before they send them.
    status, body = await raw_request(app, method, f"{ROOT}/bucket/objects/{raw}")
    # a line break is in no route: that path is not known at all
    assert status == (404 if "%0a" in raw else 400)
    assert "%0a" in raw or method == "HEAD" or b"ModelArts.2791" in body
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store", "uploads"]
    assert list((tmp_path / "store").rglob("x")) == []


async def raw_request(app: FastAPI, method: str, target: str, *messages: dict[str, Any]) -> tuple[int, bytes]:
    """Status and body of a request whose path nobody has tidied up; decoded as uvicorn does."""
    received = iter(messages or ({"type": "http.request", "body": b"", "more_body": False},))
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(received)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(target),
        "raw_path": target.encode(),
        "query_string": b"",
        "headers": [(b"host", b"server")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "root_path": "",
    }
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def test_a_body_that_breaks_off_stores_nothing(app: FastAPI, http: httpx.AsyncClient) -> None:
    # Guards: half an object after the client went away.
    status, body = await raw_request(
        app,
        "PUT",
        url("k"),
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    )
    assert (status, b"Trainwright.0109" in body) == (400, True)
    assert (await http.get(f"{ROOT}/bucket/objects")).json()["objects"] == []


async def test_a_resumable_upload(http: httpx.AsyncClient) -> None:
    # Guards: routes, statuses and shapes of uploads from beginning to end.
    begin = {"key": "big/file", "size": 10240, "part_size": 4096, "revision": "1"}
    upload = (await http.post(f"{ROOT}/bucket/uploads", json=begin)).json()
    base = f"{ROOT}/bucket/uploads/{upload['upload_id']}"
    assert upload == {
        "upload_id": upload["upload_id"],
        "key": "big/file",
        "size": 10240,
        "part_size": 4096,
        "parts": [],
    }
    part = await http.put(f"{base}/parts/3", content=DATA[8192:])
    assert part.json() == {"number": 3, "size": 2048}
    assert code(await http.post(f"{base}/completion")) == (409, "Trainwright.0106")
    assert (await http.post(f"{ROOT}/bucket/uploads", json=begin)).json() == {**upload, "parts": [3]}
    assert (await http.get(base)).json()["parts"] == [3]
    assert code(await http.put(f"{base}/parts/1", content=b"short")) == (400, "ModelArts.2788")
    assert code(await http.put(f"{base}/parts/9", content=b"x")) == (400, "ModelArts.2788")
    for number in (1, 2):
        await http.put(f"{base}/parts/{number}", content=DATA[(number - 1) * 4096 : number * 4096])
    done = await http.post(f"{base}/completion")
    assert (done.status_code, done.json()["size"]) == (200, 10240)
    assert (await http.post(f"{base}/completion")).json() == done.json()
    assert (await http.get(url("big/file"))).content == DATA
    assert code(await http.get(base)) == (404, "Trainwright.0105")


async def test_an_upload_can_be_dropped(http: httpx.AsyncClient) -> None:
    # Guards: abort, and that it happens once.
    begin = {"key": "k", "size": 10, "part_size": 10}
    upload = (await http.post(f"{ROOT}/bucket/uploads", json=begin)).json()
    base = f"{ROOT}/bucket/uploads/{upload['upload_id']}"
    assert (await http.delete(base)).status_code == 204
    assert code(await http.delete(base)) == (404, "Trainwright.0105")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"key": "../x"}, (400, "ModelArts.2791")),
        ({"size": -1}, (400, "ModelArts.2788")),
        ({"size": "x"}, (400, "ModelArts.2788")),
        ({"part_size": 0}, (400, "ModelArts.2788")),
        ({"size": 10_001, "part_size": 1}, (400, "ModelArts.2816")),
        ({"key": None}, (400, "ModelArts.2788")),
    ],
)
async def test_uploads_that_cannot_be(
    http: httpx.AsyncClient, change: dict[str, Any], expected: tuple[int, str]
) -> None:
    # Guards: refused before a single byte was sent.
    begin = {"key": "k", "size": 10, "part_size": 10, **change}
    assert code(await http.post(f"{ROOT}/bucket/uploads", json=begin)) == expected


OTHERS = "/v1/other/buckets"
BEGIN = {"key": "big/file", "size": 10240, "part_size": 4096, "revision": "1"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "{bucket}/objects", None),
        ("GET", "{bucket}/objects/k", None),
        ("HEAD", "{bucket}/objects/k", None),
        ("PUT", "{bucket}/objects/k", b"x"),
        ("DELETE", "{bucket}/objects/k", None),
        ("DELETE", "{bucket}", None),
        ("POST", "{bucket}/uploads", BEGIN),
        ("GET", "{bucket}/uploads/{upload}", None),
        ("PUT", "{bucket}/uploads/{upload}/parts/1", DATA[:4096]),
        ("POST", "{bucket}/uploads/{upload}/completion", None),
        ("DELETE", "{bucket}/uploads/{upload}", None),
    ],
)
async def test_buckets_of_others_do_not_exist(
    http: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    # Guards: every route answers for another project's bucket as for one that was never made, and does nothing to it.
    await http.put(url("k"), content=DATA)
    upload = (await http.post(f"{ROOT}/bucket/uploads", json=BEGIN)).json()["upload_id"]
    answers = []
    for bucket in ("bucket", "never-made"):
        sent = {"json": body} if isinstance(body, dict) else {"content": body}
        answer = await http.request(method, f"{OTHERS}/{path.format(bucket=bucket, upload=upload)}", **sent)
        answers.append((answer.status_code, answer.text.replace(bucket, "BUCKET")))
    assert answers[0] == answers[1]
    assert (await http.get(url("k"))).content == DATA
    assert (await http.get(f"{ROOT}/bucket/uploads/{upload}")).json()["parts"] == []


async def test_a_bucket_is_listed_and_made_by_its_own_project_only(http: httpx.AsyncClient) -> None:
    # Guards: the listing, and names that are taken (by another, or by the platform) without a word about whose.
    assert (await http.get(OTHERS)).json() == {"buckets": []}
    taken = await http.put(f"{OTHERS}/bucket")
    assert code(taken) == (409, "Trainwright.0102")
    assert taken.json()["error_msg"] == (await http.put(f"{ROOT}/bucket")).json()["error_msg"]
    assert code(await http.put(f"{ROOT}/trainwright-anything")) == (409, "Trainwright.0102")
    assert (await http.put(f"{OTHERS}/theirs")).status_code == 201
    assert (await http.get(OTHERS)).json() == {"buckets": [{"name": "theirs"}]}
    assert (await http.get(ROOT)).json() == {"buckets": [{"name": "bucket"}]}


async def test_an_upload_ends_with_its_bucket(http: httpx.AsyncClient) -> None:
    # Guards: the new owner of a name against uploads that the old one had begun.
    await http.put(f"{OTHERS}/moving")
    upload = (await http.post(f"{OTHERS}/moving/uploads", json={**BEGIN, "size": 1})).json()["upload_id"]
    assert (await http.put(f"{OTHERS}/moving/uploads/{upload}/parts/1", content=b"x")).status_code == 200
    assert (await http.delete(f"{OTHERS}/moving")).status_code == 204
    assert (await http.put(f"{ROOT}/moving")).status_code == 201
    done = await http.post(f"{OTHERS}/moving/uploads/{upload}/completion")
    assert code(done) == (404, "Trainwright.0105")
    assert (await http.get(f"{ROOT}/moving/objects")).json()["objects"] == []


async def test_a_write_with_a_condition(http: httpx.AsyncClient) -> None:
    """Guards If-Match and If-None-Match of PUT: what they say must be there, or the answer is 412."""
    first = await http.put(url("k"), content=b"1", headers={"If-None-Match": "*"})
    assert first.status_code == 200
    there = await http.put(url("k"), content=b"2", headers={"If-None-Match": "*"})
    assert code(there) == (412, "Trainwright.0112") and there.json()["error_solution"]
    etag = first.headers["etag"]
    second = await http.put(url("k"), content=b"two", headers={"If-Match": etag})
    assert second.status_code == 200
    assert code(await http.put(url("k"), content=b"3", headers={"If-Match": etag})) == (
        412,
        "Trainwright.0112",
    )
    assert (await http.get(url("k"))).content == b"two"
    assert (await http.put(url("k"), content=b"4", headers={"If-Match": "*"})).status_code == 200
    assert code(await http.put(url("n"), content=b"5", headers={"If-Match": "*"})) == (
        412,
        "Trainwright.0112",
    )
    assert (await http.get(url("n"))).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": "abc"},
        {"If-Match": 'W/"abc"'},
        {"If-Match": '"a", "b"'},
        {"If-Match": ""},
        {"If-None-Match": '"abc"'},
        {"If-None-Match": "*", "If-Match": '"abc"'},
    ],
)
async def test_conditions_that_cannot_be(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Guards that a condition that is not understood is refused, and not left out."""
    answer = await http.put(url("k"), content=b"x", headers=headers)
    assert answer.status_code == 400 and answer.json()["error_field"] in headers
    assert (await http.get(url("k"))).status_code == 404


async def test_two_who_save_at_once(http: httpx.AsyncClient) -> None:
    """Guards that of two editors of one version one is told, not overwritten; many times over."""
    etag = (await http.put(url("k"), content=b"0")).headers["etag"]
    for round_ in range(20):
        answers: dict[bytes, httpx.Response] = {}

        async def save(data: bytes, etag: str = etag, answers: dict[bytes, httpx.Response] = answers) -> None:
            answers[data] = await http.put(url("k"), content=data, headers={"If-Match": etag})

        async with anyio.create_task_group() as group:
            group.start_soon(save, b"a%d" % round_)
            group.start_soon(save, b"b%d" % round_)
        stored = [data for data, answer in answers.items() if answer.status_code == 200]
        assert sorted(answer.status_code for answer in answers.values()) == [200, 412]
        assert [(await http.get(url("k"))).content] == stored
        etag = answers[stored[0]].headers["etag"]


async def test_an_upload_that_replaces_nothing(http: httpx.AsyncClient) -> None:
    """Guards `overwrite` of resumable uploads: at the beginning, and for what came meanwhile."""
    uploads = f"{ROOT}/bucket/uploads"
    body = {"key": "k", "size": 3, "part_size": 3, "overwrite": False}
    begun = (await http.post(uploads, json=body)).json()["upload_id"]
    assert (await http.post(uploads, json=body)).json()["upload_id"] == begun
    assert (await http.post(uploads, json={**body, "overwrite": True})).json()["upload_id"] != begun
    assert (await http.put(f"{uploads}/{begun}/parts/1", content=b"new")).status_code == 200
    await http.put(url("k"), content=b"old")
    assert code(await http.post(uploads, json=body)) == (412, "Trainwright.0112")
    assert code(await http.post(f"{uploads}/{begun}/completion")) == (412, "Trainwright.0112")
    assert (await http.get(url("k"))).content == b"old"
    await http.delete(url("k"))
    assert (await http.post(f"{uploads}/{begun}/completion")).status_code == 200
    assert (await http.post(f"{uploads}/{begun}/completion")).status_code == 200
    assert (await http.get(url("k"))).content == b"new"
