"""Removes checkpoints that a job's own policy gives up. What it is not sure of stays.

Only complete checkpoints that the job itself has written are removed: those of its attempts' times, and none where
another job has written since it began. Never the newest complete one, and nothing that another unfinished job reads or
writes. While tasks of the job are fetching files nothing is removed: what a listing
has promised them must be there.
"""

import logging
from collections.abc import Sequence

from trainwright.domain.checkpoint_formats import STUMBLES, State
from trainwright.domain.checkpoints import Checkpoint, removable
from trainwright.domain.entities import Job
from trainwright.domain.errors import JobNotFound, Unavailable
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import MODEL_CHANNEL, CheckpointPolicy, attempt_key
from trainwright.domain.texts import make_event
from trainwright.ports.uow import PLATFORM
from trainwright.services.checkpoint_checks import judge
from trainwright.services.checkpoints import Output, outputs_of
from trainwright.services.context import Services

log = logging.getLogger(__name__)

FIRST_LOOK_MS = 86_400_000
LATER_LOOK_MS = 600_000
"""Jobs that ended so long ago are looked at once more: at the start of the server, and later."""
AFTER_MS = 5_000
"""So much later than an attempt's end its last checkpoint may be dated."""

Times = Sequence[tuple[int, int]]
"""From when to when each attempt of a job lasted, in ms of the epoch."""


class Retention:
    """Applies the policies of all jobs, again and again. One in a process."""

    def __init__(self, ctx: Services) -> None:
        self._ctx = ctx
        self._look_back_ms = FIRST_LOOK_MS
        self._ended: set[str] = set()  # jobs that need not be looked at again

    async def run_once(self) -> None:
        """One pass over all jobs with a policy."""
        jobs = await self._ctx.blocking(_with_policy, self._ctx, self._look_back_ms)
        self._ended &= {job.id for job in jobs}
        failed = False
        for job in jobs:
            if job.id in self._ended:
                continue
            try:
                await apply_policy(self._ctx, job)
            except (Unavailable, OSError) as trouble:
                log.warning("retention_waits", extra={"job": job.id, "error": str(trouble)})
                failed = True
                continue
            except STUMBLES:  # one job must not hold up all others
                log.exception("retention_failed", extra={"job": job.id})
            if job.phase.is_end:
                self._ended.add(job.id)
        if not failed:
            self._look_back_ms = LATER_LOOK_MS


async def apply_policy(ctx: Services, job: Job) -> int:
    """Remove what the job's policy gives up now; how many checkpoints that were.

    Raises:
        Unavailable: the store or the database is away.
    """
    policy = job.launch.checkpoints
    if policy is None or not await ctx.blocking(_may_remove, ctx, job.id):
        return 0
    times = await ctx.blocking(_times, ctx, job)
    count = 0
    for output in await outputs_of(ctx, job):
        if output.cut:
            log.warning("retention_skips_output", extra={"job": job.id, "output": output.channel.name})
            continue  # of what lies there only a part is known
        if job.phase.is_end and output.channel.name == MODEL_CHANNEL:
            continue  # it is about to be kept as it is
        given_up = await _given_up(ctx, output, policy, times)
        if given_up and not await ctx.blocking(_is_used, ctx, job, str(output.folder), times):
            count += await _remove(ctx, job, output, given_up)
    if count:
        await ctx.blocking(_tell, ctx, job, count)
        ctx.events_grown(job.id)
    return count


async def _given_up(
    ctx: Services, output: Output, policy: CheckpointPolicy, times: Times
) -> Sequence[Checkpoint]:
    own = [each for each in output.checkpoints if _is_of(each, times)]
    if len(own) <= max(policy.keep_last, policy.keep_best):
        return ()
    complete = []
    for each in own:
        verdict = await judge(ctx, output.folder, each, output.checkpoints)
        if verdict.state is State.COMPLETE:
            complete.append(each)
    return removable(
        complete,
        keep_last=policy.keep_last,
        keep_best=policy.keep_best,
        metric=policy.metric,
        smaller_is_better=policy.smaller_is_better,
    )


def _is_of(checkpoint: Checkpoint, times: Times) -> bool:
    """Whether all its files were stored while an attempt lasted."""
    return all(
        any(since <= stored.modified_at_ms <= until for since, until in times) for stored in checkpoint.files
    )


def _times(ctx: Services, job: Job) -> Times:
    with ctx.units(PLATFORM, write=False) as uow:
        attempts = uow.attempts.list_of_job(job.id)
    now_ms = ctx.clock.now_ms()
    return [
        (each.created_at_ms, (each.ended_at_ms or job.ended_at_ms or now_ms) + AFTER_MS) for each in attempts
    ]


async def _remove(ctx: Services, job: Job, output: Output, given_up: Sequence[Checkpoint]) -> int:
    count = 0
    for each in given_up:
        if not await ctx.blocking(_may_remove, ctx, job.id):
            break  # it has been started again meanwhile
        for stored in each.files:
            await ctx.objects.delete(output.folder.join(stored.path))
        log.info("checkpoint_removed", extra={"job": job.id, "checkpoint": each.path})
        count += 1
    return count


def _with_policy(ctx: Services, look_back_ms: int) -> tuple[Job, ...]:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.jobs.with_checkpoint_policy(ended_since_ms=ctx.clock.now_ms() - look_back_ms)


def _may_remove(ctx: Services, job_id: str) -> bool:
    """Whether nobody of the job is fetching: it has ended, or all its tasks have started their commands."""
    with ctx.units(PLATFORM, write=False) as uow:
        try:
            job = uow.jobs.get(job_id)
        except JobNotFound:
            return False
        if job.phase.is_end:
            return True
        tasks = uow.tasks.list_of_attempt(attempt_key(job.id, job.attempt_number))
    started = all(task.started_at_ms for task in tasks)
    return job.phase is Phase.RUNNING and bool(tasks) and started


def _is_used(ctx: Services, job: Job, uri: str, times: Times) -> bool:
    since_ms = min(since for since, _ in times)
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.jobs.unfinished_using(uri, besides=job.id) or uow.jobs.written_since(
            uri, besides=job.id, since_ms=since_ms
        )


def _tell(ctx: Services, job: Job, count: int) -> None:
    with ctx.units(PLATFORM) as uow:
        if uow.jobs.existing([job.id]):
            now_ms = ctx.clock.now_ms()
            uow.events.append(
                [
                    make_event(
                        job.id, now_ms, "checkpoints_removed", {"count": count}, attempt=job.attempt_number
                    )
                ]
            )
            uow.commit()
