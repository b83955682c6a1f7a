"""Engines and flavors on offer (contract §7)."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import ServicesDep, needs
from trainwright.services import offers
from trainwright.wire.catalogue import EnginesResponse, FlavorsResponse

router = APIRouter(prefix="/v2/{project_id}", tags=["catalog"])

MayListEngines = Annotated[Principal, needs(Action.ENGINE_LIST)]
MayListFlavors = Annotated[Principal, needs(Action.FLAVOR_LIST)]


@router.get("/training-job-engines", operation_id="engines_list", response_model=EnginesResponse)
async def list_engines(who: MayListEngines, ctx: ServicesDep) -> Response:
    """All preset engines."""
    return answer_model(offers.list_engines(ctx))


@router.get("/training-job-flavors", operation_id="flavors_list", response_model=FlavorsResponse)
async def list_flavors(who: MayListFlavors, ctx: ServicesDep, flavor_type: str | None = None) -> Response:
    """All flavors, or those of one type (CPU, GPU, Ascend)."""
    return answer_model(offers.list_flavors(ctx, flavor_type or None))
