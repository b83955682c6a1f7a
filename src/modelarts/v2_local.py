"""Local training with the arguments of `modelarts.estimatorV2.Estimator`."""

from collections.abc import Sequence
from pathlib import Path

from modelarts.environment import Environment
from modelarts.exception import InvalidArgument
from modelarts.local import (
    Copy,
    LocalSession,
    LocalTraining,
    Places,
    check_name,
    fetch,
    fetch_archive,
    find_places,
    local_folder,
    new_name,
    start_training,
)
from modelarts.local.inputs import ARCHIVE
from modelarts.session import Session
from modelarts.train_params import InputData, OutputData
from modelarts.v2_request import JobArguments, check_count, check_folder, check_parameters
from trainwright.client import parse_path
from trainwright.client.job_body import as_text

ENV = "env"


def start_local(
    session: Session,
    given: JobArguments,
    inputs: Sequence[InputData],
    name: str,
    environment: Environment | None,
) -> tuple[LocalSession, str]:
    """Bring the inputs here and start the job; the private server's session and the job's id.

    Parameters are handed over as they are. An input or output with a name that no parameter has is handed over as well,
    as on the platform: `--<name>=<local path>`, or as a variable.

    Raises:
        InvalidArgument: something is missing, or has the wrong form.
        LocalModeFailed: the private server cannot be had.
        ClientError, TransferFailed: an input cannot be had, or the job was refused.
    """
    files = given.training_files
    if files is None or not files.code_dir or not files.boot_file:
        raise InvalidArgument("training_files with code_dir and boot_file is needed for local training.")
    if given.user_command:
        raise InvalidArgument("user_command cannot be used in local training: a boot file is run there.")
    check_parameters(given.parameters)
    nodes = check_count(given.train_instance_count)
    for output in given.outputs:
        if output.obs_path:
            check_folder("OutputData: obs_path", output.obs_path)
    name, places = check_name(name or new_name()), find_places()
    places.make()
    results = places.outputs_of(name)
    channels: list[tuple[InputData | OutputData, Path]] = []
    channels += [(item, _bring(session, places, item)) for item in inputs]
    channels += [(output, _make(results, output, index)) for index, output in enumerate(given.outputs)]
    arguments = [(str(item["name"]), _value(item.get("value"))) for item in given.parameters]
    known = {key for key, _ in arguments}
    variables = {str(key): as_text(value) for key, value in given.env_variables.items()}
    for channel, path in channels:
        if channel.name and channel.access_method == ENV:
            variables.setdefault(channel.name, str(path))
        elif channel.name and channel.name not in known:
            arguments.append((channel.name, str(path)))
    training = LocalTraining(
        name=name,
        code_dir=files.code_dir,
        boot_file=files.boot_file,
        arguments=arguments,
        variables=variables,
        nodes=nodes,
        framework_type=given.framework_type,
        environment=environment,
        copies=[
            Copy(str(path), item.obs_path)
            for item, path in channels
            if isinstance(item, OutputData) and item.obs_path
        ],
        description=given.job_description,
        working_dir=given.working_dir,
    )
    return start_training(session, training)


def _bring(session: Session, places: Places, item: InputData) -> Path:
    """Where an input lies on this machine, brought there if need be."""
    name = item.name or "InputData"
    if item.is_local_source or not item.obs_path:
        if not item.local_path:
            raise InvalidArgument(
                f"{name}: local_path is missing: it says where the data lies on this machine."
            )
        return local_folder(f"{name}: local_path", item.local_path)
    place = parse_path(item.obs_path)
    below = Path(place.bucket, *place.key.rstrip("/").split("/"))
    target = Path(item.local_path).expanduser().absolute() if item.local_path else places.inputs / below
    if place.key.endswith(ARCHIVE):
        unpacked = target if item.local_path else target.with_suffix("")
        return fetch_archive(session, item.obs_path, (places.inputs / below).parent, unpacked)
    if not place.is_folder and not item.local_path:
        target = target.parent
    return fetch(session, item.obs_path, target)


def _make(results: Path, output: OutputData, index: int) -> Path:
    """Where a job writes an output; the folder is there when it starts."""
    if not (output.local_path or output.obs_path):
        raise InvalidArgument(f"OutputData {output.name}: neither local_path nor obs_path is given.")
    name = output.name or str(index)
    if name in (".", "..") or "/" in name:
        raise InvalidArgument(f"OutputData: name must be the name of a parameter, not {name!r}.")
    default = results / name
    target = Path(output.local_path).expanduser().absolute() if output.local_path else default
    target.mkdir(parents=True, exist_ok=True)
    return target


def _value(value: object) -> str | None:
    return None if value is None else as_text(value)
