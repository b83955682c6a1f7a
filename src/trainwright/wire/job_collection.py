"""Bodies and answers of calls on several jobs, and of those beside a job (contract §6.3, §6.4, §6.6, §6.10, §6.11)."""

from typing import Annotated

from pydantic import ConfigDict, Field

from trainwright.wire.jobs import JobKind
from trainwright.wire.model import AnswerModel, RequestModel

BATCH_MAX = 100
REPORT_LENGTH_MAX = 256

JobIdText = Annotated[str, Field(min_length=1, max_length=64)]


class NamedJobMetadata(RequestModel):
    """Which job."""

    id: JobIdText


class NamedJob(RequestModel):
    """One job of a batch."""

    kind: JobKind
    metadata: NamedJobMetadata


class BatchDelete(RequestModel):
    """Body of `POST /v2/{P}/training-jobs/batch-delete`: ended jobs of one workspace. All of them go, or none."""

    jobs: list[NamedJob] = Field(min_length=1, max_length=BATCH_MAX)


class TaskReport(RequestModel):
    """Body of a report from inside a task: what kind of thing has happened."""

    type: str = Field(min_length=1, max_length=REPORT_LENGTH_MAX)


class NameCheck(AnswerModel):
    """Whether the project has a job of that name."""

    is_duplicate: bool


class SubStage(AnswerModel):
    """A step of a stage; `create_time` is ISO 8601."""

    name: str
    en_message: str
    zh_message: str
    create_time: str


class Stage(AnswerModel):
    """One of the four stages of an attempt; times are ISO 8601, empty when not yet."""

    job_id: str
    name: str
    en_message: str
    zh_message: str
    start_time: str
    end_time: str
    stage_order: int
    sub_stages: list[SubStage] = Field(default_factory=list)


class StageRecord(AnswerModel):
    """The stages of one attempt; `record_order` counts from 1."""

    record_order: int
    stages: list[Stage]


class StagesResponse(AnswerModel):
    """All attempts, oldest first."""

    total_count: int
    running_records: list[StageRecord]


class RoutePlan(AnswerModel):
    """Which worker has which rank: `0-0,1-1,…`; `failed`: no plan was made, the order is the usual one."""

    job_id: str
    status: str
    rank_mapping: str


class EventCategory(AnswerModel):
    """A kind of event that notifications can be asked for; `notification`: whether this server sends them."""

    id: str
    name: str
    description: str
    notification: bool


class EventCategories(AnswerModel):
    """The contract's key has a hyphen."""

    model_config = ConfigDict(serialize_by_alias=True)

    event_categories: list[EventCategory] = Field(serialization_alias="event-categories")
