"""Pools: what there is, shares of the machine, events (contract §2.10, §11.3)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, takes
from trainwright.server.dependencies import LanguageDep, ServicesDep, needs, without_nul
from trainwright.services import pool_events, pool_limits, pools
from trainwright.services.selectors import parse_selector
from trainwright.wire.pools import (
    EmptyList,
    ListMeta,
    OsConfigResponse,
    OsQuotaResponse,
    PoolChange,
    PoolEventsResponse,
    PoolItem,
    PoolJobsResponse,
    PoolRequest,
    PoolsResponse,
    PoolStatisticsResponse,
    PoolTagsResponse,
)

router = APIRouter(tags=["pools"])
V1, V2 = "/v1/{project_id}", "/v2/{project_id}"
TIME_MAX = 2**63 - 1

MayCreate = Annotated[Principal, needs(Action.POOL_CREATE)]
MayList = Annotated[Principal, needs(Action.POOL_LIST)]
MayGet = Annotated[Principal, needs(Action.POOL_GET)]
MayUpdate = Annotated[Principal, needs(Action.POOL_UPDATE)]
MayDelete = Annotated[Principal, needs(Action.POOL_DELETE)]

PoolName = Annotated[
    str,
    Path(alias="pool_name", max_length=256, description="Id of a pool: `metadata.name` in lists."),
    AfterValidator(without_nul),
]
WorkspaceId = Annotated[
    str, Query(alias="workspaceId", max_length=128, description="Only pools that serve this workspace.")
]
LabelSelector = Annotated[
    str,
    Query(
        alias="labelSelector",
        max_length=2048,
        description="`key=value`, `key!=value`, `key in (a,b)`, `key`, `!key`, with commas between them.",
    ),
]
PoolState = Annotated[str, Query(max_length=32, json_schema_extra={"enum": list(pools.STATES)})]
After = Annotated[
    str, Query(alias="continue", max_length=512, description="`metadata.continue` of the page before.")
]
PageLimit = Annotated[int, Query(ge=0, le=500, description="How many to answer with; 0 is 500.")]
TimeMs = Annotated[int, Query(ge=0, le=TIME_MAX, description="Milliseconds UTC.")]
Word = Annotated[str, Query(max_length=256)]


@router.get(f"{V2}/pools", operation_id="list_pools", response_model=PoolsResponse)
async def list_pools(
    who: MayList,
    ctx: ServicesDep,
    *,
    workspace_id: WorkspaceId = "",
    label_selector: LabelSelector = "",
    status: PoolState = "",
) -> Response:
    """The public pool and the project's dedicated ones."""
    return answer_model(
        await pools.list_pools(ctx, who, workspace_id=workspace_id, selector=label_selector, status=status)
    )


