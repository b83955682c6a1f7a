"""Live streams over a real socket: resume, follow, end, many readers, slow readers, readers that leave."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import httpx
import pytest

from tests.server.test_app import check_shape
from tests.server.test_identity_routes import TOKENS, USERS, add_user
from tests.server.test_sessions import browser
from tests.server.world import PROJECT, TOKEN, ServerWorld
from trainwright.domain.access import VIEWER
from trainwright.domain.entities import Job
from trainwright.domain.specs import attempt_key
from trainwright.ports.identity import Token
from trainwright.ports.uow import PLATFORM, Scope
from trainwright.server import streams
from trainwright.server.streams import events_topic, follow_log
from trainwright.services import logs
from trainwright.services.principals import hash_token

pytestmark = pytest.mark.anyio
JOBS = f"/v2/{PROJECT}/training-jobs"
TASK = "worker-0"


async def until(true: Callable[[], bool]) -> None:
    """Let the loop work until it is so; the test's own time limit bounds it."""
    while not true():
        await asyncio.sleep(0.005)


def append(world: ServerWorld, job: Job, data: bytes) -> None:
    """The task writes; followers are told."""
    key = attempt_key(job.id, 1)
    world.services.logs.append(key, TASK, world.services.logs.size(key, TASK), data)
    world.services.log_grown(key, TASK)


