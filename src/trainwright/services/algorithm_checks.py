"""Is the form of a saved algorithm right, before the catalogue and the store are asked. Pure.

Source: contract §8.1, §15; manual 3.3.3.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from trainwright.catalog import search_settings
from trainwright.catalog.parameters import check_declared
from trainwright.catalog.places import Place, find_code
from trainwright.domain.errors import ChannelError, ImageWithoutCommand, InvalidParam
from trainwright.domain.texts import Text
from trainwright.services.metric_rules import check_rules
from trainwright.wire.algorithms import (
    AlgorithmBody,
    AlgorithmChannelRequest,
    JobConfigRequest,
    ResourceRequirement,
)
from trainwright.wire.jobs import AlgorithmRequest

_MODES = ("multiple", "singular")
REQUIREMENT_VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "flavor_type": ("CPU", "GPU", "Ascend"),
        "device_distributed_mode": _MODES,
        "host_distributed_mode": _MODES,
    }
)
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_TWO_COMMANDS = Text("it cannot be given together with boot_file", "不能与 boot_file 同时填写")
_LINE_BREAK = Text("it holds a line break", "不能包含换行符")
_NAME_REPEATED = Text("the name {name} is used twice", "名称 {name} 重复")
_NOT_A_VARIABLE = Text("{name} cannot be the name of an environment variable", "{name} 不能作为环境变量名")
_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")
_NOT_EMPTY = Text("at least one is required", "至少需要一项")
_KEY_REPEATED = Text("{name} is given twice", "{name} 重复")


def check_form(body: AlgorithmBody) -> tuple[Place | None, str]:
    """Where the code lies and the boot file in it; None and empty for a command without code.

    Raises:
        CommandMissing, ImageWithoutCommand: there is nothing to run.
        InvalidCodeDir, InvalidBootFile: they do not fit each other, or are no places.
        ParameterRepeated, ParameterType, ParameterRange, ChannelError, InvalidParam: by their field.
        SearchSettingsInvalid, SearchRewardRepeated: about the search.
    """
    config = body.job_config
    _check_command(config)
    code, boot_file = find_code(
        AlgorithmRequest(code_dir=config.code_dir, boot_file=config.boot_file, command=config.command)
    )
    parameters = config.parameters or []
    check_declared(parameters, "job_config.parameters")
    _check_channels(config.inputs or [], config.outputs or [])
    check_rules(config.metrics or [], "job_config.metrics")
    _check_requirements(body.resource_requirements or [])
    names = None if config.parameters_customization else [parameter.name for parameter in parameters]
    if body.advanced_config is not None:
        search_settings.check(body.advanced_config.auto_search, names, "advanced_config.auto_search")
    return code, boot_file


def _check_command(config: JobConfigRequest) -> None:
    if not config.command:
        engine = config.engine
        named = engine is not None and (engine.engine_id or engine.engine_name or engine.engine_version)
        if engine is not None and engine.image_url and not (config.boot_file and named):
            raise ImageWithoutCommand(image=engine.image_url)
        return
    if config.boot_file:
        raise InvalidParam(field="job_config.command", detail=_TWO_COMMANDS)
    if "\n" in config.command or "\r" in config.command:
        raise InvalidParam(field="job_config.command", detail=_LINE_BREAK)


def _check_channels(
    inputs: Sequence[AlgorithmChannelRequest], outputs: Sequence[AlgorithmChannelRequest]
) -> None:
    seen: set[str] = set()
    for kind, channels in (("inputs", inputs), ("outputs", outputs)):
        for index, channel in enumerate(channels):
            field = f"job_config.{kind}[{index}].name"
            if channel.name in seen:
                raise ChannelError(field=field, detail=_NAME_REPEATED, name=channel.name)
            seen.add(channel.name)
            if channel.access_method == "env" and not _VARIABLE_NAME.fullmatch(channel.name):
                raise ChannelError(field=field, detail=_NOT_A_VARIABLE, name=channel.name)


def _check_requirements(requirements: Sequence[ResourceRequirement]) -> None:
    seen: set[str] = set()
    for index, requirement in enumerate(requirements):
        field = f"resource_requirements[{index}]"
        if requirement.key in seen:
            raise InvalidParam(field=f"{field}.key", detail=_KEY_REPEATED, name=requirement.key)
        seen.add(requirement.key)
        values, allowed = requirement.values or requirement.value or [], REQUIREMENT_VALUES[requirement.key]
        if not values:
            raise InvalidParam(field=f"{field}.values", detail=_NOT_EMPTY)
        if not set(values) <= set(allowed):
            raise InvalidParam(field=f"{field}.values", detail=_ONE_OF, allowed=", ".join(allowed))
