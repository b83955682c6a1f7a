"""A task's log: preview, pages of lines, any range (contract §6.9)."""

import re
from dataclasses import dataclass
from functools import partial

from trainwright.domain.errors import InvalidQuery, InvalidRange, LogNotReady
from trainwright.domain.specs import attempt_key
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.uow import Scope
from trainwright.services.context import Services
from trainwright.services.log_pages import WINDOW, lines_after, lines_before
from trainwright.services.reading import check_task_name, find_attempt, read_history, scope_of
from trainwright.wire.watch import LogLines, LogPreview

LINES_MAX = 500
_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII | re.IGNORECASE)
_POSITION = re.compile(r"[0-9]{1,15}")
_CONTINUATION = range(0x80, 0xC0)  # UTF-8 bytes that do not begin a character

_NO_ATTEMPT = Text("attempt {number} does not exist", "第 {number} 次运行不存在")
_NOT_A_POSITION = Text(
    "it is not a start_line or end_line of an answer", "不是返回结果中的 start_line 或 end_line"
)
_BETWEEN = Text("it must be {low} to {high}", "必须在 {low} 至 {high} 之间")
_ORDER = Text("it must be asc or desc", "必须为 asc 或 desc")


@dataclass(frozen=True, slots=True)
class LogView:
    """One task's log as it stands. Read bytes with `ctx.logs.read/pieces(attempt_key, task, …)` on a worker thread.

    `complete`: the task has ended and no byte will follow. `file_name` is ModelArts' own:
    `modelarts-job-<id>-worker-<n>.log`. `begun_ms` is when the attempt began; 0: it has not.
    """

    attempt_key: str
    attempt: int
    task: str
    file_name: str
    size: int
    complete: bool
    begun_ms: int = 0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """`tasks` empty: all of the job's."""

    job_id: str
    tasks: tuple[str, ...]
    attempt: int | None = None


async def find(
    ctx: Services, who: Principal, job_id: str, task: str, *, attempt: int | None = None
) -> LogView:
    """The log of the latest attempt's task, or of attempt `attempt`; size 0 while nothing was written.

    Raises:
        JobNotFound: no such job in the caller's project.
        TaskNotFound: no such task in the job.
        InvalidQuery: no attempt of that number.
    """
    return (await find_all(ctx, who, job_id, (task,), attempt=attempt))[0]


async def find_all(
    ctx: Services, who: Principal, job_id: str, tasks: tuple[str, ...] = (), *, attempt: int | None = None
) -> list[LogView]:
    """The logs of these tasks, or of all of the job's when none is named, in the job's order. Raises as `find`."""
    return await ctx.blocking(_find, ctx, scope_of(who), _Wanted(job_id, tasks, attempt))


async def find_written(ctx: Services, who: Principal, job_id: str, task: str) -> LogView:
    """The log of the latest attempt's task, once there is one; an ended task's may be empty.

    Raises:
        JobNotFound, TaskNotFound: as `find`.
        LogNotReady: nothing was written yet.
    """
    view = await find(ctx, who, job_id, task)
    if not (view.size or view.complete):
        raise LogNotReady(task=task)
    return view


async def view_of_attempt(ctx: Services, scope: Scope, job_id: str, task: str, attempt: int) -> LogView:
    """A log as `scope` sees it. Raises as `find`."""
    return (await ctx.blocking(_find, ctx, scope, _Wanted(job_id, (task,), attempt)))[0]


async def preview(ctx: Services, who: Principal, job_id: str, task: str) -> LogPreview:
    """The newest at most 5 MB.

    Raises:
        JobNotFound, TaskNotFound: as `find`.
        LogNotReady: nothing was written yet.
    """
    view = await find_written(ctx, who, job_id, task)
    newest = await ctx.blocking(_read_newest, ctx, view)
    return LogPreview(
        content=newest.decode("utf-8", "replace"), current_size=len(newest), full_size=view.size
    )


async def lines(
    ctx: Services, who: Principal, job_id: str, task: str, *, base_line: str | None, count: int, order: str
) -> LogLines:
    """A page of whole lines; see `wire.watch.LogLines` for paging.

    Without `base_line` it is the newest lines in either order; `base_line` 0 with order asc begins at the start.

    Raises:
        JobNotFound, TaskNotFound: as `find`.
        LogNotReady: nothing was written yet.
        InvalidQuery: `base_line` is no position, `count` not in 1 to 500, `order` neither asc nor desc.
    """
    if not 1 <= count <= LINES_MAX:
        raise InvalidQuery(field="lines", detail=_BETWEEN, low=1, high=LINES_MAX)
    if order not in ("asc", "desc"):
        raise InvalidQuery(field="order", detail=_ORDER)
    if base_line and not _POSITION.fullmatch(base_line):
        raise InvalidQuery(field="base_line", detail=_NOT_A_POSITION)
    view = await find_written(ctx, who, job_id, task)
    read = partial(ctx.logs.read, view.attempt_key, view.task)
    if base_line and order == "asc":
        position = min(int(base_line), view.size)
        page = await ctx.blocking(lines_after, read, position, view.size, count)
    else:
        position = min(int(base_line), view.size) if base_line else view.size
        page = await ctx.blocking(lines_before, read, position, count)
    return page.to_answer(newest_first=order == "desc")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of a single `bytes=` range over `size` bytes; None: no range asked, send all.

    Raises:
        InvalidRange: it lies outside, or is not a single byte range.
    """
    if not header:
        return None
    asked = _RANGE.fullmatch(header)
    first, last = asked.groups() if asked else ("", "")
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        raise InvalidRange(value=header, size=size)
    if start >= end:
        raise InvalidRange(value=header, size=size)
    return start, end


def _find(ctx: Services, scope: Scope, wanted: _Wanted) -> list[LogView]:
    with ctx.units(scope, write=False) as uow:
        history = read_history(uow, wanted.job_id)
    job = history.job
    for task in wanted.tasks:
        check_task_name(job.launch, task)
    number = job.attempt_number if wanted.attempt is None else wanted.attempt
    attempt = find_attempt(history.attempts, number)
    if attempt is None and wanted.attempt is not None:
        raise InvalidQuery(field="attempt", detail=_NO_ATTEMPT, number=number)
    key = attempt_key(job.id, number or 1)  # before the first attempt: the log that will be
    rows = {row.name: row for row in history.tasks.get(key, ())}
    over = job.phase.is_end or (attempt is not None and bool(attempt.ended_at_ms))
    names = job.launch.task_names()
    return [
        LogView(
            attempt_key=key,
            attempt=number or 1,
            task=task,
            file_name=f"modelarts-job-{job.id}-{task}.log",
            # After the rows: a log seen as complete has its last byte already.
            size=ctx.logs.size(key, task),
            complete=over or (task in rows and rows[task].is_final),
            begun_ms=attempt.created_at_ms if attempt else 0,
        )
        for task in (task for task in names if task in wanted.tasks or not wanted.tasks)
    ]


def _read_newest(ctx: Services, view: LogView) -> bytes:
    start = max(0, view.size - WINDOW)
    newest = ctx.logs.read(view.attempt_key, view.task, start, view.size - start)
    skipped = 0
    while start and skipped < min(4, len(newest)) and newest[skipped] in _CONTINUATION:
        skipped += 1
    return newest[skipped:]
