"""The changes of all jobs that the caller sees, as one stream (ours, beside the contract)."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.dependencies import LanguageDep, needs, signed_in_still, wiring_of
from trainwright.server.streams import Stream
from trainwright.services.job_changes import CURSOR_LENGTH_MAX, parse_cursor

router = APIRouter(prefix="/v2/{project_id}", tags=["events"])

MayList = Annotated[Principal, needs(Action.JOB_LIST)]
_SAID = "`ready`, `reset` and `job`, whose data is a `JobChangeItem`."


@router.get(
    "/training-job-changes",
    operation_id="job_changes_stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": _SAID}},
)
async def stream(
    who: MayList,
    request: Request,
    language: LanguageDep,
    last_event_id: Annotated[str, Header(max_length=CURSOR_LENGTH_MAX)] = "",
    after: Annotated[str, Query(max_length=CURSOR_LENGTH_MAX)] = "",
) -> Response:
    """Server-sent events, without end: `job` for every job that the caller sees and that is created, changes its phase,
    reason, wait, name, priority or tags, or is deleted; changes in quick succession are told as one.

    `Last-Event-ID`, or `after`, is the id of the last event already seen: nothing that came after it is left out. When
    it is too old for that, the stream begins with `reset`: load your lists anew. Without it the stream begins with
    `ready` and what changes from then on: load your lists after it.
    """
    feed = wiring_of(request).job_feed
    watch = feed.watch()

    async def still() -> Principal:
        return await signed_in_still(request, who)

    pieces = feed.follow(who, watch, language, after=parse_cursor(last_event_id or after), still=still)
    return Stream(pieces, watch, media_type="text/event-stream", headers={})
