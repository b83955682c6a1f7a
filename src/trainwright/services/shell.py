"""A shell inside a running task: who may, in what, and that it is known who did. What is typed is never looked at."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from trainwright.domain.entities import Slots
from trainwright.domain.errors import BackendUnavailable, ShellNotOffered, TaskNotRunning, TrainwrightError
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason
from trainwright.domain.texts import Text, make_event
from trainwright.ports.backend import BackendError, Handle, Shell, Terminal
from trainwright.ports.identity import Principal
from trainwright.services.context import Services
from trainwright.services.job_view import shown_phase
from trainwright.services.reading import (
    check_member,
    check_task_name,
    find_attempt,
    read_history,
    scope_of,
    task_of,
)

log = logging.getLogger(__name__)

LEFT_ALONE = Text(
    "Nothing was typed or printed for {minutes} minutes: the shell was closed.",
    "{minutes} 分钟内没有输入或输出，终端已关闭。",
)
NOT_ALLOWED = Text(
    "You may not use this shell any more: {detail}",
    "您不再有权使用此终端：{detail}",
)
CLOSED = 129  # exit code of what was hung up on


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be opened: a terminal of that size, or pipes when `rows` is 0; a shell when `argv` is empty."""

    job_id: str
    task: str
    rows: int
    columns: int
    argv: Sequence[str] = ()


@asynccontextmanager
async def open_shell(ctx: Services, who: Principal, wanted: Wanted) -> AsyncIterator[Terminal]:
    """A terminal in the task for the length of the block; the job's events tell of it.

    Raises:
        JobNotFound, TaskNotFound: no such task for the caller.
        ActionDenied: not in the job's workspace.
        ShellNotOffered: the backend gives none.
        TaskNotRunning: no command runs in the task.
        TooManyShells: the user or the job has as many as may be.
        BackendUnavailable: the backend does not answer.
    """
    backend = ctx.backend
    handle = await ctx.blocking(_check, ctx, who, wanted)
    if not isinstance(backend, Shell):
        raise ShellNotOffered(backend=backend.name)
    with ctx.shells.hold(user=who.user_id, job=wanted.job_id):
        try:
            terminal = await backend.open_shell(
                handle, wanted.task, rows=wanted.rows, columns=wanted.columns, argv=wanted.argv
            )
        except BackendError as exc:
            if exc.retryable:
                raise BackendUnavailable(backend=backend.name, detail=str(exc)) from exc
            raise TaskNotRunning(job=wanted.job_id, task=wanted.task) from exc
        began_ms = ctx.clock.now_ms()
        try:
            await _tell(ctx, who, wanted, "shell_opened")
            yield terminal
        finally:
            await terminal.close()
            seconds = (ctx.clock.now_ms() - began_ms) // 1000
            try:
                await _tell(ctx, who, wanted, "shell_closed", seconds=seconds)
            except TrainwrightError as exc:  # the job was deleted meanwhile, or the disk is full
                log.warning("shell_end_not_told", extra={"job": wanted.job_id, "error": str(exc)})


async def check_still(ctx: Services, who: Principal, wanted: Wanted) -> None:
    """Whether `who` may still use what was opened; what became of the task is the terminal's to tell.

    Raises:
        JobNotFound, WorkspaceNotFound, ActionDenied: they may not.
    """
    await ctx.blocking(_check_member, ctx, who, wanted.job_id)


def _check_member(ctx: Services, who: Principal, job_id: str) -> None:
    with ctx.units(scope_of(who), write=False) as uow:
        check_member(uow, who, uow.jobs.get(job_id).workspace_id)


def _check(ctx: Services, who: Principal, wanted: Wanted) -> Handle:
    with ctx.units(scope_of(who), write=False) as uow:
        history = read_history(uow, wanted.job_id)
        job = history.job
        check_member(uow, who, job.workspace_id)
    check_task_name(job.launch, wanted.task)
    attempt = find_attempt(history.attempts, job.attempt_number)
    task = task_of(history.tasks.get(attempt.key, ()), wanted.task) if attempt else None
    closed = TaskNotRunning(job=job.id, task=wanted.task)
    if attempt is None or attempt.handle is None or task is None or shown_phase(job) is not Phase.RUNNING:
        raise closed
    kept = attempt.reserved_until_ms > ctx.clock.now_ms() and task.reason is not Reason.COMPLETED
    if not task.started_at_ms or (task.is_final and not kept):
        raise closed
    return Handle.from_json(attempt.handle)


async def _tell(ctx: Services, who: Principal, wanted: Wanted, code: str, **more: int) -> None:
    slots: Slots = {"user": who.user_name, "task": wanted.task, **more}
    await ctx.blocking(_record, ctx, who, wanted.job_id, code, slots)
    ctx.events_grown(wanted.job_id)


def _record(ctx: Services, who: Principal, job_id: str, code: str, slots: Slots) -> None:
    with ctx.units(scope_of(who)) as uow:
        job = uow.jobs.get(job_id)
        event = make_event(job_id, ctx.clock.now_ms(), code, slots, attempt=job.attempt_number)
        uow.events.append([event])
        uow.commit()
