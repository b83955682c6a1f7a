"""Reading a job with what belongs to it, in one unit of work. Blocking."""

from collections.abc import Sequence

from trainwright.domain.access import BUILT_IN, Action, allowed_by
from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.errors import ActionDenied, TaskNotFound
from trainwright.domain.specs import LaunchSpec
from trainwright.ports.identity import Principal
from trainwright.ports.uow import Scope, UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services.job_view import JobHistory


def scope_of(who: Principal) -> Scope:
    """The caller's own project, with the workspaces they see for what they do."""
    return Scope(
        project_id=who.project_id,
        user_name=who.user_name,
        user_id=who.user_id,
        sees_all=who.may(Action.WORKSPACE_SEE_ALL),
        action=who.action,
    )


def check_member(uow: UnitOfWork, who: Principal, workspace_id: str) -> None:
    """What is being done may be done in this workspace, too: every operation that changes something there asks.

    Raises:
        WorkspaceNotFound: there is none, or the caller does not see it.
        ActionDenied: the role the caller has in it does not allow it.
    """
    if workspace_id == DEFAULT_WORKSPACE:
        return
    uow.workspaces.get(workspace_id)
    role = "" if who.may(Action.WORKSPACE_SEE_ALL) else uow.workspaces.role_in(workspace_id)
    if role and who.action is not None and who.action not in allowed_by(role_patterns(uow, role)):
        raise ActionDenied(action=who.action.value)


def role_patterns(uow: UnitOfWork, name: str) -> tuple[str, ...]:
    """The patterns of a built-in role, or of one the project's admin composed; none for an unknown one."""
    built_in = BUILT_IN.get(name)
    if built_in is not None:
        return built_in
    return next((role.actions for role in uow.principals.list_roles() if role.name == name), ())


def read_history(uow: UnitOfWork, job_id: str) -> JobHistory:
    """The job with all attempts and their tasks.

    Raises:
        JobNotFound: no such job in the unit's scope.
    """
    return with_history(uow, uow.jobs.get(job_id))


def with_history(uow: UnitOfWork, job: Job) -> JobHistory:
    """`job` with all its attempts and their tasks."""
    return read_histories(uow, [job])[0]


def read_histories(uow: UnitOfWork, jobs: Sequence[Job]) -> list[JobHistory]:
    """The same of several jobs, in their order, with at most four questions to the database in all."""
    begun = [job.id for job in jobs if job.attempt_number]
    attempts = uow.attempts.list_of_jobs(begun) if begun else {}
    tasks = uow.tasks.list_of_jobs(begun) if begun else {}
    pools = {job.pool_id for job in jobs if job.pool_id}
    pool_names = uow.pools.names(sorted(pools)) if pools else {}
    experiments = {job.experiment_id for job in jobs if job.experiment_id}
    experiment_names = uow.experiments.names(sorted(experiments)) if experiments else {}
    return [
        JobHistory(
            job,
            found := attempts.get(job.id, ()),
            {attempt.key: tasks.get(attempt.key, ()) for attempt in found},
            pool_name=pool_names.get(job.pool_id, ""),
            experiment_name=experiment_names.get(job.experiment_id, ""),
        )
        for job in jobs
    ]


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
