"""One method per REST operation, in both clients: nothing missing, nothing invented."""

import inspect
import re
from types import ModuleType
from typing import Any

from trainwright.client import AsyncClient, Client
from trainwright.client.operations import catalogue, credentials, identity, jobs, objects, watch
from trainwright.client.requests import Request
from trainwright.server.app import bare_app
from trainwright.server.openapi import describe
from trainwright.wire.job_search import JobSearch
from trainwright.wire.objects import UploadBegin

MODULES: tuple[ModuleType, ...] = (catalogue, credentials, identity, jobs, objects, watch)
METHOD_NAMES = {"stream_events": "follow_events", "stream_log": "follow_log"}
NOT_FOR_CLIENTS = ("/runner/", "/share/")
SAMPLES: dict[str, Any] = {
    "body": {},
    "search": JobSearch(),
    "begin": UploadBegin(key="k", size=1, part_size=1),
    "number": 1,
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
    """A route that the server gains or loses must be seen here."""
    served = {
        (verb.upper(), plain(path))
        for path, verbs in describe(bare_app())["paths"].items()
        for verb in verbs
        if not path.startswith(NOT_FOR_CLIENTS)
    }
    built = {(request.method, plain(request.route)) for request in built_requests().values()}
    assert built == served


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
