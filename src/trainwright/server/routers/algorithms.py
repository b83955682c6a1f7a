"""Saved algorithms (contract §8); saving a job as one is ours (manual 4.10)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JSON, JsonBody, answer_model, takes
from trainwright.server.dependencies import JobId, ServicesDep, needs
from trainwright.services import algorithms
from trainwright.services.algorithm_queries import algorithm_query
from trainwright.wire.algorithms import (
    SEARCH_LIMIT_MAX,
    AlgorithmBody,
    AlgorithmPage,
    AlgorithmResponse,
    SaveAsBody,
)

router = APIRouter(prefix="/v2/{project_id}", tags=["algorithms"])

MayCreate = Annotated[Principal, needs(Action.ALGORITHM_CREATE)]
MayList = Annotated[Principal, needs(Action.ALGORITHM_LIST)]
MayGet = Annotated[Principal, needs(Action.ALGORITHM_GET)]
MayUpdate = Annotated[Principal, needs(Action.ALGORITHM_UPDATE)]
MayDelete = Annotated[Principal, needs(Action.ALGORITHM_DELETE)]

ALGORITHMS = "/algorithms"
ALGORITHM = ALGORITHMS + "/{algorithm_id}"
_OFFSET_MAX = 1 << 53
_ID = Path(alias="algorithm_id", description="Id of an algorithm.")
AlgorithmId = Annotated[str, _ID]


@router.post(
    ALGORITHMS,
    operation_id="create_algorithm",
    status_code=201,
    response_model=AlgorithmResponse,
    openapi_extra=takes(AlgorithmBody),
)
async def create(who: MayCreate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Save an algorithm: code, how it starts, its hyperparameters, channels and what it needs."""
    return answer_model(await algorithms.create(ctx, who, body), 201)


@router.get(ALGORITHMS, operation_id="list_algorithms", response_model=AlgorithmPage)
async def search(
    who: MayList,
    ctx: ServicesDep,
    searches: Annotated[
        str,
        Query(
            max_length=1024,
            description="`name:<text>`; also description, engine, code_dir and `create_time:<from>-<to>` (ms), divided "
            "by commas.",
        ),
    ] = "",
    workspace_id: Annotated[str, Query(max_length=64)] = "",
    sort_by: Annotated[str, Query(max_length=64, description="create_time, update_time or name.")] = "",
    order: Literal["", "asc", "desc"] = "desc",
    group_by: Annotated[str, Query(max_length=64, description="Given back as it is.")] = "",
    offset: Annotated[int, Query(ge=0, le=_OFFSET_MAX, description="Records to skip.")] = 0,
    limit: Annotated[int, Query(ge=1, le=SEARCH_LIMIT_MAX)] = 10,
) -> Response:
    """One page of the algorithms that match."""
    query = algorithm_query(
        searches=searches,
        workspace_id=workspace_id,
        sort_by=sort_by or "create_time",
        descending=order != "asc",
        offset=offset,
        limit=limit,
    )
    return answer_model(await algorithms.search(ctx, who, query, group_by))


@router.get(ALGORITHM, operation_id="show_algorithm_by_uuid", response_model=AlgorithmResponse)
async def show(algorithm_id: AlgorithmId, who: MayGet, ctx: ServicesDep) -> Response:
    """One algorithm, with its code as it is now."""
    return answer_model(await algorithms.show(ctx, who, algorithm_id))


@router.put(
    ALGORITHM,
    operation_id="change_algorithm",
    status_code=201,
    response_model=AlgorithmResponse,
    openapi_extra=takes(AlgorithmBody),
)
async def change(algorithm_id: AlgorithmId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Put the whole body in the place of the algorithm's."""
    return answer_model(await algorithms.change(ctx, who, algorithm_id, body), 201)


@router.delete(ALGORITHM, operation_id="delete_algorithm", status_code=202)
async def delete(algorithm_id: AlgorithmId, who: MayDelete, ctx: ServicesDep) -> Response:
    """Delete an algorithm; its code and the jobs made of it stay."""
    await algorithms.delete(ctx, who, algorithm_id)
    return Response(b"null", 202, media_type=JSON)


@router.post(
    "/training-jobs/{training_job_id}/algorithm",
    operation_id="algorithms_save_job",
    status_code=201,
    response_model=AlgorithmResponse,
    openapi_extra=takes(SaveAsBody),
)
async def save_job(job_id: JobId, who: MayCreate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Save what a job runs as an algorithm. Not for jobs of subscribed algorithms."""
    return answer_model(await algorithms.save_job(ctx, who, job_id, body), 201)
