"""Tokens and access keys: shown once, counted at once, bounded, and nobody else's business."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.services.people import add_user, boss, principal
from tests.services.world import ALICE, BOB, World
from trainwright.domain.access import ADMINISTRATOR, BUILT_IN, DEVELOPER, Action
from trainwright.domain.errors import (
    ActionDenied,
    CredentialNotFound,
    InvalidParam,
    NoCredentials,
    TooManyCredentials,
    TrainwrightError,
    UserNotFound,
)
from trainwright.ports.identity import Principal, Role
from trainwright.ports.uow import PLATFORM
from trainwright.services import credentials
from trainwright.services.principals import authenticate

pytestmark = pytest.mark.anyio
HOUR_MS = 3_600_000


async def works(world: World, token: str) -> bool:
    """Whether the token is anyone's."""
    try:
        await authenticate(world.ctx, token)
    except NoCredentials:
        return False
    return True


async def opens(world: World, access_key: str) -> str:
    """The secret that signatures of the key are checked with; empty when it is nobody's."""
    owner = await credentials.find_key(world.ctx, access_key)
    return "" if owner is None else owner.secret


async def test_issued_key_has_the_clouds_form_and_works(world: World) -> None:
    """Guards the form clients and people expect, and that neither list nor database shows the secret."""
    made = await credentials.issue_key(world.ctx, ALICE, "", {"description": "laptop"})
    assert (len(made.access_key), len(made.secret_key)) == (20, 40)
    assert made.access_key.isalnum() and made.access_key.upper() == made.access_key
    assert made.secret_key.isalnum() and made.secret_key not in repr(made)
    owner = await credentials.find_key(world.ctx, made.access_key)
    assert owner is not None and owner.principal.user_id == ALICE.user_id
    assert owner.secret == made.secret_key and made.secret_key not in repr(owner)
    listed = await credentials.list_keys(world.ctx, ALICE, "", offset=0, limit=10)
    assert (listed.total, listed.access_keys[0].description) == (1, "laptop")
    assert made.secret_key not in listed.model_dump_json()
    with world.ctx.units(PLATFORM, write=False) as uow:
        assert made.secret_key not in uow.principals.get_access_key(made.access_key).sealed_secret


async def test_disabled_and_deleted_keys_open_nothing(world: World) -> None:
    """Guards switching off, on again, and away; each tells whoever remembers."""
    told: list[str] = []
    world.ctx.credentials_changed.listen(lambda: told.append("changed"))
    made = await credentials.issue_key(world.ctx, ALICE, "", {})
    assert await opens(world, made.access_key)
    changed = await credentials.change_key(world.ctx, ALICE, made.access_key, {"enabled": False})
    assert not changed.enabled and not await opens(world, made.access_key)
    await credentials.change_key(world.ctx, ALICE, made.access_key, {"enabled": True, "description": "x"})
    assert await opens(world, made.access_key) == made.secret_key
    await credentials.delete_key(world.ctx, ALICE, made.access_key)
    assert not await opens(world, made.access_key)
    assert len(told) == 4


async def test_key_sealed_by_another_server_opens_nothing(world: World) -> None:
    """A database moved without its secret.key refuses the keys; it does not crash."""
    made = await credentials.issue_key(world.ctx, ALICE, "", {})
    object.__setattr__(world.ctx, "secret", b"another")
    assert not await opens(world, made.access_key)


async def test_rotated_key_works_until_its_grace_is_over(world: World) -> None:
    """Both work for the hours asked for, then the new one alone; without grace the old one ends at once."""
    old = await credentials.issue_key(world.ctx, ALICE, "", {"description": "pipeline"})
    new = await credentials.rotate_key(world.ctx, ALICE, old.access_key, {"grace_hours": 2})
    assert new.description == "pipeline" and new.expires_at_ms == 0
    assert await opens(world, old.access_key) and await opens(world, new.access_key)
    world.clock.ms += 2 * HOUR_MS - 1
    assert await opens(world, old.access_key)
    world.clock.ms += 1
    assert not await opens(world, old.access_key)
    newer = await credentials.rotate_key(world.ctx, ALICE, new.access_key, {"grace_hours": 0})
    assert not await opens(world, new.access_key) and await opens(world, newer.access_key)
    listed = await credentials.list_keys(world.ctx, ALICE, "", offset=0, limit=10)
    assert [key.access_key for key in listed.access_keys] == [newer.access_key]


