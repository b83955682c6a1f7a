"""One method per REST operation, in both clients: nothing missing, nothing invented."""

import inspect
import re
from types import ModuleType
from typing import Any

from trainwright.client import AsyncClient, Client
from trainwright.client.operations import (
    algorithms,
    audit,
    catalogue,
    credentials,
    datasets,
    experiments,
    gallery,
    glance,
    identity,
    job_collection,
    jobs,
    log_views,
    models,
    nodes,
    object_folders,
    objects,
    pools,
    tags,
    training_metrics,
    trials,
    watch,
    workspaces,
)
from trainwright.client.requests import Request
from trainwright.server.app import bare_app
from trainwright.server.openapi import describe
from trainwright.wire.job_search import JobSearch
from trainwright.wire.objects import UploadBegin

MODULES: tuple[ModuleType, ...] = (
    algorithms,
    audit,
    catalogue,
    credentials,
    datasets,
    experiments,
    gallery,
    glance,
    identity,
    job_collection,
    jobs,
    log_views,
    models,
    nodes,
    object_folders,
    objects,
    pools,
    tags,
    training_metrics,
    trials,
    watch,
    workspaces,
)
METHOD_NAMES = {
    "stream_events": "follow_events",
    "stream_job_changes": "follow_job_changes",
    "stream_log": "follow_log",
    "stream_merged_log": "follow_merged_log",
}
NOT_FOR_CLIENTS = ("/runner/", "/share/", "/docs", "/openapi.json")
# What no server of ours has: only the official client asks for it, and hears that there is none, or is refused.
REFUSED = "unavailable"
# What a browser does at our console; programs send their credentials with every request.
BROWSERS_ONLY = {"session_open", "session_change", "session_close"}
NEVER_ANY = {"list_jobs", "list_networks", "list_plugin_templates", "list_pool_plugins"}
SAMPLES: dict[str, Any] = {
    "body": {},
    "search": JobSearch(),
    "begin": UploadBegin(key="k", size=1, part_size=1),
    "number": 1,
    "priority": 1,
    "tags": {"k": "v"},
    "keys": ["k"],
    "job_ids": ["x"],
    "quotas": {"job-num": 1},
    "actions": ["x"],
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
    """A route that the server gains or loses must be seen here, and is either in the clients or named here."""
    served = {
        (verb.upper(), plain(path)): operation
        for path, verbs in describe(bare_app())["paths"].items()
        for verb, operation in verbs.items()
        if not path.startswith(NOT_FOR_CLIENTS)
    }
    built = {(request.method, plain(request.route)) for request in built_requests().values()}
    assert built <= served.keys()
    missing = {each["operationId"] for route, each in served.items() if route not in built}
    refused = {each["operationId"] for each in served.values() if each["tags"][0] == REFUSED}
    assert missing == NEVER_ANY | BROWSERS_ONLY | refused


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
