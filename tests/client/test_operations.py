"""One method per REST operation, in both clients: nothing missing, nothing invented."""

import inspect
import re
from types import ModuleType
from typing import Any

from trainwright.client import AsyncClient, Client
from trainwright.client.operations import (
    catalogue,
    credentials,
    identity,
    jobs,
    models,
    nodes,
    objects,
    watch,
)
from trainwright.client.requests import Request
from trainwright.server.app import bare_app
from trainwright.server.openapi import describe
from trainwright.wire.job_search import JobSearch
from trainwright.wire.objects import UploadBegin

MODULES: tuple[ModuleType, ...] = (catalogue, credentials, identity, jobs, models, nodes, objects, watch)
METHOD_NAMES = {"stream_events": "follow_events", "stream_log": "follow_log"}
NOT_FOR_CLIENTS = ("/runner/", "/share/", "/docs", "/openapi.json")
# What only the official client reaches so far; a whole group that ours gets is taken out of here.
LATER_GROUPS = {
    "algorithms",
    "authorizations",
    "datasets",
    "experiments",
    "gallery",
    "pools",
    "quotas",
    "tags",
    "trials",
    "unavailable",
    "workspaces",
}
LATER = {
    "batch_delete_training_job",
    "list_event_categories",
    "list_resource_flavors",
    "list_training_job_stages",
    "logs_list_links",
    "logs_revoke_link",
    "notify_training_job_information",
    "show_training_flavor_max_available_resource",
    "show_training_job_route_plan",
    "validate_training_job_name",
}
SAMPLES: dict[str, Any] = {
    "body": {},
    "search": JobSearch(),
    "begin": UploadBegin(key="k", size=1, part_size=1),
    "number": 1,
    "priority": 1,
}


def built_requests() -> dict[str, Request[Any]]:
    """Every `build_x` called with sample values, by x."""
    found: dict[str, Request[Any]] = {}
    for module in MODULES:
        for name, build in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("build_") and build.__module__ == module.__name__:
                needed = [
                    SAMPLES.get(parameter.name, "x")
                    for parameter in inspect.signature(build).parameters.values()
                    if parameter.default is inspect.Parameter.empty
                ]
                found[name.removeprefix("build_")] = build(*needed)
    return found


def plain(route: str) -> str:
    """A route with its parameters' names taken out."""
    return re.sub(r"{[^}]+}", "{}", route)


def test_the_clients_operations_are_the_servers() -> None:
    """A route that the server gains or loses must be seen here, and is either in the clients or said to come later."""
    served = {
        (verb.upper(), plain(path)): operation
        for path, verbs in describe(bare_app())["paths"].items()
        for verb, operation in verbs.items()
        if not path.startswith(NOT_FOR_CLIENTS)
    }
    built = {(request.method, plain(request.route)) for request in built_requests().values()}
    assert built <= served.keys()
    later = {each["operationId"] for route, each in served.items() if route not in built}
    groups = {each["operationId"] for each in served.values() if each["tags"][0] in LATER_GROUPS}
    assert later == LATER | groups


def test_both_clients_have_a_method_for_every_operation() -> None:
    """The asyncio client must not fall behind the blocking one."""
    for name in built_requests():
        method = METHOD_NAMES.get(name, name)
        assert callable(getattr(Client, method)), method
        one, other = (
            inspect.signature(getattr(Client, method)),
            inspect.signature(getattr(AsyncClient, method)),
        )
        assert list(one.parameters.values()) == list(other.parameters.values()), method


def test_every_parameter_of_a_route_is_filled() -> None:
    """A forgotten `{name}` would be sent as it is."""
    for name, request in built_requests().items():
        assert "{" not in request.path, name
