"""Pools: shares of the machines that jobs run in (contract §11.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import catalogue, nodes, pools
else:
    catalogue = deferred("trainwright.wire.catalogue")
    nodes = deferred("trainwright.wire.nodes")
    pools = deferred("trainwright.wire.pools")

Body = Mapping[str, object]
POOLS = "/v2/{project_id}/pools"
POOL = POOLS + "/{pool_name}"
NODE_POOLS = POOL + "/nodepools"
NODE_POOL = NODE_POOLS + "/{nodepool_name}"
POOL_TAGS = "/v1/{project_id}/pools"


def build_list_pools(project_id: str, *, workspace_id: str = "") -> Request[pools.PoolsResponse]:
    """The public pool and the project's dedicated ones, or those of one workspace."""
    return make_request(
        "GET",
        POOLS,
        model_parser(pools.PoolsResponse),
        path={"project_id": project_id},
        query={"workspaceId": workspace_id or None},
    )


def build_create_pool(project_id: str, body: Body) -> Request[pools.PoolItem]:
    """Give the project a share of the machine; fields as in `PoolRequest`."""
    return make_request(
        "POST", POOLS, model_parser(pools.PoolItem), path={"project_id": project_id}, body=body
    )


def build_show_pool(project_id: str, pool: str) -> Request[pools.PoolItem]:
    """One pool, by its id."""
    return make_request("GET", POOL, model_parser(pools.PoolItem), path=_path(project_id, pool))


def build_change_pool(project_id: str, pool: str, body: Body) -> Request[pools.PoolItem]:
    """Change size, name, description or scope; fields as in `PoolChange`. Nothing that runs is ended."""
    return make_request("PATCH", POOL, model_parser(pools.PoolItem), path=_path(project_id, pool), body=body)


def build_delete_pool(project_id: str, pool: str) -> Request[pools.PoolItem]:
    """Give the share back to the public pool; refused while unfinished jobs are in it."""
    return make_request("DELETE", POOL, model_parser(pools.PoolItem), path=_path(project_id, pool))


def build_show_pool_statistics(
    project_id: str, *, workspace_id: str = ""
) -> Request[pools.PoolStatisticsResponse]:
    """How many pools there are."""
    return make_request(
        "GET",
        "/v2/{project_id}/statistics/pools",
        model_parser(pools.PoolStatisticsResponse),
        path={"project_id": project_id},
        query={"workspaceId": workspace_id or None},
    )


def build_list_pool_events(
    project_id: str, *, pool: str = "", after: str | None = None, limit: int | None = None
) -> Request[pools.PoolEventsResponse]:
    """One page of what happened to a pool, or to all, newest first; `after`: `metadata.continue` of the page before."""
    return make_request(
        "GET",
        "/v1/{project_id}/events",
        model_parser(pools.PoolEventsResponse),
        path={"project_id": project_id},
        query={"name": pool or None, "continue": after, "limit": limit},
    )


def build_list_workloads(
    project_id: str, pool: str, *, status: str = "", offset: int = 0, limit: int = 10
) -> Request[nodes.WorkloadsResponse]:
    """One page of the caller's unfinished jobs in a pool; `status`: Queue, Running, …."""
    return make_request(
        "GET",
        POOL + "/workloads",
        model_parser(nodes.WorkloadsResponse),
        path=_path(project_id, pool),
        query={"status": status or None, "offset": offset, "limit": limit},
    )


def build_count_workloads(project_id: str, pool: str) -> Request[nodes.WorkloadStatisticsResponse]:
    """How many of the caller's unfinished jobs are in a pool, by status."""
    return make_request(
        "GET",
        "/v2/{project_id}/statistics/pools/{pool_name}/workloads",
        model_parser(nodes.WorkloadStatisticsResponse),
        path=_path(project_id, pool),
    )


