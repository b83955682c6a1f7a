"""Whether the client can read an answer without losing, mangling or choking on any of it."""

from collections.abc import Iterator
from typing import Any

from tests.e2e.modelarts.official import is_model, model

NUMBERS_AS_TEXT = ("flavor_info.disk.size", "<events>.start_time", "<events>.end_time")
"""Fields the client declares as text and ModelArts fills with a number; its conversion is what users see there."""
ANY_CELL = ("items.data", "data")
"""Cells of the search tables: objects among them are part of the contract."""


def complaints(response: str, answer: Any) -> Iterator[str]:
    """What is wrong with an answer's JSON against the response model; empty for one that reads cleanly."""
    types = model(response).openapi_types
    if answer is None:
        return
    if "body" in types:
        yield from _value(types["body"], answer, "body")
    elif not isinstance(answer, dict):
        yield f"the whole answer is {_name(answer)}, not an object: the client would show an empty one"
    else:
        yield from _model(response, answer, "<events>" if response == "ListTrainingJobEventsResponse" else "")


def _model(kind: str, answer: dict[str, Any], path: str) -> Iterator[str]:
    owner = model(kind)
    for attribute, declared in owner.openapi_types.items():
        wire = owner.attribute_map[attribute]
        if answer.get(wire) is not None:
            yield from _value(declared, answer[wire], f"{path}.{wire}".lstrip("."))


def _value(kind: str, value: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    if kind.startswith("list["):
        if not isinstance(value, list):
            yield f"{path} is {_name(value)}, not a list"
            return
        for item in value:
            yield from _value(kind[len("list[") : -1], item, path)
    elif kind.startswith("dict("):
        if not isinstance(value, dict):
            yield f"{path} is {_name(value)}, not an object: the client raises AttributeError"
            return
        inner = kind[len("dict(") : -1].split(", ", 1)[1]
        for name, item in value.items():
            yield from _value(inner, item, f"{path}[{name}]")
    elif is_model(kind):
        if isinstance(value, dict):
            yield from _model(kind, value, path)
        else:
            yield f"{path} is {_name(value)}, not an object: the client loses it"
    elif not _fits(kind, value, path):
        yield f"{path} is {_name(value)} {value!r}, declared {kind}"


def _fits(kind: str, value: Any, path: str) -> bool:
    if kind == "int":
        return type(value) is int
    if kind == "float":
        return type(value) in (int, float)
    if kind == "bool":
        return type(value) is bool
    if kind == "str":
        if type(value) is int and path.endswith(NUMBERS_AS_TEXT):
            return True
        return type(value) is str or path in ANY_CELL
    return True


def _name(value: Any) -> str:
    return f"a {type(value).__name__}"
