"""Work that comes round by the clock: the orphan sweep, the thinning of metrics, and what bootstrap adds."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from trainwright.ports.backend import BackendError
from trainwright.ports.uow import PLATFORM
from trainwright.services import folders, isolation, job_changes, pools
from trainwright.services.context import Services
from trainwright.services.dataset_builder import RETRY_S, DatasetBuilder
from trainwright.services.log_metrics import LogMetrics

log = logging.getLogger(__name__)

_LOG_BATCH = 500
_CREATIONS_KEPT_MS = 7 * 86_400_000  # nobody repeats a request that long after
FINE_METRICS_S = 3600  # one-second samples are kept this long, one-minute means afterwards


@dataclass(frozen=True)
class Chore:
    """`call` every `every_s` seconds, first at once. A failing call is logged and tried again next time."""

    name: str
    every_s: float
    call: Callable[[], Awaitable[None]]

    async def repeat(self) -> None:
        """Run it for ever."""
        while True:
            try:
                await self.call()
            except Exception:
                log.exception("chore_failed", extra={"chore": self.name})
            await asyncio.sleep(self.every_s)


def orphan_sweep(services: Services, *, every_s: float = 60.0) -> Chore:
    """Ends and removes what carries our mark on the backend but belongs to no live attempt."""

    async def sweep() -> None:
        # The order matters: an attempt's row is committed before it is submitted, so whatever was owned before
        # the live keys were read is either among them or an orphan.
        owned = await services.backend.owned()
        live = await services.blocking(_live_keys, services)
        for handle in owned:
            if handle.key in live:
                continue
            log.warning("orphan_found", extra={"attempt": handle.key})
            try:
                await services.backend.stop(handle, grace_s=0)
                await services.backend.reap(handle)
            except BackendError as exc:
                log.info("orphan_not_gone_yet", extra={"attempt": handle.key, "error": str(exc)})

    return Chore("orphan_sweep", every_s, sweep)


def metric_thinning(services: Services, *, every_s: float = 300.0) -> Chore:
    """Turns one-second samples older than an hour into one-minute means."""

    async def thin() -> None:
        older_than_s = services.clock.now_ms() // 1000 - FINE_METRICS_S
        await services.blocking(_compact, services, older_than_s)

    return Chore("metric_thinning", every_s, thin)


def dataset_versions(services: Services) -> Chore:
    """Makes the versions of datasets that wait to be made; it sleeps when there are none."""
    return Chore("dataset_versions", RETRY_S, DatasetBuilder(services).run)


def log_metrics(services: Services) -> Chore:
    """Searches logs for training metrics; it sleeps while none has grown."""
    return Chore("log_metrics", RETRY_S, LogMetrics(services).run)


def log_sweep(services: Services, *, every_s: float = 3600.0) -> Chore:
    """Removes logs whose job is gone: deleting a job removes its rows first, and a crash may come between."""

    async def sweep() -> None:
        # The order matters: a job's row is there before its log, so what has a log and no row was deleted.
        stored = await services.blocking(services.logs.job_ids)
        for first in range(0, len(stored), _LOG_BATCH):
            some = stored[first : first + _LOG_BATCH]
            known = await services.blocking(_existing, services, some)
            for job_id in set(some) - known:
                log.info("log_without_job", extra={"job": job_id})
                await services.blocking(services.logs.delete_job, job_id)

    return Chore("log_sweep", every_s, sweep)


def output_sweep(services: Services, *, every_s: float = 3600.0) -> Chore:
    """Removes what jobs that are gone left in the platform's own place for models."""

    async def sweep() -> None:
        await folders.sweep_outputs(services)

    return Chore("output_sweep", every_s, sweep)


def node_isolation(services: Services, *, every_s: float = 60.0) -> Chore:
    """Tells the backend which nodes are isolated, should it not have listened when one was."""

    async def tell() -> None:
        await isolation.tell(services)

    return Chore("node_isolation", every_s, tell)


def fixed_pools(services: Services, *, every_s: float = 60.0) -> Chore:
    """Learns which pools the backend's configuration makes; new ones are told whether pre-emption is allowed."""

    async def learn() -> None:
        before = services.fixed_pools.keys() | ()
        await pools.learn_fixed(services)
        if services.fixed_pools.keys() != before:
            await pools.announce(services)

    return Chore("fixed_pools", every_s, learn)


def link_expiry(services: Services, *, every_s: float = 300.0) -> Chore:
    """Removes share links that have expired."""

    async def expire() -> None:
        await services.blocking(_expire_links, services)

    return Chore("link_expiry", every_s, expire)


def creation_expiry(services: Services, *, every_s: float = 3600.0) -> Chore:
    """Forgets which requests made jobs that were deleted since."""

    async def expire() -> None:
        await services.blocking(_forget_creations, services)

    return Chore("creation_expiry", every_s, expire)


def change_expiry(services: Services, *, every_s: float = 60.0) -> Chore:
    """Forgets the oldest changes of jobs: the log of them is kept for followers who were away for a while."""

    async def expire() -> None:
        await services.blocking(job_changes.prune, services)

    return Chore("change_expiry", every_s, expire)


def _forget_creations(services: Services) -> None:
    with services.units(PLATFORM) as uow:
        uow.creations.forget(services.clock.now_ms() - _CREATIONS_KEPT_MS)
        uow.commit()


def _existing(services: Services, job_ids: Sequence[str]) -> frozenset[str]:
    with services.units(PLATFORM, write=False) as uow:
        return uow.jobs.existing(job_ids)


def _expire_links(services: Services) -> None:
    with services.units(PLATFORM) as uow:
        uow.log_links.delete_expired(services.clock.now_ms())
        uow.commit()


def _live_keys(services: Services) -> frozenset[str]:
    with services.units(PLATFORM, write=False) as uow:
        return uow.attempts.live_keys()


def _compact(services: Services, older_than_s: int) -> None:
    with services.units(PLATFORM) as uow:
        uow.metrics.compact(older_than_s)
        uow.commit()
