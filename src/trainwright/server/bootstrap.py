"""Builds the house: the only place that knows every adapter."""

import asyncio
import logging
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from trainwright.backends.local.backend import LocalBackend
from trainwright.backends.local.settings import LocalSettings
from trainwright.backends.runner_archive import build as build_runner
from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.engines import CatalogueError, load_engines
from trainwright.catalog.flavors import derive_flavors
from trainwright.control.chores import metric_thinning, orphan_sweep
from trainwright.control.hints import Hints
from trainwright.control.loop import ControlLoop
from trainwright.db.database import Database
from trainwright.db.migrate import SchemaUnknown, upgrade
from trainwright.domain.errors import TrainwrightError
from trainwright.ports.backend import Backend, BackendError, Runs
from trainwright.ports.clock import SystemClock
from trainwright.ports.objects import ObjectStore
from trainwright.ports.uow import PLATFORM, UnitOfWorkFactory
from trainwright.server.app import create_app
from trainwright.server.broadcast import Broadcast
from trainwright.server.dependencies import Wiring
from trainwright.server.instance import CannotStart
from trainwright.server.private_files import read_json, read_or_create, write_private_json
from trainwright.server.retention import retention
from trainwright.server.settings import Settings
from trainwright.server.streams import events_topic, log_topic
from trainwright.server.threads import Threads
from trainwright.services import principals
from trainwright.services.context import Services
from trainwright.storage.folder import FolderStore
from trainwright.storage.logs import FolderLogs
from trainwright.storage.s3 import S3Store
from trainwright.storage.uploads import Uploads

log = logging.getLogger(__name__)

ADMIN_FILE = "admin.json"
SECRET_FILE = "secret.key"
OWNER_FILE = "server.id"
BUCKETS = "buckets"
LOGS = "logs"
THREADS = 16
SECRET_BYTES = 32


@dataclass(frozen=True)
class House:
    """Everything that runs in one server process."""

    settings: Settings
    url: str
    app: FastAPI
    broadcast: Broadcast
    services: Services
    control: ControlLoop
    launcher: str
    launcher_note: str

    async def work(self) -> None:
        """The control loop and the backend's own work, until cancelled; cancelling leaves every job running."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.control.run())
            if isinstance(self.services.backend, Runs):
                tasks.create_task(self.services.backend.run())


@asynccontextmanager
async def open_house(settings: Settings, url: str) -> AsyncIterator[House]:
    """The house for `settings`, reached at `url` by programs on this machine; closed at the end.

    Raises:
        CannotStart: the database, the catalogue, the store or the backend cannot be used.
    """
    with Threads(THREADS) as blocking, closing(await blocking(_open_database, settings)) as database:
        clock = SystemClock()
        await blocking(_ensure_admin, database.units, settings.data_dir, clock.now_ms())
        secret = read_or_create(
            settings.data_dir / SECRET_FILE, lambda: secrets.token_bytes(SECRET_BYTES)
        )
        backend = await blocking(_local_backend, settings)
        broadcast, hints = Broadcast(), Hints()
        services = Services(
            units=database.units,
            objects=_object_store(settings),
            logs=FolderLogs(settings.data_dir / LOGS),
            backend=backend,
            catalogue=await _catalogue(settings, backend),
            clock=clock,
            blocking=blocking,
            wake=hints.wake,
            log_grown=lambda attempt_key, task: broadcast.grown(log_topic(attempt_key, task)),
            events_grown=lambda job_id: broadcast.grown(events_topic(job_id)),
            server_url=url,
            secret=secret,
            upload_period_s=settings.upload_period_s,
            log_limit_bytes=settings.log_limit_bytes,
        )
        yield await _house(settings, url, services, hints, broadcast)


async def _house(
    settings: Settings, url: str, services: Services, hints: Hints, broadcast: Broadcast
) -> House:
    owner = read_or_create(settings.data_dir / OWNER_FILE, lambda: secrets.token_hex(8).encode()).decode()
    chores = [orphan_sweep(services), metric_thinning(services)]
    if settings.retention_days:
        chores.append(retention(services, settings.retention_days))
    uploads = Uploads(services.objects, settings.data_dir / "uploads")
    wiring = Wiring(services, uploads, broadcast, settings.language)
    capacity = await services.backend.probe()
    return House(
        settings=settings,
        url=url,
        app=create_app(wiring),
        broadcast=broadcast,
        services=services,
        control=ControlLoop(services, hints, owner=owner, chores=tuple(chores)),
        launcher=capacity.launcher,
        launcher_note=capacity.launcher_note,
    )


def _open_database(settings: Settings) -> Database:
    try:
        upgrade(settings.database)
        return Database.open(settings.database)
    except (ValueError, OSError, SchemaUnknown, TrainwrightError) as exc:
        raise CannotStart(f"The database cannot be used: {exc}") from exc


def _ensure_admin(units: UnitOfWorkFactory, data_dir: Path, now_ms: int) -> None:
    """Make the first user. Their token is on disk before it is in the database, so that no crash can lose it."""
    with units(PLATFORM, write=False) as uow:
        if uow.principals.has_users():
            return
    path = data_dir / ADMIN_FILE
    stored = read_json(path)
    if not {"project_id", "user", "token"} <= stored.keys():
        stored = {
            "project_id": secrets.token_hex(16),
            "user": principals.ADMIN_NAME,
            "token": principals.new_token(),
        }
        write_private_json(path, stored)
    principals.bootstrap_admin(
        units, now_ms, user_name=stored["user"], project_id=stored["project_id"], token=stored["token"]
    )
    log.info("admin_created", extra={"user": stored["user"], "project": stored["project_id"]})


def _object_store(settings: Settings) -> ObjectStore:
    store = settings.storage
    if store.kind == "folder":
        return FolderStore(settings.data_dir / BUCKETS)
    return S3Store(
        endpoint=store.endpoint,
        region=store.region,
        path_style=store.path_style,
        access_key=store.access_key,
        secret_key=store.secret_key.get_secret_value(),
        allow_http=store.allow_http,
    )


def _local_backend(settings: Settings) -> LocalBackend:
    archive = build_runner(settings.data_dir)
    try:
        return LocalBackend(
            LocalSettings(
                data_dir=settings.data_dir,
                runner_argv=(sys.executable, "-I", str(archive), "supervise"),
                cpus=settings.pool.cpus,
                memory_mib=settings.pool.memory_mib,
                sandbox=settings.sandbox,
            )
        )
    except BackendError as exc:
        raise CannotStart(f"The local backend cannot work: {exc}") from exc


async def _catalogue(settings: Settings, backend: Backend) -> Catalogue:
    try:
        engines = load_engines(settings.engines_file or settings.data_dir / "engines.yaml")
        return Catalogue(engines=engines, flavors=derive_flavors(await backend.probe()))
    except (CatalogueError, BackendError) as exc:
        raise CannotStart(str(exc)) from exc
