"""Training experiments (contract §10)."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from trainwright.wire.model import AnswerModel, RequestModel

NAME_LENGTH_MAX = 64
DESCRIPTION_LENGTH_MAX = 256
LIMIT_MAX = 1000
_BESIDE_LETTERS = frozenset("_-. ")


def _checked_name(name: str) -> str:
    beside = {character for character in name if not character.isalnum()}
    if not 1 <= len(name) <= NAME_LENGTH_MAX or name != name.strip() or not beside <= _BESIDE_LETTERS:
        raise PydanticCustomError("experiment_name", "1 to 64 letters, digits, _ - . or blanks inside")
    return name


def _checked_or_empty(name: str) -> str:
    return _checked_name(name) if name else name


ExperimentName = Annotated[str, AfterValidator(_checked_name)]
"""1 to 64 letters (of any script), digits, `_`, `-`, `.` and blanks, none at the ends."""
Description = Annotated[str, Field(max_length=DESCRIPTION_LENGTH_MAX)]


class ExperimentReference(RequestModel):
    """`metadata.training_experiment_reference` of a job: an experiment by id, or by name, which makes it when new."""

    id: Annotated[str, Field(max_length=64)] | None = None
    name: Annotated[str, AfterValidator(_checked_or_empty)] | None = None
    description: Description | None = None


class ExperimentMetadataRequest(RequestModel):
    """What an experiment is called and where it lies."""

    name: ExperimentName
    description: Description | None = None
    workspace_id: Annotated[str, Field(max_length=64)] | None = None


class ExperimentRequest(RequestModel):
    """Body of `POST /v2/{P}/training-experiments`."""

    metadata: ExperimentMetadataRequest


class ExperimentUpdate(RequestModel):
    """Body of `PUT /v2/{P}/training-experiments/{experiment}`. Only what is given changes."""

    name: ExperimentName | None = None
    description: Description | None = None


class ExperimentMetadata(AnswerModel):
    """An experiment without what is counted. Times in ms."""

    id: str
    name: str
    description: str
    workspace_id: str
    create_time: int
    update_time: int


class ExperimentStatistic(AnswerModel):
    """What is counted."""

    job_count: int


class ExperimentResponse(AnswerModel):
    """An experiment."""

    metadata: ExperimentMetadata
    statistic: ExperimentStatistic


class ExperimentsResponse(AnswerModel):
    """One page. `total` and `count` are how many the caller sees in the workspace asked for."""

    total: int
    count: int
    limit: int
    offset: int
    sort_by: str
    order: str
    items: list[ExperimentResponse]


class ExperimentChanged(AnswerModel):
    """What it is called now."""

    name: str
    description: str


class NameTaken(AnswerModel):
    """Whether a name is taken in the project."""

    is_duplicate: bool
