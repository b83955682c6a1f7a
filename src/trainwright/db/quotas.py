"""Limits of workspaces and users. Implements `ports.workspaces.QuotaRepository`."""

from collections.abc import Mapping

import sqlalchemy as sa

from trainwright.db.dialects import WORDS, unindexed, upserts
from trainwright.db.schema import job_documents, jobs, training_quotas, workspace_quotas
from trainwright.db.transaction import Transaction
from trainwright.domain.demand import Demand

_PROJECT = sa.bindparam("project", type_=WORDS)
_WORKSPACE = sa.bindparam("workspace", type_=WORDS)
_USER = sa.bindparam("user", type_=WORDS)

_OF_WORKSPACE = (
    sa.select(workspace_quotas)
    .where(workspace_quotas.c.project_id == _PROJECT, workspace_quotas.c.workspace_id == _WORKSPACE)
    .order_by(workspace_quotas.c.resource)
)
_OF_USER = (
    sa.select(training_quotas)
    .where(training_quotas.c.project_id == _PROJECT, training_quotas.c.user_id.in_([_USER, ""]))
    .order_by(training_quotas.c.user_id, training_quotas.c.resource)
)
_SET_OF_WORKSPACE = upserts(
    workspace_quotas,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["project_id", "workspace_id", "resource"],
        set_={"quota": insert.excluded.quota, "updated_at_ms": insert.excluded.updated_at_ms},
    ),
)
_SET_OF_USER = upserts(
    training_quotas,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["project_id", "user_id", "resource"],
        set_={"quota": insert.excluded.quota, "extra_info": insert.excluded.extra_info},
    ),
)
# By time, not by project: few jobs are unfinished, many have ended.
_UNFINISHED = sa.and_(jobs.c.due_at_ms >= 0, unindexed(jobs.c.project_id) == _PROJECT)
_DEMAND = (
    sa.select(
        sa.func.count().label("jobs"),
        *(
            sa.func.coalesce(sa.func.sum(column), 0).label(column.name)
            for column in (
                job_documents.c.millicpus,
                job_documents.c.memory_mib,
                job_documents.c.accelerators,
            )
        ),
    )
    .select_from(jobs)
    .join(job_documents)
    .where(_UNFINISHED, unindexed(jobs.c.workspace_id) == _WORKSPACE)
)
_COUNT_OF_USER = (
    sa.select(sa.func.count()).select_from(jobs).where(_UNFINISHED, unindexed(jobs.c.user_id) == _USER)
)


class Quotas:
    """See `ports.workspaces.QuotaRepository`; only for a project's scope."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._project = tx.project_id or ""

    def of_workspace(self, workspace_id: str) -> Mapping[str, tuple[int, int]]:
        """Resource -> (quota, when set, ms); in a writing unit nobody else reads them to write until it ends."""
        rows = self._tx.rows(self._locked(_OF_WORKSPACE), project=self._project, workspace=workspace_id)
        return {row["resource"]: (row["quota"], row["updated_at_ms"]) for row in rows}

    def set_of_workspace(self, workspace_id: str, quotas: Mapping[str, int], now_ms: int) -> None:
        """Write those given."""
        statement = _SET_OF_WORKSPACE[self._tx.dialect_name]
        for resource, quota in sorted(quotas.items()):
            self._tx.change(
                statement,
                project_id=self._project,
                workspace_id=workspace_id,
                resource=resource,
                quota=quota,
                updated_at_ms=now_ms,
            )

    def of_user(self, user_id: str) -> Mapping[str, tuple[int, str]]:
        """Resource -> (quota, extra_info); locked as those of a workspace."""
        rows = self._tx.rows(self._locked(_OF_USER), project=self._project, user=user_id)
        # Those of everyone come first, as their user id is empty: the user's own replace them.
        return {row["resource"]: (row["quota"], row["extra_info"]) for row in rows}

    def set_of_user(self, user_id: str, quotas: Mapping[str, tuple[int, str]]) -> None:
        """Write those given."""
        statement = _SET_OF_USER[self._tx.dialect_name]
        for resource, (quota, extra_info) in sorted(quotas.items()):
            self._tx.change(
                statement,
                project_id=self._project,
                user_id=user_id,
                resource=resource,
                quota=quota,
                extra_info=extra_info,
            )

    def unfinished_in(self, workspace_id: str) -> tuple[int, Demand]:
        """How many unfinished jobs the workspace has, and what they take together."""
        row = self._tx.row(_DEMAND, project=self._project, workspace=workspace_id)
        if row is None:
            return 0, Demand()
        demand = Demand(int(row["millicpus"]), int(row["memory_mib"]), int(row["accelerators"]))
        return int(row["jobs"]), demand

    def unfinished_of(self, user_id: str) -> int:
        """How many unfinished jobs the user has, in whichever workspace."""
        return int(self._tx.scalar(_COUNT_OF_USER, project=self._project, user=user_id))

    def _locked(self, statement: sa.Select[tuple[object, ...]]) -> sa.Select[tuple[object, ...]]:
        return statement.with_for_update() if self._tx.write else statement
