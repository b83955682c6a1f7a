"""Buckets, objects and resumable uploads: ours, beside the contract. Bytes are streamed both ways."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from email.utils import formatdate
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from trainwright.domain.access import Action
from trainwright.domain.errors import BodyCutShort, InvalidObsPath, InvalidQuery
from trainwright.domain.obs import ObsPath
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.objects import ANYTHING, NOTHING, ObjectMeta
from trainwright.server.answers import JsonBody, answer_model, download_as, takes, takes_bytes
from trainwright.server.dependencies import ServicesDep, UploadsDep, needs
from trainwright.services import objects
from trainwright.services.logs import parse_range
from trainwright.services.ownership import check_bucket
from trainwright.storage.uploads import Plan, Upload
from trainwright.wire.objects import (
    BucketItem,
    BucketList,
    ObjectItem,
    ObjectListing,
    PartItem,
    UploadBegin,
    UploadItem,
)
from trainwright.wire.parsing import parse

router = APIRouter(tags=["objects"])

MayListBuckets = Annotated[Principal, needs(Action.BUCKET_LIST)]
MayCreateBucket = Annotated[Principal, needs(Action.BUCKET_CREATE)]
MayDeleteBucket = Annotated[Principal, needs(Action.BUCKET_DELETE)]
MayListObjects = Annotated[Principal, needs(Action.OBJECT_LIST)]
MayGet = Annotated[Principal, needs(Action.OBJECT_GET)]
MayPut = Annotated[Principal, needs(Action.OBJECT_PUT)]
MayDelete = Annotated[Principal, needs(Action.OBJECT_DELETE)]

BUCKETS = "/v1/{project_id}/buckets"
BUCKET = BUCKETS + "/{bucket}"
OBJECT = BUCKET + "/objects/{key:path}"
UPLOADS = BUCKET + "/uploads"
UPLOAD = UPLOADS + "/{upload_id}"

BYTES = "application/octet-stream"
BYTES_ANSWER: dict[int | str, dict[str, object]] = {
    200: {"content": {BYTES: {}}, "description": "The object's bytes."},
    206: {"content": {BYTES: {}}, "description": "The bytes of the range asked for."},
}
_NOT_UTF8 = Text("it is not UTF-8 text", "不是 UTF-8 文本")
_ETAG = re.compile(r'"([^"*]+)"')
_ONE_ETAG = Text("it must be one etag in quotes, or *", "必须为一个带引号的 ETag，或 *")
_ONLY_STAR = Text("the only value is *", "只支持 *")
_ONE_CONDITION = Text("it cannot be given together with If-Match", "不能与 If-Match 同时填写")
_IF_MATCH = "Store it only over the object of this etag (of HEAD or GET); `*`: only over some object."
_IF_NONE_MATCH = "`*`: store it only where there is nothing."
_SLASH_ONLY = Text("the only delimiter is /", "分隔符只能为 /")

BucketName = Annotated[str, Path(alias="bucket", description="Name of a bucket.")]
RangeHeader = Annotated[str | None, Header(alias="Range")]


async def object_path(bucket: BucketName, key: str, request: Request) -> ObsPath:
    """The object the path names, decoded once and strictly.

    Raises:
        InvalidBucketName, InvalidObsPath: there can be no such object.
    """
    try:
        unquote_to_bytes(request.scope.get("raw_path") or b"").decode()
    except UnicodeDecodeError as exc:
        raise InvalidObsPath(field="key", uri=f"obs://{bucket}/{key}", detail=_NOT_UTF8) from exc
    return objects.object_path(bucket, key)


ObjectDep = Annotated[ObsPath, Depends(object_path)]


@router.get(BUCKETS, operation_id="buckets_list", response_model=BucketList)
async def list_buckets(who: MayListBuckets, ctx: ServicesDep) -> Response:
    """The project's buckets."""
    names = await objects.list_buckets(ctx, who)
    return answer_model(BucketList(buckets=tuple(BucketItem(name=name) for name in names)))


@router.put(BUCKET, operation_id="buckets_create", response_model=BucketItem, status_code=201)
async def create_bucket(bucket: BucketName, who: MayCreateBucket, ctx: ServicesDep) -> Response:
    """Create a bucket."""
    await objects.create_bucket(ctx, who, bucket)
    return answer_model(BucketItem(name=bucket), 201)


