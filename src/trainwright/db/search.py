"""A `JobQuery` in SQL."""

import sqlalchemy as sa

from trainwright.db.dialects import Words, contains
from trainwright.db.rows import job_of
from trainwright.db.schema import job_documents, jobs
from trainwright.db.transaction import Transaction
from trainwright.ports.uow import JobPage, JobQuery

Condition = sa.ColumnElement[bool]


def search_jobs(tx: Transaction, query: JobQuery) -> JobPage:
    """One page of the scope's jobs, sorted by the key and then in a fixed order, so that pages never overlap."""
    conditions = _conditions(query)
    total = _count(tx, _workspace(query))
    matches = _count(tx, [*_workspace(query), *conditions]) if conditions else total
    if query.offset >= matches or query.limit <= 0:
        return JobPage((), matches, total)
    keys = [key.desc() if query.descending else key.asc() for key in _sort_keys(query)]
    # The page is found in an index first; rows and documents are fetched for what is on it only.
    found = tx.within(sa.select(jobs.c.id).where(*_workspace(query), *conditions))
    page = found.order_by(*keys).limit(query.limit).offset(query.offset).subquery()
    statement = sa.select(jobs, job_documents).join(job_documents).join(page, page.c.id == jobs.c.id)
    return JobPage(tuple(job_of(row) for row in tx.rows(statement.order_by(*keys))), matches, total)


def _count(tx: Transaction, conditions: list[Condition]) -> int:
    count: int = tx.scalar(tx.within(sa.select(sa.func.count()).select_from(jobs).where(*conditions)))
    return count


def _workspace(query: JobQuery) -> list[Condition]:
    return [jobs.c.workspace_id == query.workspace_id] if query.workspace_id else []


def _conditions(query: JobQuery) -> list[Condition]:
    conditions: list[Condition] = []
    if query.ids:
        conditions.append(jobs.c.id.in_(query.ids))
    if query.not_ids:
        conditions.append(jobs.c.id.not_in(query.not_ids))
    if query.name_like:
        conditions.append(contains(jobs.c.name, sa.literal(query.name_like, Words)))
    if query.phases:
        conditions.append(jobs.c.public_phase.in_(query.phases))
    if query.not_phases:
        conditions.append(jobs.c.public_phase.not_in(query.not_phases))
    if query.kinds:
        conditions.append(jobs.c.kind.in_(query.kinds))
    if query.user_names:
        conditions.append(jobs.c.user_name.in_(query.user_names))
    if query.created_from_ms:
        conditions.append(jobs.c.created_at_ms >= query.created_from_ms)
    if query.created_to_ms:
        conditions.append(jobs.c.created_at_ms <= query.created_to_ms)
    return conditions


def _sort_keys(query: JobQuery) -> list[sa.ColumnElement[str] | sa.ColumnElement[int]]:
    recent: list[sa.ColumnElement[str] | sa.ColumnElement[int]] = [jobs.c.created_at_ms, jobs.c.id]
    match query.sort_by:
        case "create_time":
            return recent
        case "name":
            return [jobs.c.name, *recent]
        case "status":
            return [jobs.c.public_phase, *recent]
        case "duration":
            return [_duration_ms(query.now_ms), *recent]
        case other:
            raise ValueError(f"cannot sort jobs by {other}")


def _duration_ms(now_ms: int) -> sa.ColumnElement[int]:
    started, ended = jobs.c.started_at_ms, jobs.c.ended_at_ms
    return sa.case(
        (started == 0, 0),
        (ended > 0, ended - started),
        (started < now_ms, now_ms - started),
        else_=0,
    )
