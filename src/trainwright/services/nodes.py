"""Nodes of pools: the backend's machines, or where it divides a single one, the share of it that a pool is."""

import platform
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from trainwright.domain.demand import Demand
from trainwright.domain.errors import BackendUnavailable, NodePoolNotFound, NotOffered, PoolNodeNotFound
from trainwright.ports.backend import BackendError, Node, Nodes, PoolUse, Shares
from trainwright.ports.identity import Principal
from trainwright.ports.nodes import Isolation
from trainwright.ports.pools import PUBLIC_POOL, Pool
from trainwright.services import isolation
from trainwright.services.context import Services
from trainwright.services.pool_view import (
    NODE_POOL,
    amounts,
    flavor_count,
    pool_item,
    public_resources,
    stamp,
)
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
    NodeResult,
    NodesLockRequest,
    NodesLockResponse,
    NodeSpec,
    NodesResponse,
    NodeStatus,
)
from trainwright.wire.parsing import parse
from trainwright.wire.pools import PoolResourceItem

PLACE = "default"
LOCKED = "admin"  # the reason of an isolation that an administrator made
ISOLATED = "trainwright.isolated"  # annotations of a node that is out of use begin so
CARDS: Mapping[str, str] = {"gpu": "nvidia.com/gpu", "npu": "huawei.com/ascend-snt9"}
"""What the contract calls the cards of a node."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """A node as one pool sees it. `isolation`: it is out of use."""

    name: str
    ip: str
    size: Demand
    free: Demand
    kind: str  # of its accelerators
    trouble: str = ""  # why the backend does not use it
    isolation: Isolation | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """A pool with its machines, by name."""

    pool: Pool
    size: Demand
    machines: tuple[_Machine, ...]
    tells_jobs: bool  # the caller may know whose job it was


async def list_nodes(
    ctx: Services, who: Principal, pool_id: str, *, after: str = "", limit: int = 0
) -> NodesResponse:
    """One page of the pool's nodes.

    Raises:
        PoolNotFound: there is none, or the caller does not see it.
        BackendUnavailable: it does not answer.
    """
    seen = await _look(ctx, who, pool_id)
    items, meta = page([(machine.name, _node(ctx, seen, machine)) for machine in seen.machines], after, limit)
    return NodesResponse(metadata=meta, items=items)


async def show_node(ctx: Services, who: Principal, pool_id: str, name: str) -> NodeItem:
    """One node. Raises `PoolNotFound`, `PoolNodeNotFound`, `BackendUnavailable`."""
    seen = await _look(ctx, who, pool_id)
    for machine in seen.machines:
        if machine.name == name:
            return _node(ctx, seen, machine)
    raise PoolNodeNotFound(node=name, pool=pool_id)


async def lock_nodes(
    ctx: Services, who: Principal, pool_id: str, body: Mapping[str, Any]
) -> NodesLockResponse:
    """Take nodes out of use for all pools. One that is out of use already stays so for its first reason.

    Raises:
        PoolNotFound: there is none, or the caller does not see it.
        InvalidParam: the body has the wrong form.
        NotOffered: the backend's machines cannot be told apart.
        BackendUnavailable: it does not answer; what was locked stays locked, and it is told later.
    """
    there = await _names(ctx, who, pool_id, "batch_lock_pool_nodes")
    request = parse(NodesLockRequest, body)
    now_ms = ctx.clock.now_ms()
    why = request.reason.strip()
    locked = [Isolation(name, LOCKED, why, now_ms, by=who.user_name) for name in request.node_names]
    await ctx.blocking(isolation.add, ctx, [each for each in locked if each.node in there])
    await isolation.announce(ctx)
    return _results(request, there)


async def unlock_nodes(
    ctx: Services, who: Principal, pool_id: str, body: Mapping[str, Any]
) -> NodesLockResponse:
    """Return nodes that are out of use, whoever or whatever took them out. Raises as `lock_nodes`."""
    there = await _names(ctx, who, pool_id, "batch_unlock_pool_nodes")
    request = parse(NodesLockRequest, body)
    known = there | set(await ctx.blocking(isolation.isolated_nodes, ctx))
    await ctx.blocking(isolation.remove, ctx, [name for name in request.node_names if name in known])
    await isolation.announce(ctx)
    return _results(request, known)


async def _names(ctx: Services, who: Principal, pool_id: str, operation: str) -> set[str]:
    seen = await _look(ctx, who, pool_id)
    if not isinstance(ctx.backend, Nodes):
        raise NotOffered(field=operation)
    return {machine.name for machine in seen.machines}


def _results(request: NodesLockRequest, known: Container[str]) -> NodesLockResponse:
    done = [(name, "success" if name in known else "failed") for name in request.node_names]
    return NodesLockResponse(nodes=[NodeResult(name=name, status=status) for name, status in done])


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
    out = await ctx.blocking(isolation.isolations, ctx)
    if isinstance(ctx.backend, Nodes) and not isinstance(ctx.backend, Shares):
        try:
            nodes = await ctx.backend.nodes()
        except BackendError as exc:
            raise BackendUnavailable(backend=ctx.backend.name, detail=str(exc)) from exc
        machines = tuple(_machine(node, out) for node in nodes if pool.id in node.pools)
        size = sum((machine.size for machine in machines), Demand())
        return _Seen(pool, size, machines, who.is_admin)
    use = use_of(pool, await probe_shares(ctx))
    capacity = await probe(ctx)
    name = capacity.host or ctx.backend.name
    kind = capacity.total.accelerator_kind
    share = _Machine(name, capacity.ip, use.size, use.free, kind, isolation=out.get(name))
    return _Seen(pool, use.size, (share,), who.is_admin)


def _machine(node: Node, out: Mapping[str, Isolation]) -> _Machine:
    return _Machine(
        name=node.name,
        ip=node.ip,
        size=Demand.of_task(node.total),
        free=node.free,
        kind=node.total.accelerator_kind,
        trouble="" if node.healthy else node.note or "not used by the backend",
        isolation=out.get(node.name),
    )


def use_of(pool: Pool, uses: Mapping[str, PoolUse]) -> PoolUse:
    """How full it is; one that the backend has not heard of yet is empty."""
    return uses.get(pool.id, PoolUse(pool.share, Demand(), 0, 0))


def _node(ctx: Services, seen: _Seen, machine: _Machine) -> NodeItem:
    whole = [
        flavor.id for flavor in ctx.catalogue.flavors if Demand.of_task(flavor.resources) == machine.size
    ]
    out = machine.isolation
    return NodeItem(
        metadata=NodeMetadata(
            name=machine.name,
            labels={
                "os.modelarts.node/nodepool": NODE_POOL,
                "os.modelarts.node/nodepoolname": NODE_POOL,
                "os.modelarts.node/cluster": ctx.backend.name,
                "os.modelarts.node/pool": seen.pool.id or PUBLIC_POOL,
            },
            annotations=_out_of_use(out, tells_jobs=seen.tells_jobs) if out else {},
        ),
        spec=NodeSpec(flavor=whole[0] if whole else "", os=NodeOs(name=platform.system())),
        status=NodeStatus(
            phase="Abnormal" if out or machine.trouble else "Available",
            az=PLACE,
            private_ip=machine.ip,
            resources=amounts(machine.size, machine.kind, CARDS),
            available_resources=amounts(Demand() if out else machine.free, machine.kind, CARDS),
            conditions=_conditions(ctx, machine),
        ),
    )


def _out_of_use(out: Isolation, *, tells_jobs: bool) -> dict[str, str]:
    """Why a node is out of use, since when, and through whom."""
    said = {"reason": out.reason, "detail": out.detail, "since": stamp(out.since_ms), "by": out.by}
    if tells_jobs:
        said["job"] = out.job_id
    return {f"{ISOLATED}/{key}": value for key, value in said.items() if value}


def _conditions(ctx: Services, machine: _Machine) -> list[NodeCondition]:
    ready = NodeCondition(
        type="Ready",
        status="False" if machine.trouble else "True",
        reason="BackendSays" if machine.trouble else "BackendAnswers",
        message=machine.trouble or f"backend {ctx.backend.name} answers",
    )
    out = machine.isolation
    if out is None:
        return [ready]
    said = out.detail or (f"locked by {out.by}" if out.by else out.reason)
    return [ready, NodeCondition(type="Isolated", status="True", reason=out.reason, message=said)]


def _node_pool(ctx: Services, seen: _Seen) -> NodePoolItem:
    nodes = flavor_count(_resources(ctx, seen))
    return NodePoolItem(
        metadata=NodePoolMetadata(name=NODE_POOL),
        spec=NodePoolSpec(resources=nodes),
        status=NodePoolStatus(resources=NodePoolResources(available=nodes)),
    )


def _resources(ctx: Services, seen: _Seen) -> list[PoolResourceItem]:
    if seen.pool.document:
        return pool_item(seen.pool, ctx.catalogue.flavors).spec.resources
    return public_resources(seen.size, ctx.catalogue.flavors)
