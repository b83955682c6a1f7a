"""Training experiments (contract §10)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.ports.workspaces import ExperimentQuery
from trainwright.server.answers import JsonBody, answer_model, takes
from trainwright.server.dependencies import ServicesDep, needs, without_nul
from trainwright.services import experiments
from trainwright.services.ordering import is_descending, sort_key
from trainwright.wire.experiments import (
    LIMIT_MAX,
    NAME_LENGTH_MAX,
    ExperimentChanged,
    ExperimentRequest,
    ExperimentResponse,
    ExperimentsResponse,
    ExperimentUpdate,
    NameTaken,
)

router = APIRouter(prefix="/v2/{project_id}", tags=["experiments"])

MayCreate = Annotated[Principal, needs(Action.EXPERIMENT_CREATE)]
MayList = Annotated[Principal, needs(Action.EXPERIMENT_LIST)]
MayGet = Annotated[Principal, needs(Action.EXPERIMENT_GET)]
MayUpdate = Annotated[Principal, needs(Action.EXPERIMENT_UPDATE)]
MayDelete = Annotated[Principal, needs(Action.EXPERIMENT_DELETE)]

ExperimentId = Annotated[
    str,
    Path(alias="experiment_id", max_length=128, description="Id of a training experiment."),
    AfterValidator(without_nul),
]
InWorkspace = Annotated[
    str,
    Query(max_length=128, description="Id of a workspace; without it, all the caller sees."),
    AfterValidator(without_nul),
]
SortBy = Annotated[str, Query(max_length=32, json_schema_extra={"enum": list(experiments.SORTS)})]
Order = Annotated[str, Query(max_length=8, json_schema_extra={"enum": ["asc", "desc"]})]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to skip.")]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many to answer with.")]
Name = Annotated[str, Query(min_length=1, max_length=NAME_LENGTH_MAX), AfterValidator(without_nul)]


@router.post(
    "/training-experiments",
    operation_id="create_training_experiment",
    status_code=201,
    response_model=ExperimentResponse,
    openapi_extra=takes(ExperimentRequest),
)
async def create(who: MayCreate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Create an experiment."""
    return answer_model(await experiments.create(ctx, who, body), 201)


@router.get(
    "/training-experiments", operation_id="list_training_experiments", response_model=ExperimentsResponse
)
async def list_all(  # one parameter for each of the query's
    who: MayList,
    ctx: ServicesDep,
    *,
    workspace_id: InWorkspace = "",
    limit: Limit = 10,
    offset: Offset = 0,
    sort_by: SortBy = "create_time",
    order: Order = "desc",
) -> Response:
    """One page of the experiments the caller sees."""
    query = ExperimentQuery(
        workspace_id=workspace_id,
        sort_by=sort_key(sort_by, experiments.SORTS, default="create_time"),
        descending=is_descending(order),
        offset=offset,
        limit=limit,
    )
    return answer_model(await experiments.list_all(ctx, who, query))


@router.get(
    "/training-experiments/{experiment_id}",
    operation_id="show_training_experiment_details",
    response_model=ExperimentResponse,
)
async def show(experiment_id: ExperimentId, who: MayGet, ctx: ServicesDep) -> Response:
    """One experiment."""
    return answer_model(await experiments.show(ctx, who, experiment_id))


@router.put(
    "/training-experiments/{experiment_id}",
    operation_id="change_training_experiment",
    response_model=ExperimentChanged,
    openapi_extra=takes(ExperimentUpdate),
)
async def change(experiment_id: ExperimentId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Change name and description, each when given."""
    return answer_model(await experiments.change(ctx, who, experiment_id, body))


@router.delete(
    "/training-experiments/{experiment_id}", operation_id="delete_training_experiment", status_code=204
)
async def delete(experiment_id: ExperimentId, who: MayDelete, ctx: ServicesDep) -> Response:
    """Delete the experiment; its jobs stay and are in none afterwards."""
    await experiments.delete(ctx, who, experiment_id)
    return Response(status_code=204)


@router.get("/training-experiment-names", operation_id="check_training_experiment", response_model=NameTaken)
async def check(
    who: MayList, ctx: ServicesDep, experiment_name: Name, workspace_id: InWorkspace = ""
) -> Response:
    """Whether the name is taken in the project, also in workspaces that the caller does not see."""
    return answer_model(await experiments.check_name(ctx, who, experiment_name, workspace_id))
