"""Hyperparameters against what is declared of them."""

from typing import Any

import pytest

from trainwright.catalog.parameters import check_declared, check_parameters
from trainwright.domain.errors import (
    InvalidParam,
    ParameterRange,
    ParameterRepeated,
    ParameterRequired,
    ParameterType,
    TrainwrightError,
)
from trainwright.wire.job_parts import ParameterRequest


def parameter(value: str | None, **constraint: Any) -> ParameterRequest:
    return ParameterRequest.model_validate(
        {"name": "lr", "value": value, "constraint": constraint}
        if constraint
        else {"name": "lr", "value": value}
    )


RANGE = {"valid_type": "Range", "valid_range": ["0.1", "1e3"]}
CHOICE = {"valid_type": "Choice", "valid_range": ["16", "32"]}
ACCEPTED: list[tuple[str | None, dict[str, Any]]] = [
    ("anything", {}),
    ("", {"type": "Integer"}),
    (None, {"type": "Integer"}),
    ("-7", {"type": "Integer"}),
    ("1e-3", {"type": "Float"}),
    ("False", {"type": "Boolean"}),
    ("1", {"type": "Boolean", "valid_type": "None", "valid_range": []}),
    ("0.1", {"type": "Float", **RANGE}),
    ("1000", {"type": "Float", **RANGE}),
    ("32", {"type": "Integer", **CHOICE}),
    ("+32", {"type": "Integer", **CHOICE}),
    ("TRUE", {"type": "Boolean", "valid_type": "choice", "valid_range": ["true"]}),
    ("sgd", {"type": "String", "valid_range": ["sgd", "adam"]}),
    ("20", {"type": "Float", "valid_range": ["10", "50"]}),
]
REFUSED: list[tuple[str | None, dict[str, Any], type[TrainwrightError]]] = [
    ("", {"required": True}, ParameterRequired),
    (None, {"required": True}, ParameterRequired),
    ("1.5", {"type": "Integer"}, ParameterType),
    ("nan", {"type": "Float"}, ParameterType),
    ("many", {"type": "Float"}, ParameterType),
    ("maybe", {"type": "Boolean"}, ParameterType),
    ("9" * 400, {"type": "Integer"}, ParameterType),
    ("0.0999", {"type": "Float", **RANGE}, ParameterRange),
    ("inf", {"type": "Float", **RANGE}, ParameterRange),
    ("17", {"type": "Integer", **CHOICE}, ParameterRange),
    ("rmsprop", {"type": "String", "valid_range": ["sgd", "adam"]}, ParameterRange),
    ("60", {"type": "Float", "valid_range": ["10", "50"]}, ParameterRange),
]


@pytest.mark.parametrize(("value", "constraint"), ACCEPTED)
def test_values_that_fit(value: str | None, constraint: dict[str, Any]) -> None:
    """Guards values within type and limits, however numbers and truth values are spelt."""
    check_parameters([parameter(value, **constraint)], "f")
    check_declared([parameter(value, **constraint)], "f")


@pytest.mark.parametrize(("value", "constraint", "error"), REFUSED)
def test_values_that_do_not_fit(
    value: str | None, constraint: dict[str, Any], error: type[TrainwrightError]
) -> None:
    """Guards type, range, enumeration and what is required; as a default, too, but that it may be left to the job."""
    with pytest.raises(error):
        check_parameters([parameter(value, **constraint)], "f")
    if error is ParameterRequired:
        check_declared([parameter(value, **constraint)], "f")
    else:
        with pytest.raises(error):
            check_declared([parameter(value, **constraint)], "f")


@pytest.mark.parametrize(
    "constraint",
    [
        {"type": "Int"},
        {"valid_type": "Interval", "valid_range": ["1", "2"]},
        {"type": "Float", "valid_type": "Range", "valid_range": ["1"]},
        {"type": "Float", "valid_type": "Range", "valid_range": ["2", "1"]},
        {"type": "String", "valid_type": "Range", "valid_range": ["1", "2"]},
        {"type": "Float", "valid_type": "Choice", "valid_range": []},
        {"type": "Integer", "valid_type": "Choice", "valid_range": ["1", "x"]},
    ],
)
def test_constraints_that_make_no_sense(constraint: dict[str, Any]) -> None:
    """Guards what an algorithm declares: no job could ever keep to it."""
    with pytest.raises(InvalidParam) as refused:
        check_declared([parameter("", **constraint)], "job_config.parameters")
    assert str(refused.value.slots["field"]).startswith("job_config.parameters[0].constraint.")


def test_names_are_there_once() -> None:
    """Guards names, in jobs and in algorithms."""
    twice = [parameter("1"), parameter("2")]
    for check in (check_parameters, check_declared):
        with pytest.raises(ParameterRepeated) as refused:
            check(twice, "p")
        assert refused.value.slots["field"] == "p[1].name"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("Learning rate, first_epoch - 0.1.", True),
        ("学习率，默认 0.1。", True),
        ("", True),
        ("x" * 256, True),
        ("x" * 257, False),
        ("<b>", False),
        ("a\nb", False),
        ("(sic)", False),
    ],
)
def test_descriptions(text: str, fits: bool) -> None:
    """Guards the characters of a description, as the manual lists them; only algorithms are held to it."""
    described = ParameterRequest.model_validate({"name": "lr", "description": text})
    check_parameters([described], "f")
    if fits:
        check_declared([described], "f")
    else:
        with pytest.raises(InvalidParam):
            check_declared([described], "f")
