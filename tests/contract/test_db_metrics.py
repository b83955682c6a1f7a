"""Resource samples on both databases: stored once, thinned without losing or counting twice."""

import random
from collections.abc import Sequence

import pytest

from tests.contract.db_fixtures import PROJECT, make_job
from trainwright.db.database import Database
from trainwright.domain.entities import Attempt
from trainwright.domain.errors import AttemptClosed
from trainwright.ports.uow import PLATFORM, MetricBatch, Scope, UnitOfWork

KEY = "job-1-a1"
TASK = "worker-0"


@pytest.fixture(autouse=True)
def _attempt(database: Database) -> None:
    with database.units(PLATFORM) as uow:
        uow.jobs.add(make_job("job-1"))
        (held,) = uow.leases.claim_due("here", 0, lease_ms=1, limit=1)
        uow.leases.save(held, held.job, Attempt("job-1", 1, created_at_ms=1), [])
        uow.commit()


def batch(start_s: int, *numbers: float, name: str = "cpuUsage", step_s: int = 1) -> MetricBatch:
    return MetricBatch(KEY, TASK, start_s, step_s, {name: list(numbers)})


def stored(uow: UnitOfWork, since_s: int = 0) -> tuple[MetricBatch, ...]:
    return uow.metrics.list_of_task(KEY, TASK, since_s=since_s)


def means(batches: Sequence[MetricBatch], name: str = "cpuUsage") -> dict[int, float]:
    """Start of the minute -> mean."""
    return {
        each.start_s + step * each.step_s: number
        for each in batches
        for step, number in enumerate(each.values.get(name, []))
    }


def test_a_repeated_batch_is_stored_once(database: Database) -> None:
    """Guards against doubled samples when a report is sent again; the later one counts."""
    with database.units(Scope(PROJECT)) as uow:
        uow.metrics.add(batch(100, 1.0, 2.0))
        uow.metrics.add(batch(100, 1.0, 2.0, 3.0))
        uow.metrics.add(batch(90, -1.0))
        assert stored(uow) == (batch(90, -1.0), batch(100, 1.0, 2.0, 3.0))
        assert stored(uow, since_s=102) == (batch(100, 1.0, 2.0, 3.0),)
        assert stored(uow, since_s=103) == ()
        assert uow.metrics.list_of_task(KEY, "worker-1") == ()
        with pytest.raises(AttemptClosed):
            uow.metrics.add(MetricBatch("job-1-a2", TASK, 0, 1, {}))


def test_old_seconds_become_minutes(database: Database) -> None:
    """Guards thinning: means over whole minutes, gaps kept as -1, younger batches untouched, twice is once."""
    with database.units(PLATFORM) as uow:
        uow.metrics.add(batch(3590, *([2.0] * 10)))  # to the full hour
        uow.metrics.add(batch(3600, 1.0, -1.0, 4.0))
        uow.metrics.add(batch(3660, -1.0))
        uow.metrics.add(batch(3720, 6.0))
        uow.metrics.add(batch(3800, 9.0))
        assert uow.metrics.compact(3801) == 4
        assert uow.metrics.compact(3801) == 0
        batches = stored(uow)
        assert [(each.start_s, each.step_s) for each in batches] == [(3540, 60), (3600, 60), (3800, 1)]
        assert means(batches[:2]) == {3540: 2.0, 3600: 2.5, 3660: -1.0, 3720: 6.0}
        uow.commit()


def test_late_samples_still_count(database: Database) -> None:
    """Guards the mean of a minute whose samples arrive before and after it was thinned."""
    with database.units(PLATFORM) as uow:
        uow.metrics.add(batch(120, *([1.0] * 30)))
        assert uow.metrics.compact(10_000) == 1
        uow.metrics.add(batch(150, *([4.0] * 10)))
        uow.metrics.add(MetricBatch(KEY, TASK, 110, 1, {"memUsage": [8.0] * 20}))
        assert uow.metrics.compact(10_000) == 2
        (hour,) = stored(uow)
        assert means([hour]) == {60: -1.0, 120: 1.75}
        assert means([hour], "memUsage") == {60: 8.0, 120: 8.0}


def test_thinning_in_pieces_is_thinning_at_once(database: Database) -> None:
    """Guards against any dependence on when the chore ran: random batches, random moments, the exact means."""
    chance = random.Random(7)
    seconds = {second: float(chance.randrange(100)) for second in range(5000) if chance.random() < 0.8}
    batches, second = [], 0
    while second < 5000:
        length = chance.randrange(1, 40)
        batches.append(batch(second, *(seconds.get(at, -1.0) for at in range(second, second + length))))
        second += length
    chance.shuffle(batches)
    removed = 0
    with database.units(PLATFORM) as uow:
        for each in batches:
            uow.metrics.add(each)
            if chance.random() < 0.05:
                removed += uow.metrics.compact(chance.randrange(6000))
        removed += uow.metrics.compact(10_000)
        found = means(stored(uow))
        uow.commit()
    assert removed == len(batches)
    for minute_s in range(0, 4980, 60):
        inside = [seconds[at] for at in range(minute_s, minute_s + 60) if at in seconds]
        assert found[minute_s] == pytest.approx(sum(inside) / len(inside), abs=0.01)
