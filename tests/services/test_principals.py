"""The first admin, and who a token belongs to."""

import pytest

from tests.services.world import START_MS, World
from trainwright.domain.errors import NoCredentials
from trainwright.services.principals import authenticate, bootstrap_admin

pytestmark = pytest.mark.anyio


async def test_the_first_start_makes_one_admin(world: World) -> None:
    """Guards that the token is shown once, belongs to the admin, and that a second start changes nothing."""
    made = bootstrap_admin(world.ctx.units, START_MS)
    assert made is not None and made.user.is_admin
    assert len(made.user.project_id) == 32
    assert made.token not in repr(made)
    assert bootstrap_admin(world.ctx.units, START_MS) is None
    found = await authenticate(world.ctx, made.token)
    assert (found.user_id, found.is_admin) == (made.user.id, True)


@pytest.mark.parametrize("token", ["", "tw_wrong", "x" * 10_000, "é", "\ud800"])
async def test_other_tokens_are_nobodys(world: World, token: str) -> None:
    """Guards 401 for whatever a client may send."""
    bootstrap_admin(world.ctx.units, START_MS)
    with pytest.raises(NoCredentials):
        await authenticate(world.ctx, token)
