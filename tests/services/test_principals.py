"""The first admin, and who a token belongs to."""

import pytest

from tests.services.world import START_MS, World
from trainwright.domain.errors import NoCredentials
from trainwright.ports.uow import PLATFORM
from trainwright.services.credentials import find_key
from trainwright.services.principals import authenticate, bootstrap_admin

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(world: World) -> World:
    """A world without people: the server's very first start."""
    with world.ctx.units(PLATFORM) as uow:
        for user in uow.principals.list_users()[1]:
            uow.principals.delete_user(user.id)
        uow.commit()
    return world


async def test_the_first_start_makes_one_admin(world: World) -> None:
    """Guards that the token is shown once, belongs to the admin, and that a second start changes nothing."""
    made = bootstrap_admin(world.ctx.units, START_MS, secret=world.ctx.secret)
    assert made is not None and made.user.is_admin
    assert len(made.user.project_id) == 32
    assert made.token not in repr(made) and made.secrets.pair.secret_key not in repr(made)
    assert bootstrap_admin(world.ctx.units, START_MS, secret=world.ctx.secret) is None
    found = await authenticate(world.ctx, made.token)
    assert (found.user_id, found.is_admin) == (made.user.id, True)
    pair = made.secrets.pair
    owner = await find_key(world.ctx, pair.access_key)
    assert owner is not None and (owner.principal, owner.secret) == (found, pair.secret_key)


@pytest.mark.parametrize("token", ["", "tw_wrong", "x" * 10_000, "é", "\ud800"])
async def test_other_tokens_are_nobodys(world: World, token: str) -> None:
    """Guards 401 for whatever a client may send."""
    bootstrap_admin(world.ctx.units, START_MS, secret=world.ctx.secret)
    with pytest.raises(NoCredentials):
        await authenticate(world.ctx, token)
