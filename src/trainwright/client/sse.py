"""Server-sent events: a parser that is fed bytes as they come. No I/O here.

Source: WHATWG HTML, "Server-sent events", event stream interpretation.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event. `id` is the last id the stream has named so far, so that a reconnect can go on behind it."""

    event: str
    data: str
    id: str


class SseParser:
    """Turns bytes into events. Feed it everything in order; a half event at the end of the stream is dropped."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._event = ""
        self._data: list[str] = []
        self._id = ""
        self._last_id = ""  # of what is complete

    @property
    def last_id(self) -> str:
        """The last id that the stream has named whole, also where no event came with it; empty before the first."""
        return self._last_id

    def feed(self, piece: bytes) -> Iterator[ServerSentEvent]:
        """The events completed by `piece`."""
        text = self._rest + self._decoder.decode(piece)
        # A \r at the very end may be the first half of \r\n: keep it for the next piece.
        held = "\r" if text.endswith("\r") else ""
        lines = text.removesuffix(held).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop() + held
        for line in lines:
            event = self._take(line)
            if event is not None:
                yield event

    def _take(self, line: str) -> ServerSentEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        return None  # comments (empty name), retry and unknown fields say nothing to us

    def _dispatch(self) -> ServerSentEvent | None:
        event, data = self._event or "message", self._data
        self._event, self._data = "", []
        self._last_id = self._id
        return ServerSentEvent(event, "\n".join(data), self._id) if data else None
