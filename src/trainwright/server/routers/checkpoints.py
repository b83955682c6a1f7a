"""The checkpoints of a job: ours, beside the contract."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import JobId, LanguageDep, ServicesDep, needs
from trainwright.services import checkpoints
from trainwright.wire.checkpoints import CheckpointList

router = APIRouter(prefix="/v2/{project_id}/training-jobs/{training_job_id}", tags=["jobs"])

MayGet = Annotated[Principal, needs(Action.JOB_GET)]


@router.get("/checkpoints", operation_id="jobs_checkpoints", response_model=CheckpointList)
async def list_checkpoints(
    job_id: JobId,
    who: MayGet,
    ctx: ServicesDep,
    language: LanguageDep,
    output: Annotated[str, Query(max_length=64, description="Only those of the output of this name.")] = "",
    offset: Annotated[int, Query(ge=0, le=1 << 53, description="Records to skip.")] = 0,
    limit: Annotated[int, Query(ge=1, le=checkpoints.LIMIT_MAX)] = 10,
) -> Response:
    """One page of what looks like checkpoints in the job's outputs, newest first, each checked without loading it."""
    page = await checkpoints.list_checkpoints(
        ctx, who, job_id, language, output=output, offset=offset, limit=limit
    )
    return answer_model(page)
