"""A `JobQuery` in SQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trainwright.db.dialects import WORDS, contains, from_index
from trainwright.db.rows import job_of
from trainwright.db.schema import job_documents, job_tags, job_totals, jobs, tasks
from trainwright.db.transaction import Transaction, within
from trainwright.domain.entities import Job
from trainwright.domain.lifecycle import END_PHASES, Phase
from trainwright.ports.uow import JobPage, JobQuery, Match

Condition = sa.ColumnElement[bool]
Key = sa.ColumnElement[str] | sa.ColumnElement[int]

_MOST = 2**62  # beyond any time or count; both databases refuse numbers of more than 64 bits
_FEW = 5000  # jobs that are looked up one by one sooner than all of the project are scanned
_COLUMNS: Mapping[str, sa.Column[str]] = {
    "id": jobs.c.id,
    "name": jobs.c.name,
    "phase": jobs.c.public_phase,
    "kind": jobs.c.kind,
    "user_id": jobs.c.user_id,
    "user_name": jobs.c.user_name,
    "algorithm_id": jobs.c.algorithm_id,
    "algorithm_name": jobs.c.algorithm_name,
    "pool_id": jobs.c.pool_id,
    "experiment_id": jobs.c.experiment_id,
    "engine_id": jobs.c.engine_id,
    "flavor_id": jobs.c.flavor_id,
}
_IN_ALL_INDEXES = ("id", "name", "phase")  # beside creation time and workspace
_ALL = "ix_jobs_search"
_BY_PHASE = "ix_jobs_public_phase"
_BY_NAME = "ix_jobs_name"
_BY_RAN = "ix_jobs_ran"
_BY_USER = "ix_jobs_user"


@dataclass(frozen=True, slots=True)
class _Search:
    """A query with its conditions in SQL. `by_ids`: few jobs are named, the way to them is their primary key."""

    query: JobQuery
    conditions: tuple[Condition, ...]
    by_ids: bool
    is_usual: bool  # looks only at what every index holds
    phases: frozenset[str]  # that a match may have
    of_user: bool  # looks only at the jobs of one user, and at what every index holds


def search_jobs(tx: Transaction, query: JobQuery) -> JobPage:
    """One page of the scope's jobs, sorted by the key and then in a fixed order, so that pages never overlap."""
    total = _total(tx, query.workspace_id)
    search = _search(tx, query)
    ids = _page(tx, search)
    if not search.conditions:
        matches = total
    elif len(ids) < query.limit and (ids or query.offset == 0):
        matches = query.offset + len(ids)  # the page is the last one: no need to count
    else:
        matches = _count(tx, search)
    return JobPage(_fetch(tx, ids), matches, total)


def _total(tx: Transaction, workspace_id: str) -> int:
    statement = sa.select(sa.func.coalesce(sa.func.sum(job_totals.c.jobs), 0))
    if tx.project_id is not None:
        statement = statement.where(job_totals.c.project_id == tx.project_id)
    if tx.hidden_workspaces:
        statement = statement.where(job_totals.c.workspace_id.not_in(tx.hidden_workspaces))
    if workspace_id:
        statement = statement.where(job_totals.c.workspace_id == workspace_id)
    return int(tx.scalar(statement))


def _search(tx: Transaction, query: JobQuery) -> _Search:
    matches = [match for match in query.matches if match.values]
    conditions = [_condition(match) for match in matches]
    if query.created_from_ms:
        conditions.append(jobs.c.created_at_ms >= _bounded(query.created_from_ms))
    if query.created_to_ms:
        conditions.append(jobs.c.created_at_ms <= _bounded(query.created_to_ms))
    if query.host_ips:
        conditions.append(_ran_on(query.host_ips))
    by_tag = _rarest_tag(tx, query)
    for tag in query.tags:
        if tag == by_tag:
            conditions.append(jobs.c.id.in_(_tagged(*tag, tx.project_id)))
        else:
            has = _tagged(*tag).where(job_tags.c.job_id == jobs.c.id)
            conditions.append(has.correlate(jobs).exists())
    named = any(match.column == "id" and match.how == "in" for match in matches)
    return _Search(
        query,
        tuple(conditions),
        by_ids=named or by_tag is not None,
        is_usual=all(match.column in _IN_ALL_INDEXES for match in matches),
        phases=_phases(matches),
        of_user=_is_of_user(matches),
    )


