"""A project at a glance: what a first page shows, to whom, and of what."""

from dataclasses import replace

import pytest

from tests.services.world import ALICE, BOB, EN, START_MS, ZH, World, done
from trainwright.domain.access import Action
from trainwright.domain.demand import Demand
from trainwright.domain.entities import Note
from trainwright.domain.errors import PoolNotFound
from trainwright.domain.observation import RunState
from trainwright.ports.backend import BackendError
from trainwright.ports.nodes import Isolation
from trainwright.ports.pools import Pool
from trainwright.ports.uow import PLATFORM, JobQuery
from trainwright.services import isolation, nodes, overview, pool_room, reports

pytestmark = pytest.mark.anyio
HOUR_MS = 3_600_000


async def fail(world: World, name: str) -> str:
    """A job whose second task fails."""
    job_id = await world.running(
        metadata__name=name, algorithm__outputs=[], spec__resource={"flavor_id": "cpu.1", "node_count": 2}
    )
    await reports.report(world.ctx, f"{job_id}-a1", "worker-1", done(3, "user_exit"))
    world.step(job_id, RunState.RUNNING)
    world.step(job_id, RunState.GONE)
    return job_id


async def test_an_empty_project(world: World) -> None:
    """Guards the first page of the first day."""
    told = await overview.show(world.ctx, ALICE, EN)
    assert (told.counts, told.my_counts, told.latest) == ({}, {}, [])
    assert (told.failed.count, told.failed.jobs, told.failed.since) == (0, [], START_MS - 24 * HOUR_MS)
    assert (told.waiting.count, told.waiting.jobs, told.usage.pools) == (0, [], [])
    assert told.pools is not None and [pool.pool_id for pool in told.pools] == ["pool-public"]
    assert told.quotas is not None and (told.quotas[0].quota, told.quotas[0].used) == (-1, 0)


async def test_what_failed_and_why(world: World) -> None:
    """Guards the cause: the task that failed, its exit code, in the reader's language; since when."""
    job_id = await fail(world, "broken")
    for language in (EN, ZH):
        told = await overview.show(world.ctx, ALICE, language)
        (job,) = told.failed.jobs
        assert (job.id, job.name, job.phase, told.failed.count) == (job_id, "broken", "Failed", 1)
        assert job.cause is not None
        assert (job.cause.task, job.cause.exit_code, job.cause.reason) == ("worker-1", 3, "user_exit")
        assert job.cause.message and job.reason_message
    later = await overview.show(world.ctx, ALICE, EN, since_ms=world.clock.ms + 1)
    assert (later.failed.count, later.failed.since) == (0, world.clock.ms + 1)
    assert later.counts == later.my_counts == {"Failed": 1}
    assert later.latest[0].cause is not None


async def test_what_waits_and_why(world: World) -> None:
    """Guards the queue: who has waited longest comes first, with place, reason and expected start."""
    ids = []
    for number in range(3):
        ids.append(await world.create(metadata__name=f"job-{number}", algorithm__outputs=[]))
        world.clock.ms += 1000
    for place, job_id in enumerate(ids[:2], 1):
        world.step(job_id)
        note = Note("wait_ahead", {"position": place, "starts_at_ms": world.clock.ms + 60_000 * place})
        world.step(job_id, RunState.QUEUED, wait=note)
    told = await overview.show(world.ctx, ALICE, EN)
    assert [job.name for job in told.waiting.jobs] == ["job-0", "job-1"]
    assert (told.waiting.count, [job.position for job in told.waiting.jobs]) == (2, [1, 2])
    assert told.waiting.jobs[0].pending_message and told.waiting.jobs[0].starts_at > world.clock.ms
    assert [job.name for job in told.latest] == ["job-2", "job-1", "job-0"]
    rooms = await pool_room.show_rooms(world.ctx, ALICE)
    assert {flavor.expected_wait_s for flavor in rooms.pools[0].flavors} <= {0, 120}


async def test_who_used_what(world: World) -> None:
    """Guards the sums by owner: means of each hour, of the caller's project only."""
    job_id = await world.running(spec__resource={"flavor_id": "cpu.1", "node_count": 2})
    world.clock.ms += HOUR_MS * 3 // 2
    told = await overview.show(world.ctx, ALICE, EN)
    (pool,) = told.usage.pools
    (owner,) = pool.owners
    assert (pool.pool_id, owner.user_id, owner.user_name) == ("pool-public", ALICE.user_id, "alice")
    assert owner.cpus == [*[0.0] * 22, 1.0, 2.0]
    assert owner.memory_mib[-1] == 2048 and len(owner.accelerators) == told.usage.spans == 24
    assert told.usage.complete and told.usage.start + 24 * told.usage.span == world.clock.ms
    theirs = await overview.show(world.ctx, BOB, EN)
    assert (theirs.counts, theirs.latest, theirs.usage.pools) == ({}, [], [])
    assert job_id not in theirs.model_dump_json()


