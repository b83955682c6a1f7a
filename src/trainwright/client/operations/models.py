"""Checkpoints of jobs; registered models, their versions and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.operations.jobs import JOB
from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from trainwright.wire import checkpoints, models
else:
    checkpoints = deferred("trainwright.wire.checkpoints")
    models = deferred("trainwright.wire.models")

MODELS = "/v2/{project_id}/models"
MODEL = MODELS + "/{model_id}"
VERSIONS = MODEL + "/versions"
VERSION = VERSIONS + "/{version_id}"


def build_list_checkpoints(
    project_id: str, job_id: str, *, output: str = "", offset: int = 0, limit: int = 10
) -> Request[checkpoints.CheckpointList]:
    """One page of what looks like checkpoints in a job's outputs, newest first; `limit` at most 100."""
    return make_request(
        "GET",
        JOB + "/checkpoints",
        model_parser(checkpoints.CheckpointList),
        path={"project_id": project_id, "training_job_id": job_id},
        query={"output": output or None, "offset": offset, "limit": limit},
    )


def build_list_models(
    project_id: str, *, name: str = "", workspace_id: str = "", offset: int = 0, limit: int = 10
) -> Request[models.ModelList]:
    """One page of models, newest first; `limit` at most 100."""
    query = {"name": name or None, "workspace_id": workspace_id or None, "offset": offset, "limit": limit}
    return make_request(
        "GET", MODELS, model_parser(models.ModelList), path={"project_id": project_id}, query=query
    )


def build_show_model(project_id: str, model_id: str) -> Request[models.ModelItem]:
    """One model."""
    return make_request("GET", MODEL, model_parser(models.ModelItem), path=_model(project_id, model_id))


def build_change_model(
    project_id: str, model_id: str, body: Mapping[str, object]
) -> Request[models.ModelItem]:
    """Change name and description; fields as in `ModelUpdate`."""
    return make_request(
        "PUT", MODEL, model_parser(models.ModelItem), path=_model(project_id, model_id), body=dict(body)
    )


def build_delete_model(project_id: str, model_id: str) -> Request[None]:
    """Delete a model with its versions."""
    return make_request("DELETE", MODEL, parse_nothing, path=_model(project_id, model_id))


def build_list_model_versions(
    project_id: str, model_id: str, *, offset: int = 0, limit: int = 10
) -> Request[models.ModelVersionList]:
    """One page of versions, the highest number first; `limit` at most 100."""
    return make_request(
        "GET",
        VERSIONS,
        model_parser(models.ModelVersionList),
        path=_model(project_id, model_id),
        query={"offset": offset, "limit": limit},
    )


def build_show_model_version(
    project_id: str, model_id: str, version_id: str
) -> Request[models.ModelVersionItem]:
    """One version."""
    return make_request(
        "GET", VERSION, model_parser(models.ModelVersionItem), path=_version(project_id, model_id, version_id)
    )


def build_delete_model_version(project_id: str, model_id: str, version_id: str) -> Request[None]:
    """Delete a version."""
    return make_request("DELETE", VERSION, parse_nothing, path=_version(project_id, model_id, version_id))


def build_list_model_files(
    project_id: str, model_id: str, version_id: str, *, after: str = ""
) -> Request[models.ModelFileList]:
    """One page of a version's files by path, from behind `after`."""
    return make_request(
        "GET",
        VERSION + "/files",
        model_parser(models.ModelFileList),
        path=_version(project_id, model_id, version_id),
        query={"after": after or None},
    )


def build_read_model_file(
    project_id: str, model_id: str, version_id: str, path: str, *, start: int = 0
) -> Request[bytes]:
    """The bytes of one file from `start` on."""
    return make_request(
        "GET",
        VERSION + "/files/{path:path}",
        _content,
        path={**_version(project_id, model_id, version_id), "path": path},
        # identity: a proxy must not compress what is counted by bytes
        headers={"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})},
    )


def build_download_model_archive(project_id: str, model_id: str, version_id: str) -> Request[bytes]:
    """All files of a version as a zip archive."""
    return make_request(
        "GET", VERSION + "/archive", _content, path=_version(project_id, model_id, version_id)
    )


def _content(response: httpx.Response) -> bytes:
    return response.content


def _model(project_id: str, model_id: str) -> dict[str, str]:
    return {"project_id": project_id, "model_id": model_id}


def _version(project_id: str, model_id: str, version_id: str) -> dict[str, str]:
    return {**_model(project_id, model_id), "version_id": version_id}
