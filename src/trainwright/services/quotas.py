"""Quotas: what a workspace's and a user's unfinished jobs may have together."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from trainwright.domain.access import Action
from trainwright.domain.demand import Demand
from trainwright.domain.errors import ActionDenied, InvalidParam, QuotaExceeded
from trainwright.domain.specs import LaunchSpec
from trainwright.domain.texts import Language, Text
from trainwright.ports.identity import Principal
from trainwright.ports.uow import UnitOfWork
from trainwright.services.context import Services
from trainwright.services.reading import scope_of
from trainwright.wire.parsing import parse
from trainwright.wire.workspaces import QuotaItem, QuotasResponse, QuotasUpdate

UNLIMITED = -1
USER_JOBS = "job-num"
_MIB_PER_GB = 1024
_MILLI = 1000


@dataclass(frozen=True, slots=True)
class Resource:
    """What a workspace's quota counts. Amounts are kept in parts, `per_unit` of which make one of the quota's units."""

    name: Text
    unit: Text
    per_unit: int = 1


WORKSPACE_RESOURCES: Mapping[str, Resource] = MappingProxyType(
    {
        "train_job.count": Resource(Text("Training jobs", "训练作业数"), Text("jobs", "个")),
        "train_job.cpu": Resource(Text("CPUs of training jobs", "训练作业 CPU"), Text("cores", "核"), _MILLI),
        "train_job.memory": Resource(
            Text("Memory of training jobs", "训练作业内存"), Text("GB", "GB"), _MIB_PER_GB
        ),
        "train_job.accelerator": Resource(
            Text("Accelerators of training jobs", "训练作业加速卡"), Text("cards", "张")
        ),
    }
)
_USER_JOBS = Text("unfinished jobs of a user", "单个用户的未结束作业")
_UNKNOWN = Text("there is no such quota, only {allowed}", "不存在该配额，可用的配额：{allowed}")
_TWICE = Text("it is named twice", "重复出现")


async def show_workspace(ctx: Services, who: Principal, workspace_id: str) -> QuotasResponse:
    """All quotas of a workspace, with what is in use. Raises `WorkspaceNotFound`."""
    return await ctx.blocking(_show, ctx, who, workspace_id)


async def update_workspace(
    ctx: Services, who: Principal, workspace_id: str, raw: Mapping[str, Any]
) -> QuotasResponse:
    """Set the quotas named; the answer holds these only. Jobs that are there already stay.

    Raises:
        InvalidParam: an unknown resource, one named twice, or a quota outside its range.
        WorkspaceNotFound: the caller does not see it.
        ActionDenied: the caller may not rule over all workspaces: owners do not set limits for themselves.
    """
    update = parse(QuotasUpdate, raw)
    quotas: dict[str, int] = {}
    for index, setting in enumerate(update.quotas):
        field = f"quotas[{index}].resource"
        if setting.resource not in WORKSPACE_RESOURCES:
            raise InvalidParam(field=field, detail=_UNKNOWN, allowed=", ".join(WORKSPACE_RESOURCES))
        if setting.resource in quotas:
            raise InvalidParam(field=field, detail=_TWICE)
        quotas[setting.resource] = setting.quota
    return await ctx.blocking(_update, ctx, who, workspace_id, quotas)


def check_quotas(uow: UnitOfWork, who: Principal, workspace_id: str, launch: LaunchSpec) -> None:
    """The job about to be added goes beyond no quota of its workspace or of its user. Blocking.

    To be called in the writing unit that adds it. SQLite has one writer at a time; on PostgreSQL reading a limit locks
    its row, so that whoever creates under the same limit waits for this unit's end and then counts its job, too.

    Raises:
        QuotaExceeded: it would.
    """
    limits = uow.quotas.of_workspace(workspace_id)
    set_limits = {name: limits[name][0] for name in WORKSPACE_RESOURCES if name in limits}
    if any(quota != UNLIMITED for quota in set_limits.values()):
        used, asked = used_in(uow, workspace_id), parts_of(launch)
        for name, quota in set_limits.items():
            resource = WORKSPACE_RESOURCES[name]
            if quota != UNLIMITED and used[name] + asked[name] > quota * resource.per_unit:
                _refuse(resource, quota, used[name], asked[name])
    jobs, _ = uow.quotas.of_user(who.user_id).get(USER_JOBS, (UNLIMITED, ""))
    if jobs != UNLIMITED and (mine := uow.quotas.unfinished_of(who.user_id)) >= jobs:
        raise QuotaExceeded(resource=_USER_JOBS, quota=jobs, used=mine, asked=1)


def used_in(uow: UnitOfWork, workspace_id: str) -> dict[str, int]:
    """What the workspace's unfinished jobs have, by resource, in parts."""
    return _parts(*uow.quotas.unfinished_in(workspace_id))


def parts_of(launch: LaunchSpec) -> dict[str, int]:
    """What one job has, by resource, in parts."""
    return _parts(1, Demand.of_launch(launch))


def _parts(jobs: int, demand: Demand) -> dict[str, int]:
    return {
        "train_job.count": jobs,
        "train_job.cpu": demand.millicpus,
        "train_job.memory": demand.memory_mib,
        "train_job.accelerator": demand.accelerators,
    }


def _show(ctx: Services, who: Principal, workspace_id: str) -> QuotasResponse:
    with ctx.units(scope_of(who), write=False) as uow:
        return _quotas_of(uow, workspace_id)


def _update(ctx: Services, who: Principal, workspace_id: str, quotas: Mapping[str, int]) -> QuotasResponse:
    with ctx.units(scope_of(who)) as uow:
        uow.workspaces.get(workspace_id)
        if not who.may(Action.WORKSPACE_SEE_ALL):
            raise ActionDenied(action=Action.WORKSPACE_SEE_ALL.value)
        uow.quotas.set_of_workspace(workspace_id, quotas, ctx.clock.now_ms())
        shown = _quotas_of(uow, workspace_id)
        uow.commit()
    return QuotasResponse(quotas=[item for item in shown.quotas if item.resource in quotas])


def _quotas_of(uow: UnitOfWork, workspace_id: str) -> QuotasResponse:
    workspace = uow.workspaces.get(workspace_id)
    limits = uow.quotas.of_workspace(workspace_id)
    used = used_in(uow, workspace_id)
    items = []
    for name, resource in WORKSPACE_RESOURCES.items():
        quota, updated_at_ms = limits.get(name, (UNLIMITED, workspace.created_at_ms))
        items.append(
            QuotaItem(
                resource=name,
                quota=quota,
                used_quota=math.ceil(used[name] / resource.per_unit),
                name_en=resource.name.render(Language.EN, {}),
                name_cn=resource.name.render(Language.ZH, {}),
                unit_en=resource.unit.render(Language.EN, {}),
                unit_cn=resource.unit.render(Language.ZH, {}),
                update_time=updated_at_ms,
            )
        )
    return QuotasResponse(quotas=items)


def _refuse(resource: Resource, quota: int, used: int, asked: int) -> None:
    per_unit = resource.per_unit
    raise QuotaExceeded(
        resource=resource.name, quota=quota, used=f"{used / per_unit:g}", asked=f"{asked / per_unit:g}"
    )
