"""Attempts and their tasks. Implements `ports.uow.AttemptRepository` and `TaskRepository`."""

import sqlalchemy as sa

from trainwright.db.dialects import later
from trainwright.db.rows import attempt_of, job_of, result_values, task_of, task_values
from trainwright.db.schema import attempts, job_documents, jobs, tasks
from trainwright.db.transaction import Transaction
from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.errors import AttemptClosed


class Attempts:
    """See `ports.uow.AttemptRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def list_of_job(self, job_id: str) -> tuple[Attempt, ...]:
        """Ascending by number; empty when there is no such job."""
        of_job = self._tx.within(sa.select(attempts).where(attempts.c.job_id == job_id), attempts.c.job_id)
        return tuple(attempt_of(row) for row in self._tx.rows(of_job.order_by(attempts.c.number)))

    def get_live(self, attempt_key: str) -> tuple[Job, Attempt]:
        """The attempt of that key with its job.

        Raises:
            AttemptClosed: it or its job is over, it is superseded or never existed.
        """
        row = self._tx.row(
            sa.select(attempts).where(attempts.c.key == attempt_key, attempts.c.ended_at_ms == 0)
        )
        if row is None:
            raise AttemptClosed(attempt=attempt_key)
        current = (
            sa.select(jobs, job_documents)
            .join(job_documents)
            .where(
                jobs.c.id == row["job_id"],
                jobs.c.attempt_number == row["number"],
                jobs.c.due_at_ms.is_not(None),
            )
        )
        job = self._tx.row(self._tx.within(current))
        if job is None:
            raise AttemptClosed(attempt=attempt_key)
        return job_of(job), attempt_of(row)

    def live_keys(self) -> frozenset[str]:
        """Keys of all attempts that have not ended."""
        live = sa.select(attempts.c.key).where(attempts.c.ended_at_ms == 0)
        return frozenset(row["key"] for row in self._tx.rows(self._tx.within(live, attempts.c.job_id)))


class Tasks:
    """See `ports.uow.TaskRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def list_of_attempt(self, attempt_key: str) -> tuple[TaskState, ...]:
        """In the job's task order; empty when there is no such attempt."""
        of_attempt = sa.select(tasks).where(tasks.c.attempt_key == attempt_key)
        ordered = self._tx.within(of_attempt, tasks.c.job_id).order_by(tasks.c.position)
        return tuple(task_of(row) for row in self._tx.rows(ordered))

    def get(self, attempt_key: str, name: str) -> TaskState:
        """The task; in a writing unit nobody else changes it until that unit ends. Raises `AttemptClosed`."""
        one = sa.select(tasks).where(tasks.c.attempt_key == attempt_key, tasks.c.name == name)
        statement = self._tx.within(one, tasks.c.job_id)
        row = self._tx.row(statement.with_for_update(key_share=True) if self._tx.write else statement)
        if row is None:
            raise AttemptClosed(attempt=attempt_key)
        return task_of(row)

    def save(self, task: TaskState, *, make_due: bool) -> None:
        """Write it. Result columns are written once; `last_seq` never falls.

        Raises:
            AttemptClosed: there is no such task.
        """
        write_once = {
            name: sa.case(
                (tasks.c.reason.is_(None), sa.literal(value, tasks.c[name].type)), else_=tasks.c[name]
            )
            for name, value in result_values(task).items()
        }
        write = (
            sa.update(tasks)
            .where(tasks.c.attempt_key == task.attempt_key, tasks.c.name == task.name)
            .values(
                **task_values(task),
                **write_once,
                last_seq=later(tasks.c.last_seq, sa.literal(task.last_seq, sa.BigInteger)),
            )
        )
        if not self._tx.change(self._tx.within(write, tasks.c.job_id)):
            raise AttemptClosed(attempt=task.attempt_key)
        if make_due:
            self._make_due(task.attempt_key)

    def _make_due(self, attempt_key: str) -> None:
        job_id = sa.select(attempts.c.job_id).where(attempts.c.key == attempt_key).scalar_subquery()
        unfinished = sa.update(jobs).where(jobs.c.id == job_id, jobs.c.due_at_ms.is_not(None))
        # 0 lies before every clock: at once, whatever time the reconciler thinks it is.
        self._tx.change(unfinished.values(due_at_ms=0, woken=True))
