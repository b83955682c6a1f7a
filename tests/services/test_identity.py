"""Users, roles and projects: changes count at once, nobody rises above themselves, somebody always rules."""

from typing import Any

import pytest

from tests.services.people import PROJECT, add_user, boss, principal
from tests.services.world import ALICE, BOB, World
from trainwright.domain.access import ADMINISTRATOR, BUILT_IN, DEVELOPER, VIEWER, Action
from trainwright.domain.errors import (
    ActionDenied,
    BadPassword,
    DuplicateProjectName,
    DuplicateUserName,
    InvalidParam,
    LastAdministrator,
    NoCredentials,
    RoleInUse,
    RoleNotFound,
    TooManyRoles,
    UserNotFound,
)
from trainwright.ports.uow import PLATFORM
from trainwright.services import credentials, identity, login
from trainwright.services.principals import authenticate

pytestmark = pytest.mark.anyio


def log_in_body(account: str, user: str, password: str) -> dict[str, Any]:
    """A log-in."""
    asked = {"name": user, "password": password, "domain": {"name": account}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": asked}}}}


async def test_life_of_a_user(world: World) -> None:
    """Made, seen, listed, renamed, disabled, enabled, deleted; what they had ends with them."""
    chief = boss(world)
    made = await identity.create_user(world.ctx, chief, {"name": "Ann Lee", "roles": [DEVELOPER, DEVELOPER]})
    assert (made.project_id, made.roles, made.enabled, made.has_password) == (
        PROJECT,
        [DEVELOPER],
        True,
        False,
    )
    assert await identity.show_user(world.ctx, chief, made.id) == made
    listed = await identity.list_users(world.ctx, chief, offset=0, limit=10)
    assert listed.total == 3 and made in listed.users
    token = (await credentials.issue_token(world.ctx, chief, made.id, {})).token
    assert (await authenticate(world.ctx, token)).user_name == "Ann Lee"
    changed = await identity.change_user(world.ctx, chief, made.id, {"name": "ann", "enabled": False})
    assert (changed.name, changed.enabled, changed.roles) == ("ann", False, [DEVELOPER])
    with pytest.raises(NoCredentials):
        await authenticate(world.ctx, token)
    await identity.change_user(world.ctx, chief, made.id, {"enabled": True, "roles": [VIEWER]})
    assert Action.JOB_CREATE not in (await authenticate(world.ctx, token)).actions
    await identity.delete_user(world.ctx, chief, made.id)
    with pytest.raises(NoCredentials):
        await authenticate(world.ctx, token)
    with pytest.raises(UserNotFound):
        await identity.show_user(world.ctx, chief, made.id)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": " ann"},
        {"name": "a\nb"},
        {"name": "x" * 65},
        {"name": "ann", "password": "short"},
        {"name": "ann", "password": "x" * 129},
        {"name": "ann", "roles": "viewer"},
        {"name": "ann", "roles": [1]},
        {"name": "ann", "roles": [""]},
    ],
)
async def test_bad_users_are_refused(world: World, body: dict[str, Any]) -> None:
    """Guards names that logs and tables can show, and passwords of a length."""
    chief = boss(world)
    with pytest.raises(InvalidParam):
        await identity.create_user(world.ctx, chief, body)


async def test_names_and_roles_are_checked(world: World) -> None:
    """One name, one user; a role that does not exist gives nothing."""
    chief = boss(world)
    with pytest.raises(DuplicateUserName):
        await identity.create_user(world.ctx, chief, {"name": "boss"})
    with pytest.raises(RoleNotFound):
        await identity.create_user(world.ctx, chief, {"name": "ann", "roles": ["nothing"]})
    with pytest.raises(DuplicateUserName):
        await identity.change_user(world.ctx, chief, chief.user_id, {"name": ALICE.user_name})
    for bad in ({"password": "short"}, {"name": "\x01"}, {"enabled": "no"}):
        with pytest.raises(InvalidParam):
            await identity.change_user(world.ctx, chief, ALICE.user_id, bad)


async def test_last_administrator_stays(world: World) -> None:
    """Neither disabled, nor demoted, nor deleted while nobody else enabled has the role; the server's admin never."""
    chief = boss(world)
    changes: tuple[dict[str, Any], ...] = ({"enabled": False}, {"roles": [VIEWER]})
    for change in changes:
        with pytest.raises(LastAdministrator):
            await identity.change_user(world.ctx, chief, chief.user_id, change)
    with pytest.raises(LastAdministrator):
        await identity.delete_user(world.ctx, chief, chief.user_id)
    second = await identity.create_user(world.ctx, chief, {"name": "second", "roles": [ADMINISTRATOR]})
    await identity.change_user(world.ctx, chief, second.id, {"enabled": False})
    with pytest.raises(LastAdministrator):
        await identity.delete_user(world.ctx, chief, chief.user_id)
    await identity.change_user(world.ctx, chief, second.id, {"enabled": True})
    await identity.change_user(world.ctx, chief, chief.user_id, {"roles": [VIEWER]})
    admin = add_user(world, "root", ADMINISTRATOR, is_admin=True)
    with pytest.raises(LastAdministrator):
        await identity.delete_user(world.ctx, admin, admin.user_id)
    with pytest.raises(LastAdministrator):
        await identity.change_user(world.ctx, admin, admin.user_id, {"enabled": False})


