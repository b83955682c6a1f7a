"""What is on offer (contract §7), and whether the server is there."""

from pydantic import BaseModel

from trainwright.client.requests import Request, make_request, model_parser
from trainwright.wire.catalogue import BackendsResponse, EnginesResponse, FlavorsResponse


class Health(BaseModel):
    """Answer of `/health`."""

    status: str
    version: str


def build_show_health() -> Request[Health]:
    """Whether the server is up; needs no token."""
    return make_request("GET", "/health", model_parser(Health), path={})


def build_list_engines(project_id: str) -> Request[EnginesResponse]:
    """All preset engines."""
    return make_request(
        "GET",
        "/v2/{project_id}/training-job-engines",
        model_parser(EnginesResponse),
        path={"project_id": project_id},
    )


def build_list_flavors(project_id: str, *, flavor_type: str | None = None) -> Request[FlavorsResponse]:
    """All flavors, or those of one type: CPU, GPU or Ascend."""
    return make_request(
        "GET",
        "/v2/{project_id}/training-job-flavors",
        model_parser(FlavorsResponse),
        path={"project_id": project_id},
        query={"flavor_type": flavor_type},
    )


def build_list_backends(project_id: str) -> Request[BackendsResponse]:
    """The backends: what they have, what is free, which launcher is in force."""
    return make_request(
        "GET",
        "/v2/{project_id}/backends",
        model_parser(BackendsResponse),
        path={"project_id": project_id},
    )
