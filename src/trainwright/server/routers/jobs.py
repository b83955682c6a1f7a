"""Training jobs: create, search, show, change, stop, delete, tasks (contract §3 to §6.5)."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_list, answer_model, answer_null, answer_object, takes
from trainwright.server.dependencies import JobId, LanguageDep, ServicesDep, needs
from trainwright.services import job_search, jobs, previews, rebuilding, tasks
from trainwright.wire.job_answers import JobResponse, JobSearchResponse
from trainwright.wire.job_search import JobSearch
from trainwright.wire.jobs import JobAction, JobRequest, JobUpdate, RoleJobRequest
from trainwright.wire.previews import JobPreview
from trainwright.wire.watch import TaskItem

router = APIRouter(prefix="/v2/{project_id}", tags=["jobs"])

MayCreate = Annotated[Principal, needs(Action.JOB_CREATE)]
MayList = Annotated[Principal, needs(Action.JOB_LIST)]
MayGet = Annotated[Principal, needs(Action.JOB_GET)]
MayUpdate = Annotated[Principal, needs(Action.JOB_UPDATE)]
MayStop = Annotated[Principal, needs(Action.JOB_STOP)]
MayDelete = Annotated[Principal, needs(Action.JOB_DELETE)]


@router.post(
    "/training-jobs",
    operation_id="create_training_job",
    status_code=201,
    response_model=JobResponse,
    openapi_extra=takes(JobRequest, RoleJobRequest),
)
async def create(
    who: MayCreate,
    ctx: ServicesDep,
    body: JsonBody,
    language: LanguageDep,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Response:
    """Create a training job. With the header `Idempotency-Key` (1 to 128 printable characters of ASCII, chosen anew for
    every job) the same request may be sent again, as when its answer was lost: it is answered with the job it made.
    """
    return answer_model(await jobs.create(ctx, who, body, language, key=idempotency_key), 201)


@router.post(
    "/training-job-previews",
    operation_id="preview_training_job",
    response_model=JobPreview,
    openapi_extra=takes(JobRequest, RoleJobRequest),
)
async def preview(who: MayCreate, ctx: ServicesDep, body: JsonBody) -> Response:
    """What a training job made of this body would run; nothing is created."""
    return answer_model(await previews.preview(ctx, who, body))


@router.post(
    "/training-job-searches",
    operation_id="list_training_jobs",
    response_model=JobSearchResponse,
    openapi_extra=takes(JobSearch),
)
async def search(who: MayList, ctx: ServicesDep, body: JsonBody, language: LanguageDep) -> Response:
    """One page of the jobs that match."""
    return answer_model(await job_search.search(ctx, who, body, language))


@router.get(
    "/training-jobs/{training_job_id}", operation_id="show_training_job_details", response_model=JobResponse
)
async def show(job_id: JobId, who: MayGet, ctx: ServicesDep, language: LanguageDep) -> Response:
    """One job."""
    return answer_model(await jobs.show(ctx, who, job_id, language))


@router.get(
    "/training-jobs/{training_job_id}/request", operation_id="jobs_request", response_model=JobRequest
)
async def show_request(job_id: JobId, who: MayGet, ctx: ServicesDep) -> Response:
    """The body to create a job like this one with, under a name that is free; to be edited and sent again."""
    return answer_object(await rebuilding.request_of(ctx, who, job_id))


@router.put(
    "/training-jobs/{training_job_id}",
    operation_id="change_training_job_description",
    openapi_extra=takes(JobUpdate),
)
async def change(job_id: JobId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Change description, priority while it waits, notification or annotations; only what is given changes."""
    await jobs.change(ctx, who, job_id, body)
    return answer_null()


@router.post(
    "/training-jobs/{training_job_id}/actions",
    operation_id="stop_training_job",
    status_code=202,
    response_model=JobResponse,
    openapi_extra=takes(JobAction),
)
async def act(
    job_id: JobId, who: MayStop, ctx: ServicesDep, body: JsonBody, language: LanguageDep
) -> Response:
    """Stop the job: `{"action_type": "terminate"}`."""
    return answer_model(await jobs.stop(ctx, who, job_id, body, language), 202)


@router.delete(
    "/training-jobs/{training_job_id}",
    operation_id="delete_training_job",
    status_code=202,
    response_class=Response,
)
async def delete(job_id: JobId, who: MayDelete, ctx: ServicesDep) -> Response:
    """Delete an ended job with its history and logs."""
    await jobs.delete(ctx, who, job_id)
    return Response(status_code=202)


@router.get(
    "/training-jobs/{training_job_id}/tasks",
    operation_id="list_training_job_tasks",
    response_model=list[TaskItem],
)
async def list_tasks(
    job_id: JobId,
    who: MayGet,
    ctx: ServicesDep,
    language: LanguageDep,
    schedule_count: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
) -> Response:
    """The tasks of the latest attempt, or of attempt `schedule_count`, as a bare array."""
    return answer_list(await tasks.list_tasks(ctx, who, job_id, language, schedule_count=schedule_count))
