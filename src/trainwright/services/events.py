"""A job's events: pages of the list, and the tail that live streams read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from trainwright.domain.entities import Event, Job, Level, Source
from trainwright.domain.errors import InvalidQuery
from trainwright.domain.texts import Language, Text, render_event
from trainwright.ports.identity import Principal
from trainwright.ports.uow import Scope, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.job_view import shown_phase
from trainwright.services.reading import scope_of
from trainwright.wire.watch import EventItem, EventsResponse, PhaseItem

LIMIT_MAX = 100
PATTERN_LENGTH_MAX = 256
LEVELS = (Level.INFO, Level.WARNING, Level.ERROR)
SOURCES = (Source.JOB, Source.TASK, Source.BACKEND)
_PAGE = 1000

_BETWEEN = Text("it must be {low} to {high}", "必须在 {low} 至 {high} 之间")
_NOT_NEGATIVE = Text("it must not be negative", "不能为负数")
_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")
_TOO_LONG = Text("it is longer than {limit} characters", "长度超过 {limit} 个字符")
_BOTH_TIMES = Text(
    "start_time and end_time must be given together, the earlier first",
    "start_time 与 end_time 须同时填写，且先小后大",
)


@dataclass(frozen=True, slots=True)
class EventQuery:
    """What to list. Times are ms UTC, both or neither; `pattern` is a substring of the message as shown."""

    offset: int = 0
    limit: int = 50
    order: str = "asc"
    start_ms: int | None = None
    end_ms: int | None = None
    level: str | None = None
    source: str | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class EventTail:
    """Events after a sequence number, ascending, and where the job stands; `ended`: no more will come."""

    events: tuple[EventItem, ...]
    phase: PhaseItem
    ended: bool


async def list_events(
    ctx: Services, who: Principal, job_id: str, query: EventQuery, language: Language
) -> EventsResponse:
    """One page, oldest first unless `order` is `desc`.

    Raises:
        JobNotFound: no such job in the caller's project.
        InvalidQuery: a bound, the order, the level or the source does not fit.
    """
    _check(query)
    total, page = await ctx.blocking(_select, ctx, scope_of(who), job_id, query, language)
    return EventsResponse(
        total=total,
        limit=query.limit,
        offset=query.offset,
        order=query.order or "asc",
        start_time=query.start_ms or 0,
        end_time=query.end_ms or 0,
        events=[event_item(event, language) for event in page],
    )


async def tail(
    ctx: Services, who: Principal, job_id: str, after_seq: int, language: Language, *, limit: int = 500
) -> EventTail:
    """What came after `after_seq`, at most `limit` events. The end phase is seen only when no event is left behind it.

    Raises:
        JobNotFound: no such job in the caller's project.
    """
    job, found = await ctx.blocking(_read_tail, ctx, scope_of(who), job_id, after_seq, limit + 1)
    complete = len(found) <= limit
    return EventTail(
        events=tuple(event_item(event, language) for event in found[:limit]),
        phase=PhaseItem(phase=shown_phase(job).value, reason=job.reason.value if job.reason else ""),
        ended=complete and job.phase.is_end,
    )


def event_item(event: Event, language: Language) -> EventItem:
    """The event as the contract shows it; times with the server's offset."""
    at = datetime.fromtimestamp(event.at_ms / 1000, tz=UTC).astimezone()
    return EventItem(
        message=render_event(event, language),
        level=event.level,
        time=at.isoformat(timespec="seconds"),
        source=event.source,
        seq=event.seq,
        code=event.code,
        slots=event.slots,
        task=event.task,
        attempt=event.attempt,
    )


def _check(query: EventQuery) -> None:
    if query.offset < 0:
        raise InvalidQuery(field="offset", detail=_NOT_NEGATIVE)
    if not 1 <= query.limit <= LIMIT_MAX:
        raise InvalidQuery(field="limit", detail=_BETWEEN, low=1, high=LIMIT_MAX)
    for field, value, allowed in (
        ("order", query.order, ("asc", "desc")),
        ("level", query.level, LEVELS),
        ("source", query.source, SOURCES),
    ):
        if value and value not in allowed:
            raise InvalidQuery(field=field, detail=_ONE_OF, allowed=", ".join(allowed))
    if (query.start_ms is None) != (query.end_ms is None) or (query.start_ms or 0) > (query.end_ms or 0):
        raise InvalidQuery(field="start_time", detail=_BOTH_TIMES)
    if len(query.pattern or "") > PATTERN_LENGTH_MAX:
        raise InvalidQuery(field="pattern", detail=_TOO_LONG, limit=PATTERN_LENGTH_MAX)


def _select(
    ctx: Services, scope: Scope, job_id: str, query: EventQuery, language: Language
) -> tuple[int, Sequence[Event]]:
    with ctx.units(scope, write=False) as uow:
        uow.jobs.get(job_id)
        matching = [event for event in _all_events(uow, job_id) if _matches(event, query, language)]
    if query.order == "desc":
        matching.reverse()
    return len(matching), matching[query.offset : query.offset + query.limit]


def _all_events(uow: UnitOfWork, job_id: str) -> Iterator[Event]:
    after = 0
    while True:
        page = uow.events.list_of_job(job_id, after_seq=after, limit=_PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].seq


def _matches(event: Event, query: EventQuery, language: Language) -> bool:
    if query.level and event.level != query.level:
        return False
    if query.source and event.source != query.source:
        return False
    if query.end_ms is not None and not (query.start_ms or 0) <= event.at_ms <= query.end_ms:
        return False
    return not query.pattern or query.pattern in render_event(event, language)


def _read_tail(
    ctx: Services, scope: Scope, job_id: str, after_seq: int, limit: int
) -> tuple[Job, Sequence[Event]]:
    # The job first: its end phase is committed together with its last event, which is then seen as well.
    with ctx.units(scope, write=False) as uow:
        return uow.jobs.get(job_id), uow.events.list_of_job(job_id, after_seq=after_seq, limit=limit)
