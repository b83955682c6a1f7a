"""Sums over a project's jobs. Implements `ports.overview.OverviewRepository`."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, from_index
from trainwright.db.schema import FAILED, attempts, job_documents, job_totals, jobs
from trainwright.db.transaction import Scoped, Transaction, around, within, within_table
from trainwright.domain.lifecycle import Phase
from trainwright.ports.overview import Usage, UsageRow

_TOTAL = within_table(
    sa.select(sa.func.coalesce(sa.func.sum(job_totals.c.jobs), 0)),
    job_totals.c.project_id,
    job_totals.c.workspace_id,
)
_COUNTED = sa.select(jobs.c.public_phase, sa.func.count().label("jobs")).group_by(jobs.c.public_phase)
# Nearly all jobs of an old project have completed: these are what is left when the others are counted.
_OTHERS = [sa.literal(phase, WORDS) for phase in sorted(frozenset(Phase) - {Phase.COMPLETED})]
_COUNTS = within(from_index(_COUNTED.where(jobs.c.public_phase.in_(_OTHERS)), jobs, "ix_jobs_public_phase"))
_COUNTS_OF = within(
    from_index(_COUNTED.where(jobs.c.user_id == sa.bindparam("user", type_=WORDS)), jobs, "ix_jobs_user")
)
_SINCE = sa.bindparam("since", type_=sa.BigInteger)
_HAS_FAILED = sa.and_(sa.text(FAILED), jobs.c.ended_at_ms >= _SINCE)


def _failed(columns: list[Any]) -> sa.Select[Any]:
    found = sa.select(*columns).select_from(jobs).where(_HAS_FAILED)
    return from_index(found, jobs, "ix_jobs_failed")


_FAILED_COUNT = within(_failed([sa.func.count()]))
_FAILED_LATEST = within(
    _failed([jobs.c.id])
    .order_by(jobs.c.ended_at_ms.desc(), jobs.c.id.desc())
    .limit(sa.bindparam("most", type_=sa.BigInteger))
)

_FROM = sa.bindparam("from_ms", type_=sa.BigInteger)
_WIDTH = sa.bindparam("width", type_=sa.BigInteger)
_END = sa.bindparam("end_ms", type_=sa.BigInteger)
_MOST = sa.bindparam("most", type_=sa.BigInteger)
_AMOUNTS = ("millicpus", "memory_mib", "accelerators")
_FIRST = (attempts.c.up_at_ms - _FROM) // _WIDTH
_LAST = (attempts.c.ended_at_ms - 1 - _FROM) // _WIDTH
_INSIDE = sa.and_(attempts.c.up_at_ms >= _FROM, _FIRST == _LAST)


def _held(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Attempts that came up, with what they had; by way of the index of their ends."""
    return (
        sa.select(
            attempts.c.up_at_ms,
            attempts.c.ended_at_ms,
            jobs.c.pool_id,
            jobs.c.user_id,
            jobs.c.user_name,
            *(job_documents.c[name] for name in _AMOUNTS),
        )
        .select_from(attempts)
        .join(jobs, jobs.c.id == attempts.c.job_id)
        .join(job_documents, job_documents.c.job_id == attempts.c.job_id)
        .where(*conditions, attempts.c.up_at_ms > 0, attempts.c.up_at_ms < _END)
        .order_by(attempts.c.ended_at_ms.desc())
        .limit(_MOST)
    )


def _summed(held: sa.Select[Any]) -> sa.Select[Any]:
    """Those that lie in one span each are many and short: they leave the database as sums."""
    each = held.subquery("held")
    span = (each.c.up_at_ms - _FROM) // _WIDTH
    groups = (each.c.pool_id, each.c.user_id, each.c.user_name)
    held_ms = each.c.ended_at_ms - each.c.up_at_ms
    sums = (sa.func.sum(held_ms * each.c[name]).label(name) for name in _AMOUNTS)
    count = sa.func.count().label("attempts")
    return sa.select(*groups, span.label("bucket"), count, *sums).group_by(*groups, sa.text("bucket"))


_GOING_ON = within(_held(attempts.c.ended_at_ms == 0), by_ids=True)
_CROSSING = within(_held(attempts.c.ended_at_ms > _FROM, sa.not_(_INSIDE)), by_ids=True)
_SHORT = around(within(_held(attempts.c.ended_at_ms > _FROM, _INSIDE), by_ids=True), _summed)


class Overviews:
    """See `ports.overview.OverviewRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def counts(self) -> dict[Phase, int]:
        """By phase."""
        found = self._by_phase(_COUNTS)
        completed = int(self._tx.scalar(_TOTAL)) - sum(found.values())
        return {**found, Phase.COMPLETED: completed} if completed > 0 else found

    def counts_of(self, user_id: str) -> dict[Phase, int]:
        """By phase."""
        return self._by_phase(_COUNTS_OF, user=user_id)

    def failed_since(self, since_ms: int, *, limit: int) -> tuple[int, tuple[str, ...]]:
        """The latest first."""
        rows = self._tx.rows(_FAILED_LATEST, since=since_ms, most=limit)
        count = len(rows) if len(rows) < limit else int(self._tx.scalar(_FAILED_COUNT, since=since_ms))
        return count, tuple(row["id"] for row in rows)

    def usage(self, from_ms: int, *, bucket_ms: int, buckets: int, most: int) -> Usage:
        """By pool, user and span."""
        end_ms = from_ms + bucket_ms * buckets
        given = {"from_ms": from_ms, "width": bucket_ms, "end_ms": end_ms, "most": most}
        sums: dict[tuple[str, str, str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
        short = self._tx.rows(_SHORT, **given)
        complete = sum(row["attempts"] for row in short) < most
        for row in short:
            _add(sums, row, row["bucket"], 1)
        for statement in (_GOING_ON, _CROSSING):
            rows = self._tx.rows(statement, **given)
            complete = complete and len(rows) < most
            for row in rows:
                start, stop = max(row["up_at_ms"], from_ms), min(row["ended_at_ms"] or end_ms, end_ms)
                for bucket in range((start - from_ms) // bucket_ms, -(-(stop - from_ms) // bucket_ms)):
                    begin = from_ms + bucket * bucket_ms
                    _add(sums, row, bucket, min(stop, begin + bucket_ms) - max(start, begin))
        return Usage(tuple(UsageRow(*place, *amounts) for place, amounts in sums.items()), complete)

    def _by_phase(self, statement: Scoped, **given: object) -> dict[Phase, int]:
        return {Phase(row["public_phase"]): row["jobs"] for row in self._tx.rows(statement, **given)}


def _add(sums: dict[tuple[str, str, str, int], list[int]], row: RowMapping, bucket: int, times: int) -> None:
    amounts = sums[row["pool_id"], row["user_id"], row["user_name"], bucket]
    for index, name in enumerate(_AMOUNTS):
        amounts[index] += int(row[name]) * times
