"""The decision at the heart of the platform: given what is known of a job, what happens next. Pure.

`plan` looks only at stored and observed state, never at "the message that just came": a lost, late or repeated
message cannot change the outcome. A pass over an unchanged world plans nothing.
"""

from dataclasses import dataclass, replace
from typing import assert_never

from trainwright.domain.completion import Decision, decide
from trainwright.domain.entities import Attempt, Event, Job, Note, Slots, TaskState
from trainwright.domain.lifecycle import Phase, Trigger, next_phase
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import (
    END_TRIGGERS,
    FREE_RETRIES_MAX,
    VERDICTS,
    Outcome,
    Reason,
    Retry,
    RetryPolicy,
    may_retry,
)
from trainwright.domain.texts import make_event

REPORT_GRACE_MS = 10_000  # the backend says nothing is left, a final report may still be under way
LINGER_GRACE_MS = 5_000  # all results are in, the runner should be leaving by itself
KILL_MARGIN_MS = 600_000  # beyond the user's grace: time to upload outputs before the hard kill
POLL_PENDING_MS = 2_000
POLL_PLACE_MS = 200  # more for every place in the queue: far behind, the place need not be told to the second
POLL_PENDING_MAX_MS = 300_000
POLL_RUNNING_MS = 15_000  # ends come as hints; this is for the hint that got lost
POLL_TERMINATING_MS = 500


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand the current attempt to the backend. Repeating it is harmless."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Ask the backend to end the current attempt; after `grace_s` seconds it is killed."""

    grace_s: int


@dataclass(frozen=True, slots=True)
class Reap:
    """Remove what the current attempt left on the backend."""


Effect = Submit | Stop | Reap


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of a job. `observation` None means the backend did not answer: unknown, not gone."""

    job: Job
    attempt: Attempt | None
    tasks: tuple[TaskState, ...]
    observation: Observation | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to commit (job, attempt, events) and then to do (effects), and when to look again.

    `job` and `attempt` are the rows after the commit; equal to the snapshot's when nothing changes.
    An attempt with a number not stored yet is to be inserted; `closed` is then the one that it follows, as it ended.
    """

    job: Job
    attempt: Attempt | None
    trigger: Trigger | None = None
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    due_at_ms: int = 0
    closed: Attempt | None = None


def plan(snapshot: Snapshot, now_ms: int, *, up_since_ms: int) -> Plan:
    """The next step of one job; at most one transition.

    `up_since_ms` is when this control process began: silence is counted from there, so that our own downtime
    never costs a job its life. End phases plan nothing.
    """
    match snapshot.job.phase:
        case Phase.CREATING:
            return _plan_creating(snapshot, now_ms)
        case Phase.PENDING | Phase.RUNNING:
            return _plan_live(snapshot, now_ms, up_since_ms)
        case Phase.TERMINATING:
            return _plan_terminating(snapshot, now_ms, up_since_ms)
        case Phase.COMPLETED | Phase.FAILED | Phase.TERMINATED | Phase.ABNORMAL:
            return Plan(snapshot.job, snapshot.attempt)
        case other:
            assert_never(other)


def _plan_creating(s: Snapshot, now: int) -> Plan:
    if s.job.stop_requested_at_ms:
        return _stopping(s, now)
    attempt = Attempt(job_id=s.job.id, number=1, created_at_ms=now)
    job = replace(s.job, phase=next_phase(s.job.phase, Trigger.ADMIT), attempt_number=1)
    return Plan(job, attempt, Trigger.ADMIT, due_at_ms=now)


def _plan_live(s: Snapshot, now: int, up_since: int) -> Plan:
    if s.job.stop_requested_at_ms:
        return _stopping(s, now)
    if s.attempt is None:  # the row of an admitted job's attempt is committed with the admission
        raise LookupError(f"job {s.job.id}: attempt {s.job.attempt_number} is missing")
    if _limit_at(s.job) and now >= _limit_at(s.job):
        return _time_limit(s, now)
    if s.job.phase is Phase.PENDING and s.tasks and all(task.registered_at_ms for task in s.tasks):
        return _up(s, s.attempt, now)
    decision = decide(s.job.launch.roles, s.tasks)
    if decision is not None:
        return _settle(s, s.attempt, decision, now)
    if s.observation is None:
        return Plan(s.job, s.attempt, due_at_ms=_next_look(s.job, now))
    if s.attempt.handle is None and s.observation.state is RunState.GONE:
        return Plan(s.job, s.attempt, effects=(Submit(),), due_at_ms=now + POLL_PENDING_MS)
    if s.observation.state in (RunState.EXITED, RunState.GONE):
        return _vanished(s, s.attempt, s.observation, now, up_since)
    return _waiting(s, s.attempt, s.observation, now)


