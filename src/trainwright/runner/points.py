"""Training metrics on their way to the server: gathered from what the job writes, told in reports, noted once stored.

How far each file was read, and how many points without a step were counted, changes only when the server has stored
what came of it. So a supervisor that was killed reads the same again and tells it again under the same steps, and the
server, which keeps one point for each step, has everything once.
"""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol, Union

    from .ledger import State

    Value = Union[float, str]

    class Source(Protocol):
        """Files of the job that points are read from."""

        def look(self, batch: Batch, *, thorough: bool) -> None:
            """Add what is new since the marks of `batch`, until it is full. `thorough`: everything, however long it
            takes; else it may be left to the next look.
            """

        def settled(self, batch: Batch) -> None:
            """The points of `batch` are stored."""

        def adopt(self, *, read: bool) -> None:
            """Take note of files that are not known yet: as the job's own, or as laid by us, to be passed over."""


POINTS_PER_REPORT = 2000
REPORT_MAX = 20_000  # also of what comes at once: no server reads a report of any size
COUNTED_MAX = 5000  # names with points without steps
FACT = "points"
_NAME_MAX = 128
_NAMES_KEPT = 10_000
_SAVE_EVERY_S = 1.0
_LOOK_S = 0.2  # then heartbeats, and whoever else waits, have their turn
_DRAIN_S = 1.0
_VAIN_S = 60.0  # at the end; so long nothing but what is no metric was read
_FAR_S = 3600.0
_REFUSALS_MAX = (
    3  # of the same points; the next report goes without them, and if that is taken in, they are dropped
)
_INT64 = 1 << 63
_LATEST_MS = 1 << 53
_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/@%+ -")


class Noted:
    """What is remembered over a restart. `marks`: how far each file was read; `counts`: points without a step, by name;
    `runs`: what the metrics of a folder of event files begin with.
    """

    def __init__(self, state: State) -> None:
        stored = state.facts.setdefault(FACT, {})
        self.marks: dict[str, list[int]] = stored.setdefault("marks", {})
        self.counts: dict[str, int] = stored.setdefault("counts", {})
        self.runs: dict[str, str] = stored.setdefault("runs", {})


class Batch:
    """Points for one report, and what is to be noted when it is stored."""

    def __init__(self, noted: Noted, names: dict[str, str]) -> None:
        self.noted = noted
        self.marks: dict[str, list[int]] = {}
        self.ended: set[str] = set()  # keys of files from which nothing more will come
        self.size = 0
        self.until = 0.0  # when the present look is to end
        self.cut = False  # it has ended before everything was read
        self._counts: dict[str, int] = {}
        self._series: dict[str, dict[int, tuple[Value, int]]] = {}
        self._names = names

    @property
    def full(self) -> bool:
        """Whether a report should not be larger."""
        return self.size >= POINTS_PER_REPORT

    @property
    def enough(self) -> bool:
        """Whether a source should read no more for now: the report is full, or the time is over."""
        self.cut = self.cut or time.monotonic() >= self.until
        return self.cut or self.full

    def mark(self, key: str) -> list[int] | None:
        """How far the file was read, this batch included."""
        return self.marks.get(key) or self.noted.marks.get(key)

    def add(self, name: str, step: int | None, value: float, at_ms: int) -> None:
        """One point; without a step it gets the next number of its name. What cannot be stored is passed over."""
        clean = self._clean(name)
        if not clean:
            return
        if step is None:
            if clean not in self.noted.counts and len(self.noted.counts) + len(self._counts) >= COUNTED_MAX:
                return  # no server keeps so many
            step = self._counts.get(clean, self.noted.counts.get(clean, 0))
            self._counts[clean] = step + 1
        if not -_INT64 <= step < _INT64:
            return
        series = self._series.get(clean, {})
        if step not in series:
            if self.size >= REPORT_MAX:
                return
            self.size += 1
            self._series[clean] = series
        series[int(step)] = (
            _on_the_wire(value),
            int(max(0, min(at_ms, _LATEST_MS))),
        )  # `true` is an int, too

    def _clean(self, name: str) -> str:
        """The name as the server takes it."""
        name = name[:_NAME_MAX]
        known = self._names.get(name)
        if known is None:
            if len(self._names) > _NAMES_KEPT:
                self._names.clear()
            known = "".join(char if char in _ALLOWED else "_" for char in name)
            self._names[name] = known
        return known

    def messages(self) -> list[dict[str, Any]]:
        """Its points as `Points` of the wire."""
        return [
            {
                "name": name,
                "steps": list(series),
                "values": [value for value, _ in series.values()],
                "times": [at_ms for _, at_ms in series.values()],
            }
            for name, series in self._series.items()
        ]

    def note(self) -> None:
        """Remember how far this came."""
        self.noted.marks.update(self.marks)
        self.noted.counts.update(self._counts)
        for key in self.ended:
            self.noted.marks.pop(key, None)


