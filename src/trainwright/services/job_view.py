"""A job as the contract shows it (§4). Pure: rows in, answer out."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.lifecycle import Phase, public_phase
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import Channel, LaunchSpec, RoleSpec, attempt_key
from trainwright.domain.texts import Language, reason_text, render_note
from trainwright.wire.job_answers import (
    AllocatedResources,
    ExperimentAnswer,
    JobMetadata,
    JobResource,
    JobResponse,
    JobSpec,
    JobStatus,
    RecoverRecord,
    RunningRecord,
    TaskStatus,
)

NO_EXIT_CODE = -1  # the command never gave one; int fields never hold text or null
_KIND_NAMES = {"": "", "gpu": "GPU", "npu": "Ascend"}
_RESCHEDULED = "job_reschedule"
_NODE_FAULTS = (Reason.NODE_LOST, Reason.RUNNER_LOST)
_SECONDARY: Mapping[Phase, str] = {
    Phase.CREATING: "Creating",
    Phase.PENDING: "Queuing",
    Phase.RUNNING: "Running",
    Phase.TERMINATING: "Terminating",
    Phase.COMPLETED: "Completed",
    Phase.FAILED: "Failed",
    Phase.TERMINATED: "Terminated",
    Phase.ABNORMAL: "Lost",
}


@dataclass(frozen=True, slots=True)
class JobHistory:
    """A job with its attempts, ascending, the tasks of each by attempt key, and the names of what it lies in."""

    job: Job
    attempts: tuple[Attempt, ...]
    tasks: Mapping[str, tuple[TaskState, ...]]
    pool_name: str = ""
    experiment_name: str = ""

    def current_tasks(self) -> tuple[TaskState, ...]:
        """Tasks of the latest attempt; empty before the first."""
        return self.tasks.get(attempt_key(self.job.id, self.job.attempt_number), ())


def shown_phase(job: Job) -> Phase:
    """The phase a caller sees."""
    return public_phase(job.phase, stop_requested=bool(job.stop_requested_at_ms))


def job_response(history: JobHistory, language: Language, now_ms: int) -> JobResponse:
    """The job for `language`; `now_ms` counts only for the duration of one that runs."""
    job = history.job
    given: dict[str, object] = {
        "kind": job.kind,
        "metadata": _metadata(history),
        "status": _status(history, language, now_ms),
        "algorithm": _algorithm(job),
        "spec": _spec(history),
    }
    return JobResponse.model_validate({**job.request, **given})


def _metadata(history: JobHistory) -> JobMetadata:
    job = history.job
    echo = _part(job.request, "metadata")
    given = {
        "id": job.id,
        "name": job.name,
        "workspace_id": job.workspace_id,
        "description": job.description,
        "create_time": job.created_at_ms,
        "user_name": job.user_name,
        "annotations": _part(echo, "annotations"),
        "training_experiment_reference": ExperimentAnswer(
            id=job.experiment_id, name=history.experiment_name, serial_number=str(job.experiment_serial)
        )
        if job.experiment_id
        else None,
    }
    return JobMetadata.model_validate({**echo, **given})


def _status(history: JobHistory, language: Language, now_ms: int) -> JobStatus:
    job = history.job
    phase = shown_phase(job)
    end = job.ended_at_ms or now_ms
    names = list(job.launch.task_names())
    return JobStatus(
        phase=phase.value,
        secondary_phase=_secondary(job, phase),
        duration=max(0, end - job.started_at_ms) if job.started_at_ms else 0,
        start_time=job.started_at_ms,
        node_count_metrics=[
            [attempt.up_at_ms, len(names)] for attempt in history.attempts if attempt.up_at_ms
        ]
        or None,
        tasks=names,
        task_statuses=_task_statuses(history, language),
        running_records=[
            _running_record(history, attempt, after, language)
            for attempt, after in zip(history.attempts, (*history.attempts[1:], None), strict=False)
            if attempt.up_at_ms
        ],
        end_time=job.ended_at_ms,
        attempt=job.attempt_number,
        reason=job.reason.value if job.reason else "",
        reason_message=reason_text(job.reason, language) if job.reason else "",
        pending_message=render_note(job.pending.code, job.pending.slots, language) if job.pending else "",
        attention=job.blocked,
    )


def _secondary(job: Job, phase: Phase) -> str:
    """A platform fault before anything ran is told apart from one that lost what ran."""
    if phase is Phase.ABNORMAL and not job.started_at_ms:
        return "CreateFailed"
    return _SECONDARY[phase]


def _task_statuses(history: JobHistory, language: Language) -> list[TaskStatus]:
    """Those that have ended; at the end one per task, also for tasks that never ran."""
    job = history.job
    rows = {task.name: task for task in history.current_tasks()}
    statuses = []
    for name in job.launch.task_names():
        row = rows.get(name)
        if row is not None and row.is_final:
            statuses.append(_final_status(row, language))
        elif job.phase.is_end:
            reason = job.reason or Reason.RUNNER_LOST
            statuses.append(
                TaskStatus(
                    task=name,
                    exit_code=NO_EXIT_CODE,
                    message=reason_text(reason, language),
                    reason=reason.value,
                )
            )
    return statuses


def _final_status(row: TaskState, language: Language) -> TaskStatus:
    reason = row.reason or Reason.RUNNER_LOST
    return TaskStatus(
        task=row.name,
        exit_code=NO_EXIT_CODE if row.exit_code is None else row.exit_code,
        message=row.message or reason_text(reason, language),
        reason=reason.value,
    )


def _running_record(
    history: JobHistory, attempt: Attempt, after: Attempt | None, language: Language
) -> RunningRecord:
    """`after`: the attempt that followed, if one did."""
    starts = [task.started_at_ms for task in history.tasks.get(attempt.key, ()) if task.started_at_ms]
    reason = attempt.end_reason
    return RunningRecord(
        start_at=attempt.up_at_ms // 1000,
        end_at=attempt.ended_at_ms // 1000,
        xpu_start_at=min(starts, default=0) // 1000,
        start_type="restarted" if attempt.number > 1 else "init_or_rescheduled",
        end_reason=reason.value if reason else "",
        end_related_task=attempt.end_task,
        end_recover=_RESCHEDULED if after else "",
        recover_records=[_recover_record(attempt, after)] if after else [],
        attempt=attempt.number,
        end_reason_message=reason_text(reason, language) if reason else "",
    )


def _recover_record(attempt: Attempt, after: Attempt) -> RecoverRecord:
    result = "success" if after.up_at_ms else "failed" if after.ended_at_ms else "recovering"
    return RecoverRecord(
        recover_start_at=attempt.ended_at_ms // 1000,
        recover_end_at=after.up_at_ms // 1000,
        recover=_RESCHEDULED,
        fault_scenario="node_fault" if attempt.end_reason in _NODE_FAULTS else "job_failed",
        reason=attempt.end_reason.value if attempt.end_reason else "",
        related_task=attempt.end_task,
        recover_result=result,
    )


def _algorithm(job: Job) -> dict[str, Any]:
    """The request's algorithm with what the server filled in; `environments` becomes a list of objects (§14.1)."""
    algorithm = _part(job.request, "algorithm") if job.filled is None else dict(job.filled)
    launch = job.launch
    if job.algorithm_name:
        algorithm["name"] = job.algorithm_name
    if launch.engine is not None:
        algorithm["engine"] = {
            **_part(algorithm, "engine"),
            "engine_id": launch.engine.engine_id,
            "engine_name": launch.engine.name,
            "engine_version": launch.engine.version,
        }
    for kind, channels in (("inputs", launch.inputs), ("outputs", launch.outputs)):
        pairs = zip(algorithm.get(kind) or [], channels, strict=False)
        algorithm[kind] = [_channel(item, channel) for item, channel in pairs]
    environments = algorithm.get("environments")
    algorithm["environments"] = [environments] if environments else []
    algorithm["policies"] = algorithm.get("policies") or {}
    algorithm["parameters"] = algorithm.get("parameters") or []
    return algorithm


