"""Saved algorithms: code and how it starts, under a name (contract §8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainwright.client.operations.jobs import JOB
from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import algorithms
else:
    algorithms = deferred("trainwright.wire.algorithms")

Body = Mapping[str, object]
ALGORITHMS = "/v2/{project_id}/algorithms"
ALGORITHM = ALGORITHMS + "/{algorithm_id}"


def build_list_algorithms(
    project_id: str,
    *,
    name: str = "",
    workspace_id: str = "",
    sort_by: str | None = None,
    order: str | None = None,
    offset: int = 0,
    limit: int = 10,
) -> Request[algorithms.AlgorithmPage]:
    """One page of the algorithms whose name contains `name`, newest first; `limit` at most 50."""
    return make_request(
        "GET",
        ALGORITHMS,
        model_parser(algorithms.AlgorithmPage),
        path={"project_id": project_id},
        query={
            "searches": f"name:{name}" if name else None,
            "workspace_id": workspace_id or None,
            "sort_by": sort_by,
            "order": order,
            "offset": offset,
            "limit": limit,
        },
    )


def build_create_algorithm(project_id: str, body: Body) -> Request[algorithms.AlgorithmResponse]:
    """Save an algorithm; fields as in `AlgorithmBody`."""
    return make_request(
        "POST",
        ALGORITHMS,
        model_parser(algorithms.AlgorithmResponse),
        path={"project_id": project_id},
        body=body,
    )


def build_show_algorithm(project_id: str, algorithm_id: str) -> Request[algorithms.AlgorithmResponse]:
    """One algorithm, with its code as it is now."""
    return make_request(
        "GET", ALGORITHM, model_parser(algorithms.AlgorithmResponse), path=_path(project_id, algorithm_id)
    )


def build_change_algorithm(
    project_id: str, algorithm_id: str, body: Body
) -> Request[algorithms.AlgorithmResponse]:
    """Put the whole body in the place of the algorithm's; fields as in `AlgorithmBody`."""
    return make_request(
        "PUT",
        ALGORITHM,
        model_parser(algorithms.AlgorithmResponse),
        path=_path(project_id, algorithm_id),
        body=body,
    )


def build_delete_algorithm(project_id: str, algorithm_id: str) -> Request[None]:
    """Delete an algorithm; its code and the jobs made of it stay."""
    return make_request("DELETE", ALGORITHM, parse_nothing, path=_path(project_id, algorithm_id))


def build_save_job_algorithm(
    project_id: str, job_id: str, body: Body
) -> Request[algorithms.AlgorithmResponse]:
    """Save what a job runs as an algorithm; fields as in `SaveAsBody`. Not for jobs of subscribed algorithms."""
    return make_request(
        "POST",
        JOB + "/algorithm",
        model_parser(algorithms.AlgorithmResponse),
        path={"project_id": project_id, "training_job_id": job_id},
        body=body,
    )


def _path(project_id: str, algorithm_id: str) -> dict[str, str]:
    return {"project_id": project_id, "algorithm_id": algorithm_id}
