"""Operations on jobs that this server does not have yet: validated, then refused by name (contract §2.7, §6.12)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, takes
from trainwright.server.dependencies import JobId, ServicesDep, TaskId, needs
from trainwright.services import unavailable
from trainwright.wire.unavailable import ImageSaveJob, PublishArtifacts

router = APIRouter(prefix="/v2/{project_id}/training-jobs/{training_job_id}", tags=["unavailable"])

MayGet = Annotated[Principal, needs(Action.JOB_GET)]
MayExec = Annotated[Principal, needs(Action.JOB_EXEC)]
MayUpdate = Annotated[Principal, needs(Action.JOB_UPDATE)]
Number = Annotated[int | None, Query(ge=0, le=2**62)]
_SAVED_IMAGE = "/tasks/{task_id}/save-image-job"


@router.post(_SAVED_IMAGE, operation_id="create_save_image_job", openapi_extra=takes(ImageSaveJob))
async def save_image(job_id: JobId, task: TaskId, who: MayExec, ctx: ServicesDep, body: JsonBody) -> Response:
    """Save what a running task's container has become: not available on this server."""
    await unavailable.save_image(ctx, who, (job_id, task), body)


@router.get(_SAVED_IMAGE, operation_id="show_save_image_job")
async def show_saved_image(job_id: JobId, task: TaskId, who: MayGet, ctx: ServicesDep) -> Response:
    """How saving it goes: nothing was ever saved."""
    await unavailable.show_saved_image(ctx, who, job_id, task)


@router.get("/ft-detail", operation_id="show_ft_detail")
async def show_fine_tuning(job_id: JobId, who: MayGet, ctx: ServicesDep) -> Response:
    """A fine-tuning job: not available on this server."""
    await unavailable.refuse(ctx, who, job_id, "ft-detail")


@router.get("/ft-metrics", operation_id="show_ft_metrics")
async def show_fine_tuning_metrics(job_id: JobId, who: MayGet, ctx: ServicesDep) -> Response:
    """Its losses: not available on this server."""
    await unavailable.refuse(ctx, who, job_id, "ft-metrics")


@router.get("/ft-artifacts", operation_id="list_ft_artifacts")
async def list_artifacts(
    job_id: JobId,
    who: MayGet,
    ctx: ServicesDep,
    steps: Number = None,
    epoch: Number = None,
    loss: float | None = None,
    status: Annotated[str, Query(max_length=64)] = "",
    order_by_create_time_asc: bool | None = None,
    limit: Number = None,
    offset: Number = None,
) -> Response:
    """Its artefacts: not available on this server."""
    await unavailable.refuse(ctx, who, job_id, "ft-artifacts")


@router.post(
    "/ft-artifacts/publish", operation_id="publish_ft_artifacts", openapi_extra=takes(PublishArtifacts)
)
async def publish_artifacts(job_id: JobId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Publish some of them: not available on this server."""
    await unavailable.publish_artifacts(ctx, who, job_id, body)
