"""When a job hangs: what runners say of single tasks, judged over all of them."""

from dataclasses import replace
from typing import Any

import pytest

from tests.domain.builders import make_attempt, make_job, make_launch, make_role, make_tasks
from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.hangs import (
    CALM_MS,
    FRESH_MS,
    RESTARTS_MAX,
    SLEEP,
    STACKS_WAIT_MS,
    HangRule,
    restarts_in_a_row,
    suspect,
)
from trainwright.domain.lifecycle import Phase, Trigger
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.plan import Plan, Snapshot, plan
from trainwright.domain.reasons import Reason

NOW = 10_000_000
RULE = HangRule(after_ms=900_000)


def job_of(replicas: int = 2, **launch: Any) -> Job:
    """A running job."""
    return make_job(Phase.RUNNING, make_launch(make_role(replicas=replicas), **launch))


def tasks_of(job: Job, *quiet_ms: int, **changes: Any) -> tuple[TaskState, ...]:
    """Its tasks, each quiet for so long; 0: it moves."""
    rows = make_tasks(
        job, registered_at_ms=5, started_at_ms=5, last_seen_ms=NOW, quiet_measure="cpu", **changes
    )
    return tuple(
        replace(row, quiet_since_ms=NOW - quiet if quiet else 0)
        for row, quiet in zip(rows, quiet_ms, strict=True)
    )


def attempt_of(job: Job, **changes: Any) -> Attempt:
    """Its attempt, up."""
    return make_attempt(job, handle={}, up_at_ms=5, **changes)


def step(job: Job, attempt: Attempt, tasks: tuple[TaskState, ...], now: int = NOW) -> Plan:
    """One step while the backend says that it runs."""
    seen = Observation(RunState.RUNNING)
    return plan(Snapshot(job, attempt, tasks, seen), now, up_since_ms=0, hang=RULE)


@pytest.mark.parametrize(
    ("quiet_s", "hangs"),
    [
        ((899,), False),
        ((900,), True),
        ((450, 450), True),
        ((449, 450), False),
        ((5000, 449), False),
        ((5000, 0), False),
        ((5000, 5000, 0), False),
    ],
)
def test_one_task_waits_the_whole_limit_several_half_of_it(quiet_s: tuple[int, ...], hangs: bool) -> None:
    """Guards the rule, and that one task that works clears all that wait for it."""
    job = job_of(len(quiet_s))
    tasks = tasks_of(job, *(1000 * each for each in quiet_s))
    assert (suspect(RULE, attempt_of(job), tasks, NOW) is not None) is hangs


def test_tasks_that_only_sleep_do_not_hang() -> None:
    """Guards the manual's `cmd || sleep 5h`; one that waits for a sleeper hangs all the same."""
    job = job_of()
    tasks = tasks_of(job, 900_000, 900_000)
    asleep = tuple(replace(task, quiet_measure=SLEEP) for task in tasks)
    assert suspect(RULE, attempt_of(job), asleep, NOW) is None
    mixed = suspect(RULE, attempt_of(job), (asleep[0], tasks[1]), NOW)
    assert mixed is not None
    assert mixed.measure == "cpu"


def test_the_end_of_a_task_is_a_movement() -> None:
    """Guards against an alarm in the second between the end of a long evaluation and that of those that waited."""
    job = job_of()
    tasks = tasks_of(job, 5_000_000, 5_000_000)
    ended = replace(tasks[0], reason=Reason.COMPLETED, exit_code=0, ended_at_ms=NOW - 1000)
    assert suspect(RULE, attempt_of(job), (ended, tasks[1]), NOW) is None
    assert (
        suspect(RULE, attempt_of(job), (replace(ended, ended_at_ms=NOW - 900_000), tasks[1]), NOW) is not None
    )


def test_what_is_not_known_is_not_quiet() -> None:
    """Guards tasks that were not heard of for long, that have not started, and that are being started again."""
    job = job_of()
    quiet = tasks_of(job, 900_000, 900_000)
    silent = (replace(quiet[0], last_seen_ms=NOW - FRESH_MS - 1), quiet[1])
    waiting = (replace(quiet[0], started_at_ms=0), quiet[1])
    for tasks in (silent, waiting):
        assert suspect(RULE, attempt_of(job), tasks, NOW) is None
    assert suspect(RULE, attempt_of(job, wanted_starts=1), quiet, NOW) is None


