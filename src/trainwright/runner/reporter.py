"""Tells the server what happened, and hears from it: registration, reports, heartbeats."""

from __future__ import annotations

import time

from . import jsontext
from .channel import Closed
from .connection import Answer, Request
from .ledger import EventSpool, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .points import Points
    from .samples import SampleBuffer

EVENTS_PER_REPORT = 500
WAITING_S = 0.2  # between two reports while others, or the server, decide when the command goes on
PATIENT_AFTER_S = 10.0  # somebody prepares for long: from then on a tenth of the time waited so far, up to
PATIENT_S = 2.0
_FAR_S = 3600.0
_JSON = "application/json"


class Refused(Exception):
    """The server does not want this runner at all (a 4xx on registration)."""


class Reporter:
    """The owner of the report channel.

    `order` is None until the first registration is answered; with an order at hand the registration is repeated
    beside the work. `acknowledged` turns True with the answer to the final report.
    """

    def __init__(self, state: State, spool: EventSpool, samples: SampleBuffer) -> None:
        self._state = state
        self._spool = spool
        self._samples = samples
        self.order: dict[str, Any] | None = None
        self.registration: dict[str, Any] = {}
        self.step = "register"
        self.heartbeat_s = 5.0
        self.on_stop: Callable[[float, bool], None] = lambda grace_s, release: None
        self.on_answer: Callable[[dict[str, Any]], None] = lambda answer: (
            None
        )  # told of every answer to a report
        self.ready: dict[str, Any] | None = None  # while waiting for the other tasks: `Ready`
        self.failure: dict[str, Any] | None = None  # while waiting for the verdict: `Failure`
        self.activity: dict[str, Any] | None = None  # how quiet the command is: `Activity`
        self.points: Points | None = None  # training metrics, once the job may report some
        self.final_ready = False  # the log is stored: the final result may be told
        self.holding = (
            False  # after the final result is acknowledged: the environment is kept, go on reporting
        )
        self.registered = False
        self._sent_seq = state.acked_seq
        self._sent_final = False
        self._sent_words: dict[str, Any] = {}
        self._sent_at = 0.0
        self._waits_for: dict[str, Any] | None = None
        self._waits_since = 0.0
        self._in_flight: dict[str, Any] | None = None

    def next_request(self, now: float) -> Request | None:
        """The registration first, then a report whenever there is news or `heartbeat_s` have passed."""
        if not self.registered:
            self._in_flight = None
            return Request("POST", "/registration", _encode(self.registration))
        if self.due_in(now) > 0:
            return None
        events = self._spool.unacked[:EVENTS_PER_REPORT]
        last = len(events) == len(self._spool.unacked)
        final = self._state.final if self.final_ready and last and not self._state.acknowledged else None
        points = self.points.take(now) if self.points is not None else []
        self._in_flight = {
            "step": self.step,
            "started_at_ms": self._state.started_at_ms,
            "events": events,
            "samples": self._samples.batches(),
            "final": final,
            **({"points": points} if points else {}),
            **self._words(),
        }
        self._sent_words = self._words()
        self._sent_seq = events[-1]["seq"] if events else self._sent_seq
        self._sent_final = final is not None
        self._sent_at = now
        return Request("POST", "/reports", _encode(self._in_flight))

    def due_in(self, now: float) -> float:
        """0 with news, else the rest of the heartbeat's period."""
        if not self.registered:
            return 0.0
        if self._state.acknowledged and not self.holding:
            return _FAR_S
        news = self._spool.last_seq > self._sent_seq or self._words() != self._sent_words
        if news or (self.final_ready and not self._sent_final and not self._state.acknowledged):
            return 0.0
        waiting = self.ready is not None or self.failure is not None
        period_s = min(self._waiting_s(now), self.heartbeat_s) if waiting else self.heartbeat_s
        due_s = max(0.0, self._sent_at + period_s - now)
        return due_s if self.points is None else min(due_s, self.points.due_in(now))

    def _waiting_s(self, now: float) -> float:
        """Many that wait long for one must not keep the server busy."""
        word = self.ready or self.failure
        if self._waits_for is not word:
            self._waits_for, self._waits_since = word, now
        waited = now - self._waits_since
        return WAITING_S if waited < PATIENT_AFTER_S else min(PATIENT_S, waited / 10)

    def _words(self) -> dict[str, Any]:
        """What else is to be told; said again in every report for as long as it is so."""
        words = {"ready": self.ready, "failed": self.failure, "activity": self.activity}
        return {name: word for name, word in words.items() if word is not None}

    def failed(self) -> None:
        """All of it will be sent again."""
        if self.points is not None:
            self.points.failed()
        self._sent_seq = self._state.acked_seq
        self._sent_final = False
        self._sent_at = 0.0

    def accept(self, answer: Answer) -> None:
        """Take in the answer. Raises `Refused` and `Closed`."""
        if self._in_flight is None:
            self._accept_registration(answer)
            return
        sent, self._in_flight = self._in_flight, None
        if answer.status >= 300:
            self._sent_at = time.monotonic()  # a report the server cannot read: again, but not at once
            if self.points is not None:
                self.points.failed(refused=True)
            return
        body = jsontext.loads(answer.body.decode("utf-8"))
        self._samples.forget(sent["samples"])
        if self.points is not None:
            self.points.stored()
        acked = int(body["acked_seq"])
        if acked > self._state.acked_seq or sent["final"] is not None:
            self._state.acked_seq = max(acked, self._state.acked_seq)
            self._spool.acknowledge(acked)
            whole = sent["final"] is not None and not self._spool.unacked
            self._state.acknowledged = self._state.acknowledged or whole
            self._state.save(durable=self._state.acknowledged)
        if body.get("stop_grace_s") is not None:
            self.on_stop(float(body["stop_grace_s"]), bool(body.get("release")))
        self.on_answer(body)

    def _accept_registration(self, answer: Answer) -> None:
        if answer.status == 409:
            raise Closed
        if answer.status >= 300:
            raise Refused(f"status {answer.status}")
        self.order = jsontext.loads(answer.body.decode("utf-8"))
        self.registered = True
        self._sent_at = time.monotonic()  # that was a sign of life


def _encode(value: Any) -> bytes:
    return jsontext.dumps(value).encode("utf-8", "replace")
