"""Tags of training jobs (contract §6.13)."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from trainwright.wire.model import AnswerModel, RequestModel

KEY_LENGTH_MAX = 128
VALUE_LENGTH_MAX = 255
TAGS_MAX = 20
VALUES_MAX = 10
_RESERVED = "_sys_"
_IN_KEYS = frozenset(" _.:=+-@")
_IN_VALUES = _IN_KEYS | {"/"}


def _is_made_of(text: str, beside: frozenset[str]) -> bool:
    return all(character.isalnum() or character in beside for character in text)


def _checked_key(key: str) -> str:
    fits = _is_made_of(key, _IN_KEYS) and key == key.strip() and not key.startswith(_RESERVED)
    if not fits or not 1 <= len(key) <= KEY_LENGTH_MAX:
        raise PydanticCustomError("tag_key", "not the key of a tag")
    return key


def _checked_value(value: str) -> str:
    if len(value) > VALUE_LENGTH_MAX or not _is_made_of(value, _IN_VALUES):
        raise PydanticCustomError("tag_value", "not the value of a tag")
    return value


TagKey = Annotated[str, AfterValidator(_checked_key)]
"""1 to 128 letters (of any script), digits, blanks inside and `_.:=+-@`; not beginning with `_sys_`."""
TagValue = Annotated[str, AfterValidator(_checked_value)]
"""Up to 255 letters, digits, blanks and `_.:/=+-@`."""


class TagRequest(RequestModel):
    """One tag. Without a value it is empty."""

    key: TagKey
    value: TagValue | None = None


class TagsRequest(RequestModel):
    """Body of `POST .../tags/create`: replaces the values of keys the job has already."""

    tags: Annotated[list[TagRequest], Field(min_length=1, max_length=TAGS_MAX)]


class TagsRemoval(RequestModel):
    """Body of `DELETE .../tags/delete`: removes these keys, whatever their values; missing ones are no error."""

    tags: Annotated[list[TagRequest], Field(min_length=1, max_length=TAGS_MAX)]


class TagFilter(RequestModel):
    """One of the values, or any value when none is given."""

    key: TagKey
    values: Annotated[list[TagValue], Field(max_length=VALUES_MAX)] | None = None


class NameMatch(RequestModel):
    """Part of the job's name, case-sensitively."""

    key: Literal["resource_name"]
    value: Annotated[str, Field(max_length=VALUE_LENGTH_MAX)]


class TagSearch(RequestModel):
    """Body of `POST .../resource-instances/filter` and `/count`. All conditions hold together.

    `without_any_tag` switches `tags` off.
    """

    workspace_id: Annotated[str, Field(max_length=64)] | None = None
    tags: Annotated[list[TagFilter], Field(max_length=TAGS_MAX)] | None = None
    without_any_tag: bool | None = None
    matches: Annotated[list[NameMatch], Field(max_length=1)] | None = None


class TagItem(AnswerModel):
    """One tag."""

    key: str
    value: str


class TagsResponse(AnswerModel):
    """All tags of a job, keys ascending."""

    tags: list[TagItem]


class ProjectTag(AnswerModel):
    """A key and its values in the project, ascending, at most 1,000."""

    key: str
    values: list[str]


class ProjectTagsResponse(AnswerModel):
    """One page of keys, ascending. `total_count` is ours."""

    tags: list[ProjectTag]
    total_count: int


class TaggedResource(AnswerModel):
    """A job that was found."""

    resource_id: str
    resource_name: str
    workspace_id: str
    resource_detail: dict[str, Any] = Field(default_factory=dict)
    tags: list[TagItem]


class TaggedResources(AnswerModel):
    """One page of the jobs that match, newest first."""

    resources: list[TaggedResource]
    total_count: int


class TaggedCount(AnswerModel):
    """How many jobs match."""

    total_count: int