def test_a_suspicion_is_told_once_asks_for_stacks_and_ends_when_something_moves() -> None:
    """Guards the way of a job without hang retry: told, looked into, and left alone."""
    job = job_of()
    tasks = tasks_of(job, 900_000, 900_000)
    first = step(job, attempt_of(job), tasks)
    assert [event.code for event in first.events] == ["job_hang_suspected"]
    assert first.events[0].slots == {"measure": "cpu", "minutes": 15, "tasks": "worker-0, worker-1"}
    assert first.attempt is not None
    assert (first.attempt.hang_since_ms, first.attempt.wanted_stacks) == (NOW, 1)
    again = step(job, first.attempt, tasks)
    assert (again.events, again.attempt, again.trigger) == ((), first.attempt, None)
    moving = (replace(tasks[0], quiet_since_ms=0), tasks[1])
    over = step(job, first.attempt, moving)
    assert [event.code for event in over.events] == ["job_hang_over"]
    assert over.attempt is not None
    assert over.attempt.hang_since_ms == 0


def test_hang_retry_restarts_in_place_three_times_in_a_row_and_then_ends_the_attempt() -> None:
    """Guards the limit, and the job's own retries after it."""
    job = job_of(retry_hang=True, retry_budget=1)
    tasks = tasks_of(job, 900_000, 900_000, round=9)
    late = NOW + STACKS_WAIT_MS
    for before in range(RESTARTS_MAX):
        attempt = attempt_of(job, hang_since_ms=NOW, hang_restarts=before, restarted_at_ms=NOW - 950_000)
        assert step(job, attempt, tasks, late - 1).events == ()
        made = step(job, attempt, tasks, late)
        assert made.attempt is not None
        assert (made.attempt.wanted_starts, made.attempt.hang_restarts) == (1, before + 1)
        assert made.events[0].slots == {"count": before + 1, "limit": RESTARTS_MAX, "reason": "hanged"}
    attempt = attempt_of(job, hang_since_ms=NOW, hang_restarts=3, restarted_at_ms=NOW - 950_000)
    ended = step(job, attempt, tasks, late)
    assert (ended.trigger, ended.job.reason) == (Trigger.SETTLE, Reason.HANGED)
    gone = Snapshot(ended.job, ended.attempt, tasks, Observation(RunState.GONE))
    again = plan(gone, late, up_since_ms=0)
    assert (again.trigger, again.job.budget_used) == (Trigger.REQUEUE, 1)


def test_the_environments_of_a_job_that_hangs_are_kept_when_asked_for() -> None:
    """Guards that no task need have ended by itself for that."""
    job = job_of(retry_hang=True, reserve_s=60)
    tasks = tasks_of(job, 900_000, 900_000, round=9)
    attempt = attempt_of(job, hang_since_ms=NOW, hang_restarts=3, restarted_at_ms=NOW - 950_000)
    late = NOW + STACKS_WAIT_MS
    ended = step(job, attempt, tasks, late)
    assert ended.attempt is not None
    assert (ended.job.reason, ended.attempt.reserved_until_ms) == (Reason.HANGED, late + 60_000)


def test_a_restart_long_ago_does_not_count() -> None:
    """Guards 'in a row' in a job of many days."""
    job = job_of()
    tasks = tasks_of(job, 900_000, 900_000)
    recent = attempt_of(job, hang_restarts=3, restarted_at_ms=NOW - 900_000 - CALM_MS + 1)
    assert restarts_in_a_row(recent, tasks) == 3
    assert restarts_in_a_row(replace(recent, restarted_at_ms=NOW - 900_000 - CALM_MS), tasks) == 0


def test_a_hang_after_one_rank_has_left_cannot_be_mended_in_place() -> None:
    """Guards against waiting for a runner that is gone."""
    job = job_of(retry_hang=True)
    quiet, gone = tasks_of(job, 900_000, 900_000)
    tasks = (quiet, replace(gone, reason=Reason.COMPLETED, ended_at_ms=7))
    attempt = attempt_of(job, hang_since_ms=NOW)
    ended = step(job, attempt, tasks, NOW + STACKS_WAIT_MS)
    assert ended.job.reason is Reason.HANGED
