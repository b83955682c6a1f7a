"""The control loop over a real database and the fake backend: lives, faults, and a crash at every await."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.domain.builders import make_launch, make_role
from tests.flow.world import Crash, Fuse, World
from trainwright.domain.entities import Job
from trainwright.domain.lifecycle import Phase
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh control plane."""
    made = World(tmp_path)
    yield made
    made.close()


async def test_a_job_lives_from_creating_to_completed(world: World) -> None:
    """Guards the whole way, and that nothing is left on the backend at the end."""
    job = world.add_job()
    ended = await world.settle(job.id)
    assert (ended.phase, ended.reason) == (Phase.COMPLETED, Reason.COMPLETED)
    assert [event.code for event in world.events(job.id)] == ["job_running", "job_completed"]
    assert list(await world.backend.owned()) == []
    (attempt,) = world.attempts(job.id)
    assert attempt.ended_at_ms


async def test_stopping_a_queued_job_ends_it_without_a_run(world: World) -> None:
    """Guards stop before any runner registered."""
    job = world.add_job()
    await world.loop.pass_once()
    world.stop(job.id)
    await world.loop.pass_once()
    (attempt,) = world.attempts(job.id)
    assert world.job(job.id).phase is Phase.TERMINATING
    world.backend.set_state(attempt.key, Observation(RunState.EXITED))
    assert (await world.settle(job.id)).phase is Phase.TERMINATED


async def test_a_stop_that_arrives_before_the_first_pass_submits_nothing(world: World) -> None:
    """Guards Creating → Terminating."""
    job = world.add_job()
    world.stop(job.id)
    assert (await world.settle(job.id)).phase is Phase.TERMINATED
    assert world.attempts(job.id) == ()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_changed_priority_reaches_the_queue(world: World, when: str) -> None:
    """Guards a change before the attempt is submitted, and one while it waits; a failing call is repeated."""
    job = world.add_job()
    if when == "before":
        world.change_priority(job.id, 3)
    await world.loop.pass_once()
    if when == "after":
        world.change_priority(job.id, 3)
        world.backend.fail_next("set_priority")
    for _ in range(3):
        world.clock.turn(60)
        await world.loop.pass_once()
    (attempt,) = world.attempts(job.id)
    assert world.backend.priority_of(attempt.key) == 3


async def test_a_backend_that_fails_for_a_while_only_delays(world: World) -> None:
    """Guards retries of every call."""
    world.backend.fail_next("submit", 3)
    world.backend.fail_next("observe", 3)
    world.backend.fail_next("reap", 2)
    job = world.add_job()
    assert (await world.settle(job.id, rounds=40)).phase is Phase.COMPLETED
    assert len(world.attempts(job.id)) == 1


async def test_a_lost_run_is_tried_again_and_keeps_its_history(world: World) -> None:
    """Guards the free retry: attempt 2 follows a vanished attempt 1."""
    job = world.add_job()
    await world.loop.pass_once()
    world.play(job.id)
    await world.loop.pass_once()
    (first,) = world.attempts(job.id)
    world.backend.vanish(first.key)
    world.clock.turn(30)
    await world.loop.pass_once()
    assert (await world.settle(job.id, rounds=20)).phase is Phase.COMPLETED
    first, second = world.attempts(job.id)
    assert (first.end_reason, second.end_reason) == (Reason.RUNNER_LOST, Reason.COMPLETED)
    assert 0 < first.ended_at_ms <= second.created_at_ms
    assert "job_restarted" in [event.code for event in world.events(job.id)]


async def test_a_pass_over_an_unchanged_world_writes_nothing(world: World) -> None:
    """Guards level-triggering end to end: no growing history while a job just runs."""
    job = world.add_job()
    await world.loop.pass_once()
    world.play(job.id)
    await world.loop.pass_once()
    before = (world.job(job.id), world.attempts(job.id), world.events(job.id))
    for _ in range(5):
        world.clock.turn(16)
        assert await world.loop.pass_once() == 1
    assert (world.job(job.id), world.attempts(job.id), world.events(job.id)) == before


async def test_a_poisoned_job_is_reported_and_does_not_stop_the_others(world: World) -> None:
    """Guards the blocked flag: counted failures, one event, the loop goes on and heals."""
    job = world.add_job()
    world.backend.break_next("submit", 6)
    for _ in range(8):
        await world.loop.pass_once()
        world.clock.turn(60)
    assert [event.code for event in world.events(job.id)].count("job_blocked") == 1
    healed = await world.settle(job.id, rounds=20)
    assert (healed.phase, healed.blocked) == (Phase.COMPLETED, "")


async def test_gang_of_tasks_completes_together(world: World) -> None:
    """Guards several tasks of one job."""
    job = world.add_job(make_launch(make_role(replicas=3)))
    assert (await world.settle(job.id)).phase is Phase.COMPLETED
    (attempt,) = world.attempts(job.id)
    assert [task.name for task in world.tasks(attempt.key)] == ["worker-0", "worker-1", "worker-2"]


async def _live(world: World, job_id: str, *, stopped: bool) -> Job:
    """A life to its end; with `stopped` a user stops it once it runs."""
    if stopped and not world.job(job_id).stop_requested_at_ms:
        for _ in range(3):
            await world.loop.pass_once()
            world.play_start(job_id)
        world.stop(job_id)
    return await world.settle(job_id, rounds=30)


async def _live_through_crash(root: Path, at: int, *, stopped: bool) -> bool:
    """One life with a crash at the `at`-th point; False when it has no such point."""
    world = World(root)
    try:
        job = world.add_job()
        world.restart(Fuse(at))
        try:
            await _live(world, job.id, stopped=stopped)
        except* Crash:
            world.restart()
            world.free_leases()
        if world.fuse.at:
            return False
        ended = await _live(world, job.id, stopped=stopped)
        expected = (
            (Phase.TERMINATED, Reason.STOPPED_BY_USER) if stopped else (Phase.COMPLETED, Reason.COMPLETED)
        )
        assert (ended.phase, ended.reason) == expected
        (attempt,) = world.attempts(job.id)
        assert world.backend.submitted == [attempt.key]
        last = "job_stopped" if stopped else "job_completed"
        assert [event.code for event in world.events(job.id)] == ["job_running", last]
        assert list(await world.backend.owned()) == []
        return True
    finally:
        world.close()


@pytest.mark.parametrize("stopped", [False, True])
async def test_a_crash_at_any_await_loses_and_doubles_nothing(tmp_path: Path, stopped: bool) -> None:
    """Guards 'nothing is lost': the process dies before or after every outer call in turn, and a new one goes on."""
    at, more = 0, True
    while more:
        at += 1
        root = tmp_path / str(at)
        root.mkdir()
        more = await _live_through_crash(root, at, stopped=stopped)
    assert at > 30
