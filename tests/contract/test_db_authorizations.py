"""Authorisations and options on both databases."""

from dataclasses import replace

import pytest

from tests.contract.db_fixtures import PROJECT
from tests.contract.workspace_fixtures import OWNER, STRANGER, add_people
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.ports.uow import UnitOfWork
from trainwright.ports.workspaces import Authorization


def make(user_id: str, created_at_ms: int, name: str = "") -> Authorization:
    """An access key of a user."""
    return Authorization(
        PROJECT, user_id, name or user_id, "iam", "credential", "AK", "sealed", created_at_ms
    )


def users(uow: UnitOfWork, sort_by: str = "user_name", *, descending: bool = False) -> list[str]:
    """Whose they are."""
    page = uow.authorizations.search(sort_by=sort_by, descending=descending, offset=0, limit=10)[1]
    return [authorization.user_id for authorization in page]


def test_a_user_has_one_authorisation(database: Database) -> None:
    """Guards every column, and that a new one replaces the former."""
    add_people(database)
    with database.units(OWNER) as uow:
        uow.authorizations.put(make("u-ann", 1))
        uow.authorizations.put(replace(make("u-ann", 2), type="agency", content="name", sealed_secret=""))
        uow.authorizations.put(make("u-bob", 3))
        uow.commit()
    with database.units(OWNER, write=False) as uow:
        total, page = uow.authorizations.search(sort_by="user_name", descending=False, offset=0, limit=1)
        assert total == 2
        assert page == (
            Authorization(PROJECT, "u-ann", "u-ann", "iam", "agency", "name", "", created_at_ms=2),
        )


def test_lists_are_sorted_and_deleted_from(database: Database) -> None:
    """Guards the order, and deleting one, none and all."""
    add_people(database)
    with database.units(OWNER) as uow:
        for user, at_ms, name in (("u-1", 3, "b"), ("u-2", 1, "c"), ("u-3", 2, "a")):
            uow.authorizations.put(make(user, at_ms, name))
        assert users(uow) == ["u-3", "u-1", "u-2"]
        assert users(uow, "create_time", descending=True) == ["u-1", "u-3", "u-2"]
        assert uow.authorizations.delete("u-1") == 1
        assert uow.authorizations.delete("u-1") == 0
        assert uow.authorizations.delete("") == 2


def test_projects_do_not_mix(database: Database) -> None:
    """Guards reading, replacing and deleting against another project."""
    add_people(database)
    with database.units(OWNER) as uow:
        uow.authorizations.put(make("u-ann", 1))
        uow.authorizations.set_option("auth-mode", "strict")
        uow.commit()
    with database.units(STRANGER) as uow:
        assert users(uow) == []
        assert uow.authorizations.delete("") == 0
        assert uow.authorizations.option("auth-mode", "none") == "none"
        uow.authorizations.set_option("auth-mode", "loose")
        with pytest.raises(ScopeBreach):
            uow.authorizations.put(make("u-zoe", 1))
        uow.commit()
    with database.units(OWNER, write=False) as uow:
        assert users(uow) == ["u-ann"]
        assert uow.authorizations.option("auth-mode") == "strict"
