"""How attempts end: settling, keeping the environment, winding down, and what follows: another attempt or the end."""

from dataclasses import replace
from typing import assert_never

from trainwright.domain.completion import Decision, RoleResult, count_ends, role_results
from trainwright.domain.entities import Attempt, Event, Job, Slots
from trainwright.domain.faults import avoided, believed, blamed_nodes, refined, shunned
from trainwright.domain.lifecycle import Trigger, next_phase
from trainwright.domain.observation import RunState
from trainwright.domain.planning import (
    POLL_RUNNING_MS,
    POLL_TERMINATING_MS,
    Isolate,
    Plan,
    Reap,
    Snapshot,
    Stop,
    job_event,
    ran_ms,
)
from trainwright.domain.reasons import (
    END_TRIGGERS,
    FREE_RETRIES_MAX,
    NODE_FAULTS,
    NOT_ASKED,
    VERDICTS,
    Outcome,
    Reason,
    Retry,
    RetryPolicy,
    may_retry,
)

REPORT_GRACE_MS = 10_000  # the backend says nothing is left, a final report may still be under way
LINGER_GRACE_MS = 5_000  # all results are in, the runner should be leaving by itself
KILL_MARGIN_MS = 600_000  # beyond the user's grace: time to upload outputs before the hard kill


def stopping(s: Snapshot, now: int) -> Plan:
    """A user, or the run-time limit, wants it stopped."""
    job = replace(
        s.job,
        phase=next_phase(s.job.phase, Trigger.STOP),
        reason=s.job.stop_reason or Reason.STOPPED_BY_USER,
        pending=None,
    )
    attempt = s.attempt and replace(s.attempt, settled_at_ms=now, end_reason=job.reason, hang_since_ms=0)
    return Plan(job, attempt, Trigger.STOP, due_at_ms=now)


def settle(
    s: Snapshot, attempt: Attempt, decision: Decision, now: int, *, events: tuple[Event, ...] = ()
) -> Plan:
    """The attempt's result is known: end what is left of it, unless its environment is to be kept."""
    job, ended = _with_decision(s, attempt, refined(decision, s.tasks, s.observation))
    job = replace(job, phase=next_phase(s.job.phase, Trigger.SETTLE), pending=None)
    ended = replace(ended, settled_at_ms=now, hang_since_ms=0, reserved_until_ms=_keep_until(s, job, now))
    told = (*events, *_role_events(s, now), *_preempted(s, job, ended, now))
    if ended.reserved_until_ms:
        hours = f"{round(job.launch.reserve_s / 3600, 4):g}"
        reason = (job.reason or decision.reason).value
        told += (job_event(s, now, "environment_kept", {"reason": reason, "hours": hours}),)
    return Plan(job, ended, Trigger.SETTLE, told, due_at_ms=now)


def _with_decision(s: Snapshot, attempt: Attempt, decision: Decision) -> tuple[Job, Attempt]:
    job = replace(
        s.job, reason=decision.reason, avoid=avoided(s.job, decision.reason, s.tasks, s.observation)
    )
    return job, replace(attempt, end_reason=decision.reason, end_task=decision.task)


def _keep_until(s: Snapshot, job: Job, now: int) -> int:
    """Only a failure of the command, and the last one, is worth to be looked at. Of a job that hangs none has ended."""
    failed = job.reason is Reason.HANGED or any(
        task.started_at_ms and task.is_final and _is_failure(task.reason) for task in s.tasks
    )
    runs = s.observation is None or s.observation.state not in (RunState.EXITED, RunState.GONE)
    kept = job.launch.reserve_s and failed and runs and _is_failure(job.reason)
    if not kept or _paid_by(job, job.reason) is not Retry.NEVER:
        return 0
    return now + job.launch.reserve_s * 1000


def _is_failure(reason: Reason | None) -> bool:
    return reason is not None and VERDICTS[reason].outcome is Outcome.FAILED