async def messages(response: httpx.Response) -> AsyncGenerator[tuple[str, str, dict[str, object]], None]:
    """(event, id, data) of each server-sent event."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields["event"], fields.get("id", ""), json.loads(fields["data"])
            fields = {}


async def collect(
    client: httpx.AsyncClient, url: str, **headers: str
) -> list[tuple[str, str, dict[str, object]]]:
    """All messages of a stream that ends."""
    async with client.stream("GET", url, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        return [message async for message in messages(response)]


async def test_events_are_followed_to_the_end_phase(world: ServerWorld) -> None:
    """Every event once, in order, each change of phase, then the stream ends by itself."""
    job = world.add_job()
    async with world.live() as client:
        following = asyncio.create_task(collect(client, f"{JOBS}/{job.id}/events/stream"))
        await until(lambda: world.broadcast.count == 1)
        await world.start_job("other")
        await world.step(job)
        await world.services.blocking(world.report, job, registered_at_ms=1)
        await world.step(job)
        await world.finish_job(job)
        seen = await following
        again = await collect(client, f"{JOBS}/{job.id}/events/stream")
    ids = [int(number) for kind, number, _ in seen if kind == "event"]
    assert ids == sorted(set(ids)) == [int(number) for kind, number, _ in again if kind == "event"]
    with world.services.units(PLATFORM, write=False) as uow:
        assert ids == [event.seq for event in uow.events.list_of_job(job.id)]
    phases = [data["phase"] for kind, _, data in seen if kind == "phase"]
    assert phases[-1] == "Completed" and len(phases) == len(set(phases)) > 1
    assert [data["phase"] for kind, _, data in again if kind == "phase"] == ["Completed"]


async def test_events_resume_behind_the_last_one_seen(world: ServerWorld) -> None:
    """`Last-Event-ID` and `after` leave out what was seen; nonsense is an error, not a stream."""
    job = await world.start_job()
    await world.finish_job(job)
    url = f"{JOBS}/{job.id}/events/stream"
    async with world.live() as client:
        every = [number for kind, number, _ in await collect(client, url) if kind == "event"]
        rest = await collect(client, url, **{"Last-Event-ID": every[1]})
        assert [number for kind, number, _ in rest if kind == "event"] == every[2:]
        rest = await collect(client, f"{url}?after={every[-1]}")
        assert [kind for kind, _, _ in rest] == ["phase"]
        check_shape(await client.get(url, headers={"Last-Event-ID": "x"}), 400, "ModelArts.2764")


async def test_log_is_followed_until_the_task_is_final(world: ServerWorld) -> None:
    """Bytes as they come, from the asked offset, all of them, then the end."""
    job = await world.start_job()
    append(world, job, b"0123")
    async with world.live() as client, client.stream(
        "GET", f"{JOBS}/{job.id}/tasks/{TASK}/logs/stream?offset=2"
    ) as response:  # fmt: skip
        pieces = response.aiter_raw()
        assert await anext(pieces) == b"23"
        append(world, job, b"\xff\x00")
        assert await anext(pieces) == b"\xff\x00"
        append(world, job, b"last")
        await world.finish_job(job)
        assert b"".join([piece async for piece in pieces]) == b"last"


async def test_log_of_a_waiting_job_is_followed_from_its_first_attempt(world: ServerWorld) -> None:
    """Who follows before the job starts sees all of the first attempt."""
    job = world.add_job()
    async with world.live() as client:
        following = asyncio.create_task(client.get(f"{JOBS}/{job.id}/tasks/{TASK}/logs/stream"))
        await until(lambda: world.broadcast.count == 1)
        await world.step(job)
        append(world, job, b"hello")
        await world.services.blocking(world.report, job, registered_at_ms=1)
        await world.finish_job(job)
        assert (await following).content == b"hello"


@pytest.mark.parametrize("written", [b"", b"of the first"])
async def test_a_stream_is_of_one_attempt(world: ServerWorld, written: bytes) -> None:
    """A restart ends the stream, also of a log without a byte: nobody is to take the next one for its continuation."""
    job = await world.start_job()
    append(world, job, written)
    url = f"{JOBS}/{job.id}/tasks/{TASK}/logs/stream"
    view = await logs.view_of_attempt(world.services, Scope(PROJECT), job.id, TASK, 1)
    later = replace(view, attempt_key=attempt_key(job.id, 2), attempt=2)

    async def look() -> logs.LogView:
        return later

    async with world.live() as client:
        async with client.stream("GET", url) as response:
            assert response.headers["x-log-attempt"] == "1"
        watch = world.broadcast.watch(events_topic(job.id))
        pieces = follow_log(world.services, look, view, watch, offset=0)
        assert b"".join([piece async for piece in pieces]) == written


async def test_streams_of_a_deleted_job_end(world: ServerWorld) -> None:
    """Deleting the job ends its streams cleanly."""
    job = world.add_job()
    async with world.live() as client:
        streams = [
            asyncio.create_task(client.get(f"{JOBS}/{job.id}/{path}"))
            for path in ("events/stream", f"tasks/{TASK}/logs/stream")
        ]
        await until(lambda: world.broadcast.count == 2)
        with world.services.units(PLATFORM) as uow:
            uow.jobs.delete(job.id)
            uow.commit()
        world.services.events_grown(job.id)
        for stream in streams:
            assert (await stream).status_code == 200


async def test_many_followers_get_every_byte_while_one_does_not_read(world: ServerWorld) -> None:
    """A reader that stands still blocks nobody, and costs no more than what the sockets hold."""
    job = await world.start_job()
    url = f"{JOBS}/{job.id}/tasks/{TASK}/logs/stream"
    piece = bytes(range(256)) * 4096  # 1 MiB
    async with world.live() as client, client.stream("GET", url) as stuck:
        followers = [asyncio.create_task(client.get(url)) for _ in range(12)]
        await until(lambda: world.broadcast.count == 13)
        for _ in range(4):
            append(world, job, piece)
            await asyncio.sleep(0)
        await world.finish_job(job)
        for follower in followers:
            assert (await follower).content == piece * 4
        assert world.broadcast.count == 1
        assert b"".join([part async for part in stuck.aiter_raw()]) == piece * 4
    assert world.broadcast.count == 0


async def test_reader_that_leaves_is_forgotten(world: ServerWorld) -> None:
    """Closing the connection ends the stream on the server, without anything having to grow."""
    job = await world.start_job()
    async with world.live() as client:
        for path in ("events/stream", f"tasks/{TASK}/logs/stream"):
            async with client.stream("GET", f"{JOBS}/{job.id}/{path}"):
                await until(lambda: world.broadcast.count == 1)
            await until(lambda: world.broadcast.count == 0)


async def test_streams_end_when_the_server_goes_down(world: ServerWorld) -> None:
    """Going down ends them cleanly, so that clients come back."""
    job = await world.start_job()
    async with world.live() as client:
        streams = [
            asyncio.create_task(client.get(f"{JOBS}/{job.id}/{path}"))
            for path in ("events/stream", f"tasks/{TASK}/logs/stream")
        ]
        await until(lambda: world.broadcast.count == 2)
        world.broadcast.close()
        assert [(await stream).status_code for stream in streams] == [200, 200]


async def test_too_many_streams_are_refused(world: ServerWorld) -> None:
    """Beyond the limit: 503 in our shape, and the others go on."""
    job = await world.start_job()
    world.broadcast.limit = 1
    url = f"{JOBS}/{job.id}/events/stream"
    async with world.live() as client, client.stream("GET", url):
        await until(lambda: world.broadcast.count == 1)
        check_shape(await client.get(url), 503, "Trainwright.0006")


@pytest.mark.parametrize("way", ["sign out", "token deleted", "session expired", "role taken"])
async def test_a_stream_ends_with_its_readers_credentials(
    world: ServerWorld, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Guards open pages: nothing more is sent to somebody who signed out, was revoked, or lost a right; what others
    read goes on.
    """
    monkeypatch.setattr(streams, "CREDENTIALS_S", 0.05)
    job = await world.start_job()
    append(world, job, b"before\n")
    expires = world.services.clock.now_ms() + 1500 if way == "session expired" else 0
    async with world.client() as admin, world.live() as live:
        ann = await add_user(admin, "ann", VIEWER)
        with world.services.units(PLATFORM) as uow:
            uow.principals.add_token(Token("anns", ann["id"], expires_at_ms=expires), hash_token("tw_anns"))
            uow.commit()
        async with browser(world, {"token": "tw_anns"}) as page:
            cookie = {"Cookie": f"trainwright_session={page.cookie}"}
            live.headers.pop("X-Auth-Token")
            paths = [f"{JOBS}/{job.id}/events/stream", f"{JOBS}/{job.id}/tasks/{TASK}/logs/stream"]

            async def read(path: str, headers: dict[str, str]) -> bytes:
                async with live.stream("GET", path, headers=headers) as response:
                    assert response.status_code == 200
                    return b"".join([piece async for piece in response.aiter_raw()])

            reading = [asyncio.create_task(read(path, cookie)) for path in paths]
            other = asyncio.create_task(read(paths[1], {"X-Auth-Token": TOKEN}))
            await until(lambda: world.broadcast.count == 3)
            match way:
                case "sign out":
                    assert (await page.send("DELETE", "/v1/session")).status_code == 204
                case "token deleted":
                    assert (await admin.delete(f"{TOKENS}/anns")).status_code == 204
                case "role taken":
                    assert (await admin.put(f"{USERS}/{ann['id']}", json={"roles": []})).is_success
            assert b"before" in (await asyncio.wait_for(asyncio.gather(*reading), 12))[1]
            assert not other.done()
            append(world, job, b"after\n")
            await world.finish_job(job)
            assert b"after" in await asyncio.wait_for(other, 10)
