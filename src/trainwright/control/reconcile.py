"""One job under a lease: observe → plan → commit → act, until nothing is left to do at once.

What is decided is committed before it is done: the attempt's row exists before `submit`, and `submit` by the same key
gives the same attempt, so that a crash between any two lines here is healed by the next pass.
"""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

from trainwright.domain.entities import Attempt, Event, Job, TaskState
from trainwright.domain.faults import ISOLATED_WITHIN_MS
from trainwright.domain.lifecycle import Phase, Trigger
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.plan import Effect, HangRule, Isolate, Plan, Reap, Snapshot, Stop, Submit, plan
from trainwright.domain.reasons import ISOLATING, Reason
from trainwright.domain.texts import make_event
from trainwright.ports.backend import BackendError, Handle, Launch, Nodes, Reprioritizes
from trainwright.ports.nodes import Isolation
from trainwright.ports.uow import PLATFORM, Claim, EventQuery, LeaseLost
from trainwright.services import isolation, tokens
from trainwright.services.context import Services

log = logging.getLogger(__name__)

BACKEND_CALL_S = 30.0
ROUNDS_MAX = 12  # a whole life from Creating to an end phase takes fewer
RETRY_MS = 1_000
RETRY_MAX_MS = 30_000
BLOCKED_AFTER = 5  # consecutive failed passes until a human is asked

T = TypeVar("T")


@dataclass(slots=True)
class _Work:
    """A claim and what has been decided since, but not been written yet."""

    claim: Claim
    job: Job
    attempt: Attempt | None
    tasks: tuple[TaskState, ...]
    closed: list[Attempt] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    isolated: list[Isolate] = field(default_factory=list)

    @classmethod
    def on(cls, claim: Claim) -> "_Work":
        return cls(claim, claim.job, claim.attempt, claim.tasks)

    @property
    def unwritten(self) -> bool:
        return bool(self.events) or (self.job, self.attempt) != (self.claim.job, self.claim.attempt)

    def take(self, made: Plan) -> None:
        """What `made` changes, to be written before the next effect or with the release, whichever is sooner."""
        if made.job.attempt_number != self.job.attempt_number:
            self.tasks = ()  # a new attempt's rows come with its first commit
        if made.closed is not None:
            self.closed.append(made.closed)
        self.job, self.attempt = made.job, made.attempt
        self.events += made.events
        self.isolated += made.isolated
        for event in made.events:
            if event.code == "node_not_isolated":
                log.warning("node_not_isolated", extra={"job": self.job.id, **event.slots})
        if made.trigger is not None:
            self.job = replace(self.job, failures=0, blocked="")
            log.info(
                "job_moved",
                extra={"job": self.job.id, "phase": self.job.phase.value, "trigger": made.trigger.value},
            )

    def written(self) -> None:
        self.claim = replace(self.claim, job=self.job, attempt=self.attempt)
        self.closed, self.events, self.isolated = [], [], []


