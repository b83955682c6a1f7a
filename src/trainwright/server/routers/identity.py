"""Users, roles and projects (ours), and the log-in of the contract (§1.3: /v3/auth/tokens, /v3/projects)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, answer_null, takes
from trainwright.server.audit_watch import note_sign_in
from trainwright.server.dependencies import ServicesDep, needs, needs_anywhere, without_nul
from trainwright.services import identity, login
from trainwright.wire.identity import (
    IamDomainList,
    IamProjectList,
    LogIn,
    LogInAnswer,
    NewProject,
    PasswordChange,
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

router = APIRouter(tags=["identity"])

SUBJECT_TOKEN = "X-Subject-Token"

MayCreateUser = Annotated[Principal, needs(Action.USER_CREATE)]
MayGetUser = Annotated[Principal, needs(Action.USER_GET)]
MayUpdateUser = Annotated[Principal, needs(Action.USER_UPDATE)]
MayDeleteUser = Annotated[Principal, needs(Action.USER_DELETE)]
MayGetRole = Annotated[Principal, needs(Action.ROLE_GET)]
MayUpdateRole = Annotated[Principal, needs(Action.ROLE_UPDATE)]
MayUpdateOwn = Annotated[Principal, needs(Action.CREDENTIAL_UPDATE)]
MayCreateProject = Annotated[Principal, needs_anywhere(Action.PROJECT_CREATE)]
MayListProjects = Annotated[Principal, needs_anywhere(Action.PROJECT_LIST)]

Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to skip.")]
Limit = Annotated[int, Query(ge=1, le=100, description="How many to answer with.")]
UserId = Annotated[
    str, Path(alias="user_id", max_length=128, description="Id of a user."), AfterValidator(without_nul)
]
RoleName = Annotated[
    str, Path(alias="role", max_length=128, description="Name of a role."), AfterValidator(without_nul)
]


@router.post(
    "/v1/{project_id}/users",
    operation_id="users_create",
    status_code=201,
    response_model=UserItem,
    openapi_extra=takes(UserRequest),
)
async def create_user(who: MayCreateUser, ctx: ServicesDep, body: JsonBody) -> Response:
    """Make a user. Nobody can give a role that allows more than they may do themselves."""
    return answer_model(await identity.create_user(ctx, who, body), 201)


@router.get("/v1/{project_id}/users", operation_id="users_list", response_model=UserList)
async def list_users(who: MayGetUser, ctx: ServicesDep, offset: Offset = 0, limit: Limit = 100) -> Response:
    """One page of the users, by name."""
    return answer_model(await identity.list_users(ctx, who, offset=offset, limit=limit))


@router.get("/v1/{project_id}/users/{user_id}", operation_id="users_show", response_model=UserItem)
async def show_user(user_id: UserId, who: MayGetUser, ctx: ServicesDep) -> Response:
    """One user."""
    return answer_model(await identity.show_user(ctx, who, user_id))


@router.put(
    "/v1/{project_id}/users/{user_id}",
    operation_id="users_change",
    response_model=UserItem,
    openapi_extra=takes(UserChange),
)
async def change_user(user_id: UserId, who: MayUpdateUser, ctx: ServicesDep, body: JsonBody) -> Response:
    """Change name, roles, password, or whether the user may call at all. It counts at once."""
    return answer_model(await identity.change_user(ctx, who, user_id, body))


@router.delete("/v1/{project_id}/users/{user_id}", operation_id="users_delete", status_code=204)
async def delete_user(user_id: UserId, who: MayDeleteUser, ctx: ServicesDep) -> Response:
    """Delete a user with their tokens and access keys. Their jobs stay."""
    await identity.delete_user(ctx, who, user_id)
    return Response(status_code=204)


@router.put("/v1/{project_id}/password", operation_id="password_change", openapi_extra=takes(PasswordChange))
async def change_password(who: MayUpdateOwn, ctx: ServicesDep, body: JsonBody) -> Response:
    """Change one's own password; ends all log-ins made with the old one."""
    await identity.change_password(ctx, who, body)
    return answer_null()


@router.get("/v1/{project_id}/roles", operation_id="roles_list", response_model=RoleList)
async def list_roles(who: MayGetRole, ctx: ServicesDep) -> Response:
    """The built-in roles, then those of the project, each with every action it allows."""
    return answer_model(await identity.list_roles(ctx, who))


@router.put(
    "/v1/{project_id}/roles/{role}",
    operation_id="roles_save",
    response_model=RoleItem,
    openapi_extra=takes(RoleRequest),
)
async def save_role(name: RoleName, who: MayUpdateRole, ctx: ServicesDep, body: JsonBody) -> Response:
    """Make or replace a role of the project."""
    return answer_model(await identity.save_role(ctx, who, name, body))


@router.delete("/v1/{project_id}/roles/{role}", operation_id="roles_delete", status_code=204)
async def delete_role(name: RoleName, who: MayUpdateRole, ctx: ServicesDep) -> Response:
    """Delete a role that no user and no member of a workspace has."""
    await identity.delete_role(ctx, who, name)
    return Response(status_code=204)


@router.post(
    "/v1/projects",
    operation_id="projects_create",
    status_code=201,
    response_model=NewProject,
    openapi_extra=takes(ProjectRequest),
)
async def create_project(who: MayCreateProject, ctx: ServicesDep, body: JsonBody) -> Response:
    """Make a project with its first administrator, whose first token is shown once. For the server's admin."""
    return answer_model(await identity.create_project(ctx, body), 201)


@router.get("/v1/projects", operation_id="projects_list", response_model=ProjectList)
async def list_projects(
    who: MayListProjects, ctx: ServicesDep, offset: Offset = 0, limit: Limit = 100
) -> Response:
    """One page of the projects, by name: all for the server's admin, their own for everyone else."""
    return answer_model(await identity.list_projects(ctx, who, offset=offset, limit=limit))


@router.post(
    "/v3/auth/tokens",
    operation_id="create_token",
    status_code=201,
    response_model=LogInAnswer,
    openapi_extra=takes(LogIn),
)
async def create_token(request: Request, ctx: ServicesDep, body: JsonBody) -> Response:
    """Log in with account, user and password. The token, good for a day, is in the header X-Subject-Token."""
    note_sign_in(request, body, ("auth", "identity", "password", "user"))
    answer, token = await login.log_in(ctx, body)
    response = answer_model(answer, 201)
    response.headers[SUBJECT_TOKEN] = token
    return response


@router.get("/v3/projects", operation_id="list_iam_projects", response_model=IamProjectList)
async def list_iam_projects(
    who: MayListProjects,
    ctx: ServicesDep,
    name: Annotated[str, Query(max_length=128, description="Under which name to answer.")] = "",
    domain_id: Annotated[str, Query(max_length=128, description="Not looked at: there is one.")] = "",
) -> Response:
    """Exactly the caller's own project: what the official client asks for when it knows only a region."""
    return answer_model(await login.own_project(ctx, who, name))


@router.get("/v3/auth/domains", operation_id="list_iam_domains", response_model=IamDomainList)
async def list_iam_domains(who: MayListProjects, ctx: ServicesDep) -> Response:
    """Exactly the caller's own account."""
    return answer_model(await login.own_domain(ctx, who))
