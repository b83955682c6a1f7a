"""Reading a job with what belongs to it, in one unit of work. Blocking."""

from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.errors import TaskNotFound
from trainwright.domain.specs import LaunchSpec
from trainwright.ports.uow import Principal, Scope, UnitOfWork
from trainwright.services.job_view import JobHistory


def scope_of(who: Principal) -> Scope:
    """The caller's own project and nothing else."""
    return Scope(project_id=who.project_id, user_name=who.user_name)


def read_history(uow: UnitOfWork, job_id: str) -> JobHistory:
    """The job with all attempts and their tasks.

    Raises:
        JobNotFound: no such job in the unit's scope.
    """
    return with_history(uow, uow.jobs.get(job_id))


def with_history(uow: UnitOfWork, job: Job) -> JobHistory:
    """`job` with all its attempts and their tasks."""
    attempts = uow.attempts.list_of_job(job.id) if job.attempt_number else ()
    tasks = {attempt.key: uow.tasks.list_of_attempt(attempt.key) for attempt in attempts}
    return JobHistory(job, attempts, tasks)


def check_task_name(launch: LaunchSpec, task: str) -> None:
    """`task` is one of the job's.

    Raises:
        TaskNotFound: it is not.
    """
    names = launch.task_names()
    if task not in names:
        raise TaskNotFound(task=task, job=launch.job_id, allowed=", ".join(names))


def find_attempt(attempts: tuple[Attempt, ...], number: int) -> Attempt | None:
    """The attempt of that number."""
    return next((attempt for attempt in attempts if attempt.number == number), None)


def task_of(tasks: tuple[TaskState, ...], name: str) -> TaskState | None:
    """The row of the task of that name."""
    return next((task for task in tasks if task.name == name), None)