def _limit_at(job: Job) -> int:
    if not (job.launch.max_run_s and job.started_at_ms):
        return 0
    return job.started_at_ms + job.launch.max_run_s * 1000


def _next_look(job: Job, now: int) -> int:
    if job.phase is Phase.PENDING:
        place = job.pending.slots.get("position", 0) if job.pending else 0
        behind = POLL_PLACE_MS * int(place)
        return now + min(POLL_PENDING_MS + behind, POLL_PENDING_MAX_MS)
    look = now + POLL_RUNNING_MS
    return min(look, _limit_at(job) or look)


def _stopping(s: Snapshot, now: int) -> Plan:
    job = replace(
        s.job,
        phase=next_phase(s.job.phase, Trigger.STOP),
        reason=s.job.stop_reason or Reason.STOPPED_BY_USER,
        pending=None,
    )
    attempt = s.attempt and replace(s.attempt, settled_at_ms=now, end_reason=job.reason)
    return Plan(job, attempt, Trigger.STOP, due_at_ms=now)


def _time_limit(s: Snapshot, now: int) -> Plan:
    marked = replace(s.job, stop_requested_at_ms=now, stop_reason=Reason.TIME_LIMIT)
    stopping = _stopping(replace(s, job=marked), now)
    hours = round(s.job.launch.max_run_s / 3600, 4)
    return replace(stopping, events=(_job_event(s, now, "job_time_limit", {"hours": f"{hours:g}"}),))


def _up(s: Snapshot, attempt: Attempt, now: int) -> Plan:
    job = replace(
        s.job,
        phase=next_phase(s.job.phase, Trigger.UP),
        started_at_ms=s.job.started_at_ms or now,
        pending=None,
    )
    events = (_job_event(s, now, "job_running"),)
    return Plan(job, replace(attempt, up_at_ms=now, unseen_since_ms=0), Trigger.UP, events, due_at_ms=now)


def _settle(s: Snapshot, attempt: Attempt, decision: Decision, now: int) -> Plan:
    job = replace(s.job, phase=next_phase(s.job.phase, Trigger.SETTLE), reason=decision.reason, pending=None)
    ended = replace(attempt, settled_at_ms=now, end_reason=decision.reason, end_task=decision.task)
    return Plan(job, ended, Trigger.SETTLE, due_at_ms=now)


def _vanished(s: Snapshot, attempt: Attempt, seen: Observation, now: int, up_since: int) -> Plan:
    if seen.reason is not None:
        return _settle(s, attempt, Decision(seen.reason), now)
    if not attempt.unseen_since_ms:
        marked = replace(attempt, unseen_since_ms=now)
        return Plan(s.job, marked, due_at_ms=now + REPORT_GRACE_MS)
    give_up_at = max(attempt.unseen_since_ms, up_since) + REPORT_GRACE_MS
    if now < give_up_at:
        return Plan(s.job, attempt, due_at_ms=give_up_at)
    return _settle(s, attempt, Decision(Reason.RUNNER_LOST), now)


def _waiting(s: Snapshot, attempt: Attempt, seen: Observation, now: int) -> Plan:
    job = s.job
    events: tuple[Event, ...] = ()
    if attempt.unseen_since_ms:
        attempt = replace(attempt, unseen_since_ms=0)
    if job.phase is Phase.PENDING and seen.wait != job.pending:
        if job.pending is None and seen.wait is not None:
            events = (_note_event(s, now, seen.wait),)
        job = replace(job, pending=seen.wait)
    return Plan(job, attempt, events=events, due_at_ms=_next_look(job, now))


def _plan_terminating(s: Snapshot, now: int, up_since: int) -> Plan:
    if s.attempt is None:
        return _finish(s, now)
    if s.observation is None:
        return Plan(s.job, s.attempt, due_at_ms=now + POLL_RUNNING_MS)
    match s.observation.state:
        case RunState.GONE:
            return _finish(s, now)
        case RunState.EXITED:
            return _clear_away(s, s.attempt, now, up_since)
        case RunState.QUEUED | RunState.STARTING | RunState.RUNNING:
            return _wind_down(s, s.attempt, now)
        case other:
            assert_never(other)


