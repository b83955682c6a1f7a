"""Logs by lines over HTTP: pages, search, errors, all tasks merged and followed live, the archive."""

import asyncio
import io
import time
import zipfile
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from tests.domain.builders import make_role
from tests.server.test_app import check_shape
from tests.server.test_streams import messages, until
from tests.server.world import PROJECT, ServerWorld
from trainwright.domain.entities import Job
from trainwright.domain.specs import attempt_key
from trainwright.ports.uow import PLATFORM
from trainwright.services import log_views

pytestmark = pytest.mark.anyio
JOBS = f"/v2/{PROJECT}/training-jobs"


async def running(world: ServerWorld, tasks: int = 2) -> Job:
    """A running job of so many tasks."""
    return await world.start_job(roles=(make_role(replicas=tasks),))


def append(world: ServerWorld, job: Job, data: bytes, task: str = "worker-0") -> None:
    """The task writes; followers are told."""
    key = attempt_key(job.id, 1)
    world.services.logs.append(key, task, world.services.logs.size(key, task), data)
    world.services.log_grown(key, task)


async def test_pages_search_and_errors(world: ServerWorld) -> None:
    """Shapes of the answers, and what is left out of them."""
    job = await running(world)
    append(world, job, "第一行\nKeyError: 'x'\nthird".encode())
    base = f"{JOBS}/{job.id}/tasks/worker-0/logs"
    async with world.client() as client:
        page = (await client.get(f"{base}/lines", params={"start_line": 1, "count": 2})).json()
        assert [(line["number"], line["text"]) for line in page["lines"]] == [
            (1, "第一行"),
            (2, "KeyError: 'x'"),
        ]
        assert (page["line_count"], page["ended"], page["lines"][1]["error"]) == (3, False, True)
        assert page["lines"][0]["time"] > 1_700_000_000_000
        found = (await client.get(f"{base}/search", params={"query": "[一二]行", "regex": "true"})).json()
        assert (found["count"], found["matches"][0]["ranges"], found["complete"]) == (1, [[1, 3]], True)
        assert "next" not in found
        found = (await client.get(f"{base}/search", params={"errors": "true", "system": "false"})).json()
        assert [match["number"] for match in found["matches"]] == [2]
        told = (await client.get(f"{base}/errors")).json()
        assert (told["summary"], told["places"][0]["number"], told["count"]) == ("KeyError: 'x'", 2, 1)
        for path in (
            "lines?start_line=0",
            "lines?count=1001",
            "search",
            "search?query=(&regex=true",
            "errors?places=0",
        ):
            check_shape(await client.get(f"{base}/{path}"), 400, "ModelArts.2764")
        check_shape(await client.get(f"{base}/lines?attempt=9"), 400, "ModelArts.2764")
        check_shape(await client.get(f"{JOBS}/{job.id}/tasks/nope/logs/lines"), 404, "ModelArts.2788")
        check_shape(await client.get(f"{JOBS}/nope/logs-merged"), 404, "ModelArts.2775")


