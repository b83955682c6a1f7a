"""The schedule keeps its promises, whatever the queue."""

from collections.abc import Sequence
from functools import reduce
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.builders import make_launch, make_role
from trainwright.backends.local import schedule
from trainwright.backends.local.lines import Lines
from trainwright.backends.local.schedule import (
    PUBLIC,
    Room,
    Waiting,
    divide,
    explain,
    left_behind,
    never_fits,
)
from trainwright.domain.demand import Demand
from trainwright.domain.specs import Resources

TOTAL = Demand(8_000, 8_000, 4)

demands = st.builds(
    Demand,
    millicpus=st.integers(1, 16).map(lambda halves: halves * 500),
    memory_mib=st.integers(1, 8).map(lambda gibs: gibs * 1000),
    accelerators=st.integers(0, 4),
)
rooms = st.builds(
    Demand,
    millicpus=st.integers(0, 16).map(lambda halves: halves * 500),
    memory_mib=st.integers(0, 8).map(lambda gibs: gibs * 1000),
    accelerators=st.integers(0, 4),
)


def admit(queue: Sequence[Waiting], room: Room) -> tuple[str, ...]:
    """The schedule's answer for a whole line."""
    classes: dict[Demand, list[Waiting]] = {}
    for waiting in queue:
        classes.setdefault(waiting.demand, []).append(waiting)
    return schedule.admit(classes.values(), room)


def admit_one_by_one(queue: Sequence[Waiting], room: Room) -> tuple[str, ...]:
    """The rule as it is written down, launch by launch: what the schedule's answer is held against."""
    admitted, free, behind_head = [], room.free, False
    for waiting in queue:
        if waiting.demand.fits(free):
            admitted.append(waiting.key)
            free -= waiting.demand
        elif not behind_head and waiting.demand.fits(room.size):
            if admitted and room.tasks is not None:
                break
            behind_head = True
            free = set_by_set(free, waiting.demand, room.tasks or ())
    return tuple(admitted)


def set_by_set(free: Demand, head: Demand, tasks: Sequence[Demand]) -> Demand:
    """What may be taken behind the head: whichever tasks have ended when it would have fitted, it fits still."""
    spare = [
        free + sum(ended, Demand()) - head
        for count in range(len(tasks) + 1)
        for ended in combinations(tasks, count)
        if head.fits(free + sum(ended, Demand()))
    ]
    return reduce(Demand.least, spare, free) if spare else (free - head).most(Demand())


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting]:
    """A sorted queue; sequence numbers are unique."""
    asked = draw(st.lists(st.tuples(st.integers(1, 3), demands, st.integers(0, 9)), max_size=12))
    queue = [
        Waiting(f"k{at}", priority, at, demand, urgent=dice == 0)
        for at, (priority, demand, dice) in enumerate(asked)
    ]
    return sorted(queue, key=lambda waiting: waiting.rank)


def total_of(queue: list[Waiting], keys: tuple[str, ...]) -> Demand:
    """What these launches take together."""
    return sum((waiting.demand for waiting in queue if waiting.key in keys), Demand())


def head_after(queue: list[Waiting], free: Demand) -> tuple[Waiting | None, Demand]:
    """The first launch that does not fit when strict order is kept, and what is left in front of it."""
    for waiting in queue:
        if not waiting.demand.fits(free):
            return waiting, free
        free -= waiting.demand
    return None, free


@given(queues(), rooms)
def test_never_gives_away_more_than_there_is(queue: list[Waiting], free: Demand) -> None:
    """Guards against over-commitment, and against admitting anything twice or out of order."""
    keys = admit(queue, Room(TOTAL, free))
    assert total_of(queue, keys).fits(free)
    assert list(keys) == [waiting.key for waiting in queue if waiting.key in keys]


@given(queues(), rooms, rooms, st.lists(demands, max_size=6))
def test_the_rule_is_kept_launch_by_launch(
    queue: list[Waiting], size: Demand, free: Demand, tasks: list[Demand]
) -> None:
    """Guards the short way through a long queue: it ends where the long one does."""
    room = Room(size, free.least(size), tuple(tasks))
    assert admit(queue, room) == admit_one_by_one(queue, room)


@given(queues(), rooms)
def test_the_same_question_has_the_same_answer(queue: list[Waiting], free: Demand) -> None:
    """Guards determinism."""
    assert admit(queue, Room(TOTAL, free)) == admit(list(queue), Room(TOTAL, free))


@given(queues(), rooms)
def test_what_strict_order_starts_is_started(queue: list[Waiting], free: Demand) -> None:
    """Guards that everything in front of the head starts: a machine that can start the first of the queue does."""
    head, _ = head_after(queue, free)
    front = [waiting.key for waiting in queue if head is None or waiting.rank < head.rank]
    assert list(admit(queue, Room(TOTAL, free)))[: len(front)] == front


@given(queues(), rooms, rooms)
def test_backfill_never_delays_the_head(queue: list[Waiting], free: Demand, freed: Demand) -> None:
    """Guards the proof: whatever becomes free later, the head then fits if it would have fitted without backfill."""
    head, in_front = head_after(queue, free)
    if head is None:
        return
    backfilled = free - total_of(queue, admit(queue, Room(TOTAL, free)))
    if head.demand.fits(in_front + freed):
        assert head.demand.fits(backfilled + freed)


