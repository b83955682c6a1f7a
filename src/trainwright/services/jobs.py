"""Use cases of training jobs: create, show, stop, delete, change."""

from collections.abc import Mapping
from typing import Any

from trainwright.domain.errors import JobNotDeletable, JobNotStoppable, ModelBeingKept, UnsupportedAction
from trainwright.domain.lifecycle import Phase
from trainwright.domain.texts import Language, make_event
from trainwright.ports.identity import Principal
from trainwright.ports.uow import Scope
from trainwright.services import model_rows
from trainwright.services.changing import change
from trainwright.services.context import Services
from trainwright.services.creation import create
from trainwright.services.job_view import JobHistory, job_response, shown_phase
from trainwright.services.reading import check_member, read_history, scope_of
from trainwright.wire.job_answers import JobResponse
from trainwright.wire.jobs import JobAction
from trainwright.wire.parsing import parse

__all__ = ["change", "create", "delete", "show", "stop"]

TERMINATE = "terminate"
_STOPPABLE = (Phase.CREATING, Phase.PENDING, Phase.RUNNING)


async def show(ctx: Services, who: Principal, job_id: str, language: Language) -> JobResponse:
    """One job.

    Raises:
        JobNotFound: no such job in the caller's project.
    """
    history = await ctx.blocking(_read, ctx, scope_of(who), job_id)
    return job_response(history, language, ctx.clock.now_ms())


async def stop(
    ctx: Services, who: Principal, job_id: str, raw: Mapping[str, Any], language: Language
) -> JobResponse:
    """Ask for the job to be stopped (`{"action_type": "terminate"}`); the answer shows it Terminating.

    Raises:
        UnsupportedAction: another action.
        JobNotFound: no such job in the caller's project.
        ActionDenied: not in the job's workspace.
        JobNotStoppable: it has ended or is being stopped already.
    """
    action = parse(JobAction, raw)
    if action.action_type != TERMINATE:
        raise UnsupportedAction(value=action.action_type, allowed=TERMINATE)
    now_ms = ctx.clock.now_ms()
    history = await ctx.blocking(_request_stop, ctx, who, job_id, now_ms)
    ctx.events_grown(job_id)
    ctx.wake(job_id)
    return job_response(history, language, now_ms)


async def delete(ctx: Services, who: Principal, job_id: str) -> None:
    """Remove an ended job with its history and logs. Outputs and exported logs in the object store stay.

    Raises:
        JobNotFound: no such job in the caller's project.
        ActionDenied: not in the job's workspace.
        JobNotDeletable: it has not ended.
        ModelBeingKept: its model is still being registered.
    """
    await ctx.blocking(_delete, ctx, who, job_id)


def _read(ctx: Services, scope: Scope, job_id: str) -> JobHistory:
    with ctx.units(scope, write=False) as uow:
        return read_history(uow, job_id)


def _request_stop(ctx: Services, who: Principal, job_id: str, now_ms: int) -> JobHistory:
    with ctx.units(scope_of(who)) as uow:
        job = uow.jobs.get(job_id)
        check_member(uow, who, job.workspace_id)
        if shown_phase(job) not in _STOPPABLE or not uow.jobs.request_stop(job_id, now_ms):
            raise JobNotStoppable(job=job_id, phase=shown_phase(uow.jobs.get(job_id)).value)
        asked = make_event(
            job_id, now_ms, "job_stop_requested", {"user": who.user_name}, attempt=job.attempt_number
        )
        uow.events.append([asked])
        history = read_history(uow, job_id)
        uow.commit()
    return history


def _delete(ctx: Services, who: Principal, job_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        job = uow.jobs.get(job_id)
        check_member(uow, who, job.workspace_id)
        if not job.phase.is_end:
            raise JobNotDeletable(job=job_id, phase=shown_phase(job).value)
        if model_rows.is_open(uow, job, ctx.clock.now_ms()):
            raise ModelBeingKept(job=job_id)
        uow.jobs.delete(job_id)
        uow.commit()
    # After the rows: a log without a job is swept later, a job without its log would be a lie.
    ctx.logs.delete_job(job_id)
