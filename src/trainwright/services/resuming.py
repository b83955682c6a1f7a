"""From which checkpoint the tasks of an attempt go on: all tasks of one start are told the same."""

import logging

from trainwright.domain.entities import Attempt, Job, Slots
from trainwright.domain.texts import make_event
from trainwright.ports.uow import PLATFORM
from trainwright.services.checkpoints import newest
from trainwright.services.context import Services
from trainwright.services.orders import role_of
from trainwright.services.resume_points import Newest
from trainwright.wire.runner import ResumePoint

log = logging.getLogger(__name__)


async def resume_point(
    ctx: Services, job: Job, attempt: Attempt, role_name: str, number: int
) -> ResumePoint | None:
    """The newest complete checkpoint for start `number` of the attempt, as tasks of the role reach it.

    The first start of a first attempt has none, unless an output is fetched beforehand.

    Raises:
        NotYet: it is not known yet; the task must not start without.
    """
    work = job.launch.work_of(role_of(job.launch, role_name))
    first = attempt.number == 1 and not number
    if not work.outputs or (first and not any(output.prefetch for output in work.outputs)):
        return None

    async def give_up(found: Newest) -> None:
        log.warning("resume_point_given_up", extra={"job": job.id, "error": found.trouble})
        await ctx.blocking(_tell, ctx, job, attempt, found)
        ctx.events_grown(job.id)

    key = (attempt.key, number, role_name)
    return await ctx.resume_points.get(key, lambda: newest(ctx, job, work), give_up, ctx.clock.now_ms())


def _tell(ctx: Services, job: Job, attempt: Attempt, found: Newest) -> None:
    code = "resume_point_unknown" if found.point is None else "resume_point_unsure"
    with ctx.units(PLATFORM) as uow:
        if uow.jobs.existing([job.id]):
            slots: Slots = {"detail": found.trouble}
            uow.events.append([make_event(job.id, ctx.clock.now_ms(), code, slots, attempt=attempt.number)])
            uow.commit()
