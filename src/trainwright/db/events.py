"""The append-only history. Implements `ports.uow.EventRepository`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from trainwright.db.dialects import WORDS
from trainwright.db.rows import event_of, event_values
from trainwright.db.schema import events, jobs
from trainwright.db.transaction import Scoped, Transaction, within
from trainwright.domain.entities import Event
from trainwright.domain.errors import JobNotFound
from trainwright.ports.uow import EventQuery

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


def _matching(columns: Sequence[Any]) -> sa.Select[Any]:
    """Events of a job that fulfil all conditions; those left empty by the parameters do not count."""
    level, source = sa.bindparam("level", type_=WORDS), sa.bindparam("source", type_=WORDS)
    last_ms = sa.bindparam("to_ms", type_=sa.BigInteger)
    return (
        sa.select(*columns)
        .select_from(events)
        .where(
            events.c.job_id == sa.bindparam("job"),
            events.c.at_ms >= sa.bindparam("from_ms", type_=sa.BigInteger),
            sa.or_(last_ms == 0, events.c.at_ms <= last_ms),
            sa.or_(level == "", events.c.level == level),
            sa.or_(source == "", events.c.source == source),
        )
    )


_COUNT = _matching([sa.func.count()])
_FOUND = _matching([events]).limit(sa.bindparam("most")).offset(sa.bindparam("first", type_=sa.BigInteger))
_CODED = events.c.code.in_(sa.bindparam("codes", expanding=True, type_=WORDS))
_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_SEARCH: Mapping[tuple[bool, bool], Scoped] = {
    (descending, coded): within(
        (_FOUND.where(_CODED) if coded else _FOUND)
        .where(sa.or_(_AFTER == 0, events.c.seq < _AFTER if descending else events.c.seq > _AFTER))
        .order_by(events.c.seq.desc() if descending else events.c.seq.asc()),
        events.c.job_id,
    )
    for descending in (False, True)
    for coded in (False, True)
}
_COUNTS = {
    False: within(_COUNT, events.c.job_id),
    True: within(_COUNT.where(_CODED), events.c.job_id),
}


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

    def search(self, query: EventQuery) -> tuple[Event, ...]:
        """One page, by `seq`."""
        found = self._tx.rows(
            _SEARCH[query.descending, bool(query.codes)],
            **_parameters(query),
            after=query.after_seq,
            first=query.offset,
            most=query.limit,
        )
        return tuple(event_of(row) for row in found)

    def count(self, query: EventQuery) -> int:
        """How many match on all pages."""
        return int(self._tx.scalar(_COUNTS[bool(query.codes)], **_parameters(query)))


def _parameters(query: EventQuery) -> dict[str, Any]:
    given: dict[str, Any] = {
        "job": query.job_id,
        "from_ms": query.from_ms,
        "to_ms": query.to_ms,
        "level": query.level,
        "source": query.source,
    }
    return given | {"codes": list(query.codes)} if query.codes else given


def insert_events(tx: Transaction, new: Sequence[Event]) -> tuple[Event, ...]:
    """Store `new` in order. The caller holds the lock on their jobs' rows."""
    if not new:
        return ()
    stored = tx.insert(_ADD, [event_values(event) for event in new])
    return tuple(replace(event, seq=row["seq"]) for event, row in zip(new, stored, strict=True))
