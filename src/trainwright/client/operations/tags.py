"""Tags of training jobs (contract §6.13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import tags as wire
else:
    wire = deferred("trainwright.wire.tags")

Body = Mapping[str, object]
TAGGED = "/v2/{project_id}/modelarts-training-job"
JOB_TAGS = TAGGED + "/{training_job_id}/tags"


def build_list_tags(
    project_id: str, *, offset: int = 0, limit: int = 100
) -> Request[wire.ProjectTagsResponse]:
    """One page of the keys in use on jobs the caller sees, each with its values."""
    return make_request(
        "GET",
        TAGGED + "/tags",
        model_parser(wire.ProjectTagsResponse),
        path={"project_id": project_id},
        query={"offset": offset, "limit": limit},
    )


def build_list_job_tags(project_id: str, job_id: str) -> Request[wire.TagsResponse]:
    """A job's tags, keys ascending."""
    return make_request("GET", JOB_TAGS, model_parser(wire.TagsResponse), path=_path(project_id, job_id))


def build_put_job_tags(project_id: str, job_id: str, tags: Mapping[str, str]) -> Request[wire.TagsResponse]:
    """Add tags to a job, or replace the values of those it has; all it has then."""
    return make_request(
        "POST",
        JOB_TAGS + "/create",
        model_parser(wire.TagsResponse),
        path=_path(project_id, job_id),
        body={"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        repeatable=True,
    )


def build_remove_job_tags(project_id: str, job_id: str, keys: Sequence[str]) -> Request[None]:
    """Remove tags by key, whatever their values. One that is not there is no error."""
    return make_request(
        "DELETE",
        JOB_TAGS + "/delete",
        parse_nothing,
        path=_path(project_id, job_id),
        body={"tags": [{"key": key} for key in keys]},
    )


def build_find_tagged_jobs(
    project_id: str, body: Body, *, offset: int = 0, limit: int = 100
) -> Request[wire.TaggedResources]:
    """One page of the jobs with these tags, newest first; fields as in `TagSearch`."""
    return make_request(
        "POST",
        TAGGED + "/resource-instances/filter",
        model_parser(wire.TaggedResources),
        path={"project_id": project_id},
        query={"offset": offset, "limit": limit},
        body=body,
        repeatable=True,
    )


def build_count_tagged_jobs(project_id: str, body: Body) -> Request[wire.TaggedCount]:
    """How many jobs have these tags; fields as in `TagSearch`."""
    return make_request(
        "POST",
        TAGGED + "/resource-instances/count",
        model_parser(wire.TaggedCount),
        path={"project_id": project_id},
        body=body,
        repeatable=True,
    )


def _path(project_id: str, job_id: str) -> dict[str, str]:
    return {"project_id": project_id, "training_job_id": job_id}
