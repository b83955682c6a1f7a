"""Training metrics on both databases: stored once, in order, merged wherever they belong; and creation keys."""

import math
import random
from array import array
from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from trainwright.db.database import Database
from trainwright.db.training_metrics import BLOCK
from trainwright.domain.entities import Attempt
from trainwright.domain.errors import AttemptClosed
from trainwright.ports.training_metrics import STEP_MAX, Curve, Mark, SeriesKey
from trainwright.ports.uow import PLATFORM, Scope, UnitOfWork

KEY = "job-1-a1"
LOSS = SeriesKey(KEY, "worker-0", "loss")
ROOM = 1_000_000


@pytest.fixture(autouse=True)
def _attempt(database: Database) -> None:
    with database.units(PLATFORM) as uow:
        uow.jobs.add(make_job("job-1"))
        (held,) = uow.leases.claim_due("here", 0, lease_ms=1, limit=1)
        uow.leases.save(held, held.job, Attempt("job-1", 1, created_at_ms=1), [])
        uow.commit()


def curve(points: dict[int, float], *, time: int = 7) -> Curve:
    steps = sorted(points)
    values = [points[step] for step in steps]
    return Curve(array("q", steps), array("d", values), array("q", [time] * len(steps)))


def put(uow: UnitOfWork, points: dict[int, float], *, key: SeriesKey = LOSS, room: int = ROOM) -> int:
    total = uow.training_metrics.totals(key.attempt_key, key.task).get(key.name, 0)
    return uow.training_metrics.put(key, curve(points), total=total, room=room)


def stored(uow: UnitOfWork, key: SeriesKey = LOSS, *, after_step: int | None = None) -> dict[int, float]:
    found: dict[int, float] = {}
    steps: list[int] = []
    for piece in uow.training_metrics.pieces(key, after_step=after_step):
        steps += piece.steps
        found.update(zip(piece.steps, piece.values, strict=True))
    assert steps == sorted(set(steps))
    return found


