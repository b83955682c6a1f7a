"""Workspaces, their members and quotas (contract §2.8, §11.1)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.ports.workspaces import WorkspaceQuery
from trainwright.server.answers import JsonBody, answer_model, takes
from trainwright.server.dependencies import ServicesDep, needs, without_nul
from trainwright.services import quotas, workspaces
from trainwright.services.ordering import is_descending, sort_key
from trainwright.wire.workspaces import (
    ActionsQuery,
    QuotasResponse,
    QuotasUpdate,
    UsersResponse,
    VerdictsResponse,
    WorkspaceChanged,
    WorkspaceRequest,
    WorkspaceResponse,
    WorkspacesResponse,
    WorkspaceUpdate,
)

router = APIRouter(prefix="/v1/{project_id}/workspaces", tags=["workspaces"])

MayCreate = Annotated[Principal, needs(Action.WORKSPACE_CREATE)]
MayList = Annotated[Principal, needs(Action.WORKSPACE_LIST)]
MayGet = Annotated[Principal, needs(Action.WORKSPACE_GET)]
MayUpdate = Annotated[Principal, needs(Action.WORKSPACE_UPDATE)]
MayDelete = Annotated[Principal, needs(Action.WORKSPACE_DELETE)]

WorkspaceId = Annotated[
    str,
    Path(alias="workspace_id", max_length=128, description="Id of a workspace; 0 is the default one."),
    AfterValidator(without_nul),
]
SortBy = Annotated[str, Query(max_length=32, json_schema_extra={"enum": list(workspaces.SORTS)})]
Order = Annotated[str, Query(max_length=8, json_schema_extra={"enum": ["asc", "desc"]})]
Name = Annotated[str, Query(max_length=128, description="Part of the name.")]
EnterpriseProject = Annotated[str, Query(max_length=128)]
Accessible = Annotated[bool, Query(description="Changes nothing: others are never shown.")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to skip.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many to answer with.")]


@router.get("", operation_id="list_workspace", response_model=WorkspacesResponse)
async def list_all(  # one parameter for each of the query's
    who: MayList,
    ctx: ServicesDep,
    *,
    offset: Offset = 0,
    limit: Limit = 1000,
    sort_by: SortBy = "name",
    order: Order = "desc",
    enterprise_project_id: EnterpriseProject = "",
    name: Name = "",
    filter_accessible: Accessible = False,
) -> Response:
    """One page of the workspaces the caller sees, the default one among them."""
    query = WorkspaceQuery(
        name_like=name,
        enterprise_project_id=enterprise_project_id,
        sort_by=sort_key(sort_by, workspaces.SORTS, default="name"),
        descending=is_descending(order),
        offset=offset,
        limit=limit,
    )
    return answer_model(await workspaces.list_all(ctx, who, query))


@router.post(
    "",
    operation_id="create_workspace",
    response_model=WorkspaceResponse,
    openapi_extra=takes(WorkspaceRequest),
)
async def create(who: MayCreate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Create a workspace of the caller's."""
    return answer_model(await workspaces.create(ctx, who, body))


@router.get("/users/list", operation_id="list_users", response_model=UsersResponse)
async def list_users(who: MayList, ctx: ServicesDep) -> Response:
    """The project's users, whom grants can name."""
    return answer_model(await workspaces.list_users(ctx, who))


@router.get("/{workspace_id}", operation_id="show_workspace", response_model=WorkspaceResponse)
async def show(workspace_id: WorkspaceId, who: MayGet, ctx: ServicesDep) -> Response:
    """One workspace with its members."""
    return answer_model(await workspaces.show(ctx, who, workspace_id))


@router.put(
    "/{workspace_id}",
    operation_id="update_workspace",
    response_model=WorkspaceChanged,
    openapi_extra=takes(WorkspaceUpdate),
)
async def change(workspace_id: WorkspaceId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Change name, description, kind and members, each when given: the owner, or who sees all workspaces."""
    return answer_model(await workspaces.change(ctx, who, workspace_id, body))


@router.delete("/{workspace_id}", operation_id="delete_workspace", response_model=WorkspaceChanged)
async def delete(workspace_id: WorkspaceId, who: MayDelete, ctx: ServicesDep) -> Response:
    """Delete an empty workspace: the owner, or who sees all workspaces."""
    return answer_model(await workspaces.delete(ctx, who, workspace_id))


@router.get("/{workspace_id}/quotas", operation_id="show_workspace_quotas", response_model=QuotasResponse)
async def show_quotas(workspace_id: WorkspaceId, who: MayGet, ctx: ServicesDep) -> Response:
    """What the workspace's unfinished jobs may have together, and what they have."""
    return answer_model(await quotas.show_workspace(ctx, who, workspace_id))


@router.put(
    "/{workspace_id}/quotas",
    operation_id="update_workspace_quotas",
    response_model=QuotasResponse,
    openapi_extra=takes(QuotasUpdate),
)
async def update_quotas(
    workspace_id: WorkspaceId, who: MayUpdate, ctx: ServicesDep, body: JsonBody
) -> Response:
    """Set quotas: who sees all workspaces, not their owners. Jobs that are there already stay."""
    return answer_model(await quotas.update_workspace(ctx, who, workspace_id, body))


@router.post(
    "/{workspace_id}/auth",
    operation_id="validate_authorization",
    response_model=VerdictsResponse,
    openapi_extra=takes(ActionsQuery),
)
async def validate(workspace_id: WorkspaceId, who: MayGet, ctx: ServicesDep, body: JsonBody) -> Response:
    """Which actions the caller may do in the workspace."""
    return answer_model(await workspaces.judge(ctx, who, workspace_id, body))
