"""The decision at the heart of the platform: given what is known of a job, what happens next. Pure.

`plan` looks only at stored and observed state, never at "the message that just came": a lost, late or repeated
message cannot change the outcome. A pass over an unchanged world plans nothing.
"""

from dataclasses import replace
from typing import assert_never

from trainwright.domain.completion import Decision, decide
from trainwright.domain.ending import (
    KILL_MARGIN_MS,
    LINGER_GRACE_MS,
    REPORT_GRACE_MS,
    plan_terminating,
    settle,
    stopping,
)
from trainwright.domain.entities import Attempt, Event
from trainwright.domain.hangs import HangRule
from trainwright.domain.inplace import next_judgement_ms, plan_in_place
from trainwright.domain.lifecycle import Phase, Trigger, next_phase
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.planning import (
    POLL_PENDING_MS,
    URGENT_WAIT_MS,
    Effect,
    Isolate,
    Plan,
    Reap,
    Snapshot,
    Stop,
    Submit,
    job_event,
    limit_at_ms,
    next_look_ms,
    note_event,
)
from trainwright.domain.reasons import Reason

__all__ = [
    "KILL_MARGIN_MS",
    "LINGER_GRACE_MS",
    "REPORT_GRACE_MS",
    "URGENT_WAIT_MS",
    "Effect",
    "HangRule",
    "Isolate",
    "Plan",
    "Reap",
    "Snapshot",
    "Stop",
    "Submit",
    "plan",
]

_OVER = (RunState.EXITED, RunState.GONE)


def plan(snapshot: Snapshot, now_ms: int, *, up_since_ms: int, hang: HangRule | None = None) -> Plan:
    """The next step of one job; at most one transition.

    `up_since_ms` is when this control process began: silence is counted from there, so that our own downtime
    never costs a job its life. `hang`: when a job is suspected to hang; None: never. End phases plan nothing.
    """
    match snapshot.job.phase:
        case Phase.CREATING:
            return _plan_creating(snapshot, now_ms)
        case Phase.PENDING | Phase.RUNNING:
            return _plan_live(snapshot, now_ms, up_since_ms, hang)
        case Phase.TERMINATING:
            return plan_terminating(snapshot, now_ms, up_since_ms)
        case Phase.COMPLETED | Phase.FAILED | Phase.TERMINATED | Phase.ABNORMAL:
            return Plan(snapshot.job, snapshot.attempt)
        case other:
            assert_never(other)


def _plan_creating(s: Snapshot, now: int) -> Plan:
    if s.job.stop_requested_at_ms:
        return stopping(s, now)
    attempt = Attempt(job_id=s.job.id, number=1, created_at_ms=now)
    job = replace(s.job, phase=next_phase(s.job.phase, Trigger.ADMIT), attempt_number=1)
    return Plan(job, attempt, Trigger.ADMIT, due_at_ms=now)


def _plan_live(s: Snapshot, now: int, up_since: int, hang: HangRule | None) -> Plan:
    if s.job.stop_requested_at_ms:
        return stopping(s, now)
    if s.attempt is None:  # the row of an admitted job's attempt is committed with the admission
        raise LookupError(f"job {s.job.id}: attempt {s.job.attempt_number} is missing")
    limit_at = limit_at_ms(s.job, s.attempt)
    if limit_at and now >= limit_at:
        return _time_limit(s, now)
    if s.job.phase is Phase.PENDING and s.tasks and all(task.registered_at_ms for task in s.tasks):
        return _up(s, s.attempt, now)
    decision = decide(s.job.launch.roles, s.tasks)
    if decision is not None:
        return settle(s, s.attempt, decision, now)
    if s.observation is not None and s.observation.state in _OVER:
        if s.attempt.handle is None and s.observation.state is RunState.GONE:
            return Plan(s.job, s.attempt, effects=(Submit(),), due_at_ms=now + POLL_PENDING_MS)
        return _vanished(s, s.attempt, s.observation, now, up_since)
    if s.job.phase is Phase.RUNNING:
        made = plan_in_place(s, s.attempt, now, hang)
        if made is not None:
            return made
    if s.observation is None:
        return Plan(s.job, s.attempt, due_at_ms=_next_look(s, s.attempt, now, hang))
    return _waiting(s, s.attempt, s.observation, now, up_since=up_since, hang=hang)


