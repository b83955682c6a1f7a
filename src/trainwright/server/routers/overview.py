"""A project at a glance, and how much room pools have (ours, beside the contract)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import LanguageDep, ServicesDep, needs
from trainwright.services import overview, pool_room
from trainwright.wire.overview import Overview, PoolRooms

router = APIRouter(prefix="/v2/{project_id}", tags=["jobs"])

MayList = Annotated[Principal, needs(Action.JOB_LIST)]
MayListPools = Annotated[Principal, needs(Action.POOL_LIST)]
TIME_MAX = 2**62


@router.get("/training-overview", operation_id="overview_show", response_model=Overview)
async def show(
    who: MayList,
    ctx: ServicesDep,
    language: LanguageDep,
    since: Annotated[
        int | None, Query(ge=0, le=TIME_MAX, description="Which failures count, ms UTC; else of a day.")
    ] = None,
) -> Response:
    """The project's jobs at a glance: how many, the caller's latest, what failed, what waits, and why; the pools, who
    used them in the last 24 hours, and the caller's quota.
    """
    return answer_model(await overview.show(ctx, who, language, since_ms=since))


@router.get("/training-pool-room", operation_id="pools_room", response_model=PoolRooms)
async def show_rooms(
    who: MayListPools,
    ctx: ServicesDep,
    pool_id: Annotated[str, Query(max_length=256, description="Only this pool.")] = "",
) -> Response:
    """How much of each pool is free now, and how many nodes of each flavor."""
    return answer_model(await pool_room.show_rooms(ctx, who, pool_id))
