"""Buckets, objects and resumable uploads, as they go over the wire."""

from pydantic import BaseModel, ConfigDict, Field


class ObjectsModel(BaseModel):
    """Unknown fields are ignored, so that clients and servers of different versions understand each other."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BucketItem(ObjectsModel):
    """One bucket."""

    name: str


class BucketList(ObjectsModel):
    """All buckets, by name."""

    buckets: tuple[BucketItem, ...]


class ObjectItem(ObjectsModel):
    """One object. `etag` changes whenever the bytes do; a key that ends in `/` is an empty folder's marker."""

    key: str
    size: int
    modified_at_ms: int = Field(description="UTC, milliseconds since 1970.")
    etag: str = ""


class ObjectListing(ObjectsModel):
    """One page, by key. `prefixes` are the folders met when a delimiter was given; `next_after` is empty on the
    last page, else the `after` of the next one.
    """

    objects: tuple[ObjectItem, ...]
    prefixes: tuple[str, ...] = ()
    next_after: str = ""


class UploadBegin(ObjectsModel):
    """A file about to be uploaded in parts of `part_size` bytes; the last one holds the rest.

    `revision` is any text that changes when the file does, such as its modification time. The same key, size, part
    size and revision give the same unfinished upload. Without `overwrite` it fails where there is an object already.
    """

    key: str
    size: int = Field(ge=0)
    part_size: int = Field(ge=1)
    revision: str = Field(default="", max_length=256)
    overwrite: bool = True


class UploadItem(ObjectsModel):
    """An unfinished upload. `parts` are the numbers of the stored parts, ascending, the first is 1."""

    upload_id: str
    key: str
    size: int
    part_size: int
    parts: tuple[int, ...]


class PartItem(ObjectsModel):
    """A part that is stored."""

    number: int
    size: int
