"""Every operation of the API, tried by everyone who must not do it, on a real server.

The operations are read from the application, so that a new one is tried without anyone thinking of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.e2e.live import LiveServer
from tests.e2e.seeds import Caller, add_project, add_user, admin_of, close, seed
from trainwright.domain.access import BUILT_IN, DEVELOPER, VIEWER, Action, allowed_by
from trainwright.server.app import bare_app
from trainwright.server.examples import REQUEST_EXAMPLES
from trainwright.server.openapi import action_of, routes_of

DENIED = "ModelArts.0108"
WRONG_PROJECT = "ModelArts.0210"
MISSING = "0" * 32
STREAMS = ("/stream", "/training-job-changes")
ROUTES = sorted(
    (
        (route, verb)
        for route in routes_of(bare_app().router)
        if action_of(route) is not None
        for verb in route.methods or ()
    ),
    key=lambda pair: (pair[0].path, pair[1]),
)


@dataclass(frozen=True)
class House:
    """A server with two tenants; of the first, four users and two workspaces that some do not see."""

    live: LiveServer
    admin: Caller
    nobody: Caller
    developer: Caller
    viewer: Caller
    stranger: Caller
    ids: dict[str, str]  # of things in the default workspace
    private_ids: dict[str, str]  # in a workspace of the admin alone
    shared_ids: dict[str, str]  # in one that the developer entered as a viewer


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Everything that there is, once."""
    live = LiveServer(tmp_path_factory.mktemp("access")).start()
    admin = admin_of(live)
    developer = add_user(live, admin, "dev", DEVELOPER)
    private = admin.made("/v1/{P}/workspaces", {"name": "private", "auth_type": "PRIVATE"})
    grants = [{"user_id": developer.user_id, "user_type": "IAM", "role": VIEWER}]
    shared = admin.made("/v1/{P}/workspaces", {"name": "shared", "auth_type": "INTERNAL", "grants": grants})
    ids = seed(live, admin, mark="open").ids | {"user_id": developer.user_id}
    nobody, viewer = add_user(live, admin, "nobody"), add_user(live, admin, "viewer", VIEWER)
    stranger = add_project(live, admin, "other")
    yield House(
        live,
        admin,
        nobody,
        developer,
        viewer,
        stranger,
        ids,
        seed(live, admin, mark="private", workspace=private["id"]).ids,
        seed(live, admin, mark="shared", workspace=shared["id"]).ids,
    )
    close(admin, nobody, developer, viewer, stranger)
    live.stop()


def name_of(pair: tuple[APIRoute, str]) -> str:
    route, verb = pair
    return f"{verb} {route.operation_id}"


def parameters(route: APIRoute) -> list[str]:
    return [name for name in re.findall(r"\{(\w+)(?::path)?\}", route.path) if name != "project_id"]


def attempt(
    who: Caller, pair: tuple[APIRoute, str], ids: dict[str, str], project: str = ""
) -> httpx.Response:
    """The operation on these ids, with the body of its example."""
    route, verb = pair

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        return (project or who.project) if name == "project_id" else ids.get(name, MISSING)

    path = re.sub(r"\{(\w+)(?::path)?\}", fill, route.path)
    body: Any = REQUEST_EXAMPLES.get(route.operation_id or "", {})
    with who.http.stream(verb, path, json=body if verb not in ("GET", "HEAD") else None) as answer:
        if answer.status_code < 400 and route.path.endswith(STREAMS):
            return answer  # it has no end
        answer.read()
        return answer


def code_of(answer: httpx.Response) -> str:
    if answer.status_code < 400 or not answer.content:
        return str(answer.status_code)
    return str(answer.json()["error_code"])


@pytest.mark.parametrize("pair", ROUTES, ids=name_of)
def test_without_a_role_nothing_is_allowed(house: House, pair: tuple[APIRoute, str]) -> None:
    """Guards against an operation that forgets to ask: a user without roles is refused everywhere, by the same word."""
    answer = attempt(house.nobody, pair, house.ids)
    assert answer.status_code == 403
    assert pair[1] == "HEAD" or code_of(answer) == DENIED


@pytest.mark.parametrize("role", [DEVELOPER, VIEWER])
@pytest.mark.parametrize("pair", ROUTES, ids=name_of)
def test_a_role_allows_what_it_says(house: House, pair: tuple[APIRoute, str], role: str) -> None:
    """Guards the table of permissions: refused exactly where the role lacks the action. Ids are of nothing."""
    action = action_of(pair[0])
    who = house.developer if role == DEVELOPER else house.viewer
    answer = attempt(who, pair, {})
    refused = answer.status_code == 403 and (pair[1] == "HEAD" or code_of(answer) == DENIED)
    assert refused is (action not in allowed_by(BUILT_IN[role])), answer.text


@pytest.mark.parametrize("pair", ROUTES, ids=name_of)
def test_another_projects_path_is_closed(house: House, pair: tuple[APIRoute, str]) -> None:
    """Guards tenants: whatever the ids, the path of another project is refused before anything is looked at."""
    if "{project_id}" not in pair[0].path:
        return
    answer = attempt(house.stranger, pair, house.ids, project=house.admin.project)
    assert answer.status_code == 403
    assert pair[1] == "HEAD" or code_of(answer) == WRONG_PROJECT


