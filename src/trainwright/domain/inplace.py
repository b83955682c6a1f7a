"""Restarts in place: the processes of all tasks are started again where they are, after a failure or a hang. Pure."""

from dataclasses import replace

from trainwright.domain.completion import Decision
from trainwright.domain.ending import settle
from trainwright.domain.entities import Attempt, Slots
from trainwright.domain.hangs import (
    RESTARTS_MAX,
    STACKS_WAIT_MS,
    Hang,
    HangRule,
    moves,
    restarts_in_a_row,
    suspect,
    suspect_at_ms,
)
from trainwright.domain.planning import Plan, Snapshot, job_event, next_look_ms
from trainwright.domain.reasons import Reason
from trainwright.domain.starts import failed_now, may_start_again


def plan_in_place(s: Snapshot, attempt: Attempt, now: int, rule: HangRule | None) -> Plan | None:
    """What to do about processes that failed or hang while their tasks are all there; None: nothing."""
    stranded = _stranded(s, attempt)
    if stranded is not None:
        return settle(s, attempt, stranded, now)
    failed = failed_now(attempt, s.tasks)
    if failed:
        if not may_start_again(s.job, attempt, s.tasks):
            return None  # they are told so, and report their end
        first = min(failed, key=lambda task: task.index)
        again = replace(attempt, process_restarts=attempt.process_restarts + 1, hang_restarts=0)
        reason = first.failure or Reason.USER_EXIT
        return _start_again(
            s, again, reason, now, count=again.process_restarts, limit=s.job.launch.process_retries
        )
    return None if rule is None else _judge(s, attempt, now, rule)


def next_judgement_ms(s: Snapshot, attempt: Attempt, now: int, rule: HangRule | None) -> int | None:
    """When a quiet attempt is to be judged next; None: it moves."""
    at_ms = suspect_at_ms(rule, attempt, s.tasks, now) if rule else None
    if at_ms is not None and attempt.hang_since_ms:
        at_ms = attempt.hang_since_ms + STACKS_WAIT_MS if s.job.launch.retry_hang else None
    return at_ms if at_ms is not None and at_ms > now else None


def _judge(s: Snapshot, attempt: Attempt, now: int, rule: HangRule) -> Plan | None:
    hang = suspect(rule, attempt, s.tasks, now)
    if attempt.hang_since_ms and moves(s.tasks):
        event = job_event(s, now, "job_hang_over")
        over = replace(attempt, hang_since_ms=0)
        return Plan(s.job, over, events=(event,), due_at_ms=next_look_ms(s.job, over, now))
    if hang is None:
        return None
    if not attempt.hang_since_ms:
        return _suspected(s, attempt, hang, now)
    if not s.job.launch.retry_hang or now < attempt.hang_since_ms + STACKS_WAIT_MS:
        return None
    before = restarts_in_a_row(attempt, s.tasks)
    if before >= RESTARTS_MAX or any(task.is_final for task in s.tasks):
        return settle(s, attempt, Decision(Reason.HANGED), now)
    again = replace(attempt, hang_restarts=before + 1)
    return _start_again(s, again, Reason.HANGED, now, count=before + 1, limit=RESTARTS_MAX)


def _suspected(s: Snapshot, attempt: Attempt, hang: Hang, now: int) -> Plan:
    marked = replace(attempt, hang_since_ms=now, wanted_stacks=attempt.wanted_stacks + 1)
    slots: Slots = {"measure": hang.measure, "minutes": hang.minutes, "tasks": hang.tasks}
    event = job_event(s, now, "job_hang_suspected", slots)
    due_at_ms = min(next_look_ms(s.job, marked, now), now + STACKS_WAIT_MS)
    return Plan(s.job, marked, events=(event,), due_at_ms=due_at_ms)


def _start_again(s: Snapshot, attempt: Attempt, reason: Reason, now: int, *, count: int, limit: int) -> Plan:
    again = replace(attempt, wanted_starts=attempt.wanted_starts + 1, restarted_at_ms=now, hang_since_ms=0)
    slots: Slots = {"count": count, "limit": limit, "reason": reason.value}
    event = job_event(s, now, "job_restarted_in_place", slots)
    return Plan(s.job, again, events=(event,), due_at_ms=next_look_ms(s.job, again, now))


def _stranded(s: Snapshot, attempt: Attempt) -> Decision | None:
    """Why the tasks that are left would wait for ever for one that has ended; None: they do not.

    Before the first start a task may have failed to prepare, though its role could do without it: that is why. Runners
    of releases that had no rendezvous (no task of the attempt ever met) wait for nobody.
    """
    if attempt.wanted_starts:  # one ended just when all were told to start again
        behind = any(task.is_final and task.round < attempt.wanted_starts for task in s.tasks)
        return _why_started_again(s, attempt) if behind else None
    if not any(task.round >= 0 for task in s.tasks):
        return None
    failed = [
        task
        for task in s.tasks
        if task.round < 0 and not task.started_at_ms and task.reason not in (None, Reason.COMPLETED)
    ]
    first = min(failed, key=lambda task: (task.ended_at_ms, task.index), default=None)
    return None if first is None or first.reason is None else Decision(first.reason, first.name)


def _why_started_again(s: Snapshot, attempt: Attempt) -> Decision:
    failures = [task for task in s.tasks if task.failure and task.failed_round == attempt.wanted_starts - 1]
    if failures and failures[0].failure:
        return Decision(failures[0].failure, failures[0].name)
    return Decision(Reason.HANGED)