@router.delete(BUCKET, operation_id="buckets_delete", status_code=204, response_class=Response)
async def delete_bucket(bucket: BucketName, who: MayDeleteBucket, ctx: ServicesDep) -> Response:
    """Delete an empty bucket."""
    await objects.delete_bucket(ctx, who, bucket)
    return Response(status_code=204)


@router.get(BUCKET + "/objects", operation_id="objects_list", response_model=ObjectListing)
async def list_objects(
    bucket: BucketName,
    who: MayListObjects,
    ctx: ServicesDep,
    prefix: str = "",
    delimiter: str = "",
    after: str = "",
    limit: Annotated[int, Query(description="1 to 1000.")] = objects.PAGE_MAX,
) -> Response:
    """One page of objects by key; with `delimiter=/` what lies in folders is folded into `prefixes`.

    Raises:
        InvalidQuery: another delimiter.
    """
    if delimiter not in ("", "/"):
        raise InvalidQuery(field="delimiter", detail=_SLASH_ONLY)
    page = await objects.list_objects(
        ctx, who, bucket, prefix=prefix, delimiter=bool(delimiter), after=after, limit=limit
    )
    items = tuple(_item(meta) for meta in page.objects)
    return answer_model(ObjectListing(objects=items, prefixes=page.prefixes, next_after=page.next_after))


@router.get(OBJECT, operation_id="objects_read", response_class=Response, responses=BYTES_ANSWER)
async def read_object(
    path: ObjectDep,
    who: MayGet,
    ctx: ServicesDep,
    range_: RangeHeader = None,
    if_range: Annotated[str, Header()] = "",
) -> Response:
    """The bytes of one object, or a range of them; `If-Range` sends all when the object has changed."""
    meta = await objects.head_object(ctx, who, path)
    part = parse_range(range_, meta.size) if if_range in ("", _etag(meta)) else None
    start, end = part or (0, meta.size)
    headers = {**_headers(meta), **download_as(path.name), "Content-Length": str(end - start)}
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{meta.size}"
    pieces = objects.read_object(ctx, who, path, start=start, end=end)
    return StreamingResponse(pieces, 206 if part else 200, headers, media_type=BYTES)


@router.head(OBJECT, operation_id="objects_head", response_class=Response)
async def head_object(path: ObjectDep, who: MayGet, ctx: ServicesDep) -> Response:
    """Size, time and etag of one object, as headers."""
    meta = await objects.head_object(ctx, who, path)
    return Response(headers={**_headers(meta), "Content-Length": str(meta.size)}, media_type=BYTES)


@router.put(OBJECT, operation_id="objects_write", response_model=ObjectItem, openapi_extra=takes_bytes())
async def write_object(
    path: ObjectDep,
    who: MayPut,
    ctx: ServicesDep,
    request: Request,
    if_match: Annotated[str | None, Header(description=_IF_MATCH)] = None,
    if_none_match: Annotated[str | None, Header(description=_IF_NONE_MATCH)] = None,
) -> Response:
    """Store one object, replacing what is there in one step. A key that ends in `/` is an empty folder's marker.

    With `If-Match` or `If-None-Match` it is stored only when what it replaces is what the caller thinks it is, however
    many write at the same time; else the answer is 412, and nothing has changed. Jobs that write the file of a folder
    store themselves are not waited for, but for `If-None-Match`; on S3 that holds as far as the service knows
    conditional writes.

    Raises:
        ObjectChanged: something else is there.
        InvalidQuery: a condition that cannot be.
    """
    meta = await objects.write_object(
        ctx, who, path, _body(request), replacing=_replaced(if_match, if_none_match)
    )
    answer = answer_model(_item(meta))
    answer.headers["ETag"] = _etag(meta)
    return answer


@router.delete(OBJECT, operation_id="objects_delete", status_code=204, response_class=Response)
async def delete_object(path: ObjectDep, who: MayDelete, ctx: ServicesDep) -> Response:
    """Delete one object. Missing is success."""
    await objects.delete_object(ctx, who, path)
    return Response(status_code=204)


