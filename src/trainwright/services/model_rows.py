"""What is stored of models that are being kept. Blocking; platform scope."""

import uuid
from contextlib import suppress
from dataclasses import replace

from trainwright.domain.entities import Job, Slots
from trainwright.domain.errors import DuplicateModelName, ModelNotFound, ModelVersionNotFound
from trainwright.domain.lifecycle import Phase
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import Channel
from trainwright.domain.texts import make_event
from trainwright.ports.models import TOLD, Model, ModelVersion
from trainwright.ports.uow import PLATFORM, EventQuery, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.ownership import is_platforms

BUCKET = "trainwright-models"
LOOK_BACK_MS = 7 * 86_400_000
"""Jobs that ended longer ago are not asked for any more."""
BATCH = 100
OPEN_MS = 600_000
"""A model that is not kept so long after its job's end does not hold up the job's deletion."""
_LATE_SEQS = 1000  # events whose numbers were given earlier, but that are committed later


class NotKept(Exception):
    """The version cannot be. `code` and `slots`: of the event that says why."""

    def __init__(self, code: str, **slots: str | int | float) -> None:
        super().__init__(code)
        self.code = code
        self.slots: Slots = slots


def folder_of(model_id: str, version_id: str) -> ObsPath:
    """Where the files of a version lie."""
    return ObsPath(BUCKET, f"{model_id}/{version_id}/")


def jobs_to_keep(ctx: Services, seen_seq: int) -> tuple[int, tuple[Job, ...]]:
    """The number of the last event, and jobs that are to keep a model and ended after event `seen_seq` (0: all)."""
    since_ms = ctx.clock.now_ms() - LOOK_BACK_MS
    after = max(seen_seq - _LATE_SEQS, 1) if seen_seq else 0
    with ctx.units(PLATFORM, write=False) as uow:
        seq = uow.models.last_event_seq()
        return seq, uow.models.jobs_to_keep(ended_since_ms=since_ms, after_seq=after, limit=BATCH)


def is_open(uow: UnitOfWork, job: Job, now_ms: int) -> bool:
    """Whether the job's model may still become a version: it ended a short while ago, and nothing is told of it."""
    keeps = bool(job.launch.model_name) and job.phase in (Phase.COMPLETED, Phase.TERMINATED)
    return keeps and now_ms - job.ended_at_ms < OPEN_MS and not _is_told(uow, job.id)


def unready(ctx: Services) -> tuple[ModelVersion, ...]:
    """Versions that are being copied."""
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.models.unready(limit=BATCH)


def model_of(ctx: Services, version: ModelVersion) -> Model:
    """Raises `ModelNotFound`, `ModelVersionNotFound`: it was deleted."""
    with ctx.units(PLATFORM, write=False) as uow:
        uow.models.get_version(version.model_id, version.id)
        return uow.models.get(version.model_id)


def add_version(ctx: Services, job: Job, channel: Channel) -> None:
    """The row of the job's version, and of the model when it is the first. Nothing when the job has one already.

    Raises:
        NotKept: the model of that name lies in another workspace.
    """
    now_ms = ctx.clock.now_ms()
    with ctx.units(PLATFORM) as uow:
        model = _find_or_make(uow, job, now_ms)
        if uow.models.find_version_of_job(job.id) is not None or _is_told(uow, job.id):
            return
        if model.workspace_id != job.workspace_id:
            raise NotKept("model_taken", name=model.name)
        model = replace(model, last_version=model.last_version + 1, updated_at_ms=now_ms)
        uow.models.save(model)
        version_id = str(uuid.uuid4())
        uow.models.add_version(
            ModelVersion(
                id=version_id,
                model_id=model.id,
                number=model.last_version,
                uri=str(folder_of(model.id, version_id)),
                job_id=job.id,
                job_name=job.name,
                objects=0,
                bytes=0,
                created_at_ms=now_ms,
                document=_document(job, channel),
            )
        )
        uow.commit()


def _find_or_make(uow: UnitOfWork, job: Job, now_ms: int) -> Model:
    """The model of that name in the job's project, in whatever workspace it lies; held until the unit ends."""
    name = job.launch.model_name
    found = uow.models.find_in_project(job.project_id, name)
    if found is not None:
        return found
    model = Model(
        id=str(uuid.uuid4()),
        project_id=job.project_id,
        workspace_id=job.workspace_id,
        name=name,
        description="",
        user_id=job.user_id,
        user_name=job.user_name,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    try:
        uow.models.add(model)
    except DuplicateModelName:  # made by another server just now
        found = uow.models.find_in_project(job.project_id, name)
        if found is None:
            raise
        return found
    return model


def _document(job: Job, channel: Channel) -> dict[str, object]:
    """What the version was made with. `source` is where its files come from; nobody is shown it."""
    launch = job.launch
    engine = launch.engine
    return {
        "source": str(ObsPath.parse(channel.uri).as_folder()),
        "engine": {"id": engine.engine_id, "name": engine.name, "version": engine.version} if engine else {},
        "parameters": [{"name": each.name, "value": each.value} for each in launch.parameters],
        "inputs": [
            {"name": each.name, "uri": "" if is_platforms(ObsPath.parse(each.uri).bucket) else each.uri}
            for each in launch.all_inputs()
        ],
    }


def make_ready(ctx: Services, model: Model, version: ModelVersion) -> None:
    """All of it is copied. Nothing when it was deleted meanwhile."""
    with ctx.units(PLATFORM) as uow:
        try:
            stored = uow.models.get_version(version.model_id, version.id)
        except (ModelNotFound, ModelVersionNotFound):
            return  # its files are swept
        if not stored.ready:
            uow.models.save_version(version)
            _tell(ctx, uow, version.job_id, "model_kept", {"name": model.name, "version": version.number})
            uow.commit()


def give_up(ctx: Services, version: ModelVersion, failed: NotKept) -> None:
    """Forget a version that cannot be, and the model that was made for it alone."""
    with ctx.units(PLATFORM) as uow:
        with suppress(ModelNotFound, ModelVersionNotFound):
            model = uow.models.get(version.model_id)
            uow.models.delete_version(version.model_id, version.id)
            if model.last_version == version.number == 1:
                uow.models.delete(model.id)
        _tell(ctx, uow, version.job_id, failed.code, failed.slots)
        uow.commit()


def close(ctx: Services, job_id: str, failed: NotKept) -> None:
    """Say why a job gives no version, once."""
    with ctx.units(PLATFORM) as uow:
        if not _is_told(uow, job_id):
            _tell(ctx, uow, job_id, failed.code, failed.slots)
            uow.commit()


def _is_told(uow: UnitOfWork, job_id: str) -> bool:
    return uow.events.count(EventQuery(job_id, codes=TOLD)) > 0


def _tell(ctx: Services, uow: UnitOfWork, job_id: str, code: str, slots: Slots) -> None:
    """Append the event, unless the job has been deleted since."""
    if uow.jobs.existing([job_id]):
        uow.events.append([make_event(job_id, ctx.clock.now_ms(), code, slots)])


def is_left_over(ctx: Services, version_id: str, folder: ObsPath) -> bool:
    """Whether files have no row any more, and no unfinished job reads them."""
    with ctx.units(PLATFORM, write=False) as uow:
        return not uow.models.existing_versions([version_id]) and not uow.models.is_read(str(folder))
