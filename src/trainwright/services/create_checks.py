"""Is the form of a new job right, before anyone is asked. Pure; each check names the field it refuses."""

import posixpath
import re
from collections.abc import Iterator, Sequence

from trainwright.catalog.resolve import (
    CODE_PARENT,
    MOUNT_PATH,
    RETRY_NUM,
    RETRY_UNCONDITIONAL,
)
from trainwright.domain.errors import (
    ChannelError,
    InvalidLocalCodeDir,
    InvalidParam,
    InvalidWorkingDir,
    ParameterRange,
    ParameterRepeated,
    ParameterRequired,
    ParameterType,
    ParamOutOfRange,
    PoolNotFound,
)
from trainwright.domain.texts import Text
from trainwright.wire.jobs import (
    AlgorithmRequest,
    ConstraintRequest,
    InputRequest,
    JobRequest,
    ParameterRequest,
)

ENVIRONMENTS_MAX = 100
ENVIRONMENT_NAME_MAX = 8192
ENVIRONMENT_VALUE_MAX = 4096
PATH_LENGTH_MAX = 1024
COMMAND_LENGTH_MAX = 65_536
RETRIES_MAX = 128
PRIORITY_MAX = 3
HOME = "/home/ma-user"
_ROOTS = ("/home/", "/cache/")
_RESERVED_CODE_DIRS = (MOUNT_PATH, f"{HOME}/modelarts-dev", f"{HOME}/infer")
_SYSTEM_DIRS = ("/usr", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/proc", "/sys", "/dev", "/run", "/boot")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SMALL_INTEGER = re.compile(r"[0-9]{1,3}")

_TWO_COMMANDS = Text("it cannot be given together with boot_file", "不能与 boot_file 同时填写")
_LINE_BREAK = Text("it holds a line break", "不能包含换行符")
_TOO_LONG = Text("it is longer than {limit} characters", "长度超过 {limit} 个字符")
_NAME_REPEATED = Text("the name {name} is used twice", "名称 {name} 重复")
_NOT_A_VARIABLE = Text("{name} cannot be the name of an environment variable", "{name} 不能作为环境变量名")
_TOO_MANY = Text("there are more than {limit}", "数量超过 {limit}")
_RELATIVE = Text("it is not an absolute path", "不是绝对路径")
_NOT_PLAIN = Text(
    "it holds empty, '.' or '..' segments or control characters", "含有空、“.”、“..” 路径段或控制字符"
)
_OUTSIDE = Text("it lies outside /home and /cache", "不在 /home 与 /cache 目录下")
_RESERVED = Text("it lies in a place that the platform keeps for itself", "位于平台保留的目录")
_SAME_PLACE = Text("it lies in the same place as {other}", "与 {other} 的路径重叠")
_RETRY_FORM = Text("it must be a text of 0 to {limit}", "必须为 0 至 {limit} 的数字字符串")
_BOOLEAN_FORM = Text('it must be "true" or "false"', '必须为 "true" 或 "false"')


def check_form(request: JobRequest) -> None:
    """Everything about `request` that can be told without the catalogue and the store.

    Raises:
        UserError: the family; one class for each kind of fault, as contract §15 lists them.
        PoolNotFound: a pool is named; there are none here.
    """
    if request.spec.resource.pool_id:
        raise PoolNotFound(pool=request.spec.resource.pool_id)
    _check_annotations(request.metadata.annotations or {})
    _check_priority(request)
    if request.algorithm is None:
        return
    algorithm = request.algorithm
    _check_command(algorithm)
    _check_parameters(algorithm.parameters or [])
    _check_channels(algorithm.inputs or [], algorithm.outputs or [])
    _check_environments(algorithm.environments or {})
    _check_directories(algorithm)


def _check_annotations(annotations: dict[str, str]) -> None:
    count = annotations.get(RETRY_NUM) or "0"
    if not _SMALL_INTEGER.fullmatch(count) or int(count) > RETRIES_MAX:
        raise InvalidParam(field=f"metadata.annotations.{RETRY_NUM}", detail=_RETRY_FORM, limit=RETRIES_MAX)
    if annotations.get(RETRY_UNCONDITIONAL) not in (None, "", "true", "false"):
        raise InvalidParam(field=f"metadata.annotations.{RETRY_UNCONDITIONAL}", detail=_BOOLEAN_FORM)


def _check_priority(request: JobRequest) -> None:
    policy = request.spec.schedule_policy
    priority = policy.priority if policy else None
    if priority is not None and not 0 <= priority <= PRIORITY_MAX:
        field = "spec.schedule_policy.priority"
        raise ParamOutOfRange(field=field, value=priority, allowed=f"1–{PRIORITY_MAX}")


def _check_command(algorithm: AlgorithmRequest) -> None:
    command = algorithm.command
    if not command:
        return
    if algorithm.boot_file:
        raise InvalidParam(field="algorithm.command", detail=_TWO_COMMANDS)
    if "\n" in command or "\r" in command:
        raise InvalidParam(field="algorithm.command", detail=_LINE_BREAK)
    if len(command) > COMMAND_LENGTH_MAX:
        raise InvalidParam(field="algorithm.command", detail=_TOO_LONG, limit=COMMAND_LENGTH_MAX)


def _check_parameters(parameters: Sequence[ParameterRequest]) -> None:
    seen: set[str] = set()
    for index, parameter in enumerate(parameters):
        if parameter.name in seen:
            raise ParameterRepeated(field=f"algorithm.parameters[{index}].name", name=parameter.name)
        seen.add(parameter.name)
        if parameter.constraint is not None:
            _check_constraint(parameter, parameter.constraint)


def _check_constraint(parameter: ParameterRequest, constraint: ConstraintRequest) -> None:
    name, value = parameter.name, parameter.value
    if not value:
        if constraint.required:
            raise ParameterRequired(name=name)
        return
    number = _number(value, constraint.type or "String")
    if number is None:
        raise ParameterType(name=name, value=value, type=constraint.type or "String")
    allowed = constraint.valid_range or []
    match (constraint.valid_type or "").lower():
        case "range" if len(allowed) == 2 and constraint.type in ("Integer", "Float"):
            low, high = _bound(allowed[0]), _bound(allowed[1])
            if (low is not None and number < low) or (high is not None and number > high):
                raise ParameterRange(name=name, value=value, allowed=f"[{allowed[0]}, {allowed[1]}]")
        case "choice" | "enum" | "enumeration" if allowed and value not in allowed:
            raise ParameterRange(name=name, value=value, allowed=", ".join(allowed))
        case _:
            pass  # "None" in every documented example; what else a client may have written is not ours to judge


def _number(value: str, declared: str) -> float | None:
    """`value` as a number when it has the declared type; 0 for types that are none; None when it does not fit."""
    match declared:
        case "Integer":
            return float(value) if re.fullmatch(r"[+-]?[0-9]{1,300}", value) else None
        case "Float":
            return _bound(value)
        case "Boolean":
            return 0.0 if value.lower() in ("true", "false", "0", "1") else None
        case _:
            return 0.0


def _bound(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if number != number else number  # NaN is in no range


def _check_channels(inputs: Sequence[InputRequest], outputs: Sequence[InputRequest]) -> None:
    seen: set[str] = set()
    for field, channel in _fields_of(inputs, outputs):
        if channel.name in seen:
            raise ChannelError(field=f"{field}.name", detail=_NAME_REPEATED, name=channel.name)
        seen.add(channel.name)
        if channel.access_method == "env" and not _VARIABLE_NAME.fullmatch(channel.name):
            raise ChannelError(field=f"{field}.name", detail=_NOT_A_VARIABLE, name=channel.name)
    _check_local_dirs(inputs, outputs)


def _fields_of(
    inputs: Sequence[InputRequest], outputs: Sequence[InputRequest]
) -> Iterator[tuple[str, InputRequest]]:
    for kind, channels in (("inputs", inputs), ("outputs", outputs)):
        for index, channel in enumerate(channels):
            yield f"algorithm.{kind}[{index}]", channel


def _check_local_dirs(inputs: Sequence[InputRequest], outputs: Sequence[InputRequest]) -> None:
    """Folders that channels choose: absolute, plain, ours to make, and none inside another or over the code."""
    taken = [("algorithm.code_dir", CODE_PARENT)]
    for channel_field, channel in _fields_of(inputs, outputs):
        if not channel.local_dir:
            continue
        field, path = f"{channel_field}.local_dir", channel.local_dir.rstrip("/")
        problem = _path_problem(path)
        if problem is None and not f"{path}/".startswith(_ROOTS):
            problem = _OUTSIDE
        if problem is None and _holds(path, MOUNT_PATH):
            problem = _RESERVED
        if problem is not None:
            raise InvalidParam(field=field, detail=problem)
        for other_field, other in taken:
            if _holds(path, other) or _holds(other, path):
                raise InvalidParam(field=field, detail=_SAME_PLACE, other=other_field)
        taken.append((field, path))


def _check_environments(environments: dict[str, str]) -> None:
    if len(environments) > ENVIRONMENTS_MAX:
        raise InvalidParam(field="algorithm.environments", detail=_TOO_MANY, limit=ENVIRONMENTS_MAX)
    for name, value in environments.items():
        field = f"algorithm.environments.{name[:64]}"
        if len(name) > ENVIRONMENT_NAME_MAX:
            raise InvalidParam(field=field, detail=_TOO_LONG, limit=ENVIRONMENT_NAME_MAX)
        if not _VARIABLE_NAME.fullmatch(name):
            raise InvalidParam(field=field, detail=_NOT_A_VARIABLE, name=name)
        if len(value) > ENVIRONMENT_VALUE_MAX:
            raise InvalidParam(field=field, detail=_TOO_LONG, limit=ENVIRONMENT_VALUE_MAX)


def _check_directories(algorithm: AlgorithmRequest) -> None:
    if algorithm.local_code_dir:
        path = algorithm.local_code_dir.rstrip("/")
        problem = _path_problem(path)
        if problem is None and not path.startswith("/home/"):
            problem = _OUTSIDE
        if problem is None and (path == HOME or any(_holds(kept, path) for kept in _RESERVED_CODE_DIRS)):
            problem = _RESERVED
        if problem is not None:
            raise InvalidLocalCodeDir(path=algorithm.local_code_dir, detail=problem)
    if algorithm.working_dir:
        path = algorithm.working_dir.rstrip("/") or "/"
        problem = _path_problem(path)
        if problem is None and (path == "/" or any(_holds(system, path) for system in _SYSTEM_DIRS)):
            problem = _RESERVED  # a folder made there for the job would hide the machine's own
        if problem is not None:
            raise InvalidWorkingDir(path=algorithm.working_dir, detail=problem)


def _path_problem(path: str) -> Text | None:
    if not path.startswith("/"):
        return _RELATIVE
    if len(path) > PATH_LENGTH_MAX or posixpath.normpath(path) != path or path.startswith("//"):
        return _NOT_PLAIN
    return _NOT_PLAIN if any(ord(char) < 32 or char == "\x7f" for char in path) else None


def _holds(outer: str, inner: str) -> bool:
    """Whether `inner` is `outer` or lies below it."""
    return f"{inner}/".startswith(f"{outer}/")
