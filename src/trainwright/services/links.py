"""Share links: anyone who has one may read one log, for an hour or until it is revoked or its maker may not log in.

A link's secret part is 256 random bits, kept as a hash only: neither the table nor a list of links opens a log.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace

from trainwright.domain.access import Action
from trainwright.domain.errors import (
    ActionDenied,
    InvalidLink,
    JobNotFound,
    LogLinkNotFound,
    TooManyLogLinks,
    UserNotFound,
)
from trainwright.ports.identity import Principal
from trainwright.ports.log_links import LogPermit
from trainwright.ports.uow import PLATFORM, Scope
from trainwright.services.context import Services
from trainwright.services.logs import LogView, find_written, view_of_attempt
from trainwright.services.reading import check_member, scope_of
from trainwright.wire.watch import LogLink, LogLinkItem, LogLinks

SHARE_PATH = "/share/logs/"
LINK_TTL_MS = 3_600_000  # the hour the manual promises: opening must happen in it, not the whole download
LINKS_MAX = 100  # valid ones of one job
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What a share link leads to."""

    view: LogView
    download: bool


async def share(ctx: Services, who: Principal, job_id: str, task: str, *, download: bool) -> LogLink:
    """A URL (`{public_url}/share/logs/{secret}`) that shows or downloads the log without credentials for a while.

    Raises:
        JobNotFound, TaskNotFound: as `logs.find`.
        LogNotReady: nothing was written yet.
        TooManyLogLinks: the job has as many as it may.
    """
    view = await find_written(ctx, who, job_id, task)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    now_ms = ctx.clock.now_ms()
    permit = LogPermit(
        id=_id_of(secret),
        job_id=job_id,
        task=task,
        attempt=int(view.attempt_key.rpartition("-a")[2]),
        download=download,
        user_id=who.user_id,
        user_name=who.user_name,
        created_at_ms=now_ms,
        expires_at_ms=now_ms + LINK_TTL_MS,
    )
    await ctx.blocking(_add, ctx, who, permit)
    base = (ctx.public_url or ctx.server_url).rstrip("/")
    return LogLink(obs_url=f"{base}{SHARE_PATH}{secret}", link_id=permit.id, expire_time=permit.expires_at_ms)


async def list_links(ctx: Services, who: Principal, job_id: str, *, offset: int, limit: int) -> LogLinks:
    """The job's links that still open, newest first, without what opens them.

    Raises:
        JobNotFound: no such job for the caller.
    """
    total, permits = await ctx.blocking(_list, ctx, scope_of(who), job_id, (offset, limit))
    return LogLinks(
        total=total,
        count=len(permits),
        links=[
            LogLinkItem(
                id=permit.id,
                task=permit.task,
                attempt=permit.attempt,
                download=permit.download,
                user_name=permit.user_name,
                create_time=permit.created_at_ms,
                expire_time=permit.expires_at_ms,
            )
            for permit in permits
        ],
    )


async def revoke(ctx: Services, who: Principal, job_id: str, link_id: str) -> None:
    """The link opens nothing any more. One's own, or any for those who may change the job.

    Raises:
        JobNotFound, LogLinkNotFound: it does not exist for the caller.
        ActionDenied: it is another's.
    """
    await ctx.blocking(_revoke, ctx, who, job_id, link_id)


async def open_link(ctx: Services, secret: str) -> OpenedLink:
    """What the link of that secret part leads to.

    Raises:
        InvalidLink: there is none, it has expired or was revoked, its job is gone, or its maker is gone or disabled.
    """
    permit = await ctx.blocking(_find, ctx, _id_of(secret))
    if permit is None or ctx.clock.now_ms() >= permit.expires_at_ms:
        raise InvalidLink
    try:
        view = await view_of_attempt(ctx, PLATFORM, permit.job_id, permit.task, permit.attempt)
    except JobNotFound as exc:
        raise InvalidLink from exc
    # Not ModelArts' name for it, which holds the job's id: a link tells nothing but its log.
    return OpenedLink(replace(view, file_name=f"{permit.task}.log"), permit.download)


def _id_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _add(ctx: Services, who: Principal, permit: LogPermit) -> None:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, uow.jobs.get(permit.job_id).workspace_id)
        valid, _ = uow.log_links.list_of_job(permit.job_id, permit.created_at_ms, offset=0, limit=1)
        if valid >= LINKS_MAX:
            raise TooManyLogLinks(job=permit.job_id, limit=LINKS_MAX)
        uow.log_links.add(permit)
        uow.commit()


def _list(
    ctx: Services, scope: Scope, job_id: str, page: tuple[int, int]
) -> tuple[int, tuple[LogPermit, ...]]:
    offset, limit = page
    with ctx.units(scope, write=False) as uow:
        uow.jobs.get(job_id)
        return uow.log_links.list_of_job(job_id, ctx.clock.now_ms(), offset=offset, limit=limit)


def _revoke(ctx: Services, who: Principal, job_id: str, link_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, uow.jobs.get(job_id).workspace_id)
        permit = uow.log_links.find(link_id)
        if permit is None or permit.job_id != job_id:
            raise LogLinkNotFound(job=job_id, link=link_id)
        if permit.user_id != who.user_id and not who.may(Action.JOB_UPDATE):
            raise ActionDenied(action=Action.JOB_UPDATE.value)
        uow.log_links.delete(job_id, link_id)
        uow.commit()


def _find(ctx: Services, permit_id: str) -> LogPermit | None:
    """The permit, while the user who gave it may still log in."""
    with ctx.units(PLATFORM, write=False) as uow:
        permit = uow.log_links.find(permit_id)
        try:
            issued = permit is not None and uow.principals.get_user(permit.user_id).enabled
        except UserNotFound:
            issued = False
        return permit if issued else None
