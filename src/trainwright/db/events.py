"""The append-only history. Implements `ports.uow.EventRepository`."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from trainwright.db.rows import event_of, event_values
from trainwright.db.schema import events, jobs
from trainwright.db.transaction import Transaction, within
from trainwright.domain.entities import Event
from trainwright.domain.errors import JobNotFound

_ADD = sa.insert(events).returning(events.c.seq, sort_by_parameter_order=True)
_LOCK_JOBS = within(
    sa.select(jobs.c.id)
    .where(jobs.c.id.in_(sa.bindparam("jobs", expanding=True)))
    .order_by(jobs.c.id)
    .with_for_update(key_share=True),
    by_ids=True,
)
_OF_JOB = within(
    sa.select(events)
    .where(events.c.job_id == sa.bindparam("job"), events.c.seq > sa.bindparam("after"))
    .order_by(events.c.seq)
    .limit(sa.bindparam("most")),
    events.c.job_id,
)


class Events:
    """See `ports.uow.EventRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def append(self, new: Sequence[Event]) -> tuple[Event, ...]:
        """Store them in order; returned with their `seq`. Raises `JobNotFound` and then stores none."""
        job_ids = sorted({event.job_id for event in new})
        # Numbers are given before the commit. Without the lock a reader that goes on from the highest number it saw
        # could pass over one that is committed later. (SQLite has one writer anyway.)
        known = {row["id"] for row in self._tx.rows(_LOCK_JOBS, jobs=job_ids)}
        for job_id in job_ids:
            if job_id not in known:
                raise JobNotFound(job=job_id)
        return insert_events(self._tx, new)

    def list_of_job(self, job_id: str, *, after_seq: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Ascending by `seq`; empty when there is no such job."""
        return tuple(event_of(row) for row in self._tx.rows(_OF_JOB, job=job_id, after=after_seq, most=limit))


def insert_events(tx: Transaction, new: Sequence[Event]) -> tuple[Event, ...]:
    """Store `new` in order. The caller holds the lock on their jobs' rows."""
    if not new:
        return ()
    stored = tx.insert(_ADD, [event_values(event) for event in new])
    return tuple(replace(event, seq=row["seq"]) for event, row in zip(new, stored, strict=True))
