"""Answers about a running job: events (§6.7), tasks (§6.5), metrics (§6.8), logs (§6.9)."""

from pydantic import Field

from trainwright.wire.model import AnswerModel


class EventItem(AnswerModel):
    """One event. `time` is ISO 8601 with offset. The fields after `source` are ours."""

    message: str
    level: str
    time: str
    source: str
    seq: int
    code: str
    slots: dict[str, str | int | float] = Field(default_factory=dict)
    task: str = ""
    attempt: int = 0


class EventsResponse(AnswerModel):
    """One page. `total` counts all that match; `start_time` and `end_time` are the caller's, 0 when not given."""

    total: int
    limit: int
    offset: int
    order: str
    start_time: int = 0
    end_time: int = 0
    events: list[EventItem]


class PhaseItem(AnswerModel):
    """Data of a `phase` message on the event stream."""

    phase: str
    reason: str = ""


class StacksItem(AnswerModel):
    """Python stacks of all processes of one task, as py-spy shows them. `number` counts the attempt's dumps from 1,
    `time` is in milliseconds.
    """

    attempt: int
    task: str
    number: int
    time: int
    text: str


class StacksResponse(AnswerModel):
    """One page of a job's dumps, the newest first."""

    limit: int
    offset: int
    stacks: list[StacksItem]


class TaskItem(AnswerModel):
    """One element of the bare array that lists a job's tasks. The fields after `schedule_count` are ours.

    `state` is waiting, preparing, running, finishing or ended; `step` is what the runner is at (docs/design/runner.md).
    `log_size` counts stored bytes.
    """

    task: str
    ip: str
    host_ip: str
    schedule_count: int
    state: str
    step: str = ""
    launcher: str = ""
    host: str = ""
    start_time: int = 0
    end_time: int = 0
    exit_code: int | None = None
    reason: str = ""
    reason_message: str = ""
    message: str = ""
    log_size: int = 0


class MetricSeries(AnswerModel):
    """One metric of a task, in percent."""

    metric: str
    value: list[float]


class MetricsResponse(AnswerModel):
    """Means per minute from `start_time` (ms, ours) on; -1 where there is no sample."""

    metrics: list[MetricSeries]
    start_time: int = 0
    step_s: int = 60


class SampleBatch(AnswerModel):
    """Samples `step_s` seconds apart, the first at `start_s` (UTC seconds); -1 where there is none."""

    start_s: int
    step_s: int
    values: dict[str, list[float]]


class SamplesResponse(AnswerModel):
    """Samples as they were stored: seconds for the last hour, minutes before. Batches ascend by `start_s`."""

    task: str
    attempt: int
    batches: list[SampleBatch]


class LogPreview(AnswerModel):
    """The newest at most 5 MB of a log. Sizes are bytes."""

    content: str
    current_size: int
    full_size: int


class LogLines(AnswerModel):
    """A page of whole lines. `start_line` and `end_line` are where it begins and ends, as byte positions in text.

    To page on, ask with `base_line` = `start_line` (order desc: the lines before) or `end_line` (asc: the lines after).
    """

    start_line: str
    end_line: str
    lines: int
    content: str


class LogLink(AnswerModel):
    """A temporary URL that anyone may GET. Ours: `link_id` names it where it is revoked; `expire_time` is ms."""

    obs_url: str
    link_id: str
    expire_time: int


class LogLinkItem(AnswerModel):
    """A link that still opens; its secret part is not kept. Times are ms."""

    id: str
    task: str
    attempt: int
    download: bool
    user_name: str
    create_time: int
    expire_time: int


class LogLinks(AnswerModel):
    """One page, newest first. `total` counts all of the job."""

    total: int
    count: int
    links: list[LogLinkItem]
