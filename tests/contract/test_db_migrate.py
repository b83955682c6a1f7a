"""The schema on both databases: made by migrations alone, by one process, whole, and protecting its invariants."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from tests.contract.db_fixtures import PROJECT, make_job
from trainwright.db import migrate
from trainwright.db.database import Database
from trainwright.db.engines import open_writer
from trainwright.db.schema import events, jobs, metadata
from trainwright.db.urls import database_url
from trainwright.domain.errors import DatabaseUnavailable
from trainwright.ports.uow import PLATFORM, JobQuery

_START = "import sys; from trainwright.db import migrate; sys.stdin.readline(); migrate.upgrade(sys.argv[1])"


def engine(url: str) -> Engine:
    return sa.create_engine(database_url(url), poolclass=NullPool)


def revision(url: str) -> str | None:
    with engine(url).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def test_metadata_and_migrations_agree(url: str) -> None:
    """Guards against a table changed in one place only: tables, columns, types, nullability, indexes, keys."""
    with engine(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_constraints_agree(url: str) -> None:
    """Guards what autogenerate does not compare: primary keys, foreign keys' ON DELETE, CHECKs, collations."""
    found = sa.MetaData()
    with engine(url).connect() as connection:
        found.reflect(connection)
        for table in metadata.sorted_tables:
            made = found.tables[table.name]
            assert [column.name for column in made.primary_key] == [
                column.name for column in table.primary_key
            ]
            assert _checks(made) == _checks(table)
            assert _foreign_keys(made) == _foreign_keys(table)
            if connection.dialect.name == "postgresql":
                texts = [column.type for column in made.columns if isinstance(column.type, sa.Text)]
                assert {text.collation for text in texts} == {"C"}


def _checks(table: sa.Table) -> set[str]:
    named = (each.name for each in table.constraints if isinstance(each, sa.CheckConstraint))
    return {str(name).removeprefix(f"ck_{table.name}_") for name in named}


def _foreign_keys(table: sa.Table) -> set[tuple[str, str, str | None]]:
    return {
        (key.parent.name, key.target_fullname, each.ondelete)
        for each in table.foreign_key_constraints
        for key in each.elements
    }


def test_upgrading_twice_is_upgrading_once(url: str, database: Database) -> None:
    """Guards every restart: a current schema and its rows are left alone."""
    with database.units(PLATFORM) as uow:
        uow.jobs.add(make_job("job-1"))
        uow.commit()
    migrate.upgrade(url)
    assert revision(url) == migrate.head_revision()
    with database.units(PLATFORM, write=False) as uow:
        assert uow.jobs.search(JobQuery()).total == 1


def test_processes_that_start_at_once(empty_url: str) -> None:
    """Guards the first start of several servers on one database: all succeed, the schema is made once."""
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _START, empty_url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [(process.communicate(timeout=120)[1], process.returncode) for process in started]
    assert [code for _, code in ends] == [0] * 4, ends
    assert revision(empty_url) == migrate.head_revision()


def test_an_upgrade_that_breaks_off_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards against half a schema: DDL is rolled back with the rest, and the next start does it all."""
    upgrade = command.upgrade

    def break_off(config: Config, target: str) -> None:
        upgrade(config, target)
        raise InterruptedError

    monkeypatch.setattr(command, "upgrade", break_off)
    with pytest.raises(InterruptedError):
        migrate.upgrade(empty_url)
    with engine(empty_url).connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    monkeypatch.undo()
    migrate.upgrade(empty_url)
    assert revision(empty_url) == migrate.head_revision()


def test_a_newer_schema_is_refused(url: str) -> None:
    """Guards the data of a newer version against an older program; the message holds no password."""
    with engine(url).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.SchemaUnknown, match="9999"):
        migrate.upgrade(url)


def test_an_unreachable_server_is_said_so() -> None:
    """Guards the first line an admin sees when PostgreSQL is down."""
    url = "postgresql://user:secret@127.0.0.1:1/none"
    with pytest.raises(DatabaseUnavailable) as caught:
        migrate.upgrade(url)
    assert "secret" not in str(caught.value)
    opened = Database.open(url)
    with pytest.raises(DatabaseUnavailable), opened.units(PLATFORM):
        pass
    opened.close()


@pytest.mark.parametrize(
    "broken",
    [
        {"phase": "Sleeping", "public_phase": "Sleeping"},
        {"public_phase": "Running"},
        {"phase": "Completed", "public_phase": "Completed"},
        {"due_at_ms": None},
        {"lease_token": "t"},
        {"name": None},
    ],
)
def test_the_database_refuses_broken_rows(
    url: str, database: Database, broken: dict[str, str | None]
) -> None:
    """Guards invariants against mistakes in our own code: phases, the shown phase, due times, leases."""
    with database.units(PLATFORM) as uow:
        uow.jobs.add(make_job("job-1", project_id=PROJECT))
        uow.commit()
    with pytest.raises(IntegrityError), engine(url).begin() as connection:
        connection.execute(sa.update(jobs).values(broken))


def test_nothing_belongs_to_no_job(url: str) -> None:
    """Guards foreign keys, which SQLite checks only on connections that ask for it."""
    writer = open_writer(database_url(url))
    orphan = {"job_id": "none", "at_ms": 1, "code": "c", "slots": "{}", "level": "", "source": "", "task": ""}
    try:
        with pytest.raises(IntegrityError), writer.begin() as connection:
            connection.execute(sa.insert(events).values(orphan))
    finally:
        writer.dispose()


def test_sqlite_commits_survive_a_power_cut(tmp_path: Path) -> None:
    """Guards durability: WAL with a sync at each commit; and the file is its owner's alone."""
    path = tmp_path / "deep" / "er" / "new.db"
    migrate.upgrade(str(path))
    writer = open_writer(database_url(str(path)))
    with writer.connect() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    writer.dispose()
    assert values == ["wal", 2, 1, 30_000]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["", "mysql://h/d", "sqlite://", "sqlite:///:memory:", "://", "postgresql+asyncpg://h/d"]
)
def test_other_databases_are_refused(text: str) -> None:
    """Guards against starting on a database that cannot keep its promises."""
    with pytest.raises(ValueError, match=r"(?i)url|only|file"):
        Database.open(text)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("/a/b.db", "sqlite:////a/b.db"),
        ("sqlite:////a/b.db", "sqlite:////a/b.db"),
        ("postgresql://u:p@h:1/d?sslmode=require", "postgresql+psycopg://u:p@h:1/d?sslmode=require"),
        ("postgres://h/d", "postgresql+psycopg://h/d"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
    ],
)
def test_short_forms_of_urls(text: str, full: str) -> None:
    """Guards the forms that people type."""
    assert database_url(text).render_as_string(hide_password=False) == full
