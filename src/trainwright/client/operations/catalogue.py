"""What is on offer (contract §7), and whether the server is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import catalogue
else:
    catalogue = deferred("trainwright.wire.catalogue")


def build_show_health() -> Request[catalogue.Health]:
    """Whether the server is up; needs no token."""
    return make_request("GET", "/health", model_parser(catalogue.Health), path={})


def build_list_engines(project_id: str) -> Request[catalogue.EnginesResponse]:
    """All preset engines."""
    return make_request(
        "GET",
        "/v2/{project_id}/training-job-engines",
        model_parser(catalogue.EnginesResponse),
        path={"project_id": project_id},
    )


def build_list_flavors(
    project_id: str, *, flavor_type: str | None = None
) -> Request[catalogue.FlavorsResponse]:
    """All flavors, or those of one type: CPU, GPU or Ascend."""
    return make_request(
        "GET",
        "/v2/{project_id}/training-job-flavors",
        model_parser(catalogue.FlavorsResponse),
        path={"project_id": project_id},
        query={"flavor_type": flavor_type},
    )


def build_list_backends(project_id: str) -> Request[catalogue.BackendsResponse]:
    """The backends: what they have, what is free, which launcher is in force."""
    return make_request(
        "GET",
        "/v2/{project_id}/backends",
        model_parser(catalogue.BackendsResponse),
        path={"project_id": project_id},
    )
