"""Who is sent away, case by case, and exactly as few as it takes."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backends.test_schedule import demands, divisions
from trainwright.backends.local import preemption
from trainwright.backends.local.preemption import Holder, choose_victims, shortfall
from trainwright.backends.local.schedule import PUBLIC, Waiting, divide
from trainwright.domain.demand import Demand

TOTAL = Demand(8_000, 8_000, 4)
HEAD = Waiting("head", 3, 100, Demand(4_000, 1_000))


def holder(name: str, cpus: int, started: int = 0, *, priority: int = 1, **changes: bool) -> Holder:
    """One that runs and may be sent away."""
    details = {"preemptible": True, **changes}
    return Holder(name, priority, started, Demand(cpus * 1000, 100), PUBLIC, **details)


def test_one_large_goes_before_two_small() -> None:
    """Guards that fewest are harmed, whatever their priority."""
    running = [holder("a", 2), holder("b", 2), holder("c", 4, priority=2)]
    assert choose_victims(HEAD, running, TOTAL, {}) == ("c",)


def test_of_as_many_the_lowest_and_then_the_latest_go() -> None:
    """Guards the order among equals: priority first, then the least work lost."""
    running = [holder("old", 4, 1), holder("new", 4, 2)]
    assert choose_victims(HEAD, running, TOTAL, {}) == ("new",)
    running = [holder("low", 4, 1), holder("middle", 4, 2, priority=2)]
    assert choose_victims(HEAD, running, TOTAL, {}) == ("low",)


def test_nobody_goes_in_vain() -> None:
    """Guards those that could not help: firm ones, equals, other pools, and a head that would not fit all the same."""
    firm, equal = holder("firm", 4, preemptible=False), holder("equal", 4, priority=3)
    assert choose_victims(HEAD, [firm, equal], TOTAL, {}) == ()
    assert choose_victims(HEAD, [firm, equal, holder("small", 1)], Demand(9_000, 8_000), {}) == ()
    other = Holder("other", 1, 0, Demand(4_000, 100), "pool-a", preemptible=True)
    shares = {"pool-a": Demand(4_000, 4_000)}
    assert choose_victims(HEAD, [firm, other], TOTAL, shares) == ()


def test_those_that_leave_already_are_waited_for() -> None:
    """Guards against sending away more and more while the first ones take their grace."""
    running = [holder("leaving", 4, leaving=True), holder("staying", 4)]
    assert choose_victims(HEAD, running, TOTAL, {}) == ()
    large = Waiting("head", 3, 100, Demand(8_000, 1_000))
    assert choose_victims(large, running, TOTAL, {}) == ("staying",)


def test_urgency_sends_nobody_away() -> None:
    """Guards equals of an urgent launch: it goes before them in the queue, and never instead of them."""
    urgent = Waiting("head", 1, 100, Demand(4_000, 1_000), urgent=True)
    assert choose_victims(urgent, [holder("equal", 8)], TOTAL, {}) == ()


def test_what_the_head_does_not_ask_for_is_nobodys_loss() -> None:
    """Guards a pool that holds more than it has now, of a kind that the head wants nothing of."""
    running = [Holder(f"gpu-{at}", 1, at, Demand(1_000, 100, 1), PUBLIC, True) for at in range(4)]
    running.append(holder("cpu", 4))
    shares = {"pool-a": Demand(0, 0, 4)}
    assert choose_victims(HEAD, running, TOTAL, shares) == ("cpu",)


def test_beyond_the_search_none_is_superfluous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the way out of a search that grows too large."""
    monkeypatch.setattr(preemption, "SEARCH_MAX", 3)
    running = [holder(f"r{at}", 1 + at % 3, at) for at in range(5)]
    chosen = choose_victims(Waiting("head", 3, 1, Demand(7_000, 1)), running, TOTAL, {})
    given_up = {one.key: one.held for one in running if one.key in chosen}
    room = TOTAL - sum((one.held for one in running), Demand())
    assert Demand(7_000, 1).fits(room + sum(given_up.values(), Demand()))
    for key in given_up:
        rest = sum((held for name, held in given_up.items() if name != key), Demand())
        assert not Demand(7_000, 1).fits(room + rest)


def test_two_hundred_run_and_the_choice_is_made_in_no_time() -> None:
    """Guards the search against many alike of which none alone suffices."""
    running = [
        Holder(f"r{at}", 1, at, Demand(1_000 + at % 7 * 100, 1_000 - at % 5 * 100, at % 2), PUBLIC, True)
        for at in range(200)
    ]
    total = sum((one.held for one in running), Demand())
    head = Waiting("head", 3, 1, Demand(20_000, 14_000, 9))
    chosen = choose_victims(head, running, total, {})
    assert head.demand.fits(sum((one.held for one in running if one.key in chosen), Demand()))
    assert len(chosen) <= 16


@given(divisions(), demands, st.sampled_from(("a", "b", "c", PUBLIC)))
def test_the_shortfall_is_what_the_division_of_the_machine_lacks(
    division: tuple[dict[str, Demand], dict[str, Demand]], demand: Demand, pool: str
) -> None:
    """Guards that pre-emption and division agree, whatever is shared out and held beyond its share."""
    shares, held = division
    if pool not in (*shares, PUBLIC):
        return
    need = shortfall(Waiting("head", 3, 1, demand, pool), TOTAL, shares, held)
    fits = demand.fits(divide(TOTAL, shares, held)[pool].free)
    assert fits == (need == Demand())
    less = held.get(pool, Demand()) - need
    if Demand().fits(less):
        assert demand.fits(divide(TOTAL, shares, {**held, pool: less})[pool].free)


@given(st.lists(st.tuples(demands, st.integers(1, 3), st.booleans()), max_size=7), demands)
def test_never_more_than_it_takes(running: list[tuple[Demand, int, bool]], demand: Demand) -> None:
    """Guards the fewest by trying all smaller sets."""
    holders = [
        Holder(f"r{at}", priority, at, held, PUBLIC, preemptible)
        for at, (held, priority, preemptible) in enumerate(running)
    ]
    total = sum((one.held for one in holders), Demand(500, 500))
    head = Waiting("head", 3, 1, demand)
    chosen = choose_victims(head, holders, total, {})
    fair = [one for one in holders if one.preemptible and one.priority < 3]
    assert {one.key for one in fair} >= set(chosen)

    def room_without(gone: tuple[Holder, ...]) -> Demand:
        return total - sum((one.held for one in holders if one not in gone), Demand())

    if chosen:
        assert demand.fits(room_without(tuple(one for one in holders if one.key in chosen)))
        assert not any(demand.fits(room_without(some)) for some in combinations(fair, len(chosen) - 1))
    else:
        assert demand.fits(room_without(())) or not demand.fits(room_without(tuple(fair)))
