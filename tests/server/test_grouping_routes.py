"""Workspaces, experiments, tags and authorisations over HTTP: statuses, shapes, query parameters, errors."""

from typing import Any

import httpx
import pytest

from tests.server.test_app import check_shape
from tests.server.world import PROJECT, ServerWorld
from trainwright.ports.identity import Token, User
from trainwright.ports.uow import PLATFORM
from trainwright.services.principals import hash_token

pytestmark = pytest.mark.anyio

V1, V2 = f"/v1/{PROJECT}", f"/v2/{PROJECT}"
WORKSPACES = f"{V1}/workspaces"
EXPERIMENTS = f"{V2}/training-experiments"
TAGGED = f"{V2}/modelarts-training-job"
AUTHORIZATIONS = f"{V2}/authorizations"


def add_user(world: ServerWorld, name: str, role: str) -> str:
    """A user of the project; their token."""
    with world.services.units(PLATFORM) as uow:
        uow.principals.add_user(User(f"u-{name}", name, PROJECT, is_admin=False, roles=(role,)), 0)
        uow.principals.add_token(Token(f"t-{name}", f"u-{name}"), hash_token(f"tw_{name}"))
        uow.commit()
    return f"tw_{name}"


def keys(body: Any) -> set[str]:
    """Names of an object's fields."""
    return set(body)


async def test_a_workspace_over_http(world: ServerWorld) -> None:
    """200 everywhere, the contract's fields, a bare id after changes, 0102 at the end."""
    add_user(world, "ann", "developer")
    async with world.client() as client:
        grants = [{"user_name": "ann"}]
        made = await client.post(WORKSPACES, json={"name": "team", "auth_type": "INTERNAL", "grants": grants})
        assert made.status_code == 200
        assert keys(made.json()) == {
            "id", "name", "description", "owner", "auth_type", "status", "status_info", "grants",
            "enterprise_project_id", "enterprise_project_name", "create_time", "update_time",
        }  # fmt: skip
        place = f"{WORKSPACES}/{made.json()['id']}"
        assert (await client.get(place)).json() == made.json()
        changed = await client.put(place, json={"description": "new"})
        assert (changed.status_code, changed.json()) == (200, {"workspace_id": made.json()["id"]})
        quotas = (await client.get(f"{place}/quotas")).json()["quotas"]
        assert len(quotas) == 4 and keys(quotas[0]) == {
            "resource", "quota", "min_quota", "max_quota", "used_quota", "name_en", "name_cn", "unit_en",
            "unit_cn", "update_time",
        }  # fmt: skip
        setting = {"quotas": [{"resource": "train_job.cpu", "quota": 8}]}
        assert (await client.put(f"{place}/quotas", json=setting)).json()["quotas"][0]["quota"] == 8
        asked = {"requests": [{"action": "modelarts:trainJob:list"}, {"action": "x"}]}
        verdicts = (await client.post(f"{place}/auth", json=asked)).json()["results"]
        assert [one["verdict"] for one in verdicts] == ["allow", "deny"]
        assert verdicts[1]["cause"] == [{"policy_name": "roles", "condition": []}]
        users = (await client.get(f"{WORKSPACES}/users/list")).json()["users"]
        assert users[1] == {"userName": "ann", "userId": "u-ann"}
        assert (await client.delete(place)).json() == {"workspace_id": made.json()["id"]}
        for call in (client.get(place), client.delete(place), client.get(f"{place}/quotas")):
            check_shape(await call, 404, "ModelArts.0102")
        check_shape(await client.delete(f"{WORKSPACES}/0"), 409, "ModelArts.2838")


async def test_workspaces_are_listed_in_the_order_asked(world: ServerWorld) -> None:
    """Guards the query: order, page, fuzzy name, and that the default one is among them."""
    async with world.client() as client:
        for name in ("able", "zebra"):
            await client.post(WORKSPACES, json={"name": name})

        async def names(**query: Any) -> list[str]:
            listed = (await client.get(WORKSPACES, params=query)).json()
            assert listed["count"] == len(listed["workspaces"]) <= listed["total_count"]
            return [one["name"] for one in listed["workspaces"]]

        assert await names() == ["zebra", "default", "able"]
        assert await names(order="asc", offset=1, limit=1) == ["default"]
        assert await names(name="eb", filter_accessible=True) == ["zebra"]
        assert await names(sort_by="update_time", order="desc", enterprise_project_id="0", limit=1) == [
            "zebra"
        ]
        assert await names(sort_by="status", order="ASC") == ["able", "default", "zebra"]
        assert (await client.get(WORKSPACES, params={"limit": 1})).json()["total_count"] == 3


