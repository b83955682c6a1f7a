"""Workspaces: groups inside a project with members of their own."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trainwright.domain.access import Action, allowed_by
from trainwright.domain.errors import (
    ActionDenied,
    InvalidParam,
    RoleNotFound,
    TooManyWorkspaces,
    UserNotFound,
    WorkspaceFixed,
)
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal, User
from trainwright.ports.uow import UnitOfWork
from trainwright.ports.workspaces import (
    DEFAULT_WORKSPACE,
    DEFAULT_WORKSPACE_NAME,
    Member,
    Workspace,
    WorkspaceQuery,
)
from trainwright.services.context import Services
from trainwright.services.reading import role_patterns, scope_of
from trainwright.wire.parsing import parse
from trainwright.wire.workspaces import (
    ActionsQuery,
    Cause,
    GrantItem,
    GrantRequest,
    UserName,
    UsersResponse,
    Verdict,
    VerdictsResponse,
    WorkspaceChanged,
    WorkspaceItem,
    WorkspaceRequest,
    WorkspaceResponse,
    WorkspacesResponse,
    WorkspaceUpdate,
)

INTERNAL = "INTERNAL"
PUBLIC = "PUBLIC"
SORTS = ("name", "update_time", "status")
WORKSPACES_MAX = 1000  # of a project, besides the default one
_USERS_SHOWN = 1000
_DEFAULT_ENTERPRISE_PROJECT = "0"
_RESERVED = Text("the name is reserved", "该名称为系统保留")
_NEEDS_INTERNAL = Text("it needs auth_type INTERNAL", "仅在 auth_type 为 INTERNAL 时可用")
_NOBODY = Text("user_id or user_name is required", "user_id 与 user_name 必填其一")
_TWICE = Text("the user is named twice", "同一用户重复出现")


async def create(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> WorkspaceResponse:
    """A new workspace of the caller's.

    Raises:
        InvalidParam: something in the request does not fit.
        UserNotFound, RoleNotFound: a grant names one that the project does not have.
        DuplicateWorkspaceName: the project has one of that name, seen by the caller or not.
        TooManyWorkspaces: the project has as many as it may.
    """
    request = parse(WorkspaceRequest, raw)
    _check_name(request.name)
    return await ctx.blocking(_create, ctx, who, request)


async def list_all(ctx: Services, who: Principal, query: WorkspaceQuery) -> WorkspacesResponse:
    """One page of those the caller sees, the default one among them."""
    return await ctx.blocking(_list, ctx, who, query)


async def show(ctx: Services, who: Principal, workspace_id: str) -> WorkspaceResponse:
    """One workspace. Raises `WorkspaceNotFound`, also where the caller does not see it."""
    return await ctx.blocking(_show, ctx, who, workspace_id)


async def change(
    ctx: Services, who: Principal, workspace_id: str, raw: Mapping[str, Any]
) -> WorkspaceChanged:
    """Change what is given.

    Raises:
        WorkspaceNotFound: the caller does not see it.
        WorkspaceFixed: it is the default one.
        ActionDenied: the caller sees it, but is not its owner and may not rule over those of others.
        InvalidParam, UserNotFound, RoleNotFound, DuplicateWorkspaceName: as for a new one.
    """
    update = parse(WorkspaceUpdate, raw)
    if update.name is not None:
        _check_name(update.name)
    return await ctx.blocking(_change, ctx, who, workspace_id, update)


async def delete(ctx: Services, who: Principal, workspace_id: str) -> WorkspaceChanged:
    """Remove an empty workspace.

    Raises:
        WorkspaceNotFound, WorkspaceFixed, ActionDenied: as for a change.
        WorkspaceNotEmpty: a job, algorithm, experiment, dataset or pool lies in it.
    """
    return await ctx.blocking(_delete, ctx, who, workspace_id)


async def judge(ctx: Services, who: Principal, workspace_id: str, raw: Mapping[str, Any]) -> VerdictsResponse:
    """Which actions the caller may do in the workspace. Raises `WorkspaceNotFound`, `InvalidParam`."""
    asked = parse(ActionsQuery, raw)
    return await ctx.blocking(_judge, ctx, who, workspace_id, asked)


async def list_users(ctx: Services, who: Principal) -> UsersResponse:
    """The users of the project that grants can name."""
    return await ctx.blocking(_list_users, ctx, who)


def check_rules(who: Principal, workspace: Workspace) -> None:
    """The caller may change or delete the workspace they see.

    Raises:
        WorkspaceFixed: nobody may.
        ActionDenied: its owner may, and whoever sees all.
    """
    if workspace.id == DEFAULT_WORKSPACE:
        raise WorkspaceFixed
    if workspace.owner_id != who.user_id and not who.may(Action.WORKSPACE_SEE_ALL):
        raise ActionDenied(action=(who.action or Action.WORKSPACE_UPDATE).value)


def _check_name(name: str) -> None:
    if name == DEFAULT_WORKSPACE_NAME:
        raise InvalidParam(field="name", detail=_RESERVED)


def _create(ctx: Services, who: Principal, request: WorkspaceRequest) -> WorkspaceResponse:
    auth_type = request.auth_type or PUBLIC
    now_ms = ctx.clock.now_ms()
    with ctx.units(scope_of(who)) as uow:
        uow.principals.hold_project(who.project_id)  # others may create, too
        if uow.workspaces.count() >= WORKSPACES_MAX:
            raise TooManyWorkspaces(limit=WORKSPACES_MAX)
        workspace = Workspace(
            id=uuid.uuid4().hex,
            project_id=who.project_id,
            name=request.name,
            description=request.description or "",
            owner_id=who.user_id,
            owner_name=who.user_name,
            auth_type=auth_type,
            enterprise_project_id=request.enterprise_project_id or _DEFAULT_ENTERPRISE_PROJECT,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            members=_members(uow, who, auth_type, request.grants or ()),
        )
        uow.workspaces.add(workspace)
        uow.commit()
    return _response(workspace)


def _list(ctx: Services, who: Principal, query: WorkspaceQuery) -> WorkspacesResponse:
    with ctx.units(scope_of(who), write=False) as uow:
        total, page = uow.workspaces.search(query)
    return WorkspacesResponse(
        total_count=total,
        count=len(page),
        workspaces=[WorkspaceItem(**_shown(workspace)) for workspace in page],
    )


def _show(ctx: Services, who: Principal, workspace_id: str) -> WorkspaceResponse:
    with ctx.units(scope_of(who), write=False) as uow:
        return _response(uow.workspaces.get(workspace_id))


def _change(ctx: Services, who: Principal, workspace_id: str, update: WorkspaceUpdate) -> WorkspaceChanged:
    with ctx.units(scope_of(who)) as uow:
        workspace = uow.workspaces.take(workspace_id)
        check_rules(who, workspace)
        auth_type = update.auth_type or workspace.auth_type
        if update.grants is not None:
            members = _members(uow, who, auth_type, update.grants)
        else:
            members = workspace.members if auth_type == INTERNAL else ()
        changed = replace(
            workspace,
            name=workspace.name if update.name is None else update.name,
            description=workspace.description if update.description is None else update.description,
            auth_type=auth_type,
            updated_at_ms=ctx.clock.now_ms(),
            members=members,
        )
        uow.workspaces.save(changed)
        uow.commit()
    return WorkspaceChanged(workspace_id=workspace_id)


def _delete(ctx: Services, who: Principal, workspace_id: str) -> WorkspaceChanged:
    with ctx.units(scope_of(who)) as uow:
        check_rules(who, uow.workspaces.take(workspace_id))
        uow.workspaces.delete(workspace_id)
        uow.commit()
    return WorkspaceChanged(workspace_id=workspace_id)


def _members(
    uow: UnitOfWork, who: Principal, auth_type: str, grants: Sequence[GrantRequest]
) -> tuple[Member, ...]:
    if grants and auth_type != INTERNAL:
        raise InvalidParam(field="grants", detail=_NEEDS_INTERNAL)
    members: dict[str, Member] = {}
    for index, grant in enumerate(grants):
        member = _member(uow, who, grant, f"grants[{index}]")
        if member.user_id in members:
            raise InvalidParam(field=f"grants[{index}]", detail=_TWICE)
        members[member.user_id] = member
    return tuple(members.values())


def _member(uow: UnitOfWork, who: Principal, grant: GrantRequest, field: str) -> Member:
    if not (grant.user_id or grant.user_name):
        raise InvalidParam(field=field, detail=_NOBODY)
    if grant.role and not role_patterns(uow, grant.role):
        raise RoleNotFound(name=grant.role)
    user = _user(uow, who, grant)
    return Member(user.id, user.name, grant.user_type or "IAM", grant.role or "")


def _user(uow: UnitOfWork, who: Principal, grant: GrantRequest) -> User:
    if grant.user_id:
        return uow.principals.get_user(grant.user_id)
    name = grant.user_name or ""
    found = uow.principals.find_user(uow.principals.get_project(who.project_id).name, name)
    if found is None:
        raise UserNotFound(user=name)
    return found


def _judge(ctx: Services, who: Principal, workspace_id: str, asked: ActionsQuery) -> VerdictsResponse:
    # Not as one who reads the workspace: whoever may only change things there is told so.
    with ctx.units(replace(scope_of(who), action=None), write=False) as uow:
        uow.workspaces.get(workspace_id)
        role = "" if who.may(Action.WORKSPACE_SEE_ALL) else uow.workspaces.role_in(workspace_id)
        in_workspace = allowed_by(role_patterns(uow, role)) if role else frozenset(Action)
    verdicts = []
    for query in asked.requests:
        action = _ACTIONS.get(query.action)
        causes = []
        if action is None or not who.may(action):
            causes.append(Cause(policy_name="roles"))
        elif action not in in_workspace:
            causes.append(Cause(policy_name=role))
        verdicts.append(
            Verdict(
                action=query.action,
                action_id=query.action_id,
                resource=query.resource,
                verdict="deny" if causes else "allow",
                cause=causes,
            )
        )
    return VerdictsResponse(results=verdicts)


def _list_users(ctx: Services, who: Principal) -> UsersResponse:
    with ctx.units(scope_of(who), write=False) as uow:
        _, users = uow.principals.list_users(limit=_USERS_SHOWN)
    return UsersResponse(
        users=[UserName(userName=user.name, userId=user.id) for user in users if user.enabled]
    )


def _response(workspace: Workspace) -> WorkspaceResponse:
    grants = [
        GrantItem(
            user_id=member.user_id,
            user_name=member.user_name,
            user_type=member.user_type,
            role=member.role,
        )
        for member in workspace.members
    ]
    return WorkspaceResponse(**_shown(workspace), grants=grants)


def _shown(workspace: Workspace) -> dict[str, Any]:
    enterprise = workspace.enterprise_project_id
    return {
        "id": workspace.id,
        "name": workspace.name,
        "description": workspace.description,
        "owner": workspace.owner_name,
        "auth_type": workspace.auth_type,
        "enterprise_project_id": enterprise,
        "enterprise_project_name": "default" if enterprise == _DEFAULT_ENTERPRISE_PROJECT else enterprise,
        "create_time": workspace.created_at_ms,
        "update_time": workspace.updated_at_ms,
    }


_ACTIONS = {action.value: action for action in Action}