def _channel(given: Mapping[str, Any], channel: Channel) -> dict[str, Any]:
    filled = {**given, "local_dir": channel.local_path}
    if channel.dataset_version_id:
        remote = _part(given, "remote")
        dataset = {**_part(remote, "dataset"), "version_id": channel.dataset_version_id}
        filled["remote"] = {**remote, "dataset": dataset}
    return filled


def _spec(history: JobHistory) -> JobSpec:
    job = history.job
    echo = _part(job.request, "spec")
    role = job.launch.roles[0]
    given = _part(echo, "resource")
    resource = {
        **given,
        "policy": "regular",
        "flavor_id": role.flavor_id,
        "flavor_name": role.flavor_id,
        "node_count": sum(role.replicas for role in job.launch.roles),
        "pool_id": job.pool_id or given.get("pool_id") or "",  # the public pool as the caller named it
        "pool_name": history.pool_name or given.get("pool_id") or "",
        "flavor_detail": None if job.pool_id else _flavor_detail(job.launch),
        "main_container_allocated_resources": _allocated(role),
    }
    return JobSpec.model_validate({**echo, "resource": JobResource.model_validate(resource)})


def _flavor_detail(launch: LaunchSpec) -> dict[str, Any]:
    role = launch.roles[0]
    have = role.resources
    info: dict[str, Any] = {
        "cpu": {"arch": platform.machine(), "core_num": max(1, round(have.cpus))},
        "memory": {"size": max(1, have.memory_mib // 1024), "unit": "GB"},
    }
    if have.accelerator_kind == "gpu":
        info["gpu"] = {"unit_num": have.accelerators, "product_name": "", "memory": ""}
    elif have.accelerator_kind == "npu":
        info["npu"] = {"unit_num": str(have.accelerators), "product_name": "", "memory": ""}
    if have.disk_mib:
        info["disk"] = {"size": max(1, have.disk_mib // 1024), "unit": "GB"}
    return {
        "flavor_type": _KIND_NAMES[have.accelerator_kind] or "CPU",
        "billing": {"code": role.flavor_id, "unit_num": 1},
        "flavor_info": info,
    }


def _allocated(role: RoleSpec) -> AllocatedResources:
    have = role.resources
    return AllocatedResources(
        cpu_arch=platform.machine(),
        cpu_core_num=have.cpus,
        mem_size=round(have.memory_mib / 1024, 2),
        accelerator_num=float(have.accelerators),
        accelerator_type=_KIND_NAMES[have.accelerator_kind],
    )


def _part(whole: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object under `key` of a stored request, shallowly copied; empty when it is absent or null."""
    return dict(whole.get(key) or {})
