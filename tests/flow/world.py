"""A whole control plane in one process: real database, fake backend, turnable clock, crashes where we want them."""

import atexit
import shutil
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import ParamSpec, TypeVar

from tests.domain.builders import make_job, make_launch, make_role
from tests.fakes.backend import FakeBackend
from tests.fakes.objects import MemoryStore
from trainwright.catalog.catalogue import Catalogue
from trainwright.control.hints import Hints
from trainwright.control.loop import ControlLoop
from trainwright.db import migrate
from trainwright.db.database import Database
from trainwright.domain.entities import Attempt, Event, Job, TaskState
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import LaunchSpec
from trainwright.ports.backend import Capacity, Handle, Launch, Node
from trainwright.ports.nodes import Isolation
from trainwright.ports.uow import PLATFORM, Scope
from trainwright.services.context import Services
from trainwright.storage.logs import FolderLogs
from trainwright.wire.runner import QuietLimits

P = ParamSpec("P")
R = TypeVar("R")
PROJECT = Scope("p", "admin")


class TurnableClock:
    """A clock that moves only when told."""

    def __init__(self, now_ms: int = 1_000_000_000) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """The told time."""
        return self._now_ms

    def turn(self, seconds: float) -> None:
        """Go forward."""
        self._now_ms += int(seconds * 1000)


class Crash(BaseException):
    """The process dies here: nothing in it may catch this."""


@dataclass
class Fuse:
    """Burns at the n-th point where a process could die; 0 = never. Points are before and after each outer call."""

    at: int = 0
    passed: int = 0

    def point(self) -> None:
        """One place to die."""
        self.passed += 1
        if self.passed == self.at:
            raise Crash


