"""The real application over a real database and a fake backend, driven in process or over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from tests.domain.builders import make_job, make_launch, make_role
from tests.fakes.backend import FakeBackend
from tests.fakes.objects import MemoryStore
from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.engines import load_engines
from trainwright.catalog.flavors import derive_flavors
from trainwright.control.hints import Hints
from trainwright.control.loop import ControlLoop
from trainwright.db.database import Database
from trainwright.db.migrate import upgrade
from trainwright.domain.entities import Job, TaskState
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import Resources, attempt_key
from trainwright.domain.texts import Language
from trainwright.ports.clock import SystemClock
from trainwright.ports.identity import Token, User
from trainwright.ports.uow import PLATFORM, Scope
from trainwright.server.app import create_app
from trainwright.server.broadcast import Broadcast
from trainwright.server.dependencies import Wiring
from trainwright.server.serving import HttpProtocol, WebServer
from trainwright.server.streams import events_topic, log_topic
from trainwright.server.threads import Threads
from trainwright.services import principals, tokens
from trainwright.services.context import Services
from trainwright.storage.logs import FolderLogs
from trainwright.storage.uploads import Uploads

PROJECT = "p" * 32
TOKEN = "tw_test"


@dataclass
class ServerWorld:
    """One server without its process. `step` plays the control loop."""

    services: Services
    backend: FakeBackend
    broadcast: Broadcast
    control: ControlLoop
    app: FastAPI
    names: list[str] = field(default_factory=list)

    def client(self, *, token: str = TOKEN, **headers: str) -> httpx.AsyncClient:
        """In-process calls; answers come as a whole."""
        sent = {"X-Auth-Token": token} if token else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://test",
            headers={**sent, **headers},
        )

    @asynccontextmanager
    async def live(self) -> AsyncIterator[httpx.AsyncClient]:
        """Calls over a real socket to a real uvicorn on any free port."""
        ready = asyncio.Event()
        config = uvicorn.Config(
            self.app,
            http=HttpProtocol,
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = WebServer(config, ready.set)
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen(512)
            task = asyncio.create_task(server.serve([sock]))
            await ready.wait()
            try:
                async with httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{sock.getsockname()[1]}",
                    headers={"X-Auth-Token": TOKEN},
                    limits=httpx.Limits(max_connections=None),
                    trust_env=False,
                    timeout=20,
                ) as client:
                    yield client
            finally:
                self.broadcast.close()
                server.should_exit = True
                await task

    def add_job(self, name: str = "job", **launch_changes: Any) -> Job:
        """A job as the create service leaves it."""
        job_id = f"00000000-0000-4000-8000-{len(self.names):012}"
        self.names.append(name)
        launch = make_launch(make_role(), job_id=job_id, job_name=name, project_id=PROJECT, **launch_changes)
        job = replace(make_job(launch=launch), created_at_ms=self.services.clock.now_ms())
        with self.services.units(Scope(PROJECT, "admin")) as uow:
            uow.jobs.add(job)
            uow.commit()
        return job

    async def start_job(self, name: str = "job", **launch_changes: Any) -> Job:
        """A job whose first attempt runs."""
        job = self.add_job(name, **launch_changes)
        await self.step(job)
        self.backend.set_state(attempt_key(job.id, 1), Observation(RunState.RUNNING))
        self.report(job, registered_at_ms=self.services.clock.now_ms())
        await self.step(job)
        return job

    async def finish_job(self, job: Job) -> None:
        """Its tasks report success and nothing is left on the backend: it ends Completed."""
        now_ms = self.services.clock.now_ms()
        self.report(job, reason=Reason.COMPLETED, exit_code=0, ended_at_ms=now_ms)
        self.services.events_grown(job.id)
        await self.step(job)
        self.backend.finish(attempt_key(job.id, 1))
        await self.step(job)

    async def step(self, job: Job) -> None:
        """Let the control loop look at the job until nothing changes."""
        for _ in range(4):
            await self.control.pass_once((job.id,))

    def report(self, job: Job, **changes: Any) -> None:
        """All runners of the first attempt report the same thing."""
        with self.services.units(PLATFORM) as uow:
            for task in uow.tasks.list_of_attempt(attempt_key(job.id, 1)):
                changed: TaskState = replace(task, **changes)
                uow.tasks.save(changed, make_due=True)
            uow.commit()

    def runner(self, job: Job, *, token: str | None = None) -> httpx.AsyncClient:
        """A client of the runner routes of the job's first attempt, task worker-0."""
        key = attempt_key(job.id, 1)
        shown = tokens.derive(self.services.secret, key) if token is None else token
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url=f"http://test/runner/v1/attempts/{key}/tasks/worker-0",
            headers={"Authorization": f"Bearer {shown}"},
        )


@asynccontextmanager
async def open_world(root: Path) -> AsyncIterator[ServerWorld]:
    """A world in `root`; closed at the end."""
    url = f"sqlite:///{root / 'server.db'}"
    upgrade(url)
    with Threads(4) as blocking, closing(Database.open(url)) as database:
        backend = FakeBackend(total=Resources(cpus=4, memory_mib=8192))
        broadcast, hints = Broadcast(), Hints()
        services = Services(
            units=database.units,
            objects=MemoryStore(),
            logs=FolderLogs(root / "logs"),
            backend=backend,
            catalogue=Catalogue(engines=load_engines(), flavors=derive_flavors(await backend.probe())),
            clock=SystemClock(),
            blocking=blocking,
            wake=hints.wake,
            log_grown=lambda key, task: broadcast.grown(log_topic(key, task)),
            events_grown=lambda job_id: broadcast.grown(events_topic(job_id)),
            server_url="http://test",
            secret=b"secret",
        )
        admin = User("u", "admin", PROJECT, is_admin=True)
        with database.units(PLATFORM) as uow:
            uow.principals.add_user(admin, 0)
            uow.principals.add_token(Token("t", admin.id), principals.hash_token(TOKEN))
            uow.commit()
        wiring = Wiring(services, Uploads(root / "uploads", services.objects), broadcast, Language.EN)
        database.tell_of_jobs(wiring.job_feed.heard)
        control = ControlLoop(services, hints, owner="test")
        yield ServerWorld(services, backend, broadcast, control, create_app(wiring))
