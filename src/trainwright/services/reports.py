"""The server's side of the runner protocol (docs/design/runner.md). The caller has verified the attempt token."""

import json
import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trainwright.domain.entities import Attempt, Event, Job, Slots, Source, TaskState
from trainwright.domain.errors import InvalidQuery
from trainwright.domain.texts import EVENT_TEXTS, Text, make_event
from trainwright.ports.uow import PLATFORM, MetricBatch
from trainwright.services import training_metrics
from trainwright.services.answers import Answered, answer_of
from trainwright.services.context import Services
from trainwright.services.log_metrics import rules_of
from trainwright.services.orders import buckets_of, task_order
from trainwright.services.ownership import is_platforms
from trainwright.services.resume_points import NotYet
from trainwright.services.resuming import resume_point
from trainwright.services.training_metrics import Target
from trainwright.wire.runner import (
    Activity,
    Failure,
    FinalResult,
    Go,
    LogAnswer,
    Ready,
    Registration,
    Report,
    ReportAnswer,
    RunnerEvent,
    Samples,
    TaskOrder,
)

log = logging.getLogger(__name__)

SEEN_EVERY_MS = 30_000  # a heartbeat with nothing new is written down this often, not every time
SLOT_LENGTH_MAX = 4096
MESSAGE_LENGTH_MAX = 4096
HOST_LENGTH_MAX = 255
STEP_LENGTH_MAX = 64
BATCH_STEPS_MAX = 3600
BATCH_METRICS_MAX = 64
CLOCK_SKEW_MS = 86_400_000
QUIET_STEP_MS = 30_000  # a quiet task tells it again and again: only what differs by more is written down
PORT_MAX = 65_535
_EXIT_CODE_LIMIT = 1 << 31
_METRIC_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
_NOT_NEGATIVE = Text("it must not be negative", "不能为负数")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What storing a report changed."""

    answered: Answered
    job_id: str
    events: bool
    matters: bool  # the reconciler wants to know
    final: bool


@dataclass(frozen=True, slots=True)
class _Registered:
    """A task that is there; `first`: it was not before."""

    order: TaskOrder
    job: Job
    attempt: Attempt
    first: bool


async def register(ctx: Services, attempt_key: str, task: str, registration: Registration) -> TaskOrder:
    """Note that the task's runner is there, and tell it what to do. Repeating it gives the same order.

    Raises:
        AttemptClosed: the attempt is over, superseded or unknown, or has no such task.
    """
    known = await ctx.blocking(_register, ctx, attempt_key, task, registration)
    order = known.order
    if known.first:
        ctx.wake(order.job_id)
    try:
        resume = await resume_point(ctx, known.job, known.attempt, order.role, known.attempt.wanted_starts)
    except NotYet:  # told with the `go` that it asks for when it is ready
        return order.model_copy(update={"go": None})
    if resume is None:
        return order
    go = order.go and order.go.model_copy(update={"resume": resume})
    return order.model_copy(update={"resume": resume, "go": go})


async def report(ctx: Services, attempt_key: str, task: str, report: Report) -> ReportAnswer:
    """Store what is new in `report`. Repeated, late and duplicate reports change nothing.

    Events are taken in order of their numbers and without gaps: what lies behind a gap is not acknowledged.

    Raises:
        AttemptClosed: as `register`.
    """
    outcome = await ctx.blocking(_report, ctx, attempt_key, task, report)
    if outcome.events or outcome.final:
        ctx.events_grown(outcome.job_id)
    if outcome.final:
        ctx.log_grown(attempt_key, task)  # followers of its log learn that it is complete
        ctx.log_waits.add(attempt_key, task)
    if outcome.matters:
        ctx.wake(outcome.job_id)
    return await _with_go(ctx, outcome.answered)


async def _with_go(ctx: Services, answered: Answered) -> ReportAnswer:
    """The answer, with the resume point all tasks of this rendezvous are told."""
    if answered.meeting is None:
        return answered.answer
    met = answered.meeting
    try:
        resume = await resume_point(ctx, met.job, met.attempt, met.role, met.number)
    except NotYet:
        return answered.answer  # it asks again
    go = Go(round=met.number, peers=met.peers, resume=resume)
    return answered.answer.model_copy(update={"go": go})


async def append_log(ctx: Services, attempt_key: str, task: str, offset: int, data: bytes) -> LogAnswer:
    """Store log bytes at `offset`; bytes stored before are skipped.

    Raises:
        AttemptClosed: as `register`.
        LogGap: `offset` is beyond what is stored.
        InvalidQuery: `offset` is negative.
    """
    if offset < 0:
        raise InvalidQuery(field="offset", detail=_NOT_NEGATIVE)
    stored, searched = await ctx.blocking(_append_log, ctx, attempt_key, task, offset, data)
    if data:
        ctx.log_grown(attempt_key, task)
    if searched:
        ctx.log_waits.add(attempt_key, task)
    return LogAnswer(stored=stored)


def _register(ctx: Services, attempt_key: str, task: str, registration: Registration) -> _Registered:
    now_ms = ctx.clock.now_ms()
    with ctx.units(PLATFORM) as uow:
        job, attempt = uow.attempts.get_live(attempt_key)
        row = uow.tasks.get(attempt_key, task)
        first = not row.registered_at_ms
        there = replace(
            row,
            registered_at_ms=row.registered_at_ms or now_ms,
            last_seen_ms=now_ms,
            ip=row.ip if row.round >= 0 else registration.ip[:HOST_LENGTH_MAX],  # once met, it stays there
            host=registration.host[:HOST_LENGTH_MAX],
        )
        if (
            first
        ):  # nothing of the user's has run by then: what comes later with this token may be the job itself
            node = (registration.node or registration.host)[:HOST_LENGTH_MAX]
            there = replace(there, launcher=registration.launcher, node=node)
        uow.tasks.save(there, make_due=first)
        if first and rules_of(job, row.role):
            mark = uow.training_metrics.mark(attempt_key, task)
            uow.training_metrics.save_mark(attempt_key, task, replace(mark, reading=True))
        owners = uow.buckets.owners(buckets_of(job.launch))
        uow.commit()
    strange = {
        bucket for bucket, owner in owners.items() if owner != job.project_id and not is_platforms(bucket)
    }
    return _Registered(task_order(ctx, job, there, attempt, strange=strange), job, attempt, first)


def _report(ctx: Services, attempt_key: str, task: str, report: Report) -> _Outcome:
    if not (report.events or report.samples or report.points or report.final):
        asked = _nothing_new(ctx, attempt_key, task, report)
        if asked is not None:
            return asked
    return _store(ctx, attempt_key, task, report)


def _nothing_new(ctx: Services, attempt_key: str, task: str, report: Report) -> _Outcome | None:
    """The answer to a report that only asks, as many tasks that wait for each other do, without a turn to write."""
    now_ms = ctx.clock.now_ms()
    with ctx.units(PLATFORM, write=False) as uow:
        job, attempt = uow.attempts.get_live(attempt_key)
        row = uow.tasks.get(attempt_key, task)
        if _after_report(row, report, (), now_ms) != row:
            return None
        answered = answer_of(uow, job, attempt, row, report.ready, now_ms=now_ms)
    return _Outcome(answered, job.id, events=False, matters=False, final=False)


def _store(ctx: Services, attempt_key: str, task: str, report: Report) -> _Outcome:
    now_ms = ctx.clock.now_ms()
    with ctx.units(PLATFORM) as uow:
        job, attempt = uow.attempts.get_live(attempt_key)
        row = uow.tasks.get(attempt_key, task)
        fresh = _fresh_events(report.events, row.last_seq)
        after = _after_report(row, report, fresh, now_ms)
        matters = _matters(row, after)
        batches = [_batch(attempt_key, task, samples, now_ms) for samples in report.samples]
        if after != row or batches:
            uow.tasks.save(after, make_due=matters)
            if fresh:
                uow.events.append([_event(job, attempt.number, task, item, now_ms) for item in fresh])
            for batch in batches:
                if batch is not None:
                    uow.metrics.add(batch)
        told = bool(fresh)
        if report.points:
            target = Target(job.id, attempt.number, task)
            told = training_metrics.store(uow, target, report.points, now_ms) or told
        answered = answer_of(uow, job, attempt, after, report.ready, now_ms=now_ms)
        uow.commit()
    final = after.is_final and not row.is_final
    return _Outcome(answered, job.id, events=told, matters=matters, final=final)


def _append_log(ctx: Services, attempt_key: str, task: str, offset: int, data: bytes) -> tuple[int, bool]:
    """Stored bytes, and whether the log is searched for training metrics."""
    with ctx.units(PLATFORM, write=False) as uow:
        job, _ = uow.attempts.get_live(attempt_key)
        row = uow.tasks.get(attempt_key, task)
    searched = bool(rules_of(job, row.role))
    return ctx.logs.append(attempt_key, task, offset, data), searched


def _fresh_events(events: Sequence[RunnerEvent], last_seq: int) -> list[RunnerEvent]:
    """Those that follow `last_seq` without a gap, each number once."""
    fresh: list[RunnerEvent] = []
    for event in sorted(events, key=lambda item: item.seq):
        if event.seq == last_seq + len(fresh) + 1:
            fresh.append(event)
    return fresh


def _after_report(row: TaskState, report: Report, fresh: Sequence[RunnerEvent], now_ms: int) -> TaskState:
    after = replace(row, last_seq=row.last_seq + len(fresh))
    if not row.is_final:
        started = report.started_at_ms if abs(report.started_at_ms - now_ms) < CLOCK_SKEW_MS else now_ms
        started = started if report.started_at_ms > 0 else 0
        after = replace(after, step=report.step[:STEP_LENGTH_MAX], started_at_ms=row.started_at_ms or started)
        after = _with_progress(after, report, now_ms)
        if report.final is not None:
            after = _with_result(after, report.final, now_ms)
    if after != row or now_ms - row.last_seen_ms >= SEEN_EVERY_MS:
        after = replace(after, last_seen_ms=now_ms)
    return after


def _with_progress(row: TaskState, report: Report, now_ms: int) -> TaskState:
    """What is said of rendezvous, failures of the command, and quiet. Late and repeated words change nothing."""
    if report.ready is not None:
        row = _with_ready(row, report.ready)
    if report.failed is not None:
        row = _with_failure(row, report.failed)
    if report.activity is not None:
        row = _with_activity(row, report.activity, now_ms)
    return row


def _with_ready(row: TaskState, ready: Ready) -> TaskState:
    """The port said first is the one that all others are told: it never changes for one rendezvous."""
    if ready.round <= row.round or ready.round > _EXIT_CODE_LIMIT:
        return row
    port = ready.port if 0 <= ready.port <= PORT_MAX else 0
    ip = ready.ip[:HOST_LENGTH_MAX] or row.ip
    return replace(row, round=ready.round, port=port, ip=ip, quiet_since_ms=0, quiet_measure="")


def _with_failure(row: TaskState, failed: Failure) -> TaskState:
    if failed.round <= row.failed_round or failed.round > _EXIT_CODE_LIMIT:
        return row
    return replace(row, failed_round=failed.round, failure=failed.reason)


def _with_activity(row: TaskState, activity: Activity, now_ms: int) -> TaskState:
    if activity.quiet_s <= 0:
        return replace(row, quiet_since_ms=0, quiet_measure="")
    since_ms = max(now_ms - 1000 * activity.quiet_s, row.started_at_ms, 1)
    if row.quiet_since_ms and abs(since_ms - row.quiet_since_ms) < QUIET_STEP_MS:
        since_ms = row.quiet_since_ms
    return replace(row, quiet_since_ms=since_ms, quiet_measure=activity.measure[:STEP_LENGTH_MAX])


def _with_result(row: TaskState, final: FinalResult, now_ms: int) -> TaskState:
    exit_code = max(-_EXIT_CODE_LIMIT, min(final.exit_code, _EXIT_CODE_LIMIT - 1))
    return replace(
        row,
        reason=final.reason,
        exit_code=exit_code,
        message=final.message[:MESSAGE_LENGTH_MAX],
        ended_at_ms=now_ms,
    )


def _matters(row: TaskState, after: TaskState) -> bool:
    return (
        after.is_final > row.is_final
        or after.failed_round > row.failed_round
        or bool(after.quiet_since_ms) != bool(row.quiet_since_ms)
    )


def _event(job: Job, attempt: int, task: str, item: RunnerEvent, now_ms: int) -> Event:
    """The event as it is kept. A code that no task may use is kept as a plain message, so that nothing is lost."""
    known = EVENT_TEXTS.get(item.code)
    slots = {name[:STEP_LENGTH_MAX]: _short(slot) for name, slot in item.slots.items()}
    code = item.code
    if known is None or known.source != Source.TASK:
        code, slots = "task_message", {"detail": _as_sentence(item.code, slots)}
    at_ms = item.at_ms if abs(item.at_ms - now_ms) < CLOCK_SKEW_MS * 30 else now_ms
    return make_event(job.id, at_ms, code, slots, attempt=attempt, task=task)


def _as_sentence(code: str, slots: Slots) -> str:
    words = json.dumps(slots, ensure_ascii=False, sort_keys=True) if slots else ""
    return f"{code} {words}".strip()[:SLOT_LENGTH_MAX]


def _short(slot: str | int | float) -> str | int | float:
    return slot[:SLOT_LENGTH_MAX] if isinstance(slot, str) else slot


def _batch(attempt_key: str, task: str, samples: Samples, now_ms: int) -> MetricBatch | None:
    """The samples as stored; None for what no runner of ours sends: too many, of the future, or not numbers."""
    steps = max((len(values) for values in samples.values.values()), default=0)
    in_time = 0 < samples.start_s <= (now_ms + CLOCK_SKEW_MS) // 1000
    named = all(_METRIC_NAME.fullmatch(name) for name in samples.values)
    finite = all(math.isfinite(value) for values in samples.values.values() for value in values)
    if not (
        0 < steps <= BATCH_STEPS_MAX
        and len(samples.values) <= BATCH_METRICS_MAX
        and in_time
        and named
        and finite
    ):
        log.warning(
            "samples_dropped", extra={"attempt": attempt_key, "task": task, "start_s": samples.start_s}
        )
        return None
    return MetricBatch(attempt_key, task, samples.start_s, 1, samples.values)
