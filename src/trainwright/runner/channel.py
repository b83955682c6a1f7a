"""Exchanges with the server that are repeated until they succeed, however long it is away."""

from __future__ import annotations

import os
import time

from . import jsontext
from .connection import Answer, Connection, Lost, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Owner(Protocol):
        """What a channel works for: it is asked for the next request whenever the line is free."""

        def next_request(self, now: float) -> Request | None:
            """What to send now, if anything. Called again for the same thing after a failure."""

        def accept(self, answer: Answer) -> None:
            """Take in a 2xx answer, or a refusal (4xx) that is not 429. Raises `Closed`."""

        def failed(self) -> None:
            """The last request did not get through; it will be asked for again."""

        def due_in(self, now: float) -> float:
            """Seconds until `next_request` would return something without further news."""


BACKOFF_FIRST_S = 0.1
BACKOFF_MAX_S = 1.0  # a restarted server hears of its running tasks within two seconds
_JITTER = 0.2
CLOSED_CODE = "Trainwright.0201"


class Closed(Exception):
    """The server says that this attempt is over: kill, clean up, report nothing."""


def backoff_s(failures: int, jitter: float) -> float:
    """Delay after that many failures in a row (from 1): doubles up to 1 s, times 1 ± 20 % (`jitter` in 0…1)."""
    doubled = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * float(2 ** min(failures - 1, 16)))
    return doubled * (1 - _JITTER + 2 * _JITTER * jitter)


def error_code(answer: Answer) -> str:
    """The `error_code` of a refusal; empty when it has none."""
    try:
        body: Any = jsontext.loads(answer.body.decode("utf-8"))
    except ValueError:
        return ""
    return str(body.get("error_code", "")) if isinstance(body, dict) else ""


class Channel:
    """One connection, one owner. `pump` after every poll."""

    def __init__(self, connection: Connection, owner: Owner) -> None:
        self.connection = connection
        self._owner = owner
        self._failures = 0
        self._not_before = 0.0
        self.last_problem = ""

    def pump(self) -> None:
        """Go on with the present exchange and begin the next one. Raises `Closed`."""
        for _ in range(4):  # answer, next request, its answer … but let the others have their turn
            if self.connection.busy and not self._advance():
                return
            if not self._begin():
                return

    def timeout_s(self, now: float) -> float:
        """How long may be slept unless the socket becomes ready."""
        if self.connection.busy:
            return self.connection.wait_s()
        return max(self._not_before - now, self._owner.due_in(now))

    def _begin(self) -> bool:
        now = time.monotonic()
        if now < self._not_before:
            return False
        request = self._owner.next_request(now)
        if request is None:
            return False
        try:
            self.connection.begin(request)
        except Lost as error:
            self._fail(str(error))
            return False
        return True

    def _advance(self) -> bool:
        """True when the line is free again and may be used at once."""
        try:
            answer = self.connection.advance()
        except Lost as error:
            if error.stale:
                self._owner.failed()
                return True
            self._fail(str(error))
            return False
        if answer is None:
            return False
        if answer.status >= 500 or answer.status == 429 or answer.status < 200:
            self._fail(f"status {answer.status}")
            return False
        if answer.status == 409 and error_code(answer) == CLOSED_CODE:
            raise Closed
        self._failures = 0
        self._owner.accept(answer)
        return True

    def _fail(self, problem: str) -> None:
        self.last_problem = problem
        self._failures += 1
        self._not_before = time.monotonic() + backoff_s(self._failures, os.urandom(1)[0] / 255)
        self._owner.failed()
