"""Brings the bytes of the log to the server, from the last acknowledged one on."""

from __future__ import annotations

from . import jsontext
from .connection import Answer, Request
from .ledger import State
from .segments import LogSpool

PIECE_BYTES = 1 << 20
_FAR_S = 3600.0
_GAP_FIRST_S = 0.005  # between two requests while output trickles; grows while it goes on, so that a chatty
_GAP_MAX_S = 0.1  # script does not keep the server busy with one request per line
_QUIET_S = 0.5
_MANY_BYTES = 128 << 10
_SAVE_EVERY_S = 1.0
_FILLER = b"[ModelArts Service Log] this part of the log was lost by the server\n"


class LogShipper:
    """The owner of the log channel. `notice` it whenever the log may have grown."""

    def __init__(self, state: State, spool: LogSpool, *, keep: bool = False) -> None:
        self._state = state
        self._spool = spool
        self.keep = keep  # do not remove what is stored: the log is exported as a whole at the end
        self.acked = state.log_acked
        self._end = spool.end()
        self._in_flight = 0
        self._begun_at = 0.0
        self._gap_s = _GAP_FIRST_S
        self._saved_at = 0.0

    def notice(self) -> None:
        """Look how long the log is now."""
        self._end = self._spool.end()

    @property
    def complete(self) -> bool:
        """Whether the server has every byte."""
        return self.acked >= self._end

    def next_request(self, now: float) -> Request | None:
        """The next bytes."""
        if self.due_in(now) > 0:
            return None
        data = self._spool.read(self.acked, PIECE_BYTES)
        if not data and self.acked < self._end:
            data = self._missing()
        if not data:
            return None
        quiet = now - self._begun_at > _QUIET_S
        self._gap_s = _GAP_FIRST_S if quiet else min(_GAP_MAX_S, self._gap_s * 1.1)
        self._begun_at = now
        self._in_flight = len(data)
        return Request("PUT", f"/log?offset={self.acked}", data, "application/octet-stream")

    def due_in(self, now: float) -> float:
        """0 when bytes wait and enough of them, or enough time has passed."""
        waiting = self._end - self.acked
        if waiting <= 0:
            return _FAR_S
        return 0.0 if waiting >= _MANY_BYTES else max(0.0, self._begun_at + self._gap_s - now)

    def failed(self) -> None:
        """The same bytes will be sent again."""

    def accept(self, answer: Answer) -> None:
        """Go on where the server stands, be that further (sent before a restart) or less far (it lost some)."""
        if answer.status == 409:
            stored = int(answer.headers.get("x-log-stored", self.acked))
        elif answer.status >= 300:
            return  # it cannot mean the bytes: they are only bytes; again after the gap
        else:
            stored = int(jsontext.loads(answer.body.decode("utf-8"))["stored"])
        if stored == self.acked and self._in_flight:
            return
        self.acked = stored
        self._end = max(self._end, stored)
        self._save()

    def settle(self) -> None:
        """Write down how far it got and drop what is stored."""
        if self._state.log_acked != self.acked:
            self._state.log_acked = self.acked
            self._state.save()
        self._spool.floor = self.acked
        if not self.keep:
            self._spool.remove_below(self.acked)

    def _save(self) -> None:
        if self._begun_at - self._saved_at >= _SAVE_EVERY_S or self.complete:
            self._saved_at = self._begun_at
            self.settle()

    def _missing(self) -> bytes:
        """Bytes that the server has lost and that are gone here: their place is taken by a notice, never shifted."""
        starts = [start for start in self._spool.starts() if start > self.acked]
        length = min((starts[0] if starts else self._end) - self.acked, PIECE_BYTES)
        return (_FILLER + b" " * length)[: length - 1] + b"\n"
