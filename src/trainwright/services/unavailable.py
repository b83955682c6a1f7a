"""Operations on jobs that this server does not have: ids and form are checked first, then they are refused by name."""

from collections.abc import Mapping
from typing import Any, NoReturn

from trainwright.domain.errors import NotOffered, SavedImageNotFound
from trainwright.ports.identity import Principal
from trainwright.services.context import Services
from trainwright.services.reading import check_member, check_task_name, scope_of
from trainwright.wire.parsing import parse
from trainwright.wire.unavailable import ImageSaveJob, PublishArtifacts


async def refuse(ctx: Services, who: Principal, job_id: str, operation: str) -> NoReturn:
    """Refuse an operation on a job.

    Raises:
        JobNotFound: no such job for the caller.
        NotOffered: with the operation's name.
    """
    await ctx.blocking(_check, ctx, who, job_id, None)
    raise NotOffered(field=operation)


async def save_image(
    ctx: Services, who: Principal, place: tuple[str, str], raw: Mapping[str, Any]
) -> NoReturn:
    """Refuse to save the image of a task; `place` names job and task.

    Raises:
        InvalidParam: the body does not fit.
        JobNotFound, TaskNotFound: it does not exist for the caller.
        NotOffered: images cannot be saved here.
    """
    parse(ImageSaveJob, raw)
    await ctx.blocking(_check, ctx, who, *place)
    raise NotOffered(field="save-image-job")


async def show_saved_image(ctx: Services, who: Principal, job_id: str, task: str) -> NoReturn:
    """Say that no image of the task was saved.

    Raises:
        JobNotFound, TaskNotFound: it does not exist for the caller.
        SavedImageNotFound: none was ever saved.
    """
    await ctx.blocking(_check, ctx, who, job_id, task)
    raise SavedImageNotFound(job=job_id, task=task)


async def publish_artifacts(ctx: Services, who: Principal, job_id: str, raw: Mapping[str, Any]) -> NoReturn:
    """Refuse to publish.

    Raises:
        InvalidParam: the body does not fit.
        JobNotFound: no such job for the caller.
        NotOffered: there is no fine-tuning here.
    """
    parse(PublishArtifacts, raw)
    await refuse(ctx, who, job_id, "ft-artifacts/publish")


def _check(ctx: Services, who: Principal, job_id: str, task: str | None) -> None:
    with ctx.units(scope_of(who), write=False) as uow:
        job = uow.jobs.get(job_id)
        check_member(uow, who, job.workspace_id)
        if task is not None:
            check_task_name(job.launch, task)
