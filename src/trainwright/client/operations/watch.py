"""What happens to a job: events, tasks, metrics, logs (contract §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.operations.jobs import JOB
from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import httpx

    from trainwright.wire import watch
else:
    watch = deferred("trainwright.wire.watch")

_TASK = JOB + "/tasks/{task_id}"


def build_list_tasks(
    project_id: str, job_id: str, *, attempt: int | None = None
) -> Request[list[watch.TaskItem]]:
    """The tasks of the latest or the given attempt."""
    return make_request(
        "GET",
        JOB + "/tasks",
        _parse_tasks,
        path=_job(project_id, job_id),
        query={"schedule_count": attempt},
    )


def build_list_events(
    project_id: str,
    job_id: str,
    *,
    offset: int | None = None,
    limit: int | None = None,
    order: str | None = None,
    level: str | None = None,
    pattern: str | None = None,
    source: str | None = None,
    start_time: int | None = None,
    end_time: int | None = None,
) -> Request[watch.EventsResponse]:
    """One page of events. Times in ms, both or neither; `order` is `asc` or `desc`; `limit` at most 100."""
    return make_request(
        "GET",
        JOB + "/events",
        model_parser(watch.EventsResponse),
        path=_job(project_id, job_id),
        query={
            "offset": offset,
            "limit": limit,
            "order": order,
            "level": level,
            "pattern": pattern,
            "source": source,
            "start_time": start_time,
            "end_time": end_time,
        },
    )


def build_stream_events(project_id: str, job_id: str, *, last_seq: int = 0) -> Request[None]:
    """The events behind `last_seq` (0: all) and all that follow, as server-sent events."""
    headers = {"Accept": "text/event-stream"}
    if last_seq:
        headers["Last-Event-ID"] = str(last_seq)
    return make_request(
        "GET", JOB + "/events/stream", parse_nothing, path=_job(project_id, job_id), headers=headers
    )


def build_show_metrics(project_id: str, job_id: str, task: str) -> Request[watch.MetricsResponse]:
    """Means per minute of one task."""
    return make_request(
        "GET",
        JOB + "/metrics/{task_id}",
        model_parser(watch.MetricsResponse),
        path=_task(project_id, job_id, task),
    )


def build_list_samples(
    project_id: str, job_id: str, task: str, *, since_s: int = 0
) -> Request[watch.SamplesResponse]:
    """The samples as stored that begin at `since_s` (UTC seconds) or later."""
    return make_request(
        "GET",
        JOB + "/metrics/{task_id}/samples",
        model_parser(watch.SamplesResponse),
        path=_task(project_id, job_id, task),
        query={"since_s": since_s or None},
    )


def build_preview_log(project_id: str, job_id: str, task: str) -> Request[watch.LogPreview]:
    """The newest at most 5 MB of one task's log."""
    return make_request(
        "GET",
        _TASK + "/logs/preview",
        model_parser(watch.LogPreview),
        path=_task(project_id, job_id, task),
    )


def build_read_log_lines(
    project_id: str,
    job_id: str,
    task: str,
    *,
    base_line: str | None = None,
    lines: int | None = None,
    order: str | None = None,
) -> Request[watch.LogLines]:
    """A page of whole lines; `order` `desc` (default) pages towards the beginning. `lines` at most 500."""
    return make_request(
        "GET",
        JOB + "/logs/{task_id}",
        model_parser(watch.LogLines),
        path=_task(project_id, job_id, task),
        query={"base_line": base_line, "lines": lines, "order": order},
    )


def build_share_log(
    project_id: str, job_id: str, task: str, *, download: bool = False
) -> Request[watch.LogLink]:
    """A temporary URL of the log that needs no authentication."""
    return make_request(
        "GET",
        _TASK + "/logs/url",
        model_parser(watch.LogLink),
        path=_task(project_id, job_id, task),
        query={"Content-Type": "application/octet-stream" if download else "text/plain"},
    )


def build_read_log(
    project_id: str, job_id: str, task: str, *, attempt: int | None = None, start: int = 0
) -> Request[bytes]:
    """The log as bytes from `start` on, of the latest or the given attempt."""
    return make_request(
        "GET",
        _TASK + "/logs/content",
        lambda response: response.content,
        path=_task(project_id, job_id, task),
        query={"attempt": attempt},
        headers={"Range": f"bytes={start}-"} if start else None,
    )


def build_stream_log(
    project_id: str, job_id: str, task: str, *, offset: int = 0, attempt: int | None = None
) -> Request[None]:
    """The log's bytes from `offset` on, until the task has ended and its log is complete."""
    return make_request(
        "GET",
        _TASK + "/logs/stream",
        parse_nothing,
        path=_task(project_id, job_id, task),
        query={"offset": offset, "attempt": attempt},
        headers={"Accept-Encoding": "identity"},  # followed by byte offsets
    )


def _parse_tasks(response: httpx.Response) -> list[watch.TaskItem]:
    body = response.json()
    if not isinstance(body, list):
        raise ValueError("not a list")
    return [watch.TaskItem.model_validate(item) for item in body]


def _job(project_id: str, job_id: str) -> dict[str, str]:
    return {"project_id": project_id, "training_job_id": job_id}


def _task(project_id: str, job_id: str, task: str) -> dict[str, str]:
    return {**_job(project_id, job_id), "task_id": task}
