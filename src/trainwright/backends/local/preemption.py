"""Who must go so that the head of a pool's queue can start. Pure.

Victims run in the head's own pool, allow it, and have a lower priority than the head. Urgency counts in the queue only:
an urgent launch of priority 1 sends nobody away. Nobody goes in vain: the victims are chosen only when the head fits
once they have left, and never more of them than it takes. Of as many, those of the lowest priority go, then those
that started last, which lose the least.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter

from trainwright.backends.local.schedule import PUBLIC, Waiting, public_size
from trainwright.domain.demand import Demand

SEARCH_MAX = (
    5_000  # steps; beyond them the victims are no longer the fewest possible, but still none is superfluous
)
KINDS = tuple(attrgetter(name) for name in ("millicpus", "memory_mib", "accelerators"))


@dataclass(frozen=True, slots=True)
class Holder:
    """One attempt that runs. `started` grows with every start; `leaving`: it was asked to end already."""

    key: str
    priority: int
    started: int
    held: Demand
    pool: str = PUBLIC
    preemptible: bool = False
    leaving: bool = False


def choose_victims(
    head: Waiting, holders: Sequence[Holder], total: Demand, shares: Mapping[str, Demand]
) -> tuple[str, ...]:
    """Keys of the attempts to send away for `head`, in the order in which they are given up most easily.

    None when it will fit once those that leave already have left, and none when it would not fit all the same.
    """
    staying: dict[str, Demand] = {}
    for holder in holders:
        if not holder.leaving:
            staying[holder.pool] = staying.get(holder.pool, Demand()) + holder.held
    need = shortfall(head, total, shares, staying)
    candidates = sorted(
        (
            holder
            for holder in holders
            if holder.preemptible
            and not holder.leaving
            and holder.pool == head.pool
            and holder.priority < head.priority
        ),
        key=lambda holder: (holder.priority, -holder.started),
    )
    if need == Demand() or not need.fits(_sum(candidates)):
        return ()
    return tuple(holder.key for holder in _fewest(candidates, need))


def shortfall(
    head: Waiting, total: Demand, shares: Mapping[str, Demand], held: Mapping[str, Demand]
) -> Demand:
    """How much must become free in the head's pool until `schedule.divide` gives it room for the head."""
    sizes = {**shares, PUBLIC: public_size(total, shares)}
    served_first = Demand()
    for pool, size in sizes.items():
        if pool == head.pool:
            break
        served_first += (size - held.get(pool, Demand())).most(Demand())
    in_pool = head.demand + held.get(head.pool, Demand()) - sizes.get(head.pool, Demand())
    on_machine = head.demand + served_first + sum(held.values(), Demand()) - total
    lacking = in_pool.most(on_machine).most(Demand())
    wanted = (kind(lacking) if kind(head.demand) else 0 for kind in KINDS)  # nothing is always there
    return Demand(*wanted)


def _fewest(candidates: Sequence[Holder], need: Demand) -> Sequence[Holder]:
    """The first in order of all smallest sets that give at least `need`; all `candidates` together do."""
    steps = 0

    @cache
    def at_most(index: int, count: int) -> Demand:
        """More than this the `count` largest of those from `index` on cannot give."""
        rest = [holder.held for holder in candidates[index:]]
        return Demand(*(sum(sorted(map(kind, rest), reverse=True)[:count]) for kind in KINDS))

    def search(index: int, count: int, missing: Demand) -> list[Holder] | None:
        nonlocal steps
        steps += 1
        if missing == Demand():
            return []
        if count == 0 or steps > SEARCH_MAX or not missing.fits(at_most(index, count)):
            return None
        for at in range(index, len(candidates) - count + 1):
            left = (missing - candidates[at].held).most(Demand())
            found = None if left == missing else search(at + 1, count - 1, left)
            if found is not None:
                return [candidates[at], *found]
            if not missing.fits(at_most(at + 1, count)):
                return None
        return None

    for count in range(1, len(candidates) + 1):
        if need.fits(at_most(0, count)):
            found = search(0, count, need)
            if found is not None:
                return found
            if steps > SEARCH_MAX:
                break
    return _without_superfluous(candidates, need)


def _without_superfluous(candidates: Sequence[Holder], need: Demand) -> Sequence[Holder]:
    """A set that gives `need` and no longer does without any one of its members."""
    chosen = list(candidates)
    for holder in reversed(candidates):  # keep from harm first whom it would cost most
        rest = [other for other in chosen if other is not holder]
        if need.fits(_sum(rest)):
            chosen = rest
    return chosen


def _sum(holders: Sequence[Holder]) -> Demand:
    return sum((holder.held for holder in holders), Demand())
