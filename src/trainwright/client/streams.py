"""Following logs and events through cuts and restarts of the server: what both kinds of client share. No I/O here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from trainwright.client.errors import ApiError, ClientError, ConnectionFailed
from trainwright.client.pacing import RETRY_STATUSES, backoff_s
from trainwright.client.sse import ServerSentEvent, SseParser
from trainwright.domain.lifecycle import Phase
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import httpx

    from trainwright.wire import log_views, watch
else:
    log_views = deferred("trainwright.wire.log_views")
    watch = deferred("trainwright.wire.watch")

PATIENCE_S = 300.0
_NO_LOG_YET = frozenset({"ModelArts.2776", "ModelArts.2818"})
_WAIT_FOR_LOG_S = 0.5

JobUpdate: TypeAlias = "watch.EventItem | watch.PhaseItem"
"""What the event stream says: a fact, or the phase now in force."""


class Patience:
    """How often a cut is taken in a row before giving up; any progress makes it fresh again."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._left_s = patience_s
        self._patience_s = patience_s
        self._cuts = 0

    def progress(self) -> None:
        """Something arrived."""
        self._left_s = self._patience_s
        self._cuts = 0

    def pause_s(self, error: ClientError) -> float:
        """Seconds to wait before the next try after `error`.

        Raises:
            ClientError: `error` itself, when it is final or patience has run out.
        """
        if isinstance(error, ApiError) and error.error_code in _NO_LOG_YET:
            return _WAIT_FOR_LOG_S  # the task has not written anything: not a fault, so it costs no patience
        passing = isinstance(error, ConnectionFailed) or (
            isinstance(error, ApiError) and error.status in RETRY_STATUSES
        )
        if not passing or self._left_s <= 0:
            raise error
        self._cuts += 1
        pause = backoff_s(self._cuts)
        self._left_s -= pause
        return pause


@dataclass
class LogCursor:
    """Where a followed log stands. A stream that ends properly is asked once more: only when that brings nothing
    is the log complete, since a server that shuts down may end its streams properly, too.

    `attempt`: whose log it is; None: of the latest when the first bytes come, and of that one from then on. Offsets
    count in one attempt's log.
    """

    offset: int = 0
    attempt: int | None = None
    _received: int = 0
    _streamed: int | None = None
    _ended_once: bool = False
    complete: bool = False

    def opened(self, attempt: int | None) -> None:
        """A stream of that attempt's log from `offset` was opened; None: it was not said whose."""
        self._received = 0
        if attempt != self._streamed:
            self._ended_once = False
        self._streamed = attempt

    def took(self, count: int) -> None:
        """`count` bytes came."""
        self.offset += count
        self._received += count
        self.attempt = self.attempt or self._streamed

    def ended(self) -> None:
        """The stream ended properly."""
        self.complete = self._ended_once and not self._received
        self._ended_once = True


def attempt_of(response: httpx.Response) -> int | None:
    """Whose log an answer streams; None: it does not say."""
    said = response.headers.get("x-log-attempt", "")
    return int(said) if said.isdecimal() else None


class EventCursor:
    """Where a followed event stream stands. Doubles that a reconnect may bring are dropped."""

    def __init__(self, last_seq: int = 0) -> None:
        self.last_seq = last_seq
        self.ended = False
        self._phase: watch.PhaseItem | None = None
        self._parser = SseParser()

    def opened(self) -> None:
        """A stream behind `last_seq` was opened."""
        self._parser = SseParser()

    def check_end(self) -> None:
        """The stream ended properly.

        Raises:
            ConnectionFailed: too early: the job has not ended, so the server is going away.
        """
        if not self.ended:
            raise ConnectionFailed("the event stream", "it ended before the job did")

    def feed(self, piece: bytes) -> list[JobUpdate]:
        """What `piece` completes, each said once.

        Raises:
            ApiError: a message cannot be read.
        """
        updates: list[JobUpdate] = []
        for message in self._parser.feed(piece):
            update = _read_message(message)
            if isinstance(update, watch.EventItem) and update.seq > self.last_seq:
                self.last_seq = update.seq
                updates.append(update)
            elif isinstance(update, watch.PhaseItem) and update != self._phase:
                self._phase = update
                self.ended = is_end_phase(update.phase)
                updates.append(update)
        return updates


class MergedLogCursor:
    """Where a followed stream of merged logs stands."""

    def __init__(self, after: str = "") -> None:
        self.after = after
        self.ended = False
        self._parser = SseParser()

    def opened(self) -> None:
        """A stream behind `after` was opened."""
        self._parser = SseParser()

    def check_end(self) -> None:
        """The stream ended properly.

        Raises:
            ConnectionFailed: too early: tasks still run, so the server is going away.
        """
        if not self.ended:
            raise ConnectionFailed("the stream of logs", "it ended before the job did")

    def feed(self, piece: bytes) -> list[log_views.MergedLogPage]:
        """The pages that `piece` completes.

        Raises:
            ApiError: a message cannot be read.
        """
        pages = []
        for message in self._parser.feed(piece):
            self.after = message.id or self.after
            self.ended = message.event == "end"
            if message.event == "lines":
                try:
                    pages.append(log_views.MergedLogPage.model_validate_json(message.data))
                except ValueError as exc:
                    raise ApiError(
                        200, "unreadable_answer", f"The stream of logs holds something unreadable: {exc}"
                    ) from exc
        return pages


def is_end_phase(phase: str) -> bool:
    """Whether a job never leaves `phase`; False for words we do not know."""
    return phase in Phase._value2member_map_ and Phase(phase).is_end


def _read_message(message: ServerSentEvent) -> JobUpdate | None:
    try:
        if message.event == "phase":
            return watch.PhaseItem.model_validate_json(message.data)
        if message.event == "event":
            data = json.loads(message.data)
            if isinstance(data, dict) and "seq" not in data and message.id.isdigit():
                data["seq"] = int(message.id)
            return watch.EventItem.model_validate(data)
    except ValueError as exc:
        raise ApiError(
            200, "unreadable_answer", f"The event stream holds something unreadable: {exc}"
        ) from exc
    return None  # kinds of messages that a newer server may send
