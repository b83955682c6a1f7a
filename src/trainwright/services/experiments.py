"""Training experiments: named groups of jobs in a workspace."""

import uuid
from dataclasses import replace

from trainwright.domain.access import Action
from trainwright.domain.errors import ActionDenied, DuplicateExperimentName, ExperimentMismatch
from trainwright.ports.identity import Principal
from trainwright.ports.uow import UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE, Experiment
from trainwright.services.reading import check_member
from trainwright.wire.experiments import ExperimentMetadataRequest, ExperimentReference


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
