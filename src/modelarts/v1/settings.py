"""What a job of the first generation is made of, checked as far as it can be without the server; and its REST body."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelarts.arguments import as_text, optional_text
from modelarts.exception import INVALID_PATH, InvalidArgument

INPUT, OUTPUT = "data_url", "train_url"
DESCRIPTION_MAX = 256
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SOURCES = ("obs", "dataset")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """What an `Estimator` was made with; empty ones were not given. Hyperparameters as label and value."""

    train_instance_count: int = 0
    train_instance_type: str = ""
    output_path: str = ""
    code_dir: str = ""
    boot_file: str = ""
    model_name: str = ""
    framework_type: str = ""
    framework_version: str = ""
    hyperparameters: tuple[tuple[str, str], ...] = ()
    log_url: str = ""
    job_description: str = ""
    user_image_url: str = ""
    user_command: str = ""
    pool_id: str = ""
    nas_type: str = ""
    nas_share_addr: str = ""
    nas_mount_path: str = ""

    @property
    def says_something(self) -> bool:
        """Whether anything was given at all."""
        return self != Settings()


@dataclass(frozen=True, slots=True)
class Data:
    """What a job reads: exactly one of the three is given."""

    inputs: str = ""
    dataset_id: str = ""
    dataset_version_id: str = ""
    data_source: tuple[Mapping[str, Any], ...] = field(default=())


def check_data(
    inputs: str | None,
    dataset_id: str | None,
    dataset_version_id: str | None,
    data_source: Sequence[Mapping[str, Any]] | None,
) -> Data:
    """The data arguments of `fit` and its like.

    Raises:
        InvalidArgument: not exactly one of `inputs`, the dataset's two ids, and `data_source`.
    """
    if bool(dataset_id) != bool(dataset_version_id):
        raise InvalidArgument("dataset_id and dataset_version_id belong together: only one of them is given.")
    given = [
        name
        for name, value in (
            ("inputs", inputs),
            ("dataset_id and dataset_version_id", dataset_id),
            ("data_source", data_source),
        )
        if value
    ]
    if len(given) != 1:
        told = f"given are {' and '.join(given)}" if given else "none is given"
        raise InvalidArgument(
            f"Exactly one of inputs, dataset_id with dataset_version_id, and data_source is needed; {told}."
        )
    if data_source is not None and not isinstance(data_source, Sequence):
        raise InvalidArgument(f"data_source must be a list of objects, not {data_source!r}.")
    for index, item in enumerate(data_source or ()):
        _check_source(f"data_source[{index}]", item)
    return Data(
        optional_text("inputs", inputs),
        optional_text("dataset_id", dataset_id),
        optional_text("dataset_version_id", dataset_version_id),
        tuple(data_source or ()),
    )


def check_hyperparameters(given: Sequence[Mapping[str, Any]] | None) -> tuple[tuple[str, str], ...]:
    """Labels and values; a value that is no text is written as Python writes it, but for `true` and `false`.

    Raises:
        InvalidArgument: an item has not the form `{"label": …, "value": …}`.
    """
    if given is not None and (isinstance(given, Mapping) or not isinstance(given, Iterable)):
        raise InvalidArgument(f"hyperparameters must be a list of labels and values, not {given!r}.")
    found = []
    for index, item in enumerate(given or ()):
        if not isinstance(item, Mapping) or not item.get("label") or item.get("value") is None:
            raise InvalidArgument(
                f'hyperparameters[{index}] must be of the form {{"label": "lr", "value": "0.1"}}, not {item!r}.'
            )
        found.append((str(item["label"]), _as_text(item["value"])))
    return tuple(found)


def check_settings(settings: Settings, *, local_code: bool) -> None:
    """What is needed to create a job is there. `local_code`: the code folder is one of this machine.

    Raises:
        InvalidArgument: something is missing, contradicts something else, or a folder has no slash at its end.
    """
    if not settings.train_instance_count:
        raise InvalidArgument("train_instance_count is needed: the number of nodes, from 1 on.")
    if not settings.train_instance_type and not settings.pool_id:
        raise InvalidArgument(
            "train_instance_type is needed: a flavor, or `local`.",
            error_solution="Estimator.get_train_instance_types(session) lists the flavors.",
        )
    if not settings.output_path:
        raise InvalidArgument("output_path is needed: a folder such as /bucket/output/.")
    _check_mode(settings)
    if len(settings.job_description) > DESCRIPTION_MAX:
        raise InvalidArgument(f"job_description is longer than {DESCRIPTION_MAX} characters.")
    folders = [("output_path", settings.output_path), ("log_url", settings.log_url)]
    if not local_code:
        folders.append(("code_dir", settings.code_dir))
    for name, path in folders:
        if path and not path.endswith("/"):
            raise InvalidArgument(
                f"{name}: {path!r} is a folder and must end in a slash.",
                error_code=INVALID_PATH,
                error_solution=f"Write {path + '/'!r}.",
            )
    nas = (settings.nas_type, settings.nas_share_addr, settings.nas_mount_path)
    if any(nas) and not all(nas):
        raise InvalidArgument("nas_type, nas_share_addr and nas_mount_path are needed together.")
    if settings.nas_type and settings.nas_type.lower() != "nfs":
        raise InvalidArgument(f"nas_type must be nfs, not {settings.nas_type!r}.")


def check_job_name(name: str | None) -> str:
    """`name`, or one made up.

    Raises:
        InvalidArgument: it is not 1 to 64 letters, digits, `_` and `-`.
    """
    if name is None or name == "":
        return f"job-{os.urandom(4).hex()}"
    if not _NAME.fullmatch(as_text("job_name", name)):
        raise InvalidArgument(f"job_name: {name!r} is not 1 to 64 letters, digits, _ and -.")
    return name


def check_node_count(count: Any) -> int:
    """`count` as a number, 0 when it was not given.

    Raises:
        InvalidArgument: it is none, or below 1.
    """
    if count is None:
        return 0
    try:
        number = int(count)
    except (TypeError, ValueError):
        number = 0
    if number < 1 or isinstance(count, bool) or (isinstance(count, float) and number != count):
        raise InvalidArgument(f"train_instance_count must be a number from 1 on, not {count!r}.")
    return number


def job_body(
    settings: Settings, data: Data, *, name: str, description: str, annotations: Mapping[str, str]
) -> Json:
    """The body of `POST /v2/{project_id}/training-jobs`. The code folder is one of the object store."""
    algorithm: Json = {
        "parameters": [{"name": label, "value": value} for label, value in settings.hyperparameters],
        "inputs": input_channels(data),
        "outputs": [_channel(OUTPUT, {"obs": {"obs_url": settings.output_path}})],
    }
    if settings.code_dir:
        algorithm["code_dir"] = settings.code_dir
    if settings.boot_file:
        algorithm["boot_file"] = full_boot_file(settings)
    if settings.user_image_url:
        algorithm["engine"] = {"image_url": settings.user_image_url}
        algorithm["command"] = settings.user_command
    elif settings.framework_type:
        algorithm["engine"] = {
            "engine_name": settings.framework_type,
            "engine_version": settings.framework_version,
        }
    resource: Json = {"node_count": settings.train_instance_count}
    if settings.train_instance_type:
        resource["flavor_id"] = settings.train_instance_type
    if settings.pool_id:
        resource["pool_id"] = settings.pool_id
    spec: Json = {"resource": resource}
    if settings.log_url:
        spec["log_export_path"] = {"obs_url": settings.log_url}
    if settings.nas_type:
        mount = {"nfs_server_path": settings.nas_share_addr, "local_path": settings.nas_mount_path}
        spec["volumes"] = [{"nfs": {**mount, "read_only": False}}]
    metadata = {"name": name, "description": description, "annotations": dict(annotations)}
    return {"kind": "job", "metadata": metadata, "algorithm": algorithm, "spec": spec}


def input_channels(data: Data) -> list[Json]:
    """One channel for each source: `data_url`, then `data_url_2`, `data_url_3`, …"""
    if data.inputs:
        remotes: list[Json] = [{"obs": {"obs_url": data.inputs}}]
    elif data.dataset_id:
        remotes = [{"dataset": {"id": data.dataset_id, "version_id": data.dataset_version_id}}]
    else:
        remotes = [_remote(item) for item in data.data_source]
    return [
        _channel(INPUT if number == 1 else f"{INPUT}_{number}", remote)
        for number, remote in enumerate(remotes, start=1)
    ]


def full_boot_file(settings: Settings) -> str:
    """The boot file as a path of the object store; a bare name lies in the code folder."""
    if settings.boot_file.startswith(("/", "obs://", "s3://")) or not settings.code_dir:
        return settings.boot_file
    return settings.code_dir.rstrip("/") + "/" + settings.boot_file.removeprefix("./")


def _check_mode(settings: Settings) -> None:
    if settings.model_name:
        return
    if settings.user_image_url or settings.user_command:
        if not (settings.user_image_url and settings.user_command):
            raise InvalidArgument(
                "user_image_url and user_command belong together: only one of them is given."
            )
        return
    missing = [
        name
        for name in ("framework_type", "framework_version", "code_dir", "boot_file")
        if not getattr(settings, name)
    ]
    if missing:
        raise InvalidArgument(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.",
            error_solution="Give framework_type, framework_version, code_dir and boot_file; or user_image_url and "
            "user_command; or model_name.",
        )


def _check_source(name: str, item: Any) -> None:
    if not isinstance(item, Mapping) or item.get("type") not in _SOURCES:
        raise InvalidArgument(f'{name} must be an object with the type "obs" or "dataset", not {item!r}.')
    if item["type"] == "obs" and not item.get("data_url"):
        raise InvalidArgument(f"{name}: data_url is missing.")
    if item["type"] == "dataset" and not (item.get("dataset_id") or item.get("data_url")):
        raise InvalidArgument(f"{name}: dataset_id and dataset_version are missing.")


def _remote(source: Mapping[str, Any]) -> Json:
    if source["type"] == "obs" or not source.get("dataset_id"):
        return {"obs": {"obs_url": source["data_url"]}}
    version = source.get("dataset_version") or source.get("dataset_version_id")
    return {"dataset": {"id": source["dataset_id"], **({"version_id": version} if version else {})}}


def _channel(name: str, remote: Json) -> Json:
    return {"name": name, "remote": remote}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
