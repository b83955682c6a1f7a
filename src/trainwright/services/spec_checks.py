"""Is the form of a new job right, all but its algorithm, before anyone is asked. Pure; each check names its field.

What this server keeps or refuses is held to the contract all the same: a wrong shape is told first.
"""

import re
from collections.abc import Mapping, Sequence

from trainwright.catalog.places import parse_path
from trainwright.catalog.resolve import MOUNT_PATH, RETRY_NUM, RETRY_UNCONDITIONAL
from trainwright.domain.errors import InvalidParam, ParamOutOfRange
from trainwright.domain.texts import Text
from trainwright.services.create_checks import path_problem
from trainwright.wire.job_spec import SpecRequest, VolumeRequest
from trainwright.wire.job_tasks import JobRoleRequest
from trainwright.wire.jobs import JobRequest

RETRIES_MAX = 128
PRIORITY_MAX = 3
_SMALL_INTEGER = re.compile(r"[0-9]{1,3}")
_COUNTS = (RETRY_NUM, "fault-tolerance/pod-retry-num")
TENSORBOARD, MINDSTUDIO = "tensorboard/enable", "mindstudio-insight/enable"
_BOOLEANS = (
    RETRY_UNCONDITIONAL,
    "fault-tolerance/hang-retry",
    "jupyter-lab/enable",
    TENSORBOARD,
    MINDSTUDIO,
    "performance_diagnosis_enabled",
)
_CODE_BACKUP = "record/code-dir"
_NO_MOUNTS = ("/", "/cache", MOUNT_PATH)

_REQUIRED = Text("it is required", "缺少该字段")
_REQUIRED_HERE = Text("it is required with {other}", "填写 {other} 时必须填写该字段")
_RETRY_FORM = Text("it must be a text of 0 to {limit}", "必须为 0 至 {limit} 的数字字符串")
_BOOLEAN_FORM = Text('it must be "true" or "false"', '必须为 "true" 或 "false"')
_ONE_VOLUME = Text("it must be one of nfs, pfs and obs", "必须为 nfs、pfs、obs 之一")
_RESERVED = Text("nothing can be mounted there", "该路径不允许挂载")
_SAME_MOUNT = Text("something else is mounted there", "挂载路径重复")
_BOTH = Text("{other} is needed with it", "需要同时填写 {other}")
_NAME_REPEATED = Text("the name {name} is used twice", "名称 {name} 重复")


def check_job(request: JobRequest) -> None:
    """Kind, metadata and spec of `request`.

    Raises:
        InvalidParam, ParamOutOfRange: as contract §15 lists them.
        InvalidObsPath: the folder for the code's copy is none.
    """
    _check_kind(request)
    check_annotations(request.metadata.annotations or {}, "metadata.annotations")
    _check_summary(request)
    _check_spec(request.spec)
    check_roles(request.tasks or [])


def check_annotations(annotations: Mapping[str, str], field: str) -> None:
    """The annotations that mean something have a form of their own; others are the caller's.

    Raises:
        InvalidParam, InvalidObsPath: one has not.
    """
    for name in _COUNTS:
        count = annotations.get(name) or "0"
        if not _SMALL_INTEGER.fullmatch(count) or int(count) > RETRIES_MAX:
            raise InvalidParam(field=f"{field}.{name}", detail=_RETRY_FORM, limit=RETRIES_MAX)
    for name in _BOOLEANS:
        if annotations.get(name) not in (None, "", "true", "false"):
            raise InvalidParam(field=f"{field}.{name}", detail=_BOOLEAN_FORM)
    backup = annotations.get(_CODE_BACKUP)
    if backup:
        parse_path(f"{field}.{_CODE_BACKUP}", backup)


def check_priority(priority: int | None) -> None:
    """1 to 3; 0 and None mean that none is given. Raises `ParamOutOfRange`."""
    if priority is not None and not 0 <= priority <= PRIORITY_MAX:
        field = "spec.schedule_policy.priority"
        raise ParamOutOfRange(field=field, value=priority, allowed=f"1–{PRIORITY_MAX}")


