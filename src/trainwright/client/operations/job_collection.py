"""What is beside a job: several at once, names, stages, links to logs (contract §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.operations.jobs import JOB, JOBS
from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainwright.wire import job_collection, watch
else:
    job_collection = deferred("trainwright.wire.job_collection")
    watch = deferred("trainwright.wire.watch")


def build_delete_jobs(project_id: str, job_ids: Sequence[str]) -> Request[None]:
    """Delete up to 100 ended jobs of one workspace with their events and logs: all of them, or none."""
    return make_request(
        "POST",
        JOBS + "/batch-delete",
        parse_nothing,
        path={"project_id": project_id},
        body={"jobs": [{"kind": "job", "metadata": {"id": job_id}} for job_id in job_ids]},
    )


def build_check_job_name(
    project_id: str, name: str, *, workspace_id: str = ""
) -> Request[job_collection.NameCheck]:
    """Whether a job of that name exists already."""
    return make_request(
        "GET",
        "/v2/{project_id}/training-job-names",
        model_parser(job_collection.NameCheck),
        path={"project_id": project_id},
        query={"job_name": name, "workspace_id": workspace_id or None},
    )


def build_list_event_categories(project_id: str) -> Request[job_collection.EventCategories]:
    """What notifications can be asked for."""
    return make_request(
        "GET",
        "/v2/{project_id}/training-event-categories",
        model_parser(job_collection.EventCategories),
        path={"project_id": project_id},
    )


def build_list_stages(project_id: str, job_id: str) -> Request[job_collection.StagesResponse]:
    """Scheduling, preparing, running and end of each attempt, oldest first."""
    return make_request(
        "GET", JOB + "/stages", model_parser(job_collection.StagesResponse), path=_path(project_id, job_id)
    )


def build_show_route_plan(project_id: str, job_id: str) -> Request[job_collection.RoutePlan]:
    """The order of the workers."""
    return make_request(
        "GET", JOB + "/route_plan", model_parser(job_collection.RoutePlan), path=_path(project_id, job_id)
    )


def build_report_from_task(project_id: str, job_id: str, task: str, kind: str) -> Request[None]:
    """Note in the job's events what its running task reports; `kind` says what has happened."""
    return make_request(
        "POST",
        JOB + "/tasks/{task_id}/reports/{report_type}",
        parse_nothing,
        path={**_path(project_id, job_id), "task_id": task, "report_type": "training-event"},
        body={"type": kind},
    )


def build_list_log_links(
    project_id: str, job_id: str, *, offset: int = 0, limit: int = 10
) -> Request[watch.LogLinks]:
    """One page of the links to a job's logs that still open, newest first. Their secret parts are not kept."""
    return make_request(
        "GET",
        JOB + "/log-links",
        model_parser(watch.LogLinks),
        path=_path(project_id, job_id),
        query={"offset": offset, "limit": limit},
    )


def build_revoke_log_link(project_id: str, job_id: str, link_id: str) -> Request[None]:
    """Make a link open nothing any more."""
    path = {**_path(project_id, job_id), "link_id": link_id}
    return make_request("DELETE", JOB + "/log-links/{link_id}", parse_nothing, path=path)


def _path(project_id: str, job_id: str) -> dict[str, str]:
    return {"project_id": project_id, "training_job_id": job_id}
