"""Creating a job: what its request names is found, checked, made into a launch and stored, or nothing is."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from trainwright.catalog.from_algorithm import check_fit, hide_code, merge
from trainwright.catalog.places import Places, find_places
from trainwright.catalog.resolve import JobIdentity, find_flavor, resolve
from trainwright.domain.access import Action
from trainwright.domain.entities import Event, Job, Slots
from trainwright.domain.errors import ActionDenied, InvalidParam, JobNotFound, NotOffered
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import LaunchSpec
from trainwright.domain.texts import Language, Text, make_event
from trainwright.ports.datasets import DatasetVersion
from trainwright.ports.identity import Principal
from trainwright.ports.pools import Pool
from trainwright.ports.uow import UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services.context import Services
from trainwright.services.create_checks import check_algorithm
from trainwright.services.datasets import find_version
from trainwright.services.experiments import join
from trainwright.services.handling import Handling, settings_on
from trainwright.services.job_view import JobHistory, job_response
from trainwright.services.offered_checks import ORDINARY_KIND, check_code_offered, check_job_offered
from trainwright.services.ownership import owned_objects
from trainwright.services.pools import find_pool
from trainwright.services.quotas import check_quotas
from trainwright.services.reading import check_member, scope_of, with_history
from trainwright.services.sources import Source, check_datasets, find_source
from trainwright.services.spec_checks import check_job, check_roles
from trainwright.services.store_checks import check_places, check_size
from trainwright.wire.job_answers import JobResponse
from trainwright.wire.jobs import AlgorithmRequest, JobRequest, RoleJobRequest
from trainwright.wire.parsing import parse

HIGH_PRIORITY: Final = 3
_ALGORITHM_MISSING = Text("it is required", "缺少该字段")
_POOL_ELSEWHERE = Text(
    "pool {pool} takes only jobs of its own workspace {workspace}",
    "资源池 {pool} 只接受其所属工作空间 {workspace} 的作业",
)
_NO_VERSIONS: Mapping[int, DatasetVersion] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Named:
    """What the ids of a request stand for. `versions`: of datasets that are inputs, by the input's index."""

    request: JobRequest  # with what a saved algorithm fills in
    source: Source | None = None
    pool: Pool | None = None
    versions: Mapping[int, DatasetVersion] = field(default_factory=lambda: _NO_VERSIONS)


async def create(ctx: Services, who: Principal, raw: Mapping[str, Any], language: Language) -> JobResponse:
    """Accept a job (body as `wire.parsing.load_object` gives it); durable once this returns. Refusals leave nothing.

    Raises:
        TrainwrightError: something in the request does not fit (see `spec_checks`, `create_checks`, `store_checks`,
            `catalog.resolve`), is not for the caller, or goes beyond a quota.
        NotOffered: it is right, but this server cannot do it.
        StorageUnavailable: the object store could not be asked.
    """
    request = parse_job(raw)
    check_job(request)
    check_priority_allowed(
        who, request.spec.schedule_policy.priority if request.spec.schedule_policy else None
    )
    named = await _look_up(ctx, who, request)
    algorithm = named.request.algorithm or AlgorithmRequest()
    check_algorithm(algorithm)
    check_code_offered(algorithm.code_dir)
    places = find_places(named.request, named.versions)
    check_job_offered(raw)
    launch = await _launch(ctx, who, named, places)
    now_ms = ctx.clock.now_ms()
    job = _new_job(named, dict(raw), launch, who, now_ms)
    history = await ctx.blocking(_store, ctx, who, job, request)
    ctx.events_grown(job.id)
    ctx.wake(job.id)
    return job_response(history, language, now_ms)


def parse_job(raw: Mapping[str, Any]) -> JobRequest:
    """The creation body `raw` as a request.

    Raises:
        InvalidParam: its shape is wrong, or it lacks what it must have.
        NotOffered: a job of several roles, which is right.
    """
    if raw.get("kind") == "hetero_job":
        roles = parse(RoleJobRequest, raw)
        check_roles(roles.tasks)
        raise NotOffered(field=f"kind {roles.kind}")
    request = parse(JobRequest, raw)
    if request.algorithm is None:
        raise InvalidParam(field="algorithm", detail=_ALGORITHM_MISSING)
    return request


def check_priority_allowed(who: Principal, priority: int | None) -> None:
    """The highest priority needs an action of its own. Raises `ActionDenied`."""
    if priority == HIGH_PRIORITY and not who.may(Action.JOB_SET_HIGH_PRIORITY):
        raise ActionDenied(action=Action.JOB_SET_HIGH_PRIORITY.value)


async def _look_up(ctx: Services, who: Principal, request: JobRequest) -> Named:
    """Without a question to the database when the request names nothing that lies there."""
    if not _names_something(request):
        return Named(request)
    return await ctx.blocking(_read_named, ctx, who, request)


def _names_something(request: JobRequest) -> bool:
    algorithm = request.algorithm or AlgorithmRequest()
    return bool(
        _workspace_of(request) != DEFAULT_WORKSPACE
        or request.spec.resource.pool_id
        or request.metadata.training_experiment_reference
        or algorithm.id
        or algorithm.subscription_id
        or algorithm.item_version_id
        or any(_dataset_ids(request))
    )


def _read_named(ctx: Services, who: Principal, request: JobRequest) -> Named:
    with ctx.units(scope_of(who), write=False) as uow:
        return find_named(uow, who, request)