async def test_nobody_rises_above_themselves(world: World) -> None:
    """Who rules users but not pools can neither give a role with pools nor take over somebody who has it."""
    chief = boss(world)
    await identity.save_role(world.ctx, chief, "people", {"actions": ["iam:*", "modelarts:*:list"]})
    await identity.save_role(world.ctx, chief, "pools", {"actions": ["modelarts:pool:*"]})
    people, pools = add_user(world, "people", "people"), add_user(world, "pools", "pools")
    for refused in ([ADMINISTRATOR], ["pools"], ["people", "pools"]):
        with pytest.raises(ActionDenied):
            await identity.create_user(world.ctx, people, {"name": "puppet", "roles": refused})
        with pytest.raises(ActionDenied):
            await identity.change_user(world.ctx, people, people.user_id, {"roles": refused})
    changes: tuple[dict[str, Any], ...]
    changes = ({"password": "long enough"}, {"roles": []}, {"enabled": False}, {"name": "x"})
    for target in (pools.user_id, chief.user_id):
        for change in changes:
            with pytest.raises(ActionDenied):
                await identity.change_user(world.ctx, people, target, change)
        with pytest.raises(ActionDenied):
            await identity.delete_user(world.ctx, people, target)
    with pytest.raises(ActionDenied):
        await identity.save_role(world.ctx, people, "people", {"actions": ["*"]})
    with pytest.raises(ActionDenied):
        await identity.save_role(world.ctx, people, "pools", {"actions": ["iam:*"]})
    made = await identity.create_user(world.ctx, people, {"name": "puppet", "roles": ["people"]})
    assert principal(world, made.id).actions == people.actions
    admin = add_user(world, "root", ADMINISTRATOR, is_admin=True)
    with pytest.raises(ActionDenied):
        await identity.change_user(world.ctx, chief, admin.user_id, {"password": "long enough"})


async def test_roles_are_composed_of_actions(world: World) -> None:
    """Listed with all they cover, replaced for everyone at once; a pattern that covers nothing is a mistake."""
    chief = boss(world)
    body = {"description": "stops", "actions": ["modelarts:trainJob:st*", "modelarts:trainJob:list"]}
    role = await identity.save_role(world.ctx, chief, "stopper", body)
    assert role.actions == [Action.JOB_LIST, Action.JOB_STOP]
    listed = await identity.list_roles(world.ctx, chief)
    assert [item.name for item in listed.roles] == [*BUILT_IN, "stopper"]
    assert listed.roles[-1] == role and listed.total == 4
    assert Action.PROJECT_CREATE not in listed.roles[0].actions and len(listed.roles[0].actions) > 50
    night = add_user(world, "night", "stopper")
    assert night.actions == {Action.JOB_LIST, Action.JOB_STOP}
    world.clock.ms += 5
    again = await identity.save_role(world.ctx, chief, "stopper", {"actions": ["modelarts:trainJob:get"]})
    assert (again.created_at_ms, again.updated_at_ms) == (role.created_at_ms, world.clock.ms)
    assert principal(world, "night").actions == {Action.JOB_GET}
    for actions in (
        [],
        ["nothing"],
        ["modelarts:trainJob:get", ""],
        ["iam:project:create"],
        ["*" * 129],
        [1],
    ):
        with pytest.raises(InvalidParam):
            await identity.save_role(world.ctx, chief, "bad", {"actions": actions})
    for name in ("", "a b", "x" * 65, "\u89d2\u8272"):
        with pytest.raises(InvalidParam):
            await identity.save_role(world.ctx, chief, name, body)


async def test_built_in_and_used_roles_stay(world: World) -> None:
    """Neither replaced nor deleted; a role that nobody has goes."""
    chief = boss(world)
    for name in BUILT_IN:
        with pytest.raises(RoleInUse):
            await identity.save_role(world.ctx, chief, name, {"actions": ["*"]})
        with pytest.raises(RoleInUse):
            await identity.delete_role(world.ctx, chief, name)
    await identity.save_role(world.ctx, chief, "mine", {"actions": ["*"]})
    user = await identity.create_user(world.ctx, chief, {"name": "ann", "roles": ["mine"]})
    with pytest.raises(RoleInUse):
        await identity.delete_role(world.ctx, chief, "mine")
    await identity.delete_user(world.ctx, chief, user.id)
    await identity.delete_role(world.ctx, chief, "mine")
    with pytest.raises(RoleNotFound):
        await identity.delete_role(world.ctx, chief, "mine")


