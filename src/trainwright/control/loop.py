"""The loop that leases due jobs and hands each to the reconciler."""

import asyncio
import logging

from trainwright.control.chores import Chore
from trainwright.control.hints import Hints
from trainwright.control.reconcile import BACKEND_CALL_S, Reconciler
from trainwright.domain.observation import Observation, RunState
from trainwright.ports.backend import BackendError, Handle
from trainwright.ports.uow import PLATFORM, Claim
from trainwright.services.context import Services

log = logging.getLogger(__name__)

LEASE_MS = 120_000
BATCH = 64
IDLE_MAX_S = 5.0


class ControlLoop:
    """Runs until cancelled; cancelling leaves every job as it is, to be taken up by the next process.

    `owner` names this server instance over restarts (one per data directory): leases of its former life are freed
    at the start, since nobody else can be working under that name.
    """

    def __init__(
        self, services: Services, hints: Hints, *, owner: str, chores: tuple[Chore, ...] = ()
    ) -> None:
        self._services = services
        self._hints = hints
        self._owner = owner
        self._chores = chores
        self._reconciler = Reconciler(services, up_since_ms=services.clock.now_ms())
        self._slots = asyncio.Semaphore(services.backend.at_once)

    async def run(self) -> None:
        """Claim and reconcile for ever."""
        freed = await self._services.blocking(self._free_former_leases)
        log.info("control_started", extra={"owner": self._owner, "leases_freed": freed})
        async with asyncio.TaskGroup() as tasks:
            for chore in self._chores:
                tasks.create_task(chore.repeat())
            job_ids: tuple[str, ...] = ()
            while True:
                claims = await self._services.blocking(self._claim, job_ids)
                await self._start(tasks, claims)
                if len(claims) == BATCH:
                    job_ids = ()
                    continue
                job_ids = await self._hints.wait(await self._services.blocking(self._idle_s))

    async def pass_once(self, job_ids: tuple[str, ...] = ()) -> int:
        """One round without chores or waiting: reconcile what is due now; returns how many jobs. For tests."""
        claims = await self._services.blocking(self._claim, job_ids)
        async with asyncio.TaskGroup() as tasks:
            await self._start(tasks, claims)
        return len(claims)

    async def _start(self, tasks: asyncio.TaskGroup, claims: tuple[Claim, ...]) -> None:
        seen = await self._observe(claims)
        for claim in claims:
            await self._slots.acquire()
            tasks.create_task(self._one(claim, seen.get(claim.job.id)))

    async def _one(self, claim: Claim, seen: Observation | None) -> None:
        try:
            await self._reconciler.run(claim, seen)
        finally:
            self._slots.release()
            self._hints.poke()

    async def _observe(self, claims: tuple[Claim, ...]) -> dict[str, Observation]:
        """One bulk question for all claims, answers by job id. A failed question leaves all of them unknown."""
        seen: dict[str, Observation] = {}
        handles: dict[str, Handle] = {}
        try:
            async with asyncio.timeout(BACKEND_CALL_S):
                if any(claim.attempt and claim.attempt.handle is None for claim in claims):
                    owned = {handle.key: handle for handle in await self._services.backend.owned()}
                else:
                    owned = {}
                for claim in claims:
                    if claim.attempt is None:
                        continue
                    stored = claim.attempt.handle
                    handle = Handle.from_json(stored) if stored else owned.get(claim.attempt.key)
                    if handle is None:
                        seen[claim.job.id] = Observation(RunState.GONE)
                    else:
                        handles[claim.job.id] = handle
                answers = await self._services.backend.observe(list(handles.values())) if handles else {}
        except (BackendError, TimeoutError) as exc:
            log.warning("observe_failed", extra={"error": str(exc), "jobs": len(claims)})
            return {}
        known = {job_id: answers[handle.key] for job_id, handle in handles.items() if handle.key in answers}
        return seen | known

    def _claim(self, job_ids: tuple[str, ...]) -> tuple[Claim, ...]:
        now_ms = self._services.clock.now_ms()
        with self._services.units(PLATFORM) as uow:
            claims: tuple[Claim, ...] = ()
            if job_ids:
                claims = uow.leases.claim_due(
                    self._owner, now_ms, lease_ms=LEASE_MS, limit=BATCH, job_ids=job_ids[:BATCH]
                )
            if len(claims) < BATCH:
                claims += uow.leases.claim_due(
                    self._owner, now_ms, lease_ms=LEASE_MS, limit=BATCH - len(claims)
                )
            if claims:
                uow.commit()
            return claims

    def _idle_s(self) -> float:
        with self._services.units(PLATFORM, write=False) as uow:
            due_at_ms = uow.leases.next_due_ms()
        if due_at_ms is None:
            return IDLE_MAX_S
        return min(max(due_at_ms - self._services.clock.now_ms(), 0) / 1000, IDLE_MAX_S)

    def _free_former_leases(self) -> int:
        with self._services.units(PLATFORM) as uow:
            freed = uow.leases.release_owner(self._owner)
            uow.commit()
            return freed
