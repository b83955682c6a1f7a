"""Changing a job that exists: what its creation request said is changed with it, so that a copy of it says the same."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trainwright.catalog.resolve import retries_of
from trainwright.domain.entities import Event, Job
from trainwright.domain.errors import InvalidParam, JobStatusChanged
from trainwright.domain.lifecycle import Phase
from trainwright.domain.texts import Text, make_event
from trainwright.ports.identity import Principal
from trainwright.services.context import Services
from trainwright.services.handling import Handling, settings_on
from trainwright.services.job_view import shown_phase
from trainwright.services.offered_checks import as_creation, check_update_offered
from trainwright.services.reading import check_member, scope_of
from trainwright.services.role_creation import check_priority_allowed
from trainwright.services.spec_checks import check_annotations, check_priority
from trainwright.wire.jobs import ANNOTATIONS_MAX, JobUpdate, PolicyUpdate, SpecUpdate
from trainwright.wire.parsing import parse

_WAITING = (Phase.CREATING, Phase.PENDING)
_TOO_MANY = Text("there would be more than {limit}", "数量将超过 {limit}")


async def change(ctx: Services, who: Principal, job_id: str, raw: Mapping[str, Any]) -> None:
    """Change what is given, all of it or nothing: the description at any time, priority and pre-emption while the job
    waits, notification and annotations.

    Raises:
        InvalidParam, ParamOutOfRange: the form is wrong.
        JobNotFound: no such job in the caller's project.
        ActionDenied: not in the job's workspace; or the highest priority is not for the caller.
        NotOffered: a change of the contract that this server cannot make.
        JobStatusChanged: the job waits no more.
    """
    update = parse(JobUpdate, raw)
    policy = (update.spec or SpecUpdate()).schedule_policy or PolicyUpdate()
    check_priority(policy.priority)
    check_annotations((update.metadata and update.metadata.annotation) or {}, "metadata.annotation")
    events = await ctx.blocking(_change, ctx, who, job_id, update, raw)
    if events:
        ctx.events_grown(job_id)
    if policy.priority:
        ctx.wake(job_id)  # the control loop tells the backend


def _change(
    ctx: Services, who: Principal, job_id: str, update: JobUpdate, raw: Mapping[str, Any]
) -> list[Event]:
    with ctx.units(scope_of(who)) as uow:
        job = uow.jobs.get_to_change(job_id)
        check_member(uow, who, job.workspace_id)
        check_update_offered(raw)
        check_priority_allowed(who, _policy(update).priority)
        changed = _with_annotations(_with_spec(_with_description(job, update), update), update)
        if changed == job:
            return []
        events = _events(job, changed, raw, who.user_name, ctx.clock.now_ms())
        uow.jobs.save_documents(changed)
        uow.events.append(events)
        uow.commit()
    return events


def _policy(update: JobUpdate) -> PolicyUpdate:
    return (update.spec or SpecUpdate()).schedule_policy or PolicyUpdate()


def _with_description(job: Job, update: JobUpdate) -> Job:
    if update.description is None:
        return job
    request = _put(job.request, ("metadata", "description"), update.description)
    return replace(job, description=update.description, request=request)


def _with_spec(job: Job, update: JobUpdate) -> Job:
    """Priority 0 means that none is given, as at creation."""
    request, launch = job.request, job.launch
    policy = _policy(update)
    if (policy.priority or policy.preemptible is not None) and shown_phase(job) not in _WAITING:
        raise JobStatusChanged(job=job.id)
    if policy.priority:
        request = _put(request, ("spec", "schedule_policy", "priority"), policy.priority)
        launch = launch.model_copy(update={"priority": policy.priority})
    if policy.preemptible is not None:
        request = _put(request, ("spec", "schedule_policy", "preemptible"), policy.preemptible)
        launch = launch.model_copy(update={"preemptible": policy.preemptible})
    notification = update.spec.notification if update.spec else None
    if notification is not None:
        given = notification.model_dump(exclude_unset=True)
        request = _put(request, ("spec", "notification"), given)
    return replace(job, request=request, launch=launch)


def _with_annotations(job: Job, update: JobUpdate) -> Job:
    given = update.metadata.annotation if update.metadata else None
    if not given:
        return job
    before = (job.request.get("metadata") or {}).get("annotations") or {}
    annotations = {**before, **given}
    if len(annotations) > ANNOTATIONS_MAX:
        raise InvalidParam(field="metadata.annotation", detail=_TOO_MANY, limit=ANNOTATIONS_MAX)
    launch = job.launch.model_copy(update=retries_of(annotations))
    return replace(job, request=_put(job.request, ("metadata", "annotations"), annotations), launch=launch)


def _put(document: Mapping[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    """A copy of `document` with `value` at `path`; null and missing objects on the way are made."""
    changed = copy.deepcopy(dict(document))
    part = changed
    for name in path[:-1]:
        if not isinstance(part.get(name), dict):
            part[name] = {}
        part = part[name]
    part[path[-1]] = value
    return changed


def _events(job: Job, changed: Job, raw: Mapping[str, Any], user: str, now_ms: int) -> list[Event]:
    told: list[tuple[str, dict[str, str | int | float]]] = []
    if changed.description != job.description:
        told.append(("job_described", {"user": user}))
    if changed.launch.priority != job.launch.priority:
        told.append(("job_priority", {"user": user, "priority": changed.launch.priority}))
    kept = ", ".join(settings_on(as_creation(raw), Handling.KEPT))
    if kept:
        told.append(("settings_kept", {"settings": kept}))
    return [make_event(job.id, now_ms, code, slots, attempt=job.attempt_number) for code, slots in told]
