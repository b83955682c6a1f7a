"""Sessions of the console: a log-in whose token lies in a cookie, and what it may do.

A session is a token of its own, whichever way it was opened: leaving it harms no other, a new password ends it, and the
one it was opened with, when it ends, takes it along (`ports.identity.sessions_prefix`).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trainwright.domain.access import Action
from trainwright.domain.errors import BadPassword, BadToken, InvalidParam, OneProjectOnly
from trainwright.domain.texts import Text
from trainwright.ports.identity import LOG_IN, Principal, Project, Token, User, sessions_prefix
from trainwright.ports.uow import PLATFORM
from trainwright.services.context import Services
from trainwright.services.login import LIFETIME_MS, find_by_password, keep_log_in
from trainwright.services.principals import hash_token, new_token
from trainwright.services.reading import scope_of
from trainwright.services.tokens import derive_csrf
from trainwright.wire.identity import LogInDomain, LogInUser, Named
from trainwright.wire.parsing import parse
from trainwright.wire.sessions import SessionChange, SessionItem, SessionUser, SignIn

CONSOLE = "console"
"""The description of sessions where tokens are listed."""
_REQUIRED = Text("it is required", "缺少该字段")
_EITHER = Text(
    "sign in by name and password or by a token, not by both", "请使用用户名和密码或令牌登录，不能同时使用"
)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was just opened, with the only copy of its token."""

    who: Principal
    token: str = field(repr=False)
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class _Found:
    user: User
    project: Project
    expires_at_ms: int | None


async def sign_in(ctx: Services, raw: Mapping[str, Any]) -> Session:
    """A new session: for a day, or until the token expires that it is opened with.

    Guesses of passwords are slowed down as at the log-in, with which they are counted. Those of tokens are not: there
    are 2^256, and every other request may try one, too.

    Raises:
        InvalidParam: neither name and password nor a token, or both.
        BadPassword, BadToken: they are wrong, or the user is disabled; which is not told.
        TooManyTries: they were wrong too often just now.
    """
    wanted = parse(SignIn, raw)
    if wanted.token:
        if wanted.name or wanted.password:
            raise InvalidParam(field="token", detail=_EITHER)
        return await ctx.blocking(_open_by_token, ctx, wanted.token.strip())
    for name in ("name", "password"):
        if not getattr(wanted, name):
            raise InvalidParam(field=name, detail=_REQUIRED)
    account = wanted.account or await ctx.blocking(_first_account, ctx)
    asked = LogInUser(name=wanted.name, password=wanted.password, domain=LogInDomain(name=account))
    user, _ = await find_by_password(ctx, asked)
    return await ctx.blocking(_open_for, ctx, user)


async def sign_out(ctx: Services, token: str) -> None:
    """End the session of that token; nothing for one that has ended."""
    await ctx.blocking(_close, ctx, token)
    ctx.credentials_changed()


async def describe(ctx: Services, who: Principal, token: str, *, language: str, version: str) -> SessionItem:
    """Who is signed in; `token`: of the session, empty when their credentials were in a header."""
    found = await ctx.blocking(_find, ctx, who, token)
    user, project = found.user, Named(id=found.project.id, name=found.project.name)
    return SessionItem(
        signed_in=True,
        user=SessionUser(
            id=user.id,
            name=user.name,
            is_admin=user.is_admin,
            roles=list(user.roles),
            has_password=bool(user.password_hash),
        ),
        project=project,
        projects=[project],
        actions=sorted(action.value for action in Action if who.may(action)),
        csrf_token=derive_csrf(token) if token else None,
        expires_at_ms=found.expires_at_ms,
        language=language,
        version=version,
    )


async def change_project(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> None:
    """Go on in another project: there is none, as a user is of one project.

    Raises:
        OneProjectOnly: it is not the user's.
    """
    if parse(SessionChange, raw).project_id != who.project_id:
        raise OneProjectOnly(user=who.user_name, project=who.project_id)


async def waits_for_first(ctx: Services, first_token: str) -> bool:
    """Whether only the first administrator can sign in yet: nobody has a password, and that token counts."""
    return await ctx.blocking(_waits_for_first, ctx, first_token)


def _open_by_token(ctx: Services, presented: str) -> Session:
    token_hash, now_ms = hash_token(presented), ctx.clock.now_ms()
    with ctx.units(PLATFORM, write=False) as uow:
        found = uow.principals.find_token(token_hash, now_ms)
    if found is None:
        raise BadToken
    who, shown = found
    text, end_ms = new_token(), now_ms + LIFETIME_MS
    session = Token(
        id=sessions_prefix(shown.id) + secrets.token_hex(16),
        user_id=who.user_id,
        description=CONSOLE,
        created_at_ms=now_ms,
        expires_at_ms=min(end_ms, shown.expires_at_ms or end_ms),
    )
    with ctx.units(scope_of(who)) as uow:
        if uow.principals.find_by_token(token_hash, now_ms) is None:  # revoked meanwhile
            raise BadToken
        keep_log_in(uow, session, text)
        uow.commit()
    return Session(who, text, session.expires_at_ms)


def _open_for(ctx: Services, user: User) -> Session:
    text, now_ms = new_token(), ctx.clock.now_ms()
    session = Token(
        id=LOG_IN + secrets.token_hex(16),
        user_id=user.id,
        description=CONSOLE,
        created_at_ms=now_ms,
        expires_at_ms=now_ms + LIFETIME_MS,
    )
    with ctx.units(PLATFORM) as uow:
        who = uow.principals.find_owner(user.id)
        if who is None or uow.principals.get_user(user.id).password_hash != user.password_hash:
            raise BadPassword  # it was changed while the old one was being checked
        keep_log_in(uow, session, text)
        uow.commit()
    return Session(who, text, session.expires_at_ms)


def _close(ctx: Services, token: str) -> None:
    with ctx.units(PLATFORM) as uow:
        found = uow.principals.find_token(hash_token(token), ctx.clock.now_ms())
        if found is not None and found[1].id.startswith(
            LOG_IN
        ):  # whatever a cookie may hold, only log-ins end
            uow.principals.delete_token(found[1].id)
            uow.principals.drop_sessions(found[1].id)
            uow.commit()


def _find(ctx: Services, who: Principal, token: str) -> _Found:
    with ctx.units(scope_of(who), write=False) as uow:
        found = uow.principals.find_token(hash_token(token), ctx.clock.now_ms()) if token else None
        return _Found(
            uow.principals.get_user(who.user_id),
            uow.principals.get_project(who.project_id),
            found[1].expires_at_ms if found else None,
        )


def _first_account(ctx: Services) -> str:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.principals.get_project(uow.principals.first_project_id()).name


def _waits_for_first(ctx: Services, first_token: str) -> bool:
    with ctx.units(PLATFORM, write=False) as uow:
        if uow.principals.has_passwords():
            return False
        return uow.principals.find_by_token(hash_token(first_token), ctx.clock.now_ms()) is not None
