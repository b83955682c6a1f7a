"""Where jobs run, how much is free, and which launcher is in force."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import ServicesDep, needs
from trainwright.services import offers
from trainwright.wire.catalogue import BackendsResponse

router = APIRouter(prefix="/v2/{project_id}", tags=["backends"])

MayListPools = Annotated[Principal, needs(Action.POOL_LIST)]


@router.get("/backends", operation_id="backends_list", response_model=BackendsResponse)
async def list_backends(who: MayListPools, ctx: ServicesDep) -> Response:
    """The backend with its present capacity."""
    return answer_model(await offers.list_backends(ctx))
