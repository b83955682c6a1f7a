"""The use cases over a real database, an object store in memory and a fake backend; the control loop is by hand."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.backend import FakeBackend
from tests.fakes.objects import MemoryStore
from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.engines import EngineEntry
from trainwright.catalog.flavors import Flavor
from trainwright.db.database import Database
from trainwright.db.migrate import upgrade
from trainwright.domain.access import BUILT_IN, DEVELOPER, allowed_by
from trainwright.domain.entities import Attempt, Event, Job, Note, TaskState
from trainwright.domain.obs import ObsPath
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.plan import Snapshot, plan
from trainwright.domain.specs import Resources
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal, User
from trainwright.ports.uow import PLATFORM
from trainwright.server.threads import Threads
from trainwright.services import jobs, reports
from trainwright.services.context import Services
from trainwright.services.job_view import JobHistory
from trainwright.services.reading import read_history
from trainwright.storage.logs import FolderLogs
from trainwright.wire.runner import FinalResult, Registration, Report

_MAY = allowed_by(BUILT_IN[DEVELOPER])
ALICE = Principal("u1", "alice", "project-a", is_admin=False, actions=_MAY)
BOB = Principal("u2", "bob", "project-b", is_admin=False, actions=_MAY)
REGISTRATION = Registration(ip="10.0.0.7", host="node-7", launcher="process")
EN, ZH = Language.EN, Language.ZH
START_MS = 1_790_000_000_000


class HandClock:
    """A clock that only the test turns."""

    def __init__(self) -> None:
        self.ms = START_MS

    def now_ms(self) -> int:
        """Milliseconds UTC."""
        return self.ms


CATALOGUE = Catalogue(
    engines=(
        EngineEntry(
            id="py-1", name="Python", version="1", environment={"ENGINE": "yes"}, image="lab/python:1"
        ),
        EngineEntry(id="sk-2", name="scikit-learn", version="2", requirements=("scikit-learn==2",)),
    ),
    flavors=(
        Flavor(id="cpu.1", resources=Resources(cpus=1, memory_mib=1024), max_nodes=4),
        Flavor(id="cpu.4", resources=Resources(cpus=4, memory_mib=4096, disk_mib=10_240), max_nodes=1),
    ),
)


@dataclass
class World:
    """Everything a use case needs, and what it told the outside."""

    ctx: Services
    objects: MemoryStore
    backend: FakeBackend
    clock: HandClock
    woken: list[str] = field(default_factory=list)
    events_told: list[str] = field(default_factory=list)
    logs_told: list[tuple[str, str]] = field(default_factory=list)

    async def put(self, uri: str, data: bytes = b"x") -> None:
        """Store an object; makes its bucket."""
        path = ObsPath.parse(uri)
        if not await self.objects.bucket_exists(path.bucket):
            await self.objects.create_bucket(path.bucket)
        await self.objects.write(path, pieces_of(data))

    async def delete(self, uri: str) -> None:
        """Remove an object."""
        await self.objects.delete(ObsPath.parse(uri))

    async def seed(self) -> None:
        """Code, data and a bucket for results."""
        await self.put("obs://bucket/code/app/train.py")
        await self.put("obs://bucket/code/other.py")
        await self.put("obs://bucket/data/a.png")
        await self.put("obs://bucket/data/deep/b.png")
        await self.put("obs://results/old/model.bin")

    async def create(self, **changes: Any) -> str:
        """A job of Alice's; returns its id."""
        answer = await jobs.create(self.ctx, ALICE, job_body(**changes), EN)
        return answer.metadata.id

    def read(self, job_id: str) -> JobHistory:
        """What is stored of a job."""
        with self.ctx.units(PLATFORM, write=False) as uow:
            return read_history(uow, job_id)

    def events(self, job_id: str) -> list[Event]:
        """Its events."""
        with self.ctx.units(PLATFORM, write=False) as uow:
            return list(uow.events.list_of_job(job_id))

    def step(self, job_id: str, state: RunState | None = None, *, wait: Note | None = None) -> Job:
        """One pass of the control loop over the job, the backend answering `state`."""
        seen = Observation(state, wait=wait) if state else None
        with self.ctx.units(PLATFORM) as uow:
            (claim,) = uow.leases.claim_due("test", self.clock.ms, lease_ms=60_000, limit=1, job_ids=[job_id])
            planned = plan(
                Snapshot(claim.job, claim.attempt, claim.tasks, seen), self.clock.ms, up_since_ms=0
            )
            if planned.closed is not None:
                uow.leases.save(claim, planned.job, planned.closed, ())
            uow.leases.save(claim, planned.job, planned.attempt, planned.events)
            uow.leases.release(claim, planned.due_at_ms)
            uow.commit()
        return planned.job

    async def running(self, **changes: Any) -> str:
        """A job whose tasks have all registered."""
        job_id = await self.create(**changes)
        self.step(job_id)
        for task in self.read(job_id).job.launch.task_names():
            await reports.register(self.ctx, f"{job_id}-a1", task, REGISTRATION)
        self.step(job_id, RunState.RUNNING)
        return job_id

    async def ended(self, **changes: Any) -> str:
        """A job that has completed."""
        job_id = await self.running(**changes)
        for task in self.read(job_id).job.launch.task_names():
            await reports.report(self.ctx, f"{job_id}-a1", task, done())
        self.step(job_id, RunState.RUNNING)
        self.step(job_id, RunState.GONE)
        return job_id

    def task(self, job_id: str, name: str = "worker-0") -> TaskState:
        """A task of the latest attempt."""
        return next(task for task in self.read(job_id).current_tasks() if task.name == name)

    def attempt(self, job_id: str) -> Attempt:
        """The latest attempt."""
        return self.read(job_id).attempts[-1]