async def test_an_experiment_over_http(world: ServerWorld) -> None:
    """201, the nested answer, a flat change, 204 without a body, 2842 afterwards."""
    async with world.client() as client:
        made = await client.post(EXPERIMENTS, json={"metadata": {"name": "tries"}})
        assert made.status_code == 201
        metadata = made.json()["metadata"]
        assert keys(metadata) == {
            "id",
            "name",
            "description",
            "workspace_id",
            "create_time",
            "update_time",
        }
        assert made.json()["statistic"] == {"job_count": 0}
        listed = (await client.get(EXPERIMENTS, params={"workspace_id": "0"})).json()
        assert {key: listed[key] for key in keys(listed) - {"items"}} == {
            "total": 1,
            "count": 1,
            "limit": 10,
            "offset": 0,
            "sort_by": "create_time",
            "order": "desc",
        }
        assert listed["items"] == [made.json()]
        place = f"{EXPERIMENTS}/{metadata['id']}"
        changed = await client.put(place, json={"name": "more"})
        assert changed.json() == {"name": "more", "description": ""}
        name = {"experiment_name": "more"}
        assert (await client.get(f"{V2}/training-experiment-names", params=name)).json() == {
            "is_duplicate": True
        }
        check_shape(
            await client.post(EXPERIMENTS, json={"metadata": {"name": "more"}}), 400, "ModelArts.2841"
        )
        gone = await client.delete(place)
        assert (gone.status_code, gone.content) == (204, b"")
        check_shape(await client.get(place), 404, "ModelArts.2842")


async def test_tags_over_http(world: ServerWorld) -> None:
    """Guards the shapes, and a DELETE that carries a body."""
    job = world.add_job()
    place = f"{TAGGED}/{job.id}/tags"
    async with world.client() as client:
        pairs = {"tags": [{"key": "team", "value": "a"}, {"key": "stage"}]}
        put = await client.post(f"{place}/create", json=pairs)
        assert put.json() == {"tags": [{"key": "stage", "value": ""}, {"key": "team", "value": "a"}]}
        assert (await client.get(place)).json() == put.json()
        assert (await client.get(f"{TAGGED}/tags")).json() == {
            "tags": [{"key": "stage", "values": [""]}, {"key": "team", "values": ["a"]}],
            "total_count": 2,
        }
        search = {"tags": [{"key": "team", "values": ["a"]}]}
        instances = f"{TAGGED}/resource-instances"
        found = (await client.post(f"{instances}/filter?limit=1&offset=0", json=search)).json()
        assert found == {
            "resources": [
                {
                    "resource_id": job.id,
                    "resource_name": "job",
                    "workspace_id": "0",
                    "resource_detail": {},
                    "tags": put.json()["tags"],
                }
            ],
            "total_count": 1,
        }
        assert (await client.post(f"{instances}/count", json=search)).json() == {"total_count": 1}
        gone = await client.request("DELETE", f"{place}/delete", json={"tags": [{"key": "team"}]})
        assert (gone.status_code, gone.content) == (204, b"")
        assert (await client.get(place)).json() == {"tags": [{"key": "stage", "value": ""}]}
        for call in (
            client.get(f"{TAGGED}/none/tags"),
            client.post(f"{TAGGED}/none/tags/create", json=pairs),
            client.request("DELETE", f"{TAGGED}/none/tags/delete", json=pairs),
        ):
            check_shape(await call, 404, "ModelArts.2775")


