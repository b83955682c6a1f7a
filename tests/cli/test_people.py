"""`trainwright user|role|project|key|token` against the real application: what is printed, and that it counts."""

import json
import re

import pytest

from tests.cli.conftest import Run
from tests.server.signer import sign
from tests.server.test_signed_requests import date_of
from tests.server.world import PROJECT, ServerWorld

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse battery"


def field(out: str, name: str) -> str:
    """The value printed beside a name."""
    found = re.search(rf"^{re.escape(name)} +(\S+) *$", out, re.MULTILINE)
    assert found, out
    return found[1]


async def test_users_by_name(run: Run) -> None:
    """Made with a role and a password, shown, given roles, disabled, enabled, deleted; all by name."""
    code, out, _ = await run(
        "user", "create", "ann", "--role", "viewer", "--password-stdin", stdin=PASSWORD + "\n"
    )
    assert code == 0 and field(out, "Roles") == "viewer" and field(out, "Has a password") == "yes"
    user_id = field(out, "Id")
    assert PASSWORD not in out
    assert json.loads((await run("user", "show", user_id, "-o", "json"))[1])["name"] == "ann"
    assert (await run("user", "set-roles", "ann", "viewer", "developer"))[
        1
    ] == "Roles of ann: viewer, developer\n"
    assert (await run("user", "disable", "ann"))[1] == "ann disabled.\n"
    listed = json.loads((await run("user", "list", "--output", "json"))[1])
    assert [(user["name"], user["enabled"]) for user in listed["users"]] == [("admin", True), ("ann", False)]
    assert (await run("user", "enable", "ann"))[0] == 0
    _, out, _ = await run("user", "set-password", "ann", "--password-stdin", stdin="another password\n")
    assert out == "Password of ann set.\n"
    assert "ann" in (await run("user", "list"))[1]
    assert (await run("user", "delete", "ann"))[1] == "ann deleted.\n"
    code, out, err = await run("user", "show", "ann")
    assert (code, out) == (3, "") and "Trainwright.0602" in err
    assert field((await run("user", "create", "ben"))[1], "Roles") == "developer"
    assert (await run("user", "create", "ben"))[0] == 3


async def test_roles(run: Run) -> None:
    """The actions a role allows are printed; mistakes are told in the reader's language."""
    _, out, _ = await run(
        "role", "set", "stopper", "--action", "modelarts:trainJob:st*", "--description", "nights"
    )
    assert out.split() == ["ACTION", "modelarts:trainJob:stop"]
    _, out, _ = await run("role", "list")
    assert re.search(r"^stopper +no +modelarts:trainJob:st\* +nights *$", out, re.MULTILINE)
    assert re.search(r"^administrator +yes +\*", out, re.MULTILINE)
    assert (await run("role", "delete", "stopper"))[1] == "stopper deleted.\n"
    code, _, err = await run("role", "set", "x", "--action", "nothing", "--language", "zh-cn")
    assert code == 3 and "不匹配任何操作" in err
    assert (await run("role", "set", "x"))[0] == 2


async def test_keys_sign(run: Run, world: ServerWorld) -> None:
    """The pair that is printed signs; the secret is said to be shown once and is in no list."""
    code, out, err = await run("key", "create", "--description", "laptop", "--days", "7")
    assert code == 0 and "shown only now" in err
    access_key, secret_key = field(out, "Access key"), field(out, "Secret key")

    async def status() -> int:
        path = f"/v2/{PROJECT}/training-job-engines"
        how = {"host": "test", "access_key": access_key, "secret_key": secret_key, "date": date_of(0)}
        wire = sign("GET", path, **how)  # type: ignore[arg-type]  # one dict for its keywords
        async with world.client(token="") as client:
            return (await client.get(wire.target, headers=wire.headers)).status_code

    assert await status() == 200
    _, out, _ = await run("key", "list")
    assert access_key in out and "laptop" in out and secret_key not in out
    await run("key", "disable", access_key)
    assert await status() == 401
    await run("key", "enable", access_key)
    assert await status() == 200
    rotated = json.loads((await run("key", "rotate", access_key, "--grace-hours", "0", "-o", "json"))[1])
    assert await status() == 401 and len(rotated["secret_key"]) == 40
    assert (await run("key", "delete", rotated["access_key"]))[0] == 0
    code, _, err = await run("key", "delete", rotated["access_key"])
    assert code == 3 and "Trainwright.0608" in err


async def test_tokens_of_others(run: Run, world: ServerWorld) -> None:
    """An administrator issues one for a user by name; it is theirs, and ends when it is disabled."""
    await run("user", "create", "ann", "--role", "viewer")
    code, out, err = await run("token", "create", "--user", "ann", "--description", "ci")
    assert code == 0 and "shown only now" in err
    token, token_id = field(out, "Token"), field(out, "Id")

    async def status() -> int:
        async with world.client(token=token) as client:
            return (await client.get(f"/v2/{PROJECT}/training-job-engines")).status_code

    assert await status() == 200
    listed = await run("token", "list", "--user", "ann", "--output", "json")
    assert [item["description"] for item in json.loads(listed[1])["tokens"]] == ["ci"]
    assert token not in listed[1]
    await run("token", "disable", token_id)
    assert await status() == 401
    await run("token", "enable", token_id)
    assert await status() == 200
    new = json.loads((await run("token", "rotate", token_id, "--grace-hours", "0", "-o", "json"))[1])
    assert await status() == 401
    assert (await run("token", "delete", new["id"]))[0] == 0
    assert (await run("token", "list", "--user", "nobody"))[0] == 3


async def test_projects(run: Run) -> None:
    """A tenant with its administrator's token; a name that is taken is refused."""
    code, out, err = await run("project", "create", "vision", "--administrator", "eve")
    assert code == 0 and "shown only now" in err
    project, token = field(out, "Project id"), field(out, "Token")
    _, out, _ = await run("project", "list")
    assert re.search(rf"^vision +{project}", out, re.MULTILINE)
    listed = json.loads((await run("user", "list", "--project", project, "--token", token, "-o", "json"))[1])
    assert [user["name"] for user in listed["users"]] == ["eve"]
    seen = json.loads((await run("project", "list", "--project", project, "--token", token, "-o", "json"))[1])
    assert seen["total"] == 1
    assert (await run("project", "create", "vision"))[0] == 3
