"""The roles and nodes of a job as the contract shows them (§4). Pure."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trainwright.domain.entities import Job
from trainwright.domain.specs import Channel, Resources, RoleSpec, Work
from trainwright.services.offered_checks import ROLES_KIND
from trainwright.services.ownership import is_platforms

KIND_NAMES: Mapping[str, str] = {"": "", "gpu": "GPU", "npu": "Ascend"}


def part(whole: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object under `key` of a stored request, shallowly copied; empty when it is absent or null."""
    return dict(whole.get(key) or {})


def has_roles(job: Job) -> bool:
    """Whether the job was given roles of its own."""
    return job.kind == ROLES_KIND


def node_count(job: Job) -> int:
    """Nodes of the job. Parameter servers that an engine adds lie on their workers' nodes."""
    roles = job.launch.roles
    return sum(role.replicas for role in roles) if has_roles(job) else roles[-1].replicas


def node_resources(job: Job) -> Resources:
    """What one node has: of the main role, or the first one, of a job with roles."""
    roles = job.launch.roles
    if has_roles(job):
        return main_role(job).resources
    added = {
        "cpus": sum(role.resources.cpus for role in roles),
        "memory_mib": sum(role.resources.memory_mib for role in roles),
        "disk_mib": sum(role.resources.disk_mib for role in roles),
    }
    return roles[-1].resources.model_copy(update=added)


def main_role(job: Job) -> RoleSpec:
    """The role that stands for the job where there is room for one: the first main one, or the first."""
    return job.launch.main_role()


def flavor_detail(flavor_id: str, have: Resources) -> dict[str, Any]:
    """Type, billing and size of a node."""
    info: dict[str, Any] = {
        "cpu": {"arch": platform.machine(), "core_num": max(1, round(have.cpus))},
        "memory": {"size": max(1, have.memory_mib // 1024), "unit": "GB"},
    }
    if have.accelerator_kind == "gpu":
        info["gpu"] = {"unit_num": have.accelerators, "product_name": "", "memory": ""}
    elif have.accelerator_kind == "npu":
        info["npu"] = {"unit_num": str(have.accelerators), "product_name": "", "memory": ""}
    if have.disk_mib:
        info["disk"] = {"size": max(1, have.disk_mib // 1024), "unit": "GB"}
    return {
        "flavor_type": KIND_NAMES[have.accelerator_kind] or "CPU",
        "billing": {"code": flavor_id, "unit_num": 1},
        "flavor_info": info,
    }


def engine_of(given: Mapping[str, Any], work: Work) -> dict[str, Any] | None:
    """The engine as asked for, with what it is."""
    if work.engine is None:
        return dict(given) or None
    return {
        **given,
        "engine_id": work.engine.engine_id,
        "engine_name": work.engine.name,
        "engine_version": work.engine.version,
    }


def channel_of(given: Mapping[str, Any], channel: Channel) -> dict[str, Any]:
    """The channel as asked for, with its folder, the version of its dataset, and where another job's output lies."""
    filled = {**given, "local_dir": channel.local_path}
    remote = part(given, "remote")
    if channel.dataset_version_id:
        dataset = {**part(remote, "dataset"), "version_id": channel.dataset_version_id}
        filled["remote"] = {**remote, "dataset": dataset}
    elif remote.get("job") and not is_platforms(channel.uri.removeprefix("obs://")):
        filled["remote"] = {**remote, "obs": {"obs_url": channel.uri}}
    return filled


def roles_of(job: Job) -> list[dict[str, Any]]:
    """The roles as asked for, with what the server filled in. `algorithm.inputs` and `outputs` are single objects in
    answers of the contract: the first of those under `job_config`.
    """
    asked = job.request.get("tasks") or []
    return [_role(job, given, role) for given, role in zip(asked, job.launch.roles, strict=False)]


def _role(job: Job, given: Mapping[str, Any], role: RoleSpec) -> dict[str, Any]:
    work = job.launch.work_of(role)
    algorithm = part(given, "algorithm")
    config = part(algorithm, "job_config")
    shared = part(job.request, "algorithm") if job.filled is None else dict(job.filled)
    engine = engine_of(algorithm.get("engine") or config.get("engine") or part(shared, "engine"), work)
    lists = {
        kind: list(_channels(algorithm.get(kind) or config.get(kind) or shared.get(kind) or [], channels))
        for kind, channels in (("inputs", work.inputs), ("outputs", work.outputs))
    }
    parameters = [{"name": one.name, "value": one.value} for one in work.parameters]
    shown = {
        **algorithm,
        "job_config": {
            **config,
            **lists,
            "parameters": config.get("parameters") or parameters,
            "engine": engine,
        },
        "engine": engine,
        "inputs": next(iter(lists["inputs"]), None),
        "outputs": next(iter(lists["outputs"]), None),
        "environments": work.environment,
    }
    for name in ("code_dir", "boot_file", "local_code_dir", "working_dir"):
        shown[name] = algorithm.get(name) or shared.get(name)
    if given.get("command"):
        shown["boot_file"] = None
    return {
        **given,
        "role": role.name,
        "algorithm": {name: value for name, value in shown.items() if value is not None},
        "task_resource": {
            **part(given, "task_resource"),
            "flavor_id": role.flavor_id,
            "flavor_name": role.flavor_id,
            "node_count": role.replicas,
            "pool_id": job.pool_id or part(given, "task_resource").get("pool_id") or "",
            **flavor_detail(role.flavor_id, role.resources),
        },
        "minSucceededTaskCount": role.min_succeeded or role.replicas,
        "minFailedTaskCount": role.min_failed,
        "isMainRole": role.main,
    }


def _channels(given: Sequence[Mapping[str, Any]], channels: Sequence[Channel]) -> Iterator[dict[str, Any]]:
    known = {channel.name: channel for channel in channels}
    for one in given:
        channel = known.get(one.get("name") or "")
        yield channel_of(one, channel) if channel is not None else dict(one)
