"""A job's events: pages of the list, and the tail that live streams read."""

from dataclasses import dataclass

from trainwright.domain.texts import Language
from trainwright.ports.uow import Principal
from trainwright.services.context import Services
from trainwright.wire.watch import EventItem, EventsResponse, PhaseItem


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
    raise NotImplementedError


async def tail(
    ctx: Services, who: Principal, job_id: str, after_seq: int, language: Language, *, limit: int = 500
) -> EventTail:
    """What came after `after_seq`, at most `limit` events. The end phase is seen only when no event is left behind it.

    Raises:
        JobNotFound: no such job in the caller's project.
    """
    raise NotImplementedError
