"""Logs by lines: pages, search, errors, all tasks merged in time, all logs as an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.operations.jobs import JOB
from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainwright.wire import log_views
else:
    log_views = deferred("trainwright.wire.log_views")

_LOGS = JOB + "/tasks/{task_id}/logs"


def build_list_log_lines(
    project_id: str,
    job_id: str,
    task: str,
    *,
    start_line: int | None = None,
    offset: int | None = None,
    before: int | None = None,
    count: int | None = None,
    attempt: int | None = None,
) -> Request[log_views.LogPage]:
    """A page of lines: from line `start_line` (1 is the first) on, from the line that holds the byte `offset` on, or
    those that end at or before the byte `before`; without any of them the newest. `count` at most 1000.
    """
    return make_request(
        "GET",
        _LOGS + "/lines",
        model_parser(log_views.LogPage),
        path=_task(project_id, job_id, task),
        query={
            "start_line": start_line,
            "offset": offset,
            "before": before,
            "count": count,
            "attempt": attempt,
        },
    )


def build_search_log(
    project_id: str,
    job_id: str,
    task: str,
    query: str = "",
    *,
    regex: bool = False,
    case: bool = False,
    errors: bool = False,
    system: bool = True,
    offset: int | None = None,
    before: int | None = None,
    limit: int | None = None,
    count_on: bool = True,
    attempt: int | None = None,
) -> Request[log_views.LogMatches]:
    """Lines that hold the text `query`, or match it as an expression in RE2's syntax (`regex`), or tell of errors
    (`errors`), from the byte `offset` on or backward from `before`, as far as the server comes in about a second.

    `case`: upper and lower case differ. `system`: lines of the platform, too. `limit` at most 1000; the others are
    counted, unless `count_on` is false.
    """
    flags = {"regex": regex, "case": case, "errors": errors, "system": system, "count_on": count_on}
    return make_request(
        "GET",
        _LOGS + "/search",
        model_parser(log_views.LogMatches),
        path=_task(project_id, job_id, task),
        query={
            "query": query or None,
            **{name: str(value).lower() for name, value in flags.items()},
            "offset": offset,
            "before": before,
            "limit": limit,
            "attempt": attempt,
        },
    )


def build_show_log_errors(
    project_id: str, job_id: str, task: str, *, places: int | None = None, attempt: int | None = None
) -> Request[log_views.LogErrorsMap]:
    """Where the error lines of the log are, in at most `places` places, and the first of them."""
    return make_request(
        "GET",
        _LOGS + "/errors",
        model_parser(log_views.LogErrorsMap),
        path=_task(project_id, job_id, task),
        query={"places": places, "attempt": attempt},
    )


def build_list_merged_log_lines(
    project_id: str,
    job_id: str,
    *,
    tasks: Sequence[str] = (),
    before: str | None = None,
    after: str | None = None,
    time: int | None = None,
    count: int | None = None,
    attempt: int | None = None,
) -> Request[log_views.MergedLogPage]:
    """Lines of all tasks, or of those named, in the order they came: before or after a page that was given (its
    `before` and `after`), from the time `time` (ms) on, or the newest. `count` at most 1000.
    """
    return make_request(
        "GET",
        JOB + "/logs-merged",
        model_parser(log_views.MergedLogPage),
        path=_job(project_id, job_id),
        query={
            "tasks": ",".join(tasks) or None,
            "before": before,
            "after": after,
            "time": time,
            "count": count,
            "attempt": attempt,
        },
    )


def build_stream_merged_log(
    project_id: str, job_id: str, *, tasks: Sequence[str] = (), after: str = "", attempt: int | None = None
) -> Request[None]:
    """What is behind `after` of a page, or behind the newest line, as server-sent events, till all tasks have ended."""
    return make_request(
        "GET",
        JOB + "/logs-merged/stream",
        parse_nothing,
        path=_job(project_id, job_id),
        query={"tasks": ",".join(tasks) or None, "after": after or None, "attempt": attempt},
        headers={"Accept": "text/event-stream"},
    )


def build_read_logs_archive(
    project_id: str, job_id: str, *, tasks: Sequence[str] = (), attempt: int | None = None
) -> Request[None]:
    """The logs of all tasks, or of those named, as a zip archive."""
    return make_request(
        "GET",
        JOB + "/logs-archive",
        parse_nothing,
        path=_job(project_id, job_id),
        query={"tasks": ",".join(tasks) or None, "attempt": attempt},
    )


def _job(project_id: str, job_id: str) -> dict[str, str]:
    return {"project_id": project_id, "training_job_id": job_id}


def _task(project_id: str, job_id: str, task: str) -> dict[str, str]:
    return {**_job(project_id, job_id), "task_id": task}
