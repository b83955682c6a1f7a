"""What every route has in common: who may call, the shape of errors, language, request id, limits."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.datastructures import Headers

from tests.server.world import PROJECT, TOKEN, ServerWorld
from trainwright.domain.errors import BackendUnavailable, TrainwrightError
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.server.app import bare_app
from trainwright.server.auth import TokenCache, is_open
from trainwright.server.context import language_of
from trainwright.server.errors import STATUS, status_of
from trainwright.server.limits import JSON_BODY_MAX, LOG_IN_BODY_MAX
from trainwright.server.openapi import describe

pytestmark = pytest.mark.anyio

JOBS = f"/v2/{PROJECT}/training-jobs"
SEARCH = f"/v2/{PROJECT}/training-job-searches"


def routes(router: APIRouter) -> Iterator[APIRoute]:
    """All routes below `router`, however deep FastAPI has nested them."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif not isinstance(route, APIWebSocketRoute):  # tests/server/test_shell.py tries those
            yield from routes(getattr(route, "original_router"))  # noqa: B009  # of a class FastAPI keeps private


def calls(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every verb and path of the application, parameters filled in."""
    for route in routes(app.router):
        path = re.sub(r"\{project_id\}", PROJECT, route.path)
        for verb in route.methods or ():
            yield verb, re.sub(r"\{[^}]+\}", "1", path)


def check_shape(response: httpx.Response, status: int, code: str) -> str:
    """The contract's error body, and nothing else; returns the message."""
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    body = response.json()
    assert set(body) - {"error_field"} == {"error_code", "error_msg", "error_solution", "request_id"}
    assert body["error_code"] == code
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["error_msg"] and "{" not in body["error_msg"]
    return str(body["error_msg"])


async def test_every_route_wants_credentials(world: ServerWorld) -> None:
    """Walks all routes: without and with wrong credentials 401, before anything else is looked at."""
    checked = 0
    async with world.client(token="") as nobody, world.client(token="tw_wrong") as wrong:
        for verb, path in calls(world.app):
            if is_open(path) and not path.startswith("/runner/"):
                continue
            for client in (nobody, wrong):
                response = await client.request(verb, path, content=b"not json")
                assert response.status_code == 401, (verb, path)
                if verb != "HEAD":
                    check_shape(response, 401, "ModelArts.0205")
                assert response.headers["www-authenticate"] == "Bearer"
                checked += 1
    assert checked > 60


async def test_unknown_paths_tell_nothing_to_strangers(world: ServerWorld) -> None:
    """Whoever has no credentials cannot tell which paths exist."""
    async with world.client(token="") as nobody:
        unknown = ("/nothing", "/v2/x", "/healthy", "/runner", "/v3/auth", "/health/")
        for path in (*unknown, "/consoles", "/v1/session/", "/v1/sessions"):
            check_shape(await nobody.get(path), 401, "ModelArts.0205")


async def test_health_is_open(world: ServerWorld) -> None:
    """The only thing everyone may ask."""
    async with world.client(token="") as nobody:
        response = await nobody.get("/health")
    assert response.status_code == 200
    assert response.json()["status"] == "ok" and response.json()["version"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer  {TOKEN}"},
        {"X-Auth-Token": TOKEN},
        {"X-Auth-Token": TOKEN, "Authorization": "x"},
    ],
)
async def test_both_ways_to_show_a_token(world: ServerWorld, headers: dict[str, str]) -> None:
    """Bearer, or X-Auth-Token, which wins over whatever stands in Authorization."""
    async with world.client(token="", **headers) as client:
        assert (await client.get(f"/v2/{PROJECT}/training-job-engines")).status_code == 200


async def test_foreign_project_is_denied(world: ServerWorld) -> None:
    """The project in the path must be the caller's, on every route that has one."""
    async with world.client() as client:
        for verb, path in calls(world.app):
            if PROJECT in path and verb != "HEAD":
                foreign = path.replace(PROJECT, "q" * 32)
                check_shape(await client.request(verb, foreign, json={}), 403, "ModelArts.0210")
        unset = await client.get("/v2/%7Bproject_id%7D/training-job-engines")
        check_shape(unset, 403, "ModelArts.0210")


async def test_unknown_route_and_wrong_verb(world: ServerWorld) -> None:
    """404 and 405 in our shape; slashes never redirect."""
    async with world.client() as client:
        assert "/v2/nothing" in check_shape(await client.get("/v2/nothing"), 404, "Trainwright.0002")
        check_shape(await client.get(JOBS + "/"), 404, "Trainwright.0002")
        check_shape(await client.get(JOBS + "/a%2Fb/c"), 404, "Trainwright.0002")
        check_shape(await client.get(JOBS + "/a%00b"), 404, "ModelArts.2775")
        response = await client.patch(JOBS)
        assert "PATCH" in check_shape(response, 405, "Trainwright.0003")
        assert "POST" in response.headers["allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b'{"a":' + b"[" * 100_000,
    ],
)
async def test_bad_json_is_named(world: ServerWorld, body: bytes) -> None:
    """Whatever is not a JSON object is refused as such, whatever its content type says."""
    async with world.client() as client:
        for kind in ("application/json", "text/plain", "application/json;charset=utf-8"):
            response = await client.post(SEARCH, content=body, headers={"Content-Type": kind})
            check_shape(response, 400, "ModelArts.2787")


