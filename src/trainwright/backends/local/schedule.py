"""Who may start now on one machine: gang admission, priorities, FIFO, and backfill that never delays the head. Pure.

The machine is divided into pools. Each dedicated pool has its share, the public pool (empty id) the rest, and each is
scheduled as a machine of its own. A share that was lowered, or taken away while the public pool was full, may be held
by what still runs: nobody is given more than is there.

The queue is ordered by urgency, then by priority (3 first), then by arrival. The first launch that does not fit is the
*head*. How long anything runs is unknown, so no promise about the future can be made from the running set; what can be
promised is that nothing the head will need is given away behind its back. A launch behind the head may therefore start
only when it

- takes nothing of a dimension the head is short of, and
- of every other dimension takes only what is left after the head's whole demand is set aside.

Whenever the head would have fitted without those launches, it then fits with them too (tested as a property).

A launch that is larger than its whole pool waits until the pool grows, one that is *barred* (it must not run on this
machine) until it is sent elsewhere. Neither is anybody's head.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trainwright.domain.demand import Demand
from trainwright.domain.entities import Note
from trainwright.domain.specs import LaunchSpec
from trainwright.ports.pools import PUBLIC_POOL

PUBLIC = ""


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
    """What a pool has, and what of it can be given away now."""

    size: Demand
    free: Demand


def divide(total: Demand, shares: Mapping[str, Demand], held: Mapping[str, Demand]) -> dict[str, Room]:
    """The rooms of all pools, the public one last; `held` is what runs in each pool.

    Together the free parts never exceed what is free of `total`: where the running hold more than their pools have,
    the first pools in the order of `shares` get what there is.
    """
    left = (total - sum(held.values(), Demand())).most(Demand())
    rooms = {}
    for pool, size in {**shares, PUBLIC: public_size(total, shares)}.items():
        free = (size - held.get(pool, Demand())).most(Demand()).least(left)
        rooms[pool] = Room(size, free)
        left -= free
    return rooms


def public_size(total: Demand, shares: Mapping[str, Demand]) -> Demand:
    """What the dedicated pools leave to the public one."""
    return (total - sum(shares.values(), Demand())).most(Demand())


def admit(classes: Iterable[Sequence[Waiting]], room: Room) -> tuple[str, ...]:
    """Keys that may start now in one pool, in queue order. Each of `classes` holds launches of one demand, sorted by
    `rank`; none of them is barred.

    Together they fit into `room.free`. What is free only shrinks, so a class whose first one does not fit is left
    alone: ten thousand launches of ten sizes cost no more than ten and those that start.
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
            behind_head = True
            free = (free - demand).most(Demand())  # what launches behind this head may take
        heapq.heappop(merged)
    return tuple(admitted)


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