class Points:
    """What the reporter is given: one batch at a time, again until it is acknowledged."""

    def __init__(self, state: State, sources: Callable[[Noted], Sequence[Source]]) -> None:
        """`sources` is called when they are needed first: making them takes time."""
        self._state = state
        self._make = sources
        self._sources: Sequence[Source] | None = None
        self._names: dict[str, str] = {}
        self._noted = Noted(state)
        self._batch = Batch(self._noted, self._names)
        self._in_flight = False
        self._refusals = 0
        self._withheld = False
        self._draining = False
        self._exhausted = False
        self._cut = False
        self._in_vain_s = 0.0
        self._sent_at = 0.0
        self._not_before = 0.0
        self._saved_at = 0.0
        self.gap_s = 2.5  # between two reports because of points alone

    def sources(self) -> Sequence[Source]:
        """Where points come from."""
        if self._sources is None:
            self._sources = self._make(self._noted)
        return self._sources

    def look(self, *, thorough: bool = False) -> None:
        """Gather what is new, up to one report's worth, for a moment. Nothing is read while a report is on its way."""
        if self._in_flight:
            return
        self._batch.until, self._batch.cut = time.monotonic() + _LOOK_S, False
        for source in self.sources():
            if not self._batch.full:
                source.look(self._batch, thorough=thorough)
        self._cut = self._batch.cut
        if not self._batch.size and (self._batch.marks or self._batch.ended):
            self._settle()

    def adopt(self, *, read: bool) -> None:
        """Before (`read`) and after files of outputs are fetched: what is laid by us was not reported by this job."""
        for source in self.sources():
            source.adopt(read=read)
        self._state.save()

    def due_in(self, now: float) -> float:
        """Seconds until there is something to report. Not every point is worth a report of its own."""
        if not self._batch.size:
            return _FAR_S
        waits = 0.0 if self._draining or self._batch.full else self._sent_at + self.gap_s - now
        return max(0.0, waits, self._not_before - now)

    def take(self, now: float) -> list[dict[str, Any]]:
        """What a report that is sent now says; then `stored` or `failed`. No point keeps a job from its end: those
        that the server refuses again and again are left out.
        """
        if not self._batch.size:
            return []
        self._in_flight = True
        self._sent_at = now
        self._withheld = self._refusals >= _REFUSALS_MAX
        return [] if self._withheld else self._batch.messages()

    def failed(self, *, refused: bool = False) -> None:
        """The report did not get through: the same again, and what has come since. `refused`: not at once."""
        if refused and self._in_flight:
            self._refusals = 0 if self._withheld else self._refusals + 1
        self._in_flight = False
        self._not_before = time.monotonic() + self.gap_s if refused else 0.0

    def stored(self) -> None:
        """The report was taken in."""
        if not self._in_flight:
            return
        self._in_flight = False
        self._refusals = 0
        if self._withheld:
            print(f"{self._batch.size} points were refused and are dropped", file=sys.stderr, flush=True)
        more = self._batch.full
        self._settle()
        if more:
            self.look()

    def drained(self) -> bool:
        """Whether the server has all points. From the first call on, every report brings as many as it can; nothing of
        the job's may be running any more.
        """
        self._draining = True
        if not self._exhausted and not self._batch.size:
            began = time.monotonic()
            self.look(thorough=True)
            while self._cut and not self._batch.size and time.monotonic() - began < _DRAIN_S:
                self.look(thorough=True)
            self._in_vain_s = 0.0 if self._batch.size else self._in_vain_s + time.monotonic() - began
            self._exhausted = not self._batch.size and (not self._cut or self._in_vain_s > _VAIN_S)
        return self._exhausted

    def _settle(self) -> None:
        batch, self._batch = self._batch, Batch(self._noted, self._names)
        for source in self.sources():
            source.settled(batch)
        batch.note()
        now = time.monotonic()
        if now - self._saved_at >= _SAVE_EVERY_S:
            self._saved_at = now
            try:
                self._state.save()
            except OSError:
                pass  # the disk is full: a supervisor that begins anew tells the same again


def _on_the_wire(value: float) -> Value:
    """JSON has no words for what is no number."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value
