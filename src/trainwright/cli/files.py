"""YAML files and NAME=VALUE pairs that commands are given."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
import yaml

from trainwright.cli.options import Globals


def read_yaml(told: Globals, path: Path) -> dict[str, Any]:
    """The mapping that a YAML (or JSON) file holds.

    Raises:
        BadParameter: it cannot be read, or is something else.
    """
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except OSError as exc:
        raise typer.BadParameter(f"{path}: {exc.strerror}") from exc
    except (UnicodeDecodeError, yaml.YAMLError) as exc:
        raise typer.BadParameter(told.say("{path} is not YAML: {detail}", path=path, detail=exc)) from exc
    if not isinstance(raw, dict):
        raise typer.BadParameter(told.say("{path} is not a YAML mapping.", path=path))
    return raw


def named_pairs(told: Globals, option: str, values: Sequence[str] | None) -> dict[str, str]:
    """`["a=1", "b=x=y"]` as a mapping; a later value of a name replaces the one before.

    Raises:
        BadParameter: one has no `=`, or nothing before it.
    """
    pairs: dict[str, str] = {}
    for value in values or []:
        key, equals, content = value.partition("=")
        if not equals or not key:
            raise typer.BadParameter(
                told.say("{option} wants NAME=VALUE, not {value}", option=option, value=repr(value))
            )
        pairs[key] = content
    return pairs


def named_numbers(told: Globals, option: str, values: Sequence[str] | None) -> dict[str, int]:
    """As `named_pairs`, with whole numbers.

    Raises:
        BadParameter: one is no whole number.
    """
    numbers = {}
    for key, text in named_pairs(told, option, values).items():
        try:
            numbers[key] = int(text)
        except ValueError as exc:
            raise typer.BadParameter(
                told.say("{option} wants a whole number, not {value}", option=option, value=repr(text))
            ) from exc
    return numbers