async def test_there_is_an_end_to_roles(world: World) -> None:
    """A hundred of the project's own; replacing one is always possible."""
    chief = boss(world)
    for number in range(identity.ROLES_MAX):
        await identity.save_role(world.ctx, chief, f"role-{number}", {"actions": ["*"]})
    with pytest.raises(TooManyRoles):
        await identity.save_role(world.ctx, chief, "more", {"actions": ["*"]})
    await identity.save_role(world.ctx, chief, "role-7", {"actions": ["*"]})


async def test_another_projects_people_do_not_exist(world: World) -> None:
    """Guards tenants: the same answer as for an invented id; roles of the same name are others."""
    chief = boss(world)
    stranger = add_user(world, "stranger", ADMINISTRATOR, project_id=BOB.project_id)
    for user_id in (chief.user_id, "nobody", "\x00"):
        with pytest.raises(UserNotFound):
            await identity.show_user(world.ctx, stranger, user_id)
        with pytest.raises(UserNotFound):
            await identity.change_user(world.ctx, stranger, user_id, {"enabled": False})
        with pytest.raises(UserNotFound):
            await identity.delete_user(world.ctx, stranger, user_id)
    await identity.save_role(world.ctx, chief, "mine", {"actions": ["*"]})
    with pytest.raises(RoleNotFound):
        await identity.delete_role(world.ctx, stranger, "mine")
    with pytest.raises(RoleNotFound):
        await identity.create_user(world.ctx, stranger, {"name": "x", "roles": ["mine"]})
    assert len((await identity.list_roles(world.ctx, stranger)).roles) == len(BUILT_IN)


async def test_new_project_has_its_own_administrator(world: World) -> None:
    """Its first token works, in it alone; its name is free once; others see only their own project."""
    admin = add_user(world, "root", ADMINISTRATOR, is_admin=True)
    body = {"name": "vision", "administrator": "eve", "password": "long enough"}
    made = await identity.create_project(world.ctx, body)
    assert made.token not in repr(made)
    eve = await authenticate(world.ctx, made.token)
    assert (eve.project_id, eve.is_admin, eve.user_name) == (made.project.id, False, "eve")
    assert Action.USER_CREATE in eve.actions and not eve.may(Action.PROJECT_CREATE)
    answer, _ = await login.log_in(world.ctx, log_in_body("vision", "eve", "long enough"))
    assert answer.token.project.id == made.project.id
    with pytest.raises(DuplicateProjectName):
        await identity.create_project(world.ctx, {"name": "vision"})
    with pytest.raises(InvalidParam):
        await identity.create_project(world.ctx, {"name": ""})
    seen = await identity.list_projects(world.ctx, eve, offset=0, limit=10)
    assert (seen.total, seen.projects) == (1, [made.project])
    every = await identity.list_projects(world.ctx, admin, offset=1, limit=1)
    assert (every.total, len(every.projects)) == (3, 1)


async def test_own_password_is_changed_with_the_old_one(world: World) -> None:
    """Guards against whoever sits at an unlocked screen; log-ins with the old password end."""
    chief = boss(world)
    made = await identity.create_user(world.ctx, chief, {"name": "ann", "password": "first password"})
    assert made.has_password
    with world.ctx.units(PLATFORM, write=False) as uow:
        name = uow.principals.get_project(PROJECT).name
    _, token = await login.log_in(world.ctx, log_in_body(name, "ann", "first password"))
    ann = await authenticate(world.ctx, token)
    with pytest.raises(BadPassword):
        await identity.change_password(
            world.ctx, ann, {"old_password": "wrong", "new_password": "second password"}
        )
    with pytest.raises(InvalidParam):
        await identity.change_password(
            world.ctx, ann, {"old_password": "first password", "new_password": "short"}
        )
    await identity.change_password(
        world.ctx, ann, {"old_password": "first password", "new_password": "second password"}
    )
    with pytest.raises(NoCredentials):
        await authenticate(world.ctx, token)
    with pytest.raises(BadPassword):
        await login.log_in(world.ctx, log_in_body(name, "ann", "first password"))
    await login.log_in(world.ctx, log_in_body(name, "ann", "second password"))
    emptied = await identity.change_user(world.ctx, chief, made.id, {"password": ""})
    assert not emptied.has_password
    with pytest.raises(BadPassword):
        await login.log_in(world.ctx, log_in_body(name, "ann", ""))