class CrashingBackend:
    """The fake, with a place to die before and after each call."""

    name = "fake"
    shares_disk = True
    at_once = 4

    def __init__(self, inner: FakeBackend, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    async def _call(self, answer: Awaitable[R]) -> R:
        try:
            self._fuse.point()
        except Crash:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
            raise
        result = await answer
        self._fuse.point()
        return result

    def render(self, launch: Launch) -> str:
        """As the fake."""
        return self._inner.render(launch)

    async def probe(self) -> Capacity:
        """As the fake."""
        return await self._call(self._inner.probe())

    async def submit(self, launch: Launch) -> Handle:
        """As the fake."""
        return await self._call(self._inner.submit(launch))

    async def observe(self, handles: Sequence[Handle]) -> Mapping[str, Observation]:
        """As the fake."""
        return await self._call(self._inner.observe(handles))

    async def stop(self, handle: Handle, *, grace_s: int) -> None:
        """As the fake."""
        await self._call(self._inner.stop(handle, grace_s=grace_s))

    async def reap(self, handle: Handle) -> None:
        """As the fake."""
        await self._call(self._inner.reap(handle))

    async def owned(self) -> Sequence[Handle]:
        """As the fake."""
        return await self._call(self._inner.owned())

    async def set_priority(self, key: str, priority: int) -> None:
        """As the fake."""
        await self._call(self._inner.set_priority(key, priority))

    async def nodes(self) -> Sequence[Node]:
        """As the fake."""
        return await self._call(self._inner.nodes())

    async def set_isolated(self, nodes: Collection[str]) -> None:
        """As the fake."""
        await self._call(self._inner.set_isolated(nodes))


@cache
def _schema() -> Path:
    """An empty database of the present schema, to be copied: migrating takes ten times as long."""
    file = Path(mkdtemp(prefix="flow-schema-")) / "schema.db"
    migrate.upgrade(f"sqlite:///{file}")
    atexit.register(shutil.rmtree, file.parent)
    return file


@dataclass
class World:
    """One data directory with the backend beside it; `restart` begins a new control process over both."""

    root: Path
    backend: FakeBackend = field(default_factory=FakeBackend)
    clock: TurnableClock = field(default_factory=TurnableClock)
    fuse: Fuse = field(default_factory=Fuse)

    def __post_init__(self) -> None:
        shutil.copy(_schema(), self.root / "flow.db")
        self.database = Database.open(f"sqlite:///{self.root / 'flow.db'}")
        self.loop = self.restart()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def restart(self, fuse: Fuse | None = None) -> ControlLoop:
        """A new control process: nothing in memory survives."""
        self.fuse = fuse or Fuse()
        hints = Hints()
        self.services = Services(
            units=self.database.units,
            objects=MemoryStore(),
            logs=FolderLogs(self.root / "logs"),
            backend=CrashingBackend(self.backend, self.fuse),
            catalogue=Catalogue(engines=(), flavors=()),
            clock=self.clock,
            blocking=self._blocking,
            wake=hints.wake,
            log_grown=lambda attempt_key, task: None,
            events_grown=lambda job_id: None,
            server_url="http://127.0.0.1:1",
            secret=b"secret",
            quiet=QuietLimits(period_s=10, periods=2, window_s=40, sample_s=5),
        )
        self.loop = ControlLoop(self.services, hints, owner="flow")
        return self.loop

    async def _blocking(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        self.fuse.point()
        result = call(*args, **kwargs)
        self.fuse.point()
        return result

    def free_leases(self) -> None:
        """What a new process does first."""
        with self.database.units(PLATFORM) as uow:
            uow.leases.release_owner("flow")
            uow.commit()

    def add_job(self, launch: LaunchSpec | None = None) -> Job:
        """A job as the create service leaves it."""
        job = replace(make_job(launch=launch or make_launch(make_role())), created_at_ms=self.clock.now_ms())
        with self.database.units(PROJECT) as uow:
            uow.jobs.add(job)
            uow.commit()
        return job

    def job(self, job_id: str) -> Job:
        """The stored job."""
        with self.database.units(PROJECT, write=False) as uow:
            return uow.jobs.get(job_id)

    def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """Its stored attempts."""
        with self.database.units(PROJECT, write=False) as uow:
            return uow.attempts.list_of_job(job_id)

    def tasks(self, attempt_key: str) -> tuple[TaskState, ...]:
        """The stored tasks of an attempt."""
        with self.database.units(PLATFORM, write=False) as uow:
            return uow.tasks.list_of_attempt(attempt_key)

    def events(self, job_id: str) -> tuple[Event, ...]:
        """Its history."""
        with self.database.units(PROJECT, write=False) as uow:
            return uow.events.list_of_job(job_id)

    def isolations(self) -> dict[str, Isolation]:
        """What is out of use."""
        with self.database.units(PLATFORM, write=False) as uow:
            return {each.node: each for each in uow.isolations.list_all()}

    def codes(self, job_id: str) -> list[str]:
        """Codes of its events."""
        return [event.code for event in self.events(job_id)]

    def stop(self, job_id: str) -> None:
        """As the stop service does."""
        with self.database.units(PROJECT) as uow:
            uow.jobs.request_stop(job_id, self.clock.now_ms())
            uow.commit()

    def change_priority(self, job_id: str, priority: int) -> None:
        """As the change service does."""
        with self.database.units(PROJECT) as uow:
            job = uow.jobs.get_to_change(job_id)
            uow.jobs.save_documents(replace(job, launch=job.launch.model_copy(update={"priority": priority})))
            uow.commit()

    def report(self, attempt_key: str, **changes: object) -> None:
        """All runners of an attempt report the same thing."""
        with self.database.units(PLATFORM) as uow:
            for task in uow.tasks.list_of_attempt(attempt_key):
                uow.tasks.save(replace(task, **changes), make_due=True)  # type: ignore[arg-type] # test shorthand
            uow.commit()

    async def settle(self, job_id: str, *, rounds: int = 12) -> Job:
        """Let time pass until the job has ended, playing backend and runners that do what they are told."""
        for _ in range(rounds):
            await self.loop.pass_once()
            self.play(job_id)
            self.clock.turn(15)
            if self.job(job_id).phase.is_end:
                break
        return self.job(job_id)

    def play_start(self, job_id: str) -> None:
        """The backend starts what is queued, and its runners register."""
        for attempt in self.attempts(job_id):
            if self.backend.state_of(attempt.key) is RunState.QUEUED:
                self.backend.set_state(attempt.key, Observation(RunState.RUNNING))
                self.report(attempt.key, registered_at_ms=self.clock.now_ms())

    def play(self, job_id: str) -> None:
        """The backend's and the runners' next step for each attempt: start, then finish with success."""
        for attempt in self.attempts(job_id):
            state = self.backend.state_of(attempt.key)
            if state is RunState.QUEUED:
                self.play_start(job_id)
            elif state is RunState.RUNNING:
                now_ms = self.clock.now_ms()
                self.report(attempt.key, reason=Reason.COMPLETED, exit_code=0, ended_at_ms=now_ms)
                self.backend.set_state(attempt.key, Observation(RunState.EXITED))
