"""A job's tasks as the contract lists them (§6.5)."""

from typing import Any

from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.ports.uow import Scope
from trainwright.services.context import Services
from trainwright.services.reading import find_attempt, read_history, scope_of, task_of
from trainwright.services.task_ends import task_end
from trainwright.wire.watch import TaskItem

_NOT_YET: dict[str, Any] = {"ip": "", "host_ip": ""}
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
    if attempt is None and number:
        return []
    rows = history.tasks.get(attempt.key, ()) if attempt else ()
    items = []
    for name in job.launch.task_names():
        row = task_of(rows, name)
        about = (
            _of_row(row, attempt, language) | {"log_size": ctx.logs.size(row.attempt_key, name)}
            if row
            else _NOT_YET
        )
        state = _state(job, attempt, row)
        items.append(TaskItem(task=name, schedule_count=number or 1, state=state, **about))
    return items


def _of_row(row: TaskState, attempt: Attempt | None, language: Language) -> dict[str, Any]:
    end = task_end(row, attempt, language) if row.is_final else None
    return {
        "ip": row.ip,
        "host_ip": row.ip,
        "step": row.step,
        "launcher": row.launcher,
        "host": row.host,
        "start_time": row.started_at_ms,
        "end_time": row.ended_at_ms,
        "exit_code": row.exit_code,
        "reason": end.reason if end else "",
        "reason_message": end.text if end else "",
        "message": row.message,
    }


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
