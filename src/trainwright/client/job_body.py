"""The body of a creation request from plain values, or from the YAML form of it that people write."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_DURATION = re.compile(r"(\d+)\s*([hms]?)")
_UNIT_S = {"": 3600, "h": 3600, "m": 60, "s": 1}
RETRY_NUM = "fault-tolerance/job-retry-num"
_ANY_SCHEME = re.compile(r"(obs|s3|file)://|/")


@dataclass(frozen=True, slots=True)
class JobDraft:
    """What a job is to be, in plain values; empty ones are left to the server.

    `code_dir`, `inputs` and `outputs` are paths of the object store. `boot_file` may be relative to `code_dir`.
    `engine` and `flavor` are ids. Parameters and environment values are passed as text. `prefetch` names outputs whose
    present content is downloaded before the start, `by_environment` channels that are passed as variables. `retries`:
    how often it is tried again after a failure of the platform's. `reserve_hours`: its environment is kept so long
    after a failure. `image`: a container image to run in instead of an engine; `algorithm`: the id of a saved one;
    `experiment`: the name of the one the job joins, made when it is new. `metrics`: regular expressions (RE2) by name,
    whose first group is a number to keep of every log line that matches.
    """

    name: str = ""
    description: str | None = None
    code_dir: str = ""
    boot_file: str = ""
    command: str = ""
    engine: str = ""
    image: str = ""
    algorithm: str = ""
    flavor: str = ""
    nodes: int | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, object] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    prefetch: Sequence[str] = ()
    by_environment: Sequence[str] = ()
    working_dir: str = ""
    local_code_dir: str = ""
    log_path: str = ""
    auto_stop: str = ""
    priority: int | None = None
    preemptible: bool | None = None
    retries: int | None = None
    reserve_hours: int | None = None
    workspace: str = ""
    pool: str = ""
    experiment: str = ""
    metrics: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def draft_body(draft: JobDraft, base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The REST body of `draft`, laid over `base` (as `expand_body` gives it); `base` itself is not changed.

    Raises:
        ValueError: a duration cannot be read, or `prefetch` or `by_environment` names no channel of the job.
    """
    body = _copy(base or {})
    body.setdefault("kind", "job")
    metadata = _section(body, "metadata")
    algorithm = _section(body, "algorithm")
    spec = _section(body, "spec")
    _put(metadata, "name", draft.name)
    _put(metadata, "description", draft.description, keep_empty=True)
    _put(metadata, "workspace_id", draft.workspace)
    if draft.experiment:
        metadata["training_experiment_reference"] = {"name": draft.experiment}
    retries = {} if draft.retries is None else {RETRY_NUM: str(draft.retries)}
    if draft.annotations or retries:
        _section(metadata, "annotations").update({**retries, **draft.annotations})
    _fill_algorithm(algorithm, draft)
    _fill_spec(spec, draft)
    return body


def expand_body(raw: Mapping[str, Any]) -> dict[str, Any]:
    """`raw` with the short forms of our YAML written out: `parameters: {lr: 0.1}`, `inputs: {data_url: obs://…}`,
    `outputs: {train_url: obs://…}`, `metrics: {loss: <regex>}`, `engine: <id>`, `auto_stop: 2h`, numbers and booleans
    as values of parameters and environments. What is in REST form already stays as it is.

    Raises:
        ValueError: a section has the wrong form.
    """
    body = _copy(raw)
    for name in ("metadata", "algorithm", "spec"):
        if name in body and not isinstance(body[name], dict):
            raise ValueError(f"{name} must be a mapping")
    algorithm = body.get("algorithm", {})
    if isinstance(algorithm.get("engine"), str):
        algorithm["engine"] = {"engine_id": algorithm["engine"]}
    if isinstance(algorithm.get("parameters"), dict):
        algorithm["parameters"] = _parameters(algorithm["parameters"])
    elif isinstance(algorithm.get("parameters"), list):
        algorithm["parameters"] = [_text_value(item) for item in algorithm["parameters"]]
    if isinstance(algorithm.get("environments"), dict):
        algorithm["environments"] = {key: as_text(value) for key, value in algorithm["environments"].items()}
    if isinstance(algorithm.get("metrics"), dict):
        algorithm["metrics"] = _metric_rules(algorithm["metrics"])
    for side in ("inputs", "outputs"):
        if isinstance(algorithm.get(side), dict):
            algorithm[side] = [_channel(name, uri) for name, uri in algorithm[side].items()]
    spec = body.get("spec", {})
    if isinstance(spec.get("auto_stop"), str):
        spec["auto_stop"] = parse_auto_stop(spec["auto_stop"])
    return body


