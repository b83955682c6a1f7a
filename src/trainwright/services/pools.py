"""Dedicated pools: named shares of what the backend has, given to a project by its administrator.

The database says which pools there are; the backend is told after every change, and at every start.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trainwright.domain.demand import Demand
from trainwright.domain.errors import (
    BackendUnavailable,
    InvalidQuery,
    NotOffered,
    PoolNotFound,
    PublicPoolFixed,
)
from trainwright.domain.texts import Text
from trainwright.ports.backend import (
    BackendError,
    Capacity,
    FixedPool,
    HasPools,
    PoolUse,
    Preempts,
    Shares,
)
from trainwright.ports.identity import Principal
from trainwright.ports.pools import PUBLIC_POOL, Pool
from trainwright.ports.uow import PLATFORM, UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services import pool_rules
from trainwright.services.context import Services
from trainwright.services.pool_view import (
    fixed_item,
    fixed_labels,
    pool_item,
    pool_labels,
    public_item,
    public_labels,
    stamp,
)
from trainwright.services.reading import check_member, scope_of
from trainwright.services.selectors import parse_selector
from trainwright.wire.parsing import parse
from trainwright.wire.pools import (
    PoolChange,
    PoolItem,
    PoolRequest,
    PoolsResponse,
    PoolStatistics,
    PoolStatisticsResponse,
    PoolStatusCounts,
)

log = logging.getLogger(__name__)

STATES = ("created", "failed", "creating")
_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")


def find_pool(ctx: Services, uow: UnitOfWork, who: Principal, pool_id: str) -> Pool:
    """The pool that a job of the caller is put into by this id; its own `id` is what `LaunchSpec.pool_id` takes. In a
    writing unit it stays as it is until the unit ends.

    The public pool, named by nothing or by the id that lists show, has the empty id and no share of its own. Pools of
    the backend's own configuration are everybody's.

    Raises:
        PoolNotFound: there is none, or the caller does not see it.
    """
    if pool_id in ("", PUBLIC_POOL):
        return Pool("", who.project_id, "", PUBLIC_POOL, {}, 0, 0, 0)
    fixed = ctx.fixed_pools.get(pool_id)
    if fixed is not None:
        return _as_pool(fixed, who)
    pool = uow.pools.get(pool_id)
    if pool.project_id != who.project_id:
        raise PoolNotFound(pool=pool_id)
    return pool


def _as_pool(fixed: FixedPool, who: Principal) -> Pool:
    size = fixed.size
    return Pool(
        fixed.id, who.project_id, "", fixed.title, {}, size.millicpus, size.memory_mib, size.accelerators
    )


async def learn_fixed(ctx: Services) -> None:
    """Ask the backend which pools its configuration makes, and remember them; what does not answer changes nothing."""
    if not isinstance(ctx.backend, HasPools):
        return
    try:
        found = await ctx.backend.fixed_pools()
    except BackendError as exc:
        log.warning("fixed_pools_unknown", extra={"error": str(exc)})
        return
    ctx.fixed_pools.update({pool.id: pool for pool in found})
    for gone in ctx.fixed_pools.keys() - {pool.id for pool in found}:
        del ctx.fixed_pools[gone]


async def read_pool(ctx: Services, who: Principal, pool_id: str) -> Pool:
    """As `find_pool`, for an operation on the pool."""
    return await ctx.blocking(_read, ctx, who, pool_id)


def _read(ctx: Services, who: Principal, pool_id: str) -> Pool:
    with ctx.units(scope_of(who), write=False) as uow:
        return find_pool(ctx, uow, who, pool_id)


async def list_pools(
    ctx: Services, who: Principal, *, workspace_id: str = "", selector: str = "", status: str = ""
) -> PoolsResponse:
    """The public pool and those of the caller's project, oldest first; with a workspace, only those that its jobs may
    be in, which are all but the other workspaces' own.

    Raises:
        InvalidQuery: the selector or the status is not one.
        WorkspaceNotFound: there is no such workspace.
    """
    selects = parse_selector(selector)
    if status and status not in STATES:
        raise InvalidQuery(field="status", detail=_ONE_OF, allowed=", ".join(STATES))
    pools = await ctx.blocking(_list, ctx, who, workspace_id)
    if status not in ("", "created"):
        return PoolsResponse(items=[])
    flavors = ctx.catalogue.flavors
    items = []
    if selects(public_labels(who.project_id)):
        uses = await probe_shares(ctx)
        items.append(public_item(who.project_id, uses[""].size, flavors))
    fixed = [_as_pool(pool, who) for pool in ctx.fixed_pools.values()]
    items += [fixed_item(pool, flavors) for pool in fixed if selects(fixed_labels(pool))]
    items += [pool_item(pool, flavors) for pool in pools if selects(pool_labels(pool))]
    return PoolsResponse(items=items)


def _list(ctx: Services, who: Principal, workspace_id: str = "") -> tuple[Pool, ...]:
    with ctx.units(scope_of(who), write=False) as uow:
        if workspace_id not in ("", DEFAULT_WORKSPACE):
            uow.workspaces.get(workspace_id)
        return uow.pools.list_all(workspace_id=workspace_id)


async def list_own(ctx: Services, who: Principal) -> tuple[Pool, ...]:
    """The dedicated pools that the caller sees, oldest first."""
    return await ctx.blocking(_list, ctx, who)


async def show_pool(ctx: Services, who: Principal, pool_id: str) -> PoolItem:
    """One pool. Raises `PoolNotFound`."""
    pool = await read_pool(ctx, who, pool_id)
    if pool.id in ctx.fixed_pools:
        return fixed_item(pool, ctx.catalogue.flavors)
    if pool.id:
        return pool_item(pool, ctx.catalogue.flavors)
    uses = await probe_shares(ctx)
    return public_item(who.project_id, uses[""].size, ctx.catalogue.flavors)


async def show_statistics(ctx: Services, who: Principal, workspace_id: str = "") -> PoolStatisticsResponse:
    """How many pools serve a workspace, or there are in all. Raises `WorkspaceNotFound`."""
    pools = await ctx.blocking(_list, ctx, who, workspace_id)
    public = 1 + len(ctx.fixed_pools)
    return PoolStatisticsResponse(
        statistics=PoolStatistics(status=PoolStatusCounts(created=len(pools) + public)),
        operation_time=stamp(ctx.clock.now_ms()),
    )


async def create_pool(ctx: Services, who: Principal, body: Mapping[str, Any]) -> PoolItem:
    """A new share of the machine.

    Raises:
        InvalidParam: a field has the wrong form or value.
        NotOffered: the backend cannot be divided.
        FlavorNotFound: a flavor does not exist.
        WorkspaceNotFound: the workspace does not exist.
        DuplicatePoolName: the project has a pool of that name.
        PoolTooLarge: the machine has not that much to give away.
        TooManyPools: the project has as many as it may.
    """
    request = parse(PoolRequest, body)
    pool_rules.check_request(request, ctx.catalogue)
    pool = pool_rules.new_pool(
        request,
        body,
        ctx.catalogue,
        pool_id=f"pool-{secrets.token_hex(16)}",
        project_id=who.project_id,
        now_ms=ctx.clock.now_ms(),
    )
    total = await _divisible(ctx, "create_pool")
    await ctx.blocking(_create, ctx, who, pool, total)
    await announce(ctx)
    return pool_item(pool, ctx.catalogue.flavors)


def _create(ctx: Services, who: Principal, pool: Pool, total: Demand) -> None:
    with ctx.units(scope_of(who)) as uow:
        if pool.workspace_id:
            check_member(uow, who, pool.workspace_id)
        taken = uow.pools.lock_shares()
        pool_rules.check_number(len(uow.pools.list_all()))
        pool_rules.check_room(pool.share, taken, total)
        uow.pools.add(pool)
        uow.commit()


async def change_pool(ctx: Services, who: Principal, pool_id: str, body: Mapping[str, Any]) -> PoolItem:
    """Another size, name or description. Nothing that runs is ended.

    Raises:
        PoolNotFound: there is none, or the caller does not see it.
        PublicPoolFixed: it is the public one.
        PoolInUse: unfinished jobs need more than what would be left.
        InvalidParam, NotOffered, FlavorNotFound, DuplicatePoolName, PoolTooLarge: as in `create_pool`.
    """
    await _dedicated(ctx, who, pool_id)
    change = parse(PoolChange, body)
    pool_rules.check_change(change, ctx.catalogue)
    total = await _divisible(ctx, "patch_pool")

    def made(pool: Pool) -> Pool:
        return pool_rules.changed_pool(pool, change, body, ctx.catalogue, ctx.clock.now_ms())

    changed = await ctx.blocking(_change, ctx, who, pool_id, made, total)
    await announce(ctx)
    return pool_item(changed, ctx.catalogue.flavors)


def _change(ctx: Services, who: Principal, pool_id: str, made: Callable[[Pool], Pool], total: Demand) -> Pool:
    with ctx.units(scope_of(who)) as uow:
        taken = uow.pools.lock_shares()
        pool = uow.pools.get_to_change(pool_id)
        check_member(uow, who, pool.workspace_id or DEFAULT_WORKSPACE)
        changed = made(pool)
        if not changed.share.fits(pool.share):
            pool_rules.check_room(changed.share, taken - pool.share, total)
        if not pool.share.fits(changed.share):
            pool_rules.check_use(uow, pool, changed.share)
        uow.pools.save(changed)
        uow.commit()
    return changed


async def delete_pool(ctx: Services, who: Principal, pool_id: str) -> PoolItem:
    """Give its share back to the public pool.

    Raises:
        PoolNotFound: there is none, or the caller does not see it.
        PublicPoolFixed: it is the public one.
        PoolInUse: unfinished jobs are in it.
    """
    await _dedicated(ctx, who, pool_id)
    pool = await ctx.blocking(_delete, ctx, who, pool_id)
    await announce(ctx)
    return pool_item(pool, ctx.catalogue.flavors, deleted_at_ms=ctx.clock.now_ms())


def _delete(ctx: Services, who: Principal, pool_id: str) -> Pool:
    with ctx.units(scope_of(who)) as uow:
        uow.pools.lock_shares()
        pool = uow.pools.get_to_change(pool_id)
        check_member(uow, who, pool.workspace_id or DEFAULT_WORKSPACE)
        pool_rules.check_empty(uow, pool)
        uow.pools.delete(pool_id)
        uow.commit()
    return pool


async def _dedicated(ctx: Services, who: Principal, pool_id: str) -> None:
    pool = await read_pool(ctx, who, pool_id)
    if not pool.id or pool.id in ctx.fixed_pools:
        raise PublicPoolFixed


async def _divisible(ctx: Services, operation: str) -> Demand:
    """The size of the machine that is divided."""
    if not isinstance(ctx.backend, Shares):
        raise NotOffered(field=operation)
    capacity = await probe(ctx)
    return Demand.of_task(capacity.total)


async def announce(ctx: Services) -> None:
    """Tell the backend which pools there are, and in which jobs may pre-empt others, until it has heard of the latest
    change, whoever else tells it, too.

    Raises:
        BackendUnavailable: it does not listen. It is told at the next change, or the next start.
    """
    if not isinstance(ctx.backend, Shares | Preempts):
        return
    said, wanted = None, await ctx.blocking(_wanted, ctx)
    while said != wanted:
        said = wanted
        try:
            if isinstance(ctx.backend, Shares):
                await ctx.backend.set_shares(said.shares)
            if isinstance(ctx.backend, Preempts):
                await ctx.backend.set_preemption(said.preempting)
        except BackendError as exc:
            raise BackendUnavailable(backend=ctx.backend.name, detail=str(exc)) from exc
        wanted = await ctx.blocking(_wanted, ctx)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the backend is to know of pools."""

    shares: dict[str, Demand]
    preempting: frozenset[str]


def _wanted(ctx: Services) -> _Wanted:
    with ctx.units(PLATFORM, write=False) as uow:
        preempting = set(uow.pools.list_preempting())
        shares = uow.pools.list_shares()
    if ctx.preemption:
        preempting |= {"", *ctx.fixed_pools}
    return _Wanted(shares, frozenset(preempting))


async def probe(ctx: Services) -> Capacity:
    """The backend's capacity. Raises `BackendUnavailable`."""
    try:
        return await ctx.backend.probe()
    except BackendError as exc:
        raise BackendUnavailable(backend=ctx.backend.name, detail=str(exc)) from exc


async def probe_shares(ctx: Services) -> Mapping[str, PoolUse]:
    """How full each pool is; the public one, with the empty id, is always there. Raises `BackendUnavailable`."""
    try:
        if isinstance(ctx.backend, Shares):
            return await ctx.backend.probe_shares()
    except BackendError as exc:
        raise BackendUnavailable(backend=ctx.backend.name, detail=str(exc)) from exc
    capacity = await probe(ctx)
    total, free = Demand.of_task(capacity.total), Demand.of_task(capacity.free)
    return {"": PoolUse(total, total - free, capacity.queued, capacity.running)}