def _clear_away(s: Snapshot, attempt: Attempt, now: int, up_since: int) -> Plan:
    owed = any(task.registered_at_ms and not task.is_final for task in s.tasks)
    if owed and attempt.end_reason is not Reason.RUNNER_LOST:
        if not attempt.unseen_since_ms:
            attempt = replace(attempt, unseen_since_ms=now)
        give_up_at = max(attempt.unseen_since_ms, up_since) + REPORT_GRACE_MS
        if now < give_up_at:
            return Plan(s.job, attempt, due_at_ms=give_up_at)
    return Plan(s.job, attempt, effects=(Reap(),), due_at_ms=now + POLL_TERMINATING_MS)


def _wind_down(s: Snapshot, attempt: Attempt, now: int) -> Plan:
    grace_s = s.job.launch.grace_s
    results_in = bool(s.tasks) and all(task.is_final for task in s.tasks)
    if results_in and now < attempt.settled_at_ms + LINGER_GRACE_MS:
        return Plan(s.job, attempt, due_at_ms=now + POLL_TERMINATING_MS)
    if now >= attempt.settled_at_ms + grace_s * 1000 + KILL_MARGIN_MS:
        grace_s = 0
    return Plan(s.job, attempt, effects=(Stop(grace_s),), due_at_ms=now + POLL_TERMINATING_MS)


def _finish(s: Snapshot, now: int) -> Plan:
    reason = s.job.reason or Reason.RUNNER_LOST
    attempt = s.attempt and replace(s.attempt, ended_at_ms=now)
    if not s.job.stop_requested_at_ms:
        launch = s.job.launch
        policy = RetryPolicy(launch.retry_budget, launch.retry_unconditional, launch.retry_hang)
        paid = may_retry(reason, policy, budget_used=s.job.budget_used, free_used=s.job.free_used)
        if paid is not Retry.NEVER:
            return replace(_requeue(s, reason, paid, now), closed=attempt)
    outcome = VERDICTS[reason].outcome
    trigger = END_TRIGGERS[outcome]
    job = replace(s.job, phase=next_phase(s.job.phase, trigger), reason=reason, ended_at_ms=now, pending=None)
    return Plan(job, attempt, trigger, (_end_event(s, outcome, reason, now),))


def _requeue(s: Snapshot, reason: Reason, paid: Retry, now: int) -> Plan:
    number = s.job.attempt_number + 1
    job = replace(
        s.job,
        phase=next_phase(s.job.phase, Trigger.REQUEUE),
        attempt_number=number,
        budget_used=s.job.budget_used + (paid is Retry.BUDGET),
        free_used=s.job.free_used + (paid is Retry.FREE),
        reason=None,
    )
    used, limit = (
        (job.free_used, FREE_RETRIES_MAX)
        if paid is Retry.FREE
        else (job.budget_used, s.job.launch.retry_budget)
    )
    slots: Slots = {
        "number": number,
        "reason": reason.value,
        "rule": paid.value,
        "used": used,
        "limit": limit,
    }
    event = _job_event(s, now, "job_restarted", slots)
    attempt = Attempt(job_id=s.job.id, number=number, created_at_ms=now)
    return Plan(job, attempt, Trigger.REQUEUE, (event,), due_at_ms=now)


def _end_event(s: Snapshot, outcome: Outcome, reason: Reason, now: int) -> Event:
    match outcome:
        case Outcome.SUCCEEDED:
            return _job_event(s, now, "job_completed")
        case Outcome.TERMINATED:
            return _job_event(s, now, "job_stopped")
        case Outcome.FAILED:
            return _job_event(s, now, "job_failed", {"reason": reason.value})
        case Outcome.ABNORMAL:
            return _job_event(s, now, "job_abnormal", {"reason": reason.value})
        case other:
            assert_never(other)


def _job_event(s: Snapshot, now: int, code: str, slots: Slots | None = None) -> Event:
    return make_event(s.job.id, now, code, slots or {}, attempt=s.job.attempt_number)


def _note_event(s: Snapshot, now: int, note: Note) -> Event:
    return make_event(s.job.id, now, note.code, note.slots, attempt=s.job.attempt_number)
