"""The route of shells over a scripted terminal: who gets one, how many, for how long, and what is told of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.server.signer import sign
from tests.server.test_signed_requests import date_of
from tests.server.world import PROJECT, TOKEN, ServerWorld
from trainwright.domain.access import Action
from trainwright.domain.entities import Job
from trainwright.domain.errors import ActionDenied, JobNotFound, WrongProject
from trainwright.ports.backend import BackendError, Handle
from trainwright.ports.identity import Principal
from trainwright.server.dependencies import signed_in_still
from trainwright.services import principals, shell
from trainwright.services.shell_limits import OpenShells

pytestmark = pytest.mark.anyio


class Scripted:
    """A terminal that says what it is told back; ends at `q`."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.closed = 0
        self.sizes: list[tuple[int, int]] = []
        self.input_ended = False
        self._said: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        data = await self._said.get()
        if data == b"q":
            self.exit_code = 7
            return b""
        return data

    async def write(self, data: bytes) -> None:
        await self._said.put(data)

    async def end_input(self) -> None:
        self.input_ended = True

    async def resize(self, rows: int, columns: int) -> None:
        self.sizes.append((rows, columns))

    async def close(self) -> None:
        self.closed += 1


class Terminals:
    """What a backend with shells does; remembers what it gave."""

    def __init__(self) -> None:
        self.given: list[Scripted] = []
        self.asked: list[tuple[str, int, int, tuple[str, ...]]] = []
        self.failure: BackendError | None = None

    async def __call__(
        self, handle: Handle, task: str, *, rows: int, columns: int, argv: Sequence[str] = ()
    ) -> Scripted:
        if self.failure:
            raise self.failure
        self.asked.append((task, rows, columns, tuple(argv)))
        self.given.append(Scripted())
        return self.given[-1]


@pytest.fixture
def terminals(world: ServerWorld, monkeypatch: pytest.MonkeyPatch) -> Terminals:
    """The world's backend gives terminals."""
    made = Terminals()
    monkeypatch.setattr(world.backend, "open_shell", made, raising=False)
    return made


@pytest.fixture
async def job(world: ServerWorld) -> Job:
    """One whose command runs."""
    job = await world.start_job()
    world.report(job, started_at_ms=1, step="command")
    return job


def path_of(job: Job, query: str = "rows=24&columns=80") -> str:
    return f"/v2/{PROJECT}/training-jobs/{job.id}/tasks/worker-0/shell?{query}"


@asynccontextmanager
async def opened(world: ServerWorld, path: str, **headers: str) -> AsyncIterator[ClientConnection]:
    async with world.live() as http:
        url = str(http.base_url).replace("http", "ws").rstrip("/") + path
        async with connect(url, additional_headers=headers or {"X-Auth-Token": TOKEN}, proxy=None) as socket:
            yield socket


async def refused(world: ServerWorld, path: str, **headers: str) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        async with opened(world, path, **headers):
            pass
    body = json.loads(caught.value.response.body or b"{}")
    return caught.value.response.status_code, body.get("error_code", "")


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def events(world: ServerWorld, job: Job) -> list[str]:
    async with world.client() as client:
        answer = await client.get(
            f"/v2/{PROJECT}/training-jobs/{job.id}/events", params={"order": "asc", "limit": 100}
        )
    return [item["message"] for item in answer.json()["events"] if "shell" in item["message"]]


async def test_bytes_sizes_and_the_end(world: ServerWorld, terminals: Terminals, job: Job) -> None:
    async with opened(world, path_of(job, "rows=24&columns=80&argument=a&argument=b+c")) as socket:
        await socket.send(b"hello")
        assert await socket.recv() == b"hello"
        await socket.send('{"rows": 50, "columns": 132}')
        await socket.send('{"end_input": true}')
        await socket.send('{"of a newer client": 1}')
        await socket.send("not even JSON")
        await socket.send('{"rows": 100000, "columns": 1}')
        await socket.send(b"q")
        assert json.loads(await socket.recv()) == {"exit_code": 7, "message": ""}
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    assert terminals.asked == [("worker-0", 24, 80, ("a", "b c"))]
    terminal = terminals.given[0]
    assert (terminal.sizes, terminal.input_ended) == ([(50, 132)], True)
    await until(lambda: terminal.closed == 1)
    async with asyncio.timeout(10):
        while len(await events(world, job)) < 2:
            await asyncio.sleep(0.01)
    assert (await events(world, job))[0] == "admin opened a shell in worker-0."
    assert not any("hello" in text for text in await events(world, job))


