"""The audit trail on both databases."""

from dataclasses import replace

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from trainwright.db.audit import id_at
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.ports.audit import AuditQuery, AuditRecord, Outcome
from trainwright.ports.identity import Project
from trainwright.ports.uow import PLATFORM, Scope

MINE, THEIRS = Scope(PROJECT), Scope(OTHER_PROJECT)


def record(at_ms: int, **changes: object) -> AuditRecord:
    """One of ann's, in her project."""
    made = AuditRecord(
        id=id_at(at_ms) + "000000",
        at_ms=at_ms,
        project_id=PROJECT,
        user_id="u-ann",
        user_name="ann",
        credential="token",
        operation="delete_training_job",
        resource="job",
        resource_id=f"job-{at_ms}",
        status=202,
        request_id=f"r-{at_ms}",
        client="192.0.2.7",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # any of its fields


RECORDS = (
    record(10),
    record(20, user_id="u-ben", user_name="ben", status=403, error_code="ModelArts.0108"),
    record(
        30, operation="users_create", resource="user", resource_id="u-eve", resource_name="eve", status=201
    ),
    record(40, status=409, error_code="ModelArts.2775"),
    record(50, project_id=OTHER_PROJECT),
    record(60, project_id="", user_id="", user_name="root", account="nobody's", status=401),
)


@pytest.fixture
def filled(database: Database) -> Database:
    """Four records of one project, one of another, one of nobody's."""
    with database.units(PLATFORM) as uow:
        uow.audit.add(RECORDS)
        uow.commit()
    return database


def found(database: Database, scope: Scope = MINE, **asked: object) -> list[int]:
    """Times of what a search finds."""
    with database.units(scope, write=False) as uow:
        return [each.at_ms for each in uow.audit.search(AuditQuery(**asked))]  # type: ignore[arg-type]


def test_records_come_back_as_they_were(filled: Database) -> None:
    """Guards every column."""
    with filled.units(MINE, write=False) as uow:
        assert uow.audit.search(AuditQuery()) == tuple(reversed(RECORDS[:4]))


def test_a_project_sees_its_own_only(filled: Database) -> None:
    """Guards the scope: strangers are seen by those who ask for them, other projects by nobody but the platform."""
    assert found(filled) == [40, 30, 20, 10]
    assert found(filled, THEIRS) == [50]
    assert found(filled, MINE, strangers=True) == [60, 40, 30, 20, 10]
    assert found(filled, PLATFORM) == [60, 50, 40, 30, 20, 10]
    assert found(filled, Scope("0" * 32)) == []


@pytest.mark.parametrize(
    ("asked", "times"),
    [
        ({"user_id": "u-ben"}, [20]),
        ({"user_name": "ann"}, [40, 30, 10]),
        ({"operation": "users_create"}, [30]),
        ({"kind": "job"}, [40, 20, 10]),
        ({"resource": "job-40"}, [40]),
        ({"resource": "eve"}, [30]),
        ({"outcome": Outcome.SUCCESS}, [30, 10]),
        ({"outcome": Outcome.DENIED}, [20]),
        ({"outcome": Outcome.FAILURE}, [40]),
        ({"since_ms": 20}, [40, 30, 20]),
        ({"until_ms": 20}, [20, 10]),
        ({"since_ms": 20, "until_ms": 30, "kind": "job", "outcome": Outcome.DENIED}, [20]),
        ({"limit": 2}, [40, 30]),
        ({"before": RECORDS[2].id, "limit": 1}, [20]),
    ],
)
def test_conditions_hold_together(filled: Database, asked: dict[str, object], times: list[int]) -> None:
    """Guards each condition and the cursor."""
    assert found(filled, MINE, **asked) == times


def test_a_record_is_stored_once(filled: Database) -> None:
    """Guards the repetition after a crash: the same ids again change nothing."""
    with filled.units(PLATFORM) as uow:
        uow.audit.add([*RECORDS, record(70)])
        uow.commit()
    assert found(filled, PLATFORM) == [70, 60, 50, 40, 30, 20, 10]


def test_a_jobs_name_and_workspace_are_filled_in(database: Database) -> None:
    """Guards what an id alone would not tell once the job is gone."""
    job = replace(make_job("job-1"), workspace_id="w-1")
    with database.units(PLATFORM) as uow:
        uow.jobs.add(job)
        uow.audit.add([record(10, resource_id="job-1"), record(20, resource_id="job-2")])
        uow.commit()
    with database.units(MINE, write=False) as uow:
        unknown, known = uow.audit.search(AuditQuery())
    assert (known.resource_name, known.workspace_id) == (job.name, "w-1")
    assert (unknown.resource_name, unknown.workspace_id) == ("", "")


def test_a_failed_sign_in_belongs_to_the_account_it_tried(database: Database) -> None:
    """Guards that a project's administrators see who guesses at their people's passwords."""
    tried = record(10, project_id="", user_id="", user_name="ann", credential="password", status=401)
    with database.units(PLATFORM) as uow:
        uow.principals.add_project(Project(PROJECT, "lab", 1))
        uow.principals.add_project(Project(OTHER_PROJECT, "their lab", 2))
        accounts = ("lab", "their lab", "no such account", "")  # no account: the first one
        uow.audit.add(
            [
                replace(tried, id=id_at(at_ms), at_ms=at_ms, account=account)
                for at_ms, account in enumerate(accounts, 10)
            ]
        )
        uow.commit()
    assert found(database) == [13, 10]
    assert found(database, THEIRS) == [11]
    assert found(database, MINE, strangers=True) == [13, 12, 10]


def test_old_records_go_the_oldest_first(filled: Database) -> None:
    """Guards retention by age and by number, and that only the platform may."""
    with filled.units(PLATFORM) as uow:
        assert uow.audit.delete_before(30, limit=1) == 1
        assert uow.audit.delete_before(30, limit=9) == 1
        assert uow.audit.delete_beyond(3, limit=9) == 1
        assert uow.audit.delete_beyond(3, limit=9) == 0
        uow.commit()
    assert found(filled, PLATFORM) == [60, 50, 40]
    with filled.units(MINE) as uow:
        for change in (
            lambda: uow.audit.delete_before(99, limit=9),
            lambda: uow.audit.delete_beyond(1, limit=9),
            lambda: uow.audit.add([record(80)]),
        ):
            with pytest.raises(ScopeBreach):
                change()


def test_the_trail_takes_any_text(database: Database) -> None:
    """Guards names that strangers choose: NUL and lone surrogates, which databases refuse."""
    with database.units(PLATFORM) as uow:
        uow.audit.add([record(10, user_name="a\0b\ud800", resource_id="\0")])
        uow.commit()
    assert found(database) == [10]
