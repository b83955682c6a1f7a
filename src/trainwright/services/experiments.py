"""Training experiments: named groups of jobs in a workspace."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trainwright.domain.access import Action
from trainwright.domain.errors import ActionDenied, DuplicateExperimentName, ExperimentMismatch
from trainwright.ports.identity import Principal
from trainwright.ports.uow import UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE, Experiment, ExperimentQuery
from trainwright.services.context import Services
from trainwright.services.reading import check_member, scope_of
from trainwright.wire.experiments import (
    ExperimentChanged,
    ExperimentMetadata,
    ExperimentMetadataRequest,
    ExperimentReference,
    ExperimentRequest,
    ExperimentResponse,
    ExperimentsResponse,
    ExperimentStatistic,
    ExperimentUpdate,
    NameTaken,
)
from trainwright.wire.parsing import parse

SORTS = ("create_time", "update_time", "name")


async def create(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> ExperimentResponse:
    """A new experiment without jobs.

    Raises:
        InvalidParam: something in the request does not fit.
        WorkspaceNotFound, ActionDenied: the caller may not create experiments in that workspace.
        DuplicateExperimentName: the project has one of that name, seen by the caller or not.
    """
    request = parse(ExperimentRequest, raw)
    return await ctx.blocking(_create, ctx, who, request.metadata)


async def list_all(ctx: Services, who: Principal, query: ExperimentQuery) -> ExperimentsResponse:
    """One page of those the caller sees. Raises `WorkspaceNotFound` when the query names one they do not see."""
    return await ctx.blocking(_list, ctx, who, query)


async def show(ctx: Services, who: Principal, experiment_id: str) -> ExperimentResponse:
    """One experiment. Raises `ExperimentNotFound`."""
    return await ctx.blocking(_show, ctx, who, experiment_id)


async def change(
    ctx: Services, who: Principal, experiment_id: str, raw: Mapping[str, Any]
) -> ExperimentChanged:
    """Change what is given.

    Raises:
        InvalidParam, ExperimentNotFound, ActionDenied, DuplicateExperimentName.
    """
    update = parse(ExperimentUpdate, raw)
    return await ctx.blocking(_change, ctx, who, experiment_id, update)


async def delete(ctx: Services, who: Principal, experiment_id: str) -> None:
    """Remove the group; its jobs stay. Raises `ExperimentNotFound`, `ActionDenied`."""
    await ctx.blocking(_delete, ctx, who, experiment_id)


async def check_name(ctx: Services, who: Principal, name: str, workspace_id: str) -> NameTaken:
    """Whether a new experiment cannot have that name: names count once in a project, also where the caller does not
    look. Raises `WorkspaceNotFound`.
    """
    return NameTaken(is_duplicate=await ctx.blocking(_is_taken, ctx, who, name, workspace_id))


def join(
    uow: UnitOfWork, who: Principal, reference: ExperimentReference, workspace_id: str, now_ms: int
) -> tuple[str, int]:
    """Count a job about to be added in; the experiment's id and the job's number in it, or `("", 0)` for an empty
    reference. The id decides; a name alone makes the experiment when it is new. Blocking.

    Raises:
        ExperimentNotFound: no such id.
        ExperimentMismatch: it lies in another workspace.
        DuplicateExperimentName: the name is taken in a workspace that the caller does not see.
        ActionDenied: it would have to be made, and the caller may not.
    """
    if reference.id:
        experiment = uow.experiments.get(reference.id)
    elif reference.name:
        experiment = _find_or_make(uow, who, reference, workspace_id, now_ms)
    else:
        return "", 0
    if experiment.workspace_id != workspace_id:
        raise ExperimentMismatch(
            experiment=experiment.id, found=experiment.workspace_id, workspace=workspace_id
        )
    return experiment.id, uow.experiments.next_serial(experiment.id)


def _find_or_make(
    uow: UnitOfWork, who: Principal, reference: ExperimentReference, workspace_id: str, now_ms: int
) -> Experiment:
    name = reference.name or ""
    found = uow.experiments.find_by_name(name)
    if found is not None:
        return found
    check_may_create(uow, who, workspace_id)
    metadata = ExperimentMetadataRequest(
        name=name, description=reference.description, workspace_id=workspace_id
    )
    try:
        return add_experiment(uow, who, metadata, now_ms)
    except DuplicateExperimentName:
        # Another unit has made it since; or it lies where the caller does not look.
        found = uow.experiments.find_by_name(name)
        if found is None:
            raise
        return found


def add_experiment(
    uow: UnitOfWork, who: Principal, metadata: ExperimentMetadataRequest, now_ms: int
) -> Experiment:
    """Insert it. Raises `DuplicateExperimentName`."""
    experiment = Experiment(
        id=str(uuid.uuid4()),
        project_id=who.project_id,
        workspace_id=metadata.workspace_id or DEFAULT_WORKSPACE,
        name=metadata.name,
        description=metadata.description or "",
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    uow.experiments.add(experiment)
    return experiment


def check_may_create(uow: UnitOfWork, who: Principal, workspace_id: str) -> None:
    """The caller may make experiments in this workspace, whatever else they are doing.

    Raises:
        ActionDenied, WorkspaceNotFound.
    """
    if not who.may(Action.EXPERIMENT_CREATE):
        raise ActionDenied(action=Action.EXPERIMENT_CREATE.value)
    check_member(uow, replace(who, action=Action.EXPERIMENT_CREATE), workspace_id)


def _create(ctx: Services, who: Principal, metadata: ExperimentMetadataRequest) -> ExperimentResponse:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, metadata.workspace_id or DEFAULT_WORKSPACE)
        experiment = add_experiment(uow, who, metadata, ctx.clock.now_ms())
        uow.commit()
    return _response(experiment)


def _list(ctx: Services, who: Principal, query: ExperimentQuery) -> ExperimentsResponse:
    with ctx.units(scope_of(who), write=False) as uow:
        if query.workspace_id:
            uow.workspaces.get(query.workspace_id)
        count, page = uow.experiments.search(query)
    return ExperimentsResponse(
        total=count,
        count=count,
        limit=query.limit,
        offset=query.offset,
        sort_by=query.sort_by,
        order="desc" if query.descending else "asc",
        items=[_response(experiment) for experiment in page],
    )


def _show(ctx: Services, who: Principal, experiment_id: str) -> ExperimentResponse:
    with ctx.units(scope_of(who), write=False) as uow:
        return _response(uow.experiments.get(experiment_id))


def _change(ctx: Services, who: Principal, experiment_id: str, update: ExperimentUpdate) -> ExperimentChanged:
    with ctx.units(scope_of(who)) as uow:
        experiment = uow.experiments.get(experiment_id)
        check_member(uow, who, experiment.workspace_id)
        changed = replace(
            experiment,
            name=experiment.name if update.name is None else update.name,
            description=experiment.description if update.description is None else update.description,
            updated_at_ms=ctx.clock.now_ms(),
        )
        uow.experiments.save(changed)
        uow.commit()
    return ExperimentChanged(name=changed.name, description=changed.description)


def _delete(ctx: Services, who: Principal, experiment_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, uow.experiments.get(experiment_id).workspace_id)
        uow.experiments.delete(experiment_id)
        uow.commit()


def _is_taken(ctx: Services, who: Principal, name: str, workspace_id: str) -> bool:
    with ctx.units(scope_of(who), write=False) as uow:
        if workspace_id:
            uow.workspaces.get(workspace_id)
        return uow.experiments.is_taken(name)


def _response(experiment: Experiment) -> ExperimentResponse:
    return ExperimentResponse(
        metadata=ExperimentMetadata(
            id=experiment.id,
            name=experiment.name,
            description=experiment.description,
            workspace_id=experiment.workspace_id,
            create_time=experiment.created_at_ms,
            update_time=experiment.updated_at_ms,
        ),
        statistic=ExperimentStatistic(job_count=experiment.job_count),
    )
