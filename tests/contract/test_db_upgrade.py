"""A database of the first release, brought up to date: its admin, their token and their project go on as before."""

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
