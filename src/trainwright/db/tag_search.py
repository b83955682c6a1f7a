"""A `TagQuery` in SQL: jobs by the tags they have."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, contains
from trainwright.db.schema import job_tags, job_totals, jobs
from trainwright.db.transaction import Transaction, within, within_table
from trainwright.ports.workspaces import TagQuery

Condition = sa.ColumnElement[bool]
Wanted = tuple[str, tuple[str, ...]]
_RARE = 20  # a tag that fewer than one job in so many has is read from the tags' index, others along the jobs


def count_tagged(tx: Transaction, query: TagQuery) -> int:
    """How many of the scope's jobs match."""
    tagged = query.tags and not query.without_any
    if tagged and (not query.name or _rare_way_in(tx, query) is not None):
        return _count_in_index(tx, query)
    if tagged or query.name or query.without_any:
        scanned = sa.select(sa.func.count()).select_from(jobs).where(*_conditions(query))
        return int(tx.scalar(within(scanned)))
    return _total(tx, query.workspace_id)


def search_tagged(tx: Transaction, query: TagQuery, total: int) -> Sequence[RowMapping]:
    """One page of the `total` that match, newest first: id, name, workspace."""
    if total <= query.offset:
        return ()
    way_in = _rare_way_in(tx, query) if query.tags and not query.without_any else None
    page = sa.select(jobs.c.id, jobs.c.name, jobs.c.workspace_id).where(*_conditions(query, way_in))
    newest = page.order_by(jobs.c.created_at_ms.desc(), jobs.c.id.desc())
    return tx.rows(within(newest.limit(query.limit).offset(query.offset), by_ids=way_in is not None))


def _rare_way_in(tx: Transaction, query: TagQuery) -> Wanted | None:
    """The tag that the fewest jobs have, when these are few enough to be looked up one by one."""
    rarest = _rarest(tx, query)
    return rarest if _count_of(tx, rarest) * _RARE < _total(tx, query.workspace_id) else None


def _conditions(query: TagQuery, way_in: Wanted | None = None) -> list[Condition]:
    conditions: list[Condition] = []
    if query.workspace_id:
        conditions.append(jobs.c.workspace_id == query.workspace_id)
    if query.name:
        conditions.append(contains(jobs.c.name, sa.literal(query.name, WORDS)))
    if query.without_any:
        tagged = sa.select(job_tags.c.job_id).where(job_tags.c.job_id == jobs.c.id)
        return [*conditions, ~tagged.correlate(jobs).exists()]
    for wanted in query.tags:
        if wanted == way_in:
            conditions.append(jobs.c.id.in_(sa.select(job_tags.c.job_id).where(*_is(job_tags, wanted))))
        else:
            conditions.append(_has(jobs.c.id, wanted))
    return conditions


def _count_in_index(tx: Transaction, query: TagQuery) -> int:
    """From the tags' index alone, unless a name must be looked at."""
    rarest = _rarest(tx, query)
    counted = sa.select(sa.func.count()).select_from(job_tags).where(*_is(job_tags, rarest))
    for wanted in query.tags:
        if wanted != rarest:
            counted = counted.where(_has(job_tags.c.job_id, wanted))
    if query.workspace_id:
        counted = counted.where(job_tags.c.workspace_id == query.workspace_id)
    if query.name:
        named = sa.select(jobs.c.id).where(
            jobs.c.id == job_tags.c.job_id, contains(jobs.c.name, sa.literal(query.name, WORDS))
        )
        counted = counted.where(named.correlate(job_tags).exists())
    return int(tx.scalar(within_table(counted, job_tags.c.project_id, job_tags.c.workspace_id)))


def _rarest(tx: Transaction, query: TagQuery) -> Wanted:
    if len(query.tags) == 1:
        return query.tags[0]
    counts = {wanted: _count_of(tx, wanted) for wanted in query.tags}
    return min(counts, key=counts.__getitem__)


def _count_of(tx: Transaction, wanted: Wanted) -> int:
    counted = sa.select(sa.func.count()).select_from(job_tags).where(*_is(job_tags, wanted))
    return int(tx.scalar(within_table(counted, job_tags.c.project_id, job_tags.c.workspace_id)))


def _is(table: sa.FromClause, wanted: Wanted) -> list[Condition]:
    key, values = wanted
    conditions: list[Condition] = [table.c.key == sa.literal(key, WORDS)]
    if values:
        conditions.append(table.c.value.in_([sa.literal(value, WORDS) for value in values]))
    return conditions


def _has(job_id: sa.ColumnElement[str], wanted: Wanted) -> Condition:
    other = job_tags.alias()
    return sa.select(other.c.job_id).where(other.c.job_id == job_id, *_is(other, wanted)).exists()


def _total(tx: Transaction, workspace_id: str) -> int:
    summed = sa.select(sa.func.coalesce(sa.func.sum(job_totals.c.jobs), 0))
    if workspace_id:
        summed = summed.where(job_totals.c.workspace_id == workspace_id)
    return int(tx.scalar(within_table(summed, job_totals.c.project_id, job_totals.c.workspace_id)))
