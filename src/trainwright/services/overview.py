"""What a first page shows of a project: how many jobs, what failed and why, what waits, who uses what."""

from collections.abc import Sequence
from dataclasses import dataclass

from trainwright.domain.access import Action
from trainwright.domain.entities import Job, TaskState
from trainwright.domain.errors import BackendUnavailable
from trainwright.domain.lifecycle import Phase
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.ports.overview import Usage, UsageRow
from trainwright.ports.pools import PUBLIC_POOL
from trainwright.ports.uow import JobQuery, Match, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.job_view import JobHistory, job_status
from trainwright.services.pool_room import show_rooms
from trainwright.services.quotas import UNLIMITED, USER_JOBS
from trainwright.services.reading import read_histories, scope_of
from trainwright.services.task_ends import task_end
from trainwright.wire.overview import (
    FailedJobs,
    JobBrief,
    JobCause,
    Overview,
    OwnerUsage,
    PoolUsage,
    QuotaUse,
    UsageHistory,
    WaitingJobs,
)

LATEST = 8
FAILED = 10
WAITING = 10
SPAN_MS = 3_600_000
SPANS = 24
ATTEMPTS_MAX = 10_000
OWNERS_MAX = 20


@dataclass(frozen=True, slots=True)
class _Read:
    """What the database says."""

    counts: dict[Phase, int]
    mine: dict[Phase, int]
    latest: Sequence[JobHistory]
    failed: tuple[int, Sequence[JobHistory]]
    waiting: Sequence[JobHistory]
    usage: Usage
    quota: tuple[int, int] | None


async def show(ctx: Services, who: Principal, language: Language, *, since_ms: int | None = None) -> Overview:
    """The caller's project as they see it. `since_ms`: which failures count; a day ago unless given."""
    now_ms = ctx.clock.now_ms()
    begin_ms = now_ms - SPAN_MS * SPANS
    since_ms = begin_ms if since_ms is None else since_ms
    told = await ctx.blocking(_read, ctx, who, since_ms, begin_ms)
    failed_count, failed = told.failed
    answer = Overview(
        time=now_ms,
        counts={phase.value: count for phase, count in told.counts.items()},
        my_counts={phase.value: count for phase, count in told.mine.items()},
        latest=[_brief(each, language, now_ms) for each in told.latest],
        failed=FailedJobs(
            since=since_ms, count=failed_count, jobs=[_brief(each, language, now_ms) for each in failed]
        ),
        waiting=WaitingJobs(
            count=told.counts.get(Phase.PENDING, 0),
            jobs=[_brief(each, language, now_ms) for each in told.waiting],
        ),
        usage=_history(told.usage, begin_ms),
        quotas=None if told.quota is None else [_quota(*told.quota)],
    )
    if not who.may(Action.POOL_LIST):
        return answer
    try:
        rooms = await show_rooms(ctx, who)
    except BackendUnavailable as exc:  # the rest is worth showing, and who asks for the pools alone is told
        return answer.model_copy(update={"pools_unavailable": exc.message(language)})
    return answer.model_copy(update={"pools": rooms.pools})


def _read(ctx: Services, who: Principal, since_ms: int, begin_ms: int) -> _Read:
    with ctx.units(scope_of(who), write=False) as uow:
        mine = uow.jobs.search(JobQuery((Match("user_id", (who.user_id,)),), limit=LATEST)).jobs
        waits = uow.jobs.search(
            JobQuery((Match("phase", (Phase.PENDING,)),), descending=False, limit=WAITING)
        )
        count, ids = uow.overview.failed_since(since_ms, limit=FAILED)
        failed = _named(uow, ids)
        histories = iter(read_histories(uow, [*mine, *waits.jobs, *failed]))
        quota = None
        if who.may(Action.QUOTA_GET):
            allowed, _ = uow.quotas.of_user(who.user_id).get(USER_JOBS, (UNLIMITED, ""))
            quota = (allowed, uow.quotas.unfinished_of(who.user_id))
        return _Read(
            counts=uow.overview.counts(),
            mine=uow.overview.counts_of(who.user_id),
            latest=[next(histories) for _ in mine],
            waiting=[next(histories) for _ in waits.jobs],
            failed=(count, [next(histories) for _ in failed]),
            usage=uow.overview.usage(begin_ms, bucket_ms=SPAN_MS, buckets=SPANS, most=ATTEMPTS_MAX),
            quota=quota,
        )


