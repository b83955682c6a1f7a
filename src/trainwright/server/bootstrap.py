"""Builds the house: the only place that knows every adapter."""

import asyncio
import logging
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import FastAPI

from trainwright.backends.local.backend import LocalBackend
from trainwright.backends.local.settings import LocalSettings
from trainwright.backends.py_spy import lay_py_spy
from trainwright.backends.runner_archive import build as build_runner
from trainwright.backends.slurm import SlurmBackend
from trainwright.backends.slurm.mailbox import FOLDER, Mailbox
from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.engines import CatalogueError, load_engines
from trainwright.catalog.flavors import load_flavors
from trainwright.catalog.images import load_images
from trainwright.control.chores import (
    Chore,
    change_expiry,
    creation_expiry,
    dataset_versions,
    fixed_pools,
    link_expiry,
    log_metrics,
    log_sweep,
    metric_thinning,
    node_isolation,
    orphan_sweep,
    output_sweep,
)
from trainwright.control.hints import Hints
from trainwright.control.loop import ControlLoop
from trainwright.control.model_chores import checkpoint_retention, model_keeping, model_sweep
from trainwright.db.database import Database
from trainwright.db.migrate import SchemaUnknown, upgrade
from trainwright.domain.errors import TrainwrightError, Unavailable
from trainwright.ports.backend import Backend, BackendError, Capacity, Node, Nodes, Runs
from trainwright.ports.clock import Clock, SystemClock
from trainwright.ports.objects import ObjectStore
from trainwright.ports.uow import PLATFORM, UnitOfWorkFactory
from trainwright.server.app import create_app
from trainwright.server.audit_spool import AuditSpool
from trainwright.server.audit_trail import AuditTrail
from trainwright.server.broadcast import Broadcast
from trainwright.server.dependencies import Wiring
from trainwright.server.instance import CannotStart
from trainwright.server.private_files import read_json, read_or_create, write_private_json
from trainwright.server.retention import retention
from trainwright.server.settings import Settings
from trainwright.server.streams import events_topic, log_topic
from trainwright.server.threads import Threads
from trainwright.services import isolation, principals
from trainwright.services.context import Services
from trainwright.services.key_pairs import KeyPair, new_key_pair
from trainwright.services.pools import announce, learn_fixed
from trainwright.storage.folder import FolderStore
from trainwright.storage.logs import FolderLogs
from trainwright.storage.s3 import S3Store
from trainwright.storage.s3_calls import S3Settings
from trainwright.storage.uploads import Uploads

log = logging.getLogger(__name__)

ADMIN_FILE = "admin.json"
SECRET_FILE = "secret.key"
OWNER_FILE = "server.id"
ENGINES_FILE = "engines.yaml"
FLAVORS_FILE = "flavors.yaml"
IMAGES_FILE = "images.yaml"
RUNNER_FILE = "runner.pyz"
LOCAL = "local"  # the backend that is this machine
BUCKETS = "buckets"
LOGS = "logs"
UPLOADS = "uploads"
AUDIT = "audit"
PURGE_EVERY_S = 6 * 3600.0
THREADS = 16
SECRET_BYTES = 32


