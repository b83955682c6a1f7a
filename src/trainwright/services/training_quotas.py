"""What a user's jobs may be altogether (contract §7.3). Enforced where jobs are created: `services.quotas`."""

from collections.abc import Mapping
from typing import Any

from trainwright.domain.access import Action
from trainwright.domain.errors import ActionDenied, InvalidParam, InvalidQuery
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.uow import UnitOfWork
from trainwright.services.context import Services
from trainwright.services.quotas import UNLIMITED, USER_JOBS
from trainwright.services.reading import scope_of
from trainwright.wire.parsing import parse
from trainwright.wire.quotas import QuotaChange, QuotaChanges, QuotaItem, QuotasResponse

EVERYONE = "all-users"
RETENTION = "job-retention-enabled"
NOTIFY = "job-num-quota-notify"
DEFAULTS: Mapping[str, int] = {USER_JOBS: UNLIMITED, "visual-job-num": UNLIMITED, RETENTION: 0, NOTIFY: 0}
_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")
_REPEATED = Text("the resource is given twice", "资源重复")
_SWITCH = Text("it must be 0 or 1", "必须为 0 或 1")
_ZERO = Text("it must be 0; the topic goes into extra_info", "必须为 0，主题 URN 填写在 extra_info 中")


async def show(ctx: Services, who: Principal, user_id: str, resource: str) -> QuotasResponse:
    """The limits of a user, or of the caller, and what they use; of one resource or of all.

    What another user runs is for those who set limits: it counts jobs in workspaces that the caller may not see.

    Raises:
        ActionDenied: it is another user, whether or not there is one, and the caller may not set limits.
        UserNotFound: the project has no such user.
        InvalidQuery: there is no such resource.
    """
    if resource and resource not in DEFAULTS:
        raise InvalidQuery(field="resource", detail=_ONE_OF, allowed=", ".join(DEFAULTS))
    if user_id not in ("", who.user_id, EVERYONE) and not who.may(Action.QUOTA_UPDATE):
        raise ActionDenied(action=Action.QUOTA_UPDATE.value)
    wanted = (resource,) if resource else tuple(DEFAULTS)
    return await ctx.blocking(_show, ctx, who, user_id or who.user_id, wanted)


async def change(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> QuotasResponse:
    """Set limits of a user, or of all who have none of their own. Jobs that exist already are left alone.

    Raises:
        InvalidParam: a number does not fit its resource.
        UserNotFound: the project has no such user.
    """
    wanted = parse(QuotaChanges, raw)
    given: dict[str, tuple[int, str]] = {}
    for index, item in enumerate(wanted.quotas):
        _check(index, item)
        if item.resource in given:
            raise InvalidParam(field=f"quotas[{index}].resource", detail=_REPEATED)
        given[item.resource] = (item.quota, item.extra_info or "")
    return await ctx.blocking(_change, ctx, who, wanted.user_id, given)


def _check(index: int, item: QuotaChange) -> None:
    if item.resource == RETENTION and not 0 <= item.quota <= 1:
        raise InvalidParam(field=f"quotas[{index}].quota", detail=_SWITCH)
    if item.resource == NOTIFY and item.quota:
        raise InvalidParam(field=f"quotas[{index}].quota", detail=_ZERO)


def _show(ctx: Services, who: Principal, user_id: str, resources: tuple[str, ...]) -> QuotasResponse:
    with ctx.units(scope_of(who), write=False) as uow:
        return _quotas(uow, user_id, resources)


def _change(
    ctx: Services, who: Principal, user_id: str, given: Mapping[str, tuple[int, str]]
) -> QuotasResponse:
    with ctx.units(scope_of(who)) as uow:
        if user_id != EVERYONE:
            uow.principals.get_user(user_id)
        uow.quotas.set_of_user("" if user_id == EVERYONE else user_id, given)
        answer = _quotas(uow, user_id, tuple(given))
        uow.commit()
    return answer


def _quotas(uow: UnitOfWork, user_id: str, resources: tuple[str, ...]) -> QuotasResponse:
    own = "" if user_id == EVERYONE else user_id
    if own:
        uow.principals.get_user(own)
    known = uow.quotas.of_user(own)
    used = {USER_JOBS: uow.quotas.unfinished_of(own) if own else 0}
    items = []
    for resource in resources:
        quota, extra_info = known.get(resource, (DEFAULTS[resource], ""))
        items.append(
            QuotaItem(resource=resource, quota=quota, used=used.get(resource, 0), extra_info=extra_info)
        )
    return QuotasResponse(user_id=user_id, quotas=items)
