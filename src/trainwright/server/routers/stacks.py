"""Dumps of stacks of a job's tasks."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import JobId, ServicesDep, needs
from trainwright.services import stacks
from trainwright.wire.watch import StacksResponse

router = APIRouter(tags=["jobs"])


@router.get(
    "/v2/{project_id}/training-jobs/{training_job_id}/stacks",
    operation_id="list_stacks",
    response_model=StacksResponse,
)
async def list_stacks(
    job_id: JobId,
    who: Annotated[Principal, needs(Action.JOB_GET)],
    ctx: ServicesDep,
    *,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=stacks.PAGE_MAX)] = 10,
) -> Response:
    """Python stacks stored when the job was suspected to hang, the newest first."""
    return answer_model(await stacks.list_of_job(ctx, who, job_id, offset=offset, limit=limit))
