"""Where jobs run, how much is free, and which launcher is in force."""

from fastapi import APIRouter
from starlette.responses import Response

from trainwright.server.answers import answer_model
from trainwright.server.dependencies import CallerDep, ServicesDep
from trainwright.services import offers
from trainwright.wire.catalogue import BackendsResponse

router = APIRouter(prefix="/v2/{project_id}", tags=["backends"])


@router.get("/backends", operation_id="backends_list", response_model=BackendsResponse)
async def list_backends(who: CallerDep, ctx: ServicesDep) -> Response:
    """The backend with its present capacity."""
    return answer_model(await offers.list_backends(ctx))
