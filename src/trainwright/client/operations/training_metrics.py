"""Training metrics: what jobs report of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.operations.jobs import JOB
from trainwright.client.requests import Request, make_request, model_parser
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import training_metrics
else:
    training_metrics = deferred("trainwright.wire.training_metrics")

ALL_ATTEMPTS = 0


def build_show_training_metrics(
    project_id: str,
    job_id: str,
    *,
    task: str | None = None,
    name: str | None = None,
    attempt: int | None = None,
    after_step: int | None = None,
    max_points: int | None = None,
) -> Request[training_metrics.TrainingMetricsResponse]:
    """What the job reported of itself, as series of tasks and names: of the latest attempt, the given one, or all (0).

    `max_points` of each (1000) that look the same when drawn; 0: all behind `after_step`, or the first of them when a
    series is not `complete`: then ask for it again behind its last step.
    """
    return make_request(
        "GET",
        JOB + "/training-metrics",
        model_parser(training_metrics.TrainingMetricsResponse),
        path={"project_id": project_id, "training_job_id": job_id},
        query={
            "task": task,
            "name": name,
            "attempt": attempt,
            "after_step": after_step,
            "max_points": max_points,
        },
    )