def _next_look(s: Snapshot, attempt: Attempt, now: int, hang: HangRule | None) -> int:
    look = next_look_ms(s.job, attempt, now)
    judgement = next_judgement_ms(s, attempt, now, hang) if s.job.phase is Phase.RUNNING else None
    return look if judgement is None else min(look, judgement)


def _time_limit(s: Snapshot, now: int) -> Plan:
    marked = replace(s.job, stop_requested_at_ms=now, stop_reason=Reason.TIME_LIMIT)
    stopped = stopping(replace(s, job=marked), now)
    hours = round(s.job.launch.max_run_s / 3600, 4)
    return replace(stopped, events=(job_event(s, now, "job_time_limit", {"hours": f"{hours:g}"}),))


def _up(s: Snapshot, attempt: Attempt, now: int) -> Plan:
    job = replace(
        s.job,
        phase=next_phase(s.job.phase, Trigger.UP),
        started_at_ms=s.job.started_at_ms or now,
        pending=None,
    )
    events = (job_event(s, now, "job_running"),)
    return Plan(job, replace(attempt, up_at_ms=now, unseen_since_ms=0), Trigger.UP, events, due_at_ms=now)


def _vanished(s: Snapshot, attempt: Attempt, seen: Observation, now: int, up_since: int) -> Plan:
    if seen.reason is not None:
        told = seen.detail and seen.reason is not Reason.PREEMPTED  # of which `settle` tells
        events = (job_event(s, now, "backend_said", {"detail": seen.detail}),) if told else ()
        return settle(s, attempt, Decision(seen.reason), now, events=events)
    if not attempt.unseen_since_ms:
        marked = replace(attempt, unseen_since_ms=now)
        return Plan(s.job, marked, due_at_ms=now + REPORT_GRACE_MS)
    give_up_at = max(attempt.unseen_since_ms, up_since) + REPORT_GRACE_MS
    if now < give_up_at:
        return Plan(s.job, attempt, due_at_ms=give_up_at)
    return settle(s, attempt, Decision(Reason.RUNNER_LOST), now)


def _waiting(
    s: Snapshot, attempt: Attempt, seen: Observation, now: int, *, up_since: int, hang: HangRule | None
) -> Plan:
    job = s.job
    events: tuple[Event, ...] = ()
    if attempt.unseen_since_ms:
        attempt = replace(attempt, unseen_since_ms=0)
    gives_up_at = _gives_up_at(s, attempt, seen, up_since)
    if gives_up_at and now >= gives_up_at:
        event = job_event(s, now, "job_queue_timeout", {"minutes": URGENT_WAIT_MS // 60_000})
        return settle(s, attempt, Decision(Reason.QUEUE_TIMEOUT), now, events=(event,))
    if job.phase is Phase.PENDING and seen.wait != job.pending:
        if job.pending is None and seen.wait is not None:
            events = (note_event(s, now, seen.wait),)
        job = replace(job, pending=seen.wait)
    look = _next_look(replace(s, job=job), attempt, now, hang)
    return Plan(job, attempt, events=events, due_at_ms=min(look, gives_up_at or look))


def _gives_up_at(s: Snapshot, attempt: Attempt, seen: Observation, up_since: int) -> int:
    """When an attempt after a node's fault has waited long enough for a healthy node; 0: never."""
    if not (attempt.urgent and s.job.phase is Phase.PENDING and seen.state is RunState.QUEUED):
        return 0
    return max(attempt.created_at_ms, up_since) + URGENT_WAIT_MS
