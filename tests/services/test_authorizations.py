"""Authorisations: what is kept, what is shown, and what is refused."""

from typing import Any

import pytest

from tests.services.world import ALICE, BOB, EN, ZH, World
from trainwright.domain.errors import InvalidParam, InvalidQuery
from trainwright.ports.identity import Principal
from trainwright.services import authorizations
from trainwright.services.reading import scope_of
from trainwright.services.sealing import unseal
from trainwright.wire.authorizations import AuthorizationItem

pytestmark = pytest.mark.anyio

SECRET = "S" * 40


async def listed(world: World, who: Principal = ALICE) -> list[AuthorizationItem]:
    """All of the project's."""
    page = await authorizations.list_all(
        world.ctx, who, sort_by="create_time", descending=False, offset=0, limit=10
    )
    assert page.total_count == len(page.auth)
    return page.auth


async def create(world: World, **body: Any) -> None:
    """As Alice, a millisecond later than the one before."""
    world.clock.ms += 1
    await authorizations.create(world.ctx, ALICE, body)


async def test_a_secret_is_sealed_and_never_shown(world: World) -> None:
    """Guards the secret of an access key in the database and in answers."""
    await create(world, type="credential", content="AK", secret_key=SECRET)
    (item,) = await listed(world)
    assert (item.user_id, item.user_name, item.content) == (ALICE.user_id, "alice", "AK")
    assert item.secret_key == "******"
    with world.ctx.units(scope_of(ALICE), write=False) as uow:
        (stored,) = uow.authorizations.search(sort_by="user_name", descending=False, offset=0, limit=9)[1]
    assert SECRET not in repr(stored) + stored.sealed_secret
    purpose = f"authorization {ALICE.project_id} {ALICE.user_id}"
    assert unseal(world.ctx.secret, stored.sealed_secret, purpose=purpose) == SECRET


async def test_each_user_has_one_and_everyone_may_have_one(world: World) -> None:
    """Guards replacing, `all` and `all-users` as one, federated users by name, and the default type."""
    await create(world, user_id="user-1", content="first")
    await create(world, user_id="user-1", type="agency", content="second", user_name="n")
    await create(world, user_id="all", type="agency", content="a")
    await create(world, user_id="all-users", type="agency", content="b")
    await create(world, type="agency", content="c", user_type="federate", user_name="fed@corp")
    assert [
        (item.user_id, item.user_name, item.user_type, item.content, item.secret_key)
        for item in await listed(world)
    ] == [
        ("user-1", "n", "iam", "second", None),
        ("all-users", "all-users", "all-users", "b", None),
        ("fed@corp", "fed@corp", "federate", "c", None),
    ]


async def test_one_or_all_are_removed(world: World) -> None:
    """Guards deletion by user, of everyone's own, of all, and not without a name; other projects against all of it."""
    for user in ("user-1", "user-2", "all-users"):
        await create(world, user_id=user, content="a")
    for user in ("user-1", "all"):
        await authorizations.delete(world.ctx, BOB, user)
    with pytest.raises(InvalidQuery) as refused:
        await authorizations.delete(world.ctx, ALICE, "")
    assert "user_id" in refused.value.message(EN) and "all" in refused.value.message(ZH)
    assert len(await listed(world)) == 3 and await listed(world, BOB) == []
    await authorizations.delete(world.ctx, ALICE, "user-1")
    await authorizations.delete(world.ctx, ALICE, "user-1")
    await authorizations.delete(world.ctx, ALICE, "all-users")
    assert [item.user_id for item in await listed(world)] == ["user-2"]
    await authorizations.delete(world.ctx, ALICE, "all")
    assert await listed(world) == []


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("user_id", {"content": "a"}),
        ("user_id", {"user_id": "ab", "content": "a"}),
        ("user_id", {"user_id": "x" * 33, "content": "a"}),
        ("user_id", {"user_id": "a_b", "content": "a"}),
        ("type", {"user_id": "user-1", "type": "wish", "content": "a"}),
        ("content", {"user_id": "user-1"}),
        ("content", {"user_id": "user-1", "content": ""}),
        ("content", {"user_id": "user-1", "content": "x" * 65}),
        ("secret_key", {"type": "credential", "content": "AK"}),
        ("secret_key", {"type": "credential", "content": "AK", "secret_key": "short"}),
        ("user_name", {"content": "a", "user_type": "federate"}),
        ("user_type", {"user_id": "user-1", "content": "a", "user_type": "robot"}),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(world: World, field: str, body: dict[str, Any]) -> None:
    """Guards the limits of the fields; a refused secret is not repeated."""
    with pytest.raises(InvalidParam) as caught:
        await create(world, **body)
    assert caught.value.slots["field"] == field
    assert await listed(world) == []


async def test_agencies_are_named_only(world: World) -> None:
    """Guards the name that set-up scripts go on with."""
    told = await authorizations.create_agency(world.ctx, ALICE, {"agency_name_suffix": "iam-user01"})
    assert told.agency_name == "ma_agency_iam-user01"
    assert (await authorizations.create_agency(world.ctx, ALICE, {})).agency_name == "modelarts_agency"
    for suffix in ("x" * 51, "a b", "a/b"):
        with pytest.raises(InvalidParam):
            await authorizations.create_agency(world.ctx, ALICE, {"agency_name_suffix": suffix})


async def test_the_mode_is_the_account_s_own(world: World) -> None:
    """Guards one account against settings of another."""
    assert (await authorizations.show_mode(world.ctx, ALICE)).mode == "loose"
    changed = await authorizations.change_mode(world.ctx, ALICE, {"mode": "strict"})
    assert (changed.domain_id, changed.mode) == (ALICE.project_id, "strict")
    assert (await authorizations.show_mode(world.ctx, ALICE)).mode == "strict"
    assert (await authorizations.show_mode(world.ctx, BOB)).mode == "loose"
    with pytest.raises(InvalidParam):
        await authorizations.change_mode(world.ctx, ALICE, {"mode": "sometimes"})