def parse_auto_stop(text: str) -> dict[str, str | int]:
    """`2h`, `90m`, `30s` or plain hours as the contract's `auto_stop`.

    Raises:
        ValueError: it is none of these, or zero.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{text!r} is not a duration such as 2h, 90m or 30s")
    seconds = int(match[1]) * _UNIT_S[match[2]]
    if seconds % 3600 == 0:
        return {"time_unit": "HOURS", "duration": seconds // 3600}
    return {"time_unit": "SECONDS", "duration": seconds}


def is_store_path(text: str) -> bool:
    """Whether `text` names a place the server can read: `obs://…`, `s3://…`, `/bucket/key`, or `file://…` in an
    image.
    """
    return bool(_ANY_SCHEME.match(text))


def is_local_folder(text: str) -> bool:
    """Whether a code folder is one of this machine. `/a/b` may be both: here, if such a folder is here."""
    if not text or text.startswith(("obs://", "s3://", "file://")):
        return False
    return Path(text).is_dir() or not text.startswith("/")


def as_text(value: object) -> str:
    """A value as the text a job is given: `true`, not `True`; `1e-05` stays what Python prints."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _fill_algorithm(algorithm: dict[str, Any], draft: JobDraft) -> None:
    _put(algorithm, "id", draft.algorithm)
    _put(algorithm, "code_dir", draft.code_dir)
    _put(algorithm, "command", draft.command)
    _put(algorithm, "working_dir", draft.working_dir)
    _put(algorithm, "local_code_dir", draft.local_code_dir)
    if draft.engine:
        algorithm["engine"] = {"engine_id": draft.engine}
    if draft.image:
        algorithm["engine"] = {"image_url": draft.image}
    if draft.boot_file:
        algorithm["boot_file"] = draft.boot_file
    boot_file, code_dir = str(algorithm.get("boot_file") or ""), str(algorithm.get("code_dir") or "")
    if boot_file and code_dir and not is_store_path(boot_file):
        algorithm["boot_file"] = f"{code_dir.rstrip('/')}/{boot_file.removeprefix('./')}"
    if draft.parameters:
        _merge(algorithm, "parameters", _parameters(draft.parameters))
    if draft.environment:
        texts = {key: as_text(value) for key, value in draft.environment.items()}
        algorithm["environments"] = {**(algorithm.get("environments") or {}), **texts}
    if draft.inputs:
        _merge(algorithm, "inputs", [_channel(name, uri) for name, uri in draft.inputs.items()])
    if draft.outputs:
        _merge(algorithm, "outputs", [_channel(name, uri) for name, uri in draft.outputs.items()])
    if draft.metrics:
        _merge(algorithm, "metrics", _metric_rules(draft.metrics))
    _mark(algorithm, ("outputs",), draft.prefetch, "prefetch_to_local", True)
    _mark(algorithm, ("inputs", "outputs"), draft.by_environment, "access_method", "env")


def _fill_spec(spec: dict[str, Any], draft: JobDraft) -> None:
    resource = _section(spec, "resource")
    _put(resource, "flavor_id", draft.flavor)
    _put(resource, "pool_id", draft.pool)
    _put(resource, "node_count", draft.nodes)
    resource.setdefault("node_count", 1)
    if draft.log_path:
        spec["log_export_path"] = {"obs_url": draft.log_path}
    if draft.auto_stop:
        spec["auto_stop"] = parse_auto_stop(draft.auto_stop)
    if draft.priority is not None:
        _section(spec, "schedule_policy")["priority"] = draft.priority
    if draft.preemptible is not None:
        _section(spec, "schedule_policy")["preemptible"] = draft.preemptible
    if draft.reserve_hours is not None:
        spec["reserved_time"] = {"time_unit": "HOURS", "duration": draft.reserve_hours}


def _put(section: dict[str, Any], key: str, value: str | int | None, *, keep_empty: bool = False) -> None:
    if value is not None and (value != "" or keep_empty):
        section[key] = value


def _section(parent: dict[str, Any], key: str) -> dict[str, Any]:
    section = parent.get(key)
    if not isinstance(section, dict):
        section = parent[key] = {}
    return section


def _merge(algorithm: dict[str, Any], key: str, items: list[dict[str, Any]]) -> None:
    """Items replace those of the same name and come behind the others."""
    names = {item["name"] for item in items}
    before = [item for item in algorithm.get(key) or [] if item.get("name") not in names]
    algorithm[key] = before + items


def _mark(
    algorithm: dict[str, Any], sides: Sequence[str], names: Sequence[str], key: str, value: object
) -> None:
    for name in names:
        marked = [item for side in sides for item in algorithm.get(side) or [] if item.get("name") == name]
        if not marked:
            raise ValueError(f"{name!r} is not one of the job's {' or '.join(sides)}")
        for item in marked:
            item[key] = value


def _parameters(values: Mapping[str, object]) -> list[dict[str, Any]]:
    return [{"name": name, "value": as_text(value)} for name, value in values.items()]


def _text_value(item: object) -> object:
    if isinstance(item, dict) and item.get("value") is not None:
        return {**item, "value": as_text(item["value"])}
    return item


def _metric_rules(rules: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "regex": regex} for name, regex in rules.items()]


def _channel(name: str, uri: object) -> dict[str, Any]:
    if not isinstance(uri, str):
        raise ValueError(f"the path of {name!r} must be text")
    return {"name": name, "remote": {"obs": {"obs_url": uri}}}


def _copy(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(item) for key, item in value.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _copy(value)
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value
