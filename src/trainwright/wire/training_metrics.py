"""Training metrics: what jobs report of themselves, as series; the use of resources is in `watch`."""

from typing import Annotated

from pydantic import ConfigDict, Field, WithJsonSchema

from trainwright.wire.model import AnswerModel, RequestModel, ShortText

REGEX_LENGTH_MAX = 1024

_NUMBER = {"anyOf": [{"type": "number"}, {"type": "string", "enum": ["NaN", "Infinity", "-Infinity"]}]}
PointNumber = Annotated[float, WithJsonSchema(_NUMBER)]
"""A number, or one of the texts `NaN`, `Infinity`, `-Infinity`: JSON has no words for them."""


class TrainingSeries(AnswerModel):
    """Points of one metric of one task's attempt, ascending by step. `times` are ms. `total`: all points that are
    stored. `complete`: those shown are all behind `after_step`, none was left out.
    """

    model_config = ConfigDict(frozen=True, extra="allow", ser_json_inf_nan="strings")

    name: str
    task: str
    attempt: int
    steps: list[int]
    values: list[PointNumber]
    times: list[int]
    total: int
    complete: bool = True


class TrainingMetricsResponse(AnswerModel):
    """The series that match, by attempt, task and name."""

    model_config = ConfigDict(frozen=True, extra="allow", ser_json_inf_nan="strings")

    series: list[TrainingSeries]


class MetricRuleRequest(RequestModel):
    """Ours: a metric that is read from the log. The regular expression (RE2 syntax) is tried on every line; its first
    group, or the one named `value`, is the number, a group named `step` the step. Without one, lines are counted.
    """

    name: ShortText
    regex: str = Field(max_length=REGEX_LENGTH_MAX)
