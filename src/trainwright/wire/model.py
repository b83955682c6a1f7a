"""Bases of the REST models: requests are strict about types and keep what they do not know; answers are lenient."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError


class RequestModel(BaseModel):
    """A request body or a part of one. Types are strict (no `"1"` for 1); unknown fields are kept for the echo."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)


class AnswerModel(BaseModel):
    """An answer or a part of one. Fields that do not apply are left out or null; unknown ones are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")


_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
NAME_LENGTH_MAX = 64


def is_resource_name(text: str) -> bool:
    """Whether a job may be called that: 1 to 64 ASCII letters, digits, `_` and `-`."""
    return 1 <= len(text) <= NAME_LENGTH_MAX and set(text) <= _NAME_CHARACTERS


def _checked_name(text: str) -> str:
    if not is_resource_name(text):
        raise PydanticCustomError("resource_name", "1 to 64 letters, digits, _ or -")
    return text


ResourceName = Annotated[str, AfterValidator(_checked_name)]
"""1 to 64 ASCII letters, digits, `_` and `-`: names of jobs, hyperparameters and channels."""

SHORT_TEXT_MAX = 1024
LONG_TEXT_MAX = 65_536
COUNT_MAX = 2**31 - 1

ShortText = Annotated[str, Field(max_length=SHORT_TEXT_MAX)]
"""Ids, words, paths, short sentences."""
LongText = Annotated[str, Field(max_length=LONG_TEXT_MAX)]
"""Values and commands."""
