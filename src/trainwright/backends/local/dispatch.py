"""Who starts, who must go, and what those that wait are told. In memory, changed on the event loop only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from trainwright.backends.local.attempts import AttemptRun
from trainwright.backends.local.estimate import expected_end, expected_starts
from trainwright.backends.local.floor import Floor
from trainwright.backends.local.lines import Lines
from trainwright.backends.local.machine import Machine
from trainwright.backends.local.preemption import choose_victims
from trainwright.backends.local.runtimes import POOLS_KEPT, RunTimes
from trainwright.backends.local.schedule import Room, Waiting, divide
from trainwright.domain.demand import Demand
from trainwright.domain.entities import Note
from trainwright.ports.backend import PoolUse
from trainwright.ports.clock import Clock

SHORT_LINE = 100  # played through after every change; a longer one at most every `ESTIMATE_EVERY_MS`
ESTIMATE_EVERY_MS = 2_000
ESTIMATE_AGE_MS = 30_000  # also when nothing changes: what runs outlives what was expected of it
STARTS_AT = "starts_at_ms"
_NEVER_BY_ITSELF = ("wait_node_isolated", "wait_size_")


@dataclass
class _Estimate:
    """When the launches of a pool's line will probably start, as of `at_ms`; `stale`: something has changed since."""

    at_ms: int
    length: int
    starts: Mapping[str, int] = field(default_factory=dict)
    stale: bool = False

    def is_old(self, now_ms: int) -> bool:
        """Whether to estimate anew."""
        age_ms = abs(now_ms - self.at_ms)
        if self.stale and (self.length <= SHORT_LINE or age_ms >= ESTIMATE_EVERY_MS):
            return True
        return age_ms >= ESTIMATE_AGE_MS


