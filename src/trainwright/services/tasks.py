"""A job's tasks as the contract lists them, and finding one by name."""

from trainwright.domain.texts import Language
from trainwright.ports.uow import Principal
from trainwright.services.context import Services
from trainwright.wire.watch import TaskItem


async def list_tasks(
    ctx: Services, who: Principal, job_id: str, language: Language, *, schedule_count: int | None = None
) -> list[TaskItem]:
    """The tasks of the latest attempt, or of attempt `schedule_count` (empty when there is none of that number).

    Raises:
        JobNotFound: no such job in the caller's project.
    """
    raise NotImplementedError
