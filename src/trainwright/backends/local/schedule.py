"""Who may start now on one machine: gang admission, priorities, FIFO, and backfill that never delays the head. Pure.

The queue is ordered by priority (3 first), then by arrival. The first launch that does not fit is the *head*. How long
anything runs is unknown, so no promise about the future can be made from the running set; what can be promised is that
nothing the head will need is given away behind its back. A launch behind the head may therefore start only when it

- takes nothing of a dimension the head is short of, and
- of every other dimension takes only what is left after the head's whole demand is set aside.

Whenever the head would have fitted without those launches, it then fits with them too (tested as a property).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from trainwright.domain.demand import Demand
from trainwright.domain.entities import Note
from trainwright.domain.specs import LaunchSpec


@dataclass(frozen=True, slots=True)
class Waiting:
    """One launch in the queue. `sequence` grows with every arrival."""

    key: str
    priority: int
    sequence: int
    demand: Demand

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts the queue: the lowest first."""
        return (-self.priority, self.sequence)


def admit(queue: Sequence[Waiting], free: Demand) -> tuple[str, ...]:
    """Keys that may start now, in queue order; `queue` must be sorted by `rank`.

    Together they fit into `free`. Looks no further than something could still start, so a long queue costs nothing.
    """
    admitted: list[str] = []
    room = free
    behind_head = False
    for waiting in queue:
        if waiting.demand.fits(room):
            admitted.append(waiting.key)
            room -= waiting.demand
        elif not behind_head:
            behind_head = True
            room = _room_behind(waiting.demand, room)
        if not (room.millicpus and room.memory_mib):  # every launch takes some of both
            break
    return tuple(admitted)


def _room_behind(head: Demand, free: Demand) -> Demand:
    """What launches behind a head that does not fit may take."""
    return Demand(
        max(0, free.millicpus - head.millicpus),
        max(0, free.memory_mib - head.memory_mib),
        max(0, free.accelerators - head.accelerators),
    )


def explain(waiting: Waiting, free: Demand, position: int) -> Note:
    """Why the launch at `position` (from 1) of a queue with nothing admissible in it still waits.

    Of several things missing the scarcest kind is named: accelerators, then CPUs, then memory.
    """
    asked = waiting.demand
    if asked.accelerators > free.accelerators:
        slots = {"asked": asked.accelerators, "free": free.accelerators, "position": position}
        return Note("wait_accelerators", {**slots})
    if asked.millicpus > free.millicpus:
        return Note("wait_cpus", {"asked": asked.cpus, "free": free.cpus, "position": position})
    if asked.memory_mib > free.memory_mib:
        return Note("wait_memory", {"asked": asked.memory_mib, "free": free.memory_mib, "position": position})
    return Note("wait_ahead", {"position": position})


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
