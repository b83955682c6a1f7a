"""Creating with an idempotency key: one job, however often and however many at once."""

import asyncio
from typing import Any

import pytest

from tests.services.people import add_user
from tests.services.world import ALICE, BOB, EN, World, job_body
from trainwright.control.chores import creation_expiry
from trainwright.domain.access import DEVELOPER
from trainwright.domain.errors import DuplicateJobName, IdempotencyKeyUsed, InputNotFound, JobNotFound
from trainwright.ports.identity import Principal
from trainwright.ports.uow import PLATFORM
from trainwright.services import creation, jobs

pytestmark = pytest.mark.anyio


async def create(world: World, key: str = "k", *, who: Principal = ALICE, **changes: Any) -> str:
    answer = await jobs.create(world.ctx, who, job_body(**changes), EN, key=key)
    return answer.metadata.id


async def test_a_repeated_request_shows_its_job(world: World) -> None:
    """Guards a lost answer: the same request gives the job it made, as it is by then, and nothing is told twice."""
    made = await create(world)
    world.step(made)
    await world.delete("obs://bucket/data/a.png")  # what made it may be gone by then
    await world.delete("obs://bucket/data/deep/b.png")
    told = len(world.events(made))
    again = await jobs.create(world.ctx, ALICE, job_body(), EN, key="k")
    assert (again.metadata.id, again.status.phase) == (made, "Pending")
    assert (len(world.events(made)), world.woken) == (told, [made])
    with pytest.raises(InputNotFound):
        await create(world, "other")


async def test_another_body_is_refused(world: World) -> None:
    """Guards against a key used for everything: 409 that names the job; a refused request uses up no key."""
    with pytest.raises(InputNotFound):
        await create(
            world, algorithm__inputs=[{"name": "d", "remote": {"obs": {"obs_url": "obs://bucket/none/"}}}]
        )
    made = await create(world)
    with pytest.raises(IdempotencyKeyUsed, match=made):
        await create(world, metadata__description="changed")
    with pytest.raises(DuplicateJobName):
        await create(world, "another")


async def test_keys_are_their_users_own(world: World) -> None:
    """Guards that nobody finds another's job by guessing a key: not in the project, not beyond it."""
    ann = add_user(world, "ann", DEVELOPER)
    made = {
        await create(world, metadata__name="a", algorithm={"command": "true"}),
        await create(world, who=ann, metadata__name="b", algorithm={"command": "true"}),
        await create(world, who=BOB, metadata__name="a", algorithm={"command": "true"}),
    }
    assert len(made) == 3


async def test_requests_at_once_make_one_job(world: World) -> None:
    """Guards a client that gives up waiting and asks again while the first request is still on its way."""
    answers = await asyncio.gather(*(create(world) for _ in range(8)))
    assert len(set(answers)) == 1
    assert [event.code for event in world.events(answers[0])].count("job_created") == 1


async def test_the_later_of_two_finds_what_the_earlier_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the gap between looking and storing: both look, neither finds, one stores, the other answers with it."""
    find = creation._find_made
    looked: list[object] = []

    def blind(*given: Any) -> object:
        looked.append(given)
        return None if len(looked) <= 2 else find(*given)

    monkeypatch.setattr(creation, "_find_made", blind)
    first = await create(world)
    assert await create(world) == first
    assert len(looked) == 3


async def test_a_deleted_job_is_not_made_again(world: World) -> None:
    """Guards ids, and the logs that are found by them: a late repeat of the request learns that its job is gone. After
    a week nobody repeats it any more.
    """
    made = await create(world)
    world.step(made)
    await jobs.stop(world.ctx, ALICE, made, {"action_type": "terminate"}, EN)
    with world.ctx.units(PLATFORM) as uow:
        uow.jobs.delete(made)
        uow.commit()
    await creation_expiry(world.ctx).call()
    with pytest.raises(JobNotFound, match=made):
        await create(world)
    world.clock.ms += 8 * 86_400_000
    await creation_expiry(world.ctx).call()
    assert await create(world) == made


async def test_what_made_a_job_is_known_as_long_as_the_job_is(world: World) -> None:
    """Guards the clearing away: only of what is gone."""
    made = await create(world)
    world.clock.ms += 30 * 86_400_000
    await creation_expiry(world.ctx).call()
    assert await create(world) == made


async def test_a_changed_job_is_still_the_requests(world: World) -> None:
    """Guards the comparison: it is of requests, and what becomes of the job later has no part in it."""
    made = await create(world)
    await jobs.change(world.ctx, ALICE, made, {"description": "another"})
    assert await create(world) == made
