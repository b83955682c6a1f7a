"""An event as the contract shows it. Pure."""

from datetime import UTC, datetime

from trainwright.domain.entities import Event
from trainwright.domain.texts import Language, render_event
from trainwright.wire.watch import EventItem


def iso_time(at_ms: int) -> str:
    """Such as 2022-11-26T16:03:41+08:00, with the server's offset."""
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone().isoformat(timespec="seconds")


def event_item(event: Event, language: Language) -> EventItem:
    """The event for readers of `language`."""
    return EventItem(
        message=render_event(event, language),
        level=event.level,
        time=iso_time(event.at_ms),
        source=event.source,
        seq=event.seq,
        code=event.code,
        slots=event.slots,
        task=event.task,
        attempt=event.attempt,
    )
