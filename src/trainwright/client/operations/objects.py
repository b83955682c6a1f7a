"""Buckets, objects and resumable uploads (ours, beside the contract)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import httpx

    from trainwright.wire import objects
else:
    objects = deferred("trainwright.wire.objects")

BUCKETS = "/v1/{project_id}/buckets"
BUCKET = BUCKETS + "/{bucket}"
OBJECT = BUCKET + "/objects/{key:path}"
UPLOADS = BUCKET + "/uploads"
UPLOAD = UPLOADS + "/{upload_id}"


def build_list_buckets(project_id: str) -> Request[objects.BucketList]:
    """All buckets of the project."""
    return make_request("GET", BUCKETS, model_parser(objects.BucketList), path={"project_id": project_id})


def build_create_bucket(project_id: str, bucket: str) -> Request[None]:
    """Create a bucket. Refused with `Trainwright.0102` when it exists."""
    # Not repeatable: the repeat of a call that arrived would be refused.
    return make_request("PUT", BUCKET, parse_nothing, path=_bucket(project_id, bucket), repeatable=False)


def build_delete_bucket(project_id: str, bucket: str) -> Request[None]:
    """Delete an empty bucket."""
    return make_request("DELETE", BUCKET, parse_nothing, path=_bucket(project_id, bucket))


def build_list_objects(
    project_id: str,
    bucket: str,
    *,
    prefix: str = "",
    delimiter: bool = False,
    after: str = "",
    limit: int | None = None,
) -> Request[objects.ObjectListing]:
    """One page of the objects whose key begins with `prefix`; folders are folded when `delimiter`."""
    return make_request(
        "GET",
        BUCKET + "/objects",
        model_parser(objects.ObjectListing),
        path=_bucket(project_id, bucket),
        query={
            "prefix": prefix or None,
            "delimiter": "/" if delimiter else None,
            "after": after or None,
            "limit": limit,
        },
    )


def build_head_object(project_id: str, bucket: str, key: str) -> Request[httpx.Headers]:
    """The object's headers: `Content-Length`, `ETag`, `Last-Modified`."""
    return make_request(
        "HEAD", OBJECT, lambda response: response.headers, path=_object(project_id, bucket, key)
    )


def build_read_object(
    project_id: str, bucket: str, key: str, *, start: int = 0, end: int | None = None
) -> Request[bytes]:
    """The bytes from `start` up to but without `end`. Streamed by those who expect many."""
    ranged = start > 0 or end is not None
    last = "" if end is None else str(end - 1)
    return make_request(
        "GET",
        OBJECT,
        lambda response: response.content,
        path=_object(project_id, bucket, key),
        # identity: a proxy must not compress what is counted and resumed by bytes
        headers={"Accept-Encoding": "identity", **({"Range": f"bytes={start}-{last}"} if ranged else {})},
    )


def build_write_object(project_id: str, bucket: str, key: str, content: bytes | None = None) -> Request[None]:
    """Store an object, replacing what is there. Without `content` the caller streams the body."""
    return _with_body("PUT", OBJECT, _object(project_id, bucket, key), content)


def build_delete_object(project_id: str, bucket: str, key: str) -> Request[None]:
    """Delete one object. Missing is success."""
    return make_request("DELETE", OBJECT, parse_nothing, path=_object(project_id, bucket, key))


def build_begin_upload(
    project_id: str, bucket: str, begin: objects.UploadBegin
) -> Request[objects.UploadItem]:
    """Begin a resumable upload, or find the unfinished one of the same file."""
    return make_request(
        "POST",
        UPLOADS,
        model_parser(objects.UploadItem),
        path=_bucket(project_id, bucket),
        body=begin.model_dump(),
        repeatable=True,
    )


def build_show_upload(project_id: str, bucket: str, upload_id: str) -> Request[objects.UploadItem]:
    """An unfinished upload and the parts that are stored."""
    return make_request(
        "GET", UPLOAD, model_parser(objects.UploadItem), path=_upload(project_id, bucket, upload_id)
    )


def build_write_part(
    project_id: str, bucket: str, upload_id: str, number: int, content: bytes | None = None
) -> Request[None]:
    """Store one part, counted from 1."""
    path = {**_upload(project_id, bucket, upload_id), "number": str(number)}
    return _with_body("PUT", UPLOAD + "/parts/{number}", path, content)


def build_complete_upload(project_id: str, bucket: str, upload_id: str) -> Request[None]:
    """Put the parts together; the object appears in one step."""
    return make_request(
        "POST", UPLOAD + "/completion", parse_nothing, path=_upload(project_id, bucket, upload_id)
    )


def build_abort_upload(project_id: str, bucket: str, upload_id: str) -> Request[None]:
    """Drop an unfinished upload and its parts."""
    return make_request("DELETE", UPLOAD, parse_nothing, path=_upload(project_id, bucket, upload_id))


def _with_body(method: str, route: str, path: dict[str, str], content: bytes | None) -> Request[None]:
    request = make_request(method, route, parse_nothing, path=path)
    return Request(
        method=method,
        route=route,
        path=request.path,
        parse=parse_nothing,
        headers={"Content-Type": "application/octet-stream"},
        content=content,
        repeatable=request.repeatable,
    )


def _bucket(project_id: str, bucket: str) -> dict[str, str]:
    return {"project_id": project_id, "bucket": bucket}


def _object(project_id: str, bucket: str, key: str) -> dict[str, str]:
    return {**_bucket(project_id, bucket), "key": key}


def _upload(project_id: str, bucket: str, upload_id: str) -> dict[str, str]:
    return {**_bucket(project_id, bucket), "upload_id": upload_id}
