"""Nodes of pools, jobs in pools, and how full pools are (contract §2.10)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, takes
from trainwright.server.dependencies import ServicesDep, needs, without_nul
from trainwright.server.routers.pools import V2, After, MayGet, MayList, PageLimit, PoolName
from trainwright.services import nodes, pool_monitor, workloads
from trainwright.wire.nodes import (
    NodeItem,
    NodePoolItem,
    NodePoolsResponse,
    NodesLockRequest,
    NodesLockResponse,
    NodesResponse,
    PoolMonitorResponse,
    RuntimeMetricsResponse,
    WorkloadsResponse,
    WorkloadStatisticsResponse,
)

router = APIRouter(tags=["pools"])
machines = APIRouter(tags=["nodes"])
POOL = f"{V2}/pools/{{pool_name}}"

MayLock = Annotated[Principal, needs(Action.NODE_UPDATE)]
NodeName = Annotated[
    str, Path(alias="node_name", max_length=256, description="Name of a node."), AfterValidator(without_nul)
]
NodePoolName = Annotated[
    str,
    Path(alias="nodepool_name", max_length=256, description="Name of a group of nodes."),
    AfterValidator(without_nul),
]
HostIps = Annotated[
    list[Annotated[str, Query(max_length=4096)]],
    Query(
        alias="hostip",
        max_length=100,
        description="Jobs on these hosts, commas between them; not paged then.",
    ),
]


@machines.get(f"{POOL}/nodes", operation_id="list_pool_nodes", response_model=NodesResponse)
async def list_pool_nodes(
    pool_name: PoolName, who: MayGet, ctx: ServicesDep, limit: PageLimit = 0, after: After = ""
) -> Response:
    """Nodes of a pool, and which are out of use: machines, or the share of one that a dedicated pool is."""
    return answer_model(await nodes.list_nodes(ctx, who, pool_name, after=after, limit=limit))


@machines.get(f"{POOL}/nodes/{{node_name}}", operation_id="show_pool_node", response_model=NodeItem)
async def show_pool_node(pool_name: PoolName, node_name: NodeName, who: MayGet, ctx: ServicesDep) -> Response:
    """One node."""
    return answer_model(await nodes.show_node(ctx, who, pool_name, node_name))


@machines.post(
    f"{POOL}/nodes/batch-lock",
    operation_id="batch_lock_pool_nodes",
    response_model=NodesLockResponse,
    openapi_extra=takes(NodesLockRequest),
)
async def lock_nodes(pool_name: PoolName, who: MayLock, ctx: ServicesDep, body: JsonBody) -> Response:
    """Take nodes out of use: nothing more is started on them; what runs there runs on."""
    return answer_model(await nodes.lock_nodes(ctx, who, pool_name, body))


@machines.post(
    f"{POOL}/nodes/batch-unlock",
    operation_id="batch_unlock_pool_nodes",
    response_model=NodesLockResponse,
    openapi_extra=takes(NodesLockRequest),
)
async def unlock_nodes(pool_name: PoolName, who: MayLock, ctx: ServicesDep, body: JsonBody) -> Response:
    """Return nodes that were locked, or isolated after a fault."""
    return answer_model(await nodes.unlock_nodes(ctx, who, pool_name, body))


@router.get(f"{POOL}/nodepools", operation_id="list_node_pools", response_model=NodePoolsResponse)
async def list_node_pools(pool_name: PoolName, who: MayGet, ctx: ServicesDep) -> Response:
    """Groups of nodes in a pool: every pool has one."""
    return answer_model(await nodes.list_node_pools(ctx, who, pool_name))


@router.get(f"{POOL}/nodepools/{{nodepool_name}}", operation_id="show_node_pool", response_model=NodePoolItem)
async def show_node_pool(
    pool_name: PoolName,
    nodepool_name: NodePoolName,
    who: MayGet,
    ctx: ServicesDep,
    *,
    limit: PageLimit = 0,
    after: After = "",
) -> Response:
    """One group of nodes."""
    return answer_model(await nodes.show_node_pool(ctx, who, pool_name, nodepool_name))


@router.get(
    f"{POOL}/nodepools/{{nodepool_name}}/nodes",
    operation_id="list_node_pool_nodes",
    response_model=NodesResponse,
)
async def list_node_pool_nodes(
    pool_name: PoolName,
    nodepool_name: NodePoolName,
    who: MayGet,
    ctx: ServicesDep,
    *,
    limit: PageLimit = 0,
    after: After = "",
) -> Response:
    """Nodes of one group."""
    found = await nodes.list_node_pool_nodes(ctx, who, pool_name, nodepool_name, after=after, limit=limit)
    return answer_model(found)


@router.get(f"{POOL}/workloads", operation_id="list_workloads", response_model=WorkloadsResponse)
async def list_workloads(  # one parameter for each of the query's
    pool_name: PoolName,
    who: MayGet,
    ctx: ServicesDep,
    *,
    hostip: HostIps = [],  # noqa: B006 # FastAPI copies it
    kind: Annotated[
        str, Query(alias="type", max_length=32, json_schema_extra={"enum": list(workloads.TYPES)})
    ] = "",
    status: Annotated[
        str, Query(max_length=32, json_schema_extra={"enum": [*workloads.STATES, *workloads.ENDED]})
    ] = "",
    sort: Annotated[str, Query(max_length=32, json_schema_extra={"enum": ["create_time"]})] = "",
    ascend: bool = False,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: PageLimit = 500,
) -> Response:
    """The caller's unfinished jobs in a pool."""
    hosts = tuple(ip.strip() for given in hostip for ip in given.split(",") if ip.strip())
    found = await workloads.list_workloads(
        ctx,
        who,
        pool_name,
        host_ips=hosts,
        kind=kind,
        status=status,
        sort=sort,
        ascend=ascend,
        offset=offset,
        limit=limit,
    )
    return answer_model(found)


@router.get(
    f"{V2}/statistics/pools/{{pool_name}}/workloads",
    operation_id="show_workload_statistics",
    response_model=WorkloadStatisticsResponse,
)
async def show_workload_statistics(pool_name: PoolName, who: MayGet, ctx: ServicesDep) -> Response:
    """How many of the caller's unfinished jobs are in a pool, by status."""
    return answer_model(await workloads.show_statistics(ctx, who, pool_name))


@router.get(f"{POOL}/monitor", operation_id="show_pool_monitor", response_model=PoolMonitorResponse)
async def show_pool_monitor(
    pool_name: PoolName,
    who: MayGet,
    ctx: ServicesDep,
    *,
    time_range: Annotated[str, Query(max_length=64, description="start.end.minutes, such as -1.-1.60")] = "",
    statistics: Annotated[
        str, Query(max_length=32, json_schema_extra={"enum": list(pool_monitor.STATISTICS)})
    ] = "",
    period: Annotated[
        str, Query(max_length=32, json_schema_extra={"enum": list(pool_monitor.PERIODS_S)})
    ] = "",
) -> Response:
    """How hard a pool works: one point, for the last minute, unless the range ends before it."""
    found = await pool_monitor.show_monitor(
        ctx, who, pool_name, time_range=time_range, statistics=statistics, period=period
    )
    return answer_model(found)


@router.get(
    f"{V2}/metrics/runtime/pools",
    operation_id="show_pool_runtime_metrics",
    response_model=RuntimeMetricsResponse,
)
async def show_pool_runtime_metrics(who: MayList, ctx: ServicesDep) -> Response:
    """How full the pools are now."""
    return answer_model(await workloads.show_runtime_metrics(ctx, who))