def test_points_merge_whatever_their_order(database: Database) -> None:
    """Guards the rows' partition: random batches, early, late and repeated, give the last value of each step."""
    chance = random.Random(3)
    expected: dict[int, float] = {}
    with database.units(PLATFORM) as uow:
        for number in range(120):
            start = chance.choice([len(expected), chance.randrange(-3000, 9000), -STEP_MAX, STEP_MAX - 50])
            width = chance.choice([1, 7, BLOCK + 1, 1300])
            steps = range(max(start, -STEP_MAX), min(start + width * chance.choice([1, 3]), STEP_MAX), 1)
            points = {step: number + step / 7 for step in chance.sample(steps, min(width, len(steps)))}
            expected |= points
            assert put(uow, points) == len(expected)
        assert stored(uow) == expected
        assert uow.training_metrics.totals(KEY, "worker-0") == {"loss": len(expected)}
        middle = sorted(expected)[len(expected) // 2]
        for after in (middle, middle - 1, -STEP_MAX, STEP_MAX):
            left = {step: value for step, value in expected.items() if step > after}
            assert stored(uow, after_step=after) == left
        uow.commit()


def test_a_repeated_report_changes_nothing(database: Database) -> None:
    """Guards idempotence: the same points again, and a step told anew, which counts."""
    with database.units(PLATFORM) as uow:
        assert put(uow, {1: 0.5, 2: 0.25}) == 2
        assert put(uow, {1: 0.5, 2: 0.25}) == 2
        assert put(uow, {2: 9.0}) == 2
        assert stored(uow) == {1: 0.5, 2: 9.0}
        assert put(uow, {}) == 2


def test_values_are_kept_to_the_bit(database: Database) -> None:
    """Guards every kind of number: not a number, infinite, the smallest, the largest; and their times."""
    values = [math.nan, math.inf, -math.inf, 5e-324, -1.7976931348623157e308, -0.0, 1 / 3]
    with database.units(PLATFORM) as uow:
        put(uow, dict(enumerate(values)))
        (piece,) = uow.training_metrics.pieces(LOSS)
        assert piece.values.tobytes() == array("d", values).tobytes()
        assert list(piece.times) == [7] * len(values)


def test_room_is_kept(database: Database) -> None:
    """Guards the bound: of new steps the first ones are taken, steps that are there are replaced all the same."""
    with database.units(PLATFORM) as uow:
        assert put(uow, {10: 1.0, 20: 1.0, 30: 1.0}, room=2) == 2
        assert put(uow, {5: 2.0, 10: 2.0, 20: 2.0, 25: 2.0, 40: 2.0}, room=1) == 3
        assert stored(uow) == {5: 2.0, 10: 2.0, 20: 2.0}
        assert put(uow, {10: 3.0, 50: 3.0}, room=0) == 3
        assert put(uow, {60: 3.0}, room=-5) == 3
        assert stored(uow) == {5: 2.0, 10: 3.0, 20: 2.0}


def names(found: Iterable[SeriesKey]) -> list[tuple[str, str]]:
    return [(key.task, key.name) for key in found]


def test_series_are_listed_by_task_and_name(database: Database) -> None:
    """Guards filters, order, bounds, and other projects."""
    with database.units(PLATFORM) as uow:
        for task in ("worker-1", "worker-0"):
            for name in ("loss", "acc/val", "\u635f\u5931"):
                put(uow, {1: 1.0}, key=SeriesKey(KEY, task, name))
        uow.commit()
    with database.units(Scope(PROJECT), write=False) as uow:
        repository = uow.training_metrics
        found = repository.list_series([KEY, "job-9-a1"], limit=100)
        assert names(each.key for each in found) == [
            (task, name) for task in ("worker-0", "worker-1") for name in ("acc/val", "loss", "\u635f\u5931")
        ]
        assert repository.list_series([KEY], limit=2) == found[:2]
        assert repository.list_series([], limit=2) == ()
        of_task = repository.list_series([KEY], task="worker-1", limit=9)
        assert names(each.key for each in of_task) == names(each.key for each in found[3:])
        assert len(repository.list_series([KEY], name="loss", limit=9)) == 2
        assert len(repository.list_series([KEY], task="worker-1", name="loss", limit=9)) == 1
    with database.units(Scope(OTHER_PROJECT), write=False) as uow:
        assert uow.training_metrics.list_series([KEY], limit=9) == ()
        assert uow.training_metrics.totals(KEY, "worker-0") == {}
        assert uow.training_metrics.mark(KEY, "worker-0") == Mark()


def test_marks_come_back(database: Database) -> None:
    """Guards what is remembered of a task, and that logs still to be searched are found."""
    mark = Mark(points=3, reading=True, position=2**40, counts={"loss": 3}, told=frozenset({"names", "a"}))
    with database.units(PLATFORM) as uow:
        assert uow.training_metrics.mark(KEY, "worker-0") == Mark()
        uow.training_metrics.save_mark(KEY, "worker-0", Mark())
        uow.training_metrics.save_mark(KEY, "worker-0", mark)
        uow.training_metrics.save_mark(KEY, "worker-1", Mark())
        assert uow.training_metrics.mark(KEY, "worker-0") == mark
        assert uow.training_metrics.reading() == ((KEY, "worker-0"),)
        uow.commit()


def test_nothing_is_kept_of_what_is_gone(database: Database) -> None:
    """Guards deletion, and late writers: of an attempt that is gone nothing is taken."""
    with database.units(PLATFORM) as uow:
        put(uow, {1: 1.0})
        uow.training_metrics.save_mark(KEY, "worker-0", Mark(reading=True))
        uow.jobs.delete("job-1")
        assert stored(uow) == {}
        assert uow.training_metrics.reading() == ()
        with pytest.raises(AttemptClosed):
            put(uow, {1: 1.0})
        with pytest.raises(AttemptClosed):
            uow.training_metrics.save_mark(KEY, "worker-0", Mark())
        uow.commit()


def test_another_projects_creation_is_not_seen(database: Database) -> None:
    """Guards keys: the same key of another project finds nothing."""
    with database.units(PLATFORM) as uow:
        uow.creations.note(uow.jobs.get("job-1"), "digest")
        uow.commit()
    with database.units(Scope(OTHER_PROJECT), write=False) as uow:
        assert uow.creations.find("job-1") is None
    with database.units(Scope(PROJECT), write=False) as uow:
        assert uow.creations.find("job-1") == "digest"


def test_a_creation_outlives_its_job_for_a_while(database: Database) -> None:
    """Guards ids against being given again: what is forgotten is old, and of jobs that are gone."""
    with database.units(PLATFORM) as uow:
        job = uow.jobs.get("job-1")
        uow.creations.note(job, "digest")
        uow.creations.forget(job.created_at_ms + 1)
        assert uow.creations.find("job-1") == "digest"
        uow.jobs.delete("job-1")
        uow.creations.forget(job.created_at_ms)
        assert uow.creations.find("job-1") == "digest"
        uow.creations.forget(job.created_at_ms + 1)
        assert uow.creations.find("job-1") is None
        uow.commit()


def test_last_points_of_many_attempts(database: Database) -> None:
    """Guards the tails that lists show, on both databases: of rows of many points, the series that stands for each."""
    with database.units(PLATFORM) as uow:
        for job_id in ("j1", "j2", "j3"):
            uow.jobs.add(make_job(job_id))
            claim = uow.leases.claim_due("t", 5000, lease_ms=60_000, limit=1, job_ids=[job_id])[0]
            job = replace(claim.job, attempt_number=1)
            uow.leases.save(claim, job, Attempt(job_id, 1, 6000), ())
        long = Curve(array("q", range(1100)), array("d", map(float, range(1100))), array("q", range(1100)))
        one = Curve(array("q", [-4]), array("d", [0.5]), array("q", [9]))
        for key, task, name, curve in (
            ("j1-a1", "worker-0", "Loss", long),
            ("j1-a1", "worker-0", "accuracy", one),
            ("j1-a1", "worker-1", "Loss", one),
            ("j1-a1", "worker-0", "epoch", one),
            ("j2-a1", "worker-0", "lr", one),
        ):
            uow.training_metrics.put(SeriesKey(key, task, name), curve, total=0, room=10_000)
        uow.commit()
    with database.units(Scope(PROJECT), write=False) as uow:
        found = uow.training_metrics.last_points(["j1-a1", "j2-a1", "j3-a1"])
    assert {
        key: [(point.key.task, point.key.name, point.step, point.value, point.at_ms) for point in points]
        for key, points in found.items()
    } == {
        "j1-a1": [("worker-0", "Loss", 1099, 1099.0, 1099), ("worker-0", "epoch", -4, 0.5, 9)],
        "j2-a1": [("worker-0", "lr", -4, 0.5, 9)],
    }
