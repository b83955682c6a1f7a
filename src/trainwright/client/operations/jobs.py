"""Training jobs (contract §3 to §6)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing, parse_object
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import job_answers, job_search, jobs, previews
else:
    job_answers = deferred("trainwright.wire.job_answers")
    job_search = deferred("trainwright.wire.job_search")
    jobs = deferred("trainwright.wire.jobs")
    previews = deferred("trainwright.wire.previews")

JOBS = "/v2/{project_id}/training-jobs"
JOB = JOBS + "/{training_job_id}"
PREVIEWS = "/v2/{project_id}/training-job-previews"


def build_create_job(
    project_id: str, body: jobs.JobRequest | Mapping[str, object], *, idempotency_key: str | None = None
) -> Request[job_answers.JobResponse]:
    """Create a job. A mapping is sent as it is, so that the server judges it.

    The request may be sent again, as when its answer is lost: the server knows it by the key, which is random unless
    given. Given, it makes one job however often, and from wherever, the same body is sent with it.
    """
    content = dict(body) if isinstance(body, Mapping) else body.model_dump(exclude_unset=True)
    return make_request(
        "POST",
        JOBS,
        model_parser(job_answers.JobResponse),
        path={"project_id": project_id},
        headers={"Idempotency-Key": idempotency_key or os.urandom(16).hex()},
        body=content,
        repeatable=True,
    )


def build_preview_job(
    project_id: str, body: jobs.JobRequest | Mapping[str, object]
) -> Request[previews.JobPreview]:
    """What a job made of this body would run; nothing is created."""
    return make_request(
        "POST", PREVIEWS, model_parser(previews.JobPreview), path={"project_id": project_id}, body=body
    )


def build_search_jobs(
    project_id: str, search: job_search.JobSearch | None = None
) -> Request[job_answers.JobSearchResponse]:
    """One page of the jobs that match; of all, newest first, without `search`."""
    return make_request(
        "POST",
        "/v2/{project_id}/training-job-searches",
        model_parser(job_answers.JobSearchResponse),
        path={"project_id": project_id},
        body=(search or job_search.JobSearch()).model_dump(exclude_none=True),
        repeatable=True,
    )


def build_show_job(project_id: str, job_id: str) -> Request[job_answers.JobResponse]:
    """One job."""
    return make_request("GET", JOB, model_parser(job_answers.JobResponse), path=_path(project_id, job_id))


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


def build_stop_job(project_id: str, job_id: str) -> Request[job_answers.JobResponse]:
    """Ask the job to stop; the answer shows it Terminating."""
    return make_request(
        "POST",
        JOB + "/actions",
        model_parser(job_answers.JobResponse),
        path=_path(project_id, job_id),
        body={"action_type": "terminate"},
    )


def build_delete_job(project_id: str, job_id: str) -> Request[None]:
    """Delete an ended job with its events and logs; what it wrote to the object store stays."""
    return make_request("DELETE", JOB, parse_nothing, path=_path(project_id, job_id))


def _path(project_id: str, job_id: str) -> dict[str, str]:
    return {"project_id": project_id, "training_job_id": job_id}
