"""A backend in memory that does what a test tells it: fail, block, vanish, lie late, accept and then crash.

Without a `total` nothing moves by itself: a launch stays QUEUED until `set_state`. With one it plays a machine of that
size by the rules of the local backend's schedule: what fits runs at once, `finish` ends it, the next in line starts.
With `nodes` it is as large as all of them that are healthy and not isolated; tasks are not laid on single nodes.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from trainwright.backends.local.lines import Lines
from trainwright.backends.local.preemption import Holder, choose_victims
from trainwright.backends.local.schedule import Room, Waiting, divide, never_fits
from trainwright.domain.demand import Demand
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import Resources
from trainwright.ports.backend import BackendError, Capacity, Handle, Launch, Node, PoolUse

HUGE = Resources(cpus=1024, memory_mib=1 << 20)
LIVE = (RunState.STARTING, RunState.RUNNING)


@dataclass
class _Entry:
    launch: Launch
    sequence: int
    seen: Observation
    priority: int
    barred: bool = False
    started: int = 0

    @property
    def pool(self) -> str:
        return self.launch.spec.pool_id

    @property
    def waiting(self) -> Waiting:
        demand = Demand.of_launch(self.launch.spec)
        return Waiting(
            key=self.launch.key,
            priority=self.priority,
            sequence=self.sequence,
            demand=demand,
            pool=self.pool,
            urgent=self.launch.urgent,
            barred=self.barred,
        )

    @property
    def holder(self) -> Holder:
        return Holder(
            key=self.launch.key,
            priority=self.priority,
            started=self.started,
            held=Demand.of_launch(self.launch.spec),
            pool=self.pool,
            preemptible=self.launch.spec.preemptible,
        )


class FakeBackend:
    """See the module. `submitted` lists every key that became an attempt, `stops` every stop with its grace.

    `isolated` and `preemption` are the nodes and pools that were said last, `shares` the dedicated pools.
    """

    name = "fake"
    shares_disk = True
    at_once = 4

    def __init__(
        self, *, total: Resources | None = None, nodes: Mapping[str, Resources] | None = None
    ) -> None:
        self.submitted: list[str] = []
        self.stops: list[tuple[str, int]] = []
        self.shares: dict[str, Demand] = {}
        self.isolated: frozenset[str] = frozenset()
        self.preemption: frozenset[str] = frozenset()
        self._schedules = total is not None or nodes is not None
        self._nodes = {
            name: Node(name, resources, Demand.of_task(resources), ip=f"10.0.0.{at}")
            for at, (name, resources) in enumerate((nodes or {"node-7": total or HUGE}).items(), start=7)
        }
        self._starts = 0
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

    def launch_of(self, key: str) -> Launch:
        """What was submitted under `key`.

        Raises:
            KeyError: nothing was, or it is gone.
        """
        return self._entries[key].launch

    def set_health(self, name: str, *, healthy: bool, note: str = "") -> None:
        """What the backend itself says of one of its nodes from now on."""
        self._nodes[name] = replace(self._nodes[name], healthy=healthy, note=note)
        self._schedule()

    # -- the port

    def render(self, launch: Launch) -> str:
        """The spec as JSON; the token is not part of it."""
        shown = {"key": launch.key, "token": "***", "spec": launch.spec.model_dump(mode="json")}
        return json.dumps(shown, indent=2)

    async def probe(self) -> Capacity:
        """The scripted machine, or a huge one."""
        await self._enter("probe")
        states = [entry.seen.state for entry in self._entries.values()]
        total = sum((Demand.of_task(node.total) for node in self._nodes.values()), Demand())
        free = total - sum(self._held().values(), Demand())
        queued, running = states.count(RunState.QUEUED), sum(state in LIVE for state in states)
        first = next(iter(self._nodes.values()))
        return Capacity(
            total=_resources(total, self._kind),
            free=_resources(free, ""),
            launcher="process",
            launcher_note="a fake runs nothing",
            queued=queued,
            running=running,
            host=first.name,
            ip=first.ip,
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
        ends = self._schedules and (grace_s == 0 or handle.key not in self._ignores_stop)
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

    async def nodes(self) -> Sequence[Node]:
        """The scripted ones. What is held is taken from the usable ones in order."""
        await self._enter("nodes")
        held = sum(self._held().values(), Demand())
        nodes = []
        for node in self._nodes.values():
            taken = held.least(Demand.of_task(node.total))
            held -= taken
            pools = ("", *self.shares)
            nodes.append(replace(node, free=Demand.of_task(node.total) - taken, pools=pools))
        return sorted(nodes, key=lambda node: node.name)

    async def set_isolated(self, nodes: Collection[str]) -> None:
        """Kept, and scheduled by where anything is."""
        await self._enter("set_isolated")
        self.isolated = frozenset(nodes)
        self._schedule()

    async def set_preemption(self, pools: Collection[str]) -> None:
        """Kept, and scheduled by where anything is: victims end at once, as by `stop`."""
        await self._enter("set_preemption")
        self.preemption = frozenset(pools)
        self._schedule()

    # -- inside

    @property
    def _kind(self) -> str:
        return next(iter(self._nodes.values())).total.accelerator_kind

    def _usable(self) -> dict[str, Node]:
        return {
            name: node for name, node in self._nodes.items() if node.healthy and name not in self.isolated
        }

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
        if not self._schedules:
            return
        total = sum((Demand.of_task(node.total) for node in self._nodes.values()), Demand())
        detail = never_fits(entry.launch.spec, total, self._kind)
        if detail:
            entry.seen = Observation(RunState.EXITED, reason=Reason.LAUNCH_REJECTED, detail=detail)

    def _held(self) -> dict[str, Demand]:
        held: dict[str, Demand] = {}
        for entry in self._entries.values():
            if entry.seen.state in LIVE:
                held[entry.pool] = held.get(entry.pool, Demand()) + entry.waiting.demand
        return held

    def _size(self) -> Demand:
        return sum((Demand.of_task(node.total) for node in self._usable().values()), Demand())

    def _rooms(self) -> dict[str, Room]:
        return divide(self._size(), self.shares, self._held())

    def _schedule(self) -> None:
        if not self._schedules:
            return
        self._start_what_fits()
        for head in self._lines().heads(self._rooms(), self.preemption):
            holders = [entry.holder for entry in self._entries.values() if entry.seen.state in LIVE]
            for key in choose_victims(head, holders, self._size(), self.shares):
                self._preempt(key, head.key)
        self._start_what_fits()
        lines, rooms = self._lines(), self._rooms()
        for entry in self._entries.values():
            if entry.seen.state is RunState.QUEUED:
                closed = sorted(self._nodes) if entry.barred else ()
                lines.look(entry.waiting, rooms, closed)
                entry.seen = Observation(RunState.QUEUED, wait=lines.note(entry.launch.key))

    def _start_what_fits(self) -> None:
        for key in self._lines().admit(self._rooms()):
            self._starts += 1
            self._entries[key].started = self._starts
            self._entries[key].seen = Observation(RunState.RUNNING)

    def _preempt(self, key: str, by: str) -> None:
        self.stops.append((key, self._entries[key].launch.spec.grace_s))
        detail = f"pre-empted by {by}"
        self._entries[key].seen = Observation(RunState.EXITED, reason=Reason.PREEMPTED, detail=detail)

    def _lines(self) -> Lines:
        lines, usable = Lines(), set(self._usable())
        for entry in self._entries.values():
            if entry.seen.state is RunState.QUEUED:
                entry.barred = usable <= set(entry.launch.avoid)
                lines.enter(entry.waiting)
        return lines


def _resources(amount: Demand, kind: str) -> Resources:
    return Resources.model_construct(
        cpus=amount.millicpus / 1000,
        memory_mib=amount.memory_mib,
        accelerators=amount.accelerators,
        accelerator_kind=kind,
    )
