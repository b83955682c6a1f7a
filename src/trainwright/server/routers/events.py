"""A job's events: pages and the live stream (contract §6.7)."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import BroadcastDep, JobId, LanguageDep, ServicesDep, needs
from trainwright.server.streams import Stream, events_topic, follow_events
from trainwright.services import events
from trainwright.wire.watch import EventsResponse

router = APIRouter(prefix="/v2/{project_id}/training-jobs/{training_job_id}/events", tags=["events"])

MayGet = Annotated[Principal, needs(Action.JOB_GET)]
Word = Annotated[str, Query(max_length=32)]
Time = Annotated[int | None, Query(ge=0, le=events.NUMBER_MAX)]


@router.get("", operation_id="list_training_job_events", response_model=EventsResponse)
async def list_events(
    job_id: JobId,
    who: MayGet,
    ctx: ServicesDep,
    language: LanguageDep,
    offset: Annotated[int, Query(ge=0, le=events.NUMBER_MAX)] = 0,
    limit: Annotated[int, Query(ge=1, le=events.LIMIT_MAX)] = 50,
    order: Word = "asc",
    start_time: Time = None,
    end_time: Time = None,
    level: Word = "",
    source: Word = "",
    pattern: Annotated[str, Query(max_length=events.PATTERN_LENGTH_MAX)] = "",
) -> Response:
    """One page of the job's events; `pattern` is a part of the message in the reader's language. Times are ms."""
    query = events.EventFilter(offset, limit, order, start_time, end_time, level, source, pattern)
    return answer_model(await events.list_events(ctx, who, job_id, query, language))


@router.get(
    "/stream",
    operation_id="events_stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events and phases as they come."}},
)
async def stream(
    job_id: JobId,
    who: MayGet,
    ctx: ServicesDep,
    growth: BroadcastDep,
    language: LanguageDep,
    last_event_id: Annotated[int, Header(ge=0, le=events.NUMBER_MAX)] = 0,
    after: Annotated[int, Query(ge=0, le=events.NUMBER_MAX)] = 0,
) -> Response:
    """Server-sent events: `event` (id = its number) and `phase`; ends after the end phase.

    `Last-Event-ID`, or `after`, is the number of the last event already seen.
    """
    after_seq = max(last_event_id, after)
    await events.tail(
        ctx, who, job_id, after_seq, language, limit=1
    )  # an unknown job is an error, not a stream
    watch = growth.watch(events_topic(job_id))
    pieces = follow_events(ctx, who, job_id, watch, after_seq=after_seq, language=language)
    return Stream(pieces, watch, media_type="text/event-stream", headers={})