@dataclass(frozen=True)
class House:
    """Everything that runs in one server process."""

    settings: Settings
    url: str
    app: FastAPI
    wiring: Wiring
    broadcast: Broadcast
    services: Services
    control: ControlLoop
    launcher: str
    launcher_note: str
    mailbox: Mailbox | None = None
    retry_s: float = 1.0
    trail: AuditTrail | None = None

    async def work(self) -> None:
        """The control loop and the backend's own work, until cancelled; cancelling leaves every job running."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._reconcile())
                if isinstance(self.services.backend, Runs):
                    tasks.create_task(self.services.backend.run())
                if self.mailbox is not None:
                    tasks.create_task(self.mailbox.run())
        finally:
            if self.trail is not None:
                await self.trail.store_if_due()  # what is left comes at the next start

    async def _reconcile(self) -> None:
        """A database that is away, or a full disk, interrupts the loop; it never ends the server."""
        while True:
            try:
                await self.control.run()
            except* Unavailable as away:
                log.error("control_interrupted", extra={"error": str(away.exceptions[0])})
            await asyncio.sleep(self.retry_s)


@asynccontextmanager
async def open_house(settings: Settings, url: str) -> AsyncIterator[House]:
    """The house for `settings`, reached at `url` by programs on this machine; closed at the end.

    Raises:
        CannotStart: the database, the catalogue, the store or the backend cannot be used.
    """
    with Threads(THREADS) as blocking:
        base = _Base(settings, url, blocking, SystemClock(), Broadcast(), Hints())
        async with _database(base) as database, _object_store(settings) as objects:
            services = await _services(base, database.units, objects)
            await learn_fixed(services)
            await announce(services)
            await isolation.announce(services)
            house = await _house(base, services)
            database.tell_of_jobs(house.wiring.job_feed.heard)
            yield house


@dataclass(frozen=True)
class _Base:
    """What all parts are built on."""

    settings: Settings
    url: str
    blocking: Threads
    clock: Clock
    broadcast: Broadcast
    hints: Hints


async def _services(base: _Base, units: UnitOfWorkFactory, objects: ObjectStore) -> Services:
    settings, broadcast, blocking = base.settings, base.broadcast, base.blocking
    secret = read_or_create(settings.data_dir / SECRET_FILE, lambda: secrets.token_bytes(SECRET_BYTES))
    await blocking(_ensure_admin, units, settings.data_dir, base.clock.now_ms(), secret)
    backend = await _backend(base)
    return Services(
        units=units,
        objects=objects,
        logs=FolderLogs(settings.data_dir / LOGS),
        backend=backend,
        catalogue=await _catalogue(settings, backend),
        clock=base.clock,
        blocking=blocking,
        wake=base.hints.wake,
        log_grown=lambda attempt_key, task: broadcast.grown(log_topic(attempt_key, task)),
        events_grown=lambda job_id: broadcast.grown(events_topic(job_id)),
        server_url=_url_of_nodes(base),
        secret=secret,
        upload_period_s=settings.upload_period_s,
        log_limit_bytes=settings.log_limit_bytes,
        public_url=settings.public_url or base.url,
        check=settings.precheck.limits(cluster=backend.name != LOCAL),
        quiet=settings.hang.limits(),
        preemption=settings.pool.preemption,
    )


async def _house(base: _Base, services: Services) -> House:
    settings = base.settings
    owner = read_or_create(settings.data_dir / OWNER_FILE, lambda: secrets.token_hex(8).encode()).decode()
    uploads = Uploads(settings.data_dir / UPLOADS, services.objects)
    chores = [
        orphan_sweep(services),
        metric_thinning(services),
        dataset_versions(services),
        log_sweep(services),
        log_metrics(services),
        output_sweep(services),
        link_expiry(services),
        creation_expiry(services),
        change_expiry(services),
        node_isolation(services),
        fixed_pools(services),
    ]
    chores += [model_keeping(services), model_sweep(services), checkpoint_retention(services)]
    chores.append(_upload_purge(uploads, services.clock))
    if settings.retention_days:
        chores.append(retention(services, settings.retention_days))
    wiring = Wiring(
        services, uploads, base.broadcast, settings.language, admin_file=settings.data_dir / ADMIN_FILE
    )
    trail = AuditTrail(services, AuditSpool(settings.data_dir / AUDIT))
    chores += trail.chores(settings.audit.keep())
    wiring = replace(wiring, audit=trail)
    capacity = await _probe(services.backend)
    app = create_app(wiring)
    return House(
        settings=settings,
        url=base.url,
        app=app,
        wiring=wiring,
        mailbox=_mailbox(services.server_url, app),
        broadcast=base.broadcast,
        services=services,
        control=ControlLoop(services, base.hints, owner=owner, chores=tuple(chores)),
        launcher=capacity.launcher,
        launcher_note=capacity.launcher_note,
        trail=trail,
    )


def _upload_purge(uploads: Uploads, clock: Clock) -> Chore:
    async def purge() -> None:
        removed = await uploads.purge(clock.now_ms())
        log.info("uploads_purged", extra={"uploads": removed})

    return Chore("upload_purge", PURGE_EVERY_S, purge)


@asynccontextmanager
async def _database(base: _Base) -> AsyncIterator[Database]:
    url = base.settings.database
    try:
        await base.blocking(upgrade, url)
        database = await base.blocking(Database.open, url)
    except (ValueError, OSError, SchemaUnknown, TrainwrightError) as exc:
        raise CannotStart(f"The database cannot be used: {exc}") from exc
    try:
        yield database
    finally:
        database.close()


def _ensure_admin(units: UnitOfWorkFactory, data_dir: Path, now_ms: int, secret: bytes) -> None:
    """Make the first user. Their secrets are on disk before they are in the database: no crash can lose them."""
    with units(PLATFORM, write=False) as uow:
        if uow.principals.has_users():
            return
    path = data_dir / ADMIN_FILE
    known = read_json(path)
    pair = new_key_pair()
    stored = {
        "project_id": secrets.token_hex(16),
        "user": principals.ADMIN_NAME,
        "token": principals.new_token(),
    }
    if stored.keys() <= known.keys():
        stored = known
    if not {"access_key", "secret_key"} <= stored.keys():
        stored = {**stored, "access_key": pair.access_key, "secret_key": pair.secret_key}
    if stored != known:
        write_private_json(path, stored)
    first = principals.FirstSecrets(stored["token"], KeyPair(stored["access_key"], stored["secret_key"]))
    principals.bootstrap_admin(
        units, now_ms, secret=secret, user_name=stored["user"], project_id=stored["project_id"], first=first
    )
    log.info("admin_created", extra={"user": stored["user"], "project": stored["project_id"]})


@asynccontextmanager
async def _object_store(settings: Settings) -> AsyncIterator[ObjectStore]:
    store = settings.storage
    if store.kind == "folder":
        yield FolderStore(settings.data_dir / BUCKETS)
        return
    try:
        service = S3Settings(
            endpoint=store.endpoint,
            region=store.region,
            access_key=store.access_key,
            secret_key=store.secret_key.get_secret_value(),
            path_style=store.path_style,
            allow_http=store.allow_http,
        )
    except ValueError as exc:
        raise CannotStart(f"The object store cannot be used: {exc}") from exc
    remote = S3Store(service)
    try:
        yield remote
    finally:
        await remote.close()


async def _backend(base: _Base) -> Backend:
    return await (_slurm_backend(base) if base.settings.backend == "slurm" else _local_backend(base))


async def _slurm_backend(base: _Base) -> SlurmBackend:
    try:
        slurm = base.settings.slurm.to_settings(base.settings.sandbox)
        await base.blocking(build_runner, slurm.archive)
        await base.blocking(lay_py_spy, slurm.py_spy)
    except (ValueError, OSError) as exc:
        raise CannotStart(f"The slurm backend cannot work: {exc}") from exc
    return SlurmBackend(slurm, clock=base.clock, on_change=base.hints.wake)


async def _local_backend(base: _Base) -> LocalBackend:
    settings = base.settings
    archive = await base.blocking(build_runner, settings.data_dir / RUNNER_FILE)
    local = LocalSettings(
        data_dir=settings.data_dir,
        runner_argv=(sys.executable, "-I", "-S", str(archive), "supervise"),
        cpus=settings.pool.cpus,
        memory_mib=settings.pool.memory_mib,
        sandbox=settings.sandbox,
        server_url=base.url,
    )
    return LocalBackend(local, clock=base.clock, on_change=base.hints.wake)


def _mailbox(url: str, app: FastAPI) -> Mailbox | None:
    """The folder through which nodes talk to us, where that is how they reach us."""
    return Mailbox(Path(url.removeprefix(FOLDER)), app) if url.startswith(FOLDER) else None


def _url_of_nodes(base: _Base) -> str:
    """How runners reach this server."""
    settings = base.settings
    if settings.backend == LOCAL:
        return base.url
    return settings.slurm.server_url or settings.public_url or base.url


async def _probe(backend: Backend) -> Capacity:
    try:
        return await backend.probe()
    except BackendError as exc:
        raise CannotStart(f"The {backend.name} backend cannot work: {exc}") from exc


async def _nodes(backend: Backend) -> Sequence[Node]:
    """The machines of the public pool, for deriving flavors; none where there is only one."""
    try:
        nodes = await backend.nodes() if isinstance(backend, Nodes) else ()
    except BackendError as exc:
        raise CannotStart(f"The {backend.name} backend cannot work: {exc}") from exc
    public = [node for node in nodes if "" in node.pools]
    return public if len(public) > 1 else ()


async def _catalogue(settings: Settings, backend: Backend) -> Catalogue:
    """Engines, flavors and images from the admin's files where there are some, else ours and what the machine has."""
    named = settings.engines_file
    if named and not named.exists():
        raise CannotStart(f"engines_file: there is no {named}.")
    try:
        return Catalogue(
            engines=load_engines(named or settings.data_dir / ENGINES_FILE),
            flavors=load_flavors(
                settings.data_dir / FLAVORS_FILE, await _probe(backend), await _nodes(backend)
            ),
            images=load_images(settings.data_dir / IMAGES_FILE),
        )
    except CatalogueError as exc:
        raise CannotStart(str(exc)) from exc
