"""The table of what becomes of each field: nothing of the contract is missing from it, nothing in it is made up."""

import types
import typing
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from trainwright.services.handling import RULES, Handling, handling_of, settings_on
from trainwright.wire.jobs import JobRequest


def leaves(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """The path of every field below `model` that holds no further fields."""
    for name, field in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        below = list(models_in(field.annotation, here))
        if below:
            for inner, inner_path in below:
                yield from leaves(inner, inner_path)
        else:
            yield here


def models_in(kind: object, path: str) -> Iterator[tuple[type[BaseModel], str]]:
    origin = typing.get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind, path
    elif origin is list:
        yield from models_in(typing.get_args(kind)[0], f"{path}[]")
    elif origin in (typing.Union, types.UnionType, typing.Annotated):
        for part in typing.get_args(kind):
            yield from models_in(part, path)


LEAVES = sorted(set(leaves(JobRequest)))


@pytest.mark.parametrize("path", LEAVES)
def test_every_field_of_the_contract_has_a_handling(path: str) -> None:
    """Guards against a field that is accepted and then forgotten."""
    assert handling_of(path) is not None


@pytest.mark.parametrize("path", [path for path in RULES if not path.startswith("metadata.annotations.")])
def test_every_path_of_the_table_is_a_field(path: str) -> None:
    """Guards the table against a typing mistake, which would let a field through."""
    assert any(f"{leaf}.".startswith((f"{path}.", f"{path}[]")) for leaf in LEAVES)


def test_an_unknown_field_has_none() -> None:
    """Guards that unknown fields are told apart: they are kept without a word."""
    assert handling_of("spec.mystery") is None
    assert handling_of("mystery") is None


def test_what_is_switched_off_asks_for_nothing() -> None:
    """Guards the forms that consoles send, at any depth, and defaults of the contract."""
    off = {
        "spec": {
            "notification": {"topic_urn": "", "events": []},
            "custom_metrics": [{"exec": {"command": []}}],
            "log_export_config": {"version": "v0", "rotation_enabled": False},
            "schedule_policy": None,
        },
        "algorithm": {"inputs": None, "outputs": []},
    }
    assert list(settings_on(off, Handling.KEPT)) == []


def test_items_of_lists_are_named_by_their_index() -> None:
    """Guards that the event and the refusal say which item is meant."""
    second = {"remote": {"dataset": {"id": "d", "dataset_proportion": 5}}}
    raw = {"algorithm": {"inputs": [{"name": "a"}, second]}}
    assert list(settings_on(raw, Handling.KEPT)) == ["algorithm.inputs[1].remote.dataset.dataset_proportion"]
