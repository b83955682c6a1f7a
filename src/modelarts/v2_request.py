"""From the arguments of `modelarts.estimatorV2.Estimator` to the body of a creation request. Uploads what is local."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelarts.exception import INVALID_PATH, InvalidArgument
from modelarts.progress import ProgressLine
from modelarts.session import Session
from modelarts.train_params import InputData, OutputData, TrainingFiles
from trainwright.client import BadPath, TransferOptions, is_local_folder, parse_path
from trainwright.client.job_body import as_text

NOT_CODE = frozenset({"__pycache__", ".git"})
_STORE = ("obs://", "s3://", "/")


@dataclass(frozen=True)
class JobArguments:
    """What an estimator was made with; None and empty for what was not given."""

    training_files: TrainingFiles | None = None
    outputs: Sequence[OutputData] = ()
    parameters: Sequence[Mapping[str, Any]] = ()
    framework_type: str = ""
    framework_version: str = ""
    user_image_url: str = ""
    user_command: str = ""
    train_instance_type: str = ""
    train_instance_count: int = 1
    log_url: str = ""
    job_description: str = ""
    pool_id: str = ""
    volumes: Sequence[Mapping[str, Any]] = ()
    env_variables: Mapping[str, Any] = field(default_factory=dict)
    working_dir: str = ""
    local_code_dir: str = ""


def job_body(session: Session, given: JobArguments, inputs: Sequence[InputData], name: str) -> dict[str, Any]:
    """The body of the creation request.

    Raises:
        InvalidArgument: something is missing, has the wrong form, or contradicts something else. Nothing was uploaded.
        ClientError: of the client: an upload failed.
    """
    check(given, inputs)
    algorithm: dict[str, Any] = {
        "parameters": [_parameter(item) for item in given.parameters],
        "inputs": [_input(session, item) for item in inputs],
        "outputs": [_output(item) for item in given.outputs],
        "environments": {str(key): as_text(value) for key, value in given.env_variables.items()},
        **_engine(given),
        **_code(session, given.training_files),
    }
    if given.user_command:
        algorithm["command"] = given.user_command
    for key in ("working_dir", "local_code_dir"):
        if getattr(given, key):
            algorithm[key] = getattr(given, key)
    metadata = {"name": name, **({"description": given.job_description} if given.job_description else {})}
    return {"kind": "job", "metadata": metadata, "algorithm": algorithm, "spec": _spec(given)}


def check(given: JobArguments, inputs: Sequence[InputData]) -> None:
    """Whether a job can be made of this, as far as this side can tell.

    Raises:
        InvalidArgument: not so.
    """
    if bool(given.framework_type) != bool(given.framework_version):
        raise InvalidArgument(
            "framework_type and framework_version belong together: only one of them is given."
        )
    if not (given.framework_type or given.user_image_url or given.user_command):
        raise InvalidArgument(
            "Neither framework_type with framework_version nor user_image_url with user_command is given.",
            error_solution="Estimator.get_framework_list(session) lists the frameworks.",
        )
    files = given.training_files
    if given.framework_type and not given.user_command and (files is None or not files.boot_file):
        raise InvalidArgument("training_files with code_dir and boot_file is needed for a preset framework.")
    if given.user_image_url and not given.user_command and (files is None or not files.boot_file):
        raise InvalidArgument("user_command is needed with user_image_url.")
    if not (given.train_instance_type or given.pool_id):
        raise InvalidArgument(
            "train_instance_type is missing.",
            error_solution="Estimator.get_train_instance_types(session) lists what there is.",
        )
    check_parameters(given.parameters)
    for item in inputs:
        _check_input(item)
    for output in given.outputs:
        _check_name("OutputData", output.name)
        check_folder(f"OutputData {output.name}: obs_path", output.obs_path)
    if given.log_url:
        check_folder("log_url", given.log_url)


def check_count(count: object) -> int:
    """The number of nodes. Raises `InvalidArgument` unless it is a whole number from 1 on."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise InvalidArgument(f"train_instance_count must be a whole number from 1 on, not {count!r}.")
    return count


def check_parameters(parameters: Sequence[Mapping[str, Any]]) -> None:
    """Raises `InvalidArgument` unless each is a dict with a name, and perhaps a value that is a number or a text."""
    for item in parameters:
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str) or not item["name"]:
            raise InvalidArgument(f'parameters: each must be {{"name": …, "value": …}}, not {item!r}.')
        if not isinstance(item.get("value"), str | int | float | bool | None):
            raise InvalidArgument(f"parameters: the value of {item['name']} must be a text or a number.")


def check_folder(what: str, path: str | None) -> str:
    """`path` of an OBS folder.

    Raises:
        InvalidArgument: ModelArts.2791: it is missing, is no OBS path, or does not end in a slash.
    """
    if not path or not path.startswith(_STORE) or not path.endswith("/"):
        raise InvalidArgument(
            f"{what} must be an OBS folder that ends in a slash, such as obs://bucket/folder/, not {path!r}.",
            error_code=INVALID_PATH,
        )
    try:
        parse_path(path)
    except BadPath as exc:
        raise InvalidArgument(f"{what}: {exc}.", error_code=INVALID_PATH) from None
    return path


