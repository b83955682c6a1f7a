"""A job as the contract shows it (§4). Pure: rows in, answer out."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainwright.domain.advice import advice_text
from trainwright.domain.entities import Attempt, Job, Note, TaskState
from trainwright.domain.lifecycle import Phase, public_phase
from trainwright.domain.planning import ran_ms
from trainwright.domain.reasons import NODE_FAULTS, Reason
from trainwright.domain.specs import Resources, attempt_key
from trainwright.domain.texts import Language, reason_text, render_note, start_text
from trainwright.services.role_view import (
    KIND_NAMES,
    channel_of,
    engine_of,
    flavor_detail,
    has_roles,
    main_role,
    node_count,
    node_resources,
    part,
    roles_of,
)
from trainwright.services.task_ends import ended_with, task_end
from trainwright.wire.job_answers import (
    AllocatedResources,
    ExperimentAnswer,
    JobMetadata,
    JobResource,
    JobResponse,
    JobSpec,
    JobStatus,
    PendingStatus,
    RecoverRecord,
    RunningRecord,
    TaskStatus,
)

NO_EXIT_CODE = -1  # the command never gave one; int fields never hold text or null
_RESCHEDULED, _ELSEWHERE, _IN_PLACE = "job_reschedule", "job_reschedule_with_taint", "proc_restart"
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

    def current_attempt(self) -> Attempt | None:
        """The latest attempt, once there is one."""
        return next((each for each in self.attempts if each.number == self.job.attempt_number), None)

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
        "status": job_status(history, language, now_ms),
        "algorithm": _algorithm(job),
        "spec": _spec(history),
        "summary": None,  # whatever the request called so
    }
    if has_roles(job):
        given["tasks"] = roles_of(job)
    return JobResponse.model_validate({**job.request, **given})


def _metadata(history: JobHistory) -> JobMetadata:
    job = history.job
    echo = part(job.request, "metadata")
    given = {
        "id": job.id,
        "name": job.name,
        "workspace_id": job.workspace_id,
        "description": job.description,
        "create_time": job.created_at_ms,
        "user_name": job.user_name,
        "annotations": part(echo, "annotations"),
        "training_experiment_reference": ExperimentAnswer(
            id=job.experiment_id, name=history.experiment_name, serial_number=str(job.experiment_serial)
        )
        if job.experiment_id
        else None,
    }
    return JobMetadata.model_validate({**echo, **given})


def job_status(history: JobHistory, language: Language, now_ms: int) -> JobStatus:
    """Where the job stands."""
    job = history.job
    phase = shown_phase(job)
    names = list(job.launch.task_names())
    return JobStatus(
        phase=phase.value,
        secondary_phase=_secondary(history, phase, now_ms),
        duration=run_time_ms(history.current_attempt(), now_ms),
        start_time=job.started_at_ms,
        node_count_metrics=[
            [attempt.up_at_ms, node_count(job)] for attempt in history.attempts if attempt.up_at_ms
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
        reason_advice=advice_text(job.reason, language) if job.reason and job.phase.is_end else "",
        pending_message=wait_text(job.pending, language, now_ms),
        pending_reason=wait_reason(job.pending, language),
        attention=job.blocked,
        pending=_queue_place(job, now_ms),
        retention_time=_retention_ms(history, now_ms),
    )


def run_time_ms(current: Attempt | None, now_ms: int) -> int:
    """How long a job with this latest attempt has run: the times of all its attempts, without those in between."""
    return ran_ms(current, now_ms) if current is not None else 0


def wait_text(pending: Note | None, language: Language, now_ms: int) -> str:
    """Why a job waits, with when it is expected to start where that is known; empty for one that does not."""
    if pending is None:
        return ""
    return wait_reason(pending, language) + start_text(pending.slots, now_ms, language)


def wait_reason(pending: Note | None, language: Language) -> str:
    """Why a job waits; for readers who are told the time of its start in their own zone."""
    return render_note(pending.code, pending.slots, language) if pending else ""


def _queue_place(job: Job, now_ms: int) -> PendingStatus | None:
    """Where the job stands in its queue, once its backend has said so; an estimate that is over means now."""
    slots = job.pending.slots if job.pending and not job.phase.is_end else {}
    place, start = slots.get("position"), slots.get("starts_at_ms")
    if not isinstance(place, int) and not isinstance(start, int):
        return None
    return PendingStatus(
        position=place if isinstance(place, int) else 0,
        starts_at=max(start, now_ms) if isinstance(start, int) else 0,
    )


def _retention_ms(history: JobHistory, now_ms: int) -> int | None:
    """How long the environment will be kept, or is kept yet; None for a job that did not ask for it."""
    job, attempt = history.job, history.current_attempt()
    if not job.launch.reserve_s:
        return None
    if job.phase.is_end:
        return 0
    if attempt is not None and attempt.reserved_until_ms:
        return max(0, attempt.reserved_until_ms - now_ms)
    return job.launch.reserve_s * 1000


def secondary_phase(phase: Phase, shown: Phase, *, started: bool, reserved: bool, hangs: bool) -> str:
    """A platform fault before anything ran is told apart from one that lost what ran; a job that only keeps its
    environment, or does not move, from one that trains. `phase` is the platform's own, `shown` what a caller sees;
    `reserved`: the environment is to be kept still.
    """
    if shown is Phase.ABNORMAL and not started:
        return "CreateFailed"
    if shown is Phase.RUNNING:
        if reserved and phase is Phase.TERMINATING:
            return "Reserved"
        if hangs:
            return "Hanged"
    return _SECONDARY[shown]


def _secondary(history: JobHistory, shown: Phase, now_ms: int) -> str:
    attempt = history.current_attempt()
    return secondary_phase(
        history.job.phase,
        shown,
        started=bool(history.job.started_at_ms),
        reserved=attempt is not None and attempt.reserved_until_ms > now_ms,
        hangs=attempt is not None and bool(attempt.hang_since_ms),
    )


def _task_statuses(history: JobHistory, language: Language) -> list[TaskStatus]:
    """Those that have ended; at the end one per task, also for tasks that never ran."""
    job = history.job
    rows = {task.name: task for task in history.current_tasks()}
    attempt = history.current_attempt()
    statuses = []
    for name in job.launch.task_names():
        row = rows.get(name)
        if row is not None and row.is_final:
            statuses.append(_final_status(row, attempt, language))
        elif job.phase.is_end:
            statuses.append(_status_without_result(job, attempt, name, language))
    return statuses


def _status_without_result(job: Job, attempt: Attempt | None, name: str, language: Language) -> TaskStatus:
    reason = job.reason or Reason.RUNNER_LOST
    code, text = reason.value, reason_text(reason, language)
    if reason is Reason.COMPLETED or (attempt is not None and attempt.end_task not in ("", name)):
        end = ended_with(reason, attempt.end_task if attempt is not None else "", language)
        code, text = end.reason, end.text
    return TaskStatus(task=name, exit_code=NO_EXIT_CODE, message=text, reason=code)


def _final_status(row: TaskState, attempt: Attempt | None, language: Language) -> TaskStatus:
    end = task_end(row, attempt, language)
    return TaskStatus(
        task=row.name,
        exit_code=NO_EXIT_CODE if row.exit_code is None else row.exit_code,
        message=row.message or end.text,
        reason=end.reason,
    )


def _running_record(
    history: JobHistory, attempt: Attempt, after: Attempt | None, language: Language
) -> RunningRecord:
    """`after`: the attempt that followed, if one did."""
    tasks = history.tasks.get(attempt.key, ())
    starts = [task.started_at_ms for task in tasks if task.started_at_ms]
    reason = attempt.end_reason
    recovered = [*_restarts_in_place(attempt, tasks), *([_next_attempt(attempt, after)] if after else [])]
    return RunningRecord(
        start_at=attempt.up_at_ms // 1000,
        end_at=attempt.ended_at_ms // 1000,
        xpu_start_at=min(starts, default=0) // 1000,
        start_type="restarted" if attempt.number > 1 else "init_or_rescheduled",
        end_reason=reason.value if reason else "",
        end_related_task=attempt.end_task,
        end_recover=_recovery(attempt) if after else "",
        recover_records=recovered,
        attempt=attempt.number,
        end_reason_message=reason_text(reason, language) if reason else "",
    )


def _recovery(attempt: Attempt) -> str:
    """What follows a failed attempt: another one, and after a fault of a node one that avoids it."""
    return _ELSEWHERE if attempt.end_reason in NODE_FAULTS else _RESCHEDULED


def _restarts_in_place(attempt: Attempt, tasks: Sequence[TaskState]) -> Iterator[RecoverRecord]:
    """All of them as one record with the time of the last, as only their number is known besides; those for a hang
    count for all. When the processes were back is not known; that they hung again is no success.
    """
    wanted = attempt.wanted_starts
    if not wanted:
        return
    back = bool(tasks) and all(task.round >= wanted and task.failed_round < wanted for task in tasks)
    back = back and attempt.end_reason is not Reason.HANGED
    failed_at_ms = 0 if back else attempt.settled_at_ms
    yield RecoverRecord(
        recover_start_at=attempt.restarted_at_ms // 1000,
        recover_end_at=failed_at_ms // 1000,
        recover=_IN_PLACE,
        fault_scenario="job_hanged" if attempt.hang_restarts else "job_failed",
        reason=(Reason.HANGED if attempt.hang_restarts else Reason.USER_EXIT).value,
        related_task=next((task.name for task in tasks if task.failed_round >= 0), ""),
        recover_result="success" if back else "failed" if failed_at_ms else "recovering",
        count=wanted,
    )


def _next_attempt(attempt: Attempt, after: Attempt) -> RecoverRecord:
    result = "success" if after.up_at_ms else "failed" if after.ended_at_ms else "recovering"
    return RecoverRecord(
        recover_start_at=attempt.ended_at_ms // 1000,
        recover_end_at=after.up_at_ms // 1000,
        recover=_recovery(attempt),
        fault_scenario=_scenario(attempt.end_reason),
        reason=attempt.end_reason.value if attempt.end_reason else "",
        related_task=attempt.end_task,
        recover_result=result,
    )


def _scenario(reason: Reason | None) -> str:
    if reason is Reason.HANGED:
        return "job_hanged"
    return "node_fault" if reason in NODE_FAULTS or reason is Reason.RUNNER_LOST else "job_failed"


def _algorithm(job: Job) -> dict[str, Any]:
    """The request's algorithm with what the server filled in; `environments` becomes a list of objects (§14.1)."""
    algorithm = part(job.request, "algorithm") if job.filled is None else dict(job.filled)
    launch = job.launch
    if job.algorithm_name:
        algorithm["name"] = job.algorithm_name
    if launch.engine is not None:
        algorithm["engine"] = engine_of(part(algorithm, "engine"), launch)
    for kind, channels in (("inputs", launch.inputs), ("outputs", launch.outputs)):
        pairs = zip(algorithm.get(kind) or [], channels, strict=False)
        algorithm[kind] = [channel_of(item, channel) for item, channel in pairs]
    environments = algorithm.get("environments")
    algorithm["environments"] = [environments] if environments else []
    algorithm["policies"] = algorithm.get("policies") or {}
    algorithm["parameters"] = algorithm.get("parameters") or []
    return algorithm


def _spec(history: JobHistory) -> JobSpec:
    job = history.job
    echo = part(job.request, "spec")
    role, have = main_role(job), node_resources(job)
    given = part(echo, "resource")
    resource = {
        **given,
        "policy": "regular",
        "flavor_id": role.flavor_id,
        "flavor_name": role.flavor_id,
        "node_count": node_count(job),
        "pool_id": job.pool_id or given.get("pool_id") or "",  # the public pool as the caller named it
        "pool_name": history.pool_name or given.get("pool_id") or "",
        "flavor_detail": None if job.pool_id else flavor_detail(role.flavor_id, have),
        "main_container_allocated_resources": _allocated(have),
    }
    return JobSpec.model_validate({**echo, "resource": JobResource.model_validate(resource)})


def _allocated(have: Resources) -> AllocatedResources:
    return AllocatedResources(
        cpu_arch=platform.machine(),
        cpu_core_num=have.cpus,
        mem_size=round(have.memory_mib / 1024, 2),
        accelerator_num=float(have.accelerators),
        accelerator_type=KIND_NAMES[have.accelerator_kind],
    )
