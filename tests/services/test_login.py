"""The log-in with a password: one answer for every mistake, few guesses, and a token for a day."""

import asyncio
import re
from typing import Any

import pytest

from tests.services.people import PROJECT, add_user
from tests.services.test_identity import log_in_body
from tests.services.world import ALICE, World
from trainwright.domain.access import VIEWER
from trainwright.domain.errors import BadPassword, InvalidParam, NoCredentials, TooManyTries
from trainwright.ports.identity import User
from trainwright.ports.uow import PLATFORM
from trainwright.services import login
from trainwright.services.passwords import (
    FREE_TRIES,
    WAIT_MAX_S,
    WAITING_MAX,
    Tries,
    hash_password,
    is_password,
)
from trainwright.services.principals import authenticate

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def password_hash() -> str:
    """Made once: it takes a tenth of a second."""
    return hash_password(PASSWORD)


@pytest.fixture
def world(world: World, password_hash: str) -> World:
    """With Ann, who has a password."""
    add_user(world, "ann", VIEWER, password_hash=password_hash)
    return world


def body(user: str = "ann", password: str = PASSWORD, account: str = PROJECT, **scope: Any) -> dict[str, Any]:
    """A log-in; the account of the world's project is named like its id."""
    made = log_in_body(account, user, password)
    if scope:
        made["auth"]["scope"] = scope
    return made


async def test_log_in_gives_a_token_for_a_day(world: World) -> None:
    """Guards the shape clients of IAM read, and that the token is the user's."""
    answer, text = await login.log_in(world.ctx, body())
    token = answer.token
    assert (token.methods, token.user.name, token.user.domain.name) == (["password"], "ann", PROJECT)
    assert (token.project.id, token.catalog) == (PROJECT, [])
    assert [role.name for role in token.roles] == [VIEWER]
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    assert re.fullmatch(form, token.issued_at) and re.fullmatch(form, token.expires_at)
    assert text not in answer.model_dump_json()
    assert (await authenticate(world.ctx, text)).user_id == "ann"
    world.clock.ms += login.LIFETIME_MS - 1
    await authenticate(world.ctx, text)
    world.clock.ms += 1
    with pytest.raises(NoCredentials):
        await authenticate(world.ctx, text)


async def test_scopes_that_are_ours(world: World) -> None:
    """By project id, by any name (regions are names to clients), by account; the account also by id."""
    scopes: tuple[dict[str, Any], ...] = (
        {"project": {"id": PROJECT}},
        {"project": {"name": "cn-north-4"}},
        {"domain": {"name": PROJECT}},
        {},
    )
    for scope in scopes:
        answer, _ = await login.log_in(world.ctx, body(**scope))
        assert answer.token.project.id == PROJECT
    by_id = body()
    by_id["auth"]["identity"]["password"]["user"]["domain"] = {"id": PROJECT}
    assert (await login.log_in(world.ctx, by_id))[0].token.user.name == "ann"


async def test_every_mistake_has_the_same_answer(world: World) -> None:
    """Nobody learns which accounts and users exist, nor that the password was right after all."""
    with world.ctx.units(PLATFORM) as uow:
        ann = uow.principals.get_user("ann")
        away = User("away", "away", PROJECT, False, False, (), ann.password_hash)
        uow.principals.add_user(away, 0)
        uow.commit()
    unknown_id = body()
    unknown_id["auth"]["identity"]["password"]["user"]["domain"] = {"id": "nowhere"}
    heard = set()
    for asked in (
        body(password="wrong"),
        body(password=""),
        body("nobody"),
        body(account="nowhere"),
        body("away"),
        body(ALICE.user_name),
        body(ALICE.user_name, ""),
        body(project={"id": "project-b"}),
        unknown_id,
    ):
        with pytest.raises(BadPassword) as told:
            await login.log_in(world.ctx, asked)
        heard.add(str(told.value))
    assert len(heard) == 1
    with world.ctx.units(PLATFORM, write=False) as uow:
        assert not any(token.id.startswith("login-") for token in uow.principals.list_tokens("ann")[1])


