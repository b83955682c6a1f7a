"""The append-only history. Implements `ports.uow.EventRepository`."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from trainwright.db.rows import event_of, event_values
from trainwright.db.schema import events, jobs
from trainwright.db.transaction import Transaction
from trainwright.domain.entities import Event
from trainwright.domain.errors import JobNotFound


class Events:
    """See `ports.uow.EventRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def append(self, new: Sequence[Event]) -> tuple[Event, ...]:
        """Store them in order; returned with their `seq`. Raises `JobNotFound` and then stores none."""
        job_ids = sorted({event.job_id for event in new})
        # Numbers are given before the commit. Without the lock a reader that goes on from the highest number it saw
        # could pass over one that is committed later. (SQLite has one writer anyway.)
        locked = sa.select(jobs.c.id).where(jobs.c.id.in_(job_ids)).order_by(jobs.c.id)
        known = {row["id"] for row in self._tx.rows(self._tx.within(locked.with_for_update(key_share=True)))}
        for job_id in job_ids:
            if job_id not in known:
                raise JobNotFound(job=job_id)
        return insert_events(self._tx, new)

    def list_of_job(self, job_id: str, *, after_seq: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Ascending by `seq`; empty when there is no such job."""
        of_job = sa.select(events).where(events.c.job_id == job_id, events.c.seq > after_seq)
        ordered = self._tx.within(of_job, events.c.job_id).order_by(events.c.seq).limit(limit)
        return tuple(event_of(row) for row in self._tx.rows(ordered))


def insert_events(tx: Transaction, new: Sequence[Event]) -> tuple[Event, ...]:
    """Store `new` in order. The caller holds the lock on their jobs' rows."""
    if not new:
        return ()
    insert = sa.insert(events).returning(events.c.seq, sort_by_parameter_order=True)
    stored = tx.insert(insert, [event_values(event) for event in new])
    return tuple(replace(event, seq=row["seq"]) for event, row in zip(new, stored, strict=True))
