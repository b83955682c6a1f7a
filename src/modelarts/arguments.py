"""Arguments as scripts pass them: texts, for which paths of this machine may be `pathlib.Path`s."""

from __future__ import annotations

import os

from modelarts.exception import INVALID_VALUE, InvalidArgument


def as_text(name: str, value: object, *, error_code: str = INVALID_VALUE) -> str:
    """`value` as a text; a `Path` is what it is written as.

    Raises:
        InvalidArgument: it is something else, None among it.
    """
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        raise InvalidArgument(
            f"{name} must be a text, not {value!r}.",
            error_code=error_code,
            error_solution="Write it in quotes." if isinstance(value, int) else "",
        )
    return value


def optional_text(name: str, value: object) -> str:
    """The same for what may be left out: None is the empty text."""
    return "" if value is None else as_text(name, value)
