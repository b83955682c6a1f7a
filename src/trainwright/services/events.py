"""A job's events: pages of the list, and the tail that live streams read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trainwright.domain.entities import Event, Job, Level, Source
from trainwright.domain.errors import InvalidQuery
from trainwright.domain.texts import Language, Text, render_event
from trainwright.ports.identity import Principal
from trainwright.ports.uow import EventQuery, Scope, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.event_view import event_item
from trainwright.services.job_view import shown_phase
from trainwright.services.reading import scope_of
from trainwright.wire.watch import EventItem, EventsResponse, PhaseItem

LIMIT_MAX = 100
PATTERN_LENGTH_MAX = 256
LEVELS = (Level.INFO, Level.WARNING, Level.ERROR)
SOURCES = (Source.JOB, Source.TASK, Source.BACKEND)
NUMBER_MAX = 2**62
_PAGE = 1000

_BETWEEN = Text("it must be {low} to {high}", "必须在 {low} 至 {high} 之间")
_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")
_TOO_LONG = Text("it is longer than {limit} characters", "长度超过 {limit} 个字符")
_BOTH_TIMES = Text(
    "start_time and end_time must be given together, the earlier first",
    "start_time 与 end_time 须同时填写，且先小后大",
)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What to list. Times are ms UTC, both or neither; `pattern` is a substring of the message as shown."""

    offset: int = 0
    limit: int = 50
    order: str = "asc"
    start_ms: int | None = None
    end_ms: int | None = None
    level: str = ""
    source: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class EventTail:
    """Events after a sequence number, ascending, and where the job stands; `ended`: no more will come."""

    events: tuple[EventItem, ...]
    phase: PhaseItem
    ended: bool


async def list_events(
    ctx: Services, who: Principal, job_id: str, query: EventFilter, language: Language
) -> EventsResponse:
    """One page, oldest first unless `order` is `desc`.

    Raises:
        JobNotFound: no such job in the caller's project.
        InvalidQuery: a bound, the order, the level or the source does not fit.
    """
    _check(query)
    wanted = EventQuery(
        job_id,
        level=query.level,
        source=query.source,
        from_ms=query.start_ms or 0,
        to_ms=0 if query.end_ms is None else max(1, query.end_ms),
        descending=query.order == "desc",
        offset=query.offset,
        limit=query.limit,
    )
    total, page = await ctx.blocking(_select, ctx, scope_of(who), wanted, query.pattern, language)
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


def _check(query: EventFilter) -> None:
    if not 0 <= query.offset <= NUMBER_MAX:
        raise InvalidQuery(field="offset", detail=_BETWEEN, low=0, high=NUMBER_MAX)
    if not 1 <= query.limit <= LIMIT_MAX:
        raise InvalidQuery(field="limit", detail=_BETWEEN, low=1, high=LIMIT_MAX)
    for field, value, allowed in (
        ("order", query.order, ("asc", "desc")),
        ("level", query.level, LEVELS),
        ("source", query.source, SOURCES),
    ):
        if value and value not in allowed:
            raise InvalidQuery(field=field, detail=_ONE_OF, allowed=", ".join(allowed))
    first, last = query.start_ms, query.end_ms
    if (first is None) != (last is None) or not 0 <= (first or 0) <= (last or 0) <= NUMBER_MAX:
        raise InvalidQuery(field="start_time", detail=_BOTH_TIMES)
    if len(query.pattern) > PATTERN_LENGTH_MAX:
        raise InvalidQuery(field="pattern", detail=_TOO_LONG, limit=PATTERN_LENGTH_MAX)


def _select(
    ctx: Services, scope: Scope, wanted: EventQuery, pattern: str, language: Language
) -> tuple[int, Sequence[Event]]:
    with ctx.units(scope, write=False) as uow:
        uow.jobs.get(wanted.job_id)
        if not pattern:
            return uow.events.count(wanted), uow.events.search(wanted)
        return _select_matching(uow, wanted, pattern, language)


def _select_matching(
    uow: UnitOfWork, wanted: EventQuery, pattern: str, language: Language
) -> tuple[int, Sequence[Event]]:
    """As the sentences are not stored, all are looked at, page by page; only those asked for are kept."""
    total, page, after = 0, list[Event](), 0
    while True:
        some = uow.events.search(replace(wanted, offset=0, limit=_PAGE, after_seq=after))
        for event in some:
            if pattern in render_event(event, language):
                if wanted.offset <= total < wanted.offset + wanted.limit:
                    page.append(event)
                total += 1
        if len(some) < _PAGE:
            return total, page
        after = some[-1].seq


def _read_tail(
    ctx: Services, scope: Scope, job_id: str, after_seq: int, limit: int
) -> tuple[Job, Sequence[Event]]:
    # The job first: its end phase is committed together with its last event, which is then seen as well.
    with ctx.units(scope, write=False) as uow:
        return uow.jobs.get(job_id), uow.events.list_of_job(job_id, after_seq=after_seq, limit=limit)
