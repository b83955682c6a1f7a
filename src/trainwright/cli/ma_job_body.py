"""From what `ma-cli ma-job submit` is given, in YAML files and options, to the body of a job.

The keys of the YAML are the options' names, with `-` or `_`. Lists may be written in each of the ways that are in use:
`{epoch: 10}`, `[{epoch: 10}]`, `[{name: epoch, value: 10}]`, `["epoch=10"]`, and all of them as JSON in one text.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from trainwright.client.job_body import as_text, is_store_path

FIELDS = (
    "name",
    "description",
    "image-url",
    "uid",
    "working-dir",
    "local-code-dir",
    "user-command",
    "pool-id",
    "train-instance-type",
    "train-instance-count",
    "data-url",
    "log-url",
    "code-dir",
    "output",
    "input",
    "env-variables",
    "parameters",
    "boot-file",
    "framework-type",
    "framework-version",
    "workspace-id",
    "policy",
    "volumes",
)
_PLACES = ("obs-path", "obs-url", "obs_path", "obs_url", "path", "url", "value")
DATA_URL = "data_url"


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts laid over each other, later ones winning; what is None was not given.

    Raises:
        ValueError: a key is none of `FIELDS`.
    """
    whole: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            field = str(key).replace("_", "-")
            if field not in FIELDS:
                raise ValueError(str(key))
            if value is not None and value != ():
                whole[field] = value
    return whole


def body_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The REST body of what `merged` gave. A job without a name is called job-<8 hex digits>.

    Raises:
        ValueError: a value has none of the forms that are in use.
    """
    name = as_text(given.get("name")) or f"job-{uuid.uuid4().hex[:8]}"
    metadata = {"name": name, **_texts(given, {"description": "description", "workspace-id": "workspace_id"})}
    resource: dict[str, Any] = {"node_count": _count(given.get("train-instance-count", 1))}
    resource |= _texts(given, {"train-instance-type": "flavor_id", "pool-id": "pool_id", "policy": "policy"})
    spec: dict[str, Any] = {"resource": resource}
    if given.get("log-url"):
        spec["log_export_path"] = {"obs_url": as_text(given["log-url"])}
    if given.get("volumes"):
        spec["volumes"] = _list_of_mappings(given["volumes"])
    return {"kind": "job", "metadata": metadata, "algorithm": _algorithm(given), "spec": spec}


def _algorithm(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "code-dir": "code_dir",
        "working-dir": "working_dir",
        "local-code-dir": "local_code_dir",
        "user-command": "command",
    }
    engine_names = {
        "framework-type": "engine_name",
        "framework-version": "engine_version",
        "image-url": "image_url",
        "uid": "run_user",
    }
    algorithm: dict[str, Any] = dict(_texts(given, names))
    boot_file, code_dir = as_text(given.get("boot-file")), as_text(given.get("code-dir"))
    if boot_file:
        inside = bool(code_dir) and not is_store_path(boot_file)
        algorithm["boot_file"] = (
            f"{code_dir.rstrip('/')}/{boot_file.removeprefix('./')}" if inside else boot_file
        )
    engine = _texts(given, engine_names)
    if engine:
        algorithm["engine"] = engine
    parameters = _named(given.get("parameters"), ("value",))
    if parameters:
        algorithm["parameters"] = [
            {"name": name, "flag": True} if value is None else {"name": name, "value": as_text(value)}
            for name, value in parameters.items()
        ]
    environment = _named(given.get("env-variables"), ("value",))
    if environment:
        algorithm["environments"] = {name: as_text(value) for name, value in environment.items()}
    inputs = _named(given.get("input"), _PLACES)
    if given.get("data-url"):
        inputs.setdefault(DATA_URL, given["data-url"])
    for side, channels in (("inputs", inputs), ("outputs", _named(given.get("output"), _PLACES))):
        if channels:
            algorithm[side] = [
                {"name": name, "remote": {"obs": {"obs_url": as_text(place)}}}
                for name, place in channels.items()
            ]
    return algorithm


def _texts(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """What is given of `names`, under the contract's names."""
    found = {ours: as_text(given.get(theirs)) for theirs, ours in names.items()}
    return {name: text for name, text in found.items() if text}


def _count(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as exc:
        raise ValueError(f"train-instance-count: {value!r}") from exc


def _named(value: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """Names with values, from any of the forms. A name alone has the value None."""
    if value is None or value in ("", (), []):
        return {}
    if isinstance(value, str):
        text = value.strip()
        if text[:1] in "[{":
            return _named(_loaded(text), keys)
        name, equals, rest = text.partition("=")
        return {name: rest if equals else None}
    if isinstance(value, Mapping):
        if "name" in value and any(key in value for key in keys):
            return {str(value["name"]): next(value[key] for key in keys if key in value)}
        return {str(name): inner for name, inner in value.items()}
    if isinstance(value, list | tuple):
        found: dict[str, Any] = {}
        for item in value:
            found |= _named(item, keys)
        return found
    raise ValueError(repr(value))


def _list_of_mappings(value: Any) -> list[Any]:
    """As `--volumes` takes them: a list, or one of them, or JSON."""
    if isinstance(value, str):
        value = _loaded(value)
    if isinstance(value, list | tuple):
        return [item for part in value for item in _list_of_mappings(part)]
    if isinstance(value, Mapping):
        return [dict(value)]
    raise ValueError(repr(value))


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise ValueError(f"{text!r}: {exc}") from exc