async def test_many_owners_are_summed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the size of the answer: the rest is one owner without a name."""
    monkeypatch.setattr(overview, "OWNERS_MAX", 1)
    await world.running(metadata__name="one", algorithm__outputs=[])
    with world.ctx.units(PLATFORM) as uow:
        (job,) = uow.jobs.search(JobQuery()).jobs
        launch = job.launch.model_copy(update={"job_id": "z"})
        uow.jobs.add(replace(job, id="z", name="z", launch=launch, user_id="zz", attempt_number=0))
        (claim,) = uow.leases.claim_due("x", world.clock.ms, lease_ms=1, limit=1, job_ids=["z"])
        held = replace(world.attempt(job.id), job_id="z", up_at_ms=world.clock.ms)
        uow.leases.save(claim, replace(claim.job, attempt_number=1), held, ())
        uow.commit()
    world.clock.ms += HOUR_MS
    (pool,) = (await overview.show(world.ctx, ALICE, EN)).usage.pools
    assert [owner.user_id for owner in pool.owners] == [ALICE.user_id, ""]
    assert pool.owners[0].cpus[-1] == pool.owners[1].cpus[-1] == 1.0


async def test_parts_that_the_caller_may_not_see(world: World) -> None:
    """Guards rights: pools and quotas are left out for whom they are not."""
    only = replace(ALICE, actions=frozenset({Action.JOB_LIST}), action=Action.JOB_LIST)
    told = await overview.show(world.ctx, only, EN)
    assert (told.pools, told.quotas, told.pools_unavailable) == (None, None, "")


async def test_a_backend_that_does_not_answer_hides_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the first page while the cluster is away: it says so, and shows the rest."""
    await fail(world, "broken")

    async def away() -> None:
        raise BackendError("no route to the cluster")

    monkeypatch.setattr(world.backend, "probe_shares", away, raising=False)
    monkeypatch.setattr(world.backend, "probe", away)
    told = await overview.show(world.ctx, ALICE, EN)
    assert told.failed.count == 1 and told.pools is None
    assert "no route to the cluster" in told.pools_unavailable


async def test_room_in_pools(world: World) -> None:
    """Guards what a form shows: nodes in all and free, of flavors the pool allows, of pools the caller sees."""
    rooms = (await pool_room.show_rooms(world.ctx, ALICE)).pools
    assert [room.pool_id for room in rooms] == ["pool-public"]
    capacity = rooms[0].capacity
    assert capacity.cpus == rooms[0].free.cpus + rooms[0].used.cpus
    by_id = {flavor.flavor_id: flavor for flavor in rooms[0].flavors}
    assert by_id["cpu.1"].nodes == min(int(capacity.cpus), capacity.memory_mib // 1024)
    assert 0 <= by_id["cpu.1"].free_nodes <= by_id["cpu.1"].nodes
    document = {"metadata": {}, "spec": {"jobFlavors": ["cpu.4"]}}
    size = Demand(8000, 8192)
    with world.ctx.units(PLATFORM) as uow:
        pool = Pool("pool-x", ALICE.project_id, "", "mine", document, size.millicpus, size.memory_mib, 0)
        uow.pools.add(pool)
        uow.commit()
    (room,) = (await pool_room.show_rooms(world.ctx, ALICE, "pool-x")).pools
    assert (room.pool_name, [(flavor.flavor_id, flavor.nodes) for flavor in room.flavors]) == (
        "mine",
        [("cpu.4", 2)],
    )
    assert [each.pool_id for each in (await pool_room.show_rooms(world.ctx, BOB)).pools] == ["pool-public"]
    with pytest.raises(PoolNotFound):
        await pool_room.show_rooms(world.ctx, BOB, "pool-x")


async def test_a_divided_machine_out_of_use_has_no_room(world: World) -> None:
    """Guards that a locked machine is not offered as free, in none of its pools; returned, it is."""
    (before,) = (await pool_room.show_rooms(world.ctx, ALICE)).pools
    (node,) = (await nodes.list_nodes(world.ctx, ALICE, "")).items
    # Not told to the fake: real backends of one machine go on saying how large it is.
    isolation.add(world.ctx, [Isolation(node.metadata.name, "admin", "a new disk", START_MS)])
    (room,) = (await pool_room.show_rooms(world.ctx, ALICE)).pools
    assert (room.free.cpus, room.free.memory_mib, room.capacity) == (0, 0, before.capacity)
    assert {(each.free_nodes, each.expected_wait_s) for each in room.flavors} == {(0, None)}
    assert [each.nodes for each in room.flavors] == [each.nodes for each in before.flavors]
    isolation.remove(world.ctx, [node.metadata.name])
    assert (await pool_room.show_rooms(world.ctx, ALICE)).pools == [before]
