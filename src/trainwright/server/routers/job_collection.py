"""Calls on several jobs, and small ones beside a job (contract §6.3, §6.4, §6.6, §6.10, §6.11).

Mounted before `jobs`, as `batch-delete` is no job's id.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, answer_null, takes
from trainwright.server.audit_watch import note_jobs
from trainwright.server.dependencies import JobId, LanguageDep, ServicesDep, TaskId, needs, without_nul
from trainwright.services import job_collection, stages
from trainwright.wire.job_collection import (
    BatchDelete,
    EventCategories,
    NameCheck,
    RoutePlan,
    StagesResponse,
    TaskReport,
)

router = APIRouter(prefix="/v2/{project_id}", tags=["jobs"])

MayCreate = Annotated[Principal, needs(Action.JOB_CREATE)]
MayGet = Annotated[Principal, needs(Action.JOB_GET)]
MayList = Annotated[Principal, needs(Action.JOB_LIST)]
MayDelete = Annotated[Principal, needs(Action.JOB_DELETE)]
MayReport = Annotated[Principal, needs(Action.JOB_REPORT)]
ShortQuery = Annotated[str, Query(max_length=64), AfterValidator(without_nul)]


@router.post(
    "/training-jobs/batch-delete",
    operation_id="batch_delete_training_job",
    status_code=202,
    openapi_extra=takes(BatchDelete),
)
async def delete_batch(request: Request, who: MayDelete, ctx: ServicesDep, body: JsonBody) -> Response:
    """Delete ended jobs of one workspace with their history and logs: all of those named, or none."""
    note_jobs(request, body)
    await job_collection.delete_batch(ctx, who, body)
    return Response(status_code=202)


@router.get("/training-job-names", operation_id="validate_training_job_name", response_model=NameCheck)
async def check_name(
    who: MayCreate, ctx: ServicesDep, job_name: ShortQuery, workspace_id: ShortQuery = ""
) -> Response:
    """Whether a job of that name exists already."""
    return answer_model(await job_collection.check_name(ctx, who, job_name, workspace_id))


@router.get(
    "/training-event-categories", operation_id="list_event_categories", response_model=EventCategories
)
async def list_categories(_who: MayList, language: LanguageDep, flavor_type: ShortQuery = "") -> Response:
    """What notifications can be asked for."""
    return answer_model(job_collection.event_categories(flavor_type or None, language))


@router.get(
    "/training-jobs/{training_job_id}/stages",
    operation_id="list_training_job_stages",
    response_model=StagesResponse,
)
async def list_stages(job_id: JobId, who: MayGet, ctx: ServicesDep) -> Response:
    """Scheduling, preparing, running and end of each attempt."""
    return answer_model(await stages.list_stages(ctx, who, job_id))


@router.get(
    "/training-jobs/{training_job_id}/route_plan",
    operation_id="show_training_job_route_plan",
    response_model=RoutePlan,
)
async def show_route_plan(job_id: JobId, who: MayGet, ctx: ServicesDep) -> Response:
    """The order of the workers. No plan is made here: they keep their usual one."""
    return answer_model(await job_collection.route_plan(ctx, who, job_id))


@router.post(
    "/training-jobs/{training_job_id}/tasks/{task_id}/reports/{report_type}",
    operation_id="notify_training_job_information",
    openapi_extra=takes(TaskReport),
)
async def report(
    job_id: JobId,
    task: TaskId,
    report_type: Annotated[str, Path(description="`training-event`.")],
    who: MayReport,
    ctx: ServicesDep,
    body: JsonBody,
) -> Response:
    """Note in the job's events what its running task reports."""
    await job_collection.report(ctx, who, (job_id, task), report_type, body)
    return answer_null()
