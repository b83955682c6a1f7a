"""Unfinished jobs in pools, and how full pools are."""

from collections.abc import Mapping, Sequence

from trainwright.domain.demand import Demand
from trainwright.domain.entities import Attempt, Job
from trainwright.domain.errors import InvalidQuery
from trainwright.domain.lifecycle import Phase, public_phase
from trainwright.domain.specs import RoleSpec
from trainwright.domain.texts import Text
from trainwright.ports.backend import PoolUse
from trainwright.ports.identity import Principal
from trainwright.ports.pools import PUBLIC_POOL, Pool, WorkloadQuery
from trainwright.services.context import Services
from trainwright.services.job_view import run_time_ms
from trainwright.services.nodes import use_of
from trainwright.services.pool_view import (
    amounts,
    cpu_quantity,
    memory_quantity,
    pool_labels,
    public_labels,
    stamp,
)
from trainwright.services.pools import find_pool, probe_shares
from trainwright.services.reading import scope_of
from trainwright.services.selectors import PAGE_MAX
from trainwright.wire.nodes import (
    AllocatedAmounts,
    Amounts,
    AvailableAmounts,
    CapacityAmounts,
    MetricsItem,
    MetricsMetadata,
    MetricsTable,
    RuntimeMetricsResponse,
    WorkloadAmounts,
    WorkloadCounts,
    WorkloadItem,
    WorkloadNode,
    WorkloadsResponse,
    WorkloadStatisticsResponse,
    WorkloadSums,
    WorkloadTypeCounts,
)

Counts = Mapping[tuple[Phase, bool], int]
"""Jobs by phase and by whether they queue."""

TYPES = ("train", "infer", "notebook", "x-infer")
STATES: Mapping[str, tuple[tuple[Phase, ...], bool | None]] = {
    "Queue": ((Phase.PENDING,), True),
    "Pending": ((Phase.PENDING,), False),
    "Creating": ((Phase.CREATING,), None),
    "Running": ((Phase.RUNNING,), None),
    "Terminating": ((Phase.TERMINATING,), None),
}
"""Which phases a workload's status means, and whether it queues."""
ENDED = ("Abnormal", "Completed", "Terminated", "Failed")
CARDS: Mapping[str, str] = {"gpu": "nvidia.com/gpu", "npu": "huawei.com/ascend-1980"}
"""What the contract calls the cards of a workload."""
HOST_IPS_MAX = 100
_HOLDS = (Phase.RUNNING, Phase.TERMINATING)

_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")
_TOO_MANY = Text("it must not have more than {most} addresses", "不能超过 {most} 个地址")


async def list_workloads(
    ctx: Services,
    who: Principal,
    pool_id: str,
    *,
    host_ips: tuple[str, ...] = (),
    kind: str = "",
    status: str = "",
    sort: str = "",
    ascend: bool = False,
    offset: int = 0,
    limit: int = 0,
) -> WorkloadsResponse:
    """The caller's unfinished jobs in the pool, the newest first; all of them (500) where hosts are named.

    Raises:
        PoolNotFound: there is none, or the caller does not see it.
        InvalidQuery: a filter or the sort key is not one.
    """
    _check_one("type", kind, TYPES)
    _check_one("status", status, (*STATES, *ENDED))
    _check_one("sort", sort, ("create_time",))
    if len(host_ips) > HOST_IPS_MAX:
        raise InvalidQuery(field="hostip", detail=_TOO_MANY, most=HOST_IPS_MAX)
    phases, queues = STATES.get(status, ((), None))
    query = WorkloadQuery(
        pool_id=pool_id,
        phases=phases,
        queues=queues,
        host_ips=host_ips,
        descending=not (sort and ascend),
        offset=0 if host_ips else offset,
        limit=PAGE_MAX if host_ips else min(limit or PAGE_MAX, PAGE_MAX),
    )
    nothing = kind not in ("", "train") or status in ENDED
    return await ctx.blocking(_list, ctx, who, query, nothing=nothing)


def _list(ctx: Services, who: Principal, query: WorkloadQuery, *, nothing: bool) -> WorkloadsResponse:
    with ctx.units(scope_of(who), write=False) as uow:
        pool = find_pool(ctx, uow, who, query.pool_id)
        if nothing:
            return WorkloadsResponse(items=[])
        query = WorkloadQuery(
            pool.id, query.phases, query.queues, query.host_ips, query.descending, query.offset, query.limit
        )
        jobs = uow.pools.list_workloads(query)
        hosts = uow.pools.hosts_of(jobs)
        attempts = uow.attempts.list_of_jobs([job.id for job in jobs])
    now_ms = ctx.clock.now_ms()
    return WorkloadsResponse(
        items=[
            _workload(job, attempts.get(job.id, ())[-1:], dict(hosts.get(job.id, ())), now_ms) for job in jobs
        ]
    )


