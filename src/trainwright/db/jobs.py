"""Jobs of a scope. Implements `ports.uow.JobRepository`."""

from collections.abc import Sequence

import sqlalchemy as sa

from trainwright.db.dialects import earlier, upsert_into
from trainwright.db.outputs import add_outputs, find_writer
from trainwright.db.rows import document_values, job_of, new_job_values
from trainwright.db.schema import job_documents, jobs, tasks
from trainwright.db.search import search_jobs
from trainwright.db.transaction import Transaction
from trainwright.domain.entities import Job
from trainwright.domain.errors import DuplicateJobName, JobNotFound
from trainwright.domain.reasons import Reason
from trainwright.ports.uow import JobPage, JobQuery


class Jobs:
    """See `ports.uow.JobRepository`; what is said here is only what is not said there."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, job: Job) -> None:
        """Insert it, due at once.

        Raises:
            DuplicateJobName: the project has a job of that name.
            ScopeBreach: the job is of another project.
        """
        self._tx.require_project(job.project_id)
        insert = upsert_into(jobs, self._tx.dialect_name).values(new_job_values(job))
        # Not an error caught afterwards: PostgreSQL would give up the whole transaction.
        unless_taken = insert.on_conflict_do_nothing(index_elements=["project_id", "name"])
        if self._tx.scalar(unless_taken.returning(jobs.c.id)) is None:
            raise DuplicateJobName(name=job.name)
        self._tx.change(sa.insert(job_documents).values(document_values(job)))
        add_outputs(self._tx, job)

    def get(self, job_id: str) -> Job:
        """Raises `JobNotFound`, for any text that is not the id of a job of the scope."""
        row = self._tx.row(self._tx.within(_select_jobs().where(jobs.c.id == job_id)))
        if row is None:
            raise JobNotFound(job=job_id)
        return job_of(row)

    def find_by_name(self, name: str) -> Job | None:
        """The project's job of that name; the oldest of all projects in the platform's scope."""
        named = self._tx.within(_select_jobs().where(jobs.c.name == name))
        row = self._tx.row(named.order_by(jobs.c.created_at_ms, jobs.c.id).limit(1))
        return None if row is None else job_of(row)

    def search(self, query: JobQuery) -> JobPage:
        """One page. Equal keys are ordered by creation time, then id. `ValueError` for another `sort_by`."""
        return search_jobs(self._tx, query)

    def set_description(self, job_id: str, description: str) -> None:
        """Change only that. Raises `JobNotFound`."""
        update = sa.update(job_documents).values(description=description)
        one = update.where(job_documents.c.job_id == job_id)
        if not self._tx.change(self._tx.within(one, job_documents.c.job_id)):
            raise JobNotFound(job=job_id)

    def request_stop(self, job_id: str, now_ms: int) -> bool:
        """Mark it to be stopped and make it due. Raises `JobNotFound`.

        One conditional UPDATE: of two requests at once one gets True, and none can mark an ended job.
        """
        mark = (
            sa.update(jobs)
            .where(jobs.c.id == job_id, jobs.c.stop_requested_at_ms == 0, jobs.c.due_at_ms.is_not(None))
            .values(
                stop_requested_at_ms=now_ms,
                stop_reason=Reason.STOPPED_BY_USER,
                public_phase=jobs.c.phase,
                due_at_ms=earlier(jobs.c.due_at_ms, sa.literal(now_ms, sa.BigInteger)),
                woken=True,
            )
        )
        if self._tx.change(self._tx.within(mark)):
            return True
        if self._tx.scalar(self._tx.within(sa.select(jobs.c.id).where(jobs.c.id == job_id))) is None:
            raise JobNotFound(job=job_id)
        return False

    def delete(self, job_id: str) -> None:
        """Remove it with all that belongs to it. Raises `JobNotFound`, also when called twice."""
        # Tasks first, in the order in which reports lock rows, so that the two never wait for each other.
        self._tx.change(self._tx.within(sa.delete(tasks).where(tasks.c.job_id == job_id), tasks.c.job_id))
        if not self._tx.change(self._tx.within(sa.delete(jobs).where(jobs.c.id == job_id))):
            raise JobNotFound(job=job_id)

    def unfinished_writing_to(self, uris: Sequence[str]) -> tuple[str, str] | None:
        """See `outputs.find_writer`; not limited to the scope, as buckets are shared."""
        return find_writer(self._tx, uris)


def _select_jobs() -> sa.Select[tuple[object, ...]]:
    return sa.select(jobs, job_documents).join(job_documents)
