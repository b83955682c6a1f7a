"""The description of the API and the page to try it: complete, stable, self-contained, open to everyone."""

import re
from collections import Counter
from typing import Any

import pytest

from tests.server.world import ServerWorld
from trainwright.server.answers import REQUEST_MODELS
from trainwright.server.app import bare_app
from trainwright.server.examples import REQUEST_EXAMPLES
from trainwright.server.openapi import action_of, describe, routes_of
from trainwright.wire.parsing import parse

pytestmark = pytest.mark.anyio


def operations() -> dict[str, dict[str, Any]]:
    """All operations of the description, by id."""
    found = [
        operation for methods in describe(bare_app())["paths"].values() for operation in methods.values()
    ]
    ids = Counter(operation["operationId"] for operation in found)
    assert max(ids.values()) == 1, ids.most_common(3)
    return {operation["operationId"]: operation for operation in found}


def test_every_operation_needs_an_action_or_no_user() -> None:
    """Guards against a route that anyone with any role may call because nobody said what it needs."""
    free = {route.path for route in routes_of(bare_app().router) if action_of(route) is None}
    ours = {path for path in free if not path.startswith(("/runner/v1/", "/docs", "/share/"))}
    console = {"/", "/console", "/console/{path:path}"}
    assert ours == {"/health", "/openapi.json", "/v3/auth/tokens", "/v1/session"} | console


def test_every_operation_is_described() -> None:
    """Guards the reference: a summary of each, its errors, and its action where it has one."""
    for name, operation in operations().items():
        assert operation["description"], name
        assert {"400", "401", "403", "404", "default"} <= operation["responses"].keys(), name
        assert not operation["responses"].keys() & {"422", "307"}, name


def test_every_request_body_has_an_example_that_is_accepted() -> None:
    """Guards the examples people copy: each is there and is valid for the model its operation takes."""
    models = {model.__name__: model for model in REQUEST_MODELS}
    missing = []
    for name, operation in operations().items():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        refs = [one.get("$ref", "") for one in body["schema"].get("anyOf", [body["schema"]])] if body else []
        if not any(refs) or operation.get("security") == [{"bearer": []}]:
            continue  # runners' operations are not for people
        if name not in REQUEST_EXAMPLES:
            missing.append(name)
            continue
        kinds = [models[ref.rpartition("/")[2]] for ref in refs]
        roles = REQUEST_EXAMPLES[name].get("kind") == "hetero_job"
        parse(kinds[-1 if roles else 0], REQUEST_EXAMPLES[name])
        assert body["example"] == REQUEST_EXAMPLES[name]
    assert not missing


def test_no_example_is_left_over() -> None:
    """Guards against examples of operations that are gone."""
    assert REQUEST_EXAMPLES.keys() <= operations().keys()


async def test_the_page_is_served_from_here_alone(world: ServerWorld) -> None:
    """Guards offline use and the promise that no other host hears of a reader: no URL of another host, strict CSP."""
    async with world.client(token="") as nobody:
        page = await nobody.get("/docs")
        assert page.headers["content-type"].startswith("text/html")
        assert "script-src" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"].startswith("default-src 'self'")
        assert not re.search(r"(src|href)=\"(https?:)?//", page.text)
        for asset in re.findall(r"(?:src|href)=\"(/docs/[^\"]+)\"", page.text):
            got = await nobody.get(asset)
            assert (got.status_code, len(got.content) > 100) == (200, True), asset
        described = (await nobody.get("/openapi.json")).json()
        assert described["info"]["title"] == "Trainwright"
        assert (await nobody.get("/docs/other.js")).status_code == 404
        assert (await nobody.get("/docs/")).status_code in (401, 404)
