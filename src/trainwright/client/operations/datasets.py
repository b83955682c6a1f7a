"""Datasets, their versions and what is in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import datasets
else:
    datasets = deferred("trainwright.wire.datasets")

Body = Mapping[str, object]
DATASETS = "/v2/{project_id}/datasets"
DATASET = DATASETS + "/{dataset_id}"
VERSIONS = DATASET + "/versions"
VERSION = VERSIONS + "/{version_id}"


def build_list_datasets(
    project_id: str,
    *,
    name: str = "",
    workspace_id: str = "",
    sort_by: str | None = None,
    order: str | None = None,
    offset: int = 0,
    limit: int = 10,
) -> Request[datasets.DatasetList]:
    """One page of the datasets whose name contains `name`, newest first; `limit` at most 100."""
    return make_request(
        "GET",
        DATASETS,
        model_parser(datasets.DatasetList),
        path={"project_id": project_id},
        query={
            "search_content": name or None,
            "workspace_id": workspace_id or None,
            "sort_by": sort_by,
            "order": order,
            "offset": offset,
            "limit": limit,
        },
    )


def build_create_dataset(project_id: str, body: Body) -> Request[datasets.DatasetItem]:
    """Register a folder of the object store as a dataset; fields as in `DatasetCreate`."""
    return make_request(
        "POST", DATASETS, model_parser(datasets.DatasetItem), path={"project_id": project_id}, body=body
    )


def build_show_dataset(project_id: str, dataset_id: str) -> Request[datasets.DatasetItem]:
    """One dataset."""
    return make_request(
        "GET", DATASET, model_parser(datasets.DatasetItem), path=_path(project_id, dataset_id)
    )


def build_change_dataset(project_id: str, dataset_id: str, body: Body) -> Request[datasets.DatasetItem]:
    """Change name and description; fields as in `DatasetUpdate`."""
    return make_request(
        "PUT", DATASET, model_parser(datasets.DatasetItem), path=_path(project_id, dataset_id), body=body
    )


def build_delete_dataset(project_id: str, dataset_id: str) -> Request[None]:
    """Forget a dataset with its versions; the objects stay."""
    return make_request("DELETE", DATASET, parse_nothing, path=_path(project_id, dataset_id))


def build_list_dataset_versions(
    project_id: str, dataset_id: str, *, offset: int = 0, limit: int = 10
) -> Request[datasets.VersionList]:
    """One page of a dataset's versions, newest first; `limit` at most 100."""
    return make_request(
        "GET",
        VERSIONS,
        model_parser(datasets.VersionList),
        path=_path(project_id, dataset_id),
        query={"offset": offset, "limit": limit},
    )


def build_create_dataset_version(
    project_id: str, dataset_id: str, body: Body
) -> Request[datasets.VersionItem]:
    """Begin a version of what lies in the folder now; fields as in `VersionCreate`. It is ready when `status` is 1."""
    return make_request(
        "POST", VERSIONS, model_parser(datasets.VersionItem), path=_path(project_id, dataset_id), body=body
    )


def build_show_dataset_version(
    project_id: str, dataset_id: str, version_id: str
) -> Request[datasets.VersionItem]:
    """One version, and how far it is."""
    path = {**_path(project_id, dataset_id), "version_id": version_id}
    return make_request("GET", VERSION, model_parser(datasets.VersionItem), path=path)


def build_delete_dataset_version(project_id: str, dataset_id: str, version_id: str) -> Request[None]:
    """Forget a version that no unfinished job reads."""
    path = {**_path(project_id, dataset_id), "version_id": version_id}
    return make_request("DELETE", VERSION, parse_nothing, path=path)


def build_list_manifest(
    project_id: str, dataset_id: str, version_id: str, *, after: str = "", limit: int = 1000
) -> Request[datasets.Manifest]:
    """One page of the objects of a version by path, from behind `after`; `limit` at most 1,000."""
    return make_request(
        "GET",
        VERSION + "/manifest",
        model_parser(datasets.Manifest),
        path={**_path(project_id, dataset_id), "version_id": version_id},
        query={"after": after or None, "limit": limit},
    )


def _path(project_id: str, dataset_id: str) -> dict[str, str]:
    return {"project_id": project_id, "dataset_id": dataset_id}
