"""Series of training metrics, and creation keys. Implements `ports.training_metrics`.

A series lies in rows of at most `BLOCK` points, like the leaves of a B-tree: only the row with the greatest `first` not
above a step may hold it. So new points, which nearly always are the newest, change one row.
"""

import json
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

import sqlalchemy as sa

from trainwright.db.curves import creations, training_marks, training_points, training_series
from trainwright.db.dialects import WORDS, upserts
from trainwright.db.last_points import last_points
from trainwright.db.schema import attempts, jobs
from trainwright.db.transaction import Transaction, within
from trainwright.domain.entities import Job
from trainwright.domain.errors import AttemptClosed
from trainwright.ports.training_metrics import STEP_MAX, Curve, LastPoint, Mark, Series, SeriesKey

BLOCK = 500
_BLOCKS_AT_ONCE = 64
_FEW = 8

_SWAPPED = sys.byteorder == "big"

_KEY = sa.bindparam("attempt", type_=WORDS)
_TASK = sa.bindparam("in_task", type_=WORDS)
_NAME = sa.bindparam("called", type_=WORDS)
_LOW = sa.bindparam("low", type_=sa.BigInteger)
_HIGH = sa.bindparam("high", type_=sa.BigInteger)
_POINTS = training_points.c
_SERIES = training_series.c
_MARKS = training_marks.c
_OF_SERIES = sa.and_(_POINTS.attempt_key == _KEY, _POINTS.task == _TASK, _POINTS.name == _NAME)

_JOB_OF = within(sa.select(attempts.c.job_id).where(attempts.c.key == _KEY), attempts.c.job_id)
_MARK = within(
    sa.select(training_marks).where(_MARKS.attempt_key == _KEY, _MARKS.task == _TASK), _MARKS.job_id
)
_PUT_MARK = upserts(
    training_marks,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["attempt_key", "task"],
        set_={name: insert.excluded[name] for name in ("points", "reading", "position", "counts", "told")},
    ),
)
_READING = within(
    sa.select(_MARKS.attempt_key, _MARKS.task)
    .where(_MARKS.reading)
    .order_by(_MARKS.attempt_key, _MARKS.task),
    _MARKS.job_id,
)
_TOTALS = within(
    sa.select(_SERIES.name, _SERIES.total).where(_SERIES.attempt_key == _KEY, _SERIES.task == _TASK),
    _SERIES.job_id,
)
_ADD_SERIES = upserts(
    training_series,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["attempt_key", "task", "name"]),
)
_GROW = (
    sa.update(training_series)
    .where(_SERIES.attempt_key == _KEY, _SERIES.task == _TASK, _SERIES.name == _NAME)
    .values(total=sa.bindparam("new_total", type_=sa.BigInteger))
)


def _listed(*conditions: sa.ColumnElement[bool]) -> sa.Select[tuple[str, str, str, int]]:
    return (
        sa.select(_SERIES.attempt_key, _SERIES.task, _SERIES.name, _SERIES.total)
        .where(_SERIES.attempt_key.in_(sa.bindparam("attempts", expanding=True, type_=WORDS)), *conditions)
        .order_by(_SERIES.attempt_key, _SERIES.task, _SERIES.name)
        .limit(sa.bindparam("most", type_=sa.BigInteger))
    )


_LIST = {
    (bool(by_task), bool(by_name)): within(_listed(*by_task, *by_name), _SERIES.job_id)
    for by_task in ((), (_SERIES.task == _TASK,))
    for by_name in ((), (_SERIES.name == _NAME,))
}
# The rows that may hold steps from `low` to `high`: from the last that begins at or below `low`, or the very first.
_START = sa.func.coalesce(
    sa.select(sa.func.max(_POINTS.first)).where(_OF_SERIES, _POINTS.first <= _LOW).scalar_subquery(),
    sa.select(sa.func.min(_POINTS.first)).where(_OF_SERIES).scalar_subquery(),
)
_IN_REACH = sa.and_(
    _OF_SERIES, _POINTS.first >= _START, sa.or_(_POINTS.first <= _HIGH, _POINTS.first == _START)
)
_FIRSTS = sa.select(_POINTS.first).where(_IN_REACH).order_by(_POINTS.first)
_NEAR = (
    sa.select(_POINTS.first, _POINTS.points).where(_IN_REACH).order_by(_POINTS.first).limit(_FEW)
)  # new points are nearly always the newest: one row
_SOME = sa.select(_POINTS.first, _POINTS.points).where(
    _OF_SERIES, _POINTS.first.in_(sa.bindparam("firsts", expanding=True, type_=sa.BigInteger))
)
_NEXT = (
    sa.select(_POINTS.first, _POINTS.points)
    .where(_OF_SERIES, _POINTS.first >= _LOW)
    .order_by(_POINTS.first)
    .limit(_BLOCKS_AT_ONCE)
)
_BEGIN = sa.select(sa.func.max(_POINTS.first)).where(_OF_SERIES, _POINTS.first <= _LOW)
_PUT = upserts(
    training_points,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["attempt_key", "task", "name", "first"], set_={"points": insert.excluded.points}
    ),
)
_REMOVE = sa.delete(training_points).where(_OF_SERIES, _POINTS.first == _LOW)