@router.post(
    UPLOADS, operation_id="uploads_begin", response_model=UploadItem, openapi_extra=takes(UploadBegin)
)
async def begin_upload(
    bucket: BucketName, who: MayPut, ctx: ServicesDep, uploads: UploadsDep, body: JsonBody
) -> Response:
    """Begin a resumable upload, or find the unfinished one of the same file.

    Raises:
        ObjectChanged: something is there already, and is not to be replaced; asked again when the upload is completed.
    """
    asked = parse(UploadBegin, body)
    await check_bucket(ctx, who, bucket)
    plan = Plan(who.project_id, bucket, asked.key, asked.size, asked.part_size, asked.revision)
    if not asked.overwrite:
        plan = replace(plan, replacing=NOTHING)
    return answer_model(_upload(await uploads.begin(plan)))


async def own_upload(bucket: BucketName, upload_id: str, who: MayPut, ctx: ServicesDep) -> Principal:
    """Who calls, when the upload's bucket is (still) theirs.

    Raises:
        UploadNotFound: it is not.
    """
    await objects.check_upload(ctx, who, bucket, upload_id)
    return who


OwnUpload = Annotated[Principal, Depends(own_upload)]


@router.get(UPLOAD, operation_id="uploads_show", response_model=UploadItem)
async def show_upload(bucket: BucketName, upload_id: str, who: OwnUpload, uploads: UploadsDep) -> Response:
    """An unfinished upload and which of its parts are stored."""
    return answer_model(_upload(await uploads.show(who.project_id, bucket, upload_id)))


@router.put(
    UPLOAD + "/parts/{part_number}",
    operation_id="uploads_write_part",
    response_model=PartItem,
    openapi_extra=takes_bytes(),
)
async def write_part(
    bucket: BucketName,
    upload_id: str,
    part_number: int,
    who: OwnUpload,
    uploads: UploadsDep,
    request: Request,
) -> Response:
    """Store one part, counted from 1; durable once answered."""
    size = await uploads.write_part(who.project_id, bucket, upload_id, part_number, _body(request))
    return answer_model(PartItem(number=part_number, size=size))


@router.post(UPLOAD + "/completion", operation_id="uploads_complete", response_model=ObjectItem)
async def complete_upload(
    bucket: BucketName, upload_id: str, who: OwnUpload, uploads: UploadsDep
) -> Response:
    """Make the parts one object. Repeating it is harmless."""
    return answer_model(_item(await uploads.complete(who.project_id, bucket, upload_id)))


@router.delete(UPLOAD, operation_id="uploads_abort", status_code=204, response_class=Response)
async def abort_upload(bucket: BucketName, upload_id: str, who: OwnUpload, uploads: UploadsDep) -> Response:
    """Drop an unfinished upload and its parts."""
    await uploads.abort(who.project_id, bucket, upload_id)
    return Response(status_code=204)


def _replaced(if_match: str | None, if_none_match: str | None) -> str | None:
    """What the headers say must be there."""
    if if_match is not None and if_none_match is not None:
        raise InvalidQuery(field="If-None-Match", detail=_ONE_CONDITION)
    if if_none_match is not None:
        if if_none_match.strip() != ANYTHING:
            raise InvalidQuery(field="If-None-Match", detail=_ONLY_STAR)
        return NOTHING
    if if_match is None or if_match.strip() == ANYTHING:
        return if_match and ANYTHING
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise InvalidQuery(field="If-Match", detail=_ONE_ETAG)
    return found[1]


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as exc:
        raise BodyCutShort from exc


def _item(meta: ObjectMeta) -> ObjectItem:
    return ObjectItem(key=meta.key, size=meta.size, modified_at_ms=meta.modified_at_ms, etag=meta.etag)


def _upload(upload: Upload) -> UploadItem:
    plan = upload.plan
    return UploadItem(
        upload_id=upload.upload_id, key=plan.key, size=plan.size, part_size=plan.part_size, parts=upload.parts
    )


def _etag(meta: ObjectMeta) -> str:
    return f'"{meta.etag}"'


def _headers(meta: ObjectMeta) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "ETag": _etag(meta),
        "Last-Modified": formatdate(meta.modified_at_ms / 1000, usegmt=True),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",  # what users store is never a page of ours
    }
