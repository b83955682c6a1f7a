"""The log-in with account, user and password, and what the official client's core asks of IAM (contract §1.3)."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trainwright.domain.errors import BadPassword, InvalidParam, ProjectNotFound, TooManyTries
from trainwright.domain.texts import Text
from trainwright.ports.identity import LOG_IN, Principal, Project, Token, User
from trainwright.ports.uow import PLATFORM, Scope, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.passwords import WAITING_MAX, hash_password, is_password
from trainwright.services.principals import hash_token, new_token
from trainwright.services.reading import scope_of
from trainwright.wire.identity import (
    IamDomain,
    IamDomainList,
    IamProject,
    IamProjectList,
    IssuedToken,
    LogIn,
    LogInAnswer,
    LogInUser,
    Named,
    TokenProject,
    TokenUser,
)
from trainwright.wire.parsing import parse

LIFETIME_MS = 24 * 3_600_000
LOG_INS_KEPT = 500
_PASSWORD_ONLY = Text("only the method password is offered", "仅支持 password 方式")
_REQUIRED = Text("it is required", "缺少该字段")
_NO_ACCOUNT = Text("name or id is required", "缺少 name 或 id")


async def log_in(ctx: Services, raw: Mapping[str, Any]) -> tuple[LogInAnswer, str]:
    """What a new token says, and the token. It works for a day.

    Raises:
        InvalidParam: not a log-in with a password.
        BadPassword: account, user, password or project are wrong, or the user is disabled; which is not told.
        TooManyTries: they were wrong too often just now.
    """
    auth = parse(LogIn, raw).auth
    if auth.identity.methods != ["password"]:
        raise InvalidParam(field="auth.identity.methods", detail=_PASSWORD_ONLY)
    if auth.identity.password is None:
        raise InvalidParam(field="auth.identity.password", detail=_REQUIRED)
    asked = auth.identity.password.user
    if not (asked.domain.name or asked.domain.id):
        raise InvalidParam(field="auth.identity.password.user.domain", detail=_NO_ACCOUNT)
    user, project = await find_by_password(ctx, asked)
    scope = auth.scope
    if scope is not None and scope.project is not None and scope.project.id not in ("", project.id):
        raise BadPassword
    token = new_token()
    now_ms = ctx.clock.now_ms()
    await ctx.blocking(_keep, ctx, user, token, now_ms)
    return LogInAnswer(token=_issued(user, project, now_ms)), token


async def find_by_password(ctx: Services, asked: LogInUser) -> tuple[User, Project]:
    """Who that is, and their project.

    Raises:
        BadPassword: account, user or password are wrong, or the user is disabled; which is not told.
        TooManyTries: they were wrong too often just now.
    """
    found = await ctx.blocking(_find, ctx, asked)
    account = asked.domain.name or asked.domain.id
    stored = found[0].password_hash if found else ""
    is_right = await check_password(ctx, (account, asked.name), stored, asked.password)
    if found is None or not is_right or not found[0].enabled:
        raise BadPassword
    return found


async def check_password(ctx: Services, who: tuple[str, str], stored: str, password: str) -> bool:
    """Whether `password` is the one `stored` was made of; few are looked at a time, and fewer for those who guess.

    Raises:
        TooManyTries: wrong too often just now for `who`, or too many people wait.
    """
    passwords = ctx.passwords
    _check_tries(ctx, who)
    if passwords.waiting >= WAITING_MAX:
        raise TooManyTries(seconds=1)
    passwords.waiting += 1
    try:
        async with passwords.turns:
            _check_tries(ctx, who)  # others may have guessed meanwhile
            is_right = await ctx.blocking(is_password, stored, password)
            if is_right:
                passwords.tries.succeeded(who)
            else:
                passwords.tries.failed(who, ctx.clock.now_ms())
            return is_right
    finally:
        passwords.waiting -= 1


async def hashed(ctx: Services, password: str) -> str:
    """What is stored of a password; empty for an empty one."""
    if not password:
        return ""
    async with ctx.passwords.turns:
        return await ctx.blocking(hash_password, password)


async def own_project(ctx: Services, who: Principal, name: str) -> IamProjectList:
    """Exactly the caller's own project, under the asked name when there is one: to clients that is the region's."""
    project = await ctx.blocking(_project, ctx, who)
    item = IamProject(id=project.id, name=name or project.name, domain_id=project.id, parent_id=project.id)
    return IamProjectList(projects=[item])


async def own_domain(ctx: Services, who: Principal) -> IamDomainList:
    """Exactly the caller's own account."""
    project = await ctx.blocking(_project, ctx, who)
    return IamDomainList(domains=[IamDomain(id=project.id, name=project.name)])


def _check_tries(ctx: Services, who: tuple[str, str]) -> None:
    wait_s = ctx.passwords.tries.wait_s(who, ctx.clock.now_ms())
    if wait_s:
        raise TooManyTries(seconds=wait_s)


def _find(ctx: Services, asked: LogInUser) -> tuple[User, Project] | None:
    with ctx.units(PLATFORM, write=False) as uow:
        account = asked.domain.name
        if not account:
            try:
                account = uow.principals.get_project(asked.domain.id).name
            except ProjectNotFound:
                return None
        user = uow.principals.find_user(account, asked.name)
        return None if user is None else (user, uow.principals.get_project(user.project_id))


def keep_log_in(uow: UnitOfWork, log_in: Token, text: str) -> None:
    """Store the token `text` of a log-in; what has expired of the user goes, and the oldest log-in of too many."""
    uow.principals.drop_expired(log_in.user_id, log_in.created_at_ms)
    uow.principals.drop_log_ins(log_in.user_id, keep=LOG_INS_KEPT - 1)
    uow.principals.add_token(log_in, hash_token(text))


def _keep(ctx: Services, user: User, token: str, now_ms: int) -> None:
    stored = Token(
        id=LOG_IN + secrets.token_hex(16),
        user_id=user.id,
        created_at_ms=now_ms,
        expires_at_ms=now_ms + LIFETIME_MS,
    )
    with ctx.units(Scope(project_id=user.project_id, user_name=user.name, user_id=user.id)) as uow:
        keep_log_in(uow, stored, token)
        uow.commit()


def _project(ctx: Services, who: Principal) -> Project:
    with ctx.units(scope_of(who), write=False) as uow:
        return uow.principals.get_project(who.project_id)


def _issued(user: User, project: Project, now_ms: int) -> IssuedToken:
    account = Named(id=project.id, name=project.name)
    return IssuedToken(
        methods=["password"],
        issued_at=_iso(now_ms),
        expires_at=_iso(now_ms + LIFETIME_MS),
        user=TokenUser(id=user.id, name=user.name, domain=account),
        project=TokenProject(id=project.id, name=project.name, domain=account),
        roles=[Named(id=name, name=name) for name in user.roles],
        catalog=[],
    )


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
