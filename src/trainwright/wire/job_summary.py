"""What lists may say of a job besides the job itself (ours): asked for with `summary` in a search."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from trainwright.wire.model import AnswerModel

_NUMBER = {"anyOf": [{"type": "number"}, {"type": "string", "enum": ["NaN", "Infinity", "-Infinity"]}]}
Shown = Annotated[float | str, WithJsonSchema(_NUMBER)]
"""A number, or one of the texts `NaN`, `Infinity`, `-Infinity`: JSON has no words for them."""


class LastMetric(AnswerModel):
    """The newest point of the series that stands for the job: a loss, else an accuracy, else the first by name."""

    name: str
    task: str
    step: int
    value: Shown
    time: int


class JobProgress(AnswerModel):
    """How far the training is: `done` of `total` steps or epochs, `fraction` from 0 to 1."""

    fraction: float
    done: float
    total: float
    unit: str


class JobUsage(AnswerModel):
    """Means of the last minutes of the job's first task, in percent; null where there is no sample. `low`: its
    accelerators work less than half of the time.
    """

    cpu: float | None = None
    memory: float | None = None
    gpu: float | None = None
    npu: float | None = None
    low: bool = False


class JobSummary(AnswerModel):
    """Of the latest attempt. Where a job stands in its queue, and why it waits, is in its status."""

    user_id: str
    priority: int
    tags: dict[str, str] = Field(default_factory=dict)
    metric: LastMetric | None = None
    progress: JobProgress | None = None
    usage: JobUsage | None = None