def _is_of_user(matches: Sequence[Match]) -> bool:
    named = [match for match in matches if match.column == "user_id"]
    one = len(named) == 1 and named[0].how == "in" and len(named[0].values) == 1
    return one and all(match.column in (*_IN_ALL_INDEXES, "user_id") for match in matches)


def _phases(matches: Iterable[Match]) -> frozenset[str]:
    allowed = frozenset[str](Phase)
    for match in matches:
        if match.column == "phase" and match.how == "in":
            allowed &= frozenset(match.values)
        elif match.column == "phase" and match.how == "not":
            allowed -= frozenset(match.values)
    return allowed


def _page(tx: Transaction, search: _Search) -> Sequence[str]:
    """Ids of the page."""
    query = search.query
    if (
        query.sort_by == "duration"
        and search.is_usual
        and _is_indexed(tx, search)
        and not search.phases <= END_PHASES
    ):
        merged = _page_by_duration(tx, search)
        if merged is not None:
            return merged
    found = _selected(search, [jobs.c.id]).order_by(*_directed(search, _sort_keys(search)))
    if _is_indexed(tx, search):
        found = from_index(found, jobs, _page_index(search))
    page = found.limit(_bounded(query.limit)).offset(_bounded(query.offset))
    return [row["id"] for row in tx.rows(within(page, by_ids=search.by_ids))]


def _page_by_duration(tx: Transaction, search: _Search) -> Sequence[str] | None:
    """Those that have ended come from the index of their durations; the others are measured, unless they are many:
    then None.
    """
    query = search.query
    measured = _by_duration(search, _duration_ms(query.now_ms), _BY_PHASE, frozenset(Phase) - END_PHASES)
    unfinished = list(tx.rows(within(measured.limit(_FEW))))
    if len(unfinished) == _FEW:
        return None
    # No more than all of the unfinished can come before what is skipped here.
    skipped = max(0, query.offset - len(unfinished))
    known = _by_duration(search, jobs.c.ran_ms, _BY_RAN, END_PHASES).offset(_bounded(skipped))
    ended = tx.rows(within(known.limit(_bounded(query.offset + query.limit - skipped))))
    found = sorted(
        [*unfinished, *ended],
        key=lambda row: (row["duration"], row["created_at_ms"], row["id"]),
        reverse=query.descending,
    )
    first = query.offset - skipped
    return [row["id"] for row in found[first : first + query.limit]]


def _by_duration(
    search: _Search, duration: sa.ColumnElement[int], index: str, phases: frozenset[Phase]
) -> sa.Select[Any]:
    columns = [jobs.c.id, jobs.c.created_at_ms, duration.label("duration")]
    keys: list[Key] = [duration, jobs.c.created_at_ms, jobs.c.id]
    found = _selected(search, columns).where(jobs.c.public_phase.in_(_words(phases)))
    return from_index(found, jobs, index).order_by(*_directed(search, keys))


def _count(tx: Transaction, search: _Search) -> int:
    counted = _selected(search, [sa.func.count()])
    if _is_indexed(tx, search):
        counted = from_index(counted, jobs, _count_index(search))
    return int(tx.scalar(within(counted, by_ids=search.by_ids)))


def _fetch(tx: Transaction, ids: Sequence[str]) -> tuple[Job, ...]:
    """Rows and documents, for what is on the page only."""
    if not ids:
        return ()
    full = sa.select(jobs, job_documents).join(job_documents).where(jobs.c.id.in_(ids))
    by_id = {row["id"]: job_of(row) for row in tx.rows(within(full, by_ids=True))}
    return tuple(by_id[job_id] for job_id in ids if job_id in by_id)


