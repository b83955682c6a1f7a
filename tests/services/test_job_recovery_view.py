"""What is shown of recovery, hangs, queues and kept environments. Rows in, answer out."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.world import EN, START_MS, ZH, World
from trainwright.domain.entities import Attempt, Note, Slots, TaskState
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason
from trainwright.domain.texts import make_event, render_event
from trainwright.services.job_view import JobHistory, job_response
from trainwright.services.task_ends import task_end
from trainwright.wire.job_answers import JobStatus

pytestmark = pytest.mark.anyio


async def status_of(
    world: World,
    attempts: list[Attempt],
    tasks: dict[str, tuple[TaskState, ...]] | None = None,
    *,
    now_ms: int = START_MS,
    reserve_s: int = 0,
    **job: Any,
) -> JobStatus:
    """The status of a running job with these attempts."""
    job_id = await world.create()
    stored = world.read(job_id).job
    launch = stored.launch.model_copy(update={"reserve_s": reserve_s})
    tasks = {key.replace("j-", f"{job_id}-"): rows for key, rows in (tasks or {}).items()} | (tasks or {})
    fields = {"phase": Phase.RUNNING, "started_at_ms": START_MS, "attempt_number": len(attempts), **job}
    return job_response(
        JobHistory(replace(stored, launch=launch, **fields), tuple(attempts), tasks), EN, now_ms
    ).status


def attempt(number: int, **more: Any) -> Attempt:
    """An attempt of job `j` that came up."""
    return Attempt("j", number, START_MS, up_at_ms=START_MS, **more)


@pytest.mark.parametrize(
    ("reason", "recover", "scenario"),
    [
        (Reason.PRECHECK_FAILED, "job_reschedule_with_taint", "node_fault"),
        (Reason.NODE_LOST, "job_reschedule_with_taint", "node_fault"),
        (Reason.RUNNER_LOST, "job_reschedule", "node_fault"),
        (Reason.HANGED, "job_reschedule", "job_hanged"),
        (Reason.USER_EXIT, "job_reschedule", "job_failed"),
        (Reason.PREEMPTED, "job_reschedule", "job_failed"),
    ],
)
async def test_how_a_further_attempt_is_called(
    world: World, reason: Reason, recover: str, scenario: str
) -> None:
    """Guards contract §4.1: another attempt that avoids a node is told apart, and so is what went wrong."""
    status = await status_of(world, [attempt(1, ended_at_ms=START_MS + 1, end_reason=reason), attempt(2)])
    first = status.running_records[0]
    (record,) = first.recover_records
    assert (first.end_recover, record.recover, record.fault_scenario) == (recover, recover, scenario)


@pytest.mark.parametrize(
    ("rounds", "failed", "settled", "result"),
    [((2, 2), -1, 0, "success"), ((2, 1), -1, 0, "recovering"), ((2, 2), 2, 9, "failed")],
)
async def test_restarts_in_place_are_one_record(
    world: World, rounds: tuple[int, int], failed: int, settled: int, result: str
) -> None:
    """Guards proc_restart: how often, whose fault, and whether the processes came back."""
    rows = tuple(
        TaskState(
            "j-a1", f"worker-{index}", "worker", index, round=number, failed_round=failed if index else -1
        )
        for index, number in enumerate(rounds)
    )
    one = attempt(1, wanted_starts=2, hang_restarts=0, settled_at_ms=settled)
    status = await status_of(world, [one], {"j-a1": rows})
    (record,) = status.running_records[0].recover_records
    assert (record.recover, record.fault_scenario, record.count) == ("proc_restart", "job_failed", 2)
    assert record.recover_result == result
    status = await status_of_again(world, replace(one, hang_restarts=1), rows)
    assert status.running_records[0].recover_records[0].fault_scenario == "job_hanged"


async def test_a_restart_that_hung_again_was_no_success(world: World) -> None:
    """Guards the times that are known of restarts in place, and their result after all."""
    rows = (TaskState("j-a1", "worker-0", "worker", 0, round=1),)
    end: dict[str, Any] = {"settled_at_ms": START_MS + 9_000, "end_reason": Reason.HANGED}
    one = attempt(1, wanted_starts=1, hang_restarts=1, restarted_at_ms=START_MS + 5_000, **end)
    status = await status_of(world, [one], {"j-a1": rows})
    (record,) = status.running_records[0].recover_records
    assert (record.recover_start_at, record.recover_end_at) == (START_MS // 1000 + 5, START_MS // 1000 + 9)
    assert record.recover_result == "failed"


@pytest.mark.parametrize(
    ("end", "culprit", "reason", "message"),
    [
        (Reason.STOPPED_BY_USER, "", "stopped_by_user", "stopped by the user"),
        (Reason.TIME_LIMIT, "", "time_limit", "the run-time limit was reached"),
        (Reason.HANGED, "", "hanged", "the training process hung"),
        (Reason.COMPLETED, "", "ended_with_job", "ended because the job was decided: completed"),
        (
            Reason.OUT_OF_MEMORY,
            "worker-1",
            "ended_with_job",
            "ended because the job was decided: worker-1: memory ran out",
        ),
    ],
)
async def test_a_task_that_was_ended_tells_by_what(
    world: World, end: Reason, culprit: str, reason: str, message: str
) -> None:
    """Guards against a user who is said to have stopped what the platform ended, though runners say just that."""
    row = TaskState(
        "j-a1", "worker-0", "worker", 0, reason=Reason.STOPPED_BY_USER, exit_code=143, registered_at_ms=1
    )
    one = attempt(1, settled_at_ms=START_MS, end_reason=end, end_task=culprit)
    status = await status_of(world, [one], {"j-a1": (row,)})
    (told,) = status.task_statuses
    assert (told.reason, told.message, told.exit_code) == (reason, message, 143)
    assert task_end(row, one, ZH).text != message
    assert task_end(row, one, ZH).reason == reason


async def test_a_task_that_never_had_a_result_is_not_called_completed(world: World) -> None:
    """Guards a task that was still there when the main role had succeeded."""
    one = attempt(1, settled_at_ms=START_MS, end_reason=Reason.COMPLETED)
    ended: dict[str, Any] = {"phase": Phase.COMPLETED, "reason": Reason.COMPLETED}
    (told,) = (await status_of(world, [one], **ended)).task_statuses
    assert (told.reason, told.exit_code) == ("ended_with_job", -1)


async def test_a_task_that_never_had_a_result_names_the_one_to_blame(world: World) -> None:
    """Guards a task whose peer failed."""
    one = attempt(1, settled_at_ms=START_MS, end_reason=Reason.USER_EXIT, end_task="worker-1")
    ended: dict[str, Any] = {"phase": Phase.FAILED, "reason": Reason.USER_EXIT}
    (told,) = (await status_of(world, [one], **ended)).task_statuses
    assert told.message.startswith("ended because the job was decided: worker-1: ")


async def test_duration_is_the_time_of_all_attempts_and_no_other(world: World) -> None:
    """Guards `duration`, in ms: neither queues between attempts nor a kept environment count."""
    one = attempt(1, settled_at_ms=START_MS + 1_000, ended_at_ms=START_MS + 50_000)
    two = replace(attempt(2), up_at_ms=START_MS + 100_000, ran_before_ms=1_000)
    assert (await status_of(world, [one, two], now_ms=START_MS + 102_000)).duration == 3_000
    waits = replace(two, up_at_ms=0)
    (job,) = [world.read(job_id).job for job_id in world.woken]
    pending = replace(job, phase=Phase.PENDING, started_at_ms=START_MS, attempt_number=2)
    shown = job_response(JobHistory(pending, (one, waits), {}), EN, START_MS + 99_000)
    assert shown.status.duration == 1_000


async def status_of_again(world: World, one: Attempt, rows: tuple[TaskState, ...]) -> JobStatus:
    """As `status_of`, of the job that is there."""
    (job,) = [world.read(job_id).job for job_id in world.woken]
    running = replace(job, phase=Phase.RUNNING, started_at_ms=START_MS, attempt_number=1)
    return job_response(JobHistory(running, (one,), {"j-a1": rows}), EN, START_MS).status


async def test_a_suspected_hang_is_seen_in_the_phase(world: World) -> None:
    """Guards the phase's detail, and the sentence that stays with a running job."""
    note = Note("wait_cpus", {"asked": 4, "free": 2, "position": 2})
    status = await status_of(world, [attempt(1, hang_since_ms=START_MS)], pending=note)
    assert (status.phase, status.secondary_phase) == ("Running", "Hanged")
    assert status.pending_message


