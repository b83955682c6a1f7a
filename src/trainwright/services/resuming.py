"""From which checkpoint the tasks of an attempt go on: all tasks of one start are told the same."""

from trainwright.domain.entities import Attempt, Job
from trainwright.services.checkpoints import newest
from trainwright.services.context import Services
from trainwright.services.orders import role_of
from trainwright.wire.runner import ResumePoint


async def resume_point(
    ctx: Services, job: Job, attempt: Attempt, role_name: str, number: int
) -> ResumePoint | None:
    """The newest complete checkpoint for start `number` of the attempt, as tasks of the role reach it.

    The first start of a first attempt has none, unless an output is fetched beforehand.
    """
    work = job.launch.work_of(role_of(job.launch, role_name))
    first = attempt.number == 1 and not number
    if not work.outputs or (first and not any(output.prefetch for output in work.outputs)):
        return None
    return await ctx.resume_points.get((attempt.key, number, role_name), lambda: newest(ctx, job, work))
