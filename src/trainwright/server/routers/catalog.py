"""Engines, flavors and what pools are made of (contract §7.1, §7.2, §2.10)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import ServicesDep, needs
from trainwright.server.routers.pools import V1, V2, After, LabelSelector, PageLimit
from trainwright.services import offers
from trainwright.wire.catalogue import EnginesResponse, FlavorsResponse, MaxResourcesResponse
from trainwright.wire.nodes import ResourceFlavorsResponse

router = APIRouter(tags=["catalog"])

MayListEngines = Annotated[Principal, needs(Action.ENGINE_LIST)]
MayListFlavors = Annotated[Principal, needs(Action.FLAVOR_LIST)]
FlavorType = Annotated[
    str,
    Query(max_length=32, description="Only these.", json_schema_extra={"enum": list(offers.FLAVOR_TYPES)}),
]


@router.get(
    f"{V2}/training-job-engines", operation_id="show_training_job_engines", response_model=EnginesResponse
)
async def list_engines(who: MayListEngines, ctx: ServicesDep) -> Response:
    """All preset engines."""
    return answer_model(offers.list_engines(ctx))


@router.get(
    f"{V2}/training-job-flavors", operation_id="show_training_job_flavors", response_model=FlavorsResponse
)
async def list_flavors(who: MayListFlavors, ctx: ServicesDep, flavor_type: FlavorType = "") -> Response:
    """All flavors, or those of one type."""
    return answer_model(offers.list_flavors(ctx, flavor_type))


@router.get(
    f"{V2}/training-pool-flavors",
    operation_id="show_training_flavor_max_available_resource",
    response_model=MaxResourcesResponse,
)
async def show_max_resources(
    who: MayListFlavors,
    ctx: ServicesDep,
    flavor_id: Annotated[str, Query(max_length=256, description="A flavor, or a generic size.")],
    pool_id: Annotated[str, Query(max_length=256, description="Id of a pool.")],
) -> Response:
    """The CPUs and the memory that one node of a flavor has in a pool."""
    return answer_model(await offers.show_max_resources(ctx, who, flavor_id, pool_id))


@router.get(
    f"{V1}/resourceflavors", operation_id="list_resource_flavors", response_model=ResourceFlavorsResponse
)
async def list_resource_flavors(
    who: MayListFlavors,
    ctx: ServicesDep,
    *,
    label_selector: LabelSelector = "",
    limit: PageLimit = 0,
    after: After = "",
) -> Response:
    """The flavors that pools can be made of."""
    found = await offers.list_resource_flavors(ctx, selector=label_selector, after=after, limit=limit)
    return answer_model(found)
