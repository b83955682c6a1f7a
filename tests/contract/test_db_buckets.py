"""Whose each bucket is, on both databases."""

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.ports.identity import User
from trainwright.ports.uow import PLATFORM, Scope

MINE = Scope(PROJECT, "ann")
THEIRS = Scope(OTHER_PROJECT, "bob")


@pytest.fixture
def owned(database: Database) -> Database:
    """Two projects, ours the older one; `theirs` is claimed by the other."""
    with database.units(PLATFORM) as uow:
        uow.principals.add_user(User("u1", "ann", PROJECT, is_admin=False), 1)
        uow.principals.add_user(User("u2", "bob", OTHER_PROJECT, is_admin=False), 2)
        assert uow.buckets.claim("theirs", OTHER_PROJECT, 3)
        uow.commit()
    return database


def test_before_there_is_a_project_a_bucket_is_nobodys(database: Database) -> None:
    """Guards the very first start against an answer that equals some project."""
    with database.units(PLATFORM, write=False) as uow:
        assert uow.buckets.owner("b") == ""


def test_a_bucket_without_a_row_is_the_first_projects(owned: Database) -> None:
    """Guards what lay in the store before buckets had owners, for whoever asks."""
    for scope in (PLATFORM, MINE, THEIRS):
        with owned.units(scope, write=False) as uow:
            assert uow.buckets.owner("old") == PROJECT
            assert uow.buckets.owner("theirs") == OTHER_PROJECT
            assert uow.buckets.owners(["theirs", "old"]) == {"theirs": OTHER_PROJECT, "old": PROJECT}
            assert uow.buckets.owners([]) == {}


def test_many_owners_are_asked_at_once(owned: Database) -> None:
    """Guards more names than a statement may have parameters."""
    names = [f"bucket-{number}" for number in range(1201)]
    with owned.units(THEIRS) as uow:
        assert uow.buckets.claim(names[-1], OTHER_PROJECT, 3)
        owners = uow.buckets.owners(names)
    assert owners == {**dict.fromkeys(names, PROJECT), names[-1]: OTHER_PROJECT}


def test_a_claim_stands_until_it_is_released(owned: Database) -> None:
    """Guards against taking over a name that is another's, and against names lost for ever."""
    with owned.units(THEIRS) as uow:
        assert uow.buckets.claim("theirs", OTHER_PROJECT, 9)
        with pytest.raises(ScopeBreach):
            uow.buckets.claim("new", PROJECT, 9)
    with owned.units(MINE) as uow:
        assert not uow.buckets.claim("theirs", PROJECT, 9)
        uow.buckets.release("theirs")
        uow.buckets.release("never")
        assert uow.buckets.claim("theirs", PROJECT, 10)
        uow.commit()
    with owned.units(THEIRS) as uow:
        assert not uow.buckets.claim("theirs", OTHER_PROJECT, 11)
        assert uow.buckets.owner("theirs") == PROJECT