_NOTE = sa.insert(creations)
_FIND = sa.select(creations.c.digest, creations.c.project_id).where(
    creations.c.job_id == sa.bindparam("job", type_=WORDS)
)
_FORGET = sa.delete(creations).where(
    creations.c.created_at_ms < sa.bindparam("before"),
    ~sa.exists(sa.select(jobs.c.id).where(jobs.c.id == creations.c.job_id).correlate(creations)),
)


class TrainingMetrics:
    """See `ports.training_metrics.TrainingMetricRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def mark(self, attempt_key: str, task: str) -> Mark:
        """What is remembered of the task; nothing yet is `Mark()`."""
        row = self._tx.row(_MARK, attempt=attempt_key, in_task=task)
        if row is None:
            return Mark()
        told = frozenset(json.loads(row["told"]))
        return Mark(row["points"], row["reading"], row["position"], json.loads(row["counts"]), told)

    def save_mark(self, attempt_key: str, task: str, mark: Mark) -> None:
        """Write it. Raises `AttemptClosed`."""
        self._tx.change(
            _PUT_MARK[self._tx.dialect_name],
            attempt_key=attempt_key,
            task=task,
            job_id=self._job_of(attempt_key),
            points=mark.points,
            reading=mark.reading,
            position=mark.position,
            counts=json.dumps(mark.counts),
            told=json.dumps(sorted(mark.told)),
        )

    def reading(self) -> tuple[tuple[str, str], ...]:
        """Attempt key and task of all logs that are still to be searched."""
        return tuple((row["attempt_key"], row["task"]) for row in self._tx.rows(_READING))

    def totals(self, attempt_key: str, task: str) -> dict[str, int]:
        """Points of each of the task's series, by name."""
        rows = self._tx.rows(_TOTALS, attempt=attempt_key, in_task=task)
        return {row["name"]: row["total"] for row in rows}

    def put(self, key: SeriesKey, curve: Curve, *, total: int, room: int) -> int:
        """Merge points into a series; see the port. Raises `AttemptClosed`."""
        if not curve or (not total and room <= 0):
            return total
        where = _where(key)
        if not total:
            self._begin(key)
        held = self._held(where, curve)
        added = 0
        for first, share in _shares(curve, sorted(held)):
            old = Curve() if first is None else _curve_of(held[first])
            merged = _merged(old, share, room - added)
            added += len(merged) - len(old)
            self._write(where, key, first, merged)
        if added:
            self._tx.change(_GROW, **where, new_total=total + added)
        return total + added

    def list_series(
        self, attempt_keys: Sequence[str], *, task: str = "", name: str = "", limit: int
    ) -> tuple[Series, ...]:
        """By attempt key, task and name."""
        given = {"in_task": task, "called": name}
        rows = self._tx.rows(
            _LIST[bool(task), bool(name)],
            attempts=list(attempt_keys),
            most=limit,
            **{parameter: value for parameter, value in given.items() if value},
        )
        return tuple(
            Series(SeriesKey(row["attempt_key"], row["task"], row["name"]), row["total"]) for row in rows
        )

    def last_points(self, attempt_keys: Sequence[str]) -> dict[str, tuple[LastPoint, ...]]:
        """By attempt."""
        return last_points(self._tx, attempt_keys)

    def pieces(self, key: SeriesKey, *, after_step: int | None = None) -> Iterator[Curve]:
        """The points behind `after_step`, row by row. Whose they are `list_series` has asked."""
        where = _where(key)
        low = -STEP_MAX
        if after_step is not None:
            begin = self._tx.scalar(_BEGIN, **where, low=after_step)
            low = after_step if begin is None else begin
        while True:
            rows = self._tx.rows(_NEXT, **where, low=low)
            for row in rows:
                curve = _curve_of(row["points"])
                skipped = 0 if after_step is None else bisect_right(curve.steps, after_step)
                if skipped < len(curve):
                    yield curve.part(skipped, len(curve)) if skipped else curve
            if len(rows) < _BLOCKS_AT_ONCE:
                return
            low = rows[-1]["first"] + 1

    def _held(self, where: dict[str, str], curve: Curve) -> dict[int, bytes]:
        """The rows that may hold steps of `curve`, by their `first`; of those that cannot, no bytes."""
        low, high = curve.steps[0], curve.steps[-1]
        rows = self._tx.rows(_NEAR, **where, low=low, high=high)
        if len(rows) < _FEW:
            return {row["first"]: row["points"] for row in rows}
        firsts = [row["first"] for row in self._tx.rows(_FIRSTS, **where, low=low, high=high)]
        touched = [first for first, _ in _shares(curve, firsts) if first is not None]
        found = {row["first"]: row["points"] for row in self._tx.rows(_SOME, **where, firsts=touched)}
        return dict.fromkeys(firsts, b"") | found

    def _begin(self, key: SeriesKey) -> None:
        self._tx.change(
            _ADD_SERIES[self._tx.dialect_name],
            attempt_key=key.attempt_key,
            task=key.task,
            name=key.name,
            job_id=self._job_of(key.attempt_key),
            total=0,
        )

    def _write(self, where: dict[str, str], key: SeriesKey, first: int | None, merged: Curve) -> None:
        """Rows of at most `BLOCK` points in the place of the row `first`."""
        kept = False
        for start in range(0, len(merged), BLOCK):
            piece = merged.part(start, start + BLOCK)
            kept = kept or piece.steps[0] == first
            self._tx.change(
                _PUT[self._tx.dialect_name],
                attempt_key=key.attempt_key,
                task=key.task,
                name=key.name,
                first=piece.steps[0],
                points=_bytes_of(piece),
            )
        if first is not None and not kept:
            self._tx.change(_REMOVE, **where, low=first)

    def _job_of(self, attempt_key: str) -> str:
        job_id: str | None = self._tx.scalar(_JOB_OF, attempt=attempt_key)
        if job_id is None:
            raise AttemptClosed(attempt=attempt_key)
        return job_id


