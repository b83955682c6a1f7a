"""What is shown of recovery, hangs, queues and kept environments. Rows in, answer out."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.world import EN, START_MS, World
from trainwright.domain.entities import Attempt, Note, TaskState
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason
from trainwright.services.job_view import JobHistory, job_response
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
    fields = {"phase": Phase.RUNNING, "started_at_ms": START_MS, "attempt_number": len(attempts), **job}
    return job_response(
        JobHistory(replace(stored, launch=launch, **fields), tuple(attempts), tasks or {}), EN, now_ms
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
        ({"position": 3, "starts_at_ms": 5}, Phase.PENDING, {"position": 3, "starts_at": 5}),
        ({"position": 3}, Phase.PENDING, {"position": 3, "starts_at": 0}),
        ({}, Phase.PENDING, None),
        ({"position": 3}, Phase.FAILED, None),
    ],
)
async def test_a_waiting_job_knows_its_place(
    world: World, slots: dict[str, Any], phase: Phase, told: dict[str, int] | None
) -> None:
    """Guards position and expected start, which only some backends can tell."""
    note = Note("wait_cpus", {"asked": 4, "free": 2, "position": 0, **slots} if slots else {"x": "y"})
    status = await status_of(world, [], pending=note, phase=phase)
    assert (status.pending.model_dump() if status.pending else None) == told
