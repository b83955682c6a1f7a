"""The server's side of the runner protocol (docs/design/runner.md), behind attempt tokens."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from trainwright.domain.errors import BodyTooLarge, NoCredentials
from trainwright.server.answers import JsonBody, RepairedBody, answer_model, takes, takes_bytes
from trainwright.server.auth import bearer_of
from trainwright.server.dependencies import ServicesDep
from trainwright.services import grants, reports, stacks, tokens
from trainwright.wire.parsing import parse
from trainwright.wire.runner import (
    LogAnswer,
    ObjectList,
    Registration,
    Report,
    ReportAnswer,
    TaskOrder,
    UploadRequest,
)

LOG_BODY_MAX = 8 << 20


async def attempt(attempt_key: str, request: Request, ctx: ServicesDep) -> str:
    """The attempt key of the path, once its token was shown.

    Raises:
        NoCredentials: it was not.
    """
    if not tokens.verify(ctx.secret, attempt_key, bearer_of(request.headers)):
        raise NoCredentials
    return attempt_key


AttemptDep = Annotated[str, Depends(attempt)]


async def grant(key: AttemptDep, task: str, section: str, index: int) -> grants.GrantRef:
    """The granted folder the path names, once the attempt's token was shown."""
    return grants.GrantRef(key, task, section, index)


GrantDep = Annotated[grants.GrantRef, Depends(grant)]

router = APIRouter(prefix="/runner/v1/attempts/{attempt_key}/tasks/{task}", tags=["runner"])


@router.post(
    "/registration",
    operation_id="runner_register",
    response_model=TaskOrder,
    openapi_extra=takes(Registration),
)
async def register(key: AttemptDep, task: str, ctx: ServicesDep, body: JsonBody) -> Response:
    """A runner introduces itself and is told what to do."""
    return answer_model(await reports.register(ctx, key, task, parse(Registration, body)))


@router.post(
    "/reports", operation_id="runner_report", response_model=ReportAnswer, openapi_extra=takes(Report)
)
async def report(key: AttemptDep, task: str, ctx: ServicesDep, body: RepairedBody) -> Response:
    """What happened since; the answer says what is stored and whether to stop."""
    return answer_model(await reports.report(ctx, key, task, parse(Report, body)))


@router.put("/log", operation_id="runner_log", response_model=LogAnswer, openapi_extra=takes_bytes())
async def append_log(
    key: AttemptDep, task: str, ctx: ServicesDep, request: Request, offset: Annotated[int, Query(ge=0)]
) -> Response:
    """Log bytes at `offset`; repeating them is harmless."""
    data = await _body(request, LOG_BODY_MAX)
    return answer_model(await reports.append_log(ctx, key, task, offset, data))


@router.put("/stacks", operation_id="runner_stacks", status_code=204, openapi_extra=takes_bytes())
async def store_stacks(
    key: AttemptDep, task: str, ctx: ServicesDep, request: Request, number: Annotated[int, Query(ge=1)]
) -> None:
    """Python stacks of the task's processes, as text, under the number that was asked for."""
    await stacks.store(ctx, key, task, number, await _body(request, stacks.STACKS_MAX))


@router.get("/files/{section}/{index}", operation_id="runner_files", response_model=ObjectList)
async def list_files(ref: GrantDep, ctx: ServicesDep, after: str = "") -> Response:
    """One page of a granted folder."""
    return answer_model(await grants.list_files(ctx, ref, after=after))


@router.post(
    "/files/{section}/{index}",
    operation_id="runner_upload_targets",
    response_model=ObjectList,
    openapi_extra=takes(UploadRequest),
)
async def upload_targets(ref: GrantDep, ctx: ServicesDep, body: JsonBody) -> Response:
    """Where to PUT files of a granted folder."""
    return answer_model(await grants.upload_targets(ctx, ref, parse(UploadRequest, body)))


@router.get("/objects/{section}/{index}/{path:path}", operation_id="runner_read", response_class=Response)
async def read_object(ref: GrantDep, path: str, ctx: ServicesDep) -> Response:
    """The bytes of one object of a granted folder."""
    meta, pieces = await grants.read_object(ctx, ref, path)
    headers = {"Content-Length": str(meta.size)}
    return StreamingResponse(pieces, headers=headers, media_type="application/octet-stream")


@router.put(
    "/objects/{section}/{index}/{path:path}", operation_id="runner_write", openapi_extra=takes_bytes()
)
async def write_object(ref: GrantDep, path: str, ctx: ServicesDep, request: Request) -> dict[str, str | int]:
    """Store one object in a granted folder."""
    meta = await grants.write_object(ctx, ref, path, request.stream())
    return {"path": path, "size": meta.size, "etag": meta.etag}


async def _body(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise BodyTooLarge(limit=limit)
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(limit=limit)
        pieces.append(piece)
    return b"".join(pieces)