def find_named(uow: UnitOfWork, who: Principal, request: JobRequest) -> Named:
    """What the ids of `request` stand for; in a writing unit it stays so until the unit ends.

    Raises:
        NotFound: one stands for nothing that the caller sees.
        ActionDenied: the caller may not create jobs in the workspace.
        AlgorithmMismatch: the request contradicts the saved algorithm it names.
        InvalidParam: the pool is another workspace's.
    """
    check_member(uow, who, _workspace_of(request))
    source = find_source(uow, request)
    if source is not None:
        request = merge(source.name, source.document, request, code_hidden=source.code_hidden)
        check_datasets(uow, source, request)
    pool = find_pool(uow, who, request.spec.resource.pool_id or "")
    _check_pool(pool, _workspace_of(request))
    reference = request.metadata.training_experiment_reference
    if reference is not None and reference.id:
        uow.experiments.get(reference.id)
    versions = {
        index: find_version(uow, who, dataset_id, version_id)
        for index, dataset_id, version_id in _dataset_ids(request)
    }
    return Named(request, source, pool, versions)


def _check_pool(pool: Pool, workspace_id: str) -> None:
    """A workspace's pool takes its jobs only: else who may not create jobs there would run them there.

    Raises:
        InvalidParam: the job lies elsewhere.
    """
    if pool.workspace_id not in ("", DEFAULT_WORKSPACE, workspace_id):
        raise InvalidParam(
            field="spec.resource.pool_id", detail=_POOL_ELSEWHERE, pool=pool.id, workspace=pool.workspace_id
        )


def _workspace_of(request: JobRequest) -> str:
    return request.metadata.workspace_id or DEFAULT_WORKSPACE


def _dataset_ids(request: JobRequest) -> Iterator[tuple[int, str, str]]:
    channels = request.algorithm.inputs if request.algorithm else None
    for index, channel in enumerate(channels or []):
        dataset = channel.remote.dataset if channel.remote else None
        if dataset is not None and dataset.id:
            yield index, dataset.id, dataset.version_id or ""


async def _launch(ctx: Services, who: Principal, named: Named, places: Places) -> LaunchSpec:
    request, source = named.request, named.source
    flavor = find_flavor(request.spec.resource, ctx.catalogue, named.pool)
    if source is not None:
        check_fit(source.name, source.document, flavor, request.spec.resource.node_count)
    objects = owned_objects(ctx, who)
    # The code of a subscription lies with the platform, where the caller sees nothing.
    code_objects = ctx.objects if source is not None and source.code_uri else None
    places = await check_places(objects, places, code_objects=code_objects)
    identity = JobIdentity(job_id=str(uuid.uuid4()), project_id=who.project_id)
    launch = resolve(request, places, ctx.catalogue, identity, named.pool)
    await check_size(objects, places, flavor)
    return launch.model_copy(update={"upload_period_s": ctx.upload_period_s})


def _new_job(named: Named, raw: dict[str, Any], launch: LaunchSpec, who: Principal, now_ms: int) -> Job:
    request, source = named.request, named.source
    retention = request.spec.retention
    return Job(
        id=launch.job_id,
        project_id=who.project_id,
        workspace_id=_workspace_of(request),
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
        filled=_filled(named),
    )


def _filled(named: Named) -> dict[str, Any] | None:
    """The algorithm as the saved one completed it, to be shown."""
    if named.source is None or named.request.algorithm is None:
        return None
    algorithm = named.request.algorithm.model_dump(exclude_unset=True, exclude_none=True)
    return hide_code(algorithm) if named.source.code_hidden else algorithm


def _store(ctx: Services, who: Principal, job: Job, request: JobRequest) -> JobHistory:
    """All that must not have changed since it was looked up is looked up again in the transaction that writes."""
    with ctx.units(scope_of(who)) as uow:
        if _names_something(request):
            find_named(uow, who, _pinned(request, job))
        check_quotas(uow, who, job.workspace_id, job.launch)
        events = [*_events(job), *_shared_outputs(uow, job)]
        reference = request.metadata.training_experiment_reference
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
    other job is named only where whoever sees the warning sees that job.
    """
    for channel in job.launch.all_outputs():
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


def _pinned(request: JobRequest, job: Job) -> JobRequest:
    """The request with the dataset versions that were found: "the newest" may be another by now."""
    algorithm = request.algorithm
    if algorithm is None or not algorithm.inputs:
        return request
    found = {channel.name: channel.dataset_version_id for channel in job.launch.all_inputs()}
    inputs = []
    for channel in algorithm.inputs:
        remote = channel.remote
        if remote is not None and remote.dataset is not None and found.get(channel.name):
            dataset = remote.dataset.model_copy(update={"version_id": found[channel.name]})
            channel = channel.model_copy(update={"remote": remote.model_copy(update={"dataset": dataset})})
        inputs.append(channel)
    return request.model_copy(update={"algorithm": algorithm.model_copy(update={"inputs": inputs})})


def _events(job: Job) -> list[Event]:
    made = [make_event(job.id, job.created_at_ms, "job_created", {})]
    kept = ", ".join(settings_on(job.request, Handling.KEPT))
    if kept:
        made.append(make_event(job.id, job.created_at_ms, "settings_kept", {"settings": kept}))
    return made
