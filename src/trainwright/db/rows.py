"""Rows to the views of `domain.entities` and back."""

import json
from typing import Any

from sqlalchemy.engine import RowMapping

from trainwright.domain.demand import Demand
from trainwright.domain.entities import Attempt, Event, Job, Note, TaskState
from trainwright.domain.lifecycle import Phase, public_phase
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import LaunchSpec

Values = dict[str, Any]
_ATTEMPT_NUMBERS = (
    "wanted_starts",
    "hang_restarts",
    "hang_since_ms",
    "wanted_stacks",
    "reserved_until_ms",
    "restarted_at_ms",
    "process_restarts",
    "ran_before_ms",
)
_TASK_EXTRAS = ("node", "round", "port", "quiet_since_ms", "quiet_measure", "failed_round")


def job_of(row: RowMapping) -> Job:
    """The job of a row of `jobs` joined with `job_documents`."""
    return Job(
        id=row["id"],
        project_id=row["project_id"],
        workspace_id=row["workspace_id"],
        name=row["name"],
        description=row["description"],
        user_name=row["user_name"],
        kind=row["kind"],
        request=json.loads(row["request"]),
        launch=LaunchSpec.model_validate_json(row["launch"]),
        phase=Phase(row["phase"]),
        created_at_ms=row["created_at_ms"],
        started_at_ms=row["started_at_ms"],
        ended_at_ms=row["ended_at_ms"],
        reason=_reason(row["reason"]),
        stop_requested_at_ms=row["stop_requested_at_ms"],
        stop_reason=_reason(row["stop_reason"]),
        attempt_number=row["attempt_number"],
        budget_used=row["budget_used"],
        free_used=row["free_used"],
        pending=_note(row["pending"]),
        blocked=row["blocked"],
        failures=row["failures"],
        user_id=row["user_id"],
        algorithm_id=row["algorithm_id"],
        algorithm_name=row["algorithm_name"],
        pool_id=row["pool_id"],
        experiment_id=row["experiment_id"],
        experiment_serial=row["experiment_serial"],
        kept=row["kept"],
        filled=json.loads(row["filled"]) if row["filled"] else None,
        avoid=tuple(json.loads(row["avoid"])) if row["avoid"] else (),
    )


def new_job_values(job: Job) -> Values:
    """Columns of `jobs` for an INSERT. Due at once: 0 lies before every clock."""
    return {
        "id": job.id,
        "project_id": job.project_id,
        "workspace_id": job.workspace_id,
        "name": job.name,
        "user_name": job.user_name,
        "kind": job.kind,
        "user_id": job.user_id,
        "algorithm_id": job.algorithm_id,
        "algorithm_name": job.algorithm_name,
        "pool_id": job.pool_id,
        "experiment_id": job.experiment_id,
        "experiment_serial": job.experiment_serial,
        "kept": job.kept,
        **launch_values(job),
        "created_at_ms": job.created_at_ms,
        "stop_requested_at_ms": job.stop_requested_at_ms,
        "stop_reason": job.stop_reason,
        "public_phase": public_phase(job.phase, stop_requested=bool(job.stop_requested_at_ms)),
        "due_at_ms": None if job.phase.is_end else 0,
        **progress_values(job),
    }


def launch_values(job: Job) -> Values:
    """Columns of `jobs` that repeat what the launch says."""
    role = job.launch.main_role()
    engine = job.launch.work_of(role).engine
    return {
        "engine_id": engine.engine_id if engine else "",
        "flavor_id": role.flavor_id,
        "priority": job.launch.priority,
    }


def progress_values(job: Job) -> Values:
    """Columns of `jobs` that only the reconciler writes."""
    return {
        "phase": job.phase,
        "started_at_ms": job.started_at_ms,
        "ended_at_ms": job.ended_at_ms,
        "ran_ms": job.ended_at_ms - job.started_at_ms if job.started_at_ms and job.ended_at_ms else 0,
        "reason": job.reason,
        "attempt_number": job.attempt_number,
        "budget_used": job.budget_used,
        "free_used": job.free_used,
        "avoid": json.dumps(job.avoid) if job.avoid else "",
        "pending": job.pending and json.dumps({"code": job.pending.code, "slots": job.pending.slots}),
        "blocked": job.blocked,
        "failures": job.failures,
    }


def document_values(job: Job) -> Values:
    """Columns of `job_documents`."""
    demand = Demand.of_launch(job.launch)
    return {
        "job_id": job.id,
        "description": job.description,
        "request": json.dumps(job.request),
        "launch": job.launch.model_dump_json(),
        "filled": "" if job.filled is None else json.dumps(job.filled),
        "millicpus": demand.millicpus,
        "memory_mib": demand.memory_mib,
        "accelerators": demand.accelerators,
    }