def _named(uow: UnitOfWork, job_ids: Sequence[str]) -> list[Job]:
    if not job_ids:
        return []
    found = uow.jobs.search(JobQuery((Match("id", tuple(job_ids)),), limit=len(job_ids))).jobs
    by_id = {job.id: job for job in found}
    return [by_id[job_id] for job_id in job_ids if job_id in by_id]


def _brief(history: JobHistory, language: Language, now_ms: int) -> JobBrief:
    job, status = history.job, job_status(history, language, now_ms)
    return JobBrief(
        id=job.id,
        name=job.name,
        workspace_id=job.workspace_id,
        user_id=job.user_id,
        user_name=job.user_name,
        phase=status.phase,
        secondary_phase=status.secondary_phase,
        priority=job.launch.priority,
        pool_id=job.pool_id or PUBLIC_POOL,
        flavor_id=job.launch.main_role().flavor_id,
        create_time=job.created_at_ms,
        start_time=job.started_at_ms,
        end_time=job.ended_at_ms,
        reason=status.reason,
        reason_message=status.reason_message,
        pending_message=status.pending_message,
        pending_reason=status.pending_reason,
        position=status.pending.position if status.pending else 0,
        starts_at=status.pending.starts_at if status.pending else 0,
        cause=_cause(history, language),
    )


def _cause(history: JobHistory, language: Language) -> JobCause | None:
    """The end of the task that ended the job: the one the platform named, else the first that failed."""
    attempt = history.current_attempt()
    if history.job.phase not in (Phase.FAILED, Phase.ABNORMAL) or attempt is None:
        return None
    ended = [task for task in history.current_tasks() if task.is_final and not _went_well(task)]
    named = [task for task in ended if task.name == attempt.end_task]
    first = min(named or ended, key=lambda task: task.ended_at_ms, default=None)
    if first is None:
        return None
    end = task_end(first, attempt, language)
    return JobCause(
        task=first.name,
        exit_code=-1 if first.exit_code is None else first.exit_code,
        reason=end.reason,
        message=first.message or end.text,
    )


def _went_well(task: TaskState) -> bool:
    return task.exit_code == 0


def _history(usage: Usage, begin_ms: int) -> UsageHistory:
    pools: dict[str, dict[tuple[str, str], list[UsageRow]]] = {}
    for row in usage.rows:
        owners = pools.setdefault(row.pool_id or PUBLIC_POOL, {})
        owners.setdefault((row.user_id, row.user_name), []).append(row)
    return UsageHistory(
        start=begin_ms,
        span=SPAN_MS,
        spans=SPANS,
        complete=usage.complete,
        pools=[
            PoolUsage(pool_id=pool_id, owners=_owners(owners)) for pool_id, owners in sorted(pools.items())
        ],
    )


def _owners(owners: dict[tuple[str, str], list[UsageRow]]) -> list[OwnerUsage]:
    def had(item: tuple[tuple[str, str], list[UsageRow]]) -> tuple[int, int, tuple[str, str]]:
        who, rows = item
        return -sum(row.accelerator_ms for row in rows), -sum(row.millicpu_ms for row in rows), who

    ranked = sorted(owners.items(), key=had)
    shown = [_owner(who, rows) for who, rows in ranked[:OWNERS_MAX]]
    others = [row for _, rows in ranked[OWNERS_MAX:] for row in rows]
    return [*shown, _owner(("", ""), others)] if others else shown


def _owner(who: tuple[str, str], rows: Sequence[UsageRow]) -> OwnerUsage:
    cpus, memory, cards = ([0.0] * SPANS for _ in range(3))
    for row in rows:
        cpus[row.bucket] += row.millicpu_ms / SPAN_MS / 1000
        memory[row.bucket] += row.memory_mib_ms / SPAN_MS
        cards[row.bucket] += row.accelerator_ms / SPAN_MS
    return OwnerUsage(
        user_id=who[0],
        user_name=who[1],
        cpus=_rounded(cpus),
        memory_mib=_rounded(memory),
        accelerators=_rounded(cards),
    )


def _rounded(amounts: Sequence[float]) -> list[float]:
    return [round(amount, 3) for amount in amounts]


def _quota(quota: int, used: int) -> QuotaUse:
    return QuotaUse(resource=USER_JOBS, quota=quota, used=used)
