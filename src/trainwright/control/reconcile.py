"""One job under a lease: observe → plan → commit → act, until nothing is left to do at once.

What is decided is committed before it is done: the attempt's row exists before `submit`, and `submit` by the same key
gives the same attempt, so that a crash between any two lines here is healed by the next pass.
"""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar, assert_never

from trainwright.domain.entities import Attempt, Event, Job
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.plan import Effect, Plan, Reap, Snapshot, Stop, Submit, plan
from trainwright.domain.reasons import Reason
from trainwright.domain.texts import make_event
from trainwright.ports.backend import BackendError, Handle, Launch
from trainwright.ports.uow import PLATFORM, Claim, LeaseLost
from trainwright.services import tokens
from trainwright.services.context import Services

log = logging.getLogger(__name__)

BACKEND_CALL_S = 30.0
ROUNDS_MAX = 12  # a whole life from Creating to an end phase takes fewer
RETRY_MS = 1_000
RETRY_MAX_MS = 30_000
BLOCKED_AFTER = 5  # consecutive failed passes until a human is asked

T = TypeVar("T")


class Reconciler:
    """Brings single jobs forward. Holds no state of jobs between passes."""

    def __init__(self, services: Services, *, up_since_ms: int) -> None:
        self._services = services
        self._up_since_ms = up_since_ms

    async def run(self, claim: Claim, seen: Observation | None) -> None:
        """Work on a leased job and give the lease back.

        `seen` is what the bulk observation said of its attempt; None when nothing was said. A failing pass is
        counted on the job and tried again later; it never ends the loop.
        """
        try:
            due_at_ms = await self._rounds(claim, seen)
        except LeaseLost:
            log.info("lease_lost", extra={"job": claim.job.id})
            return
        except BackendError as exc:
            due_at_ms = self._services.clock.now_ms() + _retry_ms(claim.job.failures)
            log.warning("backend_failed", extra={"job": claim.job.id, "error": str(exc)})
        except Exception:
            log.exception("reconcile_failed", extra={"job": claim.job.id})
            due_at_ms = await self._count_failure(claim)
        await self._services.blocking(self._release, claim, due_at_ms)

    async def _rounds(self, claim: Claim, seen: Observation | None) -> int:
        for _ in range(ROUNDS_MAX):
            now_ms = self._services.clock.now_ms()
            made = plan(
                Snapshot(claim.job, claim.attempt, claim.tasks, seen), now_ms, up_since_ms=self._up_since_ms
            )
            await self._commit(claim, made)
            refused = await self._act(claim, made)
            if made.job.phase.is_end or not _goes_on(made):
                return made.due_at_ms
            claim = await self._services.blocking(self._reload, claim)
            seen = refused or await self.observe_one(claim.attempt)
        return self._services.clock.now_ms()

    async def observe_one(self, attempt: Attempt | None) -> Observation | None:
        """What the backend says of one attempt; None when it says nothing."""
        if attempt is None:
            return None
        handle = await self.handle_of(attempt)
        if handle is None:
            return Observation(RunState.GONE)
        seen = await _in_time(self._services.backend.observe([handle]))
        return seen.get(handle.key)

    async def handle_of(self, attempt: Attempt) -> Handle | None:
        """The attempt's handle; asked of the backend when the answer to `submit` was lost."""
        if attempt.handle is not None:
            return Handle.from_json(attempt.handle)
        owned = await _in_time(self._services.backend.owned())
        return next((handle for handle in owned if handle.key == attempt.key), None)

    async def _commit(self, claim: Claim, made: Plan) -> None:
        job, attempt = made.job, made.attempt
        if job == claim.job and attempt == claim.attempt and not made.events:
            return
        if job.failures and made.trigger is not None:
            job = replace(job, failures=0, blocked="")
        await self._save(claim, job, attempt, made.events)
        if made.trigger is not None:
            log.info(
                "job_moved",
                extra={"job": job.id, "phase": job.phase.value, "trigger": made.trigger.value},
            )

    async def _save(self, claim: Claim, job: Job, attempt: Attempt | None, events: tuple[Event, ...]) -> None:
        def write() -> None:
            with self._services.units(PLATFORM) as uow:
                uow.leases.save(claim, job, attempt, events)
                uow.commit()

        await self._services.blocking(write)
        self._services.events_grown(job.id)

    async def _act(self, claim: Claim, made: Plan) -> Observation | None:
        refused = None
        for effect in made.effects:
            refused = await self._do(effect, claim, made) or refused
        return refused

    async def _do(self, effect: Effect, claim: Claim, made: Plan) -> Observation | None:
        if made.attempt is None:
            raise LookupError(f"job {claim.job.id}: {effect} without an attempt")
        match effect:
            case Submit():
                return await self._submit(claim, made.job, made.attempt)
            case Stop(grace_s=grace_s):
                handle = await self.handle_of(made.attempt)
                if handle is not None:
                    await _in_time(self._services.backend.stop(handle, grace_s=grace_s))
            case Reap():
                handle = await self.handle_of(made.attempt)
                if handle is not None:
                    await _in_time(self._services.backend.reap(handle))
            case other:
                assert_never(other)
        return None

    async def _submit(self, claim: Claim, job: Job, attempt: Attempt) -> Observation | None:
        launch = Launch(
            key=attempt.key,
            attempt=attempt.number,
            spec=job.launch,
            server_url=self._services.server_url,
            token=tokens.derive(self._services.secret, attempt.key),
        )
        try:
            handle = await _in_time(self._services.backend.submit(launch))
        except BackendError as exc:
            if exc.retryable:
                raise
            return Observation(RunState.EXITED, reason=Reason.LAUNCH_REJECTED, detail=str(exc))
        await self._save(claim, job, replace(attempt, handle=handle.to_json()), ())
        return None

    async def _count_failure(self, claim: Claim) -> int:
        now_ms = self._services.clock.now_ms()
        failures = claim.job.failures + 1
        job = replace(claim.job, failures=failures)
        events: tuple[Event, ...] = ()
        if failures >= BLOCKED_AFTER and not job.blocked:
            detail = "see the server's log"
            job = replace(job, blocked=detail)
            events = (make_event(job.id, now_ms, "job_blocked", {"detail": detail}),)
        try:
            fresh = await self._services.blocking(self._reload, claim)
            kept = replace(fresh.job, failures=job.failures, blocked=job.blocked)
            await self._save(fresh, kept, fresh.attempt, events)
        except LeaseLost:
            log.info("lease_lost", extra={"job": claim.job.id})
        return now_ms + _retry_ms(failures)

    def _reload(self, claim: Claim) -> Claim:
        with self._services.units(PLATFORM, write=False) as uow:
            return uow.leases.reload(claim)

    def _release(self, claim: Claim, due_at_ms: int) -> None:
        with self._services.units(PLATFORM) as uow:
            uow.leases.release(claim, due_at_ms)
            uow.commit()


def _goes_on(made: Plan) -> bool:
    """Whether another round can bring something new at once: it moved, or it changed what the backend will say."""
    return made.trigger is not None or any(isinstance(effect, Submit | Reap) for effect in made.effects)


def _retry_ms(failures: int) -> int:
    return min(RETRY_MS << min(failures, 10), RETRY_MAX_MS)


async def _in_time(call: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(BACKEND_CALL_S):
            return await call
    except TimeoutError as exc:
        raise BackendError(f"no answer within {BACKEND_CALL_S:g} s") from exc
