"""When what waits will probably start."""

from pathlib import Path

from tests.backends.stage import Stage
from tests.domain.builders import make_role
from trainwright.backends.local.disk import Disk
from trainwright.backends.local.dispatch import ESTIMATE_EVERY_MS, SHORT_LINE
from trainwright.backends.local.estimate import MINUTE_MS, expected_end, expected_starts
from trainwright.backends.local.machine import Machine
from trainwright.backends.local.runtimes import POOLS_KEPT, RUNS_KEPT, RunTimes
from trainwright.backends.local.schedule import Waiting
from trainwright.domain.demand import Demand
from trainwright.domain.specs import Resources

SIZE = Demand(4_000, 4_000, 2)
TEN_MINUTES = 10 * MINUTE_MS


def waiting(name: str, cpus: int, *, barred: bool = False) -> Waiting:
    """One of the line."""
    return Waiting(name, 1, 0, Demand(cpus * 1000, 100), barred=barred)


def test_the_line_is_played_through_in_its_order() -> None:
    """Guards the arithmetic: each starts when enough of those before it have ended."""
    running = [(TEN_MINUTES, Demand(2_000, 100)), (3 * TEN_MINUTES, Demand(2_000, 100))]
    line = [waiting("a", 2), waiting("b", 4), waiting("c", 1), waiting("d", 1)]
    starts = expected_starts(0, line, SIZE, running, [TEN_MINUTES])
    assert starts == {"a": TEN_MINUTES, "b": 3 * TEN_MINUTES, "c": 4 * TEN_MINUTES, "d": 4 * TEN_MINUTES}


def test_who_cannot_start_is_given_no_time() -> None:
    """Guards the barred, those larger than their pool, and pools without a history."""
    line = [waiting("barred", 1, barred=True), waiting("large", 5), waiting("a", 4)]
    assert expected_starts(0, line, SIZE, [], [MINUTE_MS]) == {"a": 0}
    assert expected_starts(0, line, SIZE, [], []) == {}


def test_times_are_told_as_exactly_as_they_are_known() -> None:
    """Guards against a note that changes with every look: 5 seconds, a minute, ten minutes, always upwards."""
    for wait_ms, told in ((7_001, 10_000), (61_000, 120_000), (3_600_001, 4_200_000)):
        starts = expected_starts(0, [waiting("a", 4)], SIZE, [(wait_ms, Demand(1_000, 1))], [MINUTE_MS])
        assert starts == {"a": told}


def test_who_outlives_expectations_is_expected_to_live_on() -> None:
    """Guards the expected end: the median of those that ran longer; beyond them all, as long again."""
    times = [1_000, 5_000, 9_000]
    assert expected_end(10_000, 10_000, times) == 15_000
    assert expected_end(14_000, 10_000, times) == 15_000
    assert expected_end(16_000, 10_000, times) == 19_000
    assert expected_end(30_000, 10_000, times) == 50_000


def test_a_pool_over_its_size_gives_nothing_before_it_is_back_within() -> None:
    """Guards lowered shares: what is held beyond the pool is paid back first."""
    running = [(MINUTE_MS, Demand(4_000, 1)), (2 * MINUTE_MS, Demand(4_000, 1))]
    assert expected_starts(0, [waiting("a", 1)], SIZE, running, [MINUTE_MS]) == {"a": 2 * MINUTE_MS}


def test_run_times_are_bounded_and_survive(tmp_path: Path) -> None:
    """Guards memory and file: the last runs of the last pools; a broken file is no history and no error."""
    times = RunTimes(tmp_path / "run-times.json", Disk())
    for number in range(RUNS_KEPT + 50):
        times.add("busy", number)
    for number in range(POOLS_KEPT + 5):
        times.add(f"pool-{number}", 1)
    assert times.of("busy") == ()
    for number in range(RUNS_KEPT + 50):
        times.add("busy", number)
    assert list(times.of("busy")) == list(range(50, RUNS_KEPT + 50))
    times.store(times.copy())
    again = RunTimes(tmp_path / "run-times.json", Disk())
    again.load()
    assert again.copy() == times.copy()
    for broken in ("", "[]", '{"pools": {"a": [null]}}', '{"pools": 3}'):
        (tmp_path / "run-times.json").write_text(broken)
        fresh = RunTimes(tmp_path / "run-times.json", Disk())
        fresh.load()
        assert fresh.copy() == {}


def one_place() -> Stage:
    """A machine that runs one at a time, and has run four for a minute each."""
    stage = Stage(Machine(1, 4_000))
    for _ in range(4):
        attempt = stage.submit()
        stage.passes()
        stage.clock.at_ms += MINUTE_MS
        stage.end(attempt)
    return stage


def starts_at(stage: Stage, key: str) -> int | None:
    """What the one that waits is told."""
    attempt = stage.attempts[key]
    stage.dispatch.look(attempt, stage.machine)
    note = stage.dispatch.note(attempt, stage.machine)
    assert note is not None
    told = note.slots.get("starts_at_ms")
    return None if told is None else int(told)


def test_notes_say_when_once_there_is_a_history() -> None:
    """Guards the slot: absent at first, then told, following what happens; never of those that nothing can start."""
    stage = Stage(Machine(1, 4_000))
    stage.submit()
    stage.passes()
    assert starts_at(stage, stage.submit().key) is None
    stage = one_place()
    stage.submit()
    first, second = stage.submit(), stage.submit()
    stage.passes()
    minute = stage.clock.at_ms // MINUTE_MS * MINUTE_MS
    told = [starts_at(stage, attempt.key) for attempt in (first, second)]
    assert told == [minute + 2 * MINUTE_MS, minute + 3 * MINUTE_MS]
    stage.clock.at_ms += 5_000
    stage.end(stage.running()[0])
    stage.passes()
    assert starts_at(stage, second.key) == minute + 2 * MINUTE_MS
    stage.dispatch.isolated = frozenset((stage.machine.host,))
    stage.dispatch.changed()
    assert starts_at(stage, second.key) is None
    large = stage.submit(make_role(resources=Resources(cpus=3, memory_mib=1)))
    stage.dispatch.isolated = frozenset()
    assert starts_at(stage, large.key) is None


def test_preempted_and_unseen_runs_teach_nothing() -> None:
    """Guards the history: only whole runs that were watched count."""
    stage = Stage(Machine(1, 4_000))
    for _ in range(5):
        attempt = stage.submit()
        stage.passes()
        attempt.preempted_by = "job x"
        stage.end(attempt)
    assert stage.dispatch.run_times.of("") == ()


def test_a_long_line_is_not_played_through_for_every_look() -> None:
    """Guards the cost of ten thousand that wait and all ask: one estimate in two seconds, however much changes."""
    stage = one_place()
    attempts = [stage.submit() for _ in range(SHORT_LINE + 2)]
    stage.passes()
    last = attempts[-1]
    told = starts_at(stage, last.key)
    assert told is not None
    for attempt in attempts[5:40]:
        stage.stop(attempt)
    assert starts_at(stage, last.key) == told
    stage.clock.at_ms += ESTIMATE_EVERY_MS
    assert starts_at(stage, last.key) != told
