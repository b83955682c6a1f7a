"""A database of the first release, brought up to date: its admin, their token and their project go on as before."""

import json

import sqlalchemy as sa
from alembic import command

from tests.contract.db_fixtures import PROJECT
from trainwright.db import migrate
from trainwright.db.database import Database
from trainwright.db.engines import open_migrator
from trainwright.db.urls import database_url
from trainwright.domain.access import ADMINISTRATOR, Action
from trainwright.ports.uow import PLATFORM

HASH = "0123456789abcdef" * 4


def test_first_release_goes_on(empty_url: str) -> None:
    """Guards people who were there before roles: the admin rules their project, which can be logged in to by name."""
    url = database_url(empty_url)
    with open_migrator(url).begin() as connection:
        command.upgrade(migrate.alembic_config(connection), "0001")
        for statement in (
            f"INSERT INTO projects (id, created_at_ms) VALUES ('{PROJECT}', 5)",
            "INSERT INTO projects (id, created_at_ms) VALUES ('later', 6)",
            "INSERT INTO users (id, name, project_id, is_admin, created_at_ms) "
            f"VALUES ('u', 'admin', '{PROJECT}', true, 5)",
            f"INSERT INTO tokens (hash, user_id, enabled, created_at_ms) VALUES ('{HASH}', 'u', true, 5)",
        ):
            connection.execute(sa.text(statement))
    migrate.upgrade(empty_url)
    database = Database.open(empty_url)
    with database.units(PLATFORM) as uow:
        found = uow.principals.find_by_token(HASH, 10)
        assert found is not None and found.is_admin and Action.USER_CREATE in found.actions
        admin = uow.principals.find_user("default", "admin")
        assert admin is not None and (admin.roles, admin.enabled) == ((ADMINISTRATOR,), True)
        assert [project.name for project in uow.principals.list_projects()[1]] == ["default", "later"]
        total, (token,) = uow.principals.list_tokens("u")
        assert (total, token.id, token.expires_at_ms) == (1, HASH[:32], 0)
        uow.principals.delete_token(token.id)
        assert uow.principals.find_by_token(HASH, 10) is None
    database.close()


def test_jobs_of_before_are_found_by_engine_flavor_and_priority(empty_url: str) -> None:
    """Guards the columns that searches read: filled from the launches of jobs that are there, of the right role."""
    url = database_url(empty_url)
    role: dict[str, object] = {"name": "ps", "flavor_id": "small", "main": False}
    worker = {**role, "name": "worker", "flavor_id": "large", "main": True}
    launches: dict[str, dict[str, object]] = {
        "plain": {"roles": [role], "engine": {"engine_id": "py"}, "priority": 3},
        "roles": {"roles": [role, {**worker, "work": {"engine": {"engine_id": "own"}}}], "priority": 2},
        "image": {"roles": [role, worker], "engine": None},
    }
    with open_migrator(url).begin() as connection:
        command.upgrade(migrate.alembic_config(connection), "0004")
        tables = sa.MetaData()
        tables.reflect(connection, only=["jobs", "job_documents"])
        for job_id, launch in launches.items():
            given = {"id": job_id, "name": job_id, "phase": "Completed", "public_phase": "Completed"}
            _insert(connection, tables.tables["jobs"], given)
            document = {"job_id": job_id, "launch": json.dumps(launch)}
            _insert(connection, tables.tables["job_documents"], document)
    migrate.upgrade(empty_url)
    with open_migrator(url).begin() as connection:
        rows = connection.execute(
            sa.text("SELECT id, engine_id, flavor_id, priority FROM jobs ORDER BY id")
        ).all()
    assert [tuple(row) for row in rows] == [
        ("image", "", "large", 1),
        ("plain", "py", "small", 3),
        ("roles", "own", "large", 2),
    ]


def _insert(connection: sa.Connection, table: sa.Table, given: dict[str, str]) -> None:
    """A row with `given`, and with nothing where something must be."""
    nothing: dict[str, object] = {}
    for column in table.columns:
        if not column.nullable and column.server_default is None:
            nothing[column.name] = {str: "", int: 0, bool: False}[column.type.python_type]
    connection.execute(sa.insert(table), [{**nothing, **given}])
