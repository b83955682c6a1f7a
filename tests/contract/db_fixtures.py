"""Both databases for the tests: `database` is an empty one of each kind in turn, migrated and opened.

The folder's `conftest.py` makes the fixtures known.
"""

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from trainwright.db import migrate
from trainwright.db.database import Database
from trainwright.domain.entities import Job
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import Channel, LaunchSpec, Resources, RoleSpec, ShellCommand
from trainwright.ports.uow import UnitOfWork

KINDS = ("sqlite", "postgresql")
PROJECT = "0123456789abcdef0123456789abcdef"
OTHER_PROJECT = "fedcba9876543210fedcba9876543210"
_SCRIPTS = Path(__file__).parents[2] / "scripts"
_TEMPLATE = "migrated"


class Postgres:
    """A running server. Databases are made from a template, which is quick."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._names = (f"test_{number}" for number in itertools.count())

    def create(self, template: str = "template0") -> str:
        """The URL of a new database."""
        return self.create_named(next(self._names), template)

    def create_named(self, name: str, template: str = "template0") -> str:
        """The URL of a new database of that name."""
        with psycopg.connect(self._url, autocommit=True, connect_timeout=10) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self._url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of our own. Not to be had: the tests fail, they are never skipped."""
    # Not pytest's folder: the server's user cannot pass through it.
    with tempfile.TemporaryDirectory(prefix="trainwright-", ignore_cleanup_errors=True) as folder:
        started = subprocess.run(
            [_SCRIPTS / "postgres-up", folder], capture_output=True, text=True, timeout=600, check=False
        )
        if started.returncode:
            pytest.fail(f"no PostgreSQL: {started.stderr}")
        try:
            yield Postgres(started.stdout.splitlines()[-1])
        finally:
            subprocess.run([_SCRIPTS / "postgres-down", folder], capture_output=True, timeout=60, check=True)


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> Postgres:
    """The server, with a migrated template."""
    migrate.upgrade(postgres.create_named(_TEMPLATE))
    return postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate.upgrade(str(path))
    return path


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create()


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated, empty database."""
    return make_url(request, request.param, tmp_path)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """It, opened."""
    opened = Database.open(url)
    yield opened
    opened.close()


def make_url(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    """The URL of a new migrated, empty database of that kind."""
    if kind == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")
        path = folder / "trainwright.db"
        shutil.copy(template, path)
        return f"sqlite:///{path}"
    server: Postgres = request.getfixturevalue("migrated_postgres")
    return server.create(_TEMPLATE)


def make_launch(job_id: str, project_id: str, *outputs: str, replicas: int = 1) -> LaunchSpec:
    """A command on `replicas` workers and one parameter server."""
    resources = Resources(cpus=1, memory_mib=512)
    command = ShellCommand(line="true")
    return LaunchSpec(
        job_id=job_id,
        job_name=f"name of {job_id}",
        project_id=project_id,
        roles=(
            RoleSpec(name="worker", replicas=replicas, resources=resources, flavor_id="f", command=command),
            RoleSpec(name="ps", replicas=1, resources=resources, flavor_id="f", command=command),
        ),
        outputs=tuple(
            Channel(name=f"out{index}", uri=uri, local_path=f"/out{index}")
            for index, uri in enumerate(outputs)
        ),
    )


def make_job(
    job_id: str,
    *outputs: str,
    project_id: str = PROJECT,
    name: str = "",
    phase: Phase = Phase.CREATING,
    created_at_ms: int = 1000,
    replicas: int = 1,
) -> Job:
    """A job as it is right after its creation."""
    return Job(
        id=job_id,
        project_id=project_id,
        workspace_id="0",
        name=name or f"name of {job_id}",
        description="what it is for",
        user_name="ann",
        kind="job",
        request={"metadata": {"name": name, "unknown": ["\u4e2d", "\x00"]}},
        launch=make_launch(job_id, project_id, *outputs, replicas=replicas),
        phase=phase,
        created_at_ms=created_at_ms,
    )


def describe(uow: UnitOfWork, job_id: str, text: str) -> None:
    """Change a job's description as a use case does."""
    uow.jobs.save_documents(replace(uow.jobs.get_to_change(job_id), description=text))