async def show_statistics(ctx: Services, who: Principal, pool_id: str) -> WorkloadStatisticsResponse:
    """How many of the caller's unfinished jobs are in the pool, by status. Raises `PoolNotFound`."""
    counts = await ctx.blocking(_count, ctx, who, pool_id)
    total = sum(counts.values())
    status = {state: _sum(counts, state) for state in STATES} | dict.fromkeys(ENDED, 0)
    return WorkloadStatisticsResponse(
        statistics=WorkloadCounts(total=total, items=[WorkloadTypeCounts(total=total, status=status)])
    )


def _count(ctx: Services, who: Principal, pool_id: str) -> Counts:
    with ctx.units(scope_of(who), write=False) as uow:
        return uow.pools.count_workloads(find_pool(ctx, uow, who, pool_id).id)


async def show_runtime_metrics(ctx: Services, who: Principal) -> RuntimeMetricsResponse:
    """How full every pool is that the caller sees. Raises `BackendUnavailable`."""
    uses = await probe_shares(ctx)
    found = await ctx.blocking(_count_all, ctx, who)
    at = stamp(ctx.clock.now_ms())
    return RuntimeMetricsResponse(
        items=[_metrics(pool, use_of(pool, uses), counts, at) for pool, counts in found]
    )


def _count_all(ctx: Services, who: Principal) -> list[tuple[Pool, Counts]]:
    with ctx.units(scope_of(who), write=False) as uow:
        pools = (find_pool(ctx, uow, who, PUBLIC_POOL), *uow.pools.list_all())
        return [(pool, uow.pools.count_workloads(pool.id)) for pool in pools]


def _metrics(pool: Pool, use: PoolUse, counts: Counts, at: str) -> MetricsItem:
    size, free = _amounts(use.size), _amounts(use.free)
    running = sum(count for (phase, _), count in counts.items() if phase in _HOLDS)
    waiting = sum(counts.values()) - running
    return MetricsItem(
        metadata=MetricsMetadata(
            name=pool.id or PUBLIC_POOL,
            labels=pool_labels(pool) if pool.id else public_labels(pool.project_id),
        ),
        table=MetricsTable(
            allocated=AllocatedAmounts(value=_amounts(use.held), timestamp=at),
            capacity=CapacityAmounts(
                value=size, max_value=size, all_value=size, all_max_value=size, timestamp=at
            ),
            available=AvailableAmounts(value=free, max_value=free, timestamp=at),
            workload=WorkloadAmounts(
                allocated=WorkloadSums(train=running, sum=running),
                queue=WorkloadSums(train=waiting, sum=waiting),
                timestamp=at,
            ),
        ),
    )


def _amounts(demand: Demand) -> Amounts:
    return Amounts(cpu=cpu_quantity(demand), memory=memory_quantity(demand), tnt004=str(demand.accelerators))


def _workload(job: Job, latest: Sequence[Attempt], hosts: Mapping[str, str], now_ms: int) -> WorkloadItem:
    phase = public_phase(job.phase, stop_requested=bool(job.stop_requested_at_ms))
    roles = job.launch.roles
    position = job.pending.slots.get("position", 0) if job.pending else 0
    began_ms = job.started_at_ms
    return WorkloadItem(
        name=f"modelarts-job-{job.id}",
        job_name=job.name,
        uid=job.id,
        job_uuid=job.id,
        flavor=roles[0].flavor_id,
        status="Queue" if phase is Phase.PENDING and job.pending else phase.value,
        user_name=job.user_name,
        resource_requirement=amounts(Demand.of_launch(job.launch), _kind(roles), CARDS),
        priority=str(job.launch.priority),
        running_duration=sum(run_time_ms(attempt, now_ms) for attempt in latest) // 1000,
        pending_duration=max(0, (began_ms or now_ms) - job.created_at_ms) // 1000,
        pending_position=int(position),
        create_time=job.created_at_ms,
        host_ips=",".join(dict.fromkeys(hosts.values())),
        nodes=_nodes(roles, hosts),
    )


def _nodes(roles: tuple[RoleSpec, ...], hosts: Mapping[str, str]) -> list[WorkloadNode]:
    """What the tasks that are there have, host by host."""
    there: dict[str, Demand] = {}
    for role in roles:
        for task in role.task_names():
            if task in hosts:
                ip = hosts[task]
                there[ip] = there.get(ip, Demand()) + Demand.of_task(role.resources)
    kind = _kind(roles)
    return [
        WorkloadNode(host_ip=ip, resource_requirement=amounts(demand, kind, CARDS))
        for ip, demand in there.items()
    ]


def _kind(roles: tuple[RoleSpec, ...]) -> str:
    return next((role.resources.accelerator_kind for role in roles if role.resources.accelerators), "")


def _sum(counts: Counts, state: str) -> int:
    phases, queues = STATES[state]
    return sum(
        count for (phase, waits), count in counts.items() if phase in phases and queues in (None, waits)
    )


def _check_one(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value and value not in allowed:
        raise InvalidQuery(field=field, detail=_ONE_OF, allowed=", ".join(allowed))
