"""Training metrics: what jobs report of themselves."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.ports.training_metrics import STEP_MAX
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import JobId, ServicesDep, needs, without_nul
from trainwright.services import log_metrics, training_metrics
from trainwright.services.training_metrics import DEFAULT_POINTS, POINTS_SHOWN_MAX, Wanted
from trainwright.wire.training_metrics import TrainingMetricsResponse

router = APIRouter(
    prefix="/v2/{project_id}/training-jobs/{training_job_id}/training-metrics", tags=["metrics"]
)

MayGet = Annotated[Principal, needs(Action.JOB_GET)]
NameQuery = Annotated[str, Query(max_length=128), AfterValidator(without_nul)]


@router.get("", operation_id="training_metrics", response_model=TrainingMetricsResponse)
async def show(
    job_id: JobId,
    who: MayGet,
    ctx: ServicesDep,
    task: NameQuery = "",
    name: NameQuery = "",
    attempt: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    after_step: Annotated[int | None, Query(ge=-STEP_MAX, le=STEP_MAX)] = None,
    max_points: Annotated[int, Query(ge=0, le=POINTS_SHOWN_MAX)] = DEFAULT_POINTS,
) -> Response:
    """What the job reported of itself, of the latest attempt or of attempt `attempt` (0: all), as series: at most
    `max_points` points of each that look the same when drawn; with 0 all, or as many behind `after_step` as fit.
    """
    wanted = Wanted(task, name, attempt, after_step, max_points)
    await log_metrics.catch_up(ctx, who, job_id)
    answer = await training_metrics.show(ctx, who, job_id, wanted)
    return answer_model(answer)
