"""Attempts and their tasks. Implements `ports.uow.AttemptRepository` and `TaskRepository`."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from trainwright.db.dialects import WORDS, later
from trainwright.db.rows import attempt_of, job_of, result_values, task_of, task_values
from trainwright.db.schema import attempts, job_documents, jobs, tasks
from trainwright.db.transaction import Transaction, within
from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.errors import AttemptClosed

_ATTEMPT: sa.BindParameter[str] = sa.bindparam("attempt")
_ATTEMPTS_OF_JOB = within(
    sa.select(attempts).where(attempts.c.job_id == sa.bindparam("job")).order_by(attempts.c.number),
    attempts.c.job_id,
)
_JOBS = sa.bindparam("jobs", expanding=True, type_=WORDS)
_ATTEMPTS_OF_JOBS = within(
    sa.select(attempts).where(attempts.c.job_id.in_(_JOBS)).order_by(attempts.c.job_id, attempts.c.number),
    attempts.c.job_id,
)
_LIVE_ATTEMPT = sa.select(attempts).where(attempts.c.key == _ATTEMPT, attempts.c.ended_at_ms == 0)
_LIVE_JOB = within(
    sa.select(jobs, job_documents)
    .join(job_documents)
    .where(
        jobs.c.id == sa.bindparam("job"),
        jobs.c.attempt_number == sa.bindparam("number"),
        jobs.c.due_at_ms.is_not(None),
    )
)
_LIVE_KEYS = within(sa.select(attempts.c.key).where(attempts.c.ended_at_ms == 0), attempts.c.job_id)

_TASKS: sa.Select[Any] = sa.select(tasks).where(tasks.c.attempt_key == _ATTEMPT)
_TASKS_OF_ATTEMPT = within(_TASKS.order_by(tasks.c.position), tasks.c.job_id)
_TASKS_OF_JOBS = within(
    sa.select(tasks).where(tasks.c.job_id.in_(_JOBS)).order_by(tasks.c.attempt_key, tasks.c.position),
    tasks.c.job_id,
)
_TASK = within(_TASKS.where(tasks.c.name == sa.bindparam("task")), tasks.c.job_id)
_TASK_TO_CHANGE = within(
    _TASKS.where(tasks.c.name == sa.bindparam("task")).with_for_update(key_share=True), tasks.c.job_id
)
_NOT_READY = within(
    sa.select(tasks.c.name)
    .where(tasks.c.attempt_key == _ATTEMPT, tasks.c.round < sa.bindparam("number", type_=sa.BigInteger))
    .limit(1),
    tasks.c.job_id,
)
_RESULT = (tasks.c.ended_at_ms, tasks.c.reason, tasks.c.exit_code, tasks.c.message)
_SAVE_TASK = within(
    sa.update(tasks)
    .where(tasks.c.attempt_key == _ATTEMPT, tasks.c.name == sa.bindparam("task"))
    .values(
        {
            **{
                column: sa.case(
                    (tasks.c.reason.is_(None), sa.bindparam(f"new_{column.name}", type_=column.type)),
                    else_=column,
                )
                for column in _RESULT
            },
            tasks.c.last_seq: later(tasks.c.last_seq, sa.bindparam("new_last_seq", type_=sa.BigInteger)),
        }
    ),
    tasks.c.job_id,
)
# 0 lies before every clock: at once, whatever time the reconciler thinks it is.
_MAKE_DUE = (
    sa.update(jobs)
    .where(
        jobs.c.id == sa.select(attempts.c.job_id).where(attempts.c.key == _ATTEMPT).scalar_subquery(),
        jobs.c.due_at_ms.is_not(None),
    )
    .values(due_at_ms=0, woken=True)
)


class Attempts:
    """See `ports.uow.AttemptRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def list_of_job(self, job_id: str) -> tuple[Attempt, ...]:
        """Ascending by number; empty when there is no such job."""
        return tuple(attempt_of(row) for row in self._tx.rows(_ATTEMPTS_OF_JOB, job=job_id))

    def list_of_jobs(self, job_ids: Sequence[str]) -> dict[str, tuple[Attempt, ...]]:
        """By job, each ascending by number."""
        found = [attempt_of(row) for row in self._tx.rows(_ATTEMPTS_OF_JOBS, jobs=list(job_ids))]
        return {job_id: tuple(group) for job_id, group in groupby(found, key=lambda attempt: attempt.job_id)}

    def get_live(self, attempt_key: str) -> tuple[Job, Attempt]:
        """The attempt of that key with its job.

        Raises:
            AttemptClosed: it or its job is over, it is superseded or never existed.
        """
        attempt = self._tx.row(_LIVE_ATTEMPT, attempt=attempt_key)
        if attempt is not None:
            job = self._tx.row(_LIVE_JOB, job=attempt["job_id"], number=attempt["number"])
            if job is not None:
                return job_of(job), attempt_of(attempt)
        raise AttemptClosed(attempt=attempt_key)

    def live_keys(self) -> frozenset[str]:
        """Keys of all attempts that have not ended."""
        return frozenset(row["key"] for row in self._tx.rows(_LIVE_KEYS))


class Tasks:
    """See `ports.uow.TaskRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def list_of_attempt(self, attempt_key: str) -> tuple[TaskState, ...]:
        """In the job's task order; empty when there is no such attempt."""
        return tuple(task_of(row) for row in self._tx.rows(_TASKS_OF_ATTEMPT, attempt=attempt_key))

    def list_of_jobs(self, job_ids: Sequence[str]) -> dict[str, tuple[TaskState, ...]]:
        """By attempt key, each in the job's task order."""
        found = [task_of(row) for row in self._tx.rows(_TASKS_OF_JOBS, jobs=list(job_ids))]
        return {key: tuple(group) for key, group in groupby(found, key=lambda task: task.attempt_key)}

    def get(self, attempt_key: str, name: str) -> TaskState:
        """The task; in a writing unit nobody else changes it until that unit ends. Raises `AttemptClosed`."""
        row = self._tx.row(_TASK_TO_CHANGE if self._tx.write else _TASK, attempt=attempt_key, task=name)
        if row is None:
            raise AttemptClosed(attempt=attempt_key)
        return task_of(row)

    def are_ready(self, attempt_key: str, number: int) -> bool:
        """Whether every task of the attempt is ready for rendezvous `number`, or beyond it."""
        return self._tx.row(_NOT_READY, attempt=attempt_key, number=number) is None

    def save(self, task: TaskState, *, make_due: bool) -> None:
        """Write it. The result is written once; `last_seq` never falls.

        Raises:
            AttemptClosed: there is no such task.
        """
        written_once = {f"new_{name}": value for name, value in result_values(task).items()}
        changed = self._tx.change(
            _SAVE_TASK,
            attempt=task.attempt_key,
            task=task.name,
            new_last_seq=task.last_seq,
            **written_once,
            **task_values(task),
        )
        if not changed:
            raise AttemptClosed(attempt=task.attempt_key)
        if make_due:
            self._tx.change(_MAKE_DUE, attempt=task.attempt_key)
