"""Where a start goes on from while the store is in trouble: tasks wait and ask again, for a bounded time."""

import asyncio
from dataclasses import replace

import pytest

from tests.services.test_rendezvous import TWO, ready, tell, want
from tests.services.world import REGISTRATION, World
from trainwright.domain.observation import RunState
from trainwright.ports.uow import PLATFORM
from trainwright.services import reports, resume_points
from trainwright.services.resume_points import AGAIN_MS, PATIENCE_MS, Newest, NotYet, ResumePoints
from trainwright.wire.runner import ResumePoint

pytestmark = pytest.mark.anyio
WEIGHTS = (
    (57).to_bytes(8, "little") + b'{"w":{"dtype":"U8","shape":[16],"data_offsets":[0,16]}}  ' + bytes(16)
)


def unknown(world: World, job_id: str) -> list[str]:
    """What the job's events say of starts that were told nothing."""
    return [
        str(event.slots["detail"]) for event in world.events(job_id) if event.code == "resume_point_unknown"
    ]


async def test_a_start_waits_for_the_store(world: World) -> None:
    """Guards against beginning from zero for a moment's trouble, at registration and at a rendezvous."""
    job_id = await world.running(**TWO)
    await world.put("obs://results/run1/step-7.safetensors", WEIGHTS)
    dated = replace_created(world, job_id)
    want(world, job_id, wanted_starts=1)
    world.objects.broken = "down"
    order = await reports.register(world.ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
    assert (order.go, order.resume) == (None, None)
    for task in (0, 1):
        assert (await tell(world, job_id, task, ready(1, 5000 + task))).go is None
    world.objects.broken = ""
    assert (await tell(world, job_id, 0, ready(1, 5000))).go is None  # it is not asked all the time
    world.clock.ms += AGAIN_MS
    for task in (1, 0):
        go = (await tell(world, job_id, task, ready(1, 5000 + task))).go
        assert go is not None
        assert go.resume == ResumePoint(output=0, path="step-7.safetensors", step=7)
    assert unknown(world, dated) == []


def replace_created(world: World, job_id: str) -> str:
    """The job reads as made before all that lies in the store, whose clock is the real one."""
    with world.ctx.units(PLATFORM) as uow:
        job = uow.jobs.get_to_change(job_id)
        outputs = tuple(each.model_copy(update={"prefetch": True}) for each in job.launch.outputs)
        launch = job.launch.model_copy(update={"outputs": outputs})
        uow.jobs.save_documents(replace(job, launch=launch))
        uow.commit()
    return job_id


async def test_it_does_not_wait_for_ever(world: World) -> None:
    """Guards the bound, its event, and that all tasks are told the same from then on."""
    job_id = await world.running(**TWO)
    want(world, job_id, wanted_starts=1)
    world.objects.broken = "down"
    for task in (0, 1):
        assert (await tell(world, job_id, task, ready(1, 5000 + task))).go is None
    world.clock.ms += PATIENCE_MS
    for task in (0, 1):
        go = (await tell(world, job_id, task, ready(1, 5000 + task))).go
        assert go is not None
        assert go.resume is None
        world.objects.broken = ""
        world.clock.ms += PATIENCE_MS
    assert unknown(world, job_id) == ["The object store failed: down."]


async def test_a_task_alone_waits_as_well(world: World) -> None:
    """Guards the start that needs no rendezvous: without an answer it asks for one."""
    job_id = await world.create()
    world.step(job_id)
    replace_created(world, job_id)
    await world.put("obs://results/run1/step-7.safetensors", WEIGHTS)
    world.objects.broken = "down"
    order = await reports.register(world.ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
    assert order.go is None
    world.step(job_id, RunState.RUNNING)
    world.objects.broken = ""
    world.clock.ms += AGAIN_MS
    go = (await tell(world, job_id, 0, ready(0, 5000))).go
    assert go is not None
    assert go.resume is not None


async def test_a_long_search_goes_on_while_tasks_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards that nothing is looked for twice at a time, and nobody waits long for an answer."""
    monkeypatch.setattr(resume_points, "WAIT_S", 0.01)
    over, searches = asyncio.Event(), 0

    async def find() -> Newest:
        nonlocal searches
        searches += 1
        await over.wait()
        return Newest()

    async def give_up(found: Newest) -> None:
        raise AssertionError(found)

    points = ResumePoints()
    for _ in range(3):
        with pytest.raises(NotYet):
            await points.get(("a", 1, "worker"), find, give_up, 0)
    over.set()
    await asyncio.sleep(0)
    for _ in range(3):
        assert await points.get(("a", 1, "worker"), find, give_up, PATIENCE_MS) is None
    assert searches == 1
