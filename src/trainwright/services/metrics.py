"""Resource samples of a task: means per minute for the contract (§6.8), as stored for ourselves."""

from collections.abc import Iterable, Sequence

from trainwright.domain.specs import attempt_key
from trainwright.ports.identity import Principal
from trainwright.ports.uow import MetricBatch, Scope
from trainwright.services.context import Services
from trainwright.services.reading import check_task_name, scope_of
from trainwright.wire.watch import MetricSeries, MetricsResponse, SampleBatch, SamplesResponse

CONTRACT_METRICS = ("cpuUsage", "memUsage", "gpuUtil", "gpuMemUsage", "npuUtil", "npuMemUsage")
NO_SAMPLE = -1.0
SHOWN_MINUTES_MAX = 3 * 24 * 60
_MINUTE_S = 60


async def show(ctx: Services, who: Principal, job_id: str, task: str) -> MetricsResponse:
    """Means per minute of the latest attempt's task, at most the last three days.

    Raises:
        JobNotFound: no such job in the caller's project.
        TaskNotFound: no such task in the job.
    """
    since_s = max(0, ctx.clock.now_ms() // 1000 - SHOWN_MINUTES_MAX * _MINUTE_S)
    _number, batches = await ctx.blocking(_read, ctx, scope_of(who), job_id, task, since_s)
    return minute_means(batches)


async def samples(
    ctx: Services, who: Principal, job_id: str, task: str, *, since_s: int = 0
) -> SamplesResponse:
    """The stored batches of the latest attempt's task with samples of `since_s` (UTC seconds) or later.

    Raises:
        JobNotFound: no such job in the caller's project.
        TaskNotFound: no such task in the job.
    """
    number, batches = await ctx.blocking(_read, ctx, scope_of(who), job_id, task, since_s)
    return SamplesResponse(
        task=task,
        attempt=number,
        batches=[SampleBatch(start_s=b.start_s, step_s=b.step_s, values=b.values) for b in batches],
    )


def minute_means(batches: Sequence[MetricBatch]) -> MetricsResponse:
    """One mean a minute from the first sample's minute to the last one's; -1 for minutes without a sample.

    The contract's six metrics and no other, as clients take all values for percentages; ours are among the samples.
    The mean of a minute weighs samples by how long they stand for.
    """
    if not batches:
        return MetricsResponse(metrics=[MetricSeries(metric=name, value=[]) for name in CONTRACT_METRICS])
    first = min(batch.start_s for batch in batches) // _MINUTE_S
    last = max(_last_second(batch) for batch in batches) // _MINUTE_S
    first = max(first, last - SHOWN_MINUTES_MAX + 1)
    return MetricsResponse(
        metrics=[
            MetricSeries(metric=name, value=_means(name, batches, first, last)) for name in CONTRACT_METRICS
        ],
        start_time=first * _MINUTE_S * 1000,
    )


def _means(name: str, batches: Iterable[MetricBatch], first: int, last: int) -> list[float]:
    sums = [0.0] * (last - first + 1)
    weights = [0] * len(sums)
    for batch in batches:
        for step, value in enumerate(batch.values.get(name, ())):
            minute = (batch.start_s + step * batch.step_s) // _MINUTE_S - first
            if value >= 0 and minute >= 0:
                sums[minute] += value * batch.step_s
                weights[minute] += batch.step_s
    return [
        round(total / weight, 2) if weight else NO_SAMPLE for total, weight in zip(sums, weights, strict=True)
    ]


def _last_second(batch: MetricBatch) -> int:
    steps = max((len(values) for values in batch.values.values()), default=1)
    return batch.start_s + max(0, steps - 1) * batch.step_s


def _read(
    ctx: Services, scope: Scope, job_id: str, task: str, since_s: int
) -> tuple[int, Sequence[MetricBatch]]:
    with ctx.units(scope, write=False) as uow:
        job = uow.jobs.get(job_id)
        check_task_name(job.launch, task)
        key = attempt_key(job_id, job.attempt_number)
        return job.attempt_number, uow.metrics.list_of_task(key, task, since_s=since_s)
