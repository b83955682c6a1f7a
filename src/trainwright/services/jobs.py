"""Use cases of training jobs: create, show, search, stop, delete, change the description."""

import uuid
from collections.abc import Mapping
from typing import Any

from trainwright.catalog.places import find_places
from trainwright.catalog.resolve import JobIdentity, resolve
from trainwright.domain.entities import Job
from trainwright.domain.errors import (
    InvalidParam,
    JobNotDeletable,
    JobNotStoppable,
    OutputPathInUse,
    UnsupportedAction,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import LaunchSpec
from trainwright.domain.texts import Language, Text, make_event
from trainwright.ports.identity import Principal
from trainwright.ports.uow import JobPage, JobQuery, Scope, UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services.context import Services
from trainwright.services.create_checks import check_form
from trainwright.services.job_view import JobHistory, job_response, shown_phase
from trainwright.services.offered_checks import (
    check_job_offered,
    check_search_offered,
    check_update_offered,
)
from trainwright.services.reading import read_history, scope_of, with_history
from trainwright.services.search_queries import job_query
from trainwright.services.store_checks import check_places
from trainwright.wire.job_answers import JobResponse, JobSearchResponse
from trainwright.wire.job_search import JobSearch
from trainwright.wire.jobs import JobAction, JobRequest, JobUpdate
from trainwright.wire.parsing import parse

TERMINATE = "terminate"
_STOPPABLE = (Phase.CREATING, Phase.PENDING, Phase.RUNNING)
_ALGORITHM_MISSING = Text("it is required", "缺少该字段")


async def create(ctx: Services, who: Principal, raw: Mapping[str, Any], language: Language) -> JobResponse:
    """Accept a job (body as `wire.parsing.load_object` gives it); durable once this returns. Refusals leave nothing.

    Raises:
        UserError: something in the request does not fit; see `create_checks`, `store_checks` and `catalog.resolve`.
        OutputPathInUse: an unfinished job writes to one of its output paths.
        PoolNotFound: the pool does not exist.
        StorageUnavailable: the object store could not be asked.
    """
    request = parse(JobRequest, raw)
    check_job_offered(raw)
    if request.algorithm is None:
        raise InvalidParam(field="algorithm", detail=_ALGORITHM_MISSING)
    check_form(request)
    places = await check_places(ctx.objects, find_places(request))
    identity = JobIdentity(job_id=str(uuid.uuid4()), project_id=who.project_id)
    launch = resolve(request, places, ctx.catalogue, identity)
    launch = launch.model_copy(update={"upload_period_s": ctx.upload_period_s})
    job = _new_job(request, dict(raw), launch, who, ctx.clock.now_ms())
    await ctx.blocking(_store, ctx, scope_of(who), job)
    ctx.events_grown(job.id)
    ctx.wake(job.id)
    return job_response(JobHistory(job, (), {}), language, job.created_at_ms)


async def show(ctx: Services, who: Principal, job_id: str, language: Language) -> JobResponse:
    """One job.

    Raises:
        JobNotFound: no such job in the caller's project.
    """
    history = await ctx.blocking(_read, ctx, scope_of(who), job_id)
    return job_response(history, language, ctx.clock.now_ms())


async def search(
    ctx: Services, who: Principal, raw: Mapping[str, Any], language: Language
) -> JobSearchResponse:
    """One page of the caller's jobs that match (body as `wire.parsing.load_object` gives it).

    Raises:
        InvalidParam, UnsupportedSort, UnsupportedFilterKey, UnsupportedFilterOperator, InvalidFilterValue, NotOffered.
    """
    wanted = parse(JobSearch, raw)
    check_search_offered(wanted)
    now_ms = ctx.clock.now_ms()
    query = job_query(wanted, now_ms)
    page, histories = await ctx.blocking(_search, ctx, scope_of(who), query)
    return JobSearchResponse(
        total=page.total,
        count=page.matches,
        limit=query.limit,
        offset=query.offset,
        sort_by=query.sort_by,
        order="desc" if query.descending else "asc",
        group_by=wanted.group_by or "",
        workspace_id=wanted.workspace_id or DEFAULT_WORKSPACE,
        items=[job_response(history, language, now_ms) for history in histories],
    )


async def stop(
    ctx: Services, who: Principal, job_id: str, raw: Mapping[str, Any], language: Language
) -> JobResponse:
    """Ask for the job to be stopped (`{"action_type": "terminate"}`); the answer shows it Terminating.

    Raises:
        UnsupportedAction: another action.
        JobNotFound: no such job in the caller's project.
        JobNotStoppable: it has ended or is being stopped already.
    """
    action = parse(JobAction, raw)
    if action.action_type != TERMINATE:
        raise UnsupportedAction(value=action.action_type, allowed=TERMINATE)
    now_ms = ctx.clock.now_ms()
    history = await ctx.blocking(_request_stop, ctx, scope_of(who), job_id, now_ms)
    ctx.events_grown(job_id)
    ctx.wake(job_id)
    return job_response(history, language, now_ms)


async def delete(ctx: Services, who: Principal, job_id: str) -> None:
    """Remove an ended job with its history and logs. Outputs and exported logs in the object store stay.

    Raises:
        JobNotFound: no such job in the caller's project.
        JobNotDeletable: it has not ended.
    """
    await ctx.blocking(_delete, ctx, scope_of(who), job_id)


async def change(ctx: Services, who: Principal, job_id: str, raw: Mapping[str, Any]) -> None:
    """Change the description (`{"description": …}`); without one nothing happens.

    Raises:
        InvalidParam: too long or not text.
        NotOffered: another change of the contract.
        JobNotFound: no such job in the caller's project.
    """
    update = parse(JobUpdate, raw)
    check_update_offered(raw)
    if await ctx.blocking(_describe, ctx, scope_of(who), job_id, update.description):
        ctx.events_grown(job_id)


def _new_job(
    request: JobRequest, raw: dict[str, Any], launch: LaunchSpec, who: Principal, now_ms: int
) -> Job:
    return Job(
        id=launch.job_id,
        project_id=who.project_id,
        workspace_id=request.metadata.workspace_id or DEFAULT_WORKSPACE,
        name=request.metadata.name,
        description=request.metadata.description or "",
        user_name=who.user_name,
        kind=request.kind,
        request=raw,
        launch=launch,
        phase=Phase.CREATING,
        created_at_ms=now_ms,
    )


def _store(ctx: Services, scope: Scope, job: Job) -> None:
    outputs = [channel.uri for channel in job.launch.outputs]
    with ctx.units(scope) as uow:
        clash = uow.jobs.unfinished_writing_to(outputs) if outputs else None
        if clash is not None:
            raise OutputPathInUse(job=clash[0], uri=clash[1])
        uow.jobs.add(job)
        uow.events.append([make_event(job.id, job.created_at_ms, "job_created", {})])
        uow.commit()


def _read(ctx: Services, scope: Scope, job_id: str) -> JobHistory:
    with ctx.units(scope, write=False) as uow:
        return read_history(uow, job_id)


def _search(ctx: Services, scope: Scope, query: JobQuery) -> tuple[JobPage, list[JobHistory]]:
    with ctx.units(scope, write=False) as uow:
        page = uow.jobs.search(query)
        return page, [with_history(uow, job) for job in page.jobs]


def _request_stop(ctx: Services, scope: Scope, job_id: str, now_ms: int) -> JobHistory:
    with ctx.units(scope) as uow:
        job = uow.jobs.get(job_id)
        if shown_phase(job) not in _STOPPABLE or not uow.jobs.request_stop(job_id, now_ms):
            raise JobNotStoppable(job=job_id, phase=shown_phase(uow.jobs.get(job_id)).value)
        asked = make_event(
            job_id, now_ms, "job_stop_requested", {"user": scope.user_name}, attempt=job.attempt_number
        )
        uow.events.append([asked])
        history = read_history(uow, job_id)
        uow.commit()
    return history


def _delete(ctx: Services, scope: Scope, job_id: str) -> None:
    with ctx.units(scope) as uow:
        job = uow.jobs.get(job_id)
        if not job.phase.is_end:
            raise JobNotDeletable(job=job_id, phase=shown_phase(job).value)
        uow.jobs.delete(job_id)
        uow.commit()
    # After the rows: a log without a job is swept later, a job without its log would be a lie.
    ctx.logs.delete_job(job_id)


def _describe(ctx: Services, scope: Scope, job_id: str, description: str | None) -> bool:
    with ctx.units(scope) as uow:
        job = uow.jobs.get(job_id)
        if description is None or description == job.description:
            return False
        _set_description(uow, scope, job, description, ctx.clock.now_ms())
        uow.commit()
    return True


def _set_description(uow: UnitOfWork, scope: Scope, job: Job, description: str, now_ms: int) -> None:
    uow.jobs.set_description(job.id, description)
    changed = make_event(
        job.id, now_ms, "job_described", {"user": scope.user_name}, attempt=job.attempt_number
    )
    uow.events.append([changed])
