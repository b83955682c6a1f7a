"""Reading logs by lines: pages, search, errors, all tasks merged in time, all logs as an archive. Ours."""

import zipfile
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.archives import zip_pieces
from trainwright.server.dependencies import BroadcastDep, JobId, ServicesDep, TaskId, needs, without_nul
from trainwright.server.merged_stream import follow_merged
from trainwright.server.presence import answer_while_wanted
from trainwright.server.streams import Stream, content_disposition, events_topic, log_range
from trainwright.services import log_merged, log_views, logs
from trainwright.services.context import Services
from trainwright.services.log_search import QUERY_LENGTH_MAX
from trainwright.services.log_search import Query as LogQuery
from trainwright.wire.log_views import LogErrorsMap, LogMatches, LogPage, MergedLogPage

router = APIRouter(prefix="/v2/{project_id}/training-jobs/{training_job_id}", tags=["logs"])

MayGet = Annotated[Principal, needs(Action.JOB_GET)]
NUMBER_MAX = 2**62
CURSOR_LENGTH_MAX = 8192
Number = Annotated[int, Query(ge=0, le=NUMBER_MAX)]
Place = Annotated[int | None, Query(ge=0, le=NUMBER_MAX)]
Attempt = Annotated[int | None, Query(ge=1, le=NUMBER_MAX, description="The latest when not given.")]
Tasks = Annotated[
    str,
    Query(max_length=CURSOR_LENGTH_MAX, description="Names with commas between them; all when not given."),
    AfterValidator(without_nul),
]
CursorText = Annotated[str, Query(max_length=CURSOR_LENGTH_MAX)]
_ZIP = "application/zip"


@router.get("/tasks/{task_id}/logs/lines", operation_id="logs_lines", response_model=LogPage)
async def lines(
    request: Request,
    job_id: JobId,
    task: TaskId,
    who: MayGet,
    ctx: ServicesDep,
    *,
    start_line: Annotated[int | None, Query(ge=1, le=NUMBER_MAX)] = None,
    offset: Place = None,
    before: Place = None,
    count: Annotated[int, Query(ge=1, le=log_views.COUNT_MAX)] = 200,
    attempt: Attempt = None,
) -> Response:
    """A page of lines: from line `start_line` on, from the line that holds the byte `offset` on, or those that end at
    or before the byte `before`; without any of them the newest.
    """
    start = log_views.PageStart(start_line, offset, before)
    work = log_views.page(ctx, who, job_id, task, start, count=count, attempt=attempt)
    return await answer_while_wanted(request, work)


@router.get("/tasks/{task_id}/logs/search", operation_id="logs_search", response_model=LogMatches)
async def search(
    request: Request,
    job_id: JobId,
    task: TaskId,
    who: MayGet,
    ctx: ServicesDep,
    *,
    query: Annotated[str, Query(max_length=QUERY_LENGTH_MAX)] = "",
    regex: bool = False,
    case: bool = False,
    errors: bool = False,
    system: bool = True,
    offset: Number = 0,
    before: Place = None,
    limit: Annotated[int, Query(ge=0, le=log_views.LIMIT_MAX)] = 100,
    count_on: bool = True,
    attempt: Attempt = None,
) -> Response:
    """Search the whole log, from the byte `offset` on or backward from `before`, for about a second: the answer says
    how far it came.

    `query` is a text, or with `regex` an expression in RE2's syntax that is tried on each line, as it is shown: without
    escape sequences, such as those that change colours; `errors` finds lines that tell of errors instead.
    `system=false` leaves out the platform's lines. After `limit` matches the others are counted only, or with
    `count_on=false` not looked for.
    """
    wanted = LogQuery(query, regex, case, errors, system)
    start = log_views.SearchFrom(offset, before, limit, count_on)
    work = log_views.search(ctx, who, job_id, task, wanted, start=start, attempt=attempt)
    return await answer_while_wanted(request, work)