async def test_a_client_that_leaves_closes_it(world: ServerWorld, terminals: Terminals, job: Job) -> None:
    async with opened(world, path_of(job)) as socket:
        socket.transport.abort()
        await until(lambda: bool(terminals.given) and terminals.given[0].closed == 1)
    async with opened(world, path_of(job)):
        pass
    await until(lambda: terminals.given[1].closed == 1)


async def test_what_nobody_uses_is_closed(
    world: ServerWorld, terminals: Terminals, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes in either direction keep it open."""
    monkeypatch.setattr(world.services.shells, "idle_s", 1.5)
    async with opened(world, path_of(job)) as socket:
        for _ in range(8):
            await asyncio.sleep(0.25)
            await socket.send(b"x")
            assert await socket.recv() == b"x"
        end = json.loads(await socket.recv())
        assert end["exit_code"] == 129
        assert end["message"].startswith("Nothing was typed or printed for")
    await until(lambda: terminals.given[0].closed == 1)


async def test_who_loses_the_right_loses_the_shell(
    world: ServerWorld, terminals: Terminals, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked up again and again: the credentials, then the permission, then the workspace."""
    monkeypatch.setattr(world.services.shells, "recheck_s", 0.05)
    async with world.client() as client:
        token = (await client.post(f"/v1/{PROJECT}/tokens", json={})).json()
        async with (
            opened(world, path_of(job)) as kept,
            opened(world, path_of(job), **{"X-Auth-Token": token["token"]}) as lost,
        ):
            await asyncio.sleep(0.2)
            await lost.send(b"x")
            assert await lost.recv() == b"x"
            gone = await client.delete(f"/v1/{PROJECT}/tokens/{token['id']}")
            assert gone.status_code < 300, gone.text
            async with asyncio.timeout(10):
                end = json.loads(await lost.recv())
            assert end["exit_code"] == 129
            assert end["message"].startswith("You may not use this shell any more: ")
            await kept.send(b"y")
            assert await kept.recv() == b"y"
    await until(lambda: terminals.given[1].closed == 1)


async def test_a_lost_membership_and_a_lost_role_count_too(
    world: ServerWorld, terminals: Terminals, job: Job
) -> None:
    """The same question as at the opening, asked of what is stored now."""
    who = await principals.authenticate(world.services, TOKEN)
    wanted = shell.Wanted(job.id, "worker-0", 0, 0)
    acting = replace(who, action=Action.JOB_EXEC)
    await shell.check_still(world.services, acting, wanted)
    with pytest.raises(JobNotFound):
        await shell.check_still(world.services, replace(acting, project_id="q" * 32), wanted)

    class Asked:
        """A connection whose credentials stand for `now`."""

        def __init__(self, now: Principal) -> None:
            self.state = self
            self._now = now

        async def identify(self) -> Principal:
            return self._now

    request: Any = Asked(who)
    assert await signed_in_still(request, acting) == acting
    request = Asked(replace(who, is_admin=False, actions=frozenset()))
    with pytest.raises(ActionDenied):
        await signed_in_still(request, acting)
    request = Asked(replace(who, user_id="another"))
    with pytest.raises(WrongProject):
        await signed_in_still(request, acting)


async def test_not_too_many(
    world: ServerWorld, terminals: Terminals, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: Any = world.services.shells
    monkeypatch.setattr(limits, "_limits", {"user": 5, "job": 1})
    async with opened(world, path_of(job)):
        assert await refused(world, path_of(job)) == (400, "Trainwright.1202")
    await until(lambda: terminals.given[0].closed == 1)
    async with opened(world, path_of(job)):
        assert len(terminals.given) == 2


def test_counting_forgets() -> None:
    shells = OpenShells(of_user=2, of_job=2)
    with shells.hold(user="u", job="j"):
        assert shells._open
    assert not shells._open


async def test_only_where_a_command_runs(world: ServerWorld, terminals: Terminals) -> None:
    waiting = world.add_job("waiting")
    assert await refused(world, path_of(waiting)) == (409, "Trainwright.1201")
    preparing = await world.start_job("preparing")
    assert await refused(world, path_of(preparing)) == (409, "Trainwright.1201")
    running = await world.start_job("running")
    world.report(running, started_at_ms=1)
    terminals.failure = BackendError("gone meanwhile", retryable=False)
    assert await refused(world, path_of(running)) == (409, "Trainwright.1201")
    terminals.failure = BackendError("no answer")
    assert (await refused(world, path_of(running)))[0] == 503
    terminals.failure = None
    await world.finish_job(running)
    assert await refused(world, path_of(running)) == (409, "Trainwright.1201")
    assert not terminals.given


async def test_a_backend_without_shells(world: ServerWorld, job: Job) -> None:
    assert await refused(world, path_of(job)) == (400, "Trainwright.1203")


async def test_queries_and_origins(world: ServerWorld, terminals: Terminals, job: Job) -> None:
    for query in ("rows=x", "rows=-1", "rows=1001&columns=1", "rows=1&columns=%EF%BC%91"):
        assert (await refused(world, path_of(job, query)))[0] == 400, query
    long = "&".join(f"argument={number}" for number in range(300))
    assert (await refused(world, path_of(job, long)))[0] == 400
    mine = {"X-Auth-Token": TOKEN}
    assert await refused(world, path_of(job), **mine, Origin="http://evil.example") == (
        403,
        "Trainwright.1204",
    )
    assert await refused(world, path_of(job), **mine, Origin="null") == (403, "Trainwright.1204")
    async with world.live() as http:
        origin = str(http.base_url).rstrip("/")
        url = origin.replace("http", "ws") + path_of(job)
        async with connect(url, additional_headers=mine | {"Origin": origin}, proxy=None):
            pass


async def test_credentials_as_everywhere(world: ServerWorld, terminals: Terminals, job: Job) -> None:
    """Tokens in both headers, signatures; no cookies."""
    assert (await refused(world, path_of(job), Cookie=f"token={TOKEN}"))[0] == 401
    assert (await refused(world, path_of(job), Authorization="Bearer wrong"))[0] == 401
    async with opened(world, path_of(job), Authorization=f"Bearer {TOKEN}"):
        pass
    async with world.client() as client:
        made = (await client.post(f"/v1/{PROJECT}/access-keys", json={})).json()
    path, _, query = path_of(job).partition("?")
    pairs = [tuple(pair.split("=")) for pair in query.split("&")]
    async with world.live() as http:
        host = f"{http.base_url.host}:{http.base_url.port}"
        for secret, allowed in ((made["secret_key"], True), ("wrong", False)):
            wire = sign(
                "GET", path, [(name, value) for name, value in pairs], host=host,
                access_key=made["access_key"], secret_key=secret, date=date_of(0),
            )  # fmt: skip
            headers = {
                name: value
                for name, value in wire.headers.items()
                if name.lower() not in ("host", "content-length")
            }
            opening = connect(f"ws://{host}{wire.target}", additional_headers=headers, proxy=None)
            if allowed:
                async with opening:
                    pass
            else:
                with pytest.raises(InvalidStatus) as caught:
                    await opening
                assert caught.value.response.status_code == 401


async def test_unknown_paths_have_no_websocket(world: ServerWorld) -> None:
    assert (await refused(world, f"/v2/{PROJECT}/training-jobs"))[0] in (403, 404)
    assert (await refused(world, "/health"))[0] in (403, 404)
