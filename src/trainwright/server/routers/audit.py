"""The audit trail: who did what, when, from where, with what result."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from trainwright.domain.access import Action
from trainwright.ports.audit import AuditQuery, Outcome
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model, download_as
from trainwright.server.audit_rules import KINDS
from trainwright.server.dependencies import ServicesDep, needs, wiring_of, without_nul
from trainwright.services import audit
from trainwright.wire.audit import LIMIT_MAX, AuditRecordList

router = APIRouter(tags=["audit"])

CSV = "text/csv"
DEFAULT_LIMIT = 100
TIME_MAX = 2**47  # in ms: beyond what the ids of records hold

MayRead = Annotated[Principal, needs(Action.AUDIT_READ)]
Word = Annotated[str, Query(max_length=128), AfterValidator(without_nul)]
LongWord = Annotated[str, Query(max_length=1024), AfterValidator(without_nul)]
Time = Annotated[int, Query(ge=0, le=TIME_MAX)]
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {CSV: {"schema": {"type": "string"}}}, "description": "One page, or all of it as CSV."}
}


@router.get(
    "/v1/{project_id}/audit-records",
    operation_id="audit_list",
    response_model=AuditRecordList,
    responses=_ANSWERS,
)
async def list_records(
    request: Request,
    who: MayRead,
    ctx: ServicesDep,
    user_id: Word = "",
    user_name: Word = "",
    operation: Word = "",
    resource: LongWord = "",
    outcome: Outcome | None = None,
    since: Time = 0,
    until: Time = 0,
    after: Word = "",
    limit: Annotated[int | None, Query(ge=1, le=LIMIT_MAX)] = None,
    form: Annotated[Literal["json", "csv"] | None, Query(alias="format")] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Requests that changed something or tried to, and sign-ins, newest first: of a user, of an operation, about a
    `resource` (its kind, id or name), of an outcome, between two times in ms. With `format=csv`, or `Accept: text/csv`,
    all that match as a table instead of a page, or as many as `limit` says.
    """
    trail = wiring_of(request).audit
    if trail is not None:
        await trail.store()
    query = AuditQuery(
        user_id=user_id,
        user_name=user_name,
        operation=operation,
        kind=resource if resource in KINDS else "",
        resource="" if resource in KINDS else resource,
        outcome=outcome,
        since_ms=since,
        until_ms=until,
        before=after,
        limit=limit or DEFAULT_LIMIT,
    )
    if form == "csv" or (form is None and accept.split(",")[0].strip().lower().startswith(CSV)):
        pieces: AsyncIterator[bytes] = audit.export(ctx, who, query, most=limit)
        return StreamingResponse(pieces, headers=download_as("audit-records.csv"), media_type=CSV)
    return answer_model(await audit.list_records(ctx, who, query))
