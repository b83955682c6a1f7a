"""Training quotas: whose limits and use one may look at."""

import pytest

from tests.services.people import add_user, boss
from tests.services.world import ALICE, BOB, EN, World, job_body
from trainwright.domain.access import VIEWER
from trainwright.domain.errors import ActionDenied, UserNotFound
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Workspace
from trainwright.services import jobs, training_quotas
from trainwright.services.training_quotas import EVERYONE

pytestmark = pytest.mark.anyio


async def test_only_who_sets_limits_sees_what_another_uses(world: World) -> None:
    """Guards hidden workspaces: how much another user runs in them is told to nobody who may not set their limit."""
    vera, admin = add_user(world, "vera", VIEWER), boss(world)
    with world.ctx.units(PLATFORM) as uow:
        hidden = Workspace("w" * 32, ALICE.project_id, "mine", owner_id=ALICE.user_id, auth_type="PRIVATE")
        uow.workspaces.add(hidden)
        uow.commit()
    await jobs.create(world.ctx, ALICE, job_body(metadata__workspace_id=hidden.id), EN)
    denials = set()
    for user_id in (ALICE.user_id, BOB.user_id, "never"):
        with pytest.raises(ActionDenied) as caught:
            await training_quotas.show(world.ctx, vera, user_id, "")
        denials.add(caught.value.message(EN))
        if user_id != ALICE.user_id:
            with pytest.raises(UserNotFound):
                await training_quotas.show(world.ctx, admin, user_id, "")
    assert len(denials) == 1
    (quota,) = (await training_quotas.show(world.ctx, admin, ALICE.user_id, "job-num")).quotas
    assert quota.used == 1
    for who, user_id, used in ((ALICE, "", 1), (ALICE, ALICE.user_id, 1), (vera, vera.user_id, 0)):
        (quota,) = (await training_quotas.show(world.ctx, who, user_id, "job-num")).quotas
        assert quota.used == used
    assert (await training_quotas.show(world.ctx, vera, EVERYONE, "job-num")).user_id == EVERYONE
