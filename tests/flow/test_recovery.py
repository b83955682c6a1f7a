"""Faults and what follows from them, over a real database and the fake backend; each way also with a crash at every
point where the process could die.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.domain.builders import make_launch, make_role
from tests.flow.world import Crash, Fuse, World
from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.lifecycle import Phase
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.plan import URGENT_WAIT_MS
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import LaunchSpec
from trainwright.ports.uow import PLATFORM
from trainwright.services import isolation

pytestmark = pytest.mark.anyio

RUNS, EXITED = Observation(RunState.RUNNING), Observation(RunState.EXITED)
TURN_S = 15


@dataclass(frozen=True)
class Story:
    """What backend and runners do, told from what is stored alone, and how it has to end."""

    launch: LaunchSpec
    play: Callable[[World, Job, Attempt], None]
    phase: Phase
    reason: Reason
    codes: tuple[str, ...]
    check: Callable[[World, Job], None]
    rounds: int = 40
    crash_every: int = 1  # of a long life only so many points


def change(world: World, attempt: Attempt, changed: Callable[[TaskState], TaskState]) -> None:
    """What the runners report."""
    with world.database.units(PLATFORM) as uow:
        for task in uow.tasks.list_of_attempt(attempt.key):
            if changed(task) != task:
                uow.tasks.save(changed(task), make_due=True)
        uow.commit()


def come_up(world: World, attempt: Attempt) -> bool:
    """The backend starts what is queued, and its runners register; True while that is all there is to do."""
    state = world.backend.state_of(attempt.key)
    now_ms = world.clock.now_ms()
    if state is RunState.QUEUED:
        world.backend.set_state(attempt.key, RUNS)
        change(
            world,
            attempt,
            lambda task: replace(
                task, registered_at_ms=now_ms, started_at_ms=now_ms, node=f"node-{7 + task.index}"
            ),
        )
    return state is not RunState.RUNNING


def end(world: World, attempt: Attempt, reason: Reason) -> None:
    """All tasks end so, and leave."""
    now_ms = world.clock.now_ms()
    change(world, attempt, lambda task: replace(task, reason=reason, exit_code=1, ended_at_ms=now_ms))
    world.backend.set_state(attempt.key, EXITED)


def play_node_fault(world: World, job: Job, attempt: Attempt) -> None:
    """The check of the first attempt fails."""
    if not come_up(world, attempt):
        end(world, attempt, Reason.COMPLETED if attempt.number > 1 else Reason.PRECHECK_FAILED)


def check_node_fault(world: World, job: Job) -> None:
    """Isolated once, told, and the second attempt goes first; it costs the user nothing."""
    first, second = world.attempts(job.id)
    assert (first.end_reason, first.urgent, second.urgent) == (Reason.PRECHECK_FAILED, False, True)
    (out,) = world.isolations().values()
    assert (out.node, out.reason, out.job_id) == ("node-7", "precheck_failed", job.id)
    assert world.backend.isolated == {"node-7"}
    assert (job.free_used, job.budget_used, job.avoid) == (1, 0, ())
    assert world.backend.submitted == [first.key, second.key]


def play_preemption(world: World, job: Job, attempt: Attempt) -> None:
    """The backend ends the first attempt for another job."""
    if not come_up(world, attempt):
        if attempt.number > 1:
            end(world, attempt, Reason.COMPLETED)
        else:
            room = Observation(RunState.EXITED, reason=Reason.PREEMPTED, detail="room for job x")
            world.backend.set_state(attempt.key, room)


def check_preemption(world: World, job: Job) -> None:
    """Queued again like any other, and nothing is counted."""
    first, second = world.attempts(job.id)
    assert (first.end_reason, second.urgent) == (Reason.PREEMPTED, False)
    assert (job.free_used, job.budget_used) == (0, 0)
    assert world.backend.submitted == [first.key, second.key]


def meet(world: World, attempt: Attempt) -> bool:
    """Runners that are behind start again; False when there are none."""

    def met(task: TaskState) -> TaskState:
        if task.round >= attempt.wanted_starts:
            return task
        return replace(task, round=attempt.wanted_starts, quiet_since_ms=0, quiet_measure="")

    behind = [task for task in world.tasks(attempt.key) if met(task) != task]
    change(world, attempt, met)
    return bool(behind)


def play_process_retry(world: World, job: Job, attempt: Attempt) -> None:
    """One process fails once; then all goes well."""
    if come_up(world, attempt) or meet(world, attempt):
        return
    if attempt.wanted_starts:
        end(world, attempt, Reason.COMPLETED)
    else:
        change(
            world,
            attempt,
            lambda task: task if task.index else replace(task, failed_round=0, failure=Reason.USER_EXIT),
        )


def check_process_retry(world: World, job: Job) -> None:
    """One restart in place in one attempt."""
    (attempt,) = world.attempts(job.id)
    assert (attempt.wanted_starts, attempt.process_restarts) == (1, 1)
    assert (job.free_used, job.budget_used) == (0, 0)


def play_hang(world: World, job: Job, attempt: Attempt) -> None:
    """Nothing ever moves."""
    if come_up(world, attempt) or meet(world, attempt):
        return
    now_ms = world.clock.now_ms()
    if job.phase is Phase.TERMINATING:
        end(world, attempt, Reason.STOPPED_BY_USER)
        return
    change(
        world,
        attempt,
        lambda task: replace(
            task, quiet_since_ms=task.quiet_since_ms or now_ms, quiet_measure="cpu", last_seen_ms=now_ms
        ),
    )


def check_hang(world: World, job: Job) -> None:
    """Three restarts in a row, four dumps of stacks."""
    (attempt,) = world.attempts(job.id)
    assert (attempt.wanted_starts, attempt.hang_restarts, attempt.wanted_stacks) == (3, 3, 4)


def play_reserve(world: World, job: Job, attempt: Attempt) -> None:
    """The command fails, its environment stays until it is let go."""
    if come_up(world, attempt):
        return
    now_ms = world.clock.now_ms()
    change(
        world, attempt, lambda task: replace(task, reason=Reason.USER_EXIT, exit_code=1, ended_at_ms=now_ms)
    )
    if attempt.reserved_until_ms and now_ms >= attempt.reserved_until_ms:
        world.backend.set_state(attempt.key, EXITED)


def check_reserve(world: World, job: Job) -> None:
    """It was kept as long as was asked for."""
    (attempt,) = world.attempts(job.id)
    assert attempt.reserved_until_ms == attempt.settled_at_ms + 60_000 <= attempt.ended_at_ms


def play_no_healthy_node(world: World, job: Job, attempt: Attempt) -> None:
    """The first attempt loses its node, and no other ever becomes free."""
    if attempt.number > 1:
        world.clock.turn(URGENT_WAIT_MS // 1000 / 4)
    elif not come_up(world, attempt):
        lost = Observation(RunState.EXITED, reason=Reason.NODE_LOST, nodes=("node-7",))
        world.backend.set_state(attempt.key, lost)


def check_no_healthy_node(world: World, job: Job) -> None:
    """It waited as long as it should, for any node but the lost one."""
    _, second = world.attempts(job.id)
    assert job.avoid == ("node-7",)
    assert second.settled_at_ms - second.created_at_ms >= URGENT_WAIT_MS


STORIES = {
    "node_fault": Story(
        make_launch(make_role()),
        play_node_fault,
        Phase.COMPLETED,
        Reason.COMPLETED,
        ("job_running", "node_isolated", "job_restarted", "job_running", "job_completed"),
        check_node_fault,
    ),
    "preemption": Story(
        make_launch(make_role(), preemptible=True),
        play_preemption,
        Phase.COMPLETED,
        Reason.COMPLETED,
        ("job_running", "job_preempted", "job_restarted", "job_running", "job_completed"),
        check_preemption,
    ),
    "process_retry": Story(
        make_launch(make_role(replicas=2), process_retries=1),
        play_process_retry,
        Phase.COMPLETED,
        Reason.COMPLETED,
        ("job_running", "job_restarted_in_place", "job_completed"),
        check_process_retry,
    ),
    "hang": Story(
        make_launch(make_role(replicas=2), retry_hang=True),
        play_hang,
        Phase.FAILED,
        Reason.HANGED,
        (
            "job_running",
            *("job_hang_suspected", "job_restarted_in_place") * 3,
            "job_hang_suspected",
            "job_failed",
        ),
        check_hang,
        rounds=80,
        crash_every=5,
    ),
    "reserve": Story(
        make_launch(make_role(), reserve_s=60),
        play_reserve,
        Phase.FAILED,
        Reason.USER_EXIT,
        ("job_running", "environment_kept", "environment_released", "job_failed"),
        check_reserve,
    ),
    "no_healthy_node": Story(
        make_launch(make_role()),
        play_no_healthy_node,
        Phase.ABNORMAL,
        Reason.QUEUE_TIMEOUT,
        ("job_running", "job_restarted", "job_queue_timeout", "job_abnormal"),
        check_no_healthy_node,
    ),
}


async def live(world: World, story: Story, job_id: str) -> Job:
    """Let time pass until the job has ended."""
    for _ in range(story.rounds):
        await world.loop.pass_once()
        job = world.job(job_id)
        if job.phase.is_end:
            break
        attempts = world.attempts(job_id)
        if attempts:
            story.play(world, job, attempts[-1])
        world.clock.turn(TURN_S)
    return world.job(job_id)


def told(world: World, story: Story, job: Job) -> None:
    """It ended as it should, was told once, and nothing is left."""
    assert (job.phase, job.reason) == (story.phase, story.reason)
    assert world.codes(job.id) == list(story.codes)
    assert [attempt.number for attempt in world.attempts(job.id)] == list(range(1, job.attempt_number + 1))
    assert all(attempt.ended_at_ms for attempt in world.attempts(job.id))
    story.check(world, job)


async def through_crash(root: Path, story: Story, at: int) -> bool:
    """One life with a crash at the `at`-th point; False when it has no such point."""
    world = World(root)
    try:
        job = world.add_job(story.launch)
        world.restart(Fuse(at))
        try:
            await live(world, story, job.id)
        except* Crash:
            world.restart()
            world.free_leases()
            await isolation.announce(world.services)
        if world.fuse.at:
            return False
        told(world, story, await live(world, story, job.id))
        assert list(await world.backend.owned()) == []
        return True
    finally:
        world.close()


async def test_a_job_that_blames_its_node_over_and_over(tmp_path: Path) -> None:
    """Guards the pool against a job that says so itself: three nodes a day, however often they are returned."""
    world = World(tmp_path)
    job = world.add_job(make_launch(make_role()))
    isolated = 0
    for _ in range(60):
        await world.loop.pass_once()
        if world.job(job.id).phase.is_end:
            break
        attempt = world.attempts(job.id)[-1:]
        if attempt and not come_up(world, attempt[0]):
            end(world, attempt[0], Reason.HARDWARE_FAULT)
        isolated += bool(world.isolations())
        isolation.remove(world.services, list(world.isolations()))
        world.clock.turn(TURN_S)
    assert world.job(job.id).phase is Phase.ABNORMAL
    assert isolated == 3
    told = [code for code in world.codes(job.id) if code.startswith("node_")]
    assert told == ["node_isolated"] * 3 + ["node_not_isolated"] * 3
    world.close()


@pytest.mark.parametrize("name", STORIES)
async def test_what_follows_a_fault(tmp_path: Path, name: str) -> None:
    """Guards each way of recovery from the fault to the end."""
    world = World(tmp_path)
    story = STORIES[name]
    job = world.add_job(story.launch)
    told(world, story, await live(world, story, job.id))
    assert list(await world.backend.owned()) == []
    world.close()


@pytest.mark.parametrize("name", STORIES)
async def test_a_crash_at_any_await_of_a_recovery_loses_and_doubles_nothing(
    tmp_path: Path, name: str
) -> None:
    """Guards that nobody is counted, isolated or restarted twice, whenever the process dies."""
    at, more = 0, True
    while more:
        at += STORIES[name].crash_every
        root = tmp_path / str(at)
        root.mkdir()
        more = await through_crash(root, STORIES[name], at)
    assert at > 30
