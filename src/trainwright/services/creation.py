"""Creating a job: what its request names is found, checked, made into a launch and stored, or nothing is."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trainwright.catalog.from_algorithm import hide_code
from trainwright.domain.entities import Event, Job, Slots
from trainwright.domain.errors import JobNotFound
from trainwright.domain.lifecycle import Phase
from trainwright.domain.texts import Language, make_event
from trainwright.ports.identity import Principal
from trainwright.ports.uow import UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services import models
from trainwright.services.context import Services
from trainwright.services.experiments import join
from trainwright.services.folders import HOMES, make_buckets
from trainwright.services.handling import Handling, settings_on
from trainwright.services.job_view import JobHistory, job_response
from trainwright.services.offered_checks import ORDINARY_KIND
from trainwright.services.quotas import check_quotas
from trainwright.services.reading import scope_of, with_history
from trainwright.services.references import Named, find_all, names_something, workspace_of
from trainwright.services.role_creation import Prepared, prepare
from trainwright.wire.job_answers import JobResponse


async def create(ctx: Services, who: Principal, raw: Mapping[str, Any], language: Language) -> JobResponse:
    """Accept a job (body as `wire.parsing.load_object` gives it); durable once this returns. Refusals leave nothing.

    Raises:
        TrainwrightError: as `role_creation.prepare`; or it goes beyond a quota.
    """
    prepared = await prepare(ctx, who, raw, str(uuid.uuid4()))
    await make_buckets(ctx, prepared.named[0].folders)
    now_ms = ctx.clock.now_ms()
    job = _new_job(prepared, dict(raw), who, now_ms)
    history = await ctx.blocking(_store, ctx, who, job, prepared)
    ctx.events_grown(job.id)
    ctx.wake(job.id)
    return job_response(history, language, now_ms)


def _new_job(prepared: Prepared, raw: dict[str, Any], who: Principal, now_ms: int) -> Job:
    request, launch, source = prepared.request, prepared.launch, prepared.named[0].source
    retention = request.spec.retention
    return Job(
        id=launch.job_id,
        project_id=who.project_id,
        workspace_id=workspace_of(request),
        name=request.metadata.name,
        description=request.metadata.description or "",
        user_name=who.user_name,
        kind=request.kind or ORDINARY_KIND,
        request=raw,
        launch=launch,
        phase=Phase.CREATING,
        created_at_ms=now_ms,
        user_id=who.user_id,
        algorithm_id=source.algorithm_id if source else "",
        algorithm_name=source.name if source else "",
        pool_id=launch.pool_id,
        kept=retention is not None and retention.policy == "disabled",
        filled=_filled(prepared.named[0]),
    )


def _filled(named: Named) -> dict[str, Any] | None:
    """The algorithm as the saved one completed it, to be shown."""
    if named.source is None or named.request.algorithm is None or named.part.role:
        return None
    algorithm = named.request.algorithm.model_dump(exclude_unset=True, exclude_none=True)
    return hide_code(algorithm) if named.source.code_hidden else algorithm


def _store(ctx: Services, who: Principal, job: Job, prepared: Prepared) -> JobHistory:
    """All that must not have changed since it was looked up is looked up again in the transaction that writes."""
    asked = [named.asked for named in prepared.named]
    with ctx.units(scope_of(who)) as uow:
        if any(names_something(part) for part in asked):
            find_all(ctx, uow, who, asked, job.id)
        check_quotas(uow, who, job.workspace_id, job.launch)
        if job.launch.model_name:
            models.check_name(uow, who, job.launch.model_name, job.workspace_id)
        events = [*_events(job), *_shared_outputs(uow, job)]
        reference = prepared.request.metadata.training_experiment_reference
        if reference is not None:
            experiment_id, serial = join(uow, who, reference, job.workspace_id, job.created_at_ms)
            job = replace(job, experiment_id=experiment_id, experiment_serial=serial)
        uow.jobs.add(job)
        uow.events.append(events)
        history = with_history(uow, job)
        uow.commit()
    return history


def _shared_outputs(uow: UnitOfWork, job: Job) -> list[Event]:
    """A warning, once, when an unfinished job writes there too, which scripts that start several jobs may mean. The
    other job is named only where whoever sees the warning sees that job. Homes are there to be shared.
    """
    for channel in job.launch.all_outputs():
        if channel.uri.startswith(f"obs://{HOMES}/"):
            continue
        clash = uow.jobs.unfinished_writing_to([channel.uri])
        if clash is None:
            continue
        slots: Slots = {"uri": channel.uri}
        if not _is_seen_with(uow, job, clash[0]):
            return [make_event(job.id, job.created_at_ms, "output_shared_unseen", slots)]
        return [make_event(job.id, job.created_at_ms, "output_shared", {**slots, "job": clash[0]})]
    return []


def _is_seen_with(uow: UnitOfWork, job: Job, other_id: str) -> bool:
    try:
        return uow.jobs.get(other_id).workspace_id in (DEFAULT_WORKSPACE, job.workspace_id)
    except JobNotFound:
        return False


def _events(job: Job) -> list[Event]:
    made = [make_event(job.id, job.created_at_ms, "job_created", {})]
    kept = ", ".join(settings_on(job.request, Handling.KEPT))
    if kept:
        made.append(make_event(job.id, job.created_at_ms, "settings_kept", {"settings": kept}))
    return made
