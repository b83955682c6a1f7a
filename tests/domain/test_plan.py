"""plan(): worked cases first, then its promises as properties over random worlds."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.builders import make_attempt, make_job, make_launch, make_role, make_tasks
from trainwright.domain.entities import Attempt, Job, Note, TaskState
from trainwright.domain.lifecycle import TRANSITIONS, Phase, Trigger, next_phase
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.plan import (
    KILL_MARGIN_MS,
    LINGER_GRACE_MS,
    REPORT_GRACE_MS,
    Plan,
    Reap,
    Snapshot,
    Stop,
    Submit,
    plan,
)
from trainwright.domain.reasons import FREE_RETRIES_MAX, Reason

NOW = 1_000_000
HANDLE = {"key": "k", "backend": "b", "version": 1, "native": {}}
GONE, EXITED = Observation(RunState.GONE), Observation(RunState.EXITED)
QUEUED, RUNS = Observation(RunState.QUEUED), Observation(RunState.RUNNING)


def _at(
    job: Job, *, seen: Observation | None = RUNS, now: int = NOW, up_since: int = 0, **parts: object
) -> Plan:
    attempt = parts.get("attempt", make_attempt(job, handle=HANDLE) if job.attempt_number else None)
    tasks = parts.get("tasks", make_tasks(job) if job.attempt_number else ())
    assert attempt is None or isinstance(attempt, Attempt)
    assert isinstance(tasks, tuple)
    return plan(Snapshot(job, attempt, tasks, seen), now, up_since_ms=up_since)


def _up(job: Job, **changes: object) -> tuple[TaskState, ...]:
    return make_tasks(job, registered_at_ms=5, **changes)


def test_a_new_job_gets_its_first_attempt_before_anything_is_submitted() -> None:
    """Guards write-before-act: the attempt row is committed, then submit follows in the next pass."""
    made = _at(make_job())
    assert (made.trigger, made.job.phase, made.effects) == (Trigger.ADMIT, Phase.PENDING, ())
    assert made.attempt is not None
    assert made.attempt.number == made.job.attempt_number == 1


def test_an_unsubmitted_attempt_is_submitted_and_nothing_else_changes() -> None:
    """Guards healing of a crash between the commit and submit."""
    job = make_job(Phase.PENDING)
    made = _at(job, attempt=make_attempt(job), seen=GONE)
    assert made.effects == (Submit(),)
    assert made.job == job


def test_an_unanswering_backend_changes_nothing() -> None:
    """Guards 'a missing answer is unknown'."""
    for phase in (Phase.PENDING, Phase.RUNNING, Phase.TERMINATING):
        job = make_job(phase)
        made = _at(job, seen=None)
        assert (made.job, made.effects, made.events, made.trigger) == (job, (), (), None)
        assert made.due_at_ms > NOW


def test_the_reason_for_waiting_is_kept_and_told_once() -> None:
    """Guards the pending note: an event when it begins, silent updates of the position."""
    job = make_job(Phase.PENDING)
    first = Note("wait_cpus", {"asked": 4, "free": 2, "position": 2})
    made = _at(job, seen=replace(QUEUED, wait=first))
    assert made.job.pending == first
    assert [event.code for event in made.events] == ["wait_cpus"]
    second = Note("wait_cpus", {"asked": 4, "free": 2, "position": 1})
    again = _at(made.job, seen=replace(QUEUED, wait=second))
    assert again.job.pending == second
    assert again.events == ()


def test_running_begins_when_every_task_has_registered() -> None:
    """Guards the gang: one registered task of two is not yet Running."""
    job = make_job(Phase.PENDING, make_launch(make_role(replicas=2)), pending=Note("wait_ahead"))
    one, two = _up(job)
    assert _at(job, tasks=(one, replace(two, registered_at_ms=0))).trigger is None
    made = _at(job, tasks=(one, two))
    assert (made.trigger, made.job.started_at_ms, made.job.pending) == (Trigger.UP, NOW, None)


@pytest.mark.parametrize(
    ("reason", "end"),
    [
        (Reason.COMPLETED, Phase.COMPLETED),
        (Reason.USER_EXIT, Phase.FAILED),
        (Reason.OUT_OF_MEMORY, Phase.FAILED),
    ],
)
def test_a_final_report_settles_clears_away_and_ends(reason: Reason, end: Phase) -> None:
    """Guards the way out: settle → reap → end phase, the end only once the backend says GONE."""
    job = make_job(Phase.RUNNING, started_at_ms=10)
    tasks = _up(job, reason=reason, ended_at_ms=20, exit_code=int(reason is not Reason.COMPLETED))
    settled = _at(job, tasks=tasks)
    assert (settled.trigger, settled.job.phase, settled.job.reason) == (
        Trigger.SETTLE,
        Phase.TERMINATING,
        reason,
    )
    lingering = _at(settled.job, attempt=settled.attempt, tasks=tasks)
    assert (lingering.trigger, lingering.effects) == (None, ())
    cleared = _at(settled.job, attempt=settled.attempt, tasks=tasks, seen=EXITED)
    assert (cleared.trigger, cleared.effects) == (None, (Reap(),))
    ended = _at(settled.job, attempt=settled.attempt, tasks=tasks, seen=GONE)
    assert (ended.job.phase, ended.job.reason, ended.job.ended_at_ms) == (end, reason, NOW)
    assert ended.attempt is not None
    assert ended.attempt.ended_at_ms == NOW


def test_a_stop_always_passes_through_terminating() -> None:
    """Guards stop from every live phase, with and without an attempt."""
    for phase in (Phase.CREATING, Phase.PENDING, Phase.RUNNING):
        job = make_job(phase, stop_requested_at_ms=5, stop_reason=Reason.STOPPED_BY_USER)
        made = _at(job)
        assert (made.trigger, made.job.phase) == (Trigger.STOP, Phase.TERMINATING)
        ended = _at(made.job, attempt=made.attempt, seen=GONE)
        assert (ended.job.phase, ended.job.reason) == (Phase.TERMINATED, Reason.STOPPED_BY_USER)


def test_stop_reaches_the_backend_with_the_users_grace_then_without() -> None:
    """Guards the dying gasp and the hard end of a runner that never leaves."""
    job = make_job(Phase.TERMINATING, stop_requested_at_ms=5, reason=Reason.STOPPED_BY_USER)
    attempt = make_attempt(job, handle=HANDLE, settled_at_ms=NOW)
    assert _at(job, attempt=attempt, tasks=_up(job)).effects == (Stop(30),)
    late = NOW + 30_000 + KILL_MARGIN_MS
    assert _at(job, attempt=attempt, tasks=_up(job), now=late).effects == (Stop(0),)


def test_other_tasks_are_stopped_when_one_decided_the_attempt() -> None:
    """Guards that a failed node does not leave its peers running."""
    job = make_job(Phase.TERMINATING, make_launch(make_role(replicas=2)), reason=Reason.USER_EXIT)
    failed, other = _up(job)
    tasks = (replace(failed, reason=Reason.USER_EXIT), other)
    attempt = make_attempt(job, handle=HANDLE, settled_at_ms=NOW)
    assert _at(job, attempt=attempt, tasks=tasks).effects == (Stop(30),)


def test_a_runner_that_lingers_too_long_is_stopped() -> None:
    """Guards against a finished job that never ends because its runner hangs."""
    job = make_job(Phase.TERMINATING, reason=Reason.COMPLETED)
    attempt = make_attempt(job, handle=HANDLE, settled_at_ms=NOW)
    tasks = _up(job, reason=Reason.COMPLETED)
    assert _at(job, attempt=attempt, tasks=tasks, now=NOW + LINGER_GRACE_MS).effects == (Stop(30),)


def test_the_run_time_limit_stops_the_job() -> None:
    """Guards auto-stop, and that its end is Terminated by time_limit."""
    job = make_job(Phase.RUNNING, make_launch(max_run_s=60), started_at_ms=NOW)
    attempt = make_attempt(job, handle=HANDLE, up_at_ms=NOW)
    assert _at(job, attempt=attempt, now=NOW + 59_999).trigger is None
    made = _at(job, attempt=attempt, now=NOW + 60_000)
    assert (made.trigger, made.job.reason) == (Trigger.STOP, Reason.TIME_LIMIT)
    assert [event.code for event in made.events] == ["job_time_limit"]
    assert _at(made.job, seen=GONE).job.phase is Phase.TERMINATED


def test_a_vanished_runner_is_lost_only_after_the_grace_and_then_retried_for_free() -> None:
    """Guards that a late final report still counts and that the platform's fault is the platform's retry."""
    job = make_job(Phase.RUNNING, started_at_ms=10)
    first = _at(job, tasks=_up(job), seen=EXITED)
    assert first.trigger is None
    assert first.attempt is not None
    assert first.attempt.unseen_since_ms == NOW
    later = NOW + REPORT_GRACE_MS
    assert _at(job, attempt=first.attempt, tasks=_up(job), seen=EXITED, now=later - 1).trigger is None
    reported = _up(job, reason=Reason.COMPLETED)
    assert (
        _at(job, attempt=first.attempt, tasks=reported, seen=EXITED, now=later).job.reason is Reason.COMPLETED
    )
    lost = _at(job, attempt=first.attempt, tasks=_up(job), seen=EXITED, now=later)
    assert (lost.trigger, lost.job.reason) == (Trigger.SETTLE, Reason.RUNNER_LOST)
    again = _at(lost.job, attempt=lost.attempt, seen=GONE)
    assert (again.trigger, again.job.phase, again.job.free_used) == (Trigger.REQUEUE, Phase.PENDING, 1)
    assert again.attempt is not None
    assert again.attempt.number == again.job.attempt_number == 2
    assert again.closed is not None
    assert (again.closed.number, again.closed.ended_at_ms) == (1, NOW)
    tired = replace(lost.job, free_used=FREE_RETRIES_MAX)
    assert _at(tired, attempt=lost.attempt, seen=GONE).job.phase is Phase.ABNORMAL


def test_our_own_downtime_never_costs_a_job_its_life() -> None:
    """Guards that silence is counted from the start of this process."""
    job = make_job(Phase.RUNNING, started_at_ms=10)
    attempt = make_attempt(job, handle=HANDLE, unseen_since_ms=NOW - 3_600_000)
    assert _at(job, attempt=attempt, tasks=_up(job), seen=EXITED, up_since=NOW - 1).trigger is None


def test_what_the_backend_can_never_run_fails_at_once() -> None:
    """Guards LAUNCH_REJECTED: no grace, no retry."""
    job = make_job(Phase.PENDING)
    made = _at(job, seen=Observation(RunState.EXITED, reason=Reason.LAUNCH_REJECTED, detail="too large"))
    assert (made.trigger, made.job.reason) == (Trigger.SETTLE, Reason.LAUNCH_REJECTED)
    assert [(event.code, event.slots) for event in made.events] == [("backend_said", {"detail": "too large"})]
    assert _at(made.job, seen=GONE).job.phase is Phase.FAILED


_times = st.integers(0, 2 * NOW)
_reasons = st.sampled_from(list(Reason))


@st.composite
def _worlds(draw: st.DrawFn) -> Snapshot:
    role = make_role(replicas=draw(st.integers(1, 3)))
    launch = make_launch(
        role,
        max_run_s=draw(st.sampled_from([0, 60])),
        retry_budget=draw(st.integers(0, 2)),
        retry_unconditional=draw(st.booleans()),
    )
    phase = draw(st.sampled_from(list(Phase)))
    stop = draw(st.sampled_from([0, 5]))
    job = make_job(
        phase,
        launch,
        started_at_ms=draw(_times),
        stop_requested_at_ms=stop,
        stop_reason=Reason.STOPPED_BY_USER if stop else None,
        reason=draw(st.none() | _reasons),
        free_used=draw(st.integers(0, FREE_RETRIES_MAX)),
        budget_used=draw(st.integers(0, 2)),
    )
    if not job.attempt_number:
        return Snapshot(job, None, (), draw(st.none() | st.just(GONE)))
    attempt = make_attempt(
        job,
        handle=draw(st.sampled_from([None, HANDLE])),
        settled_at_ms=draw(_times),
        unseen_since_ms=draw(_times),
    )
    tasks = tuple(
        replace(task, registered_at_ms=draw(st.sampled_from([0, 5])), reason=draw(st.none() | _reasons))
        for task in make_tasks(job)
    )
    seen = draw(
        st.none()
        | st.builds(
            Observation,
            st.sampled_from(list(RunState)),
            wait=st.none() | st.just(Note("wait_ahead", {"position": 1})),
            reason=st.none() | _reasons,
        )
    )
    return Snapshot(job, attempt, tasks, seen)


@settings(max_examples=600, deadline=None)
@given(_worlds(), _times, _times)
def test_plan_keeps_its_promises_in_any_world(world: Snapshot, now: int, up_since: int) -> None:
    """Guards: at most one legal move; end only when GONE; look again unless ended; one attempt more per requeue."""
    made = plan(world, now, up_since_ms=up_since)
    if made.trigger is None:
        assert made.job.phase is world.job.phase
    else:
        assert (world.job.phase, made.trigger) in TRANSITIONS
        assert made.job.phase is next_phase(world.job.phase, made.trigger)
        assert made.effects == ()
    if made.job.phase.is_end:
        if not world.job.phase.is_end:
            assert world.attempt is None or world.observation is not None
            assert (
                world.observation is None or world.observation.state is RunState.GONE or world.attempt is None
            )
            assert made.job.ended_at_ms == now
    else:
        assert made.due_at_ms >= min(now, made.job.started_at_ms + 60_000)
    grew = made.job.attempt_number - world.job.attempt_number
    assert grew == (made.trigger in (Trigger.ADMIT, Trigger.REQUEUE))
    assert (made.closed is not None) == (made.trigger is Trigger.REQUEUE and world.attempt is not None)
    if made.attempt is not None:
        assert made.attempt.number == made.job.attempt_number
    if world.job.stop_requested_at_ms:
        assert made.trigger is not Trigger.REQUEUE
        assert Submit() not in made.effects
    assert made.job.stop_requested_at_ms >= world.job.stop_requested_at_ms


@settings(max_examples=300, deadline=None)
@given(_worlds(), _times)
def test_an_unchanged_world_plans_nothing_new(world: Snapshot, now: int) -> None:
    """Guards level-triggering: planning again after a commit without a move writes nothing."""
    first = plan(world, now, up_since_ms=0)
    if first.trigger is not None:
        return
    again = plan(replace(world, job=first.job, attempt=first.attempt), now, up_since_ms=0)
    if again.trigger is None:
        assert (again.job, again.attempt) == (first.job, first.attempt)


@settings(max_examples=200, deadline=None)
@given(_worlds(), st.lists(st.sampled_from([RUNS, EXITED, GONE, None]), max_size=5))
def test_every_job_ends_once_the_backend_is_empty_and_no_retry_is_left(
    world: Snapshot, noise: list[Observation | None]
) -> None:
    """Guards liveness: whatever came before, a backend that says GONE for long enough brings an end phase."""
    spent = replace(world.job, free_used=FREE_RETRIES_MAX, budget_used=2, stop_requested_at_ms=5)
    job, attempt, now = spent, world.attempt, NOW
    for seen in [*noise, *[GONE] * 6]:
        made = plan(Snapshot(job, attempt, world.tasks, seen), now, up_since_ms=0)
        job, attempt, now = made.job, made.attempt, now + 60_000
    assert job.phase.is_end
