"""Following the changes of a project's jobs: what both kinds of client share. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainwright.client.errors import ApiError, ConnectionFailed
from trainwright.client.sse import ServerSentEvent, SseParser
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import job_changes
else:
    job_changes = deferred("trainwright.wire.job_changes")


@dataclass(frozen=True, slots=True)
class JobChange:
    """What the stream of a project's changes says. `kind`: `job`, with the `item`; `ready`: it begins; `reset`: changes
    were forgotten before they were told, so that lists are to be loaded anew. `id` is the place to go on from.
    """

    kind: str
    id: str
    item: job_changes.JobChangeItem | None = None


class ChangeCursor:
    """Where a followed stream of changes stands."""

    def __init__(self, place: str = "") -> None:
        self.place = place
        self._parser = SseParser()

    def opened(self) -> None:
        """A stream behind `place` was opened."""
        self._parser = SseParser()

    def ended(self) -> None:
        """The stream ended properly, as it does when the server goes away.

        Raises:
            ConnectionFailed: always.
        """
        raise ConnectionFailed("the stream of changes", "the server ended it")

    def feed(self, piece: bytes) -> list[JobChange]:
        """What `piece` completes. Kinds that a newer server may send are passed over.

        Raises:
            ApiError: a message cannot be read.
        """
        read = (_read(message) for message in self._parser.feed(piece))
        changes = [change for change in read if change is not None]
        self.place = self._parser.last_id or self.place
        return changes


def _read(message: ServerSentEvent) -> JobChange | None:
    if message.event in ("ready", "reset"):
        return JobChange(message.event, message.id)
    if message.event != "job":
        return None
    try:
        item = job_changes.JobChangeItem.model_validate_json(message.data)
    except ValueError as exc:
        raise ApiError(
            200, "unreadable_answer", f"The stream of changes holds something unreadable: {exc}"
        ) from exc
    return JobChange("job", message.id, item)
