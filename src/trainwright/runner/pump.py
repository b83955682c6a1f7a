"""What goes on while a step waits: reports, log bytes, samples, and listening for a stop. One thread, one `poll`."""

from __future__ import annotations

import os
import select
import time

from . import deferred
from .rundir import RunDir, drain, poke, read_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from typing import Any

    from .channel import Channel
    from .copying import Cancel
else:
    import _signal as signal  # the same without enums, which cost 1 ms

_LONGEST_S = 5.0


EVICTED = "preempted"
"""Why a task is stopped that gets SIGTERM without a word from anybody: who runs the machine wants it back."""


class StopRequested(Exception):
    """A stop was asked for while nothing was running that could be told so."""


class Timer:
    """An action due every `period_s` seconds."""

    def __init__(self, period_s: float, action: Callable[[], None], first_s: float) -> None:
        self.period_s = period_s
        self.action = action
        self.due = time.monotonic() + first_s


class Pump:
    """`until` runs everything until something is true. `stop_grace_s` is set once a stop was asked for; `stop_reason`
    is what the task then ends with. `keeping`: the stop was only for the command, its environment is to be kept.
    """

    def __init__(self, rundir: RunDir, *, default_grace_s: float) -> None:
        self._rundir = rundir
        self.default_grace_s = default_grace_s
        self.stop_grace_s: float | None = None
        self.stop_reason = "stopped_by_user"
        self.keeping = False
        self.on_stop: Callable[[float], None] = lambda grace_s: (
            None
        )  # told of a stop and of every shorter grace
        self.on_wake: Callable[[], None] = lambda: None  # somebody has news: more log, or an end
        self.channels: list[Channel] = []
        self._timers: list[Timer] = []
        self._wake = rundir.make_wake()
        self._signals, self._signal_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._terminated = False

    def listen(self) -> None:
        """Take over SIGTERM, and be woken by it and by the end of children."""
        signal.set_wakeup_fd(self._signal_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)

    def every(self, period_s: float, action: Callable[[], None], *, first_s: float | None = None) -> Timer:
        """Call `action` every `period_s` seconds while anything waits, first after `first_s` (or one period)."""
        timer = Timer(period_s, action, period_s if first_s is None else first_s)
        self._timers.append(timer)
        return timer

    def cancel(self, timer: Timer) -> None:
        """No more of it. Twice is harmless."""
        if timer in self._timers:
            self._timers.remove(timer)

    def request_stop(self, grace_s: float, reason: str = "", *, keep: bool = False) -> None:
        """Note a stop, on disk first. Repeated calls matter only when the grace is shorter, a `reason` is given, or the
        environment is not to be kept any more: once that was said, `keep` changes nothing.
        """
        self.stop_reason = reason or self.stop_reason
        first = self.stop_grace_s is None
        shorter = self.stop_grace_s is None or grace_s < self.stop_grace_s
        keeping = keep and (self._keeps_on_disk() if first else self.keeping)
        if not shorter and keeping == self.keeping:
            return
        self.keeping = keeping
        if shorter:
            self.stop_grace_s = grace_s
        word = {"grace_s": self.stop_grace_s, "reason": self.stop_reason, "keep": keeping}
        write_json(self._rundir.stop, word)
        if shorter:
            self.on_stop(grace_s)

    def _keeps_on_disk(self) -> bool:
        """Whether no stop that ends all of it has been left there, and not been seen yet."""
        stop = read_json(self._rundir.stop)
        return stop is None or bool(stop.get("keep"))

    def until(self, done: Callable[[], bool], *, stoppable: bool = False) -> None:
        """Return once `done()` holds.

        Raises:
            StopRequested: `stoppable`, and a stop was asked for.
            Closed, Refused: the server wants nothing of this any more.
        """
        while True:
            self._look_for_stop()
            if stoppable and self.stop_grace_s is not None:
                raise StopRequested
            if done():
                return
            self.turn()

    def turn(self) -> None:
        """Wait for something to happen, at most until the next timer, and see to it."""
        now = time.monotonic()
        waits = [channel.timeout_s(now) for channel in self.channels]
        waits.extend(timer.due - now for timer in self._timers)
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        poll.register(self._signals, select.POLLIN)
        for channel in self.channels:
            if channel.connection.busy and channel.connection.fileno() >= 0:
                poll.register(channel.connection.fileno(), channel.connection.interest())
        ready = poll.poll(max(0.0, min([_LONGEST_S, *waits])) * 1000)
        for descriptor, _ in ready:
            if descriptor in (self._wake, self._signals):
                drain(descriptor)
        self.on_wake()
        for channel in self.channels:
            channel.pump()
        self._run_timers()

    def work(self, task: Callable[[], Any], cancel: Cancel, *, stoppable: bool = True) -> Any:
        """Run `task` in a thread and wait for its result. A stop (or the server's word) sets `cancel` and is raised."""
        work = deferred.load("workers").Work(task, lambda: poke(self._wake))
        try:
            self.until(lambda: bool(work.done), stoppable=stoppable)
        except BaseException:
            cancel.set()
            raise
        return work.outcome()

    def start_work(self, task: Callable[[], Any]) -> Any:
        """Run `task` in a thread beside everything else; returns the `Work`."""
        return deferred.load("workers").Work(task, lambda: poke(self._wake))

    def _run_timers(self) -> None:
        now = time.monotonic()
        for timer in list(self._timers):
            if timer.due <= now and timer in self._timers:
                timer.due = max(timer.due + timer.period_s, now)
                timer.action()

    def _on_term(self, number: int, frame: object) -> None:
        self._terminated = True

    def _look_for_stop(self) -> None:
        if self._terminated:
            self._terminated = False
            stop = read_json(self._rundir.stop)
            if stop is None:
                self.request_stop(self.default_grace_s, EVICTED)
            else:  # a signal comes from the machine's side: nothing of this is to stay
                self._obey(stop, keep=False)
        elif self.stop_grace_s is None and os.path.exists(self._rundir.stop):
            stop = read_json(self._rundir.stop)
            if stop is not None:
                self._obey(stop, keep=bool(stop.get("keep")))

    def _obey(self, stop: dict[str, Any], *, keep: bool) -> None:
        self.request_stop(float(stop["grace_s"]), str(stop.get("reason") or ""), keep=keep)