class Reconciler:
    """Brings single jobs forward. Holds no state of jobs between passes."""

    def __init__(self, services: Services, *, up_since_ms: int) -> None:
        self._services = services
        self._up_since_ms = up_since_ms
        self._hang = _hang_rule(services)

    async def run(self, claim: Claim, seen: Observation | None) -> None:
        """Work on a leased job and give the lease back.

        `seen` is what the bulk observation said of its attempt; None when nothing was said. A failing pass is
        counted on the job and tried again later; it never ends the loop.
        """
        work = _Work.on(claim)
        try:
            await self._keep_priority(claim)
            due_at_ms = await self._rounds(work, seen)
        except LeaseLost:
            log.info("lease_lost", extra={"job": claim.job.id})
            return
        except BackendError as exc:
            due_at_ms = self._services.clock.now_ms() + _retry_ms(claim.job.failures)
            log.warning("backend_failed", extra={"job": claim.job.id, "error": str(exc)})
        except Exception:
            log.exception("reconcile_failed", extra={"job": claim.job.id})
            due_at_ms = self._count_failure(work)
        try:
            await self._write(work, due_at_ms)
        except LeaseLost:
            log.info("lease_lost", extra={"job": claim.job.id})

    async def _rounds(self, work: _Work, seen: Observation | None) -> int:
        for _ in range(ROUNDS_MAX):
            now_ms = self._services.clock.now_ms()
            snapshot = await self._snapshot(work, seen)
            made = plan(snapshot, now_ms, up_since_ms=self._up_since_ms, hang=self._hang)
            work.take(made)
            if made.effects:
                await self._write(work)
            refused = None
            for effect in made.effects:
                refused = await self._do(effect, work) or refused
            if made.job.phase.is_end or not _goes_on(made):
                return made.due_at_ms
            if made.trigger in (Trigger.ADMIT, Trigger.REQUEUE):
                seen = Observation(RunState.GONE)  # its row is not even written: nobody can have submitted it
            else:
                seen = refused or await self.observe_one(work.attempt)
        return self._services.clock.now_ms()

    async def _snapshot(self, work: _Work, seen: Observation | None) -> Snapshot:
        """What is known; where the attempt is over and blames nodes, also which there are."""
        known = Snapshot(work.job, work.attempt, work.tasks, seen)
        gone = seen is not None and seen.state is RunState.GONE
        if not gone or work.job.phase.is_end or not any(task.reason in ISOLATING for task in work.tasks):
            return known
        backend = self._services.backend
        nodes = await _in_time(backend.nodes()) if isinstance(backend, Nodes) else ()
        lately = await self._services.blocking(self._isolated_lately, work.job.id)
        names = frozenset(node.name for node in nodes)
        return replace(known, nodes=names, isolated_lately=lately + len(work.isolated))

    def _isolated_lately(self, job_id: str) -> int:
        since_ms = self._services.clock.now_ms() - ISOLATED_WITHIN_MS
        with self._services.units(PLATFORM, write=False) as uow:
            return uow.events.count(EventQuery(job_id, codes=("node_isolated",), from_ms=since_ms))

    async def _keep_priority(self, claim: Claim) -> None:
        """A user may have changed it while the attempt waits, or while it was being submitted."""
        backend = self._services.backend
        if (
            claim.attempt is not None
            and claim.job.phase is Phase.PENDING
            and isinstance(backend, Reprioritizes)
        ):
            await _in_time(backend.set_priority(claim.attempt.key, claim.job.launch.priority))

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

    async def _write(self, work: _Work, release_at_ms: int | None = None) -> None:
        """Commit what is decided; with `release_at_ms` give the lease back in the same transaction."""
        if work.unwritten or release_at_ms is not None:
            await self._services.blocking(self._write_now, work, release_at_ms)
        if work.unwritten:
            self._services.events_grown(work.job.id)
            isolated = bool(work.isolated)
            work.written()
            if isolated:
                await isolation.tell(self._services)

    def _write_now(self, work: _Work, release_at_ms: int | None) -> None:
        with self._services.units(PLATFORM) as uow:
            if work.unwritten:
                for closed in work.closed:
                    uow.leases.save(work.claim, work.job, closed, ())
                uow.leases.save(work.claim, work.job, work.attempt, work.events)
                for out in work.isolated:
                    now_ms = self._services.clock.now_ms()
                    uow.isolations.add(Isolation(out.node, out.reason.value, out.detail, now_ms, work.job.id))
            if release_at_ms is not None:
                uow.leases.release(work.claim, release_at_ms)
            uow.commit()

    async def _do(self, effect: Effect, work: _Work) -> Observation | None:
        if work.attempt is None:
            raise LookupError(f"job {work.job.id}: {effect} without an attempt")
        match effect:
            case Submit():
                return await self._submit(work, work.attempt)
            case Stop(grace_s=grace_s):
                handle = await self.handle_of(work.attempt)
                if handle is not None:
                    await _in_time(self._services.backend.stop(handle, grace_s=grace_s))
            case Reap():
                handle = await self.handle_of(work.attempt)
                if handle is not None:
                    await _in_time(self._services.backend.reap(handle))
            case other:
                assert_never(other)
        return None

    async def _submit(self, work: _Work, attempt: Attempt) -> Observation | None:
        """The handle is written with whatever comes next: should it be lost, the backend is asked by the key."""
        launch = Launch(
            key=attempt.key,
            attempt=attempt.number,
            spec=work.job.launch,
            server_url=self._services.server_url,
            token=tokens.derive(self._services.secret, attempt.key),
            urgent=attempt.urgent,
            avoid=work.job.avoid,
        )
        try:
            handle = await _in_time(self._services.backend.submit(launch))
        except BackendError as exc:
            if exc.retryable:
                raise
            return Observation(RunState.EXITED, reason=Reason.LAUNCH_REJECTED, detail=str(exc))
        work.attempt = replace(attempt, handle=handle.to_json())
        return None

    def _count_failure(self, work: _Work) -> int:
        now_ms = self._services.clock.now_ms()
        failures = work.claim.job.failures + 1
        work.job = replace(work.job, failures=failures)
        if failures >= BLOCKED_AFTER and not work.job.blocked:
            detail = "see the server's log"
            work.job = replace(work.job, blocked=detail)
            work.events.append(make_event(work.job.id, now_ms, "job_blocked", {"detail": detail}))
        return now_ms + _retry_ms(failures)


def _goes_on(made: Plan) -> bool:
    """Whether another round can bring something new at once: it moved, or it changed what the backend will say."""
    return made.trigger is not None or any(isinstance(effect, Submit | Reap) for effect in made.effects)


def _hang_rule(services: Services) -> HangRule | None:
    limits = services.quiet
    if limits is None:
        return None
    return HangRule(after_ms=int(1000 * (limits.periods * limits.period_s + limits.window_s)))


def _retry_ms(failures: int) -> int:
    return min(RETRY_MS << min(failures, 10), RETRY_MAX_MS)


async def _in_time(call: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(BACKEND_CALL_S):
            return await call
    except TimeoutError as exc:
        raise BackendError(f"no answer within {BACKEND_CALL_S:g} s") from exc
