"""Deletes jobs that ended long ago, when the admin asks for it (`retention_days`)."""

import logging

from trainwright.control.chores import Chore
from trainwright.domain.entities import Job
from trainwright.domain.errors import JobNotDeletable, JobNotFound
from trainwright.domain.lifecycle import END_PHASES
from trainwright.ports.identity import Principal
from trainwright.ports.uow import PLATFORM, JobQuery, Match
from trainwright.services import jobs
from trainwright.services.context import Services

log = logging.getLogger(__name__)

_DAY_MS = 86_400_000
_PAGE = 50


def retention(services: Services, days: int, *, every_s: float = 3600.0) -> Chore:
    """Deletes jobs that ended more than `days` days ago, with their history and logs, as a user would."""

    async def sweep() -> None:
        before_ms = services.clock.now_ms() - days * _DAY_MS
        kept = 0
        while True:
            page = await services.blocking(_page, services, before_ms, kept)
            for job in page:
                kept += not await _delete(services, job, before_ms)
            if len(page) < _PAGE:
                return

    return Chore("retention", every_s, sweep)


def _page(services: Services, before_ms: int, offset: int) -> tuple[Job, ...]:
    query = JobQuery(
        matches=(Match("phase", tuple(END_PHASES)),),
        created_to_ms=before_ms,
        descending=False,
        offset=offset,
        limit=_PAGE,
    )
    with services.units(PLATFORM, write=False) as uow:
        return uow.jobs.search(query).jobs


async def _delete(services: Services, job: Job, before_ms: int) -> bool:
    """Whether it is gone. Created long ago does not mean ended long ago, and some are kept for good."""
    if job.kept or job.ended_at_ms > before_ms:
        return False
    who = Principal(user_id="", user_name=job.user_name, project_id=job.project_id, is_admin=True)
    try:
        await jobs.delete(services, who, job.id)
    except JobNotFound:
        return True
    except JobNotDeletable:
        return False
    log.info("job_retired", extra={"job": job.id})
    return True
