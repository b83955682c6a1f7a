"""Do the settings of a hyperparameter search make sense (contract §9.2). Pure; for jobs and algorithms.

Source of the algorithms and their defaults: contract §9.1, manual chapter 8.2.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn

import re2

from trainwright.domain.errors import SearchRewardRepeated, SearchSettingsInvalid
from trainwright.domain.texts import Text
from trainwright.wire.auto_search import AutoSearch, RewardAttribute, SearchAlgorithmChoice, SearchParameter

REGEX_LENGTH_MAX = 512
CONTINUOUS, DISCRETE = "continuous", "discrete"
MODES = ("max", "min")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a search algorithm: its type, its default as text, the words it takes (empty: any)."""

    key: str
    type: str
    default: str
    words: tuple[str, ...] = ()


_SAMPLES = Setting("num_samples", "Integer", "20")
_SEED = Setting("seed", "Integer", "1")
SEARCH_ALGORITHMS: Mapping[str, tuple[Setting, ...]] = MappingProxyType(
    {
        "bayes_opt_search": (
            Setting("kind", "String", "ucb", ("ucb", "ei", "poi")),
            Setting("kappa", "Float", "2.5"),
            Setting("xi", "Float", "0.0"),
            _SAMPLES,
            _SEED,
        ),
        "tpe_search": (
            Setting("gamma", "Float", "0.25"),
            Setting("n_initial_points", "Integer", "20"),
            _SAMPLES,
            _SEED,
        ),
        "anneal_search": (
            Setting("avg_best_idx", "Float", "2.0"),
            Setting("shrink_coef", "Float", "0.1"),
            _SAMPLES,
            _SEED,
        ),
    }
)

_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_REQUIRED = Text("it is required", "缺少该字段")
_NOT_EMPTY = Text("at least one is required", "至少需要一项")
_ONE_OF = Text("{value} is not one of {allowed}", "{value} 不是 {allowed} 之一")
_BAD_REGEX = Text("it is not a valid regular expression (RE2 syntax)", "不是有效的正则表达式（RE2 语法）")
_TOO_LONG = Text("it is longer than {limit} characters", "长度超过 {limit} 个字符")
_UNKNOWN_PARAMETER = Text("there is no hyperparameter {value}", "不存在超参 {value}")
_REPEATED = Text("{value} is given twice", "{value} 重复")
_NOT_A_NUMBER = Text("{value} is not a number", "{value} 不是数字")
_NOT_POSITIVE = Text("{value} is not a whole number above 0", "{value} 不是正整数")
_REVERSED = Text("the upper bound {high} is not above the lower bound {low}", "上界 {high} 不大于下界 {low}")
_MISFIT = Text("{value} is not of type {type}", "{value} 不是 {type} 类型")


def is_none(settings: AutoSearch | None) -> bool:
    """Whether no search is asked for: nothing is given, or only empty things."""
    if settings is None:
        return True
    given = (
        settings.reward_attrs,
        settings.search_params,
        settings.algo_configs,
        settings.skip_search_params,
    )
    return not any(given)


def check(settings: AutoSearch | None, parameters: Collection[str] | None, field: str) -> None:
    """The settings under `field` make sense; `parameters`: the hyperparameters there are, None when more may come.

    Raises:
        SearchSettingsInvalid: what does not make sense, by its path below `field`.
        SearchRewardRepeated: two metrics have the same name.
    """
    if settings is None or is_none(settings):
        return
    _check_rewards(settings.reward_attrs or [], f"{field}.reward_attrs")
    _check_search_parameters(settings.search_params or [], parameters, f"{field}.search_params")
    if settings.algo_configs == []:
        raise SearchSettingsInvalid(field=f"{field}.algo_configs", detail=_NOT_EMPTY)
    for index, chosen in enumerate(settings.algo_configs or []):
        _check_algorithm(chosen, f"{field}.algo_configs[{index}]")


def _check_rewards(rewards: Sequence[RewardAttribute], field: str) -> None:
    if not rewards:
        raise SearchSettingsInvalid(field=field, detail=_NOT_EMPTY)
    seen: set[str] = set()
    for index, reward in enumerate(rewards):
        where = f"{field}[{index}]"
        if not reward.name:
            raise SearchSettingsInvalid(field=f"{where}.name", detail=_REQUIRED)
        if reward.name in seen:
            raise SearchRewardRepeated(field=f"{field}[{index}].name", name=reward.name)
        seen.add(reward.name)
        if reward.mode not in MODES:
            _refuse_word(f"{where}.mode", reward.mode or "", MODES)
        _check_regex(reward.regex or "", f"{where}.regex")


