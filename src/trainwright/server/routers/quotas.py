"""Training quotas (contract §7.3)."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, takes
from trainwright.server.dependencies import ServicesDep, needs, without_nul
from trainwright.services import training_quotas
from trainwright.wire.quotas import QuotaChanges, QuotasResponse

router = APIRouter(prefix="/v2/{project_id}", tags=["quotas"])

MayGet = Annotated[Principal, needs(Action.QUOTA_GET)]
MayUpdate = Annotated[Principal, needs(Action.QUOTA_UPDATE)]
Word = Annotated[str, Query(max_length=64), AfterValidator(without_nul)]


@router.get("/training-quotas", operation_id="show_training_quotas", response_model=QuotasResponse)
async def show(who: MayGet, ctx: ServicesDep, user_id: Word = "", resource: Word = "") -> Response:
    """The limits of a user, the caller's by default, and what they use; another's are for those who may set them."""
    return answer_model(await training_quotas.show(ctx, who, user_id, resource))


@router.put(
    "/training-quotas",
    operation_id="modify_training_quotas",
    response_model=QuotasResponse,
    openapi_extra=takes(QuotaChanges),
)
async def change(who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Set limits of a user, or of all who have none of their own (`all-users`)."""
    return answer_model(await training_quotas.change(ctx, who, body))
