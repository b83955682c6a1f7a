"""Where a request points to in the object store: its paths, parsed and held against each other. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from trainwright.domain.errors import (
    ChannelError,
    CommandMissing,
    InvalidBootFile,
    InvalidCodeDir,
    InvalidObsPath,
    TrainwrightError,
)
from trainwright.domain.obs import BadObsPath, ObsPath
from trainwright.domain.texts import Text
from trainwright.wire.job_parts import ChannelRequest
from trainwright.wire.jobs import AlgorithmRequest, JobRequest

BOOT_SUFFIX = ".py"
_REQUIRED = Text("it is required", "缺少该字段")
_BOOT_WITHOUT_CODE = Text("boot_file is given without code_dir", "填写了 boot_file，但缺少 code_dir")
_NOTHING_TO_RUN = Text("neither boot_file nor command is given", "未填写 boot_file 或 command")
_CODE_WITHOUT_BOOT = Text("code_dir is given without boot_file", "填写了 code_dir，但缺少 boot_file")
_NOT_UNDER_CODE = Text("it does not lie under code_dir", "不在 code_dir 目录下")
_NOT_PYTHON = Text("its name does not end in .py", "文件名不以 .py 结尾")
_SAME_OUTPUT = Text("two outputs have the same path", "两个输出使用了相同的路径")


@dataclass(frozen=True, slots=True)
class Place:
    """One path of the request and the field it came from.

    `version_id`: it is a dataset's version, of `bytes` bytes, and need not be looked for in the store. `ours`: it lies
    in a bucket of the platform's, where the caller sees nothing.
    """

    field: str
    path: ObsPath
    version_id: str = ""
    bytes: int = 0
    ours: bool = False


_NONE_FOUND: Mapping[int, Place] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Places:
    """All of a request's paths. `code`, `outputs` and `log_export` are folders; `inputs` are as the request wrote
    them until the store was asked. `boot_file` is relative to `code`; empty for a command.
    """

    code: Place | None
    boot_file: str
    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]
    log_export: Place | None


def find_places(request: JobRequest, found: Mapping[int, Place] | None = None) -> Places:
    """The paths of `request`; `found` are those of inputs that are named by ids, by the input's index.

    Raises:
        CommandMissing: neither a boot file in a code folder nor a command.
        InvalidCodeDir, InvalidBootFile: they do not fit each other.
        ChannelError: a channel has no place, or two outputs share one.
        InvalidObsPath: a text is not a path of the store.
    """
    algorithm = request.algorithm or AlgorithmRequest()
    code, boot_file = find_code(algorithm)
    outputs = _channels("outputs", algorithm.outputs or [])
    outputs = tuple(Place(place.field, place.path.as_folder()) for place in outputs)
    for index, place in enumerate(outputs):
        if any(place.path == other.path for other in outputs[:index]):
            raise ChannelError(field=place.field, detail=_SAME_OUTPUT)
    return Places(
        code=code,
        boot_file=boot_file,
        inputs=_channels("inputs", algorithm.inputs or [], found or {}),
        outputs=outputs,
        log_export=_log_export(request),
    )


def find_code(algorithm: AlgorithmRequest) -> tuple[Place | None, str]:
    """The code folder and the boot file, relative to it; None and empty for a command without code.

    Raises:
        CommandMissing, InvalidCodeDir, InvalidBootFile: as `find_places`.
    """
    if not (algorithm.boot_file or algorithm.command):
        if algorithm.code_dir:
            raise CommandMissing(field="algorithm.boot_file", detail=_CODE_WITHOUT_BOOT)
        raise CommandMissing(field="algorithm.command", detail=_NOTHING_TO_RUN)
    if not algorithm.code_dir:
        if algorithm.boot_file:
            raise CommandMissing(field="algorithm.code_dir", detail=_BOOT_WITHOUT_CODE)
        return None, ""
    code = _parse_code_dir(algorithm.code_dir)
    if not algorithm.boot_file:
        return Place("algorithm.code_dir", code), ""
    return Place("algorithm.code_dir", code), _parse_boot_file(algorithm.boot_file, code)


def _parse_code_dir(text: str) -> ObsPath:
    try:
        return ObsPath.parse(text).as_folder()
    except BadObsPath as exc:
        raise InvalidCodeDir(uri=text, detail=exc.text) from exc


def _parse_boot_file(text: str, code: ObsPath) -> str:
    try:
        path = ObsPath.parse(text)
    except BadObsPath as exc:
        raise InvalidBootFile(uri=text, detail=exc.text) from exc
    try:
        relative = path.relative_to(code)
    except ValueError as exc:
        raise InvalidBootFile(uri=text, detail=_NOT_UNDER_CODE) from exc
    if not relative.endswith(BOOT_SUFFIX) or relative == BOOT_SUFFIX:
        raise InvalidBootFile(uri=text, detail=_NOT_PYTHON)
    return relative


def _channels(
    kind: str, channels: Sequence[ChannelRequest], found: Mapping[int, Place] = _NONE_FOUND
) -> tuple[Place, ...]:
    places = []
    for index, channel in enumerate(channels):
        if index in found:
            places.append(found[index])
            continue
        field = f"algorithm.{kind}[{index}].remote.obs.obs_url"
        url = channel.remote.obs.obs_url if channel.remote and channel.remote.obs else None
        if not url:
            raise _missing(kind, field)
        places.append(Place(field, parse_path(field, url)))
    return tuple(places)


def _missing(kind: str, field: str) -> TrainwrightError:
    """The contract has a code of its own for an output without a path."""
    if kind == "outputs":
        return InvalidObsPath(field=field, uri='""', detail=_REQUIRED)
    return ChannelError(field=field, detail=_REQUIRED)


def _log_export(request: JobRequest) -> Place | None:
    wanted = request.spec.log_export_path
    if wanted is None or not wanted.obs_url:
        return None
    field = "spec.log_export_path.obs_url"
    return Place(field, parse_path(field, wanted.obs_url).as_folder())


def parse_path(field: str, text: str) -> ObsPath:
    """The path `text` names.

    Raises:
        InvalidObsPath: it names none; `field` is what the caller is told to correct.
    """
    try:
        return ObsPath.parse(text)
    except BadObsPath as exc:
        raise InvalidObsPath(field=field, uri=text, detail=exc.text) from exc
