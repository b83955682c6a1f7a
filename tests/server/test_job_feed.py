"""The stream of a project's changes over a real socket: resume, scope, bursts, many followers, lost access."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.domain.builders import make_job, make_launch
from tests.server.test_app import check_shape
from tests.server.test_streams import until
from tests.server.world import PROJECT, ServerWorld
from trainwright.domain.access import DEVELOPER
from trainwright.domain.errors import NoCredentials
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal, Project, Token, User
from trainwright.ports.job_changes import Position
from trainwright.ports.uow import PLATFORM, Scope
from trainwright.ports.workspaces import Workspace
from trainwright.server import job_feed as feed_module
from trainwright.services import job_changes, jobs, principals

pytestmark = pytest.mark.anyio
CHANGES = f"/v2/{PROJECT}/training-job-changes"
JOBS = f"/v2/{PROJECT}/training-jobs"
Message = tuple[str, str, dict[str, Any]]


class Follower:
    """What one stream has said so far."""

    def __init__(self) -> None:
        self.seen: list[Message] = []
        self.last_id = ""

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Name (id when deleted), kind of change and phase of each job event."""
        return [
            (data["name"] or data["job_id"], data["change"], data["phase"])
            for kind, _, data in self.seen
            if kind == "job"
        ]

    async def says(self, *told: tuple[str, str, str]) -> None:
        """Wait until it has told all of these."""
        await until(lambda: set(told) <= set(self.told))

    async def has(self, count: int) -> None:
        """Wait until it has said so much."""
        await until(lambda: len(self.seen) >= count)

    async def read(self, response: httpx.Response) -> None:
        """Until the stream ends."""
        fields: dict[str, str] = {}
        async for line in response.aiter_lines():
            name, _, value = line.partition(": ")
            if line and name:
                fields[name] = value
            elif not line and fields:
                self.last_id = fields.get("id", self.last_id)
                if "data" in fields:
                    self.seen.append((fields["event"], self.last_id, json.loads(fields["data"])))
                fields = {}


@asynccontextmanager
async def following(
    client: httpx.AsyncClient, *, after: str = "", **headers: str
) -> AsyncGenerator[Follower, None]:
    """A follower, once its stream has begun."""
    follower = Follower()
    params = {"after": after} if after else {}
    async with client.stream("GET", CHANGES, headers=headers, params=params) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        task = asyncio.create_task(follower.read(response))
        if not after and "Last-Event-ID" not in headers:
            await until(lambda: bool(follower.seen))
        try:
            yield follower
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_life_is_told(world: ServerWorld) -> None:
    """Guards the whole way of a job: created, every phase, deleted; and that the stream outlives it."""
    async with world.live() as client, following(client) as follower:
        assert follower.seen[0][0] == "ready"
        job = await world.start_job("digits")
        await follower.says(("digits", "changed", "Running"))
        await world.finish_job(job)
        await follower.says(("digits", "changed", "Completed"))
        assert (await client.delete(f"{JOBS}/{job.id}")).status_code == 202
        await follower.says((job.id, "deleted", ""))
        assert follower.told[0][:2] == ("digits", "created")
    data = next(data for _, _, data in follower.seen if data.get("phase") == "Completed")
    assert (data["job_id"], data["reason"], data["attempt"], data["priority"]) == (job.id, "completed", 1, 1)
    assert data["end_time"] > data["create_time"] > 0 and data["secondary_phase"] == "Completed"


async def test_name_wait_priority_and_tags_are_told(world: ServerWorld) -> None:
    """Guards changes that are no change of phase."""
    job = world.add_job("waits")
    async with world.live() as client, following(client) as follower:
        for call in (
            client.put(f"{JOBS}/{job.id}", json={"description": "new"}),
            client.put(f"{JOBS}/{job.id}", json={"spec": {"schedule_policy": {"priority": 3}}}),
            client.post(
                f"/v2/{PROJECT}/modelarts-training-job/{job.id}/tags/create",
                json={"tags": [{"key": "a", "value": "b"}]},
            ),
        ):
            before = len(follower.seen)
            (await call).raise_for_status()
            await follower.has(before + 1)
        assert follower.seen[-1][2]["priority"] == 3


