"""Access of runners to the folders of their own job, for stores that are not a shared disk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

from trainwright.domain.errors import BucketNotFound, GrantNotFound, InvalidObsPath
from trainwright.domain.obs import BadObsPath, ObsPath
from trainwright.domain.specs import LaunchSpec, Work
from trainwright.ports.datasets import DatasetVersion, ManifestEntry
from trainwright.ports.objects import ObjectMeta
from trainwright.ports.uow import PLATFORM
from trainwright.services.context import Services
from trainwright.services.orders import RUNNER_PATH, role_of
from trainwright.services.ownership import is_platforms, owner_of
from trainwright.wire.runner import ObjectList, ObjectTarget, UploadRequest

SIGNED_TTL_S = 3600
WRITABLE = ("outputs", "log_export")
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class GrantRef:
    """One granted folder of one task, as the URL names it.

    `section` is code, image, inputs, outputs or log_export; `index` counts from 0 (0 for code, image, log_export).
    """

    attempt_key: str
    task: str
    section: str
    index: int


async def list_files(ctx: Services, ref: GrantRef, *, after: str = "") -> ObjectList:
    """One page of what lies in a granted folder, with where to GET each object.

    A grant of a single object lists that object under its own name. Markers of folders are left out. Of an input that
    is a dataset version it is what the manifest says, with checksums, whatever lies in the folder now.

    Raises:
        AttemptClosed: the attempt is over, superseded or unknown, or has no such task.
        GrantNotFound: the job has no such folder.
        BucketNotFound: it is gone, or is not the job's project's any more.
        DatasetVersionNotFound: the version is gone.
    """
    place, version_id = await _granted(ctx, ref)
    if version_id:
        return await _list_manifest(ctx, ref, version_id, after)
    if not place.is_folder:
        meta = await ctx.objects.head(place)
        return ObjectList(objects=(await _target(ctx, ref, place, place.name, "GET", size=meta.size),))
    page = await ctx.objects.list_page(place, after=after, limit=_PAGE)
    targets = []
    for found in page.objects:
        if not found.key.endswith("/"):
            path = found.key.removeprefix(place.key)
            targets.append(await _target(ctx, ref, place.join(path), path, "GET", size=found.size))
    return ObjectList(objects=tuple(targets), next_after=page.next_after)


async def upload_targets(ctx: Services, ref: GrantRef, request: UploadRequest) -> ObjectList:
    """Where to PUT each file. Only outputs and log_export are written to.

    Raises:
        AttemptClosed, GrantNotFound: as `list_files`.
        InvalidObsPath: a file name leads outside the folder.
    """
    place = await _writable_place(ctx, ref)
    targets = []
    for path, size in request.files:
        targets.append(await _target(ctx, ref, _below(place, path), path, "PUT", size=size))
    return ObjectList(objects=tuple(targets))


async def read_object(ctx: Services, ref: GrantRef, path: str) -> tuple[ObjectMeta, AsyncIterator[bytes]]:
    """One object of a granted folder.

    Raises:
        AttemptClosed, GrantNotFound, InvalidObsPath: as `upload_targets`.
        ObjectNotFound: it is not there.
    """
    place = await _place(ctx, ref)
    wanted = _below(place, path) if place.is_folder else place
    return await ctx.objects.head(wanted), ctx.objects.read(wanted)


async def write_object(ctx: Services, ref: GrantRef, path: str, pieces: AsyncIterator[bytes]) -> ObjectMeta:
    """Store one object in a granted folder.

    Raises:
        AttemptClosed, GrantNotFound, InvalidObsPath: as `upload_targets`.
    """
    place = await _writable_place(ctx, ref)
    return await ctx.objects.write(_below(place, path), pieces)


async def _writable_place(ctx: Services, ref: GrantRef) -> ObsPath:
    if ref.section not in WRITABLE:
        raise GrantNotFound(section=ref.section, index=ref.index)
    return await _place(ctx, ref)


async def _place(ctx: Services, ref: GrantRef) -> ObsPath:
    return (await _granted(ctx, ref))[0]


async def _granted(ctx: Services, ref: GrantRef) -> tuple[ObsPath, str]:
    """The folder (or object), and the dataset version that says what of it is granted; empty: all."""
    launch, work = await ctx.blocking(_work, ctx, ref)
    places = _places(work, ref.section)
    if not 0 <= ref.index < len(places):
        raise GrantNotFound(section=ref.section, index=ref.index)
    uri, version_id = places[ref.index]
    path = ObsPath.parse(uri)
    # The platform's own hold the code of subscriptions; no caller can have named them.
    if not is_platforms(path.bucket) and await owner_of(ctx, path.bucket) != launch.project_id:
        raise BucketNotFound(bucket=path.bucket)  # deleted since the job was made, and now another's
    return path, version_id


def _work(ctx: Services, ref: GrantRef) -> tuple[LaunchSpec, Work]:
    """The launch, and what the task has of it."""
    with ctx.units(PLATFORM, write=False) as uow:
        job, _attempt = uow.attempts.get_live(ref.attempt_key)
        task = uow.tasks.get(ref.attempt_key, ref.task)
    return job.launch, job.launch.work_of(role_of(job.launch, task.role))


def _places(work: Work, section: str) -> list[tuple[str, str]]:
    """What a section of the task's has: uri and dataset version of each."""
    match section:
        case "code":
            return [(work.code.uri, "")] if work.code else []
        case "image":
            return [(work.image.uri, "")] if work.image and work.image.uri else []
        case "inputs":
            return [(channel.uri, channel.dataset_version_id) for channel in work.inputs]
        case "outputs":
            return [(channel.uri, "") for channel in work.outputs]
        case "log_export":
            return [(work.log_export_uri, "")] if work.log_export_uri else []
        case _:
            return []


async def _list_manifest(ctx: Services, ref: GrantRef, version_id: str, after: str) -> ObjectList:
    version, entries = await ctx.blocking(_read_manifest, ctx, version_id, after)
    folder = ObsPath.parse(version.uri)
    targets = []
    for entry in entries[:_PAGE]:
        target = await _target(ctx, ref, folder.join(entry.path), entry.path, "GET", size=entry.size)
        targets.append(target.model_copy(update={"sha256": entry.sha256}))
    more = len(entries) > _PAGE
    return ObjectList(
        objects=tuple(targets), next_after=targets[-1].path if more else "", total_bytes=version.bytes
    )


def _read_manifest(
    ctx: Services, version_id: str, after: str
) -> tuple[DatasetVersion, tuple[ManifestEntry, ...]]:
    with ctx.units(PLATFORM, write=False) as uow:
        version = uow.datasets.get_any_version(version_id)
        return version, uow.datasets.list_entries(version_id, after=after, limit=_PAGE + 1)


async def _target(
    ctx: Services, ref: GrantRef, place: ObsPath, path: str, method: str, *, size: int
) -> ObjectTarget:
    signed = await ctx.objects.sign(place, method=method, ttl_s=SIGNED_TTL_S)
    if signed is not None:
        return ObjectTarget(path=path, size=size, url=signed, authorized=False)
    base = f"{ctx.server_url.rstrip('/')}{RUNNER_PATH}/{ref.attempt_key}/tasks/{ref.task}"
    url = f"{base}/objects/{ref.section}/{ref.index}/{quote(path)}"
    return ObjectTarget(path=path, size=size, url=url, authorized=True)


def _below(folder: ObsPath, path: str) -> ObsPath:
    try:
        below = folder.join(path)
    except BadObsPath as exc:
        raise InvalidObsPath(field="path", uri=path, detail=exc.text) from exc
    return below