@given(rooms, demands, st.lists(demands, max_size=7))
def test_what_may_be_taken_behind_a_head(free: Demand, head: Demand, tasks: list[Demand]) -> None:
    """Guards both sides: nothing that could ever delay the head is given away, and nothing else is held back."""
    if head.fits(free):
        return
    allowed = left_behind(free, head, tasks)
    assert allowed == set_by_set(free, head, tasks)
    assert (free - head).most(Demand()).fits(allowed)
    assert allowed.fits(free)


@given(rooms, demands, st.lists(demands, max_size=5), st.data())
def test_who_passed_the_head_never_delays_it(
    free: Demand, head: Demand, tasks: list[Demand], data: st.DataObject
) -> None:
    """Guards the proof over time: several pass, what runs ends in any order, and more pass in between."""
    without = free
    running = [(task, True) for task in tasks]  # and whether it ran before the head came
    while running and not head.fits(without):
        allowed = left_behind(free, head, [task for task, _ in running])
        passes = data.draw(demands)
        if passes.fits(allowed):
            free -= passes
            running.append((passes, False))
        ended, before = running.pop(data.draw(st.integers(0, len(running) - 1)))
        free += ended
        without += ended if before else Demand()
    assert not head.fits(without) or head.fits(free)


def test_a_small_job_uses_what_the_head_cannot_use_whatever_happens() -> None:
    """Guards an idle CPU: the head waits for a task whose end gives more than the head needs."""
    queue = [Waiting("head", 1, 1, Demand(2000, 1000)), Waiting("small", 1, 2, Demand(1000, 1000))]
    size, free = Demand(4000, 8000), Demand(1000, 6000)
    assert admit(queue, Room(size, free, (Demand(3000, 2000),))) == ("small",)
    assert admit(queue, Room(size, free, (Demand(2000, 1000), Demand(1000, 1000)))) == ()
    assert admit(queue, Room(size, free)) == ()


def test_too_many_sets_of_tasks_are_not_gone_through() -> None:
    """Guards the time of a pass, and that the cautious rule holds then."""
    tasks = [Demand(1 << at, 1) for at in range(20)]
    head = Demand(1 << 20, 1)
    assert left_behind(Demand(500, 8), head, tasks) == Demand(0, 7)
    assert left_behind(Demand(500, 8), head, [Demand(1 << 20, 1)] * 500) == Demand(500, 8)


@given(queues(), rooms)
def test_waiting_has_a_place_and_a_true_cause(queue: list[Waiting], free: Demand) -> None:
    """Guards that a launch's own place is told and that a shortage is named only where there is one."""
    admitted = admit(queue, Room(TOTAL, free))
    left = [waiting for waiting in queue if waiting.key not in admitted]
    room = free - total_of(queue, admitted)
    for place, waiting in enumerate(left, start=1):
        note = explain(waiting, Room(TOTAL, room), place)
        assert note.slots["position"] == place
        if note.code == "wait_ahead":
            assert waiting.demand.fits(room)
        else:
            assert float(note.slots["asked"]) > float(note.slots["free"])


@st.composite
def divisions(draw: st.DrawFn) -> tuple[dict[str, Demand], dict[str, Demand]]:
    """Shares of up to three pools, and what runs in each pool, one that is gone and the public one: anything that can
    have come about, shares beyond the machine and pools fuller than their shares included.
    """
    names = draw(st.lists(st.sampled_from(("a", "b", "c")), unique=True))
    shares = {name: draw(rooms) for name in names}
    held: dict[str, Demand] = {}
    for name in (*names, "gone", PUBLIC):
        running = draw(rooms)
        if sum(held.values(), running).fits(TOTAL):
            held[name] = running
    return shares, held


@given(divisions())
def test_pools_together_never_give_more_than_is_there(
    division: tuple[dict[str, Demand], dict[str, Demand]],
) -> None:
    """Guards the machine: whatever shares are and whatever runs, what can be given away is free, and in its pool."""
    shares, held = division
    given_away = divide(TOTAL, shares, held)
    assert list(given_away) == [*shares, PUBLIC]
    assert sum((room.free for room in given_away.values()), sum(held.values(), Demand())).fits(TOTAL)
    for pool, room in given_away.items():
        assert Demand().fits(room.free)
        assert (room.free + held.get(pool, Demand())).fits(room.size.most(held.get(pool, Demand())))


@given(divisions(), queues())
def test_a_pool_within_its_share_is_a_machine_of_its_own(
    division: tuple[dict[str, Demand], dict[str, Demand]], queue: list[Waiting]
) -> None:
    """Guards the walls: where every pool keeps within its size, none notices what runs in the others."""
    shares, held = division
    sizes = {**shares, PUBLIC: TOTAL - sum(shares.values(), Demand())}
    if not Demand().fits(sizes[PUBLIC]) or any(
        not held[pool].fits(sizes.get(pool, Demand())) for pool in held
    ):
        return
    for pool, room in divide(TOTAL, shares, held).items():
        alone = Room(sizes[pool], sizes[pool] - held.get(pool, Demand()))
        assert room == alone
        assert admit(queue, room) == admit(queue, alone)