async def test_body_without_content_type_is_read(world: ServerWorld) -> None:
    """The official client's headers vary; the body decides."""
    async with world.client() as client:
        assert (await client.post(SEARCH, content=b"{}")).status_code == 200


async def test_wrong_fields_are_named(world: ServerWorld) -> None:
    """Body fields by path, query parameters by name."""
    async with world.client() as client:
        told = check_shape(await client.post(SEARCH, json={"limit": "x"}), 400, "ModelArts.2788")
        assert "limit" in told
        told = check_shape(await client.get(f"{JOBS}/x/events?offset=a"), 400, "ModelArts.2764")
        assert "offset" in told


async def test_oversized_bodies_are_refused(world: ServerWorld) -> None:
    """Announced or not, more than 2 MiB of JSON is not kept, and of a stranger's log-in more than 16 KiB."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b" " * (1 << 20)

    async with world.client() as client:
        announced = await client.post(JOBS, content=b" " * (JSON_BODY_MAX + 1))
        assert str(JSON_BODY_MAX) in check_shape(announced, 413, "Trainwright.0001")
        check_shape(await client.post(JOBS, content=endless()), 413, "Trainwright.0001")
    async with world.client(token="") as nobody:
        for body in (b"[" * (LOG_IN_BODY_MAX + 1), endless()):
            check_shape(await nobody.post("/v3/auth/tokens", content=body), 413, "Trainwright.0001")


async def test_language_of_errors(world: ServerWorld) -> None:
    """X-Language first, then Accept-Language, then the server's own."""
    async with world.client() as client:

        async def ask(**headers: str) -> str:
            response = await client.get("/v2/nothing", headers=headers)
            return check_shape(response, 404, "Trainwright.0002")

        assert "路径" in await ask(**{"X-Language": "zh-cn"})
        assert "路径" in await ask(**{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
        assert "There is no" in await ask(**{"X-Language": "en-us", "Accept-Language": "zh"})
        assert "There is no" in await ask()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Language.ZH),
        ({"x-language": "EN-US"}, Language.EN),
        ({"x-language": "fr"}, Language.ZH),
        ({"accept-language": "fr, en;q=0.5"}, Language.EN),
        ({"accept-language": "en;q=0.1, zh-TW;q=0.2"}, Language.ZH),
        ({"accept-language": "en;q=0"}, Language.ZH),
        ({"accept-language": "en;q=x,*"}, Language.ZH),
        ({"cookie": "a=b; trainwright_language=en-us", "accept-language": "zh"}, Language.EN),
        ({"cookie": "trainwright_language=en-us", "x-language": "zh-cn"}, Language.ZH),
        ({"cookie": "trainwright_language=klingon"}, Language.ZH),
    ],
)
def test_choice_of_language(headers: dict[str, str], expected: Language) -> None:
    """What is asked wins, what cannot be read is passed over."""
    assert language_of(Headers(headers), Language.ZH) is expected


async def test_request_id_is_kept_when_sane(world: ServerWorld) -> None:
    """On every answer; a caller's own only when it can do no harm in a log."""
    async with world.client() as client:
        kept = await client.get("/health", headers={"X-Request-Id": "abc-1.2_3"})
        assert kept.headers["x-request-id"] == "abc-1.2_3"
        seen = set()
        for bad in ("a b", "x" * 65, "a;b", ""):
            seen.add((await client.get("/nothing", headers={"X-Request-Id": bad})).headers["x-request-id"])
        assert len(seen) == 4 and all(re.fullmatch("[0-9a-f]{32}", given) for given in seen)
        assert (await client.get("/health")).headers["x-content-type-options"] == "nosniff"