async def test_the_same_work_for_unknown_users(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the time of the answer: a password is checked, whoever was named."""
    checked: list[str] = []

    def counted(stored: str, password: str) -> bool:
        checked.append(stored)
        return is_password(stored, password)

    monkeypatch.setattr(login, "is_password", counted)
    for asked in (body(password="wrong"), body("nobody", "wrong"), body(account="x", password="wrong")):
        with pytest.raises(BadPassword):
            await login.log_in(world.ctx, asked)
    assert len(checked) == 3
    assert not is_password("", PASSWORD) and not is_password("damaged", PASSWORD)


def change(path: str, value: Any) -> dict[str, Any]:
    """A log-in with one part changed, or, with `...`, left out."""
    made = body()
    part = made
    *parents, leaf = path.split(".")
    for name in parents:
        part = part[name]
    if value is ...:
        del part[leaf]
    else:
        part[leaf] = value
    return made


@pytest.mark.parametrize(
    "asked",
    [
        {},
        change("auth", []),
        change("auth.identity", ...),
        change("auth.identity.methods", []),
        change("auth.identity.methods", ["token"]),
        change("auth.identity.methods", ["password", "totp"]),
        change("auth.identity.password", ...),
        change("auth.identity.password.user.name", 5),
        change("auth.identity.password.user.name", "x" * 129),
        change("auth.identity.password.user.password", "x" * 129),
        change("auth.identity.password.user.domain", ...),
        change("auth.identity.password.user.domain", {}),
        change("auth.scope", "all"),
    ],
)
async def test_what_is_no_log_in_is_named(world: World, asked: dict[str, Any]) -> None:
    """A wrong form is 400 with the field, and costs no password check."""
    with pytest.raises(InvalidParam):
        await login.log_in(world.ctx, asked)


async def test_guessing_slows_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five free, then each next wait is twice as long, up to a minute, also for the right password; others log in."""
    monkeypatch.setattr(login, "is_password", lambda _stored, password: password == PASSWORD)
    waits = []
    for number in range(FREE_TRIES + 8):
        with pytest.raises(BadPassword):
            await login.log_in(world.ctx, body(password="guess"))
        if number >= FREE_TRIES - 1:
            with pytest.raises(TooManyTries) as told:
                await login.log_in(world.ctx, body())
            waits.append(int(told.value.slots["seconds"]))
            add = waits[-1] * 1000
            world.clock.ms += add - 1
            with pytest.raises(TooManyTries):
                await login.log_in(world.ctx, body())
            world.clock.ms += 1
    assert waits == [1, 2, 4, 8, 16, 32, WAIT_MAX_S, WAIT_MAX_S, WAIT_MAX_S]
    await login.log_in(world.ctx, body())
    with pytest.raises(BadPassword):
        await login.log_in(world.ctx, body(password="guess"))
    await login.log_in(world.ctx, body())


async def test_guessing_at_once_gets_no_further(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many at the same time are checked two by two, and stopped as if they came one by one."""
    at_once = [0, 0]

    def slow(_stored: str, _password: str) -> bool:
        at_once[0] += 1
        at_once[1] = max(at_once)
        at_once[0] -= 1
        return False

    monkeypatch.setattr(login, "is_password", slow)
    tried = [login.log_in(world.ctx, body(password=f"guess {number}")) for number in range(40)]
    ended = await asyncio.gather(*tried, return_exceptions=True)
    wrong = [error for error in ended if isinstance(error, BadPassword)]
    assert FREE_TRIES <= len(wrong) <= FREE_TRIES + 1
    assert all(isinstance(error, BadPassword | TooManyTries) for error in ended)
    assert at_once[1] <= 2


async def test_waiting_room_is_bounded(world: World) -> None:
    """Whoever comes when too many wait is told to come back; nothing piles up."""
    world.ctx.passwords.waiting = WAITING_MAX
    with pytest.raises(TooManyTries):
        await login.log_in(world.ctx, body())


def test_failures_are_bounded_and_forgotten() -> None:
    """Guards the server's memory against someone who invents users, and people against their mistakes of yesterday."""
    tries = Tries(size=3)
    for number in range(50):
        tries.failed(("a", str(number)), 0)
    assert len(tries._failures) == 3
    for _ in range(FREE_TRIES):
        tries.failed(("a", "ann"), 0)
    assert tries.wait_s(("a", "ann"), 0) == 1
    later = 15 * 60 * 1000 + 1
    assert tries.wait_s(("a", "ann"), later) == 0
    tries.failed(("a", "ann"), later)
    assert tries.wait_s(("a", "ann"), later) == 0


async def test_log_ins_do_not_pile_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts log in all day: the newest stay, expired ones go, and they never fill the place of issued tokens."""
    monkeypatch.setattr(login, "LOG_INS_KEPT", 3)
    monkeypatch.setattr(login, "is_password", lambda _stored, _password: True)
    texts = []
    for _ in range(5):
        world.clock.ms += 1
        texts.append((await login.log_in(world.ctx, body()))[1])
    with world.ctx.units(PLATFORM, write=False) as uow:
        assert (uow.principals.list_tokens("ann")[0], uow.principals.count_tokens("ann")) == (3, 0)
    await authenticate(world.ctx, texts[-1])
    with pytest.raises(NoCredentials):
        await authenticate(world.ctx, texts[0])


async def test_what_the_clients_core_asks_of_iam(world: World) -> None:
    """Exactly one project under the name that was asked for: the official client takes nothing else."""
    who = await authenticate(world.ctx, (await login.log_in(world.ctx, body()))[1])
    (project,) = (await login.own_project(world.ctx, who, "cn-north-4")).projects
    assert (project.id, project.name, project.domain_id) == (PROJECT, "cn-north-4", PROJECT)
    assert (await login.own_project(world.ctx, who, "")).projects[0].name == PROJECT
    (domain,) = (await login.own_domain(world.ctx, who)).domains
    assert (domain.id, domain.name) == (PROJECT, PROJECT)