@given(queues(), rooms, rooms)
def test_what_can_never_start_in_a_pool_holds_up_nobody(
    queue: list[Waiting], size: Demand, free: Demand
) -> None:
    """Guards the others in line from a launch that is larger than its whole pool."""
    room = Room(size, free.least(size))
    possible = [waiting for waiting in queue if waiting.demand.fits(size)]
    assert admit(queue, room) == admit(possible, room)
    for waiting in queue:
        note = explain(waiting, room, 1)
        assert note.code.startswith("wait_size_") == (waiting not in possible)


def test_notes_name_the_pool() -> None:
    """Guards what a user reads of a job in a dedicated pool, and of one that its pool can never run."""
    room = Room(Demand(2000, 8, 1), Demand(1000, 8))
    note = explain(Waiting("a", 1, 1, Demand(2000, 1), "pool-a"), room, 2)
    assert (note.code, note.slots) == (
        "wait_pool_cpus",
        {"asked": 2, "free": 1, "position": 2, "pool": "pool-a"},
    )
    note = explain(Waiting("a", 1, 1, Demand(1000, 1), "pool-a"), room, 2)
    assert (note.code, note.slots) == ("wait_pool_ahead", {"position": 2, "pool": "pool-a"})
    note = explain(Waiting("a", 1, 1, Demand(1, 1, 2)), room, 1)
    slots = {"asked": 2, "size": 1, "position": 1, "pool": "pool-public"}
    assert (note.code, note.slots) == ("wait_size_accelerators", slots)


def test_the_urgent_go_before_every_priority_and_the_barred_before_nobody() -> None:
    """Guards the restart after a fault of a node, and that it holds up nobody where it must not run."""
    lines = Lines()
    for waiting in (
        Waiting("high", 3, 1, Demand(4000, 1)),
        Waiting("urgent", 1, 2, Demand(4000, 1), urgent=True),
        Waiting("barred", 1, 3, Demand(8000, 1), urgent=True, barred=True),
    ):
        lines.enter(waiting)
    rooms = {PUBLIC: Room(TOTAL, Demand(4000, 8000))}
    assert [waiting.key for waiting in lines.line(PUBLIC)] == ["urgent", "barred", "high"]
    assert lines.admit(rooms) == ("urgent",)
    lines.leave(lines.line(PUBLIC)[0])
    assert [head.key for head in lines.heads(rooms, [PUBLIC, "elsewhere"])] == ["high"]
    lines.look(lines.line(PUBLIC)[0], rooms, ["node-1", "node-2"])
    note = lines.note("barred")
    assert note is not None
    assert (note.code, note.slots) == ("wait_node_isolated", {"nodes": "node-1, node-2", "position": 1})


def test_small_jobs_pass_a_job_that_waits_for_accelerators_only() -> None:
    """Guards that backfill happens at all: CPUs beyond the head's demand are used."""
    queue = [
        Waiting("head", 1, 1, Demand(4000, 1000, 4)),
        Waiting("small", 1, 2, Demand(4000, 1000, 0)),
        Waiting("late", 1, 3, Demand(1000, 1000, 0)),
    ]
    assert admit(queue, Room(TOTAL, Demand(8000, 8000, 2))) == ("small",)


def test_notes_speak_in_whole_numbers_where_they_can() -> None:
    """Guards `4`, not `4.0`, in what a user reads."""
    note = explain(Waiting("a", 1, 1, Demand(4000, 1)), Room(TOTAL, Demand(2500, 8)), 1)
    assert (note.code, note.slots) == ("wait_cpus", {"asked": 4, "free": 2.5, "position": 1})
    note = explain(Waiting("a", 1, 1, Demand(1, 9)), Room(TOTAL, Demand(2500, 8)), 1)
    assert (note.code, note.slots) == ("wait_memory", {"asked": 9, "free": 8, "position": 1})
    note = explain(Waiting("a", 1, 1, Demand(1, 9, 2)), Room(TOTAL, Demand(2500, 8, 1)), 1)
    assert (note.code, note.slots) == ("wait_accelerators", {"asked": 2, "free": 1, "position": 1})


def test_a_gang_counts_as_a_whole() -> None:
    """Guards that all replicas of all roles are added up, and what is said when they can never fit."""
    each = Resources(cpus=2.5, memory_mib=1000, accelerators=2, accelerator_kind="gpu")
    spec = make_launch(make_role("ps", resources=each), make_role("worker", 2, resources=each))
    assert Demand.of_launch(spec) == Demand(7500, 3000, 6)
    assert never_fits(spec, Demand(7500, 3000, 6), "gpu") == ""
    assert "6 accelerators asked, this machine has 4" in never_fits(spec, TOTAL, "gpu")
    assert "only npus" in never_fits(spec, Demand(7500, 3000, 6), "npu")
    assert "has none" in never_fits(spec, Demand(7500, 3000, 0), "")