def _role_events(s: Snapshot, now: int) -> tuple[Event, ...]:
    """How each role of several stands when the job is decided."""
    roles = s.job.launch.roles
    if len(roles) < 2:
        return ()
    results = role_results(roles, s.tasks)
    events = []
    for role in roles:
        succeeded, failed = count_ends(role, s.tasks)
        slots: Slots = {"role": role.name, "replicas": role.replicas}
        match results[role.name]:
            case RoleResult.SUCCEEDED:
                needed = role.min_succeeded or role.replicas
                slots |= {"succeeded": succeeded, "needed": needed}
                events.append(job_event(s, now, "role_succeeded", slots))
            case RoleResult.FAILED:
                events.append(job_event(s, now, "role_failed", {**slots, "failed": failed}))
            case RoleResult.OPEN:
                events.append(job_event(s, now, "role_ended_early", slots))
            case other:
                assert_never(other)
    return tuple(events)


def _preempted(s: Snapshot, job: Job, attempt: Attempt, now: int) -> tuple[Event, ...]:
    """Told when the backend says it; what only a runner believes is not (`faults.believed`)."""
    if job.reason is not Reason.PREEMPTED or attempt.end_task:
        return ()
    detail = s.observation.detail if s.observation is not None else ""
    return (job_event(s, now, "job_preempted", {"detail": detail or "-"}),)


def plan_terminating(s: Snapshot, now: int, up_since: int) -> Plan:
    """The way out: wait for the backend to have nothing left of it, and help it along."""
    if s.attempt is None:
        return _finish(s, now)
    learnt = _learn(s, s.attempt, now)
    if learnt is not None:
        return learnt
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


def _learn(s: Snapshot, attempt: Attempt, now: int) -> Plan | None:
    """A better reason than the one that was settled on; None: there is none."""
    if s.job.reason is None or s.job.stop_requested_at_ms:
        return None
    known = Decision(s.job.reason, attempt.end_task)
    better = refined(known, s.tasks, s.observation)
    if better == known:
        return None
    job, changed = _with_decision(s, attempt, better)
    if _keep_until(s, job, now) == 0:
        changed = replace(changed, reserved_until_ms=0)
    return Plan(job, changed, events=_preempted(s, job, changed, now), due_at_ms=now)


def _clear_away(s: Snapshot, attempt: Attempt, now: int, up_since: int) -> Plan:
    owed = any(task.registered_at_ms and not task.is_final for task in s.tasks)
    if owed and attempt.end_reason not in (Reason.RUNNER_LOST, Reason.NODE_LOST):
        if not attempt.unseen_since_ms:
            attempt = replace(attempt, unseen_since_ms=now)
        give_up_at = max(attempt.unseen_since_ms, up_since) + REPORT_GRACE_MS
        if now < give_up_at:
            return Plan(s.job, attempt, due_at_ms=give_up_at)
    return Plan(s.job, attempt, effects=(Reap(),), due_at_ms=now + POLL_TERMINATING_MS)


def _wind_down(s: Snapshot, attempt: Attempt, now: int) -> Plan:
    released_at = attempt.reserved_until_ms
    if released_at and s.job.stop_requested_at_ms:
        released_at = min(released_at, s.job.stop_requested_at_ms)
    if now < released_at:
        return Plan(s.job, attempt, due_at_ms=min(released_at, now + POLL_RUNNING_MS))
    since = max(attempt.settled_at_ms, released_at)
    grace_s = s.job.launch.grace_s
    results_in = bool(s.tasks) and all(task.is_final for task in s.tasks)
    if results_in and now < since + LINGER_GRACE_MS:
        return Plan(s.job, attempt, due_at_ms=now + POLL_TERMINATING_MS)
    if now >= since + grace_s * 1000 + KILL_MARGIN_MS:
        grace_s = 0
    return Plan(s.job, attempt, effects=(Stop(grace_s),), due_at_ms=now + POLL_TERMINATING_MS)


