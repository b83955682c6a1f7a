"""A job made of a saved or subscribed algorithm: what it runs, and what it may not change. Pure.

Source: contract §8.3, manual 3.3.3. Only an explicit `editable: false` or `parameters_customization: false` forbids
something; an algorithm that declares no channels of a kind leaves them to the job. The search that an algorithm is made
for is not started by its jobs: a job asks for a search itself, in `policies.auto_search`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from trainwright.catalog.flavors import Flavor
from trainwright.catalog.parameters import check_names, check_value
from trainwright.domain.errors import AlgorithmMismatch, ChannelError, RemoteTypeUnsupported
from trainwright.domain.obs import BadObsPath, ObsPath
from trainwright.domain.texts import Text
from trainwright.wire.algorithms import (
    AlgorithmBody,
    AlgorithmChannelRequest,
    AlgorithmEngineRequest,
    AlgorithmInputRequest,
    JobConfigRequest,
)
from trainwright.wire.jobs import (
    AlgorithmRequest,
    EngineRequest,
    InputRequest,
    JobRequest,
    OutputRequest,
    ParameterRequest,
)
from trainwright.wire.training_metrics import MetricRuleRequest

C = TypeVar("C", InputRequest, OutputRequest)

OBS, DATASET = "obs", "dataset"
MULTIPLE = "multiple"
_PARAMETERS = "algorithm.parameters"
_ENGINE_FIELDS = ("engine_id", "engine_name", "engine_version", "image_url")

_DIFFERS = Text("it is another than the algorithm's", "与算法中的配置不一致")
_HIDDEN = Text("it is the publisher's; leave it out", "由发布者提供，请勿填写")
_NOT_EDITABLE = Text("hyperparameter {name} cannot be changed", "超参 {name} 不可修改")
_NO_MORE = Text("it has no hyperparameter {name}, and takes no others", "没有超参 {name}，且不支持增加超参")
_NO_CHANNEL = Text("algorithm {algorithm} has no {name}", "算法 {algorithm} 没有 {name}")
_MISSING_CHANNEL = Text("{name} of algorithm {algorithm} is missing", "缺少算法 {algorithm} 的 {name}")
_REPEATED = Text("the name {name} is used twice", "名称 {name} 重复")
_FLAVOR_TYPE = Text("it runs on {allowed} only", "仅支持 {allowed} 类型的规格")
_ONE_CARD = Text("it does not run on several accelerators", "不支持多卡训练")
_ONE_NODE = Text("it does not run on several nodes", "不支持分布式训练")


def merge(
    algorithm_name: str, document: Mapping[str, Any], request: JobRequest, *, code_hidden: bool = False
) -> JobRequest:
    """`request` with what the algorithm `document` runs filled in, and held against what the algorithm allows.

    Hyperparameters that the job does not give have the algorithm's values. Nothing is hidden here: with `code_hidden`
    the answer about the job must leave out what `hide_code` does.

    Raises:
        AlgorithmMismatch: the job contradicts the algorithm, changes what it may not or adds what it may not.
        ParameterRepeated, ParameterRequired, ParameterType, ParameterRange: about a hyperparameter.
        ChannelError: a channel of the algorithm is missing, or one is not of the algorithm.
        RemoteTypeUnsupported: an input comes from a kind of place the algorithm does not take.
    """
    saved = AlgorithmBody.model_validate(document).job_config
    asked = request.algorithm or AlgorithmRequest()
    _check_same(algorithm_name, saved, asked, code_hidden=code_hidden)
    filled = asked.model_copy(
        update={
            "name": algorithm_name,
            "code_dir": saved.code_dir or None,
            "boot_file": saved.boot_file or None,
            "command": saved.command or None,
            "engine": _engine(saved.engine, asked.engine),
            "parameters": _parameters(algorithm_name, saved, asked.parameters or []),
            "inputs": _inputs(algorithm_name, saved.inputs or [], asked.inputs or []),
            "outputs": _channels(algorithm_name, "outputs", saved.outputs or [], asked.outputs or []),
            "metrics": _metrics(saved.metrics or [], asked.metrics or []),
        }
    )
    return request.model_copy(update={"algorithm": filled})


def check_fit(algorithm_name: str, document: Mapping[str, Any], flavor: Flavor, node_count: int) -> None:
    """The algorithm runs on that many nodes of that flavor.

    Raises:
        AlgorithmMismatch: it is not made for them.
    """
    cards = flavor.resources.accelerators
    for requirement in AlgorithmBody.model_validate(document).resource_requirements or []:
        allowed = requirement.values or requirement.value or []
        field, problem = "spec.resource.flavor_id", None
        if not allowed:
            continue
        match requirement.key:
            case "flavor_type" if flavor.type not in allowed:
                problem = _FLAVOR_TYPE
            case "device_distributed_mode" if cards > 1 and MULTIPLE not in allowed:
                problem = _ONE_CARD
            case "host_distributed_mode" if node_count > 1 and MULTIPLE not in allowed:
                field, problem = "spec.resource.node_count", _ONE_NODE
            case _:
                pass
        if problem is not None:
            slots = {"algorithm": algorithm_name, "allowed": ", ".join(allowed)}
            raise AlgorithmMismatch(field=field, detail=problem, **slots)


def dataset_types(document: Mapping[str, Any], channel_name: str) -> frozenset[str]:
    """Types of datasets that the algorithm takes as that input; empty: any."""
    saved = AlgorithmBody.model_validate(document).job_config
    types: set[str] = set()
    for channel in saved.inputs or []:
        if channel.name == channel_name:
            for constraint in channel.remote_constraints or []:
                types |= _dataset_types(constraint.attributes)
    return frozenset(types)


def _dataset_types(attributes: object) -> set[str]:
    """Of `[{"dataset_type": "0"}, …]`; values may be lists or have commas, the whole may be one object or JSON text."""
    if isinstance(attributes, str):
        try:
            attributes = json.loads(attributes)
        except ValueError:
            return set()
    types: set[str] = set()
    for part in attributes if isinstance(attributes, list) else [attributes]:
        given = part.get("dataset_type") if isinstance(part, dict) else None
        for value in given if isinstance(given, list) else [given]:
            if isinstance(value, str | int):
                types |= {word.strip() for word in str(value).split(",") if word.strip()}
    return types


def hide_code(algorithm: Mapping[str, Any]) -> dict[str, Any]:
    """`algorithm` of a job (or `job_config` of an algorithm) without what belongs to its publisher."""
    return {name: value for name, value in algorithm.items() if name not in _CODE_FIELDS}


_CODE_FIELDS = frozenset({"code_dir", "boot_file", "command", "code_tree"})


def _check_same(
    algorithm_name: str, saved: JobConfigRequest, asked: AlgorithmRequest, *, code_hidden: bool
) -> None:
    """What the job says again must be what the algorithm says."""
    pairs = [
        ("code_dir", asked.code_dir, saved.code_dir),
        ("boot_file", asked.boot_file, saved.boot_file),
        ("command", asked.command, saved.command),
    ]
    for name, given, own in pairs:
        if given and (code_hidden or not _same_place(given, own or "")):
            detail = _HIDDEN if code_hidden else _DIFFERS
            raise AlgorithmMismatch(field=f"algorithm.{name}", algorithm=algorithm_name, detail=detail)
    engine, wanted = saved.engine or AlgorithmEngineRequest(), asked.engine or EngineRequest()
    for name in _ENGINE_FIELDS:
        given, own = getattr(wanted, name), getattr(engine, name)
        if given and given != own:
            field = f"algorithm.engine.{name}"
            raise AlgorithmMismatch(field=field, algorithm=algorithm_name, detail=_DIFFERS)


def _same_place(one: str, other: str) -> bool:
    try:
        return ObsPath.parse(one).as_folder() == ObsPath.parse(other).as_folder()
    except BadObsPath:
        return one == other


def _engine(saved: AlgorithmEngineRequest | None, asked: EngineRequest | None) -> EngineRequest | None:
    """By its id alone when that is known: an admin may give the engine another version."""
    if saved is None:
        return asked
    named = (
        {} if saved.engine_id else {"engine_name": saved.engine_name, "engine_version": saved.engine_version}
    )
    nothing = dict.fromkeys(_ENGINE_FIELDS)
    own = {**nothing, "engine_id": saved.engine_id, "image_url": saved.image_url, **named}
    return (asked or EngineRequest()).model_copy(update=own)


def _parameters(
    algorithm_name: str, saved: JobConfigRequest, asked: Sequence[ParameterRequest]
) -> list[ParameterRequest]:
    check_names(asked, _PARAMETERS)
    given = {parameter.name: parameter for parameter in asked}
    fields = {parameter.name: f"{_PARAMETERS}[{index}].value" for index, parameter in enumerate(asked)}
    merged = [
        _parameter(algorithm_name, own, given.pop(own.name, None), fields.get(own.name, _PARAMETERS))
        for own in saved.parameters or []
    ]
    if given and saved.parameters_customization is False:
        name = next(iter(given))
        raise AlgorithmMismatch(field=_PARAMETERS, algorithm=algorithm_name, detail=_NO_MORE, name=name)
    return [*merged, *given.values()]


def _parameter(
    algorithm_name: str, own: ParameterRequest, given: ParameterRequest | None, field: str
) -> ParameterRequest:
    value = own.value if given is None or given.value is None else given.value
    if own.constraint is not None:
        if own.constraint.editable is False and value != own.value:
            raise AlgorithmMismatch(
                field=field, algorithm=algorithm_name, detail=_NOT_EDITABLE, name=own.name
            )
        check_value(own.name, value, own.constraint, field)
    described = (given.description if given else None) or own.description
    flag = own.flag if given is None or given.flag is None else given.flag
    return own.model_copy(update={"value": value, "description": described, "flag": flag})


def _metrics(
    saved: Sequence[MetricRuleRequest], asked: Sequence[MetricRuleRequest]
) -> list[MetricRuleRequest] | None:
    """The job's own, and those of the algorithm that have other names."""
    own = {rule.name for rule in asked}
    return [*asked, *(rule for rule in saved if rule.name not in own)] or None


