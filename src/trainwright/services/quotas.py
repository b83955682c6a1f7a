"""Quotas: what a workspace's and a user's unfinished jobs may have together. Blocking."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from trainwright.domain.demand import Demand
from trainwright.domain.errors import QuotaExceeded
from trainwright.domain.specs import LaunchSpec
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.uow import UnitOfWork

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


def check_quotas(uow: UnitOfWork, who: Principal, workspace_id: str, launch: LaunchSpec) -> None:
    """The job about to be added goes beyond no quota of its workspace or of its user.

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
    used = dict.fromkeys(WORKSPACE_RESOURCES, 0)
    for launch in uow.quotas.unfinished_in(workspace_id):
        for name, parts in parts_of(launch).items():
            used[name] += parts
    return used


def parts_of(launch: LaunchSpec) -> dict[str, int]:
    """What one job has, by resource, in parts."""
    demand = Demand.of_launch(launch)
    return {
        "train_job.count": 1,
        "train_job.cpu": demand.millicpus,
        "train_job.memory": demand.memory_mib,
        "train_job.accelerator": demand.accelerators,
    }


def units_of(name: str, parts: int) -> int:
    """Parts of a resource in its quota's units, begun ones counted."""
    return math.ceil(parts / WORKSPACE_RESOURCES[name].per_unit)


def _refuse(resource: Resource, quota: int, used: int, asked: int) -> None:
    per_unit = resource.per_unit
    raise QuotaExceeded(
        resource=resource.name, quota=quota, used=f"{used / per_unit:g}", asked=f"{asked / per_unit:g}"
    )
