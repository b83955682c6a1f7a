"""Registered datasets and their versions: ours, in the style of ModelArts' dataset API."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, takes
from trainwright.server.dependencies import LanguageDep, ServicesDep, needs
from trainwright.services import datasets
from trainwright.services.datasets import DatasetQuery
from trainwright.wire.datasets import (
    DatasetCreate,
    DatasetItem,
    DatasetList,
    DatasetUpdate,
    Manifest,
    VersionCreate,
    VersionItem,
    VersionList,
)

router = APIRouter(prefix="/v2/{project_id}/datasets", tags=["datasets"])

MayCreate = Annotated[Principal, needs(Action.DATASET_CREATE)]
MayList = Annotated[Principal, needs(Action.DATASET_LIST)]
MayGet = Annotated[Principal, needs(Action.DATASET_GET)]
MayUpdate = Annotated[Principal, needs(Action.DATASET_UPDATE)]
MayDelete = Annotated[Principal, needs(Action.DATASET_DELETE)]

DATASET = "/{dataset_id}"
VERSIONS = DATASET + "/versions"
VERSION = VERSIONS + "/{version_id}"
_OFFSET_MAX = 1 << 53


DatasetId = Annotated[str, Path(alias="dataset_id", description="Id of a dataset.")]
VersionId = Annotated[str, Path(alias="version_id", description="Id of a version.")]
Offset = Annotated[int, Query(ge=0, le=_OFFSET_MAX, description="Records to skip.")]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.post(
    "",
    operation_id="datasets_create",
    status_code=201,
    response_model=DatasetItem,
    openapi_extra=takes(DatasetCreate),
)
async def create(who: MayCreate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Register a folder of the object store as a dataset."""
    return answer_model(await datasets.create(ctx, who, body), 201)


@router.get("", operation_id="datasets_list", response_model=DatasetList)
async def search(
    who: MayList,
    ctx: ServicesDep,
    search_content: Annotated[str, Query(max_length=100, description="Part of the name.")] = "",
    workspace_id: Annotated[str, Query(max_length=64)] = "",
    sort_by: Literal["create_time", "dataset_name"] = "create_time",
    order: Literal["asc", "desc"] = "desc",
    offset: Offset = 0,
    limit: Limit = 10,
) -> Response:
    """One page of datasets."""
    query = DatasetQuery(
        search_content=search_content,
        workspace_id=workspace_id,
        sort_by="name" if sort_by == "dataset_name" else sort_by,
        descending=order == "desc",
        offset=offset,
        limit=limit,
    )
    return answer_model(await datasets.search(ctx, who, query))


@router.get(DATASET, operation_id="datasets_show", response_model=DatasetItem)
async def show(dataset_id: DatasetId, who: MayGet, ctx: ServicesDep) -> Response:
    """One dataset."""
    return answer_model(await datasets.show(ctx, who, dataset_id))


@router.put(
    DATASET,
    operation_id="datasets_change",
    response_model=DatasetItem,
    openapi_extra=takes(DatasetUpdate),
)
async def change(dataset_id: DatasetId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Change name and description."""
    return answer_model(await datasets.change(ctx, who, dataset_id, body))


@router.delete(DATASET, operation_id="datasets_delete", status_code=204, response_class=Response)
async def delete(dataset_id: DatasetId, who: MayDelete, ctx: ServicesDep) -> Response:
    """Forget a dataset with its versions; the objects stay."""
    await datasets.delete(ctx, who, dataset_id)
    return Response(status_code=204)


@router.post(
    VERSIONS,
    operation_id="dataset_versions_create",
    status_code=201,
    response_model=VersionItem,
    openapi_extra=takes(VersionCreate),
)
async def create_version(
    dataset_id: DatasetId, who: MayCreate, ctx: ServicesDep, body: JsonBody, language: LanguageDep
) -> Response:
    """Begin a version of what lies in the folder now. It is ready when `status` is 1."""
    return answer_model(await datasets.create_version(ctx, who, dataset_id, body, language), 201)


@router.get(VERSIONS, operation_id="dataset_versions_list", response_model=VersionList)
async def list_versions(
    dataset_id: DatasetId,
    who: MayGet,
    ctx: ServicesDep,
    language: LanguageDep,
    offset: Offset = 0,
    limit: Limit = 10,
) -> Response:
    """One page of versions, newest first."""
    page = await datasets.list_versions(ctx, who, dataset_id, language, offset=offset, limit=limit)
    return answer_model(page)


@router.get(VERSION, operation_id="dataset_versions_show", response_model=VersionItem)
async def show_version(
    dataset_id: DatasetId, version_id: VersionId, who: MayGet, ctx: ServicesDep, language: LanguageDep
) -> Response:
    """One version."""
    return answer_model(await datasets.show_version(ctx, who, dataset_id, version_id, language))


@router.delete(VERSION, operation_id="dataset_versions_delete", status_code=204, response_class=Response)
async def delete_version(
    dataset_id: DatasetId, version_id: VersionId, who: MayDelete, ctx: ServicesDep
) -> Response:
    """Forget a version that no unfinished job reads."""
    await datasets.delete_version(ctx, who, dataset_id, version_id)
    return Response(status_code=204)


@router.get(VERSION + "/manifest", operation_id="dataset_versions_manifest", response_model=Manifest)
async def list_manifest(
    dataset_id: DatasetId,
    version_id: VersionId,
    who: MayGet,
    ctx: ServicesDep,
    after: Annotated[str, Query(max_length=1024, description="A path: what comes behind it.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> Response:
    """One page of the objects of a version."""
    return answer_model(
        await datasets.list_manifest(ctx, who, dataset_id, version_id, after=after, limit=limit)
    )
