"""Experiments: jobs that belong together (contract §10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import experiments
else:
    experiments = deferred("trainwright.wire.experiments")

Body = Mapping[str, object]
EXPERIMENTS = "/v2/{project_id}/training-experiments"
EXPERIMENT = EXPERIMENTS + "/{experiment_id}"


def build_list_experiments(
    project_id: str,
    *,
    workspace_id: str = "",
    sort_by: str | None = None,
    order: str | None = None,
    offset: int = 0,
    limit: int = 10,
) -> Request[experiments.ExperimentsResponse]:
    """One page of the experiments, newest first; `limit` at most 1,000."""
    return make_request(
        "GET",
        EXPERIMENTS,
        model_parser(experiments.ExperimentsResponse),
        path={"project_id": project_id},
        query={
            "workspace_id": workspace_id or None,
            "sort_by": sort_by,
            "order": order,
            "offset": offset,
            "limit": limit,
        },
    )


def build_create_experiment(project_id: str, body: Body) -> Request[experiments.ExperimentResponse]:
    """Create an experiment; fields as in `ExperimentRequest`."""
    return make_request(
        "POST",
        EXPERIMENTS,
        model_parser(experiments.ExperimentResponse),
        path={"project_id": project_id},
        body=body,
    )


def build_show_experiment(project_id: str, experiment_id: str) -> Request[experiments.ExperimentResponse]:
    """One experiment."""
    return make_request(
        "GET", EXPERIMENT, model_parser(experiments.ExperimentResponse), path=_path(project_id, experiment_id)
    )


def build_change_experiment(
    project_id: str, experiment_id: str, body: Body
) -> Request[experiments.ExperimentChanged]:
    """Change name and description; fields as in `ExperimentUpdate`."""
    return make_request(
        "PUT",
        EXPERIMENT,
        model_parser(experiments.ExperimentChanged),
        path=_path(project_id, experiment_id),
        body=body,
    )


def build_delete_experiment(project_id: str, experiment_id: str) -> Request[None]:
    """Delete an experiment; its jobs stay and are in none afterwards."""
    return make_request("DELETE", EXPERIMENT, parse_nothing, path=_path(project_id, experiment_id))


def build_check_experiment_name(project_id: str, name: str) -> Request[experiments.NameTaken]:
    """Whether the name is taken in the project, also in workspaces that the caller does not see."""
    return make_request(
        "GET",
        "/v2/{project_id}/training-experiment-names",
        model_parser(experiments.NameTaken),
        path={"project_id": project_id},
        query={"experiment_name": name},
    )


def _path(project_id: str, experiment_id: str) -> dict[str, str]:
    return {"project_id": project_id, "experiment_id": experiment_id}