def done(exit_code: int = 0, reason: str = "completed") -> Report:
    """A final report."""
    final = FinalResult.model_validate({"reason": reason, "exit_code": exit_code})
    return Report(step="linger", started_at_ms=START_MS + 5, final=final)


async def pieces_of(data: bytes) -> AsyncIterator[bytes]:
    """`data` as a stream."""
    yield data


def job_body(**changes: Any) -> dict[str, Any]:
    """A body that is accepted; `changes` name fields as `algorithm__inputs`, `...` as value leaves the field out."""
    body: dict[str, Any] = {
        "kind": "job",
        "metadata": {"name": "digits", "description": "first"},
        "algorithm": {
            "code_dir": "obs://bucket/code/app/",
            "boot_file": "obs://bucket/code/app/train.py",
            "engine": {"engine_id": "py-1"},
            "parameters": [{"name": "lr", "value": "0.1"}],
            "inputs": [{"name": "data_url", "remote": {"obs": {"obs_url": "obs://bucket/data/"}}}],
            "outputs": [{"name": "train_url", "remote": {"obs": {"obs_url": "obs://results/run1/"}}}],
            "environments": {"SEED": "7"},
        },
        "spec": {"resource": {"flavor_id": "cpu.1", "node_count": 1}},
    }
    for dotted, value in changes.items():
        *parents, leaf = dotted.split("__")
        part = body
        for name in parents:
            part = part.setdefault(name, {})
        if value is ...:
            part.pop(leaf, None)
        else:
            part[leaf] = value
    return body


def remote(url: object) -> dict[str, Any]:
    """A channel's place."""
    return {"obs": {"obs_url": url}}


def channel(name: str, url: str = "obs://bucket/data/", **more: Any) -> dict[str, Any]:
    """A channel."""
    return {"name": name, "remote": remote(url), **more}


def make_schema(file: Path) -> Path:
    """A new SQLite file with the current schema, to be copied: migrating takes ten times as long."""
    upgrade(f"sqlite:///{file}")
    return file


@contextmanager
def open_world(folder: Path, schema: Path) -> Iterator[World]:
    """A world in `folder`, on a copy of the SQLite file `schema`."""
    file = shutil.copy(schema, folder / "test.db")
    database = Database.open(f"sqlite:///{file}")
    _add_people(database)
    objects, backend, clock = MemoryStore(), FakeBackend(), HandClock()
    woken: list[str] = []
    events_told: list[str] = []
    logs_told: list[tuple[str, str]] = []
    with Threads(4) as threads:
        ctx = Services(
            units=database.units,
            objects=objects,
            logs=FolderLogs(folder / "logs", clock),
            backend=backend,
            catalogue=CATALOGUE,
            clock=clock,
            blocking=threads,
            wake=woken.append,
            log_grown=lambda key, task: logs_told.append((key, task)),
            events_grown=events_told.append,
            server_url="http://127.0.0.1:8000/",
            secret=b"secret",
        )
        yield World(ctx, objects, backend, clock, woken, events_told, logs_told)
    database.close()


def _add_people(database: Database) -> None:
    """Alice's project is the first: buckets that nobody has claimed are hers."""
    with database.units(PLATFORM) as uow:
        for seen, who in enumerate((ALICE, BOB)):
            uow.principals.add_user(User(who.user_id, who.user_name, who.project_id, is_admin=False), seen)
        uow.commit()
