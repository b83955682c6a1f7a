"""Registered datasets and their versions, with the field names of ModelArts' dataset API. Times are ms since 1970."""

from typing import Literal

from pydantic import Field

from trainwright.wire.model import AnswerModel, RequestModel

FREE_FORMAT = 900

DatasetType = Literal[0, 1, 3, 100, 101, 102, 200, 201, 202, 400, 600, 900]
"""ModelArts' kinds of data: images 0, 1, 3, texts 100 to 102, sounds 200 to 202, table 400, video 600, any 900."""


class DataSource(RequestModel):
    """Where the data lies: a folder of the object store. `data_type` 0: OBS, the only one there is."""

    data_path: str = Field(max_length=2048, examples=["obs://bucket/folder/"])
    data_type: int = 0


class DatasetCreate(RequestModel):
    """A folder to be registered. The type says what the data is; nothing depends on it."""

    dataset_name: str = Field(max_length=100)
    data_source: DataSource
    description: str | None = Field(default=None, max_length=256)
    dataset_type: DatasetType | None = None
    workspace_id: str | None = Field(default=None, max_length=64)


class DatasetUpdate(RequestModel):
    """What can be changed of a dataset; what is left out stays."""

    dataset_name: str | None = Field(default=None, max_length=100)
    description: str | None = Field(default=None, max_length=256)


class VersionCreate(RequestModel):
    """A version of what lies in the folder now. Without a name it is called V001, V002, …"""

    version_name: str | None = Field(default=None, max_length=32)
    description: str | None = Field(default=None, max_length=256)


class DataSourceItem(AnswerModel):
    """Where the data lies."""

    data_path: str
    data_type: int = 0


class DatasetItem(AnswerModel):
    """One dataset. The next version without a name is called V<next_version_num>."""

    dataset_id: str
    dataset_name: str
    description: str
    dataset_type: int
    data_source: DataSourceItem
    workspace_id: str
    create_time: int
    update_time: int
    next_version_num: int
    user_id: str
    user_name: str


class DatasetList(AnswerModel):
    """One page; `total_number` counts all that match."""

    total_number: int
    offset: int
    limit: int
    datasets: tuple[DatasetItem, ...]


class VersionItem(AnswerModel):
    """One version. `status` 0: being made, 1: ready, 4: failed, which `state` says in a word and `message` explains.

    While it is being made, `done_objects` of `total_sample_count` have been read.
    """

    dataset_id: str
    version_id: str
    version_name: str
    description: str
    status: Literal[0, 1, 4]
    state: Literal["creating", "ready", "failed"]
    message: str
    data_path: str
    total_sample_count: int
    done_objects: int
    data_size: int
    create_time: int
    ready_time: int


class VersionList(AnswerModel):
    """One page, newest first; `total_number` counts all."""

    total_number: int
    offset: int
    limit: int
    versions: tuple[VersionItem, ...]


class ManifestItem(AnswerModel):
    """One object of a version: its path below the folder, what it held, and its etag at that time."""

    path: str
    size: int
    sha256: str
    etag: str


class Manifest(AnswerModel):
    """One page by path; `next_after` is the `after` of the next one, empty on the last."""

    objects: tuple[ManifestItem, ...]
    next_after: str