def _inputs(
    algorithm_name: str, saved: Sequence[AlgorithmInputRequest], asked: Sequence[InputRequest]
) -> list[InputRequest]:
    merged = _channels(algorithm_name, "inputs", saved, asked)
    own = {channel.name: channel for channel in saved}
    for index, channel in enumerate(merged):
        if channel.name in own:
            _check_kind(algorithm_name, own[channel.name], channel, f"algorithm.inputs[{index}].remote")
    return merged


def _check_kind(algorithm_name: str, own: AlgorithmInputRequest, channel: InputRequest, field: str) -> None:
    words = [constraint.data_type for constraint in own.remote_constraints or []]
    allowed = {OBS if word == OBS else DATASET for word in words if word}
    remote = channel.remote
    if not allowed or remote is None:
        return
    given = {OBS} if remote.obs is not None and remote.obs.obs_url else set()
    if remote.dataset is not None and remote.dataset.id:
        given.add(DATASET)
    if not given <= allowed:
        listed = ", ".join(sorted(allowed))
        raise RemoteTypeUnsupported(field=field, algorithm=algorithm_name, allowed=listed)


def _channels(
    algorithm_name: str, kind: str, saved: Sequence[AlgorithmChannelRequest], asked: Sequence[C]
) -> list[C]:
    """The job's channels in the algorithm's order; the job says where they lie, the algorithm what they are."""
    if not saved:
        return list(asked)
    names = {channel.name for channel in saved}
    given: dict[str, C] = {}
    for index, channel in enumerate(asked):
        field = f"algorithm.{kind}[{index}].name"
        if channel.name not in names:
            slots = {"name": channel.name, "algorithm": algorithm_name}
            raise ChannelError(field=field, detail=_NO_CHANNEL, **slots)
        if channel.name in given:
            raise ChannelError(field=field, detail=_REPEATED, name=channel.name)
        given[channel.name] = channel
    merged = []
    for own in saved:
        found = given.get(own.name)
        if found is None:
            slots = {"name": own.name, "algorithm": algorithm_name}
            raise ChannelError(field=f"algorithm.{kind}", detail=_MISSING_CHANNEL, **slots)
        told = {
            "description": found.description or own.description,
            "access_method": found.access_method or own.access_method or None,
        }
        merged.append(found.model_copy(update=told))
    return merged
