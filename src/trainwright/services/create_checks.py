"""Is the form of a new job's algorithm right, before anyone is asked. Pure; each check names the field it refuses."""

import posixpath
import re
from collections.abc import Iterator, Sequence

from trainwright.catalog import search_settings
from trainwright.catalog.parameters import check_parameters
from trainwright.catalog.resolve import CODE_PARENT, MOUNT_PATH
from trainwright.domain.errors import (
    ChannelError,
    ImageWithoutCommand,
    InvalidLocalCodeDir,
    InvalidParam,
    InvalidWorkingDir,
)
from trainwright.domain.texts import Text
from trainwright.services.metric_rules import check_rules
from trainwright.wire.job_parts import ChannelRequest, RemoteRequest
from trainwright.wire.jobs import AlgorithmRequest

ENVIRONMENTS_MAX = 100
ENVIRONMENT_NAME_MAX = 8192
ENVIRONMENT_VALUE_MAX = 4096
PATH_LENGTH_MAX = 1024
COMMAND_LENGTH_MAX = 65_536
HOME = "/home/ma-user"
_ROOTS = ("/home/", "/cache/")
_RESERVED_CODE_DIRS = (MOUNT_PATH, f"{HOME}/modelarts-dev", f"{HOME}/infer")
_SYSTEM_DIRS = ("/usr", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/proc", "/sys", "/dev", "/run", "/boot")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_TWO_COMMANDS = Text("it cannot be given together with boot_file", "不能与 boot_file 同时填写")
_LINE_BREAK = Text("it holds a line break", "不能包含换行符")
_TOO_LONG = Text("it is longer than {limit} characters", "长度超过 {limit} 个字符")
_NAME_REPEATED = Text("the name {name} is used twice", "名称 {name} 重复")
_NOT_A_VARIABLE = Text("{name} cannot be the name of an environment variable", "{name} 不能作为环境变量名")
_TOO_MANY = Text("there are more than {limit}", "数量超过 {limit}")
_TWO_PLACES = Text("it names more than one of a path, a dataset and a job", "路径、数据集与作业只能选择一种")
_RELATIVE = Text("it is not an absolute path", "不是绝对路径")
_NOT_PLAIN = Text(
    "it holds empty, '.' or '..' segments or control characters", "含有空、“.”、“..” 路径段或控制字符"
)
_OUTSIDE = Text("it lies outside /home and /cache", "不在 /home 与 /cache 目录下")
_RESERVED = Text("it lies in a place that the platform keeps for itself", "位于平台保留的目录")
_SAME_PLACE = Text("it lies in the same place as {other}", "与 {other} 的路径重叠")


def check_algorithm(algorithm: AlgorithmRequest) -> None:
    """Everything about what is to run that can be told without the catalogue and the store.

    Raises:
        UserError: the family; one class for each kind of fault, as contract §15 lists them.
    """
    _check_command(algorithm)
    parameters = algorithm.parameters or []
    check_parameters(parameters, "algorithm.parameters")
    _check_channels(algorithm.inputs or [], algorithm.outputs or [])
    _check_environments(algorithm.environments or {})
    _check_directories(algorithm)
    check_rules(algorithm.metrics or [], "algorithm.metrics")
    if algorithm.policies is not None:
        names = [parameter.name for parameter in parameters]
        search_settings.check(algorithm.policies.auto_search, names, "algorithm.policies.auto_search")


def _check_command(algorithm: AlgorithmRequest) -> None:
    command = algorithm.command
    if not command:
        engine = algorithm.engine
        named = engine is not None and (engine.engine_id or engine.engine_name or engine.engine_version)
        if engine is not None and engine.image_url and not (algorithm.boot_file and named):
            raise ImageWithoutCommand(image=engine.image_url)
        return
    if algorithm.boot_file:
        raise InvalidParam(field="algorithm.command", detail=_TWO_COMMANDS)
    if "\n" in command or "\r" in command:
        raise InvalidParam(field="algorithm.command", detail=_LINE_BREAK)
    if len(command) > COMMAND_LENGTH_MAX:
        raise InvalidParam(field="algorithm.command", detail=_TOO_LONG, limit=COMMAND_LENGTH_MAX)


def _check_channels(inputs: Sequence[ChannelRequest], outputs: Sequence[ChannelRequest]) -> None:
    seen: set[str] = set()
    for field, channel in _fields_of(inputs, outputs):
        if channel.name in seen:
            raise ChannelError(field=f"{field}.name", detail=_NAME_REPEATED, name=channel.name)
        seen.add(channel.name)
        remote = channel.remote
        if remote and len(list(_sources(remote))) > 1:
            raise ChannelError(field=f"{field}.remote", detail=_TWO_PLACES)
        if channel.access_method == "env" and not _VARIABLE_NAME.fullmatch(channel.name):
            raise ChannelError(field=f"{field}.name", detail=_NOT_A_VARIABLE, name=channel.name)
    _check_local_dirs(inputs, outputs)


def _sources(remote: RemoteRequest) -> Iterator[str]:
    """What of a channel's possible places is named."""
    yield from [remote.obs.obs_url] if remote.obs and remote.obs.obs_url else []
    yield from [remote.dataset.id] if remote.dataset and remote.dataset.id else []
    yield from [remote.job.id] if remote.job and remote.job.id else []


def _fields_of(
    inputs: Sequence[ChannelRequest], outputs: Sequence[ChannelRequest]
) -> Iterator[tuple[str, ChannelRequest]]:
    for kind, channels in (("inputs", inputs), ("outputs", outputs)):
        for index, channel in enumerate(channels):
            yield f"algorithm.{kind}[{index}]", channel


def _check_local_dirs(inputs: Sequence[ChannelRequest], outputs: Sequence[ChannelRequest]) -> None:
    """Folders that channels choose: absolute, plain, ours to make, and none inside another or over the code."""
    taken = [("algorithm.code_dir", CODE_PARENT)]
    for channel_field, channel in _fields_of(inputs, outputs):
        if not channel.local_dir:
            continue
        field, path = f"{channel_field}.local_dir", channel.local_dir.rstrip("/")
        problem = path_problem(path)
        if problem is None and not f"{path}/".startswith(_ROOTS):
            problem = _OUTSIDE
        if problem is None and holds(path, MOUNT_PATH):
            problem = _RESERVED
        if problem is not None:
            raise InvalidParam(field=field, detail=problem)
        for other_field, other in taken:
            if holds(path, other) or holds(other, path):
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
        problem = path_problem(path)
        if problem is None and not path.startswith("/home/"):
            problem = _OUTSIDE
        if problem is None and (path == HOME or any(holds(kept, path) for kept in _RESERVED_CODE_DIRS)):
            problem = _RESERVED
        if problem is not None:
            raise InvalidLocalCodeDir(path=algorithm.local_code_dir, detail=problem)
    if algorithm.working_dir:
        path = algorithm.working_dir.rstrip("/") or "/"
        problem = path_problem(path)
        if problem is None and (path == "/" or any(holds(system, path) for system in _SYSTEM_DIRS)):
            problem = _RESERVED  # a folder made there for the job would hide the machine's own
        if problem is not None:
            raise InvalidWorkingDir(path=algorithm.working_dir, detail=problem)


def path_problem(path: str) -> Text | None:
    """What is wrong with a path inside the container, as half a sentence; None when it is absolute and plain."""
    if not path.startswith("/"):
        return _RELATIVE
    if len(path) > PATH_LENGTH_MAX or posixpath.normpath(path) != path or path.startswith("//"):
        return _NOT_PLAIN
    return _NOT_PLAIN if any(ord(char) < 32 or char == "\x7f" for char in path) else None


def holds(outer: str, inner: str) -> bool:
    """Whether `inner` is `outer` or lies below it."""
    return f"{inner}/".startswith(f"{outer}/")
