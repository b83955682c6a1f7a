"""What lists say of jobs besides the jobs themselves: some questions for a page, however many jobs are on it."""

import math
from collections.abc import Mapping, Sequence

from trainwright.domain.entities import Job
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import attempt_key
from trainwright.ports.training_metrics import LastPoint
from trainwright.ports.uow import MetricBatch, UnitOfWork
from trainwright.services.job_view import shown_phase
from trainwright.wire.job_summary import JobProgress, JobSummary, JobUsage, LastMetric

WINDOW_S = 180  # of samples: long enough for a slow step, short enough to show what is now
LEAST = 20  # fewer samples say nothing about a job that has just begun
LOW_PERCENT = 50.0  # below it lists warn (manual §4.6)
_USAGE: Mapping[str, str] = {
    "cpu": "cpuUsage",
    "memory": "memUsage",
    "gpu": "gpuUtil",
    "npu": "npuUtil",
}
_EPOCHS = (
    "epochs",
    "num_epochs",
    "max_epochs",
    "n_epochs",
    "num_train_epochs",
    "train_epochs",
    "total_epochs",
)
_STEPS = (
    "max_steps",
    "num_steps",
    "total_steps",
    "train_steps",
    "max_iters",
    "max_iterations",
    "num_iterations",
    "iterations",
    "total_iterations",
)


def summaries(uow: UnitOfWork, jobs: Sequence[Job], now_ms: int) -> dict[str, JobSummary]:
    """Of each of `jobs`, by id. Blocking."""
    keys = {job.id: attempt_key(job.id, job.attempt_number) for job in jobs if job.attempt_number}
    points = uow.training_metrics.last_points(list(keys.values()))
    tags = uow.tags.of_jobs([job.id for job in jobs])
    running = {job.id: (keys[job.id], first_task(job)) for job in jobs if job.id in keys and _is_running(job)}
    samples = uow.metrics.recent(
        list(running.values()), tuple(_USAGE.values()), since_s=now_ms // 1000 - WINDOW_S
    )
    return {
        job.id: JobSummary(
            user_id=job.user_id,
            priority=job.launch.priority,
            tags=tags.get(job.id, {}),
            metric=_metric(of_job := points.get(keys.get(job.id, ""), ())),
            progress=progress(job, of_job),
            usage=usage(samples.get(running[job.id], ())) if job.id in running else None,
        )
        for job in jobs
    }


def first_task(job: Job) -> str:
    """The task that stands for the job: `worker-0` of a usual one."""
    return job.launch.main_role().task_names()[0]


def progress(job: Job, points: Sequence[LastPoint]) -> JobProgress | None:
    """How far the job is, when it says so: by a series `progress` from 0 to 1, by one called `epoch` and a
    hyperparameter that says how many there are to be, or by steps and such a hyperparameter.
    """
    named = {
        point.key.name.lower().removeprefix("train/").removeprefix("train_"): point
        for point in reversed(points)
    }
    told = named.get("progress")
    if told is not None and 0 <= told.value <= 1:
        return JobProgress(fraction=told.value, done=told.value, total=1, unit="fraction")
    parameters = _numbers(job)
    epochs, steps = _first(parameters, _EPOCHS), _first(parameters, _STEPS)
    epoch = named.get("epoch")
    if epoch is not None and epochs and 0 <= epoch.value < math.inf:
        return _of(epoch.value, epochs, "epoch")
    if points and steps and points[0].step >= 0:
        return _of(points[0].step, steps, "step")
    return None


def usage(batches: Sequence[MetricBatch]) -> JobUsage | None:
    """Means of the samples; None when there is none."""
    means: dict[str, float] = {}
    most = 0
    for field, metric in _USAGE.items():
        values = [value for batch in batches for value in batch.values.get(metric, ()) if value >= 0]
        if values:
            means[field] = round(sum(values) / len(values), 1)
            most = max(most, len(values))
    if not means:
        return None
    cards = [means[field] for field in ("gpu", "npu") if field in means]
    low = bool(cards) and max(cards) < LOW_PERCENT and most >= LEAST
    return JobUsage(**means, low=low)


def _is_running(job: Job) -> bool:
    return shown_phase(job) is Phase.RUNNING


def _metric(points: Sequence[LastPoint]) -> LastMetric | None:
    if not points:
        return None
    point = points[0]
    return LastMetric(
        name=point.key.name,
        task=point.key.task,
        step=point.step,
        value=point.value if math.isfinite(point.value) else _word(point.value),
        time=point.at_ms,
    )


def _word(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _numbers(job: Job) -> dict[str, float]:
    """The hyperparameters that are positive numbers, by a name without dashes."""
    found = {}
    for parameter in job.launch.work_of(job.launch.main_role()).parameters:
        try:
            value = float(parameter.value)
        except ValueError:
            continue
        if 0 < value < math.inf:
            found[parameter.name.lower().replace("-", "_")] = value
    return found


def _first(parameters: Mapping[str, float], names: Sequence[str]) -> float | None:
    return next((parameters[name] for name in names if name in parameters), None)


def _of(done: float, total: float, unit: str) -> JobProgress:
    return JobProgress(fraction=round(min(1.0, done / total), 4), done=done, total=total, unit=unit)