def attempt_of(row: RowMapping) -> Attempt:
    """The attempt of a row of `attempts`."""
    return Attempt(
        job_id=row["job_id"],
        number=row["number"],
        created_at_ms=row["created_at_ms"],
        handle=None if row["handle"] is None else json.loads(row["handle"]),
        up_at_ms=row["up_at_ms"],
        settled_at_ms=row["settled_at_ms"],
        ended_at_ms=row["ended_at_ms"],
        unseen_since_ms=row["unseen_since_ms"],
        end_reason=_reason(row["end_reason"]),
        end_task=row["end_task"],
        urgent=row["urgent"],
        **{name: row[name] for name in _ATTEMPT_NUMBERS},
    )


def attempt_values(attempt: Attempt) -> Values:
    """Columns of `attempts` that may change."""
    return {
        "handle": None if attempt.handle is None else json.dumps(attempt.handle),
        "up_at_ms": attempt.up_at_ms,
        "settled_at_ms": attempt.settled_at_ms,
        "ended_at_ms": attempt.ended_at_ms,
        "unseen_since_ms": attempt.unseen_since_ms,
        "end_reason": attempt.end_reason,
        "end_task": attempt.end_task,
        "urgent": attempt.urgent,
        **{name: getattr(attempt, name) for name in _ATTEMPT_NUMBERS},
    }


def new_attempt_values(attempt: Attempt) -> Values:
    """Columns of `attempts` for an INSERT."""
    return {
        "key": attempt.key,
        "job_id": attempt.job_id,
        "number": attempt.number,
        "created_at_ms": attempt.created_at_ms,
        **attempt_values(attempt),
    }


def new_task_values(attempt: Attempt, launch: LaunchSpec) -> list[Values]:
    """Columns of `tasks` for an INSERT: one row for each task of the job, in its task order."""
    places = [(role, index) for role in launch.roles for index in range(role.replicas)]
    return [
        {
            "attempt_key": attempt.key,
            "name": role.task_names()[index],
            "job_id": attempt.job_id,
            "position": position,
            "role": role.name,
            "index": index,
        }
        for position, (role, index) in enumerate(places)
    ]


def task_of(row: RowMapping) -> TaskState:
    """The task of a row of `tasks`."""
    return TaskState(
        attempt_key=row["attempt_key"],
        name=row["name"],
        role=row["role"],
        index=row["index"],
        registered_at_ms=row["registered_at_ms"],
        started_at_ms=row["started_at_ms"],
        ended_at_ms=row["ended_at_ms"],
        step=row["step"],
        reason=_reason(row["reason"]),
        exit_code=row["exit_code"],
        message=row["message"],
        last_seq=row["last_seq"],
        last_seen_ms=row["last_seen_ms"],
        ip=row["ip"],
        host=row["host"],
        launcher=row["launcher"],
        failure=_reason(row["failure"]),
        **{name: row[name] for name in _TASK_EXTRAS},
    )


def task_values(task: TaskState) -> Values:
    """Columns of `tasks` that reports change, but for the result."""
    return {
        "registered_at_ms": task.registered_at_ms,
        "started_at_ms": task.started_at_ms,
        "step": task.step,
        "last_seen_ms": task.last_seen_ms,
        "ip": task.ip,
        "host": task.host,
        "launcher": task.launcher,
        "failure": task.failure,
        **{name: getattr(task, name) for name in _TASK_EXTRAS},
    }


def result_values(task: TaskState) -> Values:
    """Columns of `tasks` that hold the result, written once."""
    return {
        "ended_at_ms": task.ended_at_ms,
        "reason": task.reason,
        "exit_code": task.exit_code,
        "message": task.message,
    }


def event_of(row: RowMapping) -> Event:
    """The event of a row of `events`."""
    return Event(
        job_id=row["job_id"],
        at_ms=row["at_ms"],
        code=row["code"],
        slots=json.loads(row["slots"]),
        level=row["level"],
        source=row["source"],
        attempt=row["attempt"],
        task=row["task"],
        seq=row["seq"],
    )


def event_values(event: Event) -> Values:
    """Columns of `events` for an INSERT; the number is given by the database."""
    return {
        "job_id": event.job_id,
        "at_ms": event.at_ms,
        "code": event.code,
        "slots": json.dumps(event.slots),
        "level": event.level,
        "source": event.source,
        "attempt": event.attempt,
        "task": event.task,
    }


def _reason(stored: str | None) -> Reason | None:
    return None if stored is None else Reason(stored)


def _note(stored: str | None) -> Note | None:
    if stored is None:
        return None
    note = json.loads(stored)
    return Note(note["code"], note["slots"])
