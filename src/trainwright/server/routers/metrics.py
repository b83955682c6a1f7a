"""Resource samples of a task (contract §6.8, and as they were stored)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import JobId, ServicesDep, TaskId, needs
from trainwright.services import metrics
from trainwright.wire.watch import MetricsResponse, SamplesResponse

router = APIRouter(prefix="/v2/{project_id}/training-jobs/{training_job_id}/metrics", tags=["metrics"])

MayGet = Annotated[Principal, needs(Action.JOB_GET)]


@router.get("/{task_id}", operation_id="show_training_job_metrics", response_model=MetricsResponse)
async def show(job_id: JobId, task: TaskId, who: MayGet, ctx: ServicesDep) -> Response:
    """Means per minute."""
    return answer_model(await metrics.show(ctx, who, job_id, task))


@router.get("/{task_id}/samples", operation_id="metrics_samples", response_model=SamplesResponse)
async def samples(
    job_id: JobId,
    task: TaskId,
    who: MayGet,
    ctx: ServicesDep,
    since_s: Annotated[int, Query(ge=0, le=2**53)] = 0,
) -> Response:
    """The samples as stored that begin at `since_s` (UTC seconds) or later: seconds first, minutes when older."""
    return answer_model(await metrics.samples(ctx, who, job_id, task, since_s=since_s))
