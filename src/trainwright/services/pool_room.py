"""How much room pools have now: by amounts, and in nodes of each flavor."""

from collections.abc import Mapping, Sequence

from trainwright.catalog.flavors import Flavor
from trainwright.domain.demand import Demand
from trainwright.domain.entities import Job
from trainwright.domain.errors import BackendUnavailable
from trainwright.domain.lifecycle import Phase
from trainwright.ports.backend import BackendError, Node, Nodes, PoolUse, Shares
from trainwright.ports.identity import Principal
from trainwright.ports.pools import PUBLIC_POOL, Pool, WorkloadQuery
from trainwright.ports.uow import UnitOfWork
from trainwright.services import isolation
from trainwright.services.context import Services
from trainwright.services.nodes import use_of
from trainwright.services.pool_view import how_many
from trainwright.services.pools import find_pool, probe, probe_shares
from trainwright.services.reading import scope_of
from trainwright.wire.overview import FlavorRoom, PoolAmounts, PoolRoom, PoolRooms

WAITING_LOOKED_AT = 100


async def show_rooms(ctx: Services, who: Principal, pool_id: str = "") -> PoolRooms:
    """Of all pools that the caller sees, or of one.

    Raises:
        PoolNotFound: there is none, or the caller does not see it.
        BackendUnavailable: it does not answer.
    """
    pools, waits = await ctx.blocking(_read, ctx, who, pool_id)
    uses = await probe_shares(ctx)
    machines = await _machines(ctx)
    closed = machines is None and await _is_closed(ctx)
    rooms = [_room(ctx, pool, use_of(pool, uses), machines, waits) for pool in pools]
    return PoolRooms(pools=[_without_room(room) for room in rooms] if closed else rooms)


def _read(ctx: Services, who: Principal, pool_id: str) -> tuple[Sequence[Pool], Mapping[str, int]]:
    """The pools, and when the last of the caller's jobs that wait in each is expected to start, where that is known."""
    with ctx.units(scope_of(who), write=False) as uow:
        if pool_id:
            pools = [find_pool(ctx, uow, who, pool_id)]
        else:
            fixed = [find_pool(ctx, uow, who, each) for each in ctx.fixed_pools]
            pools = [find_pool(ctx, uow, who, PUBLIC_POOL), *fixed, *uow.pools.list_all()]
        return pools, {pool.id: starts for pool in pools if (starts := _last_start(uow, pool.id))}


def _last_start(uow: UnitOfWork, pool_id: str) -> int:
    query = WorkloadQuery(pool_id, phases=(Phase.PENDING,), limit=WAITING_LOOKED_AT)
    return max((_starts_at_ms(job) for job in uow.pools.list_workloads(query)), default=0)


def _starts_at_ms(job: Job) -> int:
    starts = job.pending.slots.get("starts_at_ms") if job.pending else None
    return starts if isinstance(starts, int) else 0


async def _machines(ctx: Services) -> Sequence[Node] | None:
    """The backend's machines that may be used; None where it is one that is divided."""
    if not isinstance(ctx.backend, Nodes) or isinstance(ctx.backend, Shares):
        return None
    try:
        nodes = await ctx.backend.nodes()
    except BackendError as exc:
        raise BackendUnavailable(backend=ctx.backend.name, detail=str(exc)) from exc
    out = await ctx.blocking(isolation.isolated_nodes, ctx)
    return [node for node in nodes if node.healthy and node.name not in out]


async def _is_closed(ctx: Services) -> bool:
    """Whether the machine that is divided is out of use: what waits for it does so until somebody returns it."""
    capacity = await probe(ctx)
    return (capacity.host or ctx.backend.name) in await ctx.blocking(isolation.isolated_nodes, ctx)


def _room(
    ctx: Services, pool: Pool, use: PoolUse, machines: Sequence[Node] | None, waits: Mapping[str, int]
) -> PoolRoom:
    here = None if machines is None else [node for node in machines if pool.id in node.pools]
    may = pool.job_flavors
    flavors = [each for each in ctx.catalogue.flavors if not may or each.id in may]
    rooms = [_flavor(each, use, here) for each in flavors]
    now_ms = ctx.clock.now_ms()
    wait_s = max(0, waits[pool.id] - now_ms) // 1000 if pool.id in waits else None
    return PoolRoom(
        pool_id=pool.id or PUBLIC_POOL,
        pool_name=pool.name,
        accelerator_kind=ctx.catalogue.accelerator_kind,
        capacity=_amounts(use.size),
        used=_amounts(use.held),
        free=_amounts(use.free),
        waiting=use.queued,
        running=use.running,
        flavors=[
            room.model_copy(update={"expected_wait_s": 0 if room.free_nodes and not use.queued else wait_s})
            for room in rooms
            if room.nodes
        ],
    )


def _without_room(room: PoolRoom) -> PoolRoom:
    """Of a pool in which nothing starts now."""
    flavors = [each.model_copy(update={"free_nodes": 0, "expected_wait_s": None}) for each in room.flavors]
    return room.model_copy(update={"free": _amounts(Demand()), "flavors": flavors})


def _flavor(flavor: Flavor, use: PoolUse, machines: Sequence[Node] | None) -> FlavorRoom:
    """In whole nodes: what is free here and there does not add up to one."""
    each = Demand.of_task(flavor.resources)
    if machines is None:
        nodes, free = how_many(each, use.size), how_many(each, use.free)
    else:
        nodes = sum(how_many(each, Demand.of_task(node.total)) for node in machines)
        free = sum(how_many(each, node.free) for node in machines)
    return FlavorRoom(flavor_id=flavor.id, nodes=nodes, free_nodes=min(nodes, free))


def _amounts(demand: Demand) -> PoolAmounts:
    return PoolAmounts(
        cpus=demand.millicpus / 1000, memory_mib=demand.memory_mib, accelerators=demand.accelerators
    )