async def test_crash_in_a_route_is_500_in_our_shape(
    world: ServerWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """An unforeseen exception tells the caller nothing but the request id; the log has the rest."""

    @world.app.get("/boom")
    async def boom() -> None:
        raise RuntimeError("inner secret detail")

    async with world.client() as client:
        with caplog.at_level(logging.ERROR):
            response = await client.get("/boom")
    assert "secret" not in check_shape(response, 500, "ModelArts.0010")
    assert "inner secret detail" in caplog.text


async def test_backend_that_fails_is_503(world: ServerWorld) -> None:
    """A part we depend on does not answer: say so, and that trying again may help."""
    world.backend.fail_next("probe")
    async with world.client() as client:
        response = await client.get(f"/v2/{PROJECT}/backends")
    check_shape(response, 503, BackendUnavailable.code)
    assert response.headers["retry-after"] == "1"


async def test_access_log_never_shows_tokens(world: ServerWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Neither headers, nor queries, nor share links are written down."""
    with caplog.at_level(logging.DEBUG):
        async with world.client(token="tw_SECRET", Authorization="Bearer tw_SECRET") as client:
            await client.get("/nothing?token=SECRET")
            await client.get("/share/logs/SECRET")
            await client.get("/runner/v1/attempts/a/tasks/t/log")
    lines = [record for record in caplog.records if record.name == "trainwright.access"]
    assert [record.__dict__["status"] for record in lines] == [401, 403, 405]
    assert all("SECRET" not in str(record.__dict__) for record in lines)


async def test_token_is_looked_up_once_a_while() -> None:
    """The hot path asks the database once in five seconds; unknown tokens are asked for each time."""
    asked: list[str] = []
    now = [0.0]
    principal = Principal("u", "n", "p", is_admin=False)

    async def find(token: str) -> Principal:
        asked.append(token)
        return principal

    cache = TokenCache(find, ttl_s=5, size=2, now_s=lambda: now[0])
    for at in (0.0, 4.9, 5.0, 9.0):
        now[0] = at
        assert await cache.owner("a") is principal
    assert asked == ["a", "a"]
    for token in ("b", "c", "a"):
        await cache.owner(token)
    assert asked == ["a", "a", "b", "c", "a"]


def test_every_error_has_a_status() -> None:
    """Each class of the tree maps to its family's status, single exceptions to their own."""

    def below(kind: type[TrainwrightError]) -> Iterator[type[TrainwrightError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from below(child)

    for kind in below(TrainwrightError):
        assert status_of(kind()) in set(STATUS.values())


def test_openapi_is_complete_and_stable() -> None:
    """Every reference resolves, every operation has an own id and the error answer, twice the same."""
    described = describe(bare_app())
    names = set(described["components"]["schemas"])
    references = set(re.findall(r"#/components/schemas/([^\"']+)", str(described)))
    assert references <= names
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert {
        "create_training_job",
        "list_training_jobs",
        "show_training_job_details",
        "events_stream",
        "logs_stream",
        "runner_log",
    } <= set(ids)
    assert all(
        "default" in operation["responses"] and "422" not in operation["responses"]
        for operation in operations
    )
    assert describe(bare_app()) == described


def test_open_paths() -> None:
    """What needs no user is a short list."""
    paths = {route.path for route in routes(bare_app().router) if is_open(route.path)}
    assert {path for path in paths if not path.startswith(("/runner/", "/docs"))} == {
        "/",
        "/console",
        "/console/{path:path}",
        "/health",
        "/openapi.json",
        "/share/logs/{token}",
        "/v1/session",
        "/v3/auth/tokens",
    }


async def test_a_bad_query_parameter_is_said_in_the_readers_language(world: ServerWorld) -> None:
    """Guards bounds that only the route declares: their messages are ours, in both languages, not the library's."""
    asked = (("limit", "0"), ("limit", "many"), ("offset", "-1"))
    async with world.client() as client:
        for name, value in asked:
            seen = set()
            for language in ("en-us", "zh-cn"):
                response = await client.get(
                    f"/v2/{PROJECT}/training-experiments",
                    params={name: value},
                    headers={"X-Language": language},
                )
                seen.add(check_shape(response, 400, "ModelArts.2764"))
            assert len(seen) == 2
            assert any("必须" in text or "不能" in text for text in seen), seen


async def test_an_id_holds_no_slash(world: ServerWorld) -> None:
    """Guards ids from becoming paths: an encoded slash never makes one operation of another."""
    async with world.client() as client:
        job = world.add_job()
        assert (await client.get(f"{JOBS}/{job.id}/events")).status_code == 200
        check_shape(await client.get(f"{JOBS}/{job.id}%2Fevents"), 404, "Trainwright.0002")
        check_shape(await client.post(f"{JOBS}/{job.id}%2factions", json={}), 404, "Trainwright.0002")


async def test_what_is_no_http_is_answered_in_our_shape(world: ServerWorld) -> None:
    """Guards clients from a bare text: a verb that does not exist, or a path longer than can be read."""
    async with world.live() as client:
        address = client.base_url.host, client.base_url.port
        for line in (f"FOO {JOBS}", f"GET {JOBS}?pattern={'x' * 70_000}"):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(f"{line} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            writer.close()
            status, *lines = head.decode().split("\r\n")
            assert status == "HTTP/1.1 400 Bad Request"
            headers = dict(line.lower().split(": ") for line in lines)
            check_shape(httpx.Response(400, headers=headers, content=body), 400, "Trainwright.0010")
            assert headers["connection"] == "close"
