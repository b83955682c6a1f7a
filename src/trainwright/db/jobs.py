"""Jobs of a scope. Implements `ports.uow.JobRepository`."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from trainwright.db.dialects import WORDS, contains, earlier, upserts
from trainwright.db.folder_use import list_users, uses_folder, was_written
from trainwright.db.job_changes import note_change
from trainwright.db.outputs import add_outputs, find_writer
from trainwright.db.rows import document_values, job_of, new_job_values
from trainwright.db.schema import job_documents, job_totals, jobs, tasks
from trainwright.db.search import search_jobs
from trainwright.db.transaction import Transaction, within
from trainwright.domain.entities import Job
from trainwright.domain.errors import DuplicateJobName, JobNotFound
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason
from trainwright.ports.uow import FolderJob, JobPage, JobQuery

_JOB: sa.BindParameter[str] = sa.bindparam("job")
_NOW = sa.bindparam("now", type_=sa.BigInteger)
_JOBS: sa.Select[Any] = sa.select(jobs, job_documents).join(job_documents)

# Not an error caught afterwards: PostgreSQL would give up the whole transaction. The id is there already when two
# requests with one idempotency key come at once.
_ADD = upserts(jobs, lambda insert: insert.on_conflict_do_nothing().returning(jobs.c.id))
_ADD_DOCUMENT = sa.insert(job_documents)
_COUNT_UP = upserts(
    job_totals,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["project_id", "workspace_id"], set_={"jobs": job_totals.c.jobs + 1}
    ),
)
_COUNT_DOWN = (
    sa.update(job_totals)
    .where(
        job_totals.c.project_id == sa.bindparam("project"),
        job_totals.c.workspace_id == sa.bindparam("workspace"),
    )
    .values(jobs=job_totals.c.jobs - 1)
)
_GET = within(_JOBS.where(jobs.c.id == _JOB))
_EXISTS = within(sa.select(jobs.c.id).where(jobs.c.id == _JOB))
_EXISTING = within(
    sa.select(jobs.c.id).where(jobs.c.id.in_(sa.bindparam("jobs", expanding=True))), by_ids=True
)
_NAMED = within(
    _JOBS.where(jobs.c.name == sa.bindparam("name")).order_by(jobs.c.created_at_ms, jobs.c.id).limit(1)
)
# Of two who change a job at once, the second reads what the first has written.
_HOLD_DOCUMENT = within(
    sa.select(job_documents.c.job_id).where(job_documents.c.job_id == _JOB).with_for_update(),
    job_documents.c.job_id,
)
_SAVE_DOCUMENT = within(
    sa.update(job_documents)
    .where(job_documents.c.job_id == _JOB)
    .values(
        description=sa.bindparam("new_description"),
        request=sa.bindparam("new_request"),
        launch=sa.bindparam("new_launch"),
    ),
    job_documents.c.job_id,
)
# The copy by which jobs are searched.
_SAVE_PRIORITY = within(
    sa.update(jobs)
    .where(jobs.c.id == _JOB, jobs.c.priority != sa.bindparam("new_priority", type_=sa.BigInteger))
    .values(priority=sa.bindparam("new_priority", type_=sa.BigInteger))
)
_TAKEN = sa.select(jobs.c.name).where(
    jobs.c.project_id == sa.bindparam("project"), jobs.c.name.in_(sa.bindparam("names", expanding=True))
)
# One conditional UPDATE: of two requests at once one gets its row, and none can mark an ended job.
_REQUEST_STOP = within(
    sa.update(jobs)
    .where(jobs.c.id == _JOB, jobs.c.stop_requested_at_ms == 0, jobs.c.due_at_ms.is_not(None))
    .values(
        stop_requested_at_ms=_NOW,
        stop_reason=Reason.STOPPED_BY_USER,
        public_phase=Phase.TERMINATING,
        due_at_ms=earlier(jobs.c.due_at_ms, _NOW),
        woken=True,
    )
)
# How a launch is written down: null where it has none.
_WITH_POLICY = within(
    _JOBS.where(
        sa.or_(
            jobs.c.due_at_ms.is_not(None), jobs.c.ended_at_ms >= sa.bindparam("since", type_=sa.BigInteger)
        ),
        contains(job_documents.c.launch, sa.literal('"checkpoints":{"keep_last":', WORDS)),
    ).order_by(jobs.c.created_at_ms, jobs.c.id)
)
_DELETE_TASKS = within(sa.delete(tasks).where(tasks.c.job_id == _JOB), tasks.c.job_id)
_PLACE = within(sa.select(jobs.c.project_id, jobs.c.workspace_id).where(jobs.c.id == _JOB).with_for_update())
_DELETE = within(sa.delete(jobs).where(jobs.c.id == _JOB))


class Jobs:
    """See `ports.uow.JobRepository`; what is said here is only what is not said there."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, job: Job) -> None:
        """Insert it, due at once.

        Raises:
            DuplicateJobName: the project has a job of that name, or there is one of that id.
            ScopeBreach: the job is of another project.
        """
        tx = self._tx
        tx.require_project(job.project_id)
        if tx.scalar(_ADD[tx.dialect_name], **new_job_values(job)) is None:
            raise DuplicateJobName(name=job.name)
        tx.change(_ADD_DOCUMENT, **document_values(job))
        add_outputs(tx, job)
        tx.change(
            _COUNT_UP[tx.dialect_name], project_id=job.project_id, workspace_id=job.workspace_id, jobs=1
        )
        note_change(tx, job.id, "created")

    def get(self, job_id: str) -> Job:
        """Raises `JobNotFound`, for any text that is not the id of a job of the scope."""
        row = self._tx.row(_GET, job=job_id)
        if row is None:
            raise JobNotFound(job=job_id)
        return job_of(row)

    def find_by_name(self, name: str) -> Job | None:
        """The project's job of that name; the oldest of all projects in the platform's scope."""
        row = self._tx.row(_NAMED, name=name)
        return None if row is None else job_of(row)

    def search(self, query: JobQuery) -> JobPage:
        """One page. Equal keys are ordered by creation time, then id. `ValueError` for another `sort_by`."""
        return search_jobs(self._tx, query)

    def get_to_change(self, job_id: str) -> Job:
        """Raises `JobNotFound`."""
        self._tx.row(_HOLD_DOCUMENT, job=job_id)
        return self.get(job_id)

    def save_documents(self, job: Job) -> None:
        """Write description, request and launch. Raises `JobNotFound`."""
        values = document_values(job)
        changed = self._tx.change(
            _SAVE_DOCUMENT,
            job=job.id,
            new_description=values["description"],
            new_request=values["request"],
            new_launch=values["launch"],
        )
        if not changed:
            raise JobNotFound(job=job.id)
        self._tx.change(_SAVE_PRIORITY, job=job.id, new_priority=job.launch.priority)
        note_change(self._tx, job.id, "changed")

    def taken(self, names: Sequence[str]) -> frozenset[str]:
        """Those of `names` that a job of the scope's project has."""
        found = self._tx.rows(_TAKEN, project=self._tx.project_id or "", names=list(names))
        return frozenset(row["name"] for row in found)

    def request_stop(self, job_id: str, now_ms: int) -> bool:
        """Mark it to be stopped and make it due. Raises `JobNotFound`."""
        if self._tx.change(_REQUEST_STOP, job=job_id, now=now_ms):
            note_change(self._tx, job_id, "changed")
            return True
        if self._tx.scalar(_EXISTS, job=job_id) is None:
            raise JobNotFound(job=job_id)
        return False

    def delete(self, job_id: str) -> None:
        """Remove it with all that belongs to it. Raises `JobNotFound`, also when called twice."""
        # Tasks first, in the order in which reports lock rows, so that the two never wait for each other.
        self._tx.change(_DELETE_TASKS, job=job_id)
        place = self._tx.row(_PLACE, job=job_id)
        if place is None:
            raise JobNotFound(job=job_id)
        note_change(self._tx, job_id, "deleted")
        self._tx.change(_DELETE, job=job_id)
        self._tx.change(_COUNT_DOWN, project=place["project_id"], workspace=place["workspace_id"])

    def existing(self, job_ids: Sequence[str]) -> frozenset[str]:
        """Those of `job_ids` that are jobs of the scope."""
        return frozenset(row["id"] for row in self._tx.rows(_EXISTING, jobs=list(job_ids)))

    def with_checkpoint_policy(self, *, ended_since_ms: int) -> tuple[Job, ...]:
        """The oldest first."""
        return tuple(map(job_of, self._tx.rows(_WITH_POLICY, since=ended_since_ms)))

    def unfinished_using(self, uri: str, *, besides: str) -> bool:
        """Not limited to the scope, as buckets are shared."""
        return uses_folder(self._tx, uri, besides)

    def list_using(self, uri: str) -> tuple[FolderJob, ...]:
        """See `folder_use.list_users`."""
        return list_users(self._tx, uri)

    def written_since(self, uri: str, *, besides: str, since_ms: int) -> bool:
        """Not limited to the scope, as buckets are shared."""
        return was_written(self._tx, uri, besides, since_ms)

    def unfinished_writing_to(self, uris: Sequence[str]) -> tuple[str, str] | None:
        """See `outputs.find_writer`; not limited to the scope, as buckets are shared."""
        return find_writer(self._tx, uris)