async def test_rotation_keeps_the_lifetime_and_never_prolongs(world: World) -> None:
    """A token for a week is replaced by one for a week; its own end comes no later than it would have."""
    week_ms = 7 * 24 * HOUR_MS
    end_ms = world.clock.ms + week_ms
    old = await credentials.issue_token(world.ctx, ALICE, "", {"expires_at_ms": end_ms})
    world.clock.ms += week_ms - HOUR_MS
    new = await credentials.rotate_token(world.ctx, ALICE, old.id, {})
    assert new.expires_at_ms == world.clock.ms + week_ms
    assert await works(world, old.token) and await works(world, new.token)
    world.clock.ms += HOUR_MS
    assert not await works(world, old.token) and await works(world, new.token)


async def test_tokens_are_issued_listed_disabled_deleted(world: World) -> None:
    """The life of a token."""
    made = await credentials.issue_token(world.ctx, ALICE, "", {"description": "ci"})
    assert await works(world, made.token) and made.token not in repr(made)
    listed = await credentials.list_tokens(world.ctx, ALICE, "", offset=0, limit=10)
    assert [token.description for token in listed.tokens] == ["ci"]
    assert made.token not in listed.model_dump_json()
    await credentials.change_token(world.ctx, ALICE, made.id, {"enabled": False})
    assert not await works(world, made.token)
    await credentials.change_token(world.ctx, ALICE, made.id, {"enabled": True})
    assert await works(world, made.token)
    await credentials.delete_token(world.ctx, ALICE, made.id)
    assert not await works(world, made.token)
    with pytest.raises(CredentialNotFound):
        await credentials.delete_token(world.ctx, ALICE, made.id)


async def test_there_is_an_end_to_them(world: World) -> None:
    """Ten keys and fifty tokens a user; those that have expired make room."""
    for _ in range(credentials.KEYS_MAX):
        made = await credentials.issue_key(world.ctx, ALICE, "", {"expires_at_ms": world.clock.ms + 1000})
    with pytest.raises(TooManyCredentials):
        await credentials.issue_key(world.ctx, ALICE, "", {})
    with pytest.raises(TooManyCredentials):
        await credentials.rotate_key(world.ctx, ALICE, made.access_key, {})
    await credentials.rotate_key(world.ctx, ALICE, made.access_key, {"grace_hours": 0})
    world.clock.ms += 1000
    await credentials.issue_key(world.ctx, ALICE, "", {})
    for _ in range(credentials.TOKENS_MAX):
        await credentials.issue_token(world.ctx, ALICE, "", {})
    with pytest.raises(TooManyCredentials):
        await credentials.issue_token(world.ctx, ALICE, "", {})
    assert (await credentials.list_tokens(world.ctx, ALICE, "", offset=0, limit=10)).total == 50


@pytest.mark.parametrize(
    "body",
    [
        {"expires_at_ms": 1},
        {"expires_at_ms": -1},
        {"expires_at_ms": 2**63},
        {"expires_at_ms": "soon"},
        {"description": "x" * 257},
        {"description": 5},
    ],
)
async def test_bad_requests_issue_nothing(world: World, body: dict[str, Any]) -> None:
    """Guards the fields' limits; an end in the past is a mistake, not a token."""
    for issue in (credentials.issue_key, credentials.issue_token):
        with pytest.raises(InvalidParam):
            await issue(world.ctx, ALICE, "", body)
    assert (await credentials.list_tokens(world.ctx, ALICE, "", offset=0, limit=10)).total == 0


def calls(world: World, who: Principal, key: str, token: str) -> list[Callable[[], Awaitable[object]]]:
    """Everything that can be done to a credential that exists."""
    ctx = world.ctx
    return [
        lambda: credentials.change_key(ctx, who, key, {"enabled": False}),
        lambda: credentials.rotate_key(ctx, who, key, {}),
        lambda: credentials.delete_key(ctx, who, key),
        lambda: credentials.change_token(ctx, who, token, {"enabled": False}),
        lambda: credentials.rotate_token(ctx, who, token, {}),
        lambda: credentials.delete_token(ctx, who, token),
    ]


