"""Users, roles and projects. Nobody gives what they do not have, and no project is left without an administrator."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trainwright.domain.access import ADMINISTRATOR, BUILT_IN, allowed_by
from trainwright.domain.errors import BadPassword, InvalidParam, LastAdministrator, RoleInUse, TooManyRoles
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal, Project, Role, Token, User
from trainwright.ports.uow import PLATFORM, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.login import check_password, hashed
from trainwright.services.principals import FIRST, hash_token, new_token
from trainwright.services.reading import scope_of
from trainwright.services.rights import check_covers, check_may_give, check_may_rule
from trainwright.wire.identity import (
    NewProject,
    PasswordChange,
    ProjectItem,
    ProjectList,
    ProjectRequest,
    RoleItem,
    RoleList,
    RoleRequest,
    UserChange,
    UserItem,
    UserList,
    UserRequest,
)
from trainwright.wire.model import RequestModel, ResourceName
from trainwright.wire.parsing import parse

ROLES_MAX = 100
PASSWORD_MIN = 8
_NO_ACTION = Text("{pattern} matches no action", "{pattern} 不匹配任何操作")
_TOO_SHORT = Text("it must not be shorter than 8", "长度不能小于 8")


class _RoleName(RequestModel):
    name: ResourceName


async def create_user(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> UserItem:
    """A new user of the caller's project.

    Raises:
        InvalidParam, DuplicateUserName, RoleNotFound: it cannot be.
        ActionDenied: a role allows what the caller may not do.
    """
    request = parse(UserRequest, raw)
    password_hash = await hashed(ctx, request.password or "")
    user = User(
        id=secrets.token_hex(16),
        name=request.name,
        project_id=who.project_id,
        is_admin=False,
        roles=_unique(request.roles),
        password_hash=password_hash,
        created_at_ms=ctx.clock.now_ms(),
    )
    await ctx.blocking(_create_user, ctx, who, user)
    return _user_item(user)


async def list_users(ctx: Services, who: Principal, *, offset: int, limit: int) -> UserList:
    """One page of the project's users, by name."""
    total, users = await ctx.blocking(_list_users, ctx, who, offset, limit)
    return UserList(total=total, users=[_user_item(user) for user in users])


async def show_user(ctx: Services, who: Principal, user_id: str) -> UserItem:
    """One user. Raises `UserNotFound`."""
    return _user_item(await ctx.blocking(_show_user, ctx, who, user_id))


async def change_user(ctx: Services, who: Principal, user_id: str, raw: Mapping[str, Any]) -> UserItem:
    """Change name, roles, password, or whether they may call at all; it counts at once.

    A new password ends their log-ins; tokens and access keys that were issued stay.

    Raises:
        UserNotFound, InvalidParam, DuplicateUserName, RoleNotFound: it cannot be.
        ActionDenied: the user may do, or a role allows, what the caller may not.
        LastAdministrator: nobody would be left to rule the project.
    """
    wanted = parse(UserChange, raw)
    if wanted.password and len(wanted.password) < PASSWORD_MIN:
        raise InvalidParam(field="password", detail=_TOO_SHORT)
    password_hash = None if wanted.password is None else await hashed(ctx, wanted.password)
    user = await ctx.blocking(_change_user, ctx, who, user_id, wanted, password_hash)
    ctx.credentials_changed()
    return _user_item(user)


async def delete_user(ctx: Services, who: Principal, user_id: str) -> None:
    """Delete a user with all their credentials. Raises `UserNotFound`, `ActionDenied`, `LastAdministrator`."""
    await ctx.blocking(_delete_user, ctx, who, user_id)
    ctx.credentials_changed()


