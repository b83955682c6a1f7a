"""Training quotas of a user (contract §7.3)."""

from typing import Annotated, Literal

from pydantic import Field

from trainwright.wire.model import COUNT_MAX, AnswerModel, RequestModel

TrainingResource = Literal["job-num", "visual-job-num", "job-retention-enabled", "job-num-quota-notify"]


class QuotaChange(RequestModel):
    """A new limit; -1: none. `used` is taken from clients that send back what they read, and ignored."""

    resource: TrainingResource
    quota: int = Field(ge=-1, le=COUNT_MAX)
    used: int | None = Field(default=None, ge=0, le=COUNT_MAX)
    extra_info: str | None = Field(default=None, max_length=1024)


class QuotaChanges(RequestModel):
    """Body of `PUT /v2/{P}/training-quotas`. `user_id` all-users: those who have no limit of their own."""

    user_id: Annotated[str, Field(min_length=1, max_length=64)]
    quotas: list[QuotaChange] = Field(min_length=1, max_length=4)


class QuotaItem(AnswerModel):
    """A limit, -1 for none, and what is used of it. `extra_info` belongs to notifications."""

    resource: str
    quota: int
    used: int
    extra_info: str = ""


class QuotasResponse(AnswerModel):
    """Limits of a user."""

    user_id: str
    quotas: list[QuotaItem]
