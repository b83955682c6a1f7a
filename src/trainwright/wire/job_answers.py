"""Answers about training jobs (contract §4, §5). Times are ms except in `running_records`, where they are seconds.

The official client turns text in an int field into a crash, so every int field holds an int, 0 when not yet known.
`algorithm` and the rest of `spec` echo the request with what the server filled in.
"""

from typing import Any

from pydantic import Field

from trainwright.wire.job_summary import JobSummary
from trainwright.wire.model import AnswerModel


class ExperimentAnswer(AnswerModel):
    """The experiment a job is in. `serial_number` is text in the contract; it counts from 1."""

    id: str
    name: str
    serial_number: str


class JobMetadata(AnswerModel):
    """Who and what the job is."""

    id: str
    name: str
    workspace_id: str = "0"
    description: str = ""
    create_time: int
    user_name: str
    annotations: dict[str, str] = Field(default_factory=dict)
    training_experiment_reference: ExperimentAnswer | None = None


class TaskStatus(AnswerModel):
    """How a task ended. `exit_code` is -1 when its command never gave one. `reason` is ours."""

    task: str
    exit_code: int
    message: str
    reason: str = ""


class RecoverRecord(AnswerModel):
    """What was done after an attempt failed. Times in **seconds**, 0 when not yet. `count`: how often (ours)."""

    recover_start_at: int
    recover_end_at: int
    recover: str
    fault_scenario: str
    reason: str
    related_task: str
    recover_result: str
    count: int = 1


class RunningRecord(AnswerModel):
    """One attempt that came up. Times in **seconds**, 0 when not yet. `end_reason` is a reason's code."""

    start_at: int
    end_at: int
    xpu_start_at: int
    start_type: str
    end_reason: str
    end_related_task: str
    end_recover: str = ""
    end_recover_before_downgrade: str = ""
    recover_records: list[RecoverRecord] = Field(default_factory=list)
    attempt: int = 0  # ours
    end_reason_message: str = ""  # ours, in the caller's language


class TaskIp(AnswerModel):
    """Where a task of an attempt ran; told by searches for hosts only."""

    task: str
    ip: str
    host_ip: str
    schedule_count: int


class PendingStatus(AnswerModel):
    """Where a waiting job stands in its queue: from 1; when it is expected to start. 0 where that is not known."""

    position: int = 0
    starts_at: int = 0


class JobStatus(AnswerModel):
    """Where the job stands. `retention_time`: for how long its environment is kept, or is kept yet, in ms. The fields
    after it are ours; messages are in the caller's language.
    """

    phase: str
    secondary_phase: str
    duration: int
    start_time: int
    node_count_metrics: list[list[int]] | None = None
    tasks: list[str]
    task_statuses: list[TaskStatus] = Field(default_factory=list)
    running_records: list[RunningRecord] = Field(default_factory=list)
    task_ips: list[TaskIp] | None = None
    retention_time: int | None = None
    end_time: int = 0
    attempt: int = 0  # the current one, 0 before the first
    reason: str = ""  # why the last attempt is ending or ended: a code of docs/reference/phases.md
    reason_message: str = ""
    reason_advice: str = ""  # what a user can do about it, once the job has ended
    pending_message: str = ""  # why it waits, and when it is expected to start, in UTC
    pending_reason: str = ""  # why it waits; when it is expected to start is `pending.starts_at`
    pending: PendingStatus | None = None
    attention: str = ""  # what an administrator must look at, when the platform cannot go on by itself


class AllocatedResources(AnswerModel):
    """What one node of the job has."""

    cpu_arch: str
    cpu_core_num: float
    mem_size: float
    accelerator_num: float
    accelerator_type: str


class JobResource(AnswerModel):
    """Nodes of the job. `flavor_detail` in the public pool only, pool id and name in a dedicated one."""

    policy: str = "regular"
    flavor_id: str
    flavor_name: str
    node_count: int
    pool_id: str = ""
    pool_name: str = ""
    flavor_detail: dict[str, Any] | None = None
    main_container_allocated_resources: AllocatedResources


class JobSpec(AnswerModel):
    """The request's `spec` with `resource` completed."""

    resource: JobResource


class JobResponse(AnswerModel):
    """One job: answer of create, show and stop, and item of lists. `algorithm.environments` is a list of objects.
    `tasks`: of a job with roles of its own only. `summary` (ours): in a search that asks for it.

    What else the request held is given back as it was.
    """

    kind: str
    metadata: JobMetadata
    status: JobStatus
    algorithm: dict[str, Any]
    spec: JobSpec
    tasks: list[dict[str, Any]] | None = None
    summary: JobSummary | None = None


class JobSearchResponse(AnswerModel):
    """One page. `total`: all jobs of the workspace; `count`: all that match, not only this page's."""

    total: int
    count: int
    limit: int
    offset: int
    sort_by: str
    order: str
    group_by: str = ""
    workspace_id: str = "0"
    ai_project: str = "default-ai-project"
    train_type: str = "job"
    items: list[JobResponse]
