"""How hard a pool works: the last minute, put together from the samples of the tasks that run in it now.

Nothing is kept of whole pools, so there is one point and no history. Of the public pool only the caller's own jobs
are counted.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from trainwright.domain.demand import Demand
from trainwright.domain.entities import Job
from trainwright.domain.errors import InvalidQuery
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import attempt_key
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.pools import PUBLIC_POOL, Pool, WorkloadQuery
from trainwright.ports.uow import MetricBatch, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.nodes import use_of
from trainwright.services.pools import find_pool, probe_shares
from trainwright.services.reading import scope_of
from trainwright.wire.nodes import (
    MonitorDimension,
    MonitorMetric,
    MonitorPoint,
    MonitorSeries,
    MonitorStatistic,
    PoolMonitorResponse,
)

STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "maximum": max,
    "minimum": min,
    "sum": sum,
    "average": lambda values: sum(values) / len(values),
    "sampleCount": len,
}
PERIODS_S = ("60", "300", "900", "3600")
NO_SAMPLE = -1.0
NAMESPACE = "PAAS.CONTAINER"
WINDOW_S = 60
JOBS_MAX = 100
TASKS_MAX = 200
_RANGE = re.compile(r"(-1|\d{1,16})\.(-1|\d{1,16})\.(\d{1,9})")
_AGE_MAX_MS = 60_000

_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")
_BAD_RANGE = Text(
    "it must be startTimeInMillis.endTimeInMillis.durationInMinutes, such as -1.-1.60",
    "格式必须为 startTimeInMillis.endTimeInMillis.durationInMinutes，例如 -1.-1.60",
)


def _cpus(demand: Demand) -> int:
    return demand.millicpus


def _memory(demand: Demand) -> int:
    return demand.memory_mib


def _cards(demand: Demand) -> int:
    return demand.accelerators


SERIES: Mapping[str, tuple[str, Callable[[Demand], int]]] = {
    "cpuUsage": ("cpuUsage", _cpus),
    "memUsedRate": ("memUsage", _memory),
    "gpuUtil": ("gpuUtil", _cards),
    "gpuMemUsage": ("gpuMemUsage", _cards),
    "npuUtil": ("npuUtil", _cards),
    "npuMemUsage": ("npuMemUsage", _cards),
}
"""The task's metric behind each of the pool's, and what a task counts for in it."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A running task: what it has, and its samples (percent of that)."""

    has: Demand
    batches: Sequence[MetricBatch]


async def show_monitor(
    ctx: Services,
    who: Principal,
    pool_id: str,
    *,
    time_range: str = "",
    statistics: str = "",
    period: str = "",
) -> PoolMonitorResponse:
    """One point for the last minute, unless the range ends before it; -1 where there is no sample.

    Raises:
        PoolNotFound: there is none, or the caller does not see it.
        InvalidQuery: the range, the statistic or the period is not one.
        BackendUnavailable: it does not answer.
    """
    _check_one("statistics", statistics, tuple(STATISTICS))
    _check_one("period", period, PERIODS_S)
    now_ms = ctx.clock.now_ms()
    includes_now = _includes(time_range, now_ms)
    pool, tasks = await ctx.blocking(_read, ctx, who, pool_id, now_ms // 1000 - WINDOW_S)
    size = use_of(pool, await probe_shares(ctx)).size
    statistic = statistics or "maximum"
    series = []
    for name, (metric, share_of) in SERIES.items():
        values = per_second(tasks, metric, share_of, size)
        value = round(STATISTICS[statistic](values), 2) if values else NO_SAMPLE
        point = MonitorPoint(
            timestamp=now_ms, unit="Percent", statistics=[MonitorStatistic(statistic=statistic, value=value)]
        )
        dimension = MonitorDimension(name="clusterId", value=pool.id or PUBLIC_POOL)
        about = MonitorMetric(dimensions=[dimension], metric_name=name, namespace=NAMESPACE)
        series.append(MonitorSeries(metric=about, data_points=[point] if includes_now else []))
    return PoolMonitorResponse(metrics=series)


def per_second(
    tasks: Sequence[Sampled], metric: str, share_of: Callable[[Demand], int], size: Demand
) -> list[float]:
    """What the tasks use together, in percent of the pool, for each second that any of them has a sample of."""
    whole = share_of(size)
    if not whole:
        return []
    used: dict[int, float] = defaultdict(float)
    for task in tasks:
        part = share_of(task.has) / whole
        for batch in task.batches:
            for step, value in enumerate(batch.values.get(metric, ())):
                if value >= 0:
                    used[batch.start_s + step * batch.step_s] += value * part
    return [used[second] for second in sorted(used)]


def _includes(time_range: str, now_ms: int) -> bool:
    if not time_range:
        return True
    found = _RANGE.fullmatch(time_range)
    if found is None:
        raise InvalidQuery(field="time_range", detail=_BAD_RANGE)
    begin_ms, end_ms, minutes = (int(part) for part in found.groups())
    if end_ms < 0:
        end_ms = now_ms if begin_ms < 0 else begin_ms + minutes * 60_000
    return end_ms >= now_ms - _AGE_MAX_MS


def _read(ctx: Services, who: Principal, pool_id: str, since_s: int) -> tuple[Pool, list[Sampled]]:
    with ctx.units(scope_of(who), write=False) as uow:
        pool = find_pool(ctx, uow, who, pool_id)
        query = WorkloadQuery(pool.id, phases=(Phase.RUNNING,), limit=JOBS_MAX)
        tasks = [task for job in uow.pools.list_workloads(query) for task in _tasks(job)][:TASKS_MAX]
        return pool, [_sampled(uow, *task, since_s) for task in tasks]


def _tasks(job: Job) -> Iterator[tuple[str, str, Demand]]:
    key = attempt_key(job.id, job.attempt_number)
    for role in job.launch.roles:
        for name in role.task_names():
            yield key, name, Demand.of_task(role.resources)


def _sampled(uow: UnitOfWork, key: str, task: str, has: Demand, since_s: int) -> Sampled:
    return Sampled(has, uow.metrics.list_of_task(key, task, since_s=since_s))


def _check_one(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value and value not in allowed:
        raise InvalidQuery(field=field, detail=_ONE_OF, allowed=", ".join(allowed))