class Dispatch:
    """The machine's queue and floor. `shares`, `isolated` (names of nodes) and `preemption` (pools) are as said last;
    who sets one of them calls `changed`. `attempts` is the backend's own table.
    """

    def __init__(self, attempts: Mapping[str, AttemptRun], run_times: RunTimes, clock: Clock) -> None:
        self.run_times = run_times
        self.shares: Mapping[str, Demand] = {}
        self.isolated: frozenset[str] = frozenset()
        self.preemption: frozenset[str] = frozenset()
        self._attempts = attempts
        self._clock = clock
        self._lines = Lines()
        self._floor = Floor()
        self._rooms: Mapping[str, Room] | None = None
        self._estimates: dict[str, _Estimate] = {}

    @property
    def queued(self) -> int:
        """How many wait."""
        return len(self._lines)

    @property
    def running(self) -> Sequence[AttemptRun]:
        """All that are admitted and not over."""
        return tuple(self._floor)

    def free(self, machine: Machine) -> Demand:
        """What of the machine nobody holds."""
        return self._floor.free(machine)

    def uses(self, machine: Machine) -> dict[str, PoolUse]:
        """Every pool as it is now."""
        held, running = self._floor.held(), self._floor.running()
        return {
            pool: PoolUse(room.size, held.get(pool, Demand()), self._lines.count(pool), running[pool])
            for pool, room in self._now(machine).items()
        }

    def line(self, pool: str) -> Sequence[Waiting]:
        """All that wait in one pool, in order."""
        return self._lines.line(pool)

    # -- what happens

    def enter(self, attempt: AttemptRun, machine: Machine) -> None:
        """A new one, or one found on disk; where it belongs it says itself."""
        attempt.barred = machine.host in attempt.launch.avoid
        if attempt.admitted:
            self._floor.enter(attempt)
            self.changed()
        elif attempt.is_queued:
            self._lines.enter(attempt.waiting)
        self._outdate(attempt.pool)

    def leave_line(self, attempt: AttemptRun) -> None:
        """It does not wait any more."""
        self._lines.leave(attempt.waiting)
        self._outdate(attempt.pool)

    def move(self, attempt: AttemptRun, priority: int) -> None:
        """Another place in its line."""
        self._lines.leave(attempt.waiting)
        attempt.priority = priority
        self._lines.enter(attempt.waiting)
        self._outdate(attempt.pool)

    def end(self, attempt: AttemptRun) -> bool:
        """It is over; True when its run time was added to those of its pool. Harmless when repeated."""
        if not self._floor.leave(attempt):
            return False
        self.changed()
        if attempt.preempted_by or not any(task.started for task in attempt.tasks):
            return False  # it was cut short, or ended while nobody looked
        self.run_times.add(attempt.pool, self._clock.now_ms() - attempt.admitted_at_ms)
        return True

    def changed(self) -> None:
        """Something is held, free or allowed that was not before."""
        self._rooms = None
        for estimate in self._estimates.values():
            estimate.stale = True

    def _outdate(self, pool: str) -> None:
        if pool in self._estimates:
            self._estimates[pool].stale = True

    # -- what follows

    def admit(self, machine: Machine) -> list[AttemptRun]:
        """Move what fits from the lines onto the floor. The caller starts it."""
        if machine.host in self.isolated:
            return []
        admitted: list[AttemptRun] = []
        while keys := self._lines.admit(self._now(machine)):
            for key in keys:
                attempt = self._attempts[key]
                self._lines.leave(attempt.waiting)
                self._floor.give_devices(machine, attempt)
                attempt.admitted, attempt.admitted_at_ms = True, self._clock.now_ms()
                self._floor.enter(attempt)
                admitted.append(attempt)
            self.changed()
        return admitted

    def preempt(self, machine: Machine) -> list[AttemptRun]:
        """Mark those that must go for the heads of the pools where that is allowed; called when `admit` finds nothing
        more. The caller stops them. Nobody behind the head gets what they give back: that is the rule of backfill.
        """
        if not self.preemption or machine.host in self.isolated:
            return []
        victims = []
        for head in self._lines.heads(self._now(machine), sorted(self.preemption)):
            for key in choose_victims(head, self._floor.holders(), machine.total, self.shares):
                victim = self._attempts[key]
                victim.preempted_by = f"job {self._attempts[head.key].job_id}, priority {head.priority}"
                victim.stop_grace_s = victim.launch.spec.grace_s
                victims.append(victim)
        if victims:
            self.changed()
        return victims

    def look(self, attempt: AttemptRun, machine: Machine) -> None:
        """Find out why it waits, as its note."""
        closed = (machine.host,) if attempt.barred or machine.host in self.isolated else ()
        self._lines.look(attempt.waiting, self._now(machine), closed)

    def note(self, attempt: AttemptRun, machine: Machine) -> Note | None:
        """Why it waited when looked at last, and when it will probably start; None when nobody has looked yet."""
        note = self._lines.note(attempt.key)
        if note is None or note.code.startswith(_NEVER_BY_ITSELF):
            return note
        starts_at_ms = self._starts(attempt.pool, machine).get(attempt.key)
        return note if starts_at_ms is None else replace(note, slots={**note.slots, STARTS_AT: starts_at_ms})

    # -- inside

    def _now(self, machine: Machine) -> Mapping[str, Room]:
        if self._rooms is None:
            self._rooms = divide(machine.total, self.shares, self._floor.held(), self._floor.tasks())
        return self._rooms

    def _starts(self, pool: str, machine: Machine) -> Mapping[str, int]:
        now_ms, known = self._clock.now_ms(), self._estimates.get(pool)
        if known is None or known.is_old(now_ms):
            run_times, line = self.run_times.of(pool), self._lines.line(pool)
            known = _Estimate(now_ms, len(line))
            if pool in self._now(machine):
                ends = [
                    (self._end_of(attempt, now_ms, run_times), attempt.held)
                    for attempt in self._floor
                    if attempt.pool == pool
                ]
                size = self._now(machine)[pool].size
                known.starts = expected_starts(now_ms, line, size, ends, run_times)
            self._estimates[pool] = known
            if len(self._estimates) > POOLS_KEPT:
                del self._estimates[next(iter(self._estimates))]
        return known.starts

    def _end_of(self, attempt: AttemptRun, now_ms: int, run_times: Sequence[int]) -> int:
        if attempt.stop_grace_s is not None:
            return now_ms + attempt.stop_grace_s * 1000
        return expected_end(now_ms, attempt.admitted_at_ms, run_times)
