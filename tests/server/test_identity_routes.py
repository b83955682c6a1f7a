"""Users, roles, projects, credentials and the log-in over HTTP: statuses, who may what, and no secret anywhere else."""

import json
import logging
import re
from typing import Any

import httpx
import pytest

from tests.server.test_app import check_shape
from tests.server.world import PROJECT, TOKEN, ServerWorld
from trainwright.domain.access import DEVELOPER, VIEWER
from trainwright.server.auth import is_open

pytestmark = pytest.mark.anyio

BASE = f"/v1/{PROJECT}"
USERS, ROLES, TOKENS, KEYS = (f"{BASE}/{name}" for name in ("users", "roles", "tokens", "access-keys"))
PASSWORD = "correct horse battery"


def log_in_body(user: str, password: str, account: str = PROJECT) -> dict[str, Any]:
    """A log-in; the world's account is named like its project."""
    asked = {"name": user, "password": password, "domain": {"name": account}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": asked}}}}


async def add_user(admin: httpx.AsyncClient, name: str, *roles: str, **more: Any) -> dict[str, Any]:
    """A user; the answer."""
    made = await admin.post(USERS, json={"name": name, "roles": list(roles), **more})
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    return answer


async def token_of(admin: httpx.AsyncClient, user_id: str) -> str:
    """A token of theirs."""
    return str((await admin.post(f"{TOKENS}?user_id={user_id}", json={})).json()["token"])


async def test_users_over_http(world: ServerWorld) -> None:
    """201, 200, 204, 404; what is disabled is refused at once, though the server remembers tokens."""
    async with world.client() as admin:
        ann = await add_user(admin, "ann", DEVELOPER)
        listed = (await admin.get(f"{USERS}?limit=1&offset=1")).json()
        assert (listed["total"], [user["name"] for user in listed["users"]]) == (2, ["ann"])
        assert (await admin.get(f"{USERS}/{ann['id']}")).json() == ann
        check_shape(await admin.post(USERS, json={"name": "ann"}), 400, "Trainwright.0603")
        check_shape(await admin.get(f"{USERS}?limit=0"), 400, "ModelArts.2764")
        check_shape(await admin.get(f"{USERS}/no%00body"), 404, "Trainwright.0602")
        async with world.client(token=await token_of(admin, ann["id"])) as client:
            assert (await client.get(f"/v2/{PROJECT}/training-job-engines")).status_code == 200
            await admin.put(f"{USERS}/{ann['id']}", json={"enabled": False})
            check_shape(await client.get(f"/v2/{PROJECT}/training-job-engines"), 401, "ModelArts.0205")
            await admin.put(f"{USERS}/{ann['id']}", json={"enabled": True, "roles": []})
            check_shape(await client.get(f"/v2/{PROJECT}/training-job-engines"), 403, "ModelArts.0108")
        assert (await admin.delete(f"{USERS}/{ann['id']}")).status_code == 204
        check_shape(await admin.delete(f"{USERS}/{ann['id']}"), 404, "Trainwright.0602")
        check_shape(await admin.delete(f"{USERS}/u"), 409, "Trainwright.0610")


async def test_roles_over_http(world: ServerWorld) -> None:
    """Built-in ones first; a composed one counts and can be deleted when nobody has it."""
    async with world.client() as admin:
        made = await admin.put(f"{ROLES}/stopper", json={"actions": ["modelarts:trainJob:stop"]})
        assert (made.status_code, made.json()["actions"]) == (200, ["modelarts:trainJob:stop"])
        names = [role["name"] for role in (await admin.get(ROLES)).json()["roles"]]
        assert names == ["administrator", "developer", "viewer", "stopper"]
        ann = await add_user(admin, "ann", "stopper")
        check_shape(await admin.delete(f"{ROLES}/stopper"), 409, "Trainwright.0607")
        async with world.client(token=await token_of(admin, ann["id"])) as client:
            check_shape(await client.get(f"/v2/{PROJECT}/training-job-engines"), 403, "ModelArts.0108")
            stop = await client.post(
                f"/v2/{PROJECT}/training-jobs/x/actions", json={"action_type": "terminate"}
            )
            check_shape(stop, 404, "ModelArts.2775")
        await admin.delete(f"{USERS}/{ann['id']}")
        assert (await admin.delete(f"{ROLES}/stopper")).status_code == 204
        check_shape(await admin.put(f"{ROLES}/viewer", json={"actions": ["*"]}), 409, "Trainwright.0607")
        check_shape(await admin.put(f"{ROLES}/x", json={"actions": ["nothing"]}), 400, "ModelArts.2788")


async def test_who_may_rule_people(world: ServerWorld) -> None:
    """A developer and a viewer rule nobody but their own credentials and password."""
    async with world.client() as admin:
        for role in (DEVELOPER, VIEWER):
            user = await add_user(admin, role, role, password=PASSWORD)
            async with world.client(token=await token_of(admin, user["id"])) as client:
                for denied in (
                    await client.post(USERS, json={"name": "x"}),
                    await client.get(USERS),
                    await client.put(f"{USERS}/{user['id']}", json={"roles": ["administrator"]}),
                    await client.delete(f"{USERS}/u"),
                    await client.get(ROLES),
                    await client.put(f"{ROLES}/mine", json={"actions": ["*"]}),
                    await client.post("/v1/projects", json={"name": "x"}),
                    await client.post(f"{TOKENS}?user_id=u", json={}),
                    await client.get(f"{KEYS}?user_id=u"),
                ):
                    check_shape(denied, 403, "ModelArts.0108")
                own = (await client.post(KEYS, json={})).json()
                listed = (await client.get(KEYS)).json()
                assert [key["access_key"] for key in listed["access_keys"]] == [own["access_key"]]
                changed = await client.put(
                    f"{BASE}/password", json={"old_password": PASSWORD, "new_password": PASSWORD + "!"}
                )
                assert (changed.status_code, changed.content) == (200, b"null")
                assert (await client.get("/v1/projects")).json()["total"] == 1


async def test_tokens_over_http(world: ServerWorld) -> None:
    """Issued, listed, disabled, rotated, deleted; each counts at once."""
    async with world.client() as admin:
        made = (await admin.post(TOKENS, json={"description": "ci"})).json()
        path = f"{TOKENS}/{made['id']}"
        async with world.client(token=made["token"]) as client:
            assert (await client.get(TOKENS)).json()["total"] == 2
            assert (await admin.put(path, json={"enabled": False})).json()["enabled"] is False
            check_shape(await client.get(TOKENS), 401, "ModelArts.0205")
            await admin.put(path, json={"enabled": True})
            assert (await client.get(TOKENS)).status_code == 200
            new = (await client.post(f"{path}/rotation", json={"grace_hours": 0})).json()
            check_shape(await client.get(TOKENS), 401, "ModelArts.0205")
        async with world.client(token=new["token"]) as client:
            assert (await client.delete(f"{TOKENS}/{new['id']}")).status_code == 204
            check_shape(await client.get(TOKENS), 401, "ModelArts.0205")


async def test_projects_over_http(world: ServerWorld) -> None:
    """The server's admin makes a tenant; its administrator rules it and sees nothing else."""
    async with world.client() as admin:
        made = await admin.post("/v1/projects", json={"name": "vision", "administrator": "eve"})
        assert made.status_code == 201
        assert (await admin.get("/v1/projects")).json()["total"] == 2
        project = made.json()["project"]["id"]
        check_shape(await admin.get(f"/v1/{project}/users"), 403, "ModelArts.0210")
    async with world.client(token=made.json()["token"]) as eve:
        users = (await eve.get(f"/v1/{project}/users")).json()["users"]
        assert [user["name"] for user in users] == ["eve"]
        check_shape(await eve.get(USERS), 403, "ModelArts.0210")
        check_shape(await eve.post("/v1/projects", json={"name": "mine"}), 403, "ModelArts.0108")
        seen = (await eve.get("/v1/projects")).json()["projects"]
        assert [item["id"] for item in seen] == [project]


async def test_log_in_over_http(world: ServerWorld) -> None:
    """201 with the token in a header only; the token works; wrong ones are 401, guessing is 403, never 429."""
    assert is_open("/v3/auth/tokens") and not is_open("/v3/auth/tokens/") and not is_open("/v3/auth")
    async with world.client() as admin, world.client(token="") as nobody:
        ann = await add_user(admin, "ann", VIEWER, password=PASSWORD)
        made = await nobody.post("/v3/auth/tokens?nocatalog=true", json=log_in_body("ann", PASSWORD))
        assert made.status_code == 201
        token = made.headers["x-subject-token"]
        assert token not in made.text and made.json()["token"]["user"]["id"] == ann["id"]
        assert made.json()["token"]["catalog"] == []
        async with world.client(token=token) as client:
            assert (await client.get(f"/v2/{PROJECT}/training-job-engines")).status_code == 200
            project = (await client.get("/v3/projects?name=cn-north-4")).json()
            assert [(item["id"], item["name"]) for item in project["projects"]] == [(PROJECT, "cn-north-4")]
            assert (await client.get("/v3/auth/domains")).json()["domains"][0]["id"] == PROJECT
            await admin.put(f"{USERS}/{ann['id']}", json={"password": "another password"})
            check_shape(await client.get(f"/v2/{PROJECT}/training-job-engines"), 401, "ModelArts.0205")
        check_shape(await nobody.post("/v3/auth/tokens", json={}), 400, "ModelArts.2788")
        check_shape(await nobody.post("/v3/auth/tokens", content=b"["), 400, "ModelArts.2787")
        check_shape(await nobody.get("/v3/auth/tokens"), 405, "Trainwright.0003")
        check_shape(await nobody.get("/v3/projects"), 401, "ModelArts.0205")
        for _ in range(5):
            wrong = await nobody.post("/v3/auth/tokens", json=log_in_body("ann", PASSWORD))
            check_shape(wrong, 401, "ModelArts.0206")
        refused = await nobody.post("/v3/auth/tokens", json=log_in_body("ann", "another password"))
        check_shape(refused, 403, "Trainwright.0601")


async def test_no_secret_is_written_down(world: ServerWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Tokens, keys and passwords, right and wrong, are in no log line and no error, whatever happens to them."""
    secrets = [PASSWORD, "another password", "wrong password", TOKEN]
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        async with world.client() as admin, world.client(token="") as nobody:
            ann = await add_user(admin, "ann", VIEWER, password=PASSWORD)
            key = (await admin.post(KEYS, json={})).json()
            token = (await admin.post(TOKENS, json={})).json()
            made = await nobody.post("/v3/auth/tokens", json=log_in_body("ann", PASSWORD))
            new = (await admin.post("/v1/projects", json={"name": "n", "password": PASSWORD})).json()
            secrets += [key["secret_key"], token["token"], made.headers["x-subject-token"], new["token"]]
            for response in (
                await nobody.post("/v3/auth/tokens", json=log_in_body("ann", "wrong password")),
                await nobody.get("/nothing", headers={"X-Auth-Token": "wrong password"}),
                await admin.post(USERS, json={"name": "x", "password": [PASSWORD]}),
                await admin.post(USERS, json={"name": "ann", "password": PASSWORD}),
                await admin.put(f"{USERS}/{ann['id']}", json={"password": "another password", "roles": 5}),
                await admin.put(f"{KEYS}/{key['access_key']}", json={"enabled": key["secret_key"]}),
                await admin.post(f"{TOKENS}/{token['id']}/rotation", json={"grace_hours": token["token"]}),
            ):
                assert response.status_code >= 400
                told.append(response.text)
            for path in (USERS, f"{USERS}/{ann['id']}", KEYS, TOKENS, ROLES, "/v1/projects"):
                told.append((await admin.get(path)).text)
    lines = [json.dumps(record.__dict__, default=repr) + record.getMessage() for record in caplog.records]
    assert lines
    for text in (*lines, *told, repr(world.services)):
        assert not [secret for secret in secrets if secret in text]
        assert not re.search(r"argon2id|tw_[\w-]{20}", text)