def _selected(search: _Search, columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    """The matching rows."""
    workspace_id = search.query.workspace_id
    statement = sa.select(*columns).select_from(jobs).where(*search.conditions)
    return statement.where(jobs.c.workspace_id == workspace_id) if workspace_id else statement


def _directed(search: _Search, keys: Sequence[Key]) -> list[sa.UnaryExpression[Any]]:
    return [key.desc() if search.query.descending else key.asc() for key in keys]


def _is_indexed(tx: Transaction, search: _Search) -> bool:
    """Whether to say which index to read. SQLite keeps no statistics, and guesses wrong (measured: 3 times slower)."""
    return not search.by_ids and tx.project_id is not None


def _page_index(search: _Search) -> str:
    if search.of_user and search.query.sort_by == "create_time":
        return _BY_USER
    if not search.is_usual:
        return _ALL
    match search.query.sort_by:
        case "name":
            return _BY_NAME
        case "status":
            return _BY_PHASE
        case "duration" if search.phases <= END_PHASES:
            return _BY_RAN
        case "create_time" if len(search.phases) == 1:
            return _BY_PHASE
        case _:
            return _ALL


def _count_index(search: _Search) -> str:
    if search.of_user:
        return _BY_USER
    if not search.is_usual:
        return _ALL
    if search.phases < frozenset(Phase):
        return _BY_PHASE
    query = search.query
    return _ALL if query.created_from_ms or query.created_to_ms else _BY_NAME


def _condition(match: Match) -> Condition:
    column = _COLUMNS[match.column]
    if match.how == "like":
        (text,) = match.values
        return contains(column, sa.literal(text, WORDS))
    values = _words(match.values)
    return column.in_(values) if match.how == "in" else column.not_in(values)


def _tagged(key: str, values: Sequence[str], project_id: str | None = None) -> sa.Select[tuple[str]]:
    """Ids of the jobs with that tag, of the project or of all."""
    found = sa.select(job_tags.c.job_id).where(job_tags.c.key == sa.literal(key, WORDS))
    if values:
        found = found.where(job_tags.c.value.in_(_words(values)))
    return found if project_id is None else found.where(job_tags.c.project_id == project_id)


def _rarest_tag(tx: Transaction, query: JobQuery) -> tuple[str, tuple[str, ...]] | None:
    """The tag that the fewest jobs have, when these are few: then they are looked up, not searched."""
    counted: dict[tuple[str, tuple[str, ...]], int] = {}
    for key, values in query.tags:
        some = _tagged(key, values, tx.project_id).limit(_FEW).subquery()
        counted[key, values] = int(tx.scalar(sa.select(sa.func.count()).select_from(some)))
    rarest = min(counted, key=counted.__getitem__, default=None)
    return rarest if rarest is not None and counted[rarest] < _FEW else None


def _ran_on(ips: Sequence[str]) -> Condition:
    ran = sa.select(tasks.c.job_id).where(tasks.c.job_id == jobs.c.id, tasks.c.ip.in_(_words(ips)))
    return ran.correlate(jobs).exists()


def _sort_keys(search: _Search) -> list[Key]:
    query = search.query
    recent: list[Key] = [jobs.c.created_at_ms, jobs.c.id]
    match query.sort_by:
        case "create_time":
            return recent
        case "start_time":
            return [jobs.c.started_at_ms, *recent]
        case "name":
            return [jobs.c.name, *recent]
        case "status":
            return [jobs.c.public_phase, *recent]
        case "user_name":
            return [jobs.c.user_name, *recent]
        case "priority":
            return [jobs.c.priority, *recent]
        case "duration" if search.phases <= END_PHASES:
            return [jobs.c.ran_ms, *recent]
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


def _words(values: Iterable[str]) -> list[sa.BindParameter[str]]:
    return [sa.literal(value, WORDS) for value in sorted(values)]


def _bounded(number: int) -> int:
    return max(-_MOST, min(number, _MOST))