async def test_a_search_that_nobody_waits_for_stops(
    world: ServerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the viewer's next words: they do not wait for a search of a huge log that was given up, and what was asked
    after it and given up while it waited is never begun.
    """
    job = await running(world)
    append(world, job, b"a line\n")
    looks: list[str] = []

    def look(run: Any, until: float) -> bool:
        looks.append(run.finder.query.text)
        time.sleep(0.01)
        return run.finder.query.text == "third" and orderly(run, until)

    orderly = log_views._Search.search_on
    monkeypatch.setattr(log_views._Search, "search_on", look)
    monkeypatch.setattr(log_views, "SEARCH_S", 60)
    url = f"{JOBS}/{job.id}/tasks/worker-0/logs/search"
    async with world.live() as client:
        first = asyncio.create_task(client.get(url, params={"query": "first"}))
        await until(lambda: len(looks) > 2)
        second = asyncio.create_task(client.get(url, params={"query": "second"}))
        await asyncio.sleep(0.1)
        for asked in (second, first):
            asked.cancel()
        async with asyncio.timeout(30):  # a search that was not ended would take the minute
            answer = await client.get(url, params={"query": "third"})
        assert (answer.status_code, answer.json()["complete"]) == (200, True)
        seen = list(looks)
        await asyncio.sleep(0.1)
        assert looks == seen and "second" not in looks


async def test_merged_pages(world: ServerWorld) -> None:
    """All tasks in one list, in time; cursors are of the tasks they were made for."""
    job = await running(world)
    append(world, job, b"zero\n")
    append(world, job, b"one\n", "worker-1")
    async with world.client() as client:
        page = (await client.get(f"{JOBS}/{job.id}/logs-merged")).json()
        assert [(line["task"], line["text"]) for line in page["lines"]] == [
            ("worker-0", "zero"),
            ("worker-1", "one"),
        ]
        assert "number" not in page["lines"][0] and page["at_start"] and page["at_end"]
        after = page["after"]
        append(world, job, b"more\n")
        page = (await client.get(f"{JOBS}/{job.id}/logs-merged", params={"after": after})).json()
        assert [line["text"] for line in page["lines"]] == ["more"]
        only = {"tasks": "worker-1, worker-0", "after": after, "count": 1, "attempt": 1}
        assert (await client.get(f"{JOBS}/{job.id}/logs-merged", params=only)).json() == page
        for bad in ({"after": "%"}, {"after": after, "tasks": "worker-1"}, {"after": after, "time": 1}):
            check_shape(await client.get(f"{JOBS}/{job.id}/logs-merged", params=bad), 400, "ModelArts.2764")


async def pages(response: httpx.Response) -> AsyncGenerator[tuple[str, list[str]], None]:
    """Kind and texts of each message."""
    async for kind, cursor, data in messages(response):
        assert cursor
        if kind == "begin":
            continue
        told: Any = data.get("lines", [])
        yield kind, [f"{line['task'][-1]} {line['text']}" for line in told]


async def test_all_tasks_are_followed_over_one_connection(world: ServerWorld) -> None:
    """Every line of every task once, in the order they came, to the end of the last task."""
    job = await running(world, tasks=3)
    append(world, job, b"before\n")
    url = f"{JOBS}/{job.id}/logs-merged/stream"
    async with world.live() as client, client.stream("GET", url) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        following = pages(response)
        append(world, job, b"a\n", "worker-2")
        assert await anext(following) == ("lines", ["2 a"])
        append(world, job, b"b\nopen", "worker-1")
        assert await anext(following) == ("lines", ["1 b"])
        append(world, job, b" c\nlast", "worker-1")
        assert await anext(following) == ("lines", ["1 open c"])
        await world.finish_job(job)
        assert [page async for page in following] == [("lines", ["1 last"]), ("end", [])]


async def test_a_cut_stream_goes_on_where_it_was(world: ServerWorld) -> None:
    """`Last-Event-ID`, as browsers send it, and `after` of a page."""
    job = await running(world)
    append(world, job, b"one\n")
    url = f"{JOBS}/{job.id}/logs-merged"
    async with world.live() as client:
        start = (await client.get(url, params={"time": 0, "count": 1})).json()["before"]
        async with client.stream("GET", f"{url}/stream", params={"after": start}) as response:
            following = messages(response)
            assert (await anext(following))[:2] == ("begin", start)
            kind, seen, data = await anext(following)
            assert (kind, data["after"]) == ("lines", seen)
        append(world, job, b"two\n", "worker-1")
        await world.finish_job(job)
        async with client.stream("GET", f"{url}/stream", headers={"Last-Event-ID": seen}) as response:
            assert [page async for page in pages(response)] == [("lines", ["1 two"]), ("end", [])]
        check_shape(await client.get(f"{url}/stream?after=x"), 400, "ModelArts.2764")


async def test_streams_of_deleted_jobs_and_of_a_server_that_stops(world: ServerWorld) -> None:
    """They end by themselves; readers that leave are forgotten."""
    deleted, other = await running(world), await world.start_job("other")
    async with world.live() as client:
        async with client.stream("GET", f"{JOBS}/{other.id}/logs-merged/stream"):
            await until(lambda: world.broadcast.count == 1)
        await until(lambda: world.broadcast.count == 0)
        ended = asyncio.create_task(client.get(f"{JOBS}/{deleted.id}/logs-merged/stream"))
        stopped = asyncio.create_task(client.get(f"{JOBS}/{other.id}/logs-merged/stream"))
        await until(lambda: world.broadcast.count == 2)
        with world.services.units(PLATFORM) as uow:
            uow.jobs.delete(deleted.id)
            uow.commit()
        world.services.events_grown(deleted.id)
        assert (await ended).status_code == 200
        world.broadcast.close()
        assert (await stopped).status_code == 200


async def test_many_writers_while_the_merged_view_is_followed(world: ServerWorld) -> None:
    """Real appends from many sides: nothing is lost, doubled or out of a task's order."""
    job = await running(world, tasks=4)
    url = f"{JOBS}/{job.id}/logs-merged/stream"
    expected = {f"{task} line {number}" for task in range(4) for number in range(200)}
    async with world.live() as client, client.stream("GET", url) as response:

        async def write(task: int) -> None:
            for number in range(200):
                await world.services.blocking(append, world, job, b"line %d\n" % number, f"worker-{task}")

        await asyncio.gather(*(write(task) for task in range(4)))
        await world.finish_job(job)
        seen = [line async for _, lines in pages(response) for line in lines]
    assert sorted(seen) == sorted(expected)
    for task in range(4):
        numbers = [int(line.split()[2]) for line in seen if line.startswith(f"{task} ")]
        assert numbers == list(range(200))


async def test_all_logs_as_one_archive(world: ServerWorld) -> None:
    """A zip file with each task's log under the name that users know."""
    job = await running(world)
    append(world, job, b"line\n" * 100_000)
    async with world.client() as client:
        answer = await client.get(f"{JOBS}/{job.id}/logs-archive")
        part = await client.get(f"{JOBS}/{job.id}/logs-archive?tasks=worker-1")
    assert answer.headers["content-type"] == "application/zip"
    assert f'filename="modelarts-job-{job.id}-logs-1.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.read(f"modelarts-job-{job.id}-worker-0.log") == b"line\n" * 100_000
        assert archive.read(f"modelarts-job-{job.id}-worker-1.log") == b""
    assert len(answer.content) < 50_000
    with zipfile.ZipFile(io.BytesIO(part.content)) as archive:
        assert archive.namelist() == [f"modelarts-job-{job.id}-worker-1.log"]
