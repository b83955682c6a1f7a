"""People of the services' world: users with roles, as the principals they call as."""

from dataclasses import replace

from tests.services.world import ALICE, START_MS, World
from trainwright.domain.access import ADMINISTRATOR, Action
from trainwright.ports.identity import Principal, Token, User
from trainwright.ports.uow import PLATFORM
from trainwright.services.principals import hash_token, new_token

PROJECT = ALICE.project_id


def add_user(
    world: World,
    user_id: str,
    *roles: str,
    project_id: str = PROJECT,
    is_admin: bool = False,
    password_hash: str = "",
) -> Principal:
    """A user named like their id, and who they are to the services."""
    user = User(user_id, user_id, project_id, is_admin, True, roles, password_hash)
    with world.ctx.units(PLATFORM) as uow:
        uow.principals.add_user(user, START_MS)
        uow.commit()
    return principal(world, user_id)


def principal(world: World, user_id: str) -> Principal:
    """Who the user is now, as a token of theirs would tell."""
    text = new_token()
    with world.ctx.units(PLATFORM) as uow:
        uow.principals.add_token(Token(f"probe-{user_id}", user_id), hash_token(text))
        found = uow.principals.find_by_token(hash_token(text), world.clock.ms)
    assert found is not None
    return found


def boss(world: World) -> Principal:
    """An administrator of Alice's project."""
    return add_user(world, "boss", ADMINISTRATOR)


def without(who: Principal, *actions: Action) -> Principal:
    """The same person, who may not do these."""
    return replace(who, actions=who.actions - set(actions))