def build_show_pool_monitor(
    project_id: str, pool: str, *, time_range: str = "", statistics: str = "", period: str = ""
) -> Request[nodes.PoolMonitorResponse]:
    """How hard a pool works, in the last minute."""
    return make_request(
        "GET",
        POOL + "/monitor",
        model_parser(nodes.PoolMonitorResponse),
        path=_path(project_id, pool),
        query={"time_range": time_range or None, "statistics": statistics or None, "period": period or None},
    )


def build_show_pool_metrics(project_id: str) -> Request[nodes.RuntimeMetricsResponse]:
    """How full the pools are now."""
    return make_request(
        "GET",
        "/v2/{project_id}/metrics/runtime/pools",
        model_parser(nodes.RuntimeMetricsResponse),
        path={"project_id": project_id},
    )


def build_list_resource_flavors(
    project_id: str, *, after: str | None = None, limit: int | None = None
) -> Request[nodes.ResourceFlavorsResponse]:
    """One page of the flavors that pools can be made of; `after`: `metadata.continue` of the page before."""
    return make_request(
        "GET",
        "/v1/{project_id}/resourceflavors",
        model_parser(nodes.ResourceFlavorsResponse),
        path={"project_id": project_id},
        query={"continue": after, "limit": limit},
    )


def build_show_flavor_size(
    project_id: str, flavor_id: str, pool: str
) -> Request[catalogue.MaxResourcesResponse]:
    """The CPUs and the memory that one node of a flavor has in a pool."""
    return make_request(
        "GET",
        "/v2/{project_id}/training-pool-flavors",
        model_parser(catalogue.MaxResourcesResponse),
        path={"project_id": project_id},
        query={"flavor_id": flavor_id, "pool_id": pool},
    )


def build_list_node_pools(project_id: str, pool: str) -> Request[nodes.NodePoolsResponse]:
    """Groups of nodes in a pool: every pool has one."""
    return make_request(
        "GET", NODE_POOLS, model_parser(nodes.NodePoolsResponse), path=_path(project_id, pool)
    )


def build_show_node_pool(project_id: str, pool: str, node_pool: str) -> Request[nodes.NodePoolItem]:
    """One group of nodes."""
    path = {**_path(project_id, pool), "nodepool_name": node_pool}
    return make_request("GET", NODE_POOL, model_parser(nodes.NodePoolItem), path=path)


def build_list_node_pool_nodes(
    project_id: str, pool: str, node_pool: str, *, after: str | None = None, limit: int | None = None
) -> Request[nodes.NodesResponse]:
    """One page of the nodes of one group; `after`: `metadata.continue` of the page before."""
    return make_request(
        "GET",
        NODE_POOL + "/nodes",
        model_parser(nodes.NodesResponse),
        path={**_path(project_id, pool), "nodepool_name": node_pool},
        query={"continue": after, "limit": limit},
    )


def build_list_pool_tags(project_id: str) -> Request[pools.PoolTagsResponse]:
    """Tags of all pools."""
    return make_request(
        "GET", POOL_TAGS + "/tags", model_parser(pools.PoolTagsResponse), path={"project_id": project_id}
    )


def build_show_pool_tags(project_id: str, pool: str) -> Request[pools.PoolTagsResponse]:
    """Tags of one pool."""
    return make_request(
        "GET",
        POOL_TAGS + "/{pool_name}/tags",
        model_parser(pools.PoolTagsResponse),
        path=_path(project_id, pool),
    )


def build_show_pool_quota(project_id: str) -> Request[pools.OsQuotaResponse]:
    """How many pools the project may have, and has."""
    return make_request(
        "GET", "/v1/{project_id}/quotas", model_parser(pools.OsQuotaResponse), path={"project_id": project_id}
    )


def build_show_pool_config(project_id: str) -> Request[pools.OsConfigResponse]:
    """What pools can be like here."""
    return make_request(
        "GET",
        "/v1/{project_id}/os-user-config",
        model_parser(pools.OsConfigResponse),
        path={"project_id": project_id},
    )


def _path(project_id: str, pool: str) -> dict[str, str]:
    return {"project_id": project_id, "pool_name": pool}
