"""Is the form of a new job right, all but its algorithm, before anyone is asked. Pure; each check names its field.

What this server keeps or refuses is held to the contract all the same: a wrong shape is told first.
"""

import re
from collections.abc import Mapping, Sequence

from trainwright.catalog.places import parse_path
from trainwright.catalog.resolve import (
    MOUNT_PATH,
    RETRY_HANG,
    RETRY_NUM,
    RETRY_PROCESS,
    RETRY_UNCONDITIONAL,
)
from trainwright.domain.errors import InvalidParam, ParamOutOfRange
from trainwright.domain.texts import Text
from trainwright.services.create_checks import path_problem
from trainwright.wire.job_spec import CheckpointsRequest, RolesSpecRequest, SharedSpecRequest, VolumeRequest
from trainwright.wire.job_tasks import JobRoleRequest
from trainwright.wire.jobs import JobRequest, MetadataRequest, RoleJobRequest

RETRIES_MAX = 128
PRIORITY_MAX = 3
_SMALL_INTEGER = re.compile(r"[0-9]{1,3}")
_COUNTS = (RETRY_NUM, RETRY_PROCESS, "fault-tolerance/pod-retry-num")
TENSORBOARD, MINDSTUDIO = "tensorboard/enable", "mindstudio-insight/enable"
_BOOLEANS = (
    RETRY_UNCONDITIONAL,
    RETRY_HANG,
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
_TWO_COMMANDS = Text("it cannot be given together with boot_file", "不能与 boot_file 同时填写")
_ROLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_ALIAS = re.compile(r"TASK(0|[1-9][0-9]*)")
_METRIC = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_ROLE_FORM = Text(
    "it must be a letter and up to 39 letters, digits, _ or -",
    "必须以字母开头，且只含字母、数字、_ 或 -，最长 40 个字符",
)
_METRIC_FORM = Text(
    "it must be a letter or _ and up to 63 letters, digits, _, . or -",
    "必须以字母或 _ 开头，且只含字母、数字、_、. 或 -，最长 64 个字符",
)
_ALIAS_TAKEN = Text(
    "{name} stands for another role's place; this role's is {own}",
    "{name} 表示其他角色的序号，该角色的序号为 {own}",
)
_NAME_ALIKE = Text(
    "{name} and {other} are the same in the names of variables", "{name} 与 {other} 对应的环境变量名相同"
)
_NAME_REPEATED = Text("the name {name} is used twice", "名称 {name} 重复")


def check_job(request: JobRequest) -> None:
    """Kind, metadata and spec of `request`.

    Raises:
        InvalidParam, ParamOutOfRange: as contract §15 lists them.
        InvalidObsPath: the folder for the code's copy is none.
    """
    _check_kind(request)
    check_annotations(request.metadata.annotations or {}, "metadata.annotations")
    _check_visualised(request.metadata, request.algorithm and request.algorithm.summary)
    _check_spec(request.spec)


def check_shared(request: RoleJobRequest) -> None:
    """Metadata and spec of a job with roles of its own.

    Raises:
        InvalidParam, ParamOutOfRange, InvalidObsPath: as `check_job`.
    """
    check_annotations(request.metadata.annotations or {}, "metadata.annotations")
    _check_visualised(request.metadata, request.algorithm and request.algorithm.summary)
    _check_spec(request.spec or RolesSpecRequest())


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
    """The roles of a job have names, each its own also where names become variables, nodes, and counts within them.

    Raises:
        InvalidParam, ParamOutOfRange: one has not.
    """
    seen: dict[str, str] = {}
    for index, role in enumerate(roles):
        where = f"tasks[{index}]"
        _check_role_name(role.role, f"{where}.role", index, seen)
        if role.task_resource is None:
            raise InvalidParam(field=f"{where}.task_resource", detail=_REQUIRED)
        count = role.task_resource.node_count
        for name, given in (
            ("minSucceededTaskCount", role.minSucceededTaskCount),
            ("minFailedTaskCount", role.minFailedTaskCount),
        ):
            if given is not None and given > count:
                raise ParamOutOfRange(field=f"{where}.{name}", value=given, allowed=f"1–{count}")
        if role.command and role.algorithm is not None and role.algorithm.boot_file:
            raise InvalidParam(field=f"{where}.command", detail=_TWO_COMMANDS)


def _check_role_name(name: str | None, field: str, index: int, seen: dict[str, str]) -> None:
    if not name:
        raise InvalidParam(field=field, detail=_REQUIRED)
    if not _ROLE_NAME.fullmatch(name):
        raise InvalidParam(field=field, detail=_ROLE_FORM)
    variable = re.sub(r"[^A-Z0-9]", "_", name.upper())
    alias = _ALIAS.fullmatch(variable)
    if alias and alias[1] != str(index):
        raise InvalidParam(field=field, detail=_ALIAS_TAKEN, name=name, own=f"task{index}")
    if variable in seen:
        detail = _NAME_REPEATED if seen[variable] == name else _NAME_ALIKE
        raise InvalidParam(field=field, detail=detail, name=name, other=seen[variable])
    seen[variable] = name


def _check_kind(request: JobRequest) -> None:
    """What a kind cannot be without."""
    algorithm = request.algorithm
    if request.kind == "federated_pool_job" and not request.spec.resource.pool_group_id:
        raise _needed("spec.resource.pool_group_id", request.kind)
    if request.kind == "autosearch_job" and algorithm is not None:
        policies = algorithm.policies
        if not (algorithm.autosearch_config_path or (policies and policies.auto_search)):
            raise _needed("algorithm.policies.auto_search", request.kind)


def _check_visualised(metadata: MetadataRequest, summary: object) -> None:
    annotations = metadata.annotations or {}
    for name in (TENSORBOARD, MINDSTUDIO):
        if annotations.get(name) == "true" and not summary:
            raise _needed("algorithm.summary", f"metadata.annotations.{name}")


def _check_spec(spec: SharedSpecRequest) -> None:
    check_priority(spec.schedule_policy.priority if spec.schedule_policy else None)
    _check_volumes(spec.volumes or [])
    _check_checkpoints(spec.checkpoints or CheckpointsRequest())
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


def _check_checkpoints(wanted: CheckpointsRequest) -> None:
    """The best are told by a number. Raises `InvalidParam`."""
    if wanted.keep_best and not wanted.metric:
        raise _needed("spec.checkpoints.metric", "spec.checkpoints.keep_best")
    if wanted.metric and not _METRIC.fullmatch(wanted.metric):
        raise InvalidParam(field="spec.checkpoints.metric", detail=_METRIC_FORM)


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
