"""Dedicated pools. Implements `ports.pools.PoolRepository`."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, unindexed, upserts
from trainwright.db.rows import job_of
from trainwright.db.schema import job_documents, jobs, pools, tasks
from trainwright.db.transaction import Scoped, Transaction, within, within_table
from trainwright.domain.demand import Demand
from trainwright.domain.entities import Job
from trainwright.domain.errors import DuplicatePoolName, PoolNotFound
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import attempt_key
from trainwright.ports.pools import Pool, WorkloadQuery
from trainwright.ports.workspaces import DEFAULT_WORKSPACE

MOST = 1000

_POOL: sa.BindParameter[str] = sa.bindparam("pool")
_ADD = upserts(
    pools,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["project_id", "name"]).returning(pools.c.id),
)
_ONE = sa.select(pools).where(pools.c.id == _POOL)
_GET = within_table(_ONE, pools.c.project_id, pools.c.workspace_id)
# Shared: jobs may be put into one pool side by side, but not while it is changed or deleted.
_HOLD = within_table(_ONE.with_for_update(read=True), pools.c.project_id, pools.c.workspace_id)
_CHANGE = within_table(_ONE.with_for_update(), pools.c.project_id, pools.c.workspace_id)
_ALL = within_table(
    sa.select(pools).order_by(pools.c.created_at_ms, pools.c.id).limit(MOST),
    pools.c.project_id,
    pools.c.workspace_id,
)
_IN_WORKSPACE = within_table(
    sa.select(pools)
    .where(pools.c.workspace_id.in_([sa.bindparam("workspace"), DEFAULT_WORKSPACE, ""]))
    .order_by(pools.c.created_at_ms, pools.c.id)
    .limit(MOST),
    pools.c.project_id,
    pools.c.workspace_id,
)
_EACH = sa.select(pools.c.id, pools.c.millicpus, pools.c.memory_mib, pools.c.accelerators).order_by(
    pools.c.created_at_ms, pools.c.id
)
_MAY_PREEMPT = sa.select(pools.c.id, pools.c.document).where(pools.c.document.like('%"preemption"%'))
_SHARES = sa.select(
    *(
        sa.func.coalesce(sa.func.sum(column), 0).label(column.name)
        for column in (pools.c.millicpus, pools.c.memory_mib, pools.c.accelerators)
    )
)
_LOCK = sa.select(sa.func.pg_advisory_xact_lock(7_214_002))  # any number but that of `db.outputs`
_NAMED = sa.select(pools.c.id).where(
    pools.c.project_id == sa.bindparam("project"), pools.c.name == sa.bindparam("name"), pools.c.id != _POOL
)
_SAVE = within_table(
    sa.update(pools)
    .where(pools.c.id == _POOL)
    .values(
        name=sa.bindparam("new_name"),
        document=sa.bindparam("new_document"),
        millicpus=sa.bindparam("new_millicpus"),
        memory_mib=sa.bindparam("new_memory_mib"),
        accelerators=sa.bindparam("new_accelerators"),
        updated_at_ms=sa.bindparam("new_updated_at_ms"),
    ),
    pools.c.project_id,
    pools.c.workspace_id,
)
_NAMES = within_table(
    sa.select(pools.c.id, pools.c.name).where(pools.c.id.in_(sa.bindparam("ids", expanding=True))),
    pools.c.project_id,
    pools.c.workspace_id,
)
_DELETE = within_table(sa.delete(pools).where(pools.c.id == _POOL), pools.c.project_id, pools.c.workspace_id)
# Said so that SQLite finds them by the index of what is due, which holds little else.
_IS_UNFINISHED = jobs.c.due_at_ms >= 0
_UNFINISHED = (
    sa.select(jobs, job_documents)
    .join(job_documents)
    .where(_IS_UNFINISHED, jobs.c.pool_id == _POOL, jobs.c.id > sa.bindparam("after"))
    .order_by(jobs.c.id)
    .limit(sa.bindparam("limit"))
)
_COUNT_UNFINISHED = (
    sa.select(sa.func.count()).select_from(jobs).where(_IS_UNFINISHED, jobs.c.pool_id == _POOL)
)
_QUEUES = jobs.c.pending.is_not(None)
_COUNT = within(
    sa.select(jobs.c.public_phase, _QUEUES.label("queues"), sa.func.count().label("jobs"))
    .where(_IS_UNFINISHED, jobs.c.pool_id == _POOL)
    .group_by(jobs.c.public_phase, sa.text("queues")),
    by_ids=True,
)
_HOSTS = within(
    sa.select(tasks.c.job_id, tasks.c.name, tasks.c.ip)
    .where(tasks.c.attempt_key.in_(sa.bindparam("keys", expanding=True)), tasks.c.ip != "")
    .order_by(tasks.c.attempt_key, tasks.c.position),
    tasks.c.job_id,
)
_PRESENT = jobs.c.id + "-a" + sa.cast(jobs.c.attempt_number, sa.Text)  # see `domain.specs.attempt_key`


class Pools:
    """See `ports.pools.PoolRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, pool: Pool) -> None:
        """Insert it. Raises `DuplicatePoolName`, `ScopeBreach`."""
        tx = self._tx
        tx.require_project(pool.project_id)
        place = {"id": pool.id, "project_id": pool.project_id, "workspace_id": pool.workspace_id}
        times = {"created_at_ms": pool.created_at_ms, "updated_at_ms": pool.updated_at_ms}
        if tx.scalar(_ADD[tx.dialect_name], **place, **times, **_values(pool)) is None:
            raise DuplicatePoolName(name=pool.name)

    def get(self, pool_id: str) -> Pool:
        """Raises `PoolNotFound`, for any text that is not the id of a pool of the scope."""
        return self._one(_HOLD if self._tx.write else _GET, pool_id)

    def get_to_change(self, pool_id: str) -> Pool:
        """Raises `PoolNotFound`."""
        return self._one(_CHANGE, pool_id)

    def list_all(self, *, workspace_id: str = "") -> tuple[Pool, ...]:
        """All, oldest first."""
        if workspace_id:
            return tuple(_pool_of(row) for row in self._tx.rows(_IN_WORKSPACE, workspace=workspace_id))
        return tuple(_pool_of(row) for row in self._tx.rows(_ALL))

    def list_shares(self) -> dict[str, Demand]:
        """Of every project. Raises `ScopeBreach` in a project's scope."""
        self._tx.require_platform()
        rows = self._tx.rows(_EACH)
        return {row["id"]: Demand(row["millicpus"], row["memory_mib"], row["accelerators"]) for row in rows}

    def list_preempting(self) -> tuple[str, ...]:
        """Of every project. Raises `ScopeBreach` in a project's scope."""
        self._tx.require_platform()
        rows = [(row["id"], json.loads(row["document"])["spec"]) for row in self._tx.rows(_MAY_PREEMPT)]
        return tuple(pool for pool, spec in rows if (spec.get("preemption") or {}).get("enabled"))

    def lock_shares(self) -> Demand:
        """What all have together. SQLite has one writer anyway."""
        tx = self._tx
        if tx.write and tx.dialect_name == "postgresql":
            tx.scalar(_LOCK)
        row = tx.row(_SHARES)
        if row is None:
            return Demand()
        return Demand(int(row["millicpus"]), int(row["memory_mib"]), int(row["accelerators"]))

    def names(self, pool_ids: Sequence[str]) -> dict[str, str]:
        """Display names by id."""
        return {row["id"]: row["name"] for row in self._tx.rows(_NAMES, ids=list(pool_ids))}

    def save(self, pool: Pool) -> None:
        """Write name, document, share and time of change."""
        tx = self._tx
        if tx.scalar(_NAMED, project=pool.project_id, name=pool.name, pool=pool.id) is not None:
            raise DuplicatePoolName(name=pool.name)
        values = {f"new_{name}": value for name, value in _values(pool).items()}
        if not tx.change(_SAVE, pool=pool.id, new_updated_at_ms=pool.updated_at_ms, **values):
            raise PoolNotFound(pool=pool.id)

    def delete(self, pool_id: str) -> None:
        """Raises `PoolNotFound`."""
        if not self._tx.change(_DELETE, pool=pool_id):
            raise PoolNotFound(pool=pool_id)

    def count_unfinished(self, pool_id: str) -> int:
        """How many there are. Raises `PoolNotFound` when the scope has no such pool."""
        self.get(pool_id)
        return int(self._tx.scalar(_COUNT_UNFINISHED, pool=pool_id))

    def list_unfinished(self, pool_id: str, *, after: str = "", limit: int = 500) -> tuple[Job, ...]:
        """Unfinished jobs in it by id. Raises `PoolNotFound` when the scope has no such pool."""
        self.get(pool_id)
        rows = self._tx.rows(_UNFINISHED, pool=pool_id, after=after, limit=limit)
        return tuple(job_of(row) for row in rows)

    def list_workloads(self, query: WorkloadQuery) -> tuple[Job, ...]:
        """One page of the scope's unfinished jobs in a pool."""
        order = (jobs.c.created_at_ms, jobs.c.id)
        found = sa.select(jobs.c.id).where(_IS_UNFINISHED, jobs.c.pool_id == query.pool_id)
        if query.phases:
            phases = [sa.literal(phase, WORDS) for phase in query.phases]
            found = found.where(unindexed(jobs.c.public_phase).in_(phases))
        if query.queues is not None:
            found = found.where(_QUEUES if query.queues else ~_QUEUES)
        if query.host_ips:
            there = sa.select(tasks.c.name).where(
                tasks.c.attempt_key == _PRESENT, tasks.c.ip.in_(query.host_ips)
            )
            found = found.where(there.correlate(jobs).exists())
        found = found.order_by(*(key.desc() if query.descending else key.asc() for key in order))
        page = within(found.limit(query.limit).offset(query.offset), by_ids=True)
        ids = [row["id"] for row in self._tx.rows(page)]
        if not ids:
            return ()
        full = sa.select(jobs, job_documents).join(job_documents).where(jobs.c.id.in_(ids))
        by_id = {row["id"]: job_of(row) for row in self._tx.rows(within(full, by_ids=True))}
        return tuple(by_id[job_id] for job_id in ids if job_id in by_id)

    def count_workloads(self, pool_id: str) -> dict[tuple[Phase, bool], int]:
        """By the phase that an API caller sees, and by whether they queue."""
        rows = self._tx.rows(_COUNT, pool=pool_id)
        return {(Phase(row["public_phase"]), bool(row["queues"])): row["jobs"] for row in rows}

    def hosts_of(self, jobs: Sequence[Job]) -> dict[str, tuple[tuple[str, str], ...]]:
        """(task, ip) by the job's id."""
        keys = [attempt_key(job.id, job.attempt_number) for job in jobs if job.attempt_number]
        found: dict[str, tuple[tuple[str, str], ...]] = {}
        for row in self._tx.rows(_HOSTS, keys=keys) if keys else ():
            found[row["job_id"]] = (*found.get(row["job_id"], ()), (row["name"], row["ip"]))
        return found

    def _one(self, statement: Scoped, pool_id: str) -> Pool:
        row = self._tx.row(statement, pool=pool_id)
        if row is None:
            raise PoolNotFound(pool=pool_id)
        return _pool_of(row)


def _values(pool: Pool) -> dict[str, Any]:
    return {
        "name": pool.name,
        "document": json.dumps(pool.document),
        "millicpus": pool.millicpus,
        "memory_mib": pool.memory_mib,
        "accelerators": pool.accelerators,
    }


def _pool_of(row: RowMapping) -> Pool:
    return Pool(**{**row, "document": json.loads(row["document"])})
