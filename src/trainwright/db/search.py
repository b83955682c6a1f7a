"""A `JobQuery` in SQL."""

import sqlalchemy as sa

from trainwright.db.dialects import WORDS, contains, unindexed
from trainwright.db.rows import job_of
from trainwright.db.schema import job_documents, job_totals, jobs
from trainwright.db.transaction import Transaction, within
from trainwright.domain.entities import Job
from trainwright.ports.uow import JobPage, JobQuery

Condition = sa.ColumnElement[bool]
Key = sa.ColumnElement[str] | sa.ColumnElement[int]


_MOST = 2**62  # beyond any time or count; both databases refuse numbers of more than 64 bits


def search_jobs(tx: Transaction, query: JobQuery) -> JobPage:
    """One page of the scope's jobs, sorted by the key and then in a fixed order, so that pages never overlap."""
    total = _total(tx, query.workspace_id)
    conditions = _conditions(query)
    found = _page(tx, query, conditions)
    if not conditions:
        matches = total
    elif len(found) < query.limit and (found or query.offset == 0):
        matches = query.offset + len(found)  # the page is the last one: no need to count
    else:
        matches = _count(tx, query, conditions)
    return JobPage(found, matches, total)


def _total(tx: Transaction, workspace_id: str) -> int:
    statement = sa.select(sa.func.coalesce(sa.func.sum(job_totals.c.jobs), 0))
    if tx.project_id is not None:
        statement = statement.where(job_totals.c.project_id == tx.project_id)
    if tx.hidden_workspaces:
        statement = statement.where(job_totals.c.workspace_id.not_in(tx.hidden_workspaces))
    if workspace_id:
        statement = statement.where(job_totals.c.workspace_id == workspace_id)
    return int(tx.scalar(statement))


def _page(tx: Transaction, query: JobQuery, conditions: list[Condition]) -> tuple[Job, ...]:
    """The page is found in an index first; rows and documents are fetched for what is on it only."""
    keys = [key.desc() if query.descending else key.asc() for key in _sort_keys(query)]
    found = sa.select(jobs.c.id).where(*_workspace(query), *conditions).order_by(*keys)
    page = found.limit(_bounded(query.limit)).offset(_bounded(query.offset))
    ids = [row["id"] for row in tx.rows(within(page, by_ids=bool(query.ids)))]
    if not ids:
        return ()
    full = sa.select(jobs, job_documents).join(job_documents).where(jobs.c.id.in_(ids))
    by_id = {row["id"]: job_of(row) for row in tx.rows(within(full, by_ids=True))}
    return tuple(by_id[job_id] for job_id in ids if job_id in by_id)


def _count(tx: Transaction, query: JobQuery, conditions: list[Condition]) -> int:
    counted = sa.select(sa.func.count()).select_from(jobs).where(*_workspace(query), *conditions)
    return int(tx.scalar(within(counted, by_ids=bool(query.ids))))


def _workspace(query: JobQuery) -> list[Condition]:
    return [jobs.c.workspace_id == query.workspace_id] if query.workspace_id else []


def _conditions(query: JobQuery) -> list[Condition]:
    conditions: list[Condition] = []
    if query.ids:
        conditions.append(jobs.c.id.in_(query.ids))
    if query.not_ids:
        conditions.append(jobs.c.id.not_in(query.not_ids))
    if query.name_like:
        conditions.append(contains(jobs.c.name, sa.literal(query.name_like, WORDS)))
    if query.phases:
        conditions.append(_phase(query).in_([sa.literal(phase, WORDS) for phase in query.phases]))
    if query.not_phases:
        conditions.append(_phase(query).not_in([sa.literal(phase, WORDS) for phase in query.not_phases]))
    if query.kinds:
        conditions.append(jobs.c.kind.in_(query.kinds))
    if query.user_names:
        conditions.append(jobs.c.user_name.in_(query.user_names))
    if query.created_from_ms:
        conditions.append(jobs.c.created_at_ms >= _bounded(query.created_from_ms))
    if query.created_to_ms:
        conditions.append(jobs.c.created_at_ms <= _bounded(query.created_to_ms))
    return conditions


def _bounded(number: int) -> int:
    return max(-_MOST, min(number, _MOST))


def _phase(query: JobQuery) -> sa.ColumnElement[str]:
    """The phase column; without its index where that would mean to fetch every row for the rest of the query."""
    others = (
        query.name_like or query.kinds or query.user_names or query.workspace_id or query.ids or query.not_ids
    )
    if others or query.sort_by in ("name", "duration"):
        return unindexed(jobs.c.public_phase)
    return jobs.c.public_phase


def _name(query: JobQuery) -> sa.ColumnElement[str]:
    """The name column to sort by; without its index, which holds nothing else, when there is more to look at."""
    return unindexed(jobs.c.name) if _conditions(query) or query.workspace_id else jobs.c.name


def _sort_keys(query: JobQuery) -> list[Key]:
    recent: list[Key] = [jobs.c.created_at_ms, jobs.c.id]
    match query.sort_by:
        case "create_time":
            return recent
        case "name":
            return [_name(query), *recent]
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
