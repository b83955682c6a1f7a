"""Small ready-made views for tests."""

from dataclasses import replace
from typing import Any

from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import LaunchSpec, Resources, RoleSpec, ShellCommand

JOB_ID = "5a4c3f1e-0000-4000-8000-000000000001"


def make_role(name: str = "worker", replicas: int = 1, **changes: Any) -> RoleSpec:
    """A role of one-CPU nodes running `true`."""
    role = RoleSpec(
        name=name,
        replicas=replicas,
        resources=Resources(cpus=1, memory_mib=512),
        flavor_id="local.cpu.1u",
        command=ShellCommand(line="true"),
    )
    return role.model_copy(update=changes)


def make_launch(*roles: RoleSpec, **changes: Any) -> LaunchSpec:
    """A launch of these roles (one worker by default)."""
    launch = LaunchSpec(job_id=JOB_ID, job_name="job", project_id="p", roles=roles or (make_role(),))
    return launch.model_copy(update=changes)


def make_job(phase: Phase = Phase.CREATING, launch: LaunchSpec | None = None, **changes: Any) -> Job:
    """A job in `phase`; its first attempt exists unless it is Creating."""
    launch = launch or make_launch()
    job = Job(
        id=launch.job_id,
        project_id=launch.project_id,
        workspace_id="0",
        name=launch.job_name,
        description="",
        user_name="admin",
        kind="job",
        request={},
        launch=launch,
        phase=phase,
        created_at_ms=1_000,
        attempt_number=0 if phase is Phase.CREATING else 1,
    )
    return replace(job, **changes)


def make_attempt(job: Job, **changes: Any) -> Attempt:
    """The job's current attempt."""
    attempt = Attempt(job_id=job.id, number=job.attempt_number, created_at_ms=1_000)
    return replace(attempt, **changes)


def make_tasks(job: Job, **changes: Any) -> tuple[TaskState, ...]:
    """The task rows of the job's current attempt, all alike."""
    key = f"{job.id}-a{job.attempt_number}"
    return tuple(
        replace(TaskState(key, f"{role.name}-{i}", role.name, i), **changes)
        for role in job.launch.roles
        for i in range(role.replicas)
    )