@router.post(
    f"{V2}/pools", operation_id="create_pool", response_model=PoolItem, openapi_extra=takes(PoolRequest)
)
async def create_pool(who: MayCreate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Give the project a share of the machine, so many nodes of a flavor."""
    return answer_model(await pools.create_pool(ctx, who, body))


@router.get(f"{V2}/pools/{{pool_name}}", operation_id="show_pool", response_model=PoolItem)
async def show_pool(pool_name: PoolName, who: MayGet, ctx: ServicesDep) -> Response:
    """One pool."""
    return answer_model(await pools.show_pool(ctx, who, pool_name))


@router.patch(
    f"{V2}/pools/{{pool_name}}",
    operation_id="patch_pool",
    response_model=PoolItem,
    openapi_extra=takes(PoolChange),
)
async def patch_pool(pool_name: PoolName, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Change a pool's size, name, description or scope. Nothing that runs is ended."""
    return answer_model(await pools.change_pool(ctx, who, pool_name, body))


@router.delete(f"{V2}/pools/{{pool_name}}", operation_id="delete_pool", response_model=PoolItem)
async def delete_pool(pool_name: PoolName, who: MayDelete, ctx: ServicesDep) -> Response:
    """Give the share back to the public pool; refused while unfinished jobs are in it."""
    return answer_model(await pools.delete_pool(ctx, who, pool_name))


@router.get(
    f"{V2}/statistics/pools", operation_id="show_pool_statistics", response_model=PoolStatisticsResponse
)
async def show_pool_statistics(who: MayList, ctx: ServicesDep, workspace_id: WorkspaceId = "") -> Response:
    """How many pools there are."""
    return answer_model(await pools.show_statistics(ctx, who, workspace_id))


@router.get(f"{V1}/events", operation_id="list_events", response_model=PoolEventsResponse)
async def list_events(  # one parameter for each of the query's
    who: MayGet,
    ctx: ServicesDep,
    language: LanguageDep,
    *,
    resource: Word = "",
    name: Word = "",
    kind: Annotated[str, Query(alias="type", max_length=32)] = "",
    since: TimeMs = 0,
    until: TimeMs = 0,
    limit: PageLimit = 0,
    after: After = "",
) -> Response:
    """What happened to pools, newest first; `name` empty or `*`: to all that the caller sees."""
    found = await pool_events.list_events(
        ctx,
        who,
        language,
        resource=resource,
        name=name,
        kind=kind,
        since_ms=since,
        until_ms=until,
        after=after,
        limit=limit,
    )
    return answer_model(found)


@router.get(f"{V2}/jobs", operation_id="list_jobs", response_model=PoolJobsResponse)
async def list_jobs(
    who: MayList,
    ctx: ServicesDep,
    *,
    kind: Annotated[str, Query(alias="type", max_length=32)] = "",
    limit: Annotated[int, Query(ge=0, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    since: TimeMs = 0,
    until: TimeMs = 0,
    resource: Word = "",
    name: Word = "",
) -> Response:
    """Operations on nodes that take their time. There are none: pools change at once."""
    if name not in pool_events.ANY:
        await pools.read_pool(ctx, who, name)
    return answer_model(PoolJobsResponse())


@router.get(f"{V1}/networks", operation_id="list_networks", response_model=EmptyList)
async def list_networks(
    who: MayList,
    *,
    label_selector: LabelSelector = "",
    limit: PageLimit = 0,
    after: After = "",
) -> Response:
    """Networks of pools. There are none: jobs use the machine's."""
    parse_selector(label_selector)
    return answer_model(EmptyList(api_version="v1", kind="NetworkList", metadata=ListMeta()))


@router.get(f"{V2}/plugintemplates", operation_id="list_plugin_templates", response_model=EmptyList)
async def list_plugin_templates(
    who: MayList,
    ctx: ServicesDep,
    *,
    template_name: Annotated[str, Query(alias="templateName", max_length=256)] = "",
    pool_name: Annotated[str, Query(alias="poolName", max_length=256)] = "",
) -> Response:
    """Plug-ins that pools could have. There are none."""
    if pool_name:
        await pools.read_pool(ctx, who, pool_name)
    return answer_model(EmptyList(api_version="v2", kind="PluginTemplateList"))


@router.get(f"{V2}/pools/{{pool_name}}/plugins", operation_id="list_pool_plugins", response_model=EmptyList)
async def list_pool_plugins(pool_name: PoolName, who: MayGet, ctx: ServicesDep) -> Response:
    """Plug-ins of a pool. There are none."""
    await pools.read_pool(ctx, who, pool_name)
    return answer_model(EmptyList(api_version="v2", kind="PluginList"))


@router.get(f"{V1}/pools/tags", operation_id="list_pool_tags", response_model=PoolTagsResponse)
async def list_pool_tags(
    who: MayList,
    *,
    limit: Annotated[int, Query(ge=0, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """Tags of pools. There are none; labels are in the pool itself."""
    return answer_model(PoolTagsResponse())


@router.get(f"{V1}/pools/{{pool_name}}/tags", operation_id="show_pool_tags", response_model=PoolTagsResponse)
async def show_pool_tags(pool_name: PoolName, who: MayGet, ctx: ServicesDep) -> Response:
    """Tags of one pool. There are none."""
    await pools.read_pool(ctx, who, pool_name)
    return answer_model(PoolTagsResponse())


@router.get(f"{V1}/quotas", operation_id="show_os_quota", response_model=OsQuotaResponse)
async def show_os_quota(who: MayList, ctx: ServicesDep) -> Response:
    """How many pools the project may have, and has."""
    return answer_model(await pool_limits.show_quota(ctx, who))


@router.get(f"{V1}/os-user-config", operation_id="show_os_config", response_model=OsConfigResponse)
async def show_os_config(who: MayList) -> Response:
    """What pools can be like here."""
    return answer_model(pool_limits.show_config())
