"""A backend in memory that does what a test tells it: fail, block, vanish, lie late, accept and then crash.

Without a `total` nothing moves by itself: a launch stays QUEUED until `set_state`. With one it plays a machine of that
size by the rules of the local backend's schedule: what fits runs at once, `finish` ends it, the next in line starts.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainwright.backends.local.lines import Lines
from trainwright.backends.local.schedule import Room, Waiting, divide, never_fits
from trainwright.domain.demand import Demand
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import Resources
from trainwright.ports.backend import BackendError, Capacity, Handle, Launch, PoolUse

HUGE = Resources(cpus=1024, memory_mib=1 << 20)
LIVE = (RunState.STARTING, RunState.RUNNING)


@dataclass
class _Entry:
    launch: Launch
    sequence: int
    seen: Observation
    priority: int

    @property
    def pool(self) -> str:
        return self.launch.spec.pool_id

    @property
    def waiting(self) -> Waiting:
        demand = Demand.of_launch(self.launch.spec)
        return Waiting(self.launch.key, self.priority, self.sequence, demand, self.pool)


class FakeBackend:
    """See the module. `submitted` lists every key that became an attempt, `stops` every stop with its grace."""

    name = "fake"
    shares_disk = True
    at_once = 4

    def __init__(self, *, total: Resources | None = None) -> None:
        self.submitted: list[str] = []
        self.stops: list[tuple[str, int]] = []
        self.shares: dict[str, Demand] = {}
        self._total = total
        self._entries: dict[str, _Entry] = {}
        self._fails: Counter[str] = Counter()
        self._breaks: Counter[str] = Counter()
        self._accepts_then_raises = 0
        self._gates: dict[str, asyncio.Event] = {}
        self._lies: dict[str, tuple[Observation, int]] = {}
        self._ignores_stop: set[str] = set()

    # -- the script

    def fail_next(self, method: str, times: int = 1) -> None:
        """The next calls of `method` raise `BackendError` and do nothing."""
        self._fails[method] += times

    def break_next(self, method: str, times: int = 1) -> None:
        """The next calls of `method` raise something no backend should: a bug in the adapter."""
        self._breaks[method] += times

    def block(self, method: str) -> None:
        """Calls of `method` wait until `release`."""
        self._gates[method] = asyncio.Event()

    def release(self, method: str) -> None:
        """Let the waiting calls of `method` go on. Not blocked: nothing happens."""
        gate = self._gates.pop(method, None)
        if gate is not None:
            gate.set()

    def accept_then_raise(self, times: int = 1) -> None:
        """The next submits are stored, and the answer is lost."""
        self._accepts_then_raises += times

    def lie(self, key: str, seen: Observation, times: int = 1) -> None:
        """The next `times` answers about `key` are the stale `seen`."""
        self._lies[key] = (seen, times)

    def vanish(self, key: str) -> None:
        """All memory of `key` is lost: it is observed as GONE."""
        self._entries.pop(key, None)
        self._schedule()

    def set_state(self, key: str, seen: Observation) -> None:
        """What is said of `key` from now on; GONE forgets it.

        Raises:
            KeyError: it was never submitted, or is gone.
        """
        if seen.state is RunState.GONE:
            self.vanish(key)
            return
        self._entries[key].seen = seen
        self._schedule()

    def finish(self, key: str) -> None:
        """All its processes have ended by themselves."""
        self.set_state(key, Observation(RunState.EXITED))

    def ignore_stop(self, key: str) -> None:
        """`key` lives through stops with a grace; a stop without one ends it."""
        self._ignores_stop.add(key)

    def state_of(self, key: str) -> RunState:
        """The true state, whatever is being lied."""
        entry = self._entries.get(key)
        return RunState.GONE if entry is None else entry.seen.state

    def priority_of(self, key: str) -> int:
        """The priority it waits, or waited, with."""
        return self._entries[key].priority

    # -- the port

    def render(self, launch: Launch) -> str:
        """The spec as JSON; the token is not part of it."""
        shown = {"key": launch.key, "token": "***", "spec": launch.spec.model_dump(mode="json")}
        return json.dumps(shown, indent=2)

    async def probe(self) -> Capacity:
        """The scripted machine, or a huge one."""
        await self._enter("probe")
        total = self._total or HUGE
        states = [entry.seen.state for entry in self._entries.values()]
        free = Demand.of_task(total) - sum(self._held().values(), Demand())
        left = Resources.model_construct(
            cpus=free.millicpus / 1000, memory_mib=free.memory_mib, accelerators=free.accelerators
        )
        queued, running = states.count(RunState.QUEUED), sum(state in LIVE for state in states)
        return Capacity(
            total, left, "process", "a fake runs nothing", queued, running, host="node-7", ip="10.0.0.7"
        )

    async def submit(self, launch: Launch) -> Handle:
        """Store it, once per key."""
        await self._enter("submit")
        if launch.key not in self._entries:
            self.submitted.append(launch.key)
            entry = _Entry(launch, len(self.submitted), Observation(RunState.QUEUED), launch.spec.priority)
            self._entries[launch.key] = entry
            self._judge(entry)
            self._schedule()
        if self._accepts_then_raises:
            self._accepts_then_raises -= 1
            raise BackendError("scripted: stored, but the answer is lost")
        return self._handle(launch.key)

    async def observe(self, handles: Sequence[Handle]) -> Mapping[str, Observation]:
        """The truth, or the lie told for a while."""
        await self._enter("observe")
        return {handle.key: self._answer(handle.key) for handle in handles}

    async def stop(self, handle: Handle, *, grace_s: int) -> None:
        """Recorded. On a machine with a `total` it ends the attempt, else only what is queued."""
        await self._enter("stop")
        entry = self._entries.get(handle.key)
        if entry is None:
            return
        self.stops.append((handle.key, grace_s))
        ends = self._total is not None and (grace_s == 0 or handle.key not in self._ignores_stop)
        if entry.seen.state is RunState.QUEUED or (entry.seen.state in LIVE and ends):
            self.finish(handle.key)

    async def reap(self, handle: Handle) -> None:
        """Forget it."""
        await self._enter("reap")
        if self.state_of(handle.key) not in (RunState.EXITED, RunState.GONE):
            raise BackendError(f"attempt {handle.key} is {self.state_of(handle.key)}; stop it first")
        self.vanish(handle.key)

    async def owned(self) -> Sequence[Handle]:
        """All not gone."""
        await self._enter("owned")
        return [self._handle(key) for key in self._entries]

    async def set_shares(self, shares: Mapping[str, Demand]) -> None:
        """Kept, and scheduled by on a machine with a `total`."""
        await self._enter("set_shares")
        self.shares = dict(shares)
        self._schedule()

    async def probe_shares(self) -> Mapping[str, PoolUse]:
        """The scripted machine's pools, or those of a huge one."""
        await self._enter("probe_shares")
        held = self._held()
        states = [(entry.pool, entry.seen.state) for entry in self._entries.values()]
        uses = {}
        for pool, room in self._rooms().items():
            here = [state for place, state in states if place == pool]
            live = sum(state in LIVE for state in here)
            uses[pool] = PoolUse(room.size, held.get(pool, Demand()), here.count(RunState.QUEUED), live)
        return uses

    async def set_priority(self, key: str, priority: int) -> None:
        """Move what waits."""
        await self._enter("set_priority")
        if self.state_of(key) is RunState.QUEUED:
            self._entries[key].priority = priority
            self._schedule()

    # -- inside

    async def _enter(self, method: str) -> None:
        gate = self._gates.get(method)
        if gate is not None:
            await gate.wait()
        if self._fails[method]:
            self._fails[method] -= 1
            raise BackendError(f"scripted: {method} fails")
        if self._breaks[method]:
            self._breaks[method] -= 1
            raise RuntimeError(f"scripted: {method} is broken")

    def _handle(self, key: str) -> Handle:
        return Handle(key, self.name, 1, {})

    def _answer(self, key: str) -> Observation:
        seen, times = self._lies.get(key, (Observation(RunState.GONE), 0))
        if times:
            self._lies[key] = (seen, times - 1)
            return seen
        entry = self._entries.get(key)
        return Observation(RunState.GONE) if entry is None else entry.seen

    def _judge(self, entry: _Entry) -> None:
        if self._total is None:
            return
        kind = self._total.accelerator_kind
        detail = never_fits(entry.launch.spec, Demand.of_task(self._total), kind)
        if detail:
            entry.seen = Observation(RunState.EXITED, reason=Reason.LAUNCH_REJECTED, detail=detail)

    def _held(self) -> dict[str, Demand]:
        held: dict[str, Demand] = {}
        for entry in self._entries.values():
            if entry.seen.state in LIVE:
                held[entry.pool] = held.get(entry.pool, Demand()) + entry.waiting.demand
        return held

    def _rooms(self) -> dict[str, Room]:
        total = self._total or HUGE
        return divide(Demand.of_task(total), self.shares, self._held())

    def _schedule(self) -> None:
        if self._total is None:
            return
        for key in self._lines().admit(self._rooms()):
            self._entries[key].seen = Observation(RunState.RUNNING)
        lines, rooms = self._lines(), self._rooms()
        for entry in self._entries.values():
            if entry.seen.state is RunState.QUEUED:
                lines.look(entry.waiting, rooms)
                entry.seen = Observation(RunState.QUEUED, wait=lines.note(entry.launch.key))

    def _lines(self) -> Lines:
        lines = Lines()
        for entry in self._entries.values():
            if entry.seen.state is RunState.QUEUED:
                lines.enter(entry.waiting)
        return lines
