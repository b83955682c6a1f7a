"""Registered models, their versions and files: ours, in the style of the contract."""

from pydantic import Field

from trainwright.wire.model import AnswerModel, RequestModel


class ModelUpdate(RequestModel):
    """What can be changed of a model; what is left out stays."""

    model_name: str | None = Field(default=None, max_length=64)
    description: str | None = Field(default=None, max_length=1024)


class ModelItem(AnswerModel):
    """One model. `version_count` counts what can be had, `last_version` is the highest number ever given."""

    model_id: str
    model_name: str
    description: str
    workspace_id: str
    version_count: int
    last_version: int
    user_id: str
    user_name: str
    create_time: int
    update_time: int


class ModelList(AnswerModel):
    """One page, newest first; `total` counts all that match."""

    total: int
    count: int
    offset: int
    limit: int
    items: tuple[ModelItem, ...]


class ModelEngine(AnswerModel):
    """The engine a version was made with."""

    id: str = ""
    name: str = ""
    version: str = ""


class ModelParameter(AnswerModel):
    """A hyperparameter a version was made with."""

    name: str
    value: str


class ModelInput(AnswerModel):
    """An input a version was made from; `obs_url` is empty for what lies in no bucket of the project."""

    name: str
    obs_url: str


class ModelVersionItem(AnswerModel):
    """One version: files that never change, and what made them. `version` counts from 1, `size` in bytes.

    The job may have been deleted since.
    """

    model_id: str
    version_id: str
    version: int
    job_id: str
    job_name: str
    files: int
    size: int
    create_time: int
    engine: ModelEngine
    parameters: tuple[ModelParameter, ...]
    inputs: tuple[ModelInput, ...]


class ModelVersionList(AnswerModel):
    """One page, the highest number first; `total` counts all."""

    total: int
    count: int
    offset: int
    limit: int
    items: tuple[ModelVersionItem, ...]


class ModelFileItem(AnswerModel):
    """One file of a version: its path below the folder, its size in bytes."""

    path: str
    size: int
    etag: str


class ModelFileList(AnswerModel):
    """One page by path; `next_after` is the `after` of the next one, empty on the last."""

    files: tuple[ModelFileItem, ...]
    next_after: str
