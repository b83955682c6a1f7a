"""Registered models, their versions and files: ours, beside the contract. Files are streamed."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response, StreamingResponse

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, download_as, takes
from trainwright.server.archives import zip_pieces
from trainwright.server.dependencies import ServicesDep, needs
from trainwright.services import models
from trainwright.services.logs import parse_range
from trainwright.services.models import FILES_MAX, ModelQuery
from trainwright.wire.models import (
    ModelFileList,
    ModelItem,
    ModelList,
    ModelUpdate,
    ModelVersionItem,
    ModelVersionList,
)

router = APIRouter(prefix="/v2/{project_id}/models", tags=["models"])

MayList = Annotated[Principal, needs(Action.MODEL_LIST)]
MayGet = Annotated[Principal, needs(Action.MODEL_GET)]
MayUpdate = Annotated[Principal, needs(Action.MODEL_UPDATE)]
MayDelete = Annotated[Principal, needs(Action.MODEL_DELETE)]

MODEL = "/{model_id}"
VERSIONS = MODEL + "/versions"
VERSION = VERSIONS + "/{version_id}"
BYTES = "application/octet-stream"
ZIP = "application/zip"
_OFFSET_MAX = 1 << 53
_FILE_ANSWER: dict[int | str, dict[str, object]] = {
    200: {"content": {BYTES: {}}, "description": "The file's bytes."},
    206: {"content": {BYTES: {}}, "description": "The bytes of the range asked for."},
}
_ZIP_ANSWER: dict[int | str, dict[str, object]] = {200: {"content": {ZIP: {}}, "description": "All files."}}

ModelId = Annotated[str, Path(alias="model_id", description="Id of a model.")]
VersionId = Annotated[str, Path(alias="version_id", description="Id of a version.")]
Offset = Annotated[int, Query(ge=0, le=_OFFSET_MAX, description="Records to skip.")]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("", operation_id="models_list", response_model=ModelList)
async def search(
    who: MayList,
    ctx: ServicesDep,
    name: Annotated[str, Query(max_length=64, description="Part of the name.")] = "",
    workspace_id: Annotated[str, Query(max_length=64)] = "",
    offset: Offset = 0,
    limit: Limit = 10,
) -> Response:
    """One page of models, newest first."""
    query = ModelQuery(name=name, workspace_id=workspace_id, offset=offset, limit=limit)
    return answer_model(await models.search(ctx, who, query))


@router.get(MODEL, operation_id="models_show", response_model=ModelItem)
async def show(model_id: ModelId, who: MayGet, ctx: ServicesDep) -> Response:
    """One model."""
    return answer_model(await models.show(ctx, who, model_id))


@router.put(MODEL, operation_id="models_change", response_model=ModelItem, openapi_extra=takes(ModelUpdate))
async def change(model_id: ModelId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Change name and description."""
    return answer_model(await models.change(ctx, who, model_id, body))


@router.delete(MODEL, operation_id="models_delete", status_code=204, response_class=Response)
async def delete(model_id: ModelId, who: MayDelete, ctx: ServicesDep) -> Response:
    """Delete a model with its versions and their files, when no unfinished job reads them."""
    await models.delete(ctx, who, model_id)
    return Response(status_code=204)


@router.get(VERSIONS, operation_id="model_versions_list", response_model=ModelVersionList)
async def list_versions(
    model_id: ModelId, who: MayGet, ctx: ServicesDep, offset: Offset = 0, limit: Limit = 10
) -> Response:
    """One page of versions, the highest number first."""
    return answer_model(await models.list_versions(ctx, who, model_id, offset=offset, limit=limit))


@router.get(VERSION, operation_id="model_versions_show", response_model=ModelVersionItem)
async def show_version(model_id: ModelId, version_id: VersionId, who: MayGet, ctx: ServicesDep) -> Response:
    """One version, and what it was made with."""
    return answer_model(await models.show_version(ctx, who, model_id, version_id))


@router.delete(VERSION, operation_id="model_versions_delete", status_code=204, response_class=Response)
async def delete_version(
    model_id: ModelId, version_id: VersionId, who: MayDelete, ctx: ServicesDep
) -> Response:
    """Delete a version and its files, when no unfinished job reads them."""
    await models.delete_version(ctx, who, model_id, version_id)
    return Response(status_code=204)


@router.get(VERSION + "/files", operation_id="model_files_list", response_model=ModelFileList)
async def list_files(
    model_id: ModelId,
    version_id: VersionId,
    who: MayGet,
    ctx: ServicesDep,
    after: Annotated[str, Query(max_length=1024, description="A path: what comes behind it.")] = "",
    limit: Annotated[int, Query(ge=1, le=FILES_MAX)] = FILES_MAX,
) -> Response:
    """One page of the files of a version."""
    return answer_model(await models.list_files(ctx, who, model_id, version_id, after=after, limit=limit))


@router.get(
    VERSION + "/files/{path:path}",
    operation_id="model_files_read",
    response_class=Response,
    responses=_FILE_ANSWER,
)
async def read_file(
    model_id: ModelId,
    version_id: VersionId,
    path: Annotated[str, Path(description="Path of a file of the version.")],
    who: MayGet,
    ctx: ServicesDep,
    range_: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """The bytes of one file; `Range` is honoured."""
    meta, place = await models.find_file(ctx, who, model_id, version_id, path)
    part = parse_range(range_, meta.size)
    start, end = part or (0, meta.size)
    headers = {
        **download_as(place.name),
        "Cache-Control": "no-store",
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
        "ETag": f'"{meta.etag}"',
    }
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{meta.size}"
    pieces = ctx.objects.read(place, start=start, end=end)
    return StreamingResponse(pieces, 206 if part else 200, headers, media_type=BYTES)


@router.get(
    VERSION + "/archive",
    operation_id="model_versions_download",
    response_class=Response,
    responses=_ZIP_ANSWER,
)
async def download(model_id: ModelId, version_id: VersionId, who: MayGet, ctx: ServicesDep) -> Response:
    """All files of a version as a zip archive, uncompressed."""
    name, files = await models.open_archive(ctx, who, model_id, version_id)
    headers = {**download_as(name), "Cache-Control": "no-store"}
    return StreamingResponse(zip_pieces(files), 200, headers, media_type=ZIP)