async def test_who_comes_back_misses_nothing(world: ServerWorld) -> None:
    """Guards resuming by header and by parameter, at every event, and after a silence."""
    async with world.live() as client:
        async with following(client) as follower:
            await world.start_job("one")
            await follower.says(("one", "changed", "Running"))
        begin, places = follower.seen[0][1], [place for _, place, _ in follower.seen]
        world.add_job("two")
        for place in places:
            for given in ({"after": place}, {"Last-Event-ID": place}):
                async with following(client, **given) as again:
                    await again.says(("two", "created", "Creating"))
                    phases = [phase for name, _, phase in again.told if name == "one"]
                    assert phases == ([] if place == places[-1] else ["Running"])
        async with following(client, after=begin) as whole:
            await until(lambda: len(whole.told) == 2)
            assert [told[1] for told in whole.told] == ["created", "created"]


async def test_a_place_that_was_forgotten_is_said_to_be(world: ServerWorld) -> None:
    """Guards `reset`: too old, and of another database; what is no place is refused."""
    for number in range(30):
        world.add_job(f"job-{number}")
    with world.services.units(PLATFORM) as uow:
        assert uow.job_changes.prune(5) == 25
        uow.commit()
    async with world.live() as client:
        for number, place in enumerate(("0.3", "0.999"), 30):
            async with following(client, after=place) as follower:
                await follower.has(1)
                assert follower.seen[0][:2] == ("reset", f"0.{number}")
                world.add_job(f"after-{place}")
                await follower.has(2)
        async with following(client, after="0.26") as follower:
            await until(lambda: len(follower.told) >= 4)
            assert follower.seen[0][0] == "job"
        for bad in ("x", "1", "1.2.3", "-1.2"):
            check_shape(await client.get(CHANGES, params={"after": bad}), 400, "ModelArts.2764")
        wrong = await client.get(f"/v2/{'q' * 32}/training-job-changes")
        assert wrong.status_code in (401, 403)