async def change_password(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> None:
    """Set one's own password; ends all log-ins.

    Raises:
        InvalidParam: it cannot be.
        BadPassword, TooManyTries: the old one is wrong, or was wrong too often.
    """
    wanted = parse(PasswordChange, raw)
    user = await ctx.blocking(_show_user, ctx, who, who.user_id)
    if not await check_password(ctx, (who.project_id, user.id), user.password_hash, wanted.old_password):
        raise BadPassword
    password_hash = await hashed(ctx, wanted.new_password)
    await ctx.blocking(_save_password, ctx, who, password_hash)
    ctx.credentials_changed()


async def list_roles(ctx: Services, who: Principal) -> RoleList:
    """The built-in roles, then those of the project."""
    items = [_built_in(name, patterns) for name, patterns in BUILT_IN.items()]
    items += [_role_item(role) for role in await ctx.blocking(_list_roles, ctx, who)]
    return RoleList(total=len(items), roles=items)


async def save_role(ctx: Services, who: Principal, name: str, raw: Mapping[str, Any]) -> RoleItem:
    """Make or replace a role; it counts for its users at once.

    Raises:
        InvalidParam: a pattern matches no action.
        RoleInUse: it is built in.
        ActionDenied: it allows, or allowed, what the caller may not do.
        TooManyRoles: it would be one too many.
    """
    parse(_RoleName, {"name": name})
    request = parse(RoleRequest, raw)
    for number, pattern in enumerate(request.actions):
        if not allowed_by([pattern]):
            raise InvalidParam(field=f"actions[{number}]", detail=_NO_ACTION, pattern=pattern)
    role = await ctx.blocking(_save_role, ctx, who, name, request)
    ctx.credentials_changed()
    return _role_item(role)


async def delete_role(ctx: Services, who: Principal, name: str) -> None:
    """Delete a role that nobody has. Raises `RoleNotFound`, `RoleInUse`."""
    await ctx.blocking(_delete_role, ctx, who, name)
    ctx.credentials_changed()


async def create_project(ctx: Services, raw: Mapping[str, Any]) -> NewProject:
    """A new project with its first administrator, and that one's first token.

    Raises:
        InvalidParam, DuplicateProjectName: it cannot be.
    """
    request = parse(ProjectRequest, raw)
    now_ms = ctx.clock.now_ms()
    project = Project(secrets.token_hex(16), request.name, now_ms)
    user = User(
        id=secrets.token_hex(16),
        name=request.administrator,
        project_id=project.id,
        is_admin=False,
        roles=(ADMINISTRATOR,),
        password_hash=await hashed(ctx, request.password or ""),
        created_at_ms=now_ms,
    )
    token = new_token()
    await ctx.blocking(_create_project, ctx, project, user, token)
    return NewProject(project=_project_item(project), user=_user_item(user), token=token)


async def list_projects(ctx: Services, who: Principal, *, offset: int, limit: int) -> ProjectList:
    """One page by name: every project for an admin of the server, their own for everyone else."""
    total, projects = await ctx.blocking(_list_projects, ctx, who, offset, limit)
    return ProjectList(total=total, projects=[_project_item(project) for project in projects])


def _create_user(ctx: Services, who: Principal, user: User) -> None:
    with ctx.units(scope_of(who)) as uow:
        uow.principals.hold_project(who.project_id)
        check_may_give(uow, who, user.roles)
        uow.principals.add_user(user, user.created_at_ms)
        uow.commit()


def _list_users(ctx: Services, who: Principal, offset: int, limit: int) -> tuple[int, tuple[User, ...]]:
    with ctx.units(scope_of(who), write=False) as uow:
        return uow.principals.list_users(offset=offset, limit=limit)


def _show_user(ctx: Services, who: Principal, user_id: str) -> User:
    with ctx.units(scope_of(who), write=False) as uow:
        return uow.principals.get_user(user_id)


def _change_user(
    ctx: Services, who: Principal, user_id: str, wanted: UserChange, password_hash: str | None
) -> User:
    with ctx.units(scope_of(who)) as uow:
        uow.principals.hold_project(who.project_id)
        old = uow.principals.get_user(user_id)
        check_may_rule(uow, who, old)
        user = replace(
            old,
            name=old.name if wanted.name is None else wanted.name,
            enabled=old.enabled if wanted.enabled is None else wanted.enabled,
            roles=old.roles if wanted.roles is None else _unique(wanted.roles),
            password_hash=old.password_hash if password_hash is None else password_hash,
        )
        check_may_give(uow, who, set(user.roles) - set(old.roles))
        _check_administrator(uow, old, user)
        uow.principals.save_user(user)
        if password_hash is not None:
            uow.principals.drop_log_ins(user.id, keep=0)
        uow.commit()
    return user


def _delete_user(ctx: Services, who: Principal, user_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        uow.principals.hold_project(who.project_id)
        user = uow.principals.get_user(user_id)
        check_may_rule(uow, who, user)
        _check_administrator(uow, user, None)
        uow.principals.delete_user(user_id)
        uow.commit()


def _check_administrator(uow: UnitOfWork, old: User, new: User | None) -> None:
    rules = new is not None and new.enabled and (ADMINISTRATOR in new.roles or new.is_admin)
    if rules or not old.enabled:
        return
    # Of the server there is one admin: without them nobody makes projects.
    if old.is_admin or (ADMINISTRATOR in old.roles and not uow.principals.other_administrators(old.id)):
        raise LastAdministrator(user=old.name)


def _save_password(ctx: Services, who: Principal, password_hash: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        uow.principals.hold_project(who.project_id)
        user = uow.principals.get_user(who.user_id)
        uow.principals.save_user(replace(user, password_hash=password_hash))
        uow.principals.drop_log_ins(user.id, keep=0)
        uow.commit()


def _list_roles(ctx: Services, who: Principal) -> tuple[Role, ...]:
    with ctx.units(scope_of(who), write=False) as uow:
        return uow.principals.list_roles()


def _save_role(ctx: Services, who: Principal, name: str, request: RoleRequest) -> Role:
    now_ms = ctx.clock.now_ms()
    role = Role(name, request.description, _unique(request.actions), now_ms, now_ms)
    if name in BUILT_IN:
        raise RoleInUse(name=name)
    check_covers(who, allowed_by(role.actions))
    with ctx.units(scope_of(who)) as uow:
        uow.principals.hold_project(who.project_id)
        known = uow.principals.list_roles()
        old = next((each for each in known if each.name == name), None)
        if old is not None:
            check_covers(who, allowed_by(old.actions))
            role = replace(role, created_at_ms=old.created_at_ms)
        elif len(known) >= ROLES_MAX:
            raise TooManyRoles(limit=ROLES_MAX)
        uow.principals.save_role(role, who.project_id)
        uow.commit()
    return role


def _delete_role(ctx: Services, who: Principal, name: str) -> None:
    if name in BUILT_IN:
        raise RoleInUse(name=name)
    with ctx.units(scope_of(who)) as uow:
        uow.principals.hold_project(who.project_id)
        uow.principals.delete_role(name)
        uow.commit()


def _create_project(ctx: Services, project: Project, user: User, token: str) -> None:
    first = Token(
        id=secrets.token_hex(16), user_id=user.id, description=FIRST, created_at_ms=project.created_at_ms
    )
    with ctx.units(PLATFORM) as uow:
        uow.principals.add_project(project)
        uow.principals.add_user(user, project.created_at_ms)
        uow.principals.add_token(first, hash_token(token))
        uow.commit()


def _list_projects(ctx: Services, who: Principal, offset: int, limit: int) -> tuple[int, tuple[Project, ...]]:
    with ctx.units(PLATFORM if who.is_admin else scope_of(who), write=False) as uow:
        return uow.principals.list_projects(offset=offset, limit=limit)


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _user_item(user: User) -> UserItem:
    return UserItem(
        id=user.id,
        name=user.name,
        project_id=user.project_id,
        is_admin=user.is_admin,
        enabled=user.enabled,
        roles=list(user.roles),
        has_password=bool(user.password_hash),
        created_at_ms=user.created_at_ms,
    )


def _built_in(name: str, patterns: tuple[str, ...]) -> RoleItem:
    return RoleItem(
        name=name,
        description="",
        built_in=True,
        patterns=[str(pattern) for pattern in patterns],
        actions=sorted(allowed_by(patterns)),
    )


def _role_item(role: Role) -> RoleItem:
    return RoleItem(
        name=role.name,
        description=role.description,
        built_in=False,
        patterns=list(role.actions),
        actions=sorted(allowed_by(role.actions)),
        created_at_ms=role.created_at_ms,
        updated_at_ms=role.updated_at_ms,
    )


def _project_item(project: Project) -> ProjectItem:
    return ProjectItem(id=project.id, name=project.name, created_at_ms=project.created_at_ms)