def _check_input(item: InputData) -> None:
    _check_name("InputData", item.name)
    if item.is_local_source:
        if not item.local_path or not Path(item.local_path).expanduser().exists():
            raise InvalidArgument(
                f"InputData {item.name}: there is no local_path {item.local_path} on this machine.",
                error_code=INVALID_PATH,
            )
        check_folder(f"InputData {item.name}: obs_path, to which local_path is uploaded,", item.obs_path)
    elif not (item.obs_path or item.dataset_id):
        raise InvalidArgument(f"InputData {item.name}: obs_path is missing.", error_code=INVALID_PATH)


def _check_name(kind: str, name: str | None) -> None:
    if not name:
        raise InvalidArgument(
            f"{kind}: name is needed for a job on the platform: the script's --<name>=<path>."
        )


def _parameter(item: Mapping[str, Any]) -> dict[str, Any]:
    value = item.get("value")
    return {"name": item["name"], "flag": True} if value is None else {**item, "value": as_text(value)}


def _input(session: Session, item: InputData) -> dict[str, Any]:
    channel: dict[str, Any] = {"name": item.name}
    if item.access_method:
        channel["access_method"] = item.access_method
    if item.dataset_id:
        version = {"version_id": item.dataset_version_id} if item.dataset_version_id else {}
        channel["remote"] = {"dataset": {"id": item.dataset_id, **version}}
    else:
        channel["remote"] = {"obs": {"obs_url": item.obs_path}}
    if item.is_local_source:
        _upload(session, Path(item.local_path or "").expanduser(), item.obs_path or "", frozenset())
    elif item.local_path:
        channel["local_dir"] = item.local_path
    return channel


def _output(item: OutputData) -> dict[str, Any]:
    channel: dict[str, Any] = {"name": item.name, "remote": {"obs": {"obs_url": item.obs_path}}}
    if item.local_path:
        channel["local_dir"] = item.local_path
    if item.access_method:
        channel["access_method"] = item.access_method
    if item.prefetch_to_local:
        channel["prefetch_to_local"] = True
    return channel


def _engine(given: JobArguments) -> dict[str, Any]:
    engine = {
        "engine_name": given.framework_type,
        "engine_version": given.framework_version,
        "image_url": given.user_image_url,
    }
    engine = {key: value for key, value in engine.items() if value}
    return {"engine": engine} if engine else {}


def _code(session: Session, files: TrainingFiles | None) -> dict[str, Any]:
    if files is None or not files.code_dir:
        return {}
    boot_file = files.boot_file or ""
    if not is_local_folder(files.code_dir):
        code = files.code_dir.rstrip("/") + "/"
        return {"code_dir": code, **_boot(code, boot_file)}
    folder = Path(files.code_dir).expanduser().absolute()
    if not folder.is_dir():
        raise InvalidArgument(
            f"code_dir: there is no folder {files.code_dir} on this machine.",
            error_code=INVALID_PATH,
            error_solution="Give a folder of this machine, or obs://bucket/folder/.",
        )
    name = Path(boot_file).expanduser()
    if name.is_absolute() and name.is_relative_to(folder):
        boot_file = name.relative_to(folder).as_posix()
    if boot_file and not (folder / boot_file).is_file():
        raise InvalidArgument(f"boot_file: there is no {boot_file} in {folder}.", error_code=INVALID_PATH)
    code = _upload_code(session, folder, files.obs_path)
    return {"code_dir": code, **_boot(code, boot_file)}


def _boot(code: str, boot_file: str) -> dict[str, str]:
    if not boot_file:
        return {}
    return {"boot_file": boot_file if boot_file.startswith(_STORE) else code + boot_file.removeprefix("./")}


def _upload_code(session: Session, folder: Path, obs_path: str | None) -> str:
    if not obs_path:
        bucket = session.obs.get_default_bucket().removeprefix("obs://")
        return session.storage.upload_code(folder, bucket=bucket)
    target = check_folder("TrainingFiles.obs_path", obs_path) + folder.name + "/"
    _upload(session, folder, target, NOT_CODE)
    return target


def _upload(session: Session, source: Path, target: str, leave_out: frozenset[str]) -> None:
    options = TransferOptions(skip_unchanged=True, leave_out=leave_out)
    with ProgressLine("Uploading") as progress:
        session.storage.upload(source, target, options=options, progress=progress)


def _spec(given: JobArguments) -> dict[str, Any]:
    resource: dict[str, Any] = {"node_count": check_count(given.train_instance_count)}
    if given.train_instance_type:
        resource["flavor_id"] = given.train_instance_type
    if given.pool_id:
        resource["pool_id"] = given.pool_id
    spec: dict[str, Any] = {"resource": resource}
    if given.volumes:
        spec["volumes"] = [dict(volume) for volume in given.volumes]
    if given.log_url:
        spec["log_export_path"] = {"obs_url": given.log_url}
    return spec
