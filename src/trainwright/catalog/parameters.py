"""Do hyperparameters keep to what is declared of them (contract §3.4, manual 3.3.3). Pure; for jobs and algorithms.

`valid_type` is `None`, `Range` (two numbers) or `Choice` (a list) in any case; without one, a `valid_range` of two
numbers for a number is a range and any other list is a choice.
"""

import math
import re
from collections.abc import Sequence

from trainwright.domain.errors import (
    InvalidParam,
    ParameterRange,
    ParameterRepeated,
    ParameterRequired,
    ParameterType,
)
from trainwright.domain.texts import Text
from trainwright.wire.job_parts import ConstraintRequest, ParameterRequest

TYPES = ("String", "Integer", "Float", "Boolean")
_NUMBERS = ("Integer", "Float")
_RANGE = "range"
_CHOICE = ("choice", "enum", "enumeration")
_NONE = "none"
_INTEGER = re.compile(r"[+-]?[0-9]{1,300}")
_DESCRIBED = re.compile(r"[A-Za-z0-9\u4e00-\u9fff \-_,\uff0c.\u3002]*")
DESCRIPTION_LENGTH_MAX = 256

_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")
_NOT_A_RANGE = Text("a range is two numbers, the smaller one first", "取值范围必须为两个数字，且较小的在前")
_NO_CHOICE = Text("an enumeration must list its values", "枚举必须列出取值")
_MISFIT = Text("{value} is not of type {type}", "{value} 不是 {type} 类型")
_TOO_LONG = Text("it is longer than {limit} characters", "长度超过 {limit} 个字符")
_CHARACTERS = Text(
    "it holds other than letters, Chinese characters, digits, spaces, - _ , and .",
    "只能包含大小写字母、中文、数字、空格、中划线、下划线、逗号和句号",
)


def check_parameters(parameters: Sequence[ParameterRequest], field: str) -> None:
    """The hyperparameters of a job: each name once, each value within its own constraint.

    Raises:
        ParameterRepeated, ParameterRequired, ParameterType, ParameterRange: about names and values.
        InvalidParam: there is no such type.
    """
    check_names(parameters, field)
    for index, parameter in enumerate(parameters):
        if parameter.constraint is not None:
            _check_type(parameter.constraint, f"{field}[{index}].constraint.type")
            check_value(parameter.name, parameter.value, parameter.constraint, f"{field}[{index}].value")


def check_names(parameters: Sequence[ParameterRequest], field: str) -> None:
    """Each name is there once. Raises `ParameterRepeated`."""
    seen: set[str] = set()
    for index, parameter in enumerate(parameters):
        if parameter.name in seen:
            raise ParameterRepeated(field=f"{field}[{index}].name", name=parameter.name)
        seen.add(parameter.name)


def check_value(name: str, value: str | None, constraint: ConstraintRequest, field: str) -> None:
    """`value`, which `field` of the body gives, keeps to `constraint`.

    Raises:
        ParameterRequired, ParameterType, ParameterRange.
    """
    if not value:
        if constraint.required:
            raise ParameterRequired(field=field, name=name)
        return
    declared = constraint.type or "String"
    number = _number(value, declared)
    if number is None:
        raise ParameterType(field=field, name=name, value=value, type=declared)
    allowed = constraint.valid_range or []
    match _limit(constraint):
        case "range":
            low, high = _bound(allowed[0]), _bound(allowed[1])
            if (low is not None and number < low) or (high is not None and number > high):
                raise ParameterRange(
                    field=field, name=name, value=value, allowed=f"[{allowed[0]}, {allowed[1]}]"
                )
        case "choice" if value not in allowed and not _among(value, allowed, declared):
            raise ParameterRange(field=field, name=name, value=value, allowed=", ".join(allowed))
        case _:
            pass


def check_declared(parameters: Sequence[ParameterRequest], field: str) -> None:
    """The hyperparameters of an algorithm: names, types, limits, and defaults that keep to them.

    Raises:
        ParameterRepeated, ParameterType, ParameterRange: about names and defaults.
        InvalidParam: a constraint makes no sense, or a description holds what it must not.
    """
    check_names(parameters, field)
    for index, parameter in enumerate(parameters):
        where = f"{field}[{index}]"
        _check_description(parameter.description or "", f"{where}.description")
        if parameter.constraint is not None:
            _check_constraint(parameter.constraint, f"{where}.constraint")
            if parameter.value:
                check_value(parameter.name, parameter.value, parameter.constraint, f"{where}.value")


def may_describe(text: str) -> bool:
    """Whether `text` may be the description of an algorithm's hyperparameter."""
    return len(text) <= DESCRIPTION_LENGTH_MAX and _DESCRIBED.fullmatch(text) is not None


def _check_description(text: str, field: str) -> None:
    if len(text) > DESCRIPTION_LENGTH_MAX:
        raise InvalidParam(field=field, detail=_TOO_LONG, limit=DESCRIPTION_LENGTH_MAX)
    if not may_describe(text):
        raise InvalidParam(field=field, detail=_CHARACTERS)


def _check_constraint(constraint: ConstraintRequest, field: str) -> None:
    declared = _check_type(constraint, f"{field}.type")
    word = (constraint.valid_type or "").lower()
    if word not in ("", _NONE, _RANGE, *_CHOICE):
        raise InvalidParam(field=f"{field}.valid_type", detail=_ONE_OF, allowed="None, Range, Choice")
    allowed = constraint.valid_range or []
    if word == _RANGE and not _is_range(allowed, declared):
        raise InvalidParam(field=f"{field}.valid_range", detail=_NOT_A_RANGE)
    if word in _CHOICE and not allowed:
        raise InvalidParam(field=f"{field}.valid_range", detail=_NO_CHOICE)
    if word != _NONE:
        for value in allowed:
            if _number(value, declared) is None:
                raise InvalidParam(field=f"{field}.valid_range", detail=_MISFIT, value=value, type=declared)


def _check_type(constraint: ConstraintRequest, field: str) -> str:
    declared = constraint.type or "String"
    if declared not in TYPES:
        raise InvalidParam(field=field, detail=_ONE_OF, allowed=", ".join(TYPES))
    return declared


def _limit(constraint: ConstraintRequest) -> str:
    """`range`, `choice`, or empty for no limit."""
    word, allowed = (constraint.valid_type or "").lower(), constraint.valid_range or []
    if not allowed:
        return ""
    fits = _is_range(allowed, constraint.type or "String")
    if word == _RANGE or not word:
        return _RANGE if fits else ("" if word else "choice")
    return "choice" if word in _CHOICE else ""


def _is_range(allowed: Sequence[str], declared: str) -> bool:
    if len(allowed) != 2 or declared not in _NUMBERS:
        return False
    low, high = _bound(allowed[0]), _bound(allowed[1])
    return low is not None and high is not None and low <= high


def _among(value: str, allowed: Sequence[str], declared: str) -> bool:
    """Whether a number or a truth value is one of `allowed` in another spelling."""
    if declared in _NUMBERS:
        number = _bound(value)
        return any(number == _bound(other) for other in allowed)
    return declared == "Boolean" and value.lower() in {other.lower() for other in allowed}


def _number(value: str, declared: str) -> float | None:
    """`value` as a number when it has the declared type; 0 for types that are none; None when it does not fit."""
    match declared:
        case "Integer":
            return float(value) if _INTEGER.fullmatch(value) else None
        case "Float":
            return _bound(value)
        case "Boolean":
            return 0.0 if value.lower() in ("true", "false", "0", "1") else None
        case _:
            return 0.0


def _bound(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number  # NaN is in no range
