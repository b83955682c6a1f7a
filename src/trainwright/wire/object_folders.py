"""Folders of the object store: their size, who uses them, and what is done to many objects at once (ours)."""

from typing import Annotated

from pydantic import Field

from trainwright.wire.model import AnswerModel, RequestModel

KEYS_MAX = 1000
PREFIXES_MAX = 100
KEY_LENGTH_MAX = 1024

Key = Annotated[str, Field(min_length=1, max_length=KEY_LENGTH_MAX)]


class FolderUsage(AnswerModel):
    """What lies under a prefix. `complete`: false when there was too much to look at all of it; then it is at least
    that.
    """

    objects: int
    bytes: int
    newest_at_ms: int
    complete: bool


class Deletion(RequestModel):
    """Body of `POST …/deletions`: objects by their keys, and all that lies in folders, whose prefixes end in `/`."""

    keys: list[Key] = Field(default_factory=list, max_length=KEYS_MAX)
    prefixes: list[Key] = Field(default_factory=list, max_length=PREFIXES_MAX)


class DeletionResult(AnswerModel):
    """How many objects went. `complete`: false when time was up: send the same again."""

    deleted: int
    complete: bool


class Copy(RequestModel):
    """Body of `POST …/copies`: an object or, with a `/` at its end, a folder is copied to `target`, of the same bucket
    unless `target_bucket` names another. `move`: nothing is left behind. `after`: see `CopyResult`.
    """

    source: Key
    target: Key
    target_bucket: str = Field(default="", max_length=63)
    move: bool = False
    overwrite: bool = False
    after: str = Field(default="", max_length=KEY_LENGTH_MAX)


class CopyResult(AnswerModel):
    """How much was copied. `next_after` is not empty when time was up: send the same again with it as `after`."""

    objects: int
    bytes: int
    next_after: str = ""


class FolderUser(AnswerModel):
    """An unfinished job that reads or writes there, below it, or in a folder above it."""

    id: str
    name: str
    user_name: str
    phase: str
    reads: bool
    writes: bool


class FolderUse(AnswerModel):
    """Who uses it. `others`: how many more jobs do that are not shown, as the caller does not see them, or as they are
    many.
    """

    jobs: list[FolderUser]
    others: int
