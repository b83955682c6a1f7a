"""Local training with the arguments of `modelarts.estimator.Estimator`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelarts.environment import Environment
from modelarts.exception import InvalidArgument
from modelarts.local.copies import Copy
from modelarts.local.inputs import fetch, is_store_path, local_folder
from modelarts.local.places import Places, find_places
from modelarts.local.training import LocalSession, LocalTraining, check_name, new_name, start_training
from modelarts.session import Session
from trainwright.client import parse_path
from trainwright.client.job_body import as_text

DATA, TRAIN = "data_url", "train_url"


def start_v1(
    session: Session,
    *,
    code_dir: str | None,
    boot_file: str | None,
    inputs: str | None = None,
    output_path: str | None = None,
    hyperparameters: Sequence[Mapping[str, Any]] | None = None,
    framework_type: str | None = None,
    environment: Environment | None = None,
    train_instance_count: int = 1,
    job_name: str | None = None,
    job_description: str | None = None,
    annotations: Mapping[str, str] | None = None,
) -> tuple[LocalSession, str]:
    """Start it; the private server's session and the job's id.

    `inputs`: a folder of this machine, or an OBS path, which is downloaded (once); handed over as `--data_url=<path>`.
    `output_path`: a folder of this machine, or an OBS folder, to which what the job wrote is copied at its end; handed
    over as `--train_url=<path>`, and not at all when it is not given.

    Raises:
        InvalidArgument: something is missing, has the wrong form, or is not on this machine.
        LocalModeFailed: the private server cannot be had.
        ClientError: inputs cannot be downloaded, or the job was refused.
    """
    name, places = check_name(job_name or new_name()), find_places()
    places.make()
    arguments = [_argument(item) for item in hyperparameters or ()]
    copies = []
    if inputs:
        arguments.append((DATA, str(_bring(session, places, inputs))))
    if output_path:
        folder = _folder(places, output_path, name)
        folder.mkdir(parents=True, exist_ok=True)
        arguments.append((TRAIN, str(folder)))
        if _is_remote(output_path):
            copies.append(Copy(str(folder), str(parse_path(output_path).as_folder())))
    training = LocalTraining(
        name=name,
        code_dir=code_dir or "",
        boot_file=boot_file or "",
        arguments=arguments,
        nodes=train_instance_count,
        framework_type=framework_type or "",
        environment=environment,
        copies=copies,
        description=job_description or "",
        annotations=annotations or {},
    )
    return start_training(session, training)


def _argument(item: Mapping[str, Any]) -> tuple[str, str | None]:
    label = item.get("label") if isinstance(item, Mapping) else None
    if not isinstance(label, str) or not label:
        raise InvalidArgument(f'hyperparameters: each must be {{"label": …, "value": …}}, not {item!r}.')
    value = item.get("value")
    return label, None if value is None else as_text(value)


def _bring(session: Session, places: Places, inputs: str) -> Path:
    if not _is_remote(inputs):
        return local_folder("inputs", inputs)
    place = parse_path(inputs)
    target = places.inputs / place.bucket / place.key
    return fetch(session, inputs, target if place.is_folder else target.parent)


def _folder(places: Places, output_path: str, name: str) -> Path:
    if _is_remote(output_path):
        return places.outputs_of(name) / TRAIN
    return Path(output_path).expanduser().absolute()


def _is_remote(path: str) -> bool:
    """`/a/b/` means this machine when it, or its first folder, is here; the object store otherwise."""
    if is_store_path(path):
        return True
    if not path.startswith("/"):
        return False
    here = Path(path)
    return not (here.exists() or (len(here.parts) > 1 and Path(here.anchor, here.parts[1]).exists()))
