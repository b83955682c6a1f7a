"""Who may start now on one machine: gang admission, priorities, FIFO, and backfill that never delays the head. Pure.

The machine is divided into pools. Each dedicated pool has its share, the public pool (empty id) the rest, and each is
scheduled as a machine of its own. A share that was lowered, or taken away while the public pool was full, may be held
by what still runs: nobody is given more than is there.

The queue is ordered by urgency, then by priority (3 first), then by arrival. The first launch that does not fit is the
*head*. How long anything runs is unknown, so the tasks that run may end in any order; whichever of them have ended when
the head would have fitted, it must then fit with those that passed it too. A launch behind the head may therefore start
only when it leaves the head its whole demand in every such set of ended tasks (`left_behind`, tested as a property).
Four CPUs, one task on three of them, a head that asks for two: nothing but the end of that task can let it start, and
then one CPU is left over, which may be used now.

Where the sets are too many, or what they give back is not all the pool's (it holds more than its share), a launch
behind the head

- takes nothing of a dimension the head is short of, and
- of every other dimension takes only what is left after the head's whole demand is set aside,

which keeps the same promise for whatever becomes free.

A launch that is larger than its whole pool waits until the pool grows, one that is *barred* (it must not run on this
machine) until it is sent elsewhere. Neither is anybody's head.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from trainwright.domain.demand import Demand
from trainwright.domain.entities import Note
from trainwright.domain.specs import LaunchSpec
from trainwright.ports.pools import PUBLIC_POOL

PUBLIC = ""
_amounts = attrgetter("millicpus", "memory_mib", "accelerators")
SUMS_MAX = (
    256  # of what running tasks give back together; 0.6 ms at worst (200 tasks of all sizes, 2026-11-22)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One launch in the queue. `sequence` grows with every arrival."""

    key: str
    priority: int
    sequence: int
    demand: Demand
    pool: str = PUBLIC
    urgent: bool = False
    barred: bool = False

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Sorts the queue: the lowest first."""
        return (not self.urgent, -self.priority, self.sequence)


@dataclass(frozen=True, slots=True)
class Room:
    """What a pool has, and what of it can be given away now. `tasks`: what each running task gives back to it when it
    ends; None: not known.
    """

    size: Demand
    free: Demand
    tasks: tuple[Demand, ...] | None = None


def divide(
    total: Demand,
    shares: Mapping[str, Demand],
    held: Mapping[str, Demand],
    tasks: Mapping[str, Sequence[Demand]] | None = None,
) -> dict[str, Room]:
    """The rooms of all pools, the public one last; `held` is what runs in each pool, `tasks` the same task by task.

    Together the free parts never exceed what is free of `total`: where the running hold more than their pools have,
    the first pools in the order of `shares` get what there is.
    """
    left = (total - sum(held.values(), Demand())).most(Demand())
    rooms = {}
    for pool, size in {**shares, PUBLIC: public_size(total, shares)}.items():
        unheld = size - held.get(pool, Demand())
        free = unheld.most(Demand()).least(left)
        gives_back = None if tasks is None or free != unheld else tuple(tasks.get(pool, ()))
        rooms[pool] = Room(size, free, gives_back)
        left -= free
    return rooms


def public_size(total: Demand, shares: Mapping[str, Demand]) -> Demand:
    """What the dedicated pools leave to the public one."""
    return (total - sum(shares.values(), Demand())).most(Demand())


def admit(classes: Iterable[Sequence[Waiting]], room: Room) -> tuple[str, ...]:
    """Keys that may start now in one pool, in queue order. Each of `classes` holds launches of one demand, sorted by
    `rank`; none of them is barred.

    Together they fit into `room.free`. What is free only shrinks, so a class whose first one does not fit is left
    alone: ten thousand launches of ten sizes cost no more than ten and those that start. Where something starts in
    front of the head, `room.tasks` lacks it, and what may start behind is told when asked again.
    """
    admitted: list[str] = []
    free = room.free
    behind_head = False
    merged = [(waiting[0].rank, number, 0, waiting) for number, waiting in enumerate(classes) if waiting]
    heapq.heapify(merged)
    while merged and free.millicpus and free.memory_mib:  # every launch takes some of both
        _, number, at, waiting = merged[0]
        demand = waiting[at].demand
        if demand.fits(free):
            admitted.append(waiting[at].key)
            free -= demand
            if at + 1 < len(waiting):
                heapq.heapreplace(merged, (waiting[at + 1].rank, number, at + 1, waiting))
                continue
        elif not behind_head and demand.fits(room.size):
            if admitted and room.tasks is not None:
                break
            if not any(others[at].demand.fits(free) for _, _, at, others in merged):
                break
            behind_head = True
            free = left_behind(free, demand, room.tasks or ())
        heapq.heappop(merged)
    return tuple(admitted)


def left_behind(free: Demand, head: Demand, tasks: Iterable[Demand]) -> Demand:
    """What launches behind a head may take together of what is free; the head asks for more than that. `tasks` as in
    `Room`; none: not known.
    """
    cautious = (free - head).most(Demand())
    least = _amounts(cautious)
    cpus, memory, accelerators = _amounts(head - free)  # lacking where positive
    most_cpus, most_memory, most_accelerators = _amounts(free)
    enough = False
    short = {(0, 0, 0)}  # what sets of tasks give back together and is not enough for the head
    before, longer = (0, 0, 0), [(0, 0, 0)]
    for task in sorted(map(_amounts, tasks), reverse=True):
        # Another of the same size makes something new only of what the last one was added to.
        extended = longer if task == before else list(short)
        before, longer = task, []
        for given in extended:
            spare_cpus = given[0] + task[0] - cpus
            spare_memory = given[1] + task[1] - memory
            spare_accelerators = given[2] + task[2] - accelerators
            if spare_cpus < 0 or spare_memory < 0 or spare_accelerators < 0:
                together = (given[0] + task[0], given[1] + task[1], given[2] + task[2])
                if together not in short:
                    short.add(together)
                    longer.append(together)
                continue
            enough = True
            most_cpus = spare_cpus if spare_cpus < most_cpus else most_cpus
            most_memory = spare_memory if spare_memory < most_memory else most_memory
            if spare_accelerators < most_accelerators:
                most_accelerators = spare_accelerators
            if (most_cpus, most_memory, most_accelerators) == least:
                return cautious
        if len(short) > SUMS_MAX:
            return cautious
    return Demand(most_cpus, most_memory, most_accelerators) if enough else cautious


def head_of(classes: Iterable[Sequence[Waiting]], room: Room) -> Waiting | None:
    """The first that could start in the pool if nothing ran there; `classes` as for `admit`."""
    possible = (waiting[0] for waiting in classes if waiting and waiting[0].demand.fits(room.size))
    return min(possible, key=lambda waiting: waiting.rank, default=None)


def explain(waiting: Waiting, room: Room, position: int, closed: Sequence[str] = ()) -> Note:
    """Why the launch at `position` (from 1) of a queue with nothing admissible in it still waits.

    `closed`: the machines it may not use, when there is no other. Of several things missing the scarcest kind is named:
    accelerators, then CPUs, then memory.
    """
    asked, pool = waiting.demand, waiting.pool
    if closed:
        return Note("wait_node_isolated", {"nodes": ", ".join(closed), "position": position})
    if not asked.fits(room.size):
        kind, amount, size = _shortage(asked, room.size)
        slots = {"asked": amount, "size": size, "position": position}
        return Note(f"wait_size_{kind}", {**slots, "pool": pool or PUBLIC_POOL})
    form, place = ("wait_pool", {"pool": pool}) if pool else ("wait", {})
    if asked.fits(room.free):
        return Note(f"{form}_ahead", {"position": position, **place})
    kind, amount, free = _shortage(asked, room.free)
    return Note(f"{form}_{kind}", {"asked": amount, "free": free, "position": position, **place})


def _shortage(asked: Demand, room: Demand) -> tuple[str, int | float, int | float]:
    if asked.accelerators > room.accelerators:
        return "accelerators", asked.accelerators, room.accelerators
    if asked.millicpus > room.millicpus:
        return "cpus", asked.cpus, room.cpus
    return "memory", asked.memory_mib, room.memory_mib


def never_fits(spec: LaunchSpec, total: Demand, accelerator_kind: str) -> str:
    """Why a launch can never start on a machine of size `total`, in English; empty when it can."""
    asked = Demand.of_launch(spec)
    for role in spec.roles:
        kind = role.resources.accelerator_kind
        if role.resources.accelerators and kind and kind != accelerator_kind:
            have = f"only {accelerator_kind}s" if accelerator_kind else "none"
            return f"{asked.accelerators} {kind} accelerators asked, this machine has {have}"
    missing = []
    if asked.accelerators > total.accelerators:
        missing.append(f"{asked.accelerators} accelerators asked, this machine has {total.accelerators}")
    if asked.millicpus > total.millicpus:
        missing.append(f"{asked.cpus} CPUs asked, this machine has {total.cpus}")
    if asked.memory_mib > total.memory_mib:
        missing.append(f"{asked.memory_mib} MiB of memory asked, this machine has {total.memory_mib}")
    return "; ".join(missing)
