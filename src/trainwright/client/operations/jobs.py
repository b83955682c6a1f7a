"""Training jobs (contract §3 to §6)."""

from collections.abc import Mapping
from typing import Any

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing, parse_object
from trainwright.wire.job_answers import JobResponse, JobSearchResponse
from trainwright.wire.job_search import JobSearch
from trainwright.wire.jobs import JobRequest
from trainwright.wire.previews import JobPreview

JOBS = "/v2/{project_id}/training-jobs"
JOB = JOBS + "/{training_job_id}"
PREVIEWS = "/v2/{project_id}/training-job-previews"

_parse_job = model_parser(JobResponse)
_parse_preview = model_parser(JobPreview)


def build_create_job(project_id: str, body: JobRequest | Mapping[str, object]) -> Request[JobResponse]:
    """Create a job. A mapping is sent as it is, so that the server judges it."""
    content = body.model_dump(exclude_unset=True) if isinstance(body, JobRequest) else dict(body)
    return make_request("POST", JOBS, _parse_job, path={"project_id": project_id}, body=content)


def build_preview_job(project_id: str, body: JobRequest | Mapping[str, object]) -> Request[JobPreview]:
    """What a job made of this body would run; nothing is created."""
    return make_request("POST", PREVIEWS, _parse_preview, path={"project_id": project_id}, body=body)


def build_search_jobs(project_id: str, search: JobSearch) -> Request[JobSearchResponse]:
    """One page of the jobs that match."""
    return make_request(
        "POST",
        "/v2/{project_id}/training-job-searches",
        model_parser(JobSearchResponse),
        path={"project_id": project_id},
        body=search.model_dump(exclude_none=True),
        repeatable=True,
    )


def build_show_job(project_id: str, job_id: str) -> Request[JobResponse]:
    """One job."""
    return make_request("GET", JOB, _parse_job, path=_path(project_id, job_id))


def build_job_request(project_id: str, job_id: str) -> Request[dict[str, Any]]:
    """The body to create a job like this one with, under a name that is free."""
    return make_request("GET", JOB + "/request", parse_object, path=_path(project_id, job_id))


def build_describe_job(project_id: str, job_id: str, description: str) -> Request[None]:
    """Change the description; an empty one removes it."""
    return make_request(
        "PUT", JOB, parse_nothing, path=_path(project_id, job_id), body={"description": description}
    )


def build_prioritize_job(project_id: str, job_id: str, priority: int) -> Request[None]:
    """Change the priority of a job that waits: 1 to 3, 3 is first."""
    body = {"spec": {"schedule_policy": {"priority": priority}}}
    return make_request("PUT", JOB, parse_nothing, path=_path(project_id, job_id), body=body)


def build_stop_job(project_id: str, job_id: str) -> Request[JobResponse]:
    """Ask the job to stop; the answer shows it Terminating."""
    return make_request(
        "POST",
        JOB + "/actions",
        _parse_job,
        path=_path(project_id, job_id),
        body={"action_type": "terminate"},
    )


def build_delete_job(project_id: str, job_id: str) -> Request[None]:
    """Delete an ended job with its events and logs; what it wrote to the object store stays."""
    return make_request("DELETE", JOB, parse_nothing, path=_path(project_id, job_id))


def _path(project_id: str, job_id: str) -> dict[str, str]:
    return {"project_id": project_id, "training_job_id": job_id}
