"""The checkpoints of a job: what of its outputs looks like one, whether it is whole, which one to go on from."""

import asyncio
import logging
from dataclasses import dataclass

from trainwright.catalog.folders import USER_HOME
from trainwright.domain.checkpoint_formats import STUMBLES, UNREADABLE, State
from trainwright.domain.checkpoints import Checkpoint, Stored, find_checkpoints, newest_first
from trainwright.domain.entities import Job
from trainwright.domain.errors import BucketNotFound, ParamOutOfRange, TrainwrightError
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import Channel, Work
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.services.checkpoint_checks import judge
from trainwright.services.context import Services
from trainwright.services.ownership import is_platforms, owner_of
from trainwright.services.reading import scope_of
from trainwright.services.resume_points import Newest
from trainwright.wire.checkpoints import CheckpointItem, CheckpointList
from trainwright.wire.runner import ResumePoint

log = logging.getLogger(__name__)

NEWEST_S = 60.0
"""One search for the newest checkpoint takes no longer; the next one goes on with what this one has checked."""
OBJECTS_MAX = 50_000
"""Of one output no more objects are looked at: those stored last."""
LISTED_MAX = 1_000_000
"""No more than so many are listed to find them."""
LIMIT_MAX = 100
_PAGE = 1000
_LEADING = (".index", ".index.json", ".pdparams", ".pdiparams")
_TRIED = 10  # checkpoints that are looked at for one to go on from
_SLACK_MS = 60_000  # between the clocks of the store and ours


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a job with what was found in it. `cut`: it holds more objects than were looked at."""

    channel: Channel
    folder: ObsPath
    checkpoints: tuple[Checkpoint, ...]
    cut: bool = False


async def newest(ctx: Services, job: Job, work: Work | None = None) -> Newest:
    """The newest complete checkpoint over all outputs of the job, as a task with `work` (None: the job's) reaches it;
    none when there is none, or the task does not have that output. Never raises: trouble with the store is told.

    What lay in an output before the job was made counts only when the output is fetched beforehand, and so do sets of
    files, of which one is named (the index, or the weights): else the others would not be there.
    """
    try:
        async with asyncio.timeout(NEWEST_S):
            return await _newest(ctx, job, job.launch if work is None else work)
    except TimeoutError:
        trouble = f"there was no answer within {NEWEST_S:.0f} s"
    except (TrainwrightError, OSError) as error:
        trouble = str(error)
    except STUMBLES as error:  # a task that cannot be told where to go on would wait for ever
        log.exception("newest_checkpoint_failed", extra={"job": job.id})
        trouble = f"{type(error).__name__}: {error}"
    log.warning("newest_checkpoint_not_found", extra={"job": job.id, "error": trouble})
    return Newest(trouble=trouble)


async def _newest(ctx: Services, job: Job, work: Work) -> Newest:
    since_ms = job.created_at_ms - _SLACK_MS
    outputs = await outputs_of(ctx, job)
    place = {id(each): output for output in outputs for each in output.checkpoints}
    counted = [
        each
        for output in outputs
        for each in output.checkpoints
        if output.channel.prefetch or (each.modified_at_ms >= since_ms and _is_one(each))
    ]
    trouble = ""
    for each in newest_first(counted)[:_TRIED]:
        output = place[id(each)]
        verdict = await judge(ctx, output.folder, each, output.checkpoints)
        if verdict.state is not State.COMPLETE:
            log.info(
                "checkpoint_passed_over",
                extra={"job": job.id, "checkpoint": each.path, "state": verdict.state},
            )
            if verdict.problem == UNREADABLE and not trouble:
                trouble = f"{each.path}: {verdict.describe(Language.EN)}"
            continue
        for index, channel in enumerate(work.outputs):
            if channel.uri == output.channel.uri:
                step = each.numbers.step if each.numbers.step >= 0 else each.numbers.epoch
                return Newest(ResumePoint(output=index, path=_named(each), step=step), trouble)
        return Newest(trouble=trouble)
    return Newest(trouble=trouble)


def _is_one(checkpoint: Checkpoint) -> bool:
    """Whether its path is that of a folder or file, not what the names of several files have in common."""
    return checkpoint.is_folder or any(stored.path == checkpoint.path for stored in checkpoint.files)


def _named(checkpoint: Checkpoint) -> str:
    """Its path, or that of the file of a set that says most of it: the runner makes sure that it is there."""
    if _is_one(checkpoint):
        return checkpoint.path
    paths = [stored.path for stored in checkpoint.files]
    return next((path for path in paths if path.endswith(_LEADING)), paths[0])


async def outputs_of(ctx: Services, job: Job) -> tuple[Output, ...]:
    """The job's outputs, each folder once, with the checkpoints in them. Folders and buckets that are not there (any
    more) are empty. A user's home, which all their jobs write to, is no job's output.

    Raises:
        StorageUnavailable: the store could not be asked.
    """
    found: dict[str, Output] = {}
    for channel in job.launch.all_outputs():
        folder = ObsPath.parse(channel.uri).as_folder()
        is_home = channel.name == USER_HOME and is_platforms(folder.bucket)
        if str(folder) not in found and not is_home:
            stored, cut = await _stored(ctx, job, folder)
            found[str(folder)] = Output(channel, folder, find_checkpoints(stored), cut)
    return tuple(found.values())


async def _stored(ctx: Services, job: Job, folder: ObsPath) -> tuple[list[Stored], bool]:
    """The objects of an output that were stored last, and whether there are more."""
    stored: list[Stored] = []
    if not is_platforms(folder.bucket) and await owner_of(ctx, folder.bucket) != job.project_id:
        return stored, False
    after, listed, cut = "", 0, False
    while True:
        try:
            page = await ctx.objects.list_page(folder, after=after, limit=_PAGE)
        except BucketNotFound:
            return stored, cut
        stored += [
            Stored(meta.key[len(folder.key) :], meta.size, meta.modified_at_ms, meta.etag)
            for meta in page.objects
            if not meta.key.endswith("/")
        ]
        after = page.next_after
        listed += len(page.objects)
        over = bool(after) and listed >= LISTED_MAX
        cut = cut or over or len(stored) > OBJECTS_MAX
        if len(stored) > 2 * OBJECTS_MAX or not after or over:
            stored = sorted(stored, key=_stored_at, reverse=True)[:OBJECTS_MAX]
        if not after or over:
            if cut:
                log.warning("output_cut", extra={"job": job.id, "listed": listed, "kept": len(stored)})
            return stored, cut


def _stored_at(stored: Stored) -> int:
    return stored.modified_at_ms


async def list_checkpoints(
    ctx: Services,
    who: Principal,
    job_id: str,
    language: Language,
    *,
    output: str = "",
    offset: int = 0,
    limit: int = 10,
) -> CheckpointList:
    """One page of what looks like checkpoints in the job's outputs (or the one called `output`), the newest first,
    each checked.

    Raises:
        JobNotFound: no such job in what the caller sees.
        ParamOutOfRange: `limit` is not 1 to 100.
        StorageUnavailable: the store could not be asked.
    """
    if not 1 <= limit <= LIMIT_MAX:
        raise ParamOutOfRange(field="limit", value=limit, allowed=f"1-{LIMIT_MAX}")
    job = await ctx.blocking(_read_job, ctx, who, job_id)
    outputs = [each for each in await outputs_of(ctx, job) if output in ("", each.channel.name)]
    place = {id(each): found for found in outputs for each in found.checkpoints}
    ordered = newest_first(each for found in outputs for each in found.checkpoints)
    items = []
    for each in ordered[offset : offset + limit]:
        items.append(await _item(ctx, place[id(each)], each, language))
    return CheckpointList(
        total=len(ordered), count=len(items), offset=offset, limit=limit, items=tuple(items)
    )


def _read_job(ctx: Services, who: Principal, job_id: str) -> Job:
    with ctx.units(scope_of(who), write=False) as uow:
        return uow.jobs.get(job_id)


async def _item(ctx: Services, output: Output, each: Checkpoint, language: Language) -> CheckpointItem:
    verdict = await judge(ctx, output.folder, each, output.checkpoints)
    return CheckpointItem(
        output=output.channel.name,
        path=each.path,
        obs_url="" if is_platforms(output.folder.bucket) else f"{output.folder}{each.path}",
        kind=each.kind.value,
        step=each.numbers.step if each.numbers.step >= 0 else None,
        epoch=each.numbers.epoch if each.numbers.epoch >= 0 else None,
        metrics=dict(each.numbers.metrics),
        files=len(each.files),
        size=each.size,
        update_time=each.modified_at_ms,
        state=verdict.state.value,
        detail=verdict.describe(language),
    )