async def test_authorisations_over_http(world: ServerWorld) -> None:
    """Guards the shapes, that a secret does not come back, and the mode's path without a project."""
    secret = "S" * 40
    async with world.client() as client:
        for body in (
            {"type": "credential", "content": "AK", "secret_key": secret},
            {"user_id": "all-users", "content": "agency"},
        ):
            done = await client.post(AUTHORIZATIONS, json=body)
            assert (done.status_code, done.content) == (200, b"null")
        listed = await client.get(AUTHORIZATIONS, params={"order": "ASC", "sort_by": "user_name"})
        assert secret not in listed.text and listed.json()["total_count"] == 2
        assert [one["user_name"] for one in listed.json()["auth"]] == ["admin", "all-users"]
        assert listed.json()["auth"][0]["secret_key"] == "******"
        assert "secret_key" not in listed.json()["auth"][1]
        await client.delete(AUTHORIZATIONS, params={"user_id": "all-users"})
        assert (await client.get(AUTHORIZATIONS)).json()["total_count"] == 1
        agency = await client.post(f"{V2}/agency", json={"agency_name_suffix": "x"})
        assert agency.json() == {"agency_name": "ma_agency_x"}
        assert (await client.put("/v1/auth-mode", json={"mode": "strict"})).json() == {
            "domain_id": PROJECT,
            "mode": "strict",
        }
        assert (await client.get("/v1/auth-mode")).json()["mode"] == "strict"
    async with world.client(token="") as client:
        check_shape(await client.get("/v1/auth-mode"), 401, "ModelArts.0205")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{WORKSPACES}?limit=0", "ModelArts.2764"),
        (f"{WORKSPACES}?limit=1001", "ModelArts.2764"),
        (f"{WORKSPACES}?offset=-1", "ModelArts.2764"),
        (f"{WORKSPACES}?offset=99999999999999999999", "ModelArts.2764"),
        (f"{WORKSPACES}?order=up", "ModelArts.2764"),
        (f"{WORKSPACES}?sort_by=colour", "ModelArts.2790"),
        (f"{WORKSPACES}?filter_accessible=perhaps", "ModelArts.2764"),
        (f"{WORKSPACES}?name={'x' * 129}", "ModelArts.2764"),
        (f"{EXPERIMENTS}?limit=x", "ModelArts.2764"),
        (f"{EXPERIMENTS}?sort_by=status", "ModelArts.2790"),
        (f"{V2}/training-experiment-names", "ModelArts.2764"),
        (f"{V2}/training-experiment-names?experiment_name={'x' * 65}", "ModelArts.2764"),
        (f"{TAGGED}/tags?limit=1001", "ModelArts.2764"),
        (f"{AUTHORIZATIONS}?limit=0", "ModelArts.2764"),
        (f"{AUTHORIZATIONS}?sort_by=content", "ModelArts.2790"),
    ],
)
async def test_query_parameters_out_of_bounds(world: ServerWorld, path: str, code: str) -> None:
    """Guards every bound of the lists."""
    async with world.client() as client:
        check_shape(await client.get(path), 400, code)


@pytest.mark.parametrize("text", ["%00", "%ff", "%ED%A0%80", "'%20OR%201=1", "%25", "a" * 128])
async def test_garbage_for_an_id(world: ServerWorld, text: str) -> None:
    """Guards ids in paths and queries: not found, never a crash of the database."""
    async with world.client() as client:
        check_shape(await client.get(f"{WORKSPACES}/{text}"), 404, "ModelArts.0102")
        check_shape(await client.get(f"{EXPERIMENTS}/{text}"), 404, "ModelArts.2842")
        check_shape(await client.get(f"{TAGGED}/{text}/tags"), 404, "ModelArts.2775")
        check_shape(await client.get(f"{EXPERIMENTS}?workspace_id={text}"), 404, "ModelArts.0102")
        assert (await client.delete(f"{AUTHORIZATIONS}?user_id={text}")).status_code == 200
        for path in (f"{WORKSPACES}?name={text}", f"{WORKSPACES}?enterprise_project_id={text}"):
            assert (await client.get(path)).json()["total_count"] == 0
        name = f"{V2}/training-experiment-names?experiment_name={text[:60]}"
        assert (await client.get(name)).json() == {"is_duplicate": False}


async def test_numbers_beyond_the_database_are_refused(world: ServerWorld) -> None:
    """Guards quotas against numbers that no database takes."""
    async with world.client() as client:
        setting = {"quotas": [{"resource": "train_job.cpu", "quota": 10**30}]}
        check_shape(await client.put(f"{WORKSPACES}/0/quotas", json=setting), 400, "ModelArts.2788")


async def test_roles_decide_who_may(world: ServerWorld) -> None:
    """Guards: a developer looks at all of it and makes experiments, but does not rule over the rest."""
    tokens = {role: add_user(world, role, role) for role in ("developer", "viewer")}

    async def calls(client: httpx.AsyncClient) -> list[int]:
        answers = [
            await client.get(WORKSPACES),
            await client.get(AUTHORIZATIONS),
            await client.get("/v1/auth-mode"),
            await client.post(EXPERIMENTS, json={"metadata": {"name": "e"}}),
            await client.post(f"{TAGGED}/none/tags/create", json={"tags": [{"key": "a"}]}),
            await client.post(WORKSPACES, json={"name": "mine"}),
            await client.put(f"{WORKSPACES}/0/quotas", json={}),
            await client.post(AUTHORIZATIONS, json={}),
            await client.delete(AUTHORIZATIONS),
            await client.put("/v1/auth-mode", json={"mode": "strict"}),
        ]
        return [answer.status_code for answer in answers]

    async with world.client(token=tokens["developer"]) as client:
        assert await calls(client) == [200, 200, 200, 201, 404, 403, 403, 403, 403, 403]
    async with world.client(token=tokens["viewer"]) as client:
        assert await calls(client) == [200, 200, 200, 403, 403, 403, 403, 403, 403, 403]