async def test_a_kept_environment_is_seen_and_counted_down(world: World) -> None:
    """Guards reserved_time: the whole of it before, what is left of it while it runs, nothing afterwards."""
    left = attempt(1, reserved_until_ms=START_MS + 60_000)
    status = await status_of(world, [left], reserve_s=3600, phase=Phase.TERMINATING, now_ms=START_MS + 10_000)
    assert (status.phase, status.secondary_phase, status.retention_time) == ("Running", "Reserved", 50_000)


@pytest.mark.parametrize(
    ("reserve_s", "phase", "told"),
    [(0, Phase.RUNNING, None), (7, Phase.RUNNING, 7000), (7, Phase.FAILED, 0)],
)
async def test_how_long_an_environment_is_kept(
    world: World, reserve_s: int, phase: Phase, told: int | None
) -> None:
    """Guards that jobs that did not ask for it show nothing."""
    status = await status_of(world, [attempt(1)], reserve_s=reserve_s, phase=phase)
    assert status.retention_time == told


@pytest.mark.parametrize(
    ("slots", "phase", "told"),
    [
        (
            {"position": 3, "starts_at_ms": START_MS + 5},
            Phase.PENDING,
            {"position": 3, "starts_at": START_MS + 5},
        ),
        ({"position": 3, "starts_at_ms": 5}, Phase.PENDING, {"position": 3, "starts_at": START_MS}),
        ({"position": 3}, Phase.PENDING, {"position": 3, "starts_at": 0}),
        ({}, Phase.PENDING, None),
        ({"position": 3}, Phase.FAILED, None),
    ],
)
async def test_a_waiting_job_knows_its_place(
    world: World, slots: dict[str, Any], phase: Phase, told: dict[str, int] | None
) -> None:
    """Guards position and expected start, which only some backends can tell, and which is never in the past."""
    note = Note("wait_cpus", {"asked": 4, "free": 2, "position": 0, **slots} if slots else {"x": "y"})
    status = await status_of(world, [], pending=note, phase=phase)
    assert (status.pending.model_dump() if status.pending else None) == told


async def test_people_read_when_a_job_will_start(world: World) -> None:
    """Guards the sentence of the pending note: an estimate that is over is not told as a time."""
    slots: Slots = {"asked": 4, "free": 2, "position": 2, "starts_at_ms": START_MS + 600_000}
    waits: dict[str, Any] = {"phase": Phase.PENDING, "pending": Note("wait_cpus", slots)}
    status = await status_of(world, [], **waits)
    assert status.pending_message == (
        "Queued: waiting for 4 CPUs, 2 free; position 2. It is expected to start at about 14:23 UTC (in 10 min)."
    )
    # For readers who know their own zone: the reason apart from the time.
    assert status.pending_reason == "Queued: waiting for 4 CPUs, 2 free; position 2."
    assert status.pending is not None and status.pending.starts_at == START_MS + 600_000
    (job,) = [world.read(job_id).job for job_id in world.woken]
    later = job_response(JobHistory(replace(job, **waits), (), {}), ZH, START_MS + 700_000)
    assert later.status.pending_message.endswith("队列位置 2。预计一分钟内开始。")
    event = make_event(job.id, START_MS, "wait_cpus", slots)
    assert render_event(event, ZH).endswith("UTC 开始（10 分钟后）。")