def check_roles(roles: Sequence[JobRoleRequest]) -> None:
    """The roles of a heterogeneous job have names, each its own, and nodes. Raises `InvalidParam`."""
    seen: set[str] = set()
    for index, role in enumerate(roles):
        if not role.role:
            raise InvalidParam(field=f"tasks[{index}].role", detail=_REQUIRED)
        if role.role in seen:
            raise InvalidParam(field=f"tasks[{index}].role", detail=_NAME_REPEATED, name=role.role)
        seen.add(role.role)
        if role.task_resource is None:
            raise InvalidParam(field=f"tasks[{index}].task_resource", detail=_REQUIRED)


def _check_kind(request: JobRequest) -> None:
    """What a kind cannot be without."""
    algorithm = request.algorithm
    if request.kind == "federated_pool_job" and not request.spec.resource.pool_group_id:
        raise _needed("spec.resource.pool_group_id", request.kind)
    if request.kind == "autosearch_job" and algorithm is not None:
        policies = algorithm.policies
        if not (algorithm.autosearch_config_path or (policies and policies.auto_search)):
            raise _needed("algorithm.policies.auto_search", request.kind)


def _check_summary(request: JobRequest) -> None:
    annotations = request.metadata.annotations or {}
    for name in (TENSORBOARD, MINDSTUDIO):
        if annotations.get(name) == "true" and not (request.algorithm and request.algorithm.summary):
            raise _needed("algorithm.summary", f"metadata.annotations.{name}")


def _check_spec(spec: SpecRequest) -> None:
    check_priority(spec.schedule_policy.priority if spec.schedule_policy else None)
    _check_volumes(spec.volumes or [])
    for index, metrics in enumerate(spec.custom_metrics or []):
        probe = metrics.http_get
        if probe is None:
            continue
        field = f"spec.custom_metrics[{index}].http_get"
        if probe.path and probe.port is None:
            raise InvalidParam(field=f"{field}.path", detail=_BOTH, other=f"{field}.port")
        if probe.port is not None and not probe.path:
            raise InvalidParam(field=f"{field}.port", detail=_BOTH, other=f"{field}.path")
    model = spec.output_model.obs if spec.output_model else None
    if model is not None:
        if model.obs_path:
            parse_path("spec.output_model.obs.obs_path", model.obs_path)
        elif model.local_path:
            raise InvalidParam(field="spec.output_model.obs.obs_path", detail=_REQUIRED)
    asset = spec.asset_model
    if asset is not None and any(asset.model_dump().values()):
        for name, value in (("name", asset.name), ("version", asset.version), ("type", asset.type)):
            if not value:
                raise InvalidParam(field=f"spec.asset_model.{name}", detail=_REQUIRED)


def _check_volumes(volumes: Sequence[VolumeRequest]) -> None:
    taken: set[str] = set()
    for index, volume in enumerate(volumes):
        field = f"spec.volumes[{index}]"
        given = [
            (name, source, local)
            for name, source, local in (
                (
                    "nfs",
                    volume.nfs and (volume.nfs.nfs_server_path or ""),
                    volume.nfs and volume.nfs.local_path,
                ),
                ("pfs", volume.pfs and (volume.pfs.pfs_path or ""), volume.pfs and volume.pfs.local_path),
                ("obs", volume.obs and (volume.obs.obs_path or ""), volume.obs and volume.obs.local_path),
            )
            if source is not None
        ]
        if len(given) != 1:
            raise InvalidParam(field=field, detail=_ONE_VOLUME)
        name, source, local = given[0]
        if not source:
            raise InvalidParam(field=f"{field}.{name}", detail=_REQUIRED)
        path = (local or "").rstrip("/") or "/"
        problem = path_problem(path) if local else _REQUIRED
        if problem is None and path in _NO_MOUNTS:
            problem = _RESERVED
        if problem is None and path in taken:
            problem = _SAME_MOUNT
        if problem is not None:
            raise InvalidParam(field=f"{field}.{name}.local_path", detail=problem)
        taken.add(path)


def _needed(field: str, other: str) -> InvalidParam:
    return InvalidParam(field=field, detail=_REQUIRED_HERE, other=other)