def unlike_missing(who: Caller, pair: tuple[APIRoute, str], ids: dict[str, str]) -> list[str]:
    """How the answers for ids that exist elsewhere differ from those for ids that never existed, one id at a time."""
    found = []
    for name in parameters(pair[0]):
        if name not in ids or name in ("task_id", "key"):
            continue  # names of parts: they are the same everywhere
        theirs = attempt(who, pair, ids)
        nothing = attempt(who, pair, {**ids, name: MISSING})
        seen = theirs.text.replace(ids[name], MISSING)
        for each in (theirs, nothing):
            if each.status_code < 400 and pair[1] != "DELETE":
                found.append(f"{name}: {each.status_code}")
        same = (theirs.status_code, code_of(theirs)) == (nothing.status_code, code_of(nothing))
        if not same or _message(seen) != _message(nothing.text):
            found.append(f"{name}: {theirs.status_code} {seen} / {nothing.status_code} {nothing.text}")
    return found


def _message(text: str) -> str:
    return re.sub(r'"request_id":\s*"[^"]*"', "", text)


@pytest.mark.parametrize("pair", ROUTES, ids=name_of)
def test_another_projects_ids_look_like_nothing(house: House, pair: tuple[APIRoute, str]) -> None:
    """Guards ids from being guessed: to another tenant's administrator each looks as if it had never existed.

    But for the name of a new bucket: those are one space for all, as in every object store.
    """
    if pair[0].operation_id == "buckets_create":
        return
    assert not unlike_missing(house.stranger, pair, house.ids)


@pytest.mark.parametrize("pair", ROUTES, ids=name_of)
def test_ids_in_an_unseen_workspace_look_like_nothing(house: House, pair: tuple[APIRoute, str]) -> None:
    """Guards workspaces: to whoever is no member, what lies in one never existed."""
    ids = {name: value for name, value in house.private_ids.items() if name not in ("bucket", "key")}
    assert not unlike_missing(house.developer, pair, ids)


@pytest.mark.parametrize("pair", ROUTES, ids=name_of)
def test_a_member_may_do_what_the_role_there_says(house: House, pair: tuple[APIRoute, str]) -> None:
    """Guards members with a narrower role: a developer who is a viewer in a workspace changes nothing there."""
    route = pair[0]
    action = action_of(route)
    mine = [name for name in parameters(route) if name in house.shared_ids and name not in ("bucket", "key")]
    if not mine or action is None or action in allowed_by(BUILT_IN[VIEWER]):
        return
    if "model_id" in parameters(route):
        return  # only a job makes a model: tests/services/test_models.py
    if action not in allowed_by(BUILT_IN[DEVELOPER]):
        return
    answer = attempt(house.developer, pair, house.shared_ids)
    assert (answer.status_code, code_of(answer)) == (403, DENIED), answer.text


MARKS = {"open", "private", "shared"}


def test_lists_and_counts_leave_out_what_is_not_seen(house: House) -> None:
    """Guards totals: neither items nor counts of lists tell of an unseen workspace or of another project."""
    for who, marks in ((house.admin, MARKS), (house.developer, MARKS - {"private"}), (house.stranger, set())):
        lists = [
            who.call("POST", "/v2/{P}/training-job-searches", json={"limit": 50}).json(),
            who.call("GET", "/v2/{P}/algorithms?limit=50").json(),
            who.call("GET", "/v2/{P}/training-experiments?limit=50").json(),
        ]
        for listed in lists:
            names = [item["metadata"]["name"] for item in listed["items"]]
            assert {name.rpartition("-")[2] for name in names} & MARKS == marks
            assert (listed["total"], listed["count"]) == (len(names), len(names))
        datasets = who.call("GET", "/v2/{P}/datasets?limit=50").json()
        found = {item["dataset_name"].rpartition("-")[2] for item in datasets["datasets"]}
        assert found & MARKS == marks
        tags = who.call("GET", "/v2/{P}/modelarts-training-job/tags").json()["tags"]
        assert {tag["key"].rpartition("-")[2] for tag in tags} & MARKS == marks
        tagged = {"tags": [{"key": f"key-{mark}", "values": []} for mark in ("private",)]}
        counted = who.call("POST", "/v2/{P}/modelarts-training-job/resource-instances/count", json=tagged)
        assert counted.json()["total_count"] == ("private" in marks)


def test_nothing_was_changed_by_all_this(house: House) -> None:
    """Guards against a refusal that comes after the deed: everything is still there, as it was made."""
    for ids in (house.private_ids, house.shared_ids):
        shown = house.live.show(ids["training_job_id"])
        assert shown["status"]["phase"] not in ("Terminating", "Terminated")
        for path, name in (
            ("/v2/{P}/algorithms/", "algorithm_id"),
            ("/v2/{P}/training-experiments/", "experiment_id"),
            ("/v2/{P}/datasets/", "dataset_id"),
            ("/v1/{P}/workspaces/", "workspace_id"),
        ):
            assert house.admin.call("GET", path + ids[name]).status_code == 200


def test_priority_three_is_for_those_who_may(house: House) -> None:
    """Guards `setHighPriority`: the same body, refused to a developer and accepted from the administrator."""
    body = house.live.body("urgent", command="true")
    body["spec"]["schedule_policy"] = {"priority": 3}
    refused = house.developer.call("POST", "/v2/{P}/training-jobs", json=body)
    assert (refused.status_code, code_of(refused)) == (403, DENIED)
    assert Action.JOB_SET_HIGH_PRIORITY.value in refused.json()["error_msg"]
    assert house.admin.call("POST", "/v2/{P}/training-jobs", json=body).status_code == 201
