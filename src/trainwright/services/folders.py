"""The fixed folders of a job: what lies in them (ADR 0020), and what is left of those of jobs that are gone. Blocking,
but for what asks the object store.
"""

import re
from contextlib import suppress
from typing import Final

from trainwright.catalog.folders import DATASET, NAMES, PRETRAINED, USER_HOME, Folder, Folders
from trainwright.catalog.places import Place, parse_path
from trainwright.domain.errors import (
    BucketExists,
    BucketNotFound,
    ChannelError,
    InvalidParam,
    ModelVersionNotFound,
    Unavailable,
)
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import MODEL_CHANNEL
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.uow import PLATFORM, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.datasets import find_version
from trainwright.services.model_keeper import remove_files
from trainwright.services.ownership import is_platforms
from trainwright.wire.job_spec import DatasetFolder, FoldersRequest, ModelFolder, ModelOutput
from trainwright.wire.jobs import AlgorithmRequest
from trainwright.wire.model import is_resource_name

HOMES: Final = "trainwright-homes"
"""The bucket of users' own folders, `<project>/<user>/` each."""
OUTPUTS: Final = "trainwright-outputs"
"""The bucket of models that jobs leave without saying where: `<job>/`, until the job is deleted."""
_FIELD = "spec.folders"
_REQUIRED = Text("it is required", "缺少该字段")
_TWO_PLACES = Text("it names a dataset and a path; name one", "同时填写了数据集与路径，只能选择一种")
_TAKEN = Text(
    "the name {name} stands for a folder of spec.folders", "名称 {name} 已用于 spec.folders 中的目录"
)
_BAD_NAME = Text("it must be 1 to 64 letters, digits, _ or -", "必须为 1 至 64 个字母、数字、下划线或短横线")
_PAGE = 1000
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def find_folders(
    uow: UnitOfWork, who: Principal, asked: FoldersRequest | None, job_id: str
) -> tuple[Folders | None, FoldersRequest | None]:
    """The folders of job `job_id` with what lies in them, and the request with the versions that were found; None when
    it asks for none.

    Raises:
        InvalidParam, InvalidObsPath: the form is wrong.
        NotFound: a dataset or model stands for nothing that the caller sees.
        DatasetVersionNotReady: it is not.
    """
    if asked is None:
        return None, None
    inputs, outputs, pinned = [], [], asked
    if asked.dataset is not None and (asked.dataset.dataset_id or asked.dataset.obs_url):
        place, dataset = _dataset(uow, who, asked.dataset)
        inputs.append(Folder(DATASET, place))
        pinned = pinned.model_copy(update={"dataset": dataset})
    if asked.pretrained_model is not None and asked.pretrained_model.model_id:
        place, pretrained = _pretrained(uow, asked.pretrained_model, asked.pretrained_model.model_id)
        inputs.append(Folder(PRETRAINED, place))
        pinned = pinned.model_copy(update={"pretrained_model": pretrained})
    model = asked.output_model
    if model is not None:
        outputs.append(Folder(MODEL_CHANNEL, _model_output(model, job_id)))
    if asked.user_home:
        user = _UNSAFE.sub("_", who.user_id or who.user_name)
        place = Place(f"{_FIELD}.user_home", ObsPath(HOMES, f"{who.project_id}/{user}/"), ours=True)
        outputs.append(Folder(USER_HOME, place))
    name = (model.name or "") if model is not None else ""
    return Folders(tuple(inputs), tuple(outputs), name), pinned


def _dataset(uow: UnitOfWork, who: Principal, asked: DatasetFolder) -> tuple[Place, DatasetFolder]:
    field = f"{_FIELD}.dataset"
    if not asked.dataset_id:
        return Place(f"{field}.obs_url", parse_path(f"{field}.obs_url", asked.obs_url or "")), asked
    if asked.obs_url:
        raise InvalidParam(field=field, detail=_TWO_PLACES)
    version = find_version(uow, who, asked.dataset_id, asked.version_id or "")
    place = Place(field, parse_path(field, version.uri).as_folder(), version.id, version.bytes)
    return place, asked.model_copy(update={"version_id": version.id})


def _pretrained(uow: UnitOfWork, asked: ModelFolder, model_id: str) -> tuple[Place, ModelFolder]:
    field = f"{_FIELD}.pretrained_model"
    version_id = asked.version_id
    if not version_id:
        model = uow.models.get(model_id)
        newest, _ = uow.models.list_versions(model_id, limit=1)
        if not newest:
            raise ModelVersionNotFound(version="-", model=model.name)
        version_id = newest[0].id
    version = uow.models.get_version(model_id, version_id)
    if not version.ready:
        raise ModelVersionNotFound(version=version_id, model=model_id)
    place = Place(field, parse_path(field, version.uri).as_folder(), bytes=version.bytes, ours=True)
    return place, asked.model_copy(update={"version_id": version_id})


def _model_output(asked: ModelOutput, job_id: str) -> Place:
    field = f"{_FIELD}.output_model"
    if not asked.name:
        raise InvalidParam(field=f"{field}.name", detail=_REQUIRED)
    if not is_resource_name(asked.name):
        raise InvalidParam(field=f"{field}.name", detail=_BAD_NAME)
    if asked.obs_url:
        path = parse_path(f"{field}.obs_url", asked.obs_url).as_folder()
        return Place(f"{field}.obs_url", path)
    return Place(f"{field}.name", ObsPath(OUTPUTS, f"{job_id}/"), ours=True)


def check_names(algorithm: AlgorithmRequest, folders: Folders | None) -> None:
    """No channel of a job with such folders is called as one of them. Raises `ChannelError`."""
    if folders is None:
        return
    for kind, channels in (("inputs", algorithm.inputs or []), ("outputs", algorithm.outputs or [])):
        for index, channel in enumerate(channels):
            if channel.name in NAMES:
                field = f"algorithm.{kind}[{index}].name"
                raise ChannelError(field=field, detail=_TAKEN, name=channel.name)


async def make_buckets(ctx: Services, folders: Folders | None) -> None:
    """The platform's buckets that the folders lie in exist. Raises `StorageUnavailable`."""
    for folder in folders.outputs if folders else ():
        bucket = folder.place.path.bucket
        if is_platforms(bucket) and not await ctx.objects.bucket_exists(bucket):
            try:
                await ctx.objects.create_bucket(bucket)
            except BucketExists:
                continue  # by another job's creation, just now


async def sweep_outputs(ctx: Services) -> None:
    """Remove what jobs that are gone left in the platform's own place for models, once no unfinished job reads it. What
    cannot be removed now is next time.
    """
    with suppress(BucketNotFound, Unavailable):
        after = ""
        while True:
            page = await ctx.objects.list_page(ObsPath(OUTPUTS), delimiter=True, after=after, limit=_PAGE)
            names = [prefix.rstrip("/") for prefix in page.prefixes]
            # The order matters: a job's row is there before its folder, so a folder without a row was left behind.
            there = await ctx.blocking(_existing, ctx, names) if names else frozenset()
            for name in names:
                folder = ObsPath(OUTPUTS, f"{name}/")
                if name not in there and not await ctx.blocking(_is_used, ctx, folder):
                    await remove_files(ctx, folder)
            if not page.next_after:
                break
            after = page.next_after


def _existing(ctx: Services, job_ids: list[str]) -> frozenset[str]:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.jobs.existing(job_ids)


def _is_used(ctx: Services, folder: ObsPath) -> bool:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.jobs.unfinished_using(str(folder), besides="")
