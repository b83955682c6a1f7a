"""Tags of training jobs (contract §6.13)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, takes
from trainwright.server.dependencies import JobId, ServicesDep, needs
from trainwright.services import tags
from trainwright.wire.tags import (
    ProjectTagsResponse,
    TaggedCount,
    TaggedResources,
    TagSearch,
    TagsRemoval,
    TagsRequest,
    TagsResponse,
)

router = APIRouter(prefix="/v2/{project_id}/modelarts-training-job", tags=["tags"])

MayList = Annotated[Principal, needs(Action.JOB_LIST)]
MayGet = Annotated[Principal, needs(Action.JOB_GET)]
MayUpdate = Annotated[Principal, needs(Action.JOB_UPDATE)]

Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to skip.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many to answer with.")]


@router.get("/tags", operation_id="list_training_job_tags", response_model=ProjectTagsResponse)
async def list_of_project(
    who: MayList, ctx: ServicesDep, limit: Limit = 1000, offset: Offset = 0
) -> Response:
    """The keys in use on jobs the caller sees, each with its values."""
    return answer_model(await tags.list_of_project(ctx, who, offset=offset, limit=limit))


@router.post(
    "/resource-instances/filter",
    operation_id="list_training_jobs_by_tags",
    response_model=TaggedResources,
    openapi_extra=takes(TagSearch),
)
async def find_jobs(
    who: MayList, ctx: ServicesDep, body: JsonBody, limit: Limit = 1000, offset: Offset = 0
) -> Response:
    """One page of the jobs with these tags, newest first."""
    return answer_model(await tags.find_jobs(ctx, who, body, offset=offset, limit=limit))


@router.post(
    "/resource-instances/count",
    operation_id="count_training_jobs_by_tags",
    response_model=TaggedCount,
    openapi_extra=takes(TagSearch),
)
async def count_jobs(
    who: MayList, ctx: ServicesDep, body: JsonBody, limit: Limit = 1000, offset: Offset = 0
) -> Response:
    """How many jobs have these tags. `limit` and `offset` change nothing."""
    return answer_model(await tags.count_jobs(ctx, who, body))


@router.get("/{training_job_id}/tags", operation_id="show_train_job_tags", response_model=TagsResponse)
async def show(job_id: JobId, who: MayGet, ctx: ServicesDep) -> Response:
    """The job's tags."""
    return answer_model(await tags.show(ctx, who, job_id))


@router.post(
    "/{training_job_id}/tags/create",
    operation_id="create_train_job_tags",
    response_model=TagsResponse,
    openapi_extra=takes(TagsRequest),
)
async def put(job_id: JobId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Add tags, or replace values; answers with all the job has then."""
    return answer_model(await tags.put(ctx, who, job_id, body))


@router.delete(
    "/{training_job_id}/tags/delete",
    operation_id="delete_train_job_tags",
    status_code=204,
    openapi_extra=takes(TagsRemoval),
)
async def remove(job_id: JobId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Remove tags by key, whatever their values. A key that is not there is no error."""
    await tags.remove(ctx, who, job_id, body)
    return Response(status_code=204)
