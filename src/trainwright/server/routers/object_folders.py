"""Folders of the object store: size, use, and many objects at once (ours, beside the contract)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, takes
from trainwright.server.dependencies import ServicesDep, needs
from trainwright.server.routers.objects import BUCKET, BucketName
from trainwright.services import object_folders
from trainwright.wire.object_folders import (
    KEY_LENGTH_MAX,
    Copy,
    CopyResult,
    Deletion,
    DeletionResult,
    FolderUsage,
    FolderUse,
)

router = APIRouter(tags=["objects"])

MayList = Annotated[Principal, needs(Action.OBJECT_LIST)]
MayPut = Annotated[Principal, needs(Action.OBJECT_PUT)]
MayDelete = Annotated[Principal, needs(Action.OBJECT_DELETE)]
Prefix = Annotated[str, Query(max_length=KEY_LENGTH_MAX, description="What the keys begin with.")]


@router.get(BUCKET + "/usage", operation_id="objects_usage", response_model=FolderUsage)
async def show_usage(bucket: BucketName, who: MayList, ctx: ServicesDep, prefix: Prefix = "") -> Response:
    """How many objects begin with a prefix, and how many bytes they have."""
    return answer_model(await object_folders.show_usage(ctx, who, bucket, prefix))


@router.get(BUCKET + "/folder-use", operation_id="objects_use", response_model=FolderUse)
async def show_use(bucket: BucketName, who: MayList, ctx: ServicesDep, prefix: Prefix = "") -> Response:
    """Which unfinished jobs read or write what lies at a prefix."""
    return answer_model(await object_folders.show_use(ctx, who, bucket, prefix))


@router.post(
    BUCKET + "/deletions",
    operation_id="objects_delete_many",
    response_model=DeletionResult,
    openapi_extra=takes(Deletion),
)
async def delete(bucket: BucketName, who: MayDelete, ctx: ServicesDep, body: JsonBody) -> Response:
    """Delete objects by their keys, and all that lies in folders. Missing is success."""
    return answer_model(await object_folders.delete(ctx, who, bucket, body))


@router.post(
    BUCKET + "/copies", operation_id="objects_copy", response_model=CopyResult, openapi_extra=takes(Copy)
)
async def copy(bucket: BucketName, who: MayPut, ctx: ServicesDep, body: JsonBody) -> Response:
    """Copy an object or a folder, or move it, which also renames it."""
    return answer_model(await object_folders.copy(ctx, who, bucket, body))
