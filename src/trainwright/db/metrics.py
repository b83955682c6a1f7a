"""Resource samples. Implements `ports.uow.MetricRepository`.

Samples come as batches of one second each and are turned, when old, into means over whole minutes: one row for each
task and hour. The number of samples behind each mean is kept, so that samples that come late still count.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import upserts
from trainwright.db.schema import attempts, metrics
from trainwright.db.transaction import Transaction, within
from trainwright.domain.errors import AttemptClosed
from trainwright.ports.uow import MetricBatch

MINUTE_S = 60
_HOUR_S = 3600
_NO_SAMPLE = -1.0
_SPREAD_S, _TAKEN_S = 30, 5  # runners report every five seconds: one batch of six
_CHUNK = 2000  # batches in memory at once
_MOST_CHUNKS = 25  # in one call: a bound on how long writers wait

Values = dict[str, list[float]]
_DECODER = json.JSONDecoder()

_JOB_OF = within(
    sa.select(attempts.c.job_id).where(attempts.c.key == sa.bindparam("attempt")), attempts.c.job_id
)
_PUT = upserts(
    metrics,
    lambda insert: insert.on_conflict_do_update(
        index_elements=list(metrics.primary_key),
        set_={name: insert.excluded[name] for name in ("end_s", "samples", "counts")},
    ),
)
_OF_TASK = within(
    sa.select(metrics)
    .where(
        metrics.c.attempt_key == sa.bindparam("attempt"),
        metrics.c.task == sa.bindparam("name"),
        metrics.c.end_s > sa.bindparam("since"),
    )
    .order_by(metrics.c.start_s, metrics.c.step_s),
    metrics.c.job_id,
)
# Not as pairs of attempt and task: of those SQLite makes a scan. Few attempts have different tasks.
_RECENT = within(
    sa.select(metrics.c.attempt_key, metrics.c.task, metrics.c.start_s, metrics.c.samples)
    .where(
        metrics.c.attempt_key.in_(sa.bindparam("attempts", expanding=True)),
        metrics.c.task.in_(sa.bindparam("names", expanding=True)),
        metrics.c.step_s == 1,
        metrics.c.start_s >= sa.bindparam("since"),
        metrics.c.start_s % _SPREAD_S < _TAKEN_S,
    )
    .order_by(metrics.c.attempt_key, metrics.c.task, metrics.c.start_s),
    metrics.c.job_id,
)
_OLD = within(
    sa.select(metrics)
    .where(metrics.c.step_s == 1, metrics.c.end_s < sa.bindparam("before"))
    .order_by(metrics.c.attempt_key, metrics.c.task, metrics.c.start_s)
    .limit(_CHUNK)
    .with_for_update(),
    metrics.c.job_id,
)
_MINUTES_OF_HOUR = sa.select(metrics).where(
    metrics.c.attempt_key == sa.bindparam("attempt"),
    metrics.c.task == sa.bindparam("name"),
    metrics.c.step_s == MINUTE_S,
    metrics.c.start_s >= sa.bindparam("first"),
    metrics.c.start_s < sa.bindparam("beyond"),
    metrics.c.counts != "",
)
_REMOVE = sa.delete(metrics).where(
    metrics.c.attempt_key == sa.bindparam("attempt"),
    metrics.c.task == sa.bindparam("name"),
    metrics.c.step_s == sa.bindparam("step"),
    metrics.c.start_s.in_(sa.bindparam("starts", expanding=True)),
)


class Metrics:
    """See `ports.uow.MetricRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, batch: MetricBatch) -> None:
        """Store it, in place of the batch of the same task, step and start. Raises `AttemptClosed`."""
        job_id: str | None = self._tx.scalar(_JOB_OF, attempt=batch.attempt_key)
        if job_id is None:
            raise AttemptClosed(attempt=batch.attempt_key)
        self._put(job_id, batch, counts="")

    def list_of_task(self, attempt_key: str, task: str, *, since_s: int = 0) -> tuple[MetricBatch, ...]:
        """Batches with samples after `since_s`, ascending by start; empty when there is no such task."""
        rows = self._tx.rows(_OF_TASK, attempt=attempt_key, name=task, since=since_s)
        return tuple(_batch_of(row) for row in rows)

    def recent(
        self, tasks: Sequence[tuple[str, str]], names: Sequence[str], *, since_s: int
    ) -> dict[tuple[str, str], tuple[MetricBatch, ...]]:
        """By attempt key and task, each ascending by start."""
        found: dict[tuple[str, str], list[MetricBatch]] = {place: [] for place in tasks}
        if not found:
            return {}
        attempts_, tasks_ = ({place[part] for place in tasks} for part in (0, 1))
        rows = self._tx.rows(_RECENT, attempts=sorted(attempts_), names=sorted(tasks_), since=since_s)
        for row in rows:
            key, task = row["attempt_key"], row["task"]
            if (key, task) in found:
                values = _some_of(row["samples"], names)
                found[key, task].append(MetricBatch(key, task, row["start_s"], 1, values))
        return {place: tuple(batches) for place, batches in found.items()}

    def compact(self, older_than_s: int) -> int:
        """Turn one-second batches that end before `older_than_s` into one-minute means; returns batches removed.

        At most 50,000 batches a call; the rest is left for the next one.
        """
        removed = 0
        for _ in range(_MOST_CHUNKS):
            rows = self._tx.rows(_OLD, before=older_than_s)
            for _, of_task in groupby(rows, key=lambda row: (row["attempt_key"], row["task"])):
                self._merge(list(of_task))
            removed += len(rows)
            if len(rows) < _CHUNK:
                break
        return removed

    def _merge(self, rows: Sequence[RowMapping]) -> None:
        """Fold one task's batches into its hours and remove them."""
        first = rows[0]
        minutes: _Minutes = _Minutes.empty()
        for row in rows:
            minutes.add_seconds(row["start_s"], json.loads(row["samples"]))
        for hour_s in minutes.hours():
            kept = self._minutes_of(first, hour_s)
            for row in kept:
                minutes.add_means(row["start_s"], json.loads(row["samples"]), json.loads(row["counts"]))
            self._remove(kept)
            start_s, means, counts = minutes.of_hour(hour_s)
            batch = MetricBatch(first["attempt_key"], first["task"], start_s, MINUTE_S, means)
            self._put(first["job_id"], batch, counts=json.dumps(counts))
        self._remove(rows)

    def _minutes_of(self, task: RowMapping, hour_s: int) -> Sequence[RowMapping]:
        return self._tx.rows(
            _MINUTES_OF_HOUR,
            attempt=task["attempt_key"],
            name=task["task"],
            first=hour_s,
            beyond=hour_s + _HOUR_S,
        )

    def _remove(self, rows: Sequence[RowMapping]) -> None:
        if rows:
            self._tx.change(
                _REMOVE,
                attempt=rows[0]["attempt_key"],
                name=rows[0]["task"],
                step=rows[0]["step_s"],
                starts=[row["start_s"] for row in rows],
            )

    def _put(self, job_id: str, batch: MetricBatch, *, counts: str) -> None:
        steps = max((len(numbers) for numbers in batch.values.values()), default=0)
        self._tx.change(
            _PUT[self._tx.dialect_name],
            job_id=job_id,
            attempt_key=batch.attempt_key,
            task=batch.task,
            step_s=batch.step_s,
            start_s=batch.start_s,
            end_s=batch.start_s + steps * batch.step_s,
            samples=json.dumps(batch.values),
            counts=counts,
        )


@dataclass(frozen=True, slots=True)
class _Minutes:
    """Sums and numbers of samples by start of the minute (UTC seconds) and metric."""

    sums: dict[tuple[int, str], float]
    counts: dict[tuple[int, str], int]
    starts: set[int]

    @classmethod
    def empty(cls) -> "_Minutes":
        return cls(defaultdict(float), defaultdict(int), set())

    def add_seconds(self, start_s: int, values: Values) -> None:
        for name, numbers in values.items():
            for second, number in enumerate(numbers, start_s):
                self._add(second - second % MINUTE_S, name, number, 1)

    def add_means(self, start_s: int, values: Values, counts: dict[str, list[int]]) -> None:
        for name, numbers in values.items():
            for step, (number, count) in enumerate(zip(numbers, counts[name], strict=True)):
                self._add(start_s + step * MINUTE_S, name, number, count)

    def hours(self) -> list[int]:
        return sorted({start_s - start_s % _HOUR_S for start_s in self.starts})

    def of_hour(self, hour_s: int) -> tuple[int, Values, dict[str, list[int]]]:
        """First minute, means and numbers of samples of the hour; gaps inside are `_NO_SAMPLE`."""
        inside = {start_s for start_s in self.starts if hour_s <= start_s < hour_s + _HOUR_S}
        names = sorted({name for start_s, name in self.counts if start_s in inside})
        minutes = range(min(inside), max(inside) + 1, MINUTE_S)
        means = {name: [self._mean(minute, name) for minute in minutes] for name in names}
        counts = {name: [self.counts.get((minute, name), 0) for minute in minutes] for name in names}
        return minutes[0], means, counts

    def _add(self, minute_s: int, name: str, number: float, count: int) -> None:
        self.starts.add(minute_s)
        if number == _NO_SAMPLE:
            count = 0
        self.counts[minute_s, name] += count
        self.sums[minute_s, name] += number * count

    def _mean(self, minute_s: int, name: str) -> float:
        count = self.counts.get((minute_s, name), 0)
        return round(self.sums[minute_s, name] / count, 3) if count else _NO_SAMPLE


def _some_of(samples: str, names: Sequence[str]) -> Values:
    """The metrics of these names. Reading all of a page's batches would take ten times as long (2026-11: 110 ms)."""
    found: Values = {}
    for name in names:
        begin = samples.find(f'"{name}": ')
        if begin >= 0:
            found[name], _ = _DECODER.raw_decode(samples, begin + len(name) + 4)
    return found


def _batch_of(row: RowMapping) -> MetricBatch:
    return MetricBatch(
        row["attempt_key"], row["task"], row["start_s"], row["step_s"], json.loads(row["samples"])
    )