def _finish(s: Snapshot, now: int) -> Plan:
    reason = believed(s.job.reason or Reason.RUNNER_LOST, s.attempt.end_task if s.attempt else "")
    attempt = s.attempt and replace(
        s.attempt, ended_at_ms=now, end_reason=reason if s.attempt.end_reason else None
    )
    blamed = blamed_nodes(s)
    s = replace(s, job=replace(s.job, avoid=shunned(s, blamed)))
    events = tuple(_node_event(s, now, "node_isolated", out) for out in blamed.isolated)
    events += tuple(_node_event(s, now, "node_not_isolated", out) for out in blamed.kept)
    if attempt is not None and attempt.reserved_until_ms:
        events += (job_event(s, now, "environment_released"),)
    paid = Retry.NEVER if s.job.stop_requested_at_ms else _paid_by(s.job, reason)
    if paid is not Retry.NEVER:
        made = _requeue(s, reason, paid, now)
        return replace(made, closed=attempt, isolated=blamed.isolated, events=(*events, *made.events))
    outcome = VERDICTS[reason].outcome
    trigger = END_TRIGGERS[outcome]
    job = replace(s.job, phase=next_phase(s.job.phase, trigger), reason=reason, ended_at_ms=now, pending=None)
    events += (*_not_restarted(s, reason, now), _end_event(s, outcome, reason, now))
    return Plan(job, attempt, trigger, events, isolated=blamed.isolated)


def _not_restarted(s: Snapshot, reason: Reason, now: int) -> tuple[Event, ...]:
    """Why there is no further attempt, where one could have been expected."""
    launch, verdict = s.job.launch, VERDICTS[reason]
    if s.job.stop_requested_at_ms or verdict.outcome is Outcome.SUCCEEDED:
        return ()
    if verdict.retry is not Retry.FREE and not launch.retry_budget:
        return ()
    used, limit, rule = s.job.budget_used, launch.retry_budget, verdict.retry.value
    if verdict.retry is Retry.FREE:
        used, limit = s.job.free_used, FREE_RETRIES_MAX
    elif verdict.retry is Retry.BUDGET and used < limit:
        rule = NOT_ASKED
    slots: Slots = {"reason": reason.value, "rule": rule, "used": used, "limit": limit}
    return (job_event(s, now, "job_not_restarted", slots),)


def _node_event(s: Snapshot, now: int, code: str, out: Isolate) -> Event:
    return job_event(s, now, code, {"node": out.node, "reason": out.reason.value})


def _paid_by(job: Job, reason: Reason | None) -> Retry:
    """What another attempt after `reason` would be paid from."""
    launch = job.launch
    policy = RetryPolicy(launch.retry_budget, launch.retry_unconditional, launch.retry_hang)
    if reason is None:
        return Retry.NEVER
    return may_retry(reason, policy, budget_used=job.budget_used, free_used=job.free_used)


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
    event = job_event(s, now, "job_restarted", slots)
    attempt = Attempt(
        job_id=s.job.id,
        number=number,
        created_at_ms=now,
        urgent=reason in NODE_FAULTS,
        ran_before_ms=ran_ms(s.attempt, now) if s.attempt else 0,
    )
    return Plan(job, attempt, Trigger.REQUEUE, (event,), due_at_ms=now)


def _end_event(s: Snapshot, outcome: Outcome, reason: Reason, now: int) -> Event:
    match outcome:
        case Outcome.SUCCEEDED:
            return job_event(s, now, "job_completed")
        case Outcome.TERMINATED:
            return job_event(s, now, "job_stopped")
        case Outcome.FAILED:
            return job_event(s, now, "job_failed", {"reason": reason.value})
        case Outcome.ABNORMAL:
            return job_event(s, now, "job_abnormal", {"reason": reason.value})
        case other:
            assert_never(other)
