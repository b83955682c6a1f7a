"""Resource samples of a task: means per minute for the contract, as stored for ourselves."""

from trainwright.ports.uow import Principal
from trainwright.services.context import Services
from trainwright.wire.watch import MetricsResponse, SamplesResponse


async def show(ctx: Services, who: Principal, job_id: str, task: str) -> MetricsResponse:
    """Means per minute of the latest attempt's task, at most the last three days.

    Raises:
        JobNotFound: no such job in the caller's project.
        TaskNotFound: no such task in the job.
    """
    raise NotImplementedError


async def samples(
    ctx: Services, who: Principal, job_id: str, task: str, *, since_s: int = 0
) -> SamplesResponse:
    """The stored samples of the latest attempt's task that begin at `since_s` (UTC seconds) or later.

    Raises:
        JobNotFound: no such job in the caller's project.
        TaskNotFound: no such task in the job.
    """
    raise NotImplementedError
