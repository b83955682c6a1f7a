"""All tasks of an attempt meet before each start of the command, and learn each other's addresses.

What was agreed lies in the state file: a supervisor that was killed goes on where it was, and what the server says
twice or too late changes nothing.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any

    from .task import Task
else:
    import _socket as socket  # the same without enums, which cost 4 ms

_LOWEST_PORT = 10_000
_EPHEMERAL = "/proc/sys/net/ipv4/ip_local_port_range"
_EPHEMERAL_USUAL = 32_768
_TRIES = 200
RESTART = "restart"  # the cause under which a command is killed to be started again


class HeldPort:
    """A port that nobody else takes as long as this holds it: below those the system gives away by itself."""

    def __init__(self, number: int = 0) -> None:
        """A free one, or `number` again: it may have been taken since, but then others have been told of it already."""
        self.number = number
        self._socket: socket.socket | None = None
        if number:
            self._take(number)
            return
        lowest, span = _LOWEST_PORT, max(1, _first_ephemeral() - _LOWEST_PORT)
        for _ in range(_TRIES):
            number = lowest + int.from_bytes(os.urandom(4), "little") % span
            if self._take(number):
                self.number = number
                return
        raise OSError("no free port was found")

    def _take(self, number: int) -> bool:
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            held.bind(("", number))
        except OSError:
            held.close()
            return False
        self._socket = held
        return True

    def release(self) -> None:
        """Let it go, for the command to take it. Twice is harmless."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _first_ephemeral() -> int:
    try:
        with open(_EPHEMERAL, encoding="ascii") as file:
            return int(file.read().split()[0])
    except OSError:
        return _EPHEMERAL_USUAL


class Rounds:
    """Which start of the command this is (from 0), and what the server has said about it and the next one."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._facts = task.state.facts
        self.finish = False  # the server says that a failed command is final
        self.port: HeldPort | None = None
        at_once = task.order.get("go")
        if at_once and at_once["round"] == self.number and self.go is None:
            self._facts["go"] = at_once

    @property
    def number(self) -> int:
        """How often the command was started again in place."""
        return int(self._facts.get("round", 0))

    @property
    def step(self) -> str:
        """Name of this start among the steps."""
        return f"command-{self.number}" if self.number else "command"

    @property
    def behind(self) -> bool:
        """Whether the server wants another start than this one."""
        return int(self._facts.get("wanted", 0)) > self.number

    @property
    def go(self) -> dict[str, Any] | None:
        """Who the others are, once all have met for this start."""
        go: dict[str, Any] | None = self._facts.get("go")
        return go if go is not None and go["round"] == self.number else None

    @property
    def resume(self) -> dict[str, Any] | None:
        """The checkpoint to go on from."""
        found: dict[str, Any] | None = (self.go or {}).get("resume") or self._task.order.get("resume")
        return found

    def heed(self, answer: dict[str, Any]) -> None:
        """Take in what an answer to a report says about starts."""
        wanted, go = int(answer.get("starts") or 0), answer.get("go")
        news = False
        if wanted > int(self._facts.get("wanted", 0)):
            self._facts["wanted"] = wanted
            news = True
        if go and int(go["round"]) == self.number and self.go is None:
            self._facts.update(go=go, go_at_ms=_now_ms())
            news = True
        if news:
            self._task.state.save()
        self.finish = self.finish or bool(answer.get("finish"))
        self.enforce()

    def enforce(self) -> None:
        """Kill a command that is to be started again."""
        running = self._task.running
        if self.behind and running is not None and running.step == self.step:
            running.kill(RESTART)

    def advance(self) -> None:
        """This start is over, the one that the server wants is the present one now."""
        for name in ("go", "go_at_ms", "port", "waiting_since_ms"):
            self._facts.pop(name, None)
        self._facts["round"] = self._facts["wanted"]
        self.finish = False
        self._task.state.save()

    def release_port(self) -> None:
        """The command may take the port now."""
        if self.port is not None:
            self.port.release()
            self.port = None


def meet(task: Task) -> None:
    """Wait until all tasks of the attempt are ready for this start, or another start is wanted.

    The port that the others are told stays held until `Rounds.release_port`. Raises `StopRequested`.
    """
    rounds = task.rounds
    if rounds.go is None:
        _wait(task)
    if rounds.go is not None and len(rounds.go["peers"]) > 1:
        facts = task.state.facts
        waited = (facts.get("go_at_ms", 0) - facts.get("waiting_since_ms", 0)) / 1000
        seconds = f"{max(0.0, waited):.3f}"
        task.emit("rendezvous_done", start=rounds.number, seconds=seconds, count=len(rounds.go["peers"]))


def _wait(task: Task) -> None:
    rounds, facts = task.rounds, task.state.facts
    task.reporter.step = "rendezvous"
    rounds.release_port()
    rounds.port = HeldPort(int(facts.get("port", 0)))
    if "port" not in facts:
        facts.update(port=rounds.port.number, waiting_since_ms=_now_ms())
        task.state.save()
    task.reporter.ready = {"round": rounds.number, "port": rounds.port.number, "ip": task.ip}
    try:
        task.pump.until(lambda: rounds.go is not None or rounds.behind, stoppable=True)
    except BaseException:
        rounds.release_port()
        raise
    finally:
        task.reporter.ready = None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
