"""The description of the API, held against the server: whatever fits it, or nearly, is answered as it says.

schemathesis makes the requests from openapi.json; half of them name things that exist, so that more than "not found"
is seen. Seeded, so that every run makes the same ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.e2e import seeds
from tests.e2e.live import LiveServer
from trainwright.server.app import bare_app
from trainwright.server.openapi import describe

CASES = 12
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NOT_JSON = ("/docs", "/openapi.json")
WITHOUT_END = ("_stream",)  # each would be waited for; tests/server follows them
KEPT_APART = {"users_change", "users_delete", "password_change"}  # they could lock the test itself out
OPERATIONS = sorted(
    (operation["operationId"], method, path)
    for path, methods in describe(bare_app())["paths"].items()
    for method, operation in methods.items()
    if not path.startswith(NOT_JSON) and not operation["operationId"].endswith(WITHOUT_END)
)


@dataclass(frozen=True)
class Described:
    """A server, its description, and things that exist in it."""

    live: LiveServer
    schema: Any
    ids: dict[str, str]
    session: requests.Session


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    """One for all operations."""
    live = LiveServer(tmp_path_factory.mktemp("schema")).start()
    admin = seeds.admin_of(live)
    ids = seeds.seed(live, admin, mark="schema").ids
    seeds.close(admin)
    schema = schemathesis.openapi.from_dict(live.call("GET", "/openapi.json").json())
    schema.config.update(base_url=live.url)
    with requests.Session() as session:
        yield Described(live, schema, ids, session)
    live.stop()


@pytest.mark.parametrize(("operation", "method", "path"), OPERATIONS, ids=[each[0] for each in OPERATIONS])
def test_answers_are_as_described(described: Described, operation: str, method: str, path: str) -> None:
    """Guards the description, which clients are generated from: never 5xx, no undocumented status, type or shape."""
    live, ids = described.live, described.ids

    @seed(20261122)
    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.schema[path][method].as_strategy(), real=st.booleans())
    def check(case: Case[Any], real: bool) -> None:
        given_ids = dict(case.path_parameters or {})
        if "project_id" in given_ids:
            given_ids["project_id"] = live.project_id
        if real and operation not in KEPT_APART:
            given_ids |= {name: value for name, value in ids.items() if name in given_ids}
        case.path_parameters = given_ids
        answer = case.call(headers={"X-Auth-Token": live.token}, session=described.session)
        case.validate_response(answer, checks=CHECKS)
        assert not 300 <= answer.status_code < 400

    check()