class Creations:
    """See `ports.training_metrics.CreationRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def note(self, job: Job, digest: str) -> None:
        """Remember the digest of the request that makes this job."""
        self._tx.change(
            _NOTE, job_id=job.id, project_id=job.project_id, digest=digest, created_at_ms=job.created_at_ms
        )

    def find(self, job_id: str) -> str | None:
        """The digest, if any."""
        row = self._tx.row(_FIND, job=job_id)
        if row is None or self._tx.project_id not in (None, row["project_id"]):
            return None
        found: str = row["digest"]
        return found

    def forget(self, before_ms: int) -> None:
        """Remove what older requests made that is gone."""
        self._tx.change(_FORGET, before=before_ms)


def _where(key: SeriesKey) -> dict[str, str]:
    return {"attempt": key.attempt_key, "in_task": key.task, "called": key.name}


def _shares(curve: Curve, firsts: Sequence[int]) -> Iterator[tuple[int | None, Curve]]:
    """The points of `curve` by the row they go into; None: the series has no rows yet."""
    if not firsts:
        yield None, curve
        return
    start = 0
    for index, first in enumerate(firsts):
        end = len(curve)
        if index + 1 < len(firsts):
            end = bisect_right(curve.steps, firsts[index + 1] - 1)
        if start < end:
            yield first, curve.part(start, end)
        start = end


def _merged(old: Curve, new: Curve, room: int) -> Curve:
    """Both, `new` winning; of its steps that are new at most `room`."""
    if not old or old.steps[-1] < new.steps[0]:
        fits = new.part(0, max(room, 0))
        return Curve(old.steps + fits.steps, old.values + fits.values, old.times + fits.times)
    points = {step: (value, time) for step, value, time in zip(old.steps, old.values, old.times, strict=True)}
    told = dict(zip(new.steps, zip(new.values, new.times, strict=True), strict=True))
    fresh = (step for step in told if step not in points)
    taken = set(islice(fresh, max(room, 0)))
    points.update((step, point) for step, point in told.items() if step in points or step in taken)
    steps = sorted(points)
    return Curve(
        array("q", steps),
        array("d", [points[step][0] for step in steps]),
        array("q", [points[step][1] for step in steps]),
    )


def _bytes_of(curve: Curve) -> bytes:
    return _little(curve.steps) + _little(curve.values) + _little(curve.times)


def _little(numbers: "array[int] | array[float]") -> bytes:
    if _SWAPPED:
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _curve_of(stored: bytes) -> Curve:
    curve, size = Curve(), len(stored) // 3
    curve.steps.frombytes(stored[:size])
    curve.values.frombytes(stored[size : 2 * size])
    curve.times.frombytes(stored[2 * size :])
    if _SWAPPED:
        curve.steps.byteswap()
        curve.values.byteswap()
        curve.times.byteswap()
    return curve