def _check_regex(regex: str, field: str) -> None:
    """Without a group the whole match is the number, as the samples of the reference have it."""
    if not regex:
        raise SearchSettingsInvalid(field=field, detail=_REQUIRED)
    if len(regex) > REGEX_LENGTH_MAX:
        raise SearchSettingsInvalid(field=field, detail=_TOO_LONG, limit=REGEX_LENGTH_MAX)
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(regex, options)
    except re2.error as exc:
        raise SearchSettingsInvalid(field=field, detail=_BAD_REGEX) from exc


def _check_search_parameters(
    wanted: Sequence[SearchParameter], parameters: Collection[str] | None, field: str
) -> None:
    if not wanted:
        raise SearchSettingsInvalid(field=field, detail=_NOT_EMPTY)
    seen: set[str] = set()
    for index, parameter in enumerate(wanted):
        where = f"{field}[{index}]"
        name = parameter.name or ""
        if not name:
            raise SearchSettingsInvalid(field=f"{where}.name", detail=_REQUIRED)
        if name in seen:
            raise SearchSettingsInvalid(field=f"{where}.name", detail=_REPEATED, value=name)
        seen.add(name)
        if parameters is not None and name not in parameters:
            raise SearchSettingsInvalid(field=f"{where}.name", detail=_UNKNOWN_PARAMETER, value=name)
        _check_values(parameter, where)


def _check_values(parameter: SearchParameter, field: str) -> None:
    values = discrete_values(parameter)
    kind = parameter.param_type or (DISCRETE if values and not parameter.lower_bound else CONTINUOUS)
    if kind not in (CONTINUOUS, DISCRETE):
        _refuse_word(f"{field}.param_type", kind, (CONTINUOUS, DISCRETE))
    if kind == DISCRETE:
        if not values:
            raise SearchSettingsInvalid(field=f"{field}.discrete_values", detail=_NOT_EMPTY)
        return
    low = _bound(parameter.lower_bound, f"{field}.lower_bound")
    high = _bound(parameter.upper_bound, f"{field}.upper_bound")
    if not low < high:
        slots = {"low": parameter.lower_bound or "", "high": parameter.upper_bound or ""}
        raise SearchSettingsInvalid(field=f"{field}.upper_bound", detail=_REVERSED, **slots)
    points = str(parameter.discrete_points_num or "")
    if points and not (_INTEGER.fullmatch(points) and int(points) > 0):
        raise SearchSettingsInvalid(field=f"{field}.discrete_points_num", detail=_NOT_POSITIVE, value=points)


def discrete_values(parameter: SearchParameter) -> list[str]:
    """The values of a discrete hyperparameter; a text, as algorithm answers have it, is cut at its commas."""
    given = parameter.discrete_values or []
    if isinstance(given, str):
        given = [value.strip() for value in given.split(",")]
    return [value for value in given if value]


def _bound(text: str | None, field: str) -> float:
    if not text:
        raise SearchSettingsInvalid(field=field, detail=_REQUIRED)
    number = _float(text)
    if number is None:
        raise SearchSettingsInvalid(field=field, detail=_NOT_A_NUMBER, value=text)
    return number


def _check_algorithm(chosen: SearchAlgorithmChoice, field: str) -> None:
    settings = SEARCH_ALGORITHMS.get(chosen.name or "")
    if settings is None:
        _refuse_word(f"{field}.name", chosen.name or "", tuple(SEARCH_ALGORITHMS))
    known = {setting.key: setting for setting in settings}
    seen: set[str] = set()
    for index, given in enumerate(chosen.params or []):
        where, key, value = f"{field}.params[{index}]", given.key or "", given.value or ""
        setting = known.get(key)
        if setting is None:
            _refuse_word(f"{where}.key", key, tuple(known))
        if key in seen:
            raise SearchSettingsInvalid(field=f"{where}.key", detail=_REPEATED, value=key)
        seen.add(key)
        _check_setting(setting, value, f"{where}.value")


def _check_setting(setting: Setting, value: str, field: str) -> None:
    if not value:
        raise SearchSettingsInvalid(field=field, detail=_REQUIRED)
    if setting.words and value not in setting.words:
        _refuse_word(field, value, setting.words)
    whole = _INTEGER.fullmatch(value) is not None
    if (setting.type == "Integer" and not whole) or (setting.type == "Float" and _float(value) is None):
        raise SearchSettingsInvalid(field=field, detail=_MISFIT, value=value, type=setting.type)
    if setting == _SAMPLES and int(value) < 1:
        raise SearchSettingsInvalid(field=field, detail=_NOT_POSITIVE, value=value)


def _refuse_word(field: str, value: str, allowed: Sequence[str]) -> NoReturn:
    raise SearchSettingsInvalid(field=field, detail=_ONE_OF, value=value or '""', allowed=", ".join(allowed))


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
