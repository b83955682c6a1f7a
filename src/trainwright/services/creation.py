"""Creating a job: what its request names is found, checked, made into a launch and stored, or nothing is."""

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trainwright.catalog.blame import naming_fields
from trainwright.catalog.from_algorithm import hide_code
from trainwright.catalog.stand_ins import find_stand_ins
from trainwright.domain.entities import Event, Job, Slots
from trainwright.domain.errors import IdempotencyKeyUsed, InvalidQuery, JobNotFound, TrainwrightError
from trainwright.domain.lifecycle import Phase
from trainwright.domain.texts import Language, Text, make_event
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
from trainwright.services.reading import read_history, scope_of, with_history
from trainwright.services.references import Named, find_all, names_something, workspace_of
from trainwright.services.role_creation import Prepared, prepare
from trainwright.wire.job_answers import JobResponse

_KEYS = uuid.UUID("7f0c2b53-6d0e-4b57-9d8a-1f0a6f3c5e21")
_KEY = re.compile(r"[ -~]{1,128}")
_KEY_FORM = Text(
    "it must be 1 to {limit} printable characters of ASCII", "必须为 1 至 {limit} 个可见 ASCII 字符"
)


@dataclass(frozen=True, slots=True)
class _Keyed:
    """What a request makes, and with an idempotency key what it says: then it makes the same job however often."""

    job_id: str
    digest: str = ""


async def create(
    ctx: Services, who: Principal, raw: Mapping[str, Any], language: Language, *, key: str | None = None
) -> JobResponse:
    """Accept a job (body as `wire.parsing.load_object` gives it); durable once this returns. Refusals leave nothing.

    With an idempotency `key` the caller may ask again with the same body, also at the same time: there is one job, and
    each answer shows it.

    Raises:
        TrainwrightError: as `role_creation.prepare`; or it goes beyond a quota.
        JobNotFound: the job that this request made was deleted.
        IdempotencyKeyUsed: the caller made another job with this key.
        InvalidQuery: the key is none.
    """
    if key is None:
        return await _create(ctx, who, raw, language, _Keyed(str(uuid.uuid4())))
    if not _KEY.fullmatch(key):
        raise InvalidQuery(field="Idempotency-Key", detail=_KEY_FORM, limit=128)
    digest = hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
    name = "\0".join((who.project_id, who.user_id, key))
    keyed = _Keyed(str(uuid.uuid5(_KEYS, name)), digest)
    made = await ctx.blocking(_find_made, ctx, who, keyed)
    if made is None:
        try:
            return await _create(ctx, who, raw, language, keyed)
        except TrainwrightError:
            made = await ctx.blocking(_find_made, ctx, who, keyed)  # by the same request, meanwhile
            if made is None:
                raise
    return job_response(made, language, ctx.clock.now_ms())


async def _create(
    ctx: Services, who: Principal, raw: Mapping[str, Any], language: Language, keyed: _Keyed
) -> JobResponse:
    with naming_fields():
        prepared = await prepare(ctx, who, raw, keyed.job_id)
    await make_buckets(ctx, prepared.named[0].folders)
    now_ms = ctx.clock.now_ms()
    job = _new_job(prepared, dict(raw), who, now_ms)
    with naming_fields():
        history = await ctx.blocking(_store, ctx, who, job, prepared, keyed.digest)
    ctx.events_grown(job.id)
    ctx.wake(job.id)
    return job_response(history, language, now_ms)


def _find_made(ctx: Services, who: Principal, keyed: _Keyed) -> JobHistory | None:
    """The job that the request made before. Raises `IdempotencyKeyUsed`: another request of that key did."""
    with ctx.units(scope_of(who), write=False) as uow:
        digest = uow.creations.find(keyed.job_id)
        if digest is None:
            return None
        if digest != keyed.digest:
            raise IdempotencyKeyUsed(job=keyed.job_id)
        return read_history(uow, keyed.job_id)


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


def _store(ctx: Services, who: Principal, job: Job, prepared: Prepared, digest: str) -> JobHistory:
    """All that must not have changed since it was looked up is looked up again in the transaction that writes."""
    asked = [named.asked for named in prepared.named]
    with ctx.units(scope_of(who)) as uow:
        if any(names_something(part) for part in asked):
            find_all(ctx, uow, who, asked, job.id)
        check_quotas(uow, who, job.workspace_id, job.launch)
        if job.launch.model_name:
            models.check_name(uow, who, job.launch.model_name, job.workspace_id)
        events = [*_events(job), *_stand_ins(ctx, job, prepared), *_shared_outputs(uow, job)]
        reference = prepared.request.metadata.training_experiment_reference
        if reference is not None:
            experiment_id, serial = join(uow, who, reference, job.workspace_id, job.created_at_ms)
            job = replace(job, experiment_id=experiment_id, experiment_serial=serial)
        uow.jobs.add(job)
        if digest:
            uow.creations.note(job, digest)
        uow.events.append(events)
        history = with_history(uow, job)
        uow.commit()
    return history


def _stand_ins(ctx: Services, job: Job, prepared: Prepared) -> list[Event]:
    """What the request calls by the name of something that is not here."""
    parts = [named.part for named in prepared.named]
    return [
        make_event(job.id, job.created_at_ms, f"{kind}_stands_in", {"asked": asked, "used": used})
        for kind, asked, used in find_stand_ins(parts, ctx.catalogue)
    ]


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
