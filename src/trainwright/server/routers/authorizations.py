"""Authorisations and the authorisation mode (contract §2.9, §11.2): records without effect on what jobs may do here."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, answer_null, takes
from trainwright.server.dependencies import ServicesDep, needs, needs_anywhere, without_nul
from trainwright.services import authorizations
from trainwright.services.ordering import is_descending, sort_key
from trainwright.wire.authorizations import (
    AgencyRequest,
    AgencyResponse,
    AuthModeRequest,
    AuthModeResponse,
    AuthorizationRequest,
    AuthorizationsResponse,
)

router = APIRouter(tags=["authorizations"])

MayCreate = Annotated[Principal, needs(Action.AUTHORIZATION_CREATE)]
MayList = Annotated[Principal, needs(Action.AUTHORIZATION_LIST)]
MayDelete = Annotated[Principal, needs(Action.AUTHORIZATION_DELETE)]
MayGetMode = Annotated[Principal, needs_anywhere(Action.AUTH_MODE_GET)]
MayUpdateMode = Annotated[Principal, needs_anywhere(Action.AUTH_MODE_UPDATE)]

SortBy = Annotated[str, Query(max_length=32, json_schema_extra={"enum": list(authorizations.SORTS)})]
Order = Annotated[str, Query(max_length=8, json_schema_extra={"enum": ["asc", "desc"]})]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to skip.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many to answer with.")]
UserId = Annotated[
    str,
    Query(max_length=128, description="Whose; all: everyone's. It is required."),
    AfterValidator(without_nul),
]


@router.post(
    "/v2/{project_id}/authorizations",
    operation_id="create_authorization",
    openapi_extra=takes(AuthorizationRequest),
)
async def create(who: MayCreate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Store an authorisation in place of the user's former one. A secret is sealed and never shown again."""
    await authorizations.create(ctx, who, body)
    return answer_null()


@router.get(
    "/v2/{project_id}/authorizations",
    operation_id="get_authorizations",
    response_model=AuthorizationsResponse,
)
async def list_all(  # one parameter for each of the query's
    who: MayList,
    ctx: ServicesDep,
    *,
    sort_by: SortBy = "user_name",
    order: Order = "asc",
    limit: Limit = 1000,
    offset: Offset = 0,
) -> Response:
    """One page of the project's authorisations."""
    page = await authorizations.list_all(
        ctx,
        who,
        sort_by=sort_key(sort_by, authorizations.SORTS, default="user_name"),
        descending=is_descending(order, default=False),
        offset=offset,
        limit=limit,
    )
    return answer_model(page)


@router.delete("/v2/{project_id}/authorizations", operation_id="delete_authorizations")
async def delete(who: MayDelete, ctx: ServicesDep, user_id: UserId = "") -> Response:
    """Remove one user's authorisation, or all. One that is not there is no error."""
    await authorizations.delete(ctx, who, user_id)
    return answer_null()


@router.post(
    "/v2/{project_id}/agency",
    operation_id="create_model_arts_agency",
    response_model=AgencyResponse,
    openapi_extra=takes(AgencyRequest),
)
async def create_agency(who: MayCreate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Note an agency named `ma_agency_<suffix>`, or `modelarts_agency`. There is nothing to delegate to here."""
    return answer_model(await authorizations.create_agency(ctx, who, body))


@router.get("/v1/auth-mode", operation_id="show_authmode_detail", response_model=AuthModeResponse)
async def show_mode(who: MayGetMode, ctx: ServicesDep) -> Response:
    """The authorisation mode of the caller's account."""
    return answer_model(await authorizations.show_mode(ctx, who))


@router.put(
    "/v1/auth-mode",
    operation_id="update_auth_mode",
    response_model=AuthModeResponse,
    openapi_extra=takes(AuthModeRequest),
)
async def change_mode(who: MayUpdateMode, ctx: ServicesDep, body: JsonBody) -> Response:
    """Set the authorisation mode of the caller's account."""
    return answer_model(await authorizations.change_mode(ctx, who, body))
