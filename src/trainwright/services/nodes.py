"""Nodes of pools. Here a pool has one: the machine, or the share of it that a dedicated pool is."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass

from trainwright.domain.demand import Demand
from trainwright.domain.errors import NodePoolNotFound, PoolNodeNotFound
from trainwright.ports.backend import Capacity, PoolUse
from trainwright.ports.identity import Principal
from trainwright.ports.pools import PUBLIC_POOL, Pool
from trainwright.services.context import Services
from trainwright.services.pool_view import NODE_POOL, amounts, flavor_count, pool_item, public_resources
from trainwright.services.pools import probe, probe_shares, read_pool
from trainwright.services.selectors import page
from trainwright.wire.nodes import (
    NodeCondition,
    NodeItem,
    NodeMetadata,
    NodeOs,
    NodePoolItem,
    NodePoolMetadata,
    NodePoolResources,
    NodePoolSpec,
    NodePoolsResponse,
    NodePoolStatus,
    NodeSpec,
    NodesResponse,
    NodeStatus,
)
from trainwright.wire.pools import PoolResourceItem

PLACE = "default"
CARDS: Mapping[str, str] = {"gpu": "nvidia.com/gpu", "npu": "huawei.com/ascend-snt9"}
"""What the contract calls the cards of a node."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A pool as its node shows it."""

    pool: Pool
    capacity: Capacity
    use: PoolUse


async def list_nodes(
    ctx: Services, who: Principal, pool_id: str, *, after: str = "", limit: int = 0
) -> NodesResponse:
    """One page of the pool's nodes.

    Raises:
        PoolNotFound: there is none, or the caller does not see it.
        BackendUnavailable: it does not answer.
    """
    node = _node(ctx, await _look(ctx, who, pool_id))
    items, meta = page([(node.metadata.name, node)], after, limit)
    return NodesResponse(metadata=meta, items=items)


async def show_node(ctx: Services, who: Principal, pool_id: str, name: str) -> NodeItem:
    """One node. Raises `PoolNotFound`, `PoolNodeNotFound`, `BackendUnavailable`."""
    node = _node(ctx, await _look(ctx, who, pool_id))
    if name != node.metadata.name:
        raise PoolNodeNotFound(node=name, pool=pool_id)
    return node


async def list_node_pools(ctx: Services, who: Principal, pool_id: str) -> NodePoolsResponse:
    """The one group of nodes that every pool has. Raises `PoolNotFound`, `BackendUnavailable`."""
    return NodePoolsResponse(items=[_node_pool(ctx, await _look(ctx, who, pool_id))])


async def show_node_pool(ctx: Services, who: Principal, pool_id: str, name: str) -> NodePoolItem:
    """That group. Raises `PoolNotFound`, `NodePoolNotFound`, `BackendUnavailable`."""
    seen = await _look(ctx, who, pool_id)
    _check_node_pool(pool_id, name)
    return _node_pool(ctx, seen)


async def list_node_pool_nodes(
    ctx: Services, who: Principal, pool_id: str, name: str, *, after: str = "", limit: int = 0
) -> NodesResponse:
    """One page of its nodes. Raises `PoolNotFound`, `NodePoolNotFound`, `BackendUnavailable`."""
    nodes = await list_nodes(ctx, who, pool_id, after=after, limit=limit)
    _check_node_pool(pool_id, name)
    return nodes


def _check_node_pool(pool_id: str, name: str) -> None:
    """Raises `NodePoolNotFound` for any name but that of the one group there is."""
    if name != NODE_POOL:
        raise NodePoolNotFound(node_pool=name, pool=pool_id)


async def _look(ctx: Services, who: Principal, pool_id: str) -> _Seen:
    pool = await read_pool(ctx, who, pool_id)
    uses = await probe_shares(ctx)
    return _Seen(pool, await probe(ctx), use_of(pool, uses))


def use_of(pool: Pool, uses: Mapping[str, PoolUse]) -> PoolUse:
    """How full it is; one that the backend has not heard of yet is empty."""
    return uses.get(pool.id, PoolUse(pool.share, Demand(), 0, 0))


def _node(ctx: Services, seen: _Seen) -> NodeItem:
    kind = seen.capacity.total.accelerator_kind
    whole = [
        flavor.id for flavor in ctx.catalogue.flavors if Demand.of_task(flavor.resources) == seen.use.size
    ]
    ready = NodeCondition(
        type="Ready", status="True", reason="BackendAnswers", message=f"backend {ctx.backend.name} answers"
    )
    return NodeItem(
        metadata=NodeMetadata(
            name=seen.capacity.host or ctx.backend.name,
            labels={
                "os.modelarts.node/nodepool": NODE_POOL,
                "os.modelarts.node/nodepoolname": NODE_POOL,
                "os.modelarts.node/cluster": ctx.backend.name,
                "os.modelarts.node/pool": seen.pool.id or PUBLIC_POOL,
            },
        ),
        spec=NodeSpec(flavor=whole[0] if whole else "", os=NodeOs(name=platform.system())),
        status=NodeStatus(
            phase="Available",
            az=PLACE,
            private_ip=seen.capacity.ip,
            resources=amounts(seen.use.size, kind, CARDS),
            available_resources=amounts(seen.use.free, kind, CARDS),
            conditions=[ready],
        ),
    )


def _node_pool(ctx: Services, seen: _Seen) -> NodePoolItem:
    nodes = flavor_count(_resources(ctx, seen))
    return NodePoolItem(
        metadata=NodePoolMetadata(name=NODE_POOL),
        spec=NodePoolSpec(resources=nodes),
        status=NodePoolStatus(resources=NodePoolResources(available=nodes)),
    )


def _resources(ctx: Services, seen: _Seen) -> list[PoolResourceItem]:
    if seen.pool.id:
        return pool_item(seen.pool, ctx.catalogue.flavors).spec.resources
    return public_resources(seen.use.size, ctx.catalogue.flavors)
