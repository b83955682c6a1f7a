"""Access of runners to the folders of their own job, for stores that are not a shared disk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from trainwright.ports.objects import ObjectMeta
from trainwright.services.context import Services
from trainwright.wire.runner import ObjectList, UploadRequest


@dataclass(frozen=True, slots=True)
class GrantRef:
    """One granted folder of one task, as the URL names it.

    `section` is code, inputs, outputs or log_export; `index` counts from 0 (0 for code and log_export).
    """

    attempt_key: str
    task: str
    section: str
    index: int


async def list_files(ctx: Services, ref: GrantRef, *, after: str = "") -> ObjectList:
    """One page of what lies in a granted folder, with where to GET each object.

    Raises:
        AttemptClosed: the attempt is over, superseded or unknown, or has no such task.
        GrantNotFound: the job has no such folder.
    """
    raise NotImplementedError


async def upload_targets(ctx: Services, ref: GrantRef, request: UploadRequest) -> ObjectList:
    """Where to PUT each file. Only outputs and log_export are written to.

    Raises:
        AttemptClosed, GrantNotFound: as `list_files`.
        InvalidObsPath: a file name leads outside the folder.
    """
    raise NotImplementedError


async def read_object(ctx: Services, ref: GrantRef, path: str) -> tuple[ObjectMeta, AsyncIterator[bytes]]:
    """One object of a granted folder.

    Raises:
        AttemptClosed, GrantNotFound, InvalidObsPath: as `upload_targets`.
        ObjectNotFound: it is not there.
    """
    raise NotImplementedError


async def write_object(ctx: Services, ref: GrantRef, path: str, pieces: AsyncIterator[bytes]) -> ObjectMeta:
    """Store one object in a granted folder.

    Raises:
        AttemptClosed, GrantNotFound, InvalidObsPath: as `upload_targets`.
    """
    raise NotImplementedError