async def test_others_credentials_do_not_exist(world: World) -> None:
    """A colleague without rule over users, and anyone of another project, hear the same as of an invented id."""
    key = await credentials.issue_key(world.ctx, ALICE, "", {})
    token = await credentials.issue_token(world.ctx, ALICE, "", {})
    colleague = add_user(world, "colleague", "developer")
    stranger = add_user(world, "stranger", ADMINISTRATOR, project_id=BOB.project_id)
    for who in (colleague, stranger):
        heard = []
        for names in ((key.access_key, token.id), ("A" * 20, "0" * 32)):
            for call in calls(world, who, *names):
                with pytest.raises(CredentialNotFound) as told:
                    await call()
                heard.append(str(told.value).replace(names[0], "?").replace(names[1], "?"))
        assert heard[: len(heard) // 2] == heard[len(heard) // 2 :]
    with pytest.raises(ActionDenied):
        await credentials.issue_token(world.ctx, colleague, ALICE.user_id, {})
    with pytest.raises(ActionDenied):
        await credentials.list_keys(world.ctx, colleague, "nobody", offset=0, limit=1)
    with pytest.raises(UserNotFound):
        await credentials.issue_key(world.ctx, stranger, ALICE.user_id, {})
    assert await opens(world, key.access_key) and await works(world, token.token)


async def test_administrator_issues_and_ends_those_of_others(world: World) -> None:
    """Guards help for people who lost theirs, and the end of those who left."""
    chief = boss(world)
    made = await credentials.issue_token(world.ctx, chief, ALICE.user_id, {})
    assert (await authenticate(world.ctx, made.token)).user_id == ALICE.user_id
    for _ in range(2):
        key = await credentials.issue_key(world.ctx, ALICE, "", {})
        token = await credentials.issue_token(world.ctx, ALICE, "", {})
        for call in calls(world, chief, key.access_key, token.id)[::3]:
            await call()
        assert not await opens(world, key.access_key) and not await works(world, token.token)
        for call in calls(world, chief, key.access_key, token.id)[1:]:
            try:
                await call()
            except CredentialNotFound:
                continue
    assert (await credentials.list_tokens(world.ctx, chief, ALICE.user_id, offset=0, limit=10)).total > 0


async def test_nobody_borrows_more_than_they_have(world: World) -> None:
    """A token of an administrator would make whoever rules users an administrator: refused, also for the admin's."""
    role = Role("help-desk", "", (Action.USER_UPDATE, "iam:credential:*", Action.USER_GET))
    with world.ctx.units(PLATFORM) as uow:
        uow.principals.save_role(role, ALICE.project_id)
        uow.commit()
    desk, chief = add_user(world, "desk", "help-desk"), boss(world)
    admin = add_user(world, "root", ADMINISTRATOR, is_admin=True)
    tried: list[tuple[Principal, Principal]] = [(desk, chief), (desk, admin), (chief, admin)]
    for who, target in tried:
        token = await credentials.issue_token(world.ctx, target, "", {})
        key = await credentials.issue_key(world.ctx, target, "", {})
        for issue in (credentials.issue_key, credentials.issue_token):
            with pytest.raises(ActionDenied):
                await issue(world.ctx, who, target.user_id, {})
        refused = calls(world, who, key.access_key, token.id)
        for call in refused:
            with pytest.raises(ActionDenied):
                await call()
    newcomer = add_user(world, "newcomer")
    await credentials.issue_token(world.ctx, desk, newcomer.user_id, {})
    assert principal(world, "newcomer").actions == frozenset()


async def test_nobody_borrows_the_sight_of_anothers_workspaces(world: World) -> None:
    """A peer's token would show the workspaces that are the peer's alone: only for whoever sees all of them anyway."""
    lead = Role("lead", "", (Action.USER_UPDATE, *BUILT_IN[DEVELOPER]))
    with world.ctx.units(PLATFORM) as uow:
        uow.principals.save_role(lead, ALICE.project_id)
        uow.commit()
    who, peer = add_user(world, "lead", "lead"), add_user(world, "peer", DEVELOPER)
    for issue in (credentials.issue_key, credentials.issue_token):
        with pytest.raises(ActionDenied, match=Action.WORKSPACE_SEE_ALL.value):
            await issue(world.ctx, who, peer.user_id, {})


async def test_every_refusal_is_ours(world: World) -> None:
    """Whatever stands in an id, the answer is one of the domain's errors."""
    for text in ("", "\x00", "\ud800", "x" * 10_000):
        for call in calls(world, ALICE, text, text):
            with pytest.raises(TrainwrightError):
                await call()