async def test_bursts_are_told_as_one(world: ServerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards readers against a thousand events a second: many changes of one job are one event, with its last state."""
    monkeypatch.setattr(job_changes, "AT_ONCE", 7)
    job = world.add_job("busy")
    async with world.live() as client, following(client) as follower:
        with world.services.units(PLATFORM) as uow:
            for number in range(20):
                changed = replace(uow.jobs.get_to_change(job.id), description=str(number))
                uow.jobs.save_documents(changed)
            uow.jobs.add(replace(make_job(launch=make_launch(job_id="z", project_id=PROJECT)), name="last"))
            uow.commit()
        await follower.says(("last", "created", "Creating"))
        assert len(follower.told) == 4  # seven at a time


async def test_other_projects_and_workspaces_are_not_told(world: ServerWorld) -> None:
    """Guards the scope: what the caller does not see is not even counted."""
    with world.services.units(PLATFORM) as uow:
        uow.principals.add_project(Project("q" * 32, "other", 1))
        eve = User("e", "eve", PROJECT, is_admin=False, roles=(DEVELOPER,))
        uow.principals.add_user(eve, 0)
        uow.principals.add_token(Token("te", eve.id), principals.hash_token("tw_eve"))
        uow.commit()
    with world.services.units(Scope(PROJECT)) as uow:
        uow.workspaces.add(Workspace("w", PROJECT, "w", auth_type="PRIVATE", owner_id="u"))
        uow.commit()

    def add(job_id: str, project: str, workspace: str) -> None:
        launch = make_launch(job_id=job_id, project_id=project, job_name=job_id)
        job = replace(make_job(launch=launch), workspace_id=workspace)
        with world.services.units(PLATFORM) as uow:
            uow.jobs.add(job)
            uow.commit()

    async with (
        world.live() as client,
        following(client) as admin,
        following(client, **{"X-Auth-Token": "tw_eve"}) as eve_sees,
    ):
        add("theirs", "q" * 32, "0")
        add("hidden", PROJECT, "w")
        add("open", PROJECT, "0")
        await until(lambda: len(admin.told) == 2 and len(eve_sees.told) == 1)
        with world.services.units(PLATFORM) as uow:
            for job_id in ("theirs", "hidden", "open"):
                uow.jobs.delete(job_id)
            uow.commit()
        await until(lambda: len(admin.told) == 4 and len(eve_sees.told) == 2)
        assert [told[0] for told in eve_sees.told] == [eve_sees.told[0][0], "open"]


async def test_idle_followers_share_one_look(world: ServerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the cost of a hundred open consoles: where the log ends is asked once for all, also after a change."""
    asked = []
    real = job_changes.newest

    async def counted(ctx: Any) -> Position:
        asked.append(1)
        return await real(ctx)

    monkeypatch.setattr(job_changes, "newest", counted)
    feed = feed_module.JobFeed(world.services, world.broadcast, look_again_s=0.2)
    who = Principal("u", "admin", PROJECT, is_admin=True)
    told: list[int] = []

    async def still() -> Principal:
        return who

    async def follow(number: int) -> None:
        watch = feed.watch()
        with watch:
            pieces = feed.follow(who, watch, Language.EN, after=None, still=still)
            async for piece in pieces:
                if b"event: job" in piece:
                    told.append(number)
                    break
            await pieces.aclose()

    tasks = [asyncio.create_task(follow(number)) for number in range(100)]
    await until(lambda: world.broadcast.count == 100)
    await asyncio.sleep(0.5)
    assert len(asked) <= 8  # not 250
    world.add_job()
    feed.heard()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)
    assert len(told) == 100 and len(asked) <= 16


async def test_what_another_process_commits_is_seen(world: ServerWorld) -> None:
    """Guards several servers over one database: without a hint the change is seen at the next look."""
    async with world.live() as client, following(client) as follower:
        feed = world.app.state.wiring.job_feed
        feed._look_again_s = 0.05
        world.services.units.jobs_changed = lambda: None  # type: ignore[attr-defined]  # as if it were not ours
        world.add_job("elsewhere")
        await follower.says(("elsewhere", "created", "Creating"))


async def test_heartbeats_tell_the_place_and_ask_who_it_is(
    world: ServerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards open consoles of people whose access was taken away, and quiet projects beside busy ones."""
    monkeypatch.setattr(feed_module, "HEARTBEAT_S", 0.02)
    feed = feed_module.JobFeed(world.services, world.broadcast, look_again_s=0.01)
    who = Principal("u", "admin", PROJECT, is_admin=True)
    asked: list[int] = []

    async def still() -> Principal:
        asked.append(1)
        if len(asked) == 3:
            raise NoCredentials
        return who

    with feed.watch() as watch:
        pieces = [piece async for piece in feed.follow(who, watch, Language.EN, after=None, still=still)]
    assert pieces[0].startswith(b"id: 0.0\nevent: ready")
    assert pieces[1:] == [b": still here\nid: 0.0\n\n"] * 2


async def test_creating_is_told_through_the_service(world: ServerWorld) -> None:
    """Guards the hint for what use cases commit: it comes at once, not at the next look."""
    async with world.live() as client, following(client) as follower:
        world.app.state.wiring.job_feed._look_again_s = 60.0
        job = world.add_job("stopped")
        await follower.says(("stopped", "created", "Creating"))
        who = Principal("u", "admin", PROJECT, is_admin=True)
        await jobs.stop(world.services, who, job.id, {"action_type": "terminate"}, Language.EN)
        await until(lambda: any(change == "changed" for _, change, _ in follower.told))
