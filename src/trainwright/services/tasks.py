"""A job's tasks as the contract lists them (§6.5)."""

from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.specs import attempt_key
from trainwright.domain.texts import Language, reason_text
from trainwright.ports.uow import Principal, Scope
from trainwright.services.context import Services
from trainwright.services.reading import find_attempt, read_history, scope_of
from trainwright.wire.watch import TaskItem

_AFTER_COMMAND = ("outputs", "log_export", "report", "linger")


async def list_tasks(
    ctx: Services, who: Principal, job_id: str, language: Language, *, schedule_count: int | None = None
) -> list[TaskItem]:
    """The tasks of the latest attempt, or of attempt `schedule_count` (empty when there is none of that number).

    Raises:
        JobNotFound: no such job in the caller's project.
    """
    return await ctx.blocking(_list, ctx, scope_of(who), job_id, schedule_count, language)


def _list(
    ctx: Services, scope: Scope, job_id: str, schedule_count: int | None, language: Language
) -> list[TaskItem]:
    with ctx.units(scope, write=False) as uow:
        history = read_history(uow, job_id)
    job = history.job
    number = schedule_count or job.attempt_number
    attempt = find_attempt(history.attempts, number)
    if attempt is None and (schedule_count or job.attempt_number):
        return []
    key = attempt_key(job_id, number)
    rows = {row.name: row for row in history.tasks.get(key, ())}
    return [_item(ctx, job, attempt, rows.get(name), name, language) for name in job.launch.task_names()]


def _item(
    ctx: Services, job: Job, attempt: Attempt | None, row: TaskState | None, name: str, language: Language
) -> TaskItem:
    number = attempt.number if attempt else 1
    if row is None or attempt is None:
        return TaskItem(task=name, ip="", host_ip="", schedule_count=number, state=_state(job, attempt, None))
    return TaskItem(
        task=name,
        ip=row.ip,
        host_ip=row.ip,
        schedule_count=number,
        state=_state(job, attempt, row),
        step=row.step,
        launcher=row.launcher,
        host=row.host,
        start_time=row.started_at_ms,
        end_time=row.ended_at_ms,
        exit_code=row.exit_code,
        reason=row.reason.value if row.reason else "",
        reason_message=reason_text(row.reason, language) if row.reason else "",
        message=row.message,
        log_size=ctx.logs.size(attempt.key, name),
    )


def _state(job: Job, attempt: Attempt | None, row: TaskState | None) -> str:
    if (
        job.phase.is_end
        or (attempt is not None and attempt.ended_at_ms)
        or (row is not None and row.is_final)
    ):
        return "ended"
    if row is None or not row.registered_at_ms:
        return "waiting"
    if row.step in _AFTER_COMMAND:
        return "finishing"
    return "running" if row.started_at_ms else "preparing"
