"""Each resource over HTTP: statuses and shapes of the contract, the runner's routes, bytes, ranges and links."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.server.test_app import check_shape
from tests.server.world import PROJECT, ServerWorld
from trainwright.domain.specs import Channel, attempt_key

pytestmark = pytest.mark.anyio

BASE = f"/v2/{PROJECT}"
JOBS = f"{BASE}/training-jobs"
TEXT = "text/plain; charset=utf-8"


def body(name: str = "made") -> dict[str, object]:
    """A creation body with a command."""
    return {
        "kind": "job",
        "metadata": {"name": name},
        "algorithm": {"command": "true"},
        "spec": {"resource": {"flavor_id": "local.cpu.1u", "node_count": 1}},
    }


async def test_life_of_a_job(world: ServerWorld) -> None:
    """201, 200, `null`, 202 with the job Terminating, 202 empty, and nothing of it afterwards."""
    async with world.client() as client:
        made = await client.post(JOBS, json=body())
        assert made.status_code == 201
        job = made.json()["metadata"]["id"]
        assert (await client.get(f"{JOBS}/{job}")).json()["metadata"]["name"] == "made"
        found = await client.post(f"{BASE}/training-job-searches", json={"limit": 5})
        assert (found.status_code, found.json()["count"]) == (200, 1)
        changed = await client.put(f"{JOBS}/{job}", json={"description": "new"})
        assert (changed.status_code, changed.content) == (200, b"null")
        check_shape(await client.delete(f"{JOBS}/{job}"), 409, "ModelArts.2858")
        stopped = await client.post(f"{JOBS}/{job}/actions", json={"action_type": "terminate"})
        assert (stopped.status_code, stopped.json()["status"]["phase"]) == (202, "Terminating")
        for _ in range(6):
            await world.control.pass_once((job,))
        gone = await client.delete(f"{JOBS}/{job}")
        assert (gone.status_code, gone.content) == (202, b"")
        check_shape(await client.get(f"{JOBS}/{job}"), 404, "ModelArts.2775")


async def test_what_is_on_offer(world: ServerWorld) -> None:
    """Engines, flavors and backends."""
    async with world.client() as client:
        engines = (await client.get(f"{BASE}/training-job-engines")).json()
        assert engines["total"] == len(engines["items"]) > 0
        flavors = (await client.get(f"{BASE}/training-job-flavors?flavor_type=CPU")).json()
        assert flavors["total_count"] == len(flavors["flavors"]) > 0
        check_shape(await client.get(f"{BASE}/training-job-flavors?flavor_type=x"), 400, "ModelArts.2764")
        backends = (await client.get(f"{BASE}/backends")).json()["backends"]
        assert [(item["name"], item["launcher"]) for item in backends] == [("fake", "process")]


async def test_tasks_events_and_metrics(world: ServerWorld) -> None:
    """A bare array, a page of events in the asked language, six metrics."""
    job = await world.start_job()
    async with world.client() as client:
        tasks = (await client.get(f"{JOBS}/{job.id}/tasks")).json()
        assert [item["task"] for item in tasks] == ["worker-0"]
        events = await client.get(f"{JOBS}/{job.id}/events?limit=1", headers={"X-Language": "zh-cn"})
        assert events.json()["limit"] == 1 and re.search("[一-鿿]", events.json()["events"][0]["message"])
        metrics = (await client.get(f"{JOBS}/{job.id}/metrics/worker-0")).json()["metrics"]
        assert {"cpuUsage", "memUsage"} <= {item["metric"] for item in metrics}
        assert (await client.get(f"{JOBS}/{job.id}/metrics/worker-0/samples")).json()["task"] == "worker-0"
        check_shape(await client.get(f"{JOBS}/{job.id}/metrics/worker-9"), 404, "ModelArts.2788")


async def test_attempt_token_opens_its_own_attempt_only(world: ServerWorld) -> None:
    """Neither a user's token, nor another attempt's, nor none."""
    job, other = await world.start_job("one"), await world.start_job("two")
    registration = {"ip": "127.0.0.1", "host": "h", "launcher": "process"}
    async with world.runner(job) as runner:
        order = await runner.post("/registration", json=registration)
        assert (order.status_code, order.json()["job_id"]) == (200, job.id)
        foreign = f"http://test/runner/v1/attempts/{attempt_key(other.id, 1)}/tasks/worker-0"
        check_shape(await runner.post(f"{foreign}/registration", json=registration), 401, "ModelArts.0205")
    for token in ("tw_test", "", "ü"):
        async with world.client(token="tw_test") as user:
            shown = {b"Authorization": f"Bearer {token}".encode()}
            own = f"/runner/v1/attempts/{attempt_key(job.id, 1)}/tasks/worker-0/registration"
            check_shape(await user.post(own, json=registration, headers=shown), 401, "ModelArts.0205")


async def test_log_upload_is_idempotent_and_tells_gaps(world: ServerWorld) -> None:
    """Repeating and overlapping change nothing; a gap is 409 with the stored size in a header."""
    job = await world.start_job()
    async with world.runner(job) as runner, world.client() as client:
        for offset, data, stored in (
            (0, b"hello ", 6),
            (0, b"hello ", 6),
            (3, b"lo world", 11),
            (11, b"", 11),
        ):
            answer = await runner.put("/log", params={"offset": offset}, content=data)
            assert (answer.status_code, answer.json()) == (200, {"stored": stored})
        gap = await runner.put("/log", params={"offset": 12}, content=b"x")
        check_shape(gap, 409, "Trainwright.0202")
        assert gap.headers["x-log-stored"] == "11"
        check_shape(await runner.put("/log", params={"offset": -1}, content=b"x"), 400, "ModelArts.2764")
        check_shape(await runner.put("/log", content=b"x"), 400, "ModelArts.2764")
        log = await client.get(f"{JOBS}/{job.id}/tasks/worker-0/logs/content")
        assert (log.content, log.headers["content-type"]) == (b"hello world", TEXT)


async def test_log_upload_is_limited(world: ServerWorld) -> None:
    """Eight MiB a call are fine, one byte more is not, announced or not."""
    job = await world.start_job()
    async with world.runner(job) as runner:

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(9):
                yield b"y" * (1 << 20)

        most = await runner.put("/log", params={"offset": 0}, content=b"x" * (8 << 20))
        assert most.json() == {"stored": 8 << 20}
        much = await runner.put("/log", params={"offset": 0}, content=b"x" * ((8 << 20) + 1))
        check_shape(much, 413, "Trainwright.0001")
        check_shape(await runner.put("/log", params={"offset": 0}, content=pieces()), 413, "Trainwright.0001")


async def test_runner_reaches_its_folders_through_the_server(world: ServerWorld) -> None:
    """For stores that share no disk: announce, PUT, list and GET below an output; nothing outside of it."""
    await world.services.objects.create_bucket("out")
    channel = Channel(name="out", uri="obs://out/run/", local_path="/home/ma-user/modelarts/outputs/out_0")
    job = await world.start_job(outputs=(channel,))
    name = "модель/权重 1.bin"
    async with world.runner(job) as runner:
        announced = await runner.post("/files/outputs/0", json={"files": [[name, 3]]})
        target = announced.json()["objects"][0]
        assert (target["path"], target["authorized"]) == (name, True)
        stored = await runner.put(target["url"], content=b"abc")
        assert (stored.status_code, stored.json()["size"]) == (200, 3)
        listed = (await runner.get("/files/outputs/0")).json()
        assert [(item["path"], item["size"]) for item in listed["objects"]] == [(name, 3)]
        read = await runner.get(listed["objects"][0]["url"])
        assert (read.content, read.headers["content-length"]) == (b"abc", "3")
        check_shape(await runner.get("/files/outputs/1"), 404, "Trainwright.0203")
        check_shape(await runner.get("/files/outputs/x"), 400, "ModelArts.2788")
        check_shape(await runner.get("/objects/outputs/0/none"), 404, "ModelArts.2836")
        for outside in ("..%2F..%2Fx", "a/%2E%2E/%2E%2E/x"):
            answer = await runner.put(f"/objects/outputs/0/{outside}", content=b"x")
            assert answer.status_code in (400, 404), outside


async def test_closed_attempt_is_told(world: ServerWorld) -> None:
    """A runner that comes too late learns that its attempt is over."""
    job = await world.start_job()
    await world.finish_job(job)
    async with world.runner(job) as runner:
        check_shape(await runner.post("/reports", json={"step": "x"}), 409, "Trainwright.0201")
        check_shape(await runner.put("/log", params={"offset": 0}, content=b"x"), 409, "Trainwright.0201")


async def log_of(world: ServerWorld, data: bytes, name: str = "job") -> str:
    """A running job whose task wrote `data`; its id."""
    job = await world.start_job(name)
    async with world.runner(job) as runner:
        assert (await runner.put("/log", params={"offset": 0}, content=data)).status_code == 200
    return job.id


@pytest.mark.parametrize(
    ("asked", "status", "part", "content"),
    [
        ("bytes=0-3", 206, "bytes 0-3/10", b"0123"),
        ("bytes=4-", 206, "bytes 4-9/10", b"456789"),
        ("bytes=-2", 206, "bytes 8-9/10", b"89"),
        ("bytes=8-99", 206, "bytes 8-9/10", b"89"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=a", 416, "bytes */10", b""),
    ],
)
async def test_ranges_of_a_log(
    world: ServerWorld, asked: str, status: int, part: str, content: bytes
) -> None:
    """Single ranges as HTTP has them."""
    job = await log_of(world, b"0123456789")
    async with world.client() as client:
        answer = await client.get(f"{JOBS}/{job}/tasks/worker-0/logs/content", headers={"Range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (status, part)
    if status == 206:
        assert (answer.content, answer.headers["content-length"]) == (content, str(len(content)))


async def test_log_views(world: ServerWorld) -> None:
    """Preview, lines, download name, binary bytes unchanged, and a log that does not exist yet."""
    data = b"one\ntwo\n\xff\x00three\n"
    job = await log_of(world, data)
    waiting = world.add_job("waiting")
    async with world.client() as client:
        preview = (await client.get(f"{JOBS}/{job}/tasks/worker-0/logs/preview")).json()
        assert (preview["full_size"], preview["content"][:8]) == (len(data), "one\ntwo\n")
        lines = (await client.get(f"{JOBS}/{job}/logs/worker-0?lines=1&order=asc&base_line=0")).json()
        assert (lines["content"], lines["lines"]) == ("one\n", 1)
        download = await client.get(f"{JOBS}/{job}/tasks/worker-0/logs/content?download=true")
        assert download.content == data
        assert (
            download.headers["content-disposition"]
            == f'attachment; filename="modelarts-job-{job}-worker-0.log"'
        )
        check_shape(
            await client.get(f"{JOBS}/{waiting.id}/tasks/worker-0/logs/preview"), 404, "ModelArts.2818"
        )
        check_shape(await client.get(f"{JOBS}/{job}/tasks/nope/logs/content"), 404, "ModelArts.2788")
        assert (await client.get(f"{JOBS}/{waiting.id}/tasks/worker-0/logs/content")).content == b""


async def test_share_links_open_without_credentials(world: ServerWorld) -> None:
    """Text or download, never sniffed as HTML, never cached; a changed link is refused."""
    job = await log_of(world, b"<script>alert(1)</script>")
    url = f"{JOBS}/{job}/tasks/worker-0/logs/url"
    async with world.client() as client, world.client(token="") as nobody:
        shown = (await client.get(url, params={"Content-Type": "text/plain"})).json()["obs_url"]
        answer = await nobody.get(shown)
        assert (answer.status_code, answer.content) == (200, b"<script>alert(1)</script>")
        assert answer.headers["content-type"] == TEXT
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cache-control"] == "no-store"
        part = await nobody.get(shown, headers={"Range": "bytes=0-0"})
        assert (part.status_code, part.content) == (206, b"<")
        kind = {"Content-Type": "application/octet-stream"}
        for asked in (await client.get(url, params=kind), await client.get(url, headers=kind)):
            saved = await nobody.get(asked.json()["obs_url"])
            assert saved.headers["content-disposition"].startswith("attachment")
        check_shape(
            await nobody.get(shown[:-1] + ("A" if shown[-1] != "A" else "B")), 403, "Trainwright.0005"
        )
        check_shape(await nobody.get("/share/logs/x"), 403, "Trainwright.0005")
        check_shape(await client.get(url, params={"Content-Type": "text/html"}), 400, "ModelArts.2764")


async def test_client_that_leaves_in_the_middle_of_a_body_harms_nothing(world: ServerWorld) -> None:
    """Nothing is stored, nothing crashes."""
    job = await world.start_job()
    async with world.live() as client:
        headers = {"Authorization": world.runner(job).headers["authorization"], "X-Auth-Token": ""}
        url = f"/runner/v1/attempts/{attempt_key(job.id, 1)}/tasks/worker-0/log?offset=0"

        async def broken() -> AsyncIterator[bytes]:
            yield b"half"
            raise httpx.WriteError("the client dies")

        with pytest.raises(httpx.WriteError):
            await client.put(url, content=broken(), headers=headers)
        assert world.services.logs.size(attempt_key(job.id, 1), "worker-0") == 0
