"""Authorisations: a record of what users let the platform act with. Secrets are sealed and never shown."""

from collections.abc import Mapping
from typing import Any, Literal

from trainwright.domain.errors import InvalidParam, InvalidQuery, UserNotFound
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.uow import UnitOfWork
from trainwright.ports.workspaces import Authorization
from trainwright.services.context import Services
from trainwright.services.reading import scope_of
from trainwright.services.sealing import seal
from trainwright.wire.authorizations import (
    MASK,
    AgencyRequest,
    AgencyResponse,
    AuthModeRequest,
    AuthModeResponse,
    AuthorizationItem,
    AuthorizationRequest,
    AuthorizationsResponse,
)
from trainwright.wire.parsing import parse

ALL_USERS = "all-users"
EVERYONE = ("all", ALL_USERS)
SORTS = ("user_name", "create_time")
USER_TYPES = ("iam", "federate", "federation-group", "grant", "all-users")
AGENCY_PREFIX = "ma_agency_"
DEFAULT_AGENCY = "modelarts_agency"
_MODE = "auth-mode"
_AGENCY = "agency:"
_REQUIRED = Text("it is required", "缺少该字段")
_WHOSE = Text("give a user's id, or all for everyone's", "请填写用户 ID；删除所有用户的委托授权请填写 all")
_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")


async def create(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> None:
    """Store an authorisation, in place of the user's former one. Raises `InvalidParam`."""
    request = parse(AuthorizationRequest, raw)
    _check(request)
    await ctx.blocking(_create, ctx, who, request)


async def list_all(
    ctx: Services, who: Principal, *, sort_by: str, descending: bool, offset: int, limit: int
) -> AuthorizationsResponse:
    """One page of the project's authorisations."""

    def read() -> tuple[int, tuple[Authorization, ...]]:
        with ctx.units(scope_of(who), write=False) as uow:
            return uow.authorizations.search(
                sort_by=sort_by, descending=descending, offset=offset, limit=limit
            )

    total, page = await ctx.blocking(read)
    return AuthorizationsResponse(total_count=total, auth=[_item(authorization) for authorization in page])


async def delete(ctx: Services, who: Principal, user_id: str) -> None:
    """Remove a user's authorisation; all of the project's when `user_id` is `all`. Missing is success.

    Raises:
        InvalidQuery: nobody is named: a forgotten parameter must not remove everyone's.
    """
    if not user_id:
        raise InvalidQuery(field="user_id", detail=_WHOSE)
    await ctx.blocking(_delete, ctx, who, "" if user_id == "all" else user_id)


async def create_agency(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> AgencyResponse:
    """Note an agency's name. There is nothing to delegate to here. Raises `InvalidParam`."""
    suffix = parse(AgencyRequest, raw).agency_name_suffix
    name = AGENCY_PREFIX + suffix if suffix else DEFAULT_AGENCY
    await ctx.blocking(_set_option, ctx, who, _AGENCY + name, str(ctx.clock.now_ms()))
    return AgencyResponse(agency_name=name)


async def show_mode(ctx: Services, who: Principal) -> AuthModeResponse:
    """The mode of the caller's account; `loose` until it is set."""

    def read() -> str:
        with ctx.units(scope_of(who), write=False) as uow:
            return uow.authorizations.option(_MODE)

    return _mode(who, await ctx.blocking(read))


async def change_mode(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> AuthModeResponse:
    """Set the mode of the caller's account. Raises `InvalidParam`."""
    mode = parse(AuthModeRequest, raw).mode
    await ctx.blocking(_set_option, ctx, who, _MODE, mode)
    return _mode(who, mode)


def _check(request: AuthorizationRequest) -> None:
    user_type = (request.user_type or "iam").lower()
    if user_type not in USER_TYPES:
        raise InvalidParam(field="user_type", detail=_ONE_OF, allowed=", ".join(USER_TYPES))
    if request.type == "credential":
        if not request.secret_key:
            raise InvalidParam(field="secret_key", detail=_REQUIRED)
    elif user_type == "federate":
        if not request.user_name:
            raise InvalidParam(field="user_name", detail=_REQUIRED)
    elif user_type != ALL_USERS and not request.user_id:
        raise InvalidParam(field="user_id", detail=_REQUIRED)


def _create(ctx: Services, who: Principal, request: AuthorizationRequest) -> None:
    kind = request.type or "agency"
    with ctx.units(scope_of(who)) as uow:
        user_id, user_name, user_type = _grantor(uow, who, request)
        sealed = ""
        if kind == "credential":
            purpose = f"authorization {who.project_id} {user_id}"
            sealed = seal(ctx.secret, request.secret_key or "", purpose=purpose)
        uow.authorizations.put(
            Authorization(
                project_id=who.project_id,
                user_id=user_id,
                user_name=user_name,
                user_type=user_type,
                type=kind,
                content=request.content,
                sealed_secret=sealed,
                created_at_ms=ctx.clock.now_ms(),
            )
        )
        uow.commit()


def _grantor(uow: UnitOfWork, who: Principal, request: AuthorizationRequest) -> tuple[str, str, str]:
    """Id, name and type of the user who authorises. Names of users that are not of this project are taken as given."""
    user_type = (request.user_type or "iam").lower()
    if user_type == ALL_USERS or request.user_id in EVERYONE:
        return ALL_USERS, ALL_USERS, ALL_USERS
    user_id = request.user_id or (request.user_name if user_type == "federate" else "") or who.user_id
    try:
        return user_id, uow.principals.get_user(user_id).name, user_type
    except UserNotFound:
        return user_id, request.user_name or "", user_type


def _delete(ctx: Services, who: Principal, user_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        uow.authorizations.delete(user_id)
        uow.commit()


def _set_option(ctx: Services, who: Principal, name: str, value: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        uow.authorizations.set_option(name, value)
        uow.commit()


def _item(authorization: Authorization) -> AuthorizationItem:
    return AuthorizationItem(
        user_id=authorization.user_id,
        user_name=authorization.user_name,
        user_type=authorization.user_type,
        type=authorization.type,
        content=authorization.content,
        secret_key=MASK if authorization.sealed_secret else None,
        create_time=authorization.created_at_ms,
    )


def _mode(who: Principal, stored: str) -> AuthModeResponse:
    mode: Literal["strict", "loose"] = "strict" if stored == "strict" else "loose"
    return AuthModeResponse(domain_id=who.project_id, mode=mode)
