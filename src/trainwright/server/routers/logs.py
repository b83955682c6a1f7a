"""A task's log: preview, pages, links, bytes and the live stream (contract §6.9)."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from pydantic import AfterValidator
from starlette.responses import Response, StreamingResponse

from trainwright.domain.access import Action
from trainwright.domain.errors import InvalidQuery
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import BroadcastDep, JobId, ServicesDep, TaskId, needs, without_nul
from trainwright.server.streams import (
    Stream,
    content_disposition,
    events_topic,
    follow_log,
    log_range,
)
from trainwright.services import links, logs
from trainwright.services.context import Services
from trainwright.wire.watch import LogLines, LogLink, LogLinks, LogPreview

router = APIRouter(prefix="/v2/{project_id}/training-jobs/{training_job_id}", tags=["logs"])
shared = APIRouter(prefix="/share", tags=["logs"])

MayGet = Annotated[Principal, needs(Action.JOB_GET)]
NUMBER_MAX = 2**62
Attempt = Annotated[int | None, Query(ge=1, le=NUMBER_MAX)]
LinkId = Annotated[str, Path(description="Id of a link, from their list."), AfterValidator(without_nul)]

TEXT = "text/plain; charset=utf-8"
DOWNLOAD = "application/octet-stream"
BYTES_ANSWER: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/plain": {}}, "description": "The log's bytes."}
}
_SHARED_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


@router.get(
    "/tasks/{task_id}/logs/preview",
    operation_id="show_training_job_logs_preview",
    response_model=LogPreview,
)
async def preview(job_id: JobId, task: TaskId, who: MayGet, ctx: ServicesDep) -> Response:
    """The newest at most 5 MB of the latest attempt's log."""
    return answer_model(await logs.preview(ctx, who, job_id, task))


@router.get("/logs/{task_id}", operation_id="show_training_job_logs_from_aom", response_model=LogLines)
async def lines(
    job_id: JobId,
    task: TaskId,
    who: MayGet,
    ctx: ServicesDep,
    base_line: Annotated[str, Query(max_length=32)] = "",
    lines: Annotated[int, Query(ge=1, le=logs.LINES_MAX)] = 50,
    order: Annotated[str, Query(max_length=32)] = "desc",
) -> Response:
    """A page of whole lines, newest first unless `order` is `asc`."""
    page = await logs.lines(ctx, who, job_id, task, base_line=base_line, count=lines, order=order)
    return answer_model(page)


@router.get("/tasks/{task_id}/logs/url", operation_id="logs_share", response_model=LogLink)
async def share(
    job_id: JobId,
    task: TaskId,
    who: MayGet,
    ctx: ServicesDep,
    asked_by_query: Annotated[str, Query(alias="Content-Type")] = "",
    asked_by_header: Annotated[str, Header(alias="Content-Type")] = "",
) -> Response:
    """A link to the log that anyone may open for an hour; `application/octet-stream` makes it a download.

    Raises:
        InvalidQuery: another content type.
    """
    asked = asked_by_query or asked_by_header
    kind = asked.partition(";")[0].strip().lower()
    if asked_by_query and kind not in ("text/plain", DOWNLOAD):
        raise InvalidQuery(field="Content-Type", detail=f"it must be text/plain or {DOWNLOAD}")
    return answer_model(await links.share(ctx, who, job_id, task, download=kind == DOWNLOAD))


@router.get("/log-links", operation_id="logs_list_links", response_model=LogLinks)
async def list_links(
    job_id: JobId,
    who: MayGet,
    ctx: ServicesDep,
    offset: Annotated[int, Query(ge=0, le=NUMBER_MAX)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """The links to the job's logs that still open, newest first. Their secret parts are not kept."""
    return answer_model(await links.list_links(ctx, who, job_id, offset=offset, limit=limit))


@router.delete("/log-links/{link_id}", operation_id="logs_revoke_link", status_code=204)
async def revoke_link(job_id: JobId, link_id: LinkId, who: MayGet, ctx: ServicesDep) -> Response:
    """Make a link open nothing any more: one's own, or any for those who may change the job."""
    await links.revoke(ctx, who, job_id, link_id)
    return Response(status_code=204)


@router.get(
    "/tasks/{task_id}/logs/content",
    operation_id="logs_content",
    response_class=Response,
    responses=BYTES_ANSWER,
)
async def content(
    job_id: JobId,
    task: TaskId,
    who: MayGet,
    ctx: ServicesDep,
    attempt: Attempt = None,
    download: bool = False,
    range_: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """The whole log of the latest attempt, or of `attempt`, as bytes; `Range` is honoured."""
    view = await logs.find(ctx, who, job_id, task, attempt=attempt)
    return _bytes(ctx, view, range_, download=download)


@router.get(
    "/tasks/{task_id}/logs/stream",
    operation_id="logs_stream",
    response_class=Response,
    responses=BYTES_ANSWER,
)
async def stream(
    job_id: JobId,
    task: TaskId,
    who: MayGet,
    ctx: ServicesDep,
    growth: BroadcastDep,
    offset: Annotated[int, Query(ge=0, le=NUMBER_MAX)] = 0,
    attempt: Attempt = None,
) -> Response:
    """The log's bytes from `offset` as they come, until the task has ended and all of them are sent.

    It is the log of one attempt. Its number is in the header `X-Log-Attempt`: whoever goes on after a cut asks for it.
    """

    async def look() -> logs.LogView:
        return await logs.find(ctx, who, job_id, task, attempt=attempt)

    view = await look()
    watch = growth.watch(events_topic(job_id))
    pieces = follow_log(ctx, look, view, watch, offset=offset)
    return Stream(pieces, watch, media_type=TEXT, headers={"X-Log-Attempt": str(view.attempt)})


@shared.get("/logs/{token}", operation_id="logs_open_link", response_class=Response, responses=BYTES_ANSWER)
async def open_link(
    token: str, ctx: ServicesDep, range_: Annotated[str | None, Header(alias="Range")] = None
) -> Response:
    """What a link leads to: one log and nothing else. No credentials: the link itself is one."""
    opened = await links.open_link(ctx, token)
    answer = _bytes(ctx, opened.view, range_, download=opened.download)
    answer.headers.update(_SHARED_HEADERS)
    return answer


def _bytes(ctx: Services, view: logs.LogView, asked: str | None, *, download: bool) -> Response:
    part = logs.parse_range(asked, view.size)
    start, end = part or (0, view.size)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(end - start)}
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{view.size}"
    if download:
        headers["Content-Disposition"] = content_disposition(view.file_name)
    return StreamingResponse(
        log_range(ctx, view, start, end),
        206 if part else 200,
        headers,
        media_type=DOWNLOAD if download else TEXT,
    )