@router.get("/tasks/{task_id}/logs/errors", operation_id="logs_errors", response_model=LogErrorsMap)
async def errors(
    request: Request,
    job_id: JobId,
    task: TaskId,
    who: MayGet,
    ctx: ServicesDep,
    *,
    places: Annotated[int, Query(ge=1, le=log_views.PLACES_MAX)] = 200,
    attempt: Attempt = None,
) -> Response:
    """Where the error lines of the log are, in at most `places` places, and the first of them."""
    work = log_views.errors_map(ctx, who, job_id, task, places=places, attempt=attempt)
    return await answer_while_wanted(request, work)


@router.get("/logs-merged", operation_id="logs_merged", response_model=MergedLogPage)
async def merged(
    job_id: JobId,
    who: MayGet,
    ctx: ServicesDep,
    *,
    tasks: Tasks = "",
    before: CursorText = "",
    after: CursorText = "",
    time: Place = None,
    count: Annotated[int, Query(ge=1, le=log_merged.COUNT_MAX)] = 200,
    attempt: Attempt = None,
) -> Response:
    """Lines of many tasks in the order they came: before or after a page that was given, from the time `time` (ms) on,
    or the newest.
    """
    wanted = log_merged.Wanted(_names(tasks), attempt, before, after, time)
    return answer_model(await log_merged.page(ctx, who, job_id, wanted, count=count))


@router.get(
    "/logs-merged/stream",
    operation_id="logs_merged_stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Pages of lines as they come."}},
)
async def merged_stream(
    job_id: JobId,
    who: MayGet,
    ctx: ServicesDep,
    growth: BroadcastDep,
    *,
    tasks: Tasks = "",
    after: CursorText = "",
    attempt: Attempt = None,
    last_event_id: Annotated[str, Header(max_length=CURSOR_LENGTH_MAX)] = "",
) -> Response:
    """Server-sent events over one connection for all tasks: `begin`, `lines`, each a page as `/logs-merged` answers it,
    and `end` when all tasks have ended. They begin behind `after` of a page, or `Last-Event-ID`; else behind the newest
    line.
    """
    wanted = log_merged.Wanted(_names(tasks), attempt, after=last_event_id or after)
    opened = await log_merged.open_logs(ctx, who, job_id, wanted)
    place = await log_merged.place_of(ctx, opened, wanted.after)
    same = log_merged.Wanted(wanted.tasks, opened.views[0].attempt if opened.views[0].begun_ms else None)

    async def look() -> log_merged.Merged:
        return await log_merged.open_logs(ctx, who, job_id, same)

    watch = growth.watch(events_topic(job_id))
    pieces = follow_merged(ctx, look, opened, watch, place=place)
    return Stream(pieces, watch, media_type="text/event-stream", headers={})


@router.get(
    "/logs-archive",
    operation_id="logs_archive",
    response_class=Response,
    responses={200: {"content": {_ZIP: {}}, "description": "A zip archive of the logs."}},
)
async def archive(
    job_id: JobId, who: MayGet, ctx: ServicesDep, *, tasks: Tasks = "", attempt: Attempt = None
) -> Response:
    """The logs of all tasks, or of those named, as a zip archive, as long as they are at this moment."""
    views = await logs.find_all(ctx, who, job_id, _names(tasks), attempt=attempt)
    headers = {
        "Content-Disposition": content_disposition(f"modelarts-job-{job_id}-logs-{views[0].attempt}.zip"),
        "Cache-Control": "no-store",
    }
    pieces = zip_pieces(_files(ctx, views), compression=zipfile.ZIP_DEFLATED, blocking=ctx.blocking)
    return StreamingResponse(pieces, 200, headers, media_type=_ZIP)


async def _files(ctx: Services, views: list[logs.LogView]) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    for view in views:
        yield view.file_name, log_range(ctx, view, 0, view.size)


def _names(tasks: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in tasks.split(",")) if name)
