"""Saved algorithms on both databases."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.domain.errors import AlgorithmNotFound, DuplicateAlgorithmName
from trainwright.ports.algorithms import Algorithm, AlgorithmQuery
from trainwright.ports.identity import User
from trainwright.ports.uow import PLATFORM, Scope, UnitOfWork
from trainwright.ports.workspaces import Workspace

MINE = Scope(PROJECT, "ann", "u1")
STRANGER = Scope(PROJECT, "eve", "u3", sees_all=False)
THEIRS = Scope(OTHER_PROJECT, "bob", "u2")
GARBAGE = ("", " ", "\x00", "\ud800", "'; DROP TABLE algorithms; --", "%", "\u4e2d" * 5000)
DIGITS = Algorithm(
    id="a1",
    project_id=PROJECT,
    workspace_id="0",
    name="digits",
    description="Scanned digits",
    user_id="u1",
    user_name="ann",
    document={"metadata": {"name": "digits"}, "unknown": ["\u4e2d"]},
    engine="py-1",
    code_dir="obs://b/code/",
    code_bytes=2**40,
    code_tree={"name": "code/", "children": [{"name": "train.py"}]},
    version=3,
    created_at_ms=10,
    updated_at_ms=20,
)


def add(database: Database, *algorithms: Algorithm) -> None:
    with database.units(PLATFORM) as uow:
        for algorithm in algorithms:
            uow.algorithms.add(algorithm)
        uow.commit()


def ids(found: tuple[int, int, tuple[Algorithm, ...]]) -> list[str]:
    return [algorithm.id for algorithm in found[2]]


def test_what_goes_in_comes_out(database: Database) -> None:
    """Guards every column against being dropped or mixed up, when added and when changed."""
    add(database, DIGITS)
    changed = replace(
        DIGITS,
        workspace_id="1",
        name="letters",
        description="",
        document={"x": 1},
        engine="",
        code_dir="",
        code_bytes=0,
        code_tree={},
        version=4,
        updated_at_ms=30,
    )
    with database.units(MINE) as uow:
        assert uow.algorithms.get("a1") == DIGITS
        uow.algorithms.save(changed)
        uow.commit()
    with database.units(MINE, write=False) as uow:
        assert uow.algorithms.get("a1") == changed


def test_a_name_is_there_once_in_a_project(database: Database) -> None:
    """Guards names: adding or renaming into a taken one is refused, and the unit of work goes on."""
    add(database, DIGITS, replace(DIGITS, id="a2", name="letters"))
    add(database, replace(DIGITS, id="b1", project_id=OTHER_PROJECT))
    with database.units(MINE) as uow:
        with pytest.raises(DuplicateAlgorithmName):
            uow.algorithms.add(replace(DIGITS, id="a3"))
        with pytest.raises(DuplicateAlgorithmName):
            uow.algorithms.save(replace(DIGITS, id="a2"))
        uow.algorithms.delete("a1")
        uow.algorithms.save(replace(DIGITS, id="a2"))
        uow.commit()
    with database.units(MINE, write=False) as uow:
        assert ids(uow.algorithms.search(AlgorithmQuery({}))) == ["a2"]


@pytest.mark.parametrize(
    "call",
    [
        lambda uow, algorithm_id: uow.algorithms.get(algorithm_id),
        lambda uow, algorithm_id: uow.algorithms.save(replace(DIGITS, id=algorithm_id, name="other")),
        lambda uow, algorithm_id: uow.algorithms.delete(algorithm_id),
    ],
)
def test_others_algorithms_do_not_exist(
    database: Database, call: Callable[[UnitOfWork, str], object]
) -> None:
    """Guards the scope: another project's, one in a workspace that is not seen, and garbage look alike."""
    with database.units(PLATFORM) as uow:
        uow.principals.add_user(User("u1", "ann", PROJECT, is_admin=False), 1)
        uow.workspaces.add(Workspace("w1", PROJECT, "secret", owner_id="u1", auth_type="PRIVATE"))
        uow.algorithms.add(DIGITS)
        uow.algorithms.add(replace(DIGITS, id="a2", name="hidden", workspace_id="w1"))
        uow.commit()
    for scope, names in ((THEIRS, ("a1", *GARBAGE)), (STRANGER, ("a2",))):
        for algorithm_id in names:
            with database.units(scope) as uow, pytest.raises(AlgorithmNotFound):
                call(uow, algorithm_id)
    with database.units(STRANGER, write=False) as uow:
        assert ids(uow.algorithms.search(AlgorithmQuery({}))) == ["a1"]
    with database.units(THEIRS, write=False) as uow:
        assert uow.algorithms.search(AlgorithmQuery({})) == (0, 0, ())
    with database.units(THEIRS) as uow, pytest.raises(ScopeBreach):
        uow.algorithms.add(replace(DIGITS, id="a9", name="planted"))


def test_lists_are_searched_sorted_and_paged(database: Database) -> None:
    """Guards the list: each condition, each order, pages that neither overlap nor lose anything, and both counts."""
    made = [
        replace(
            DIGITS,
            id=f"a{number}",
            name=f"{'net' if number % 2 else 'Tree'}-{9 - number}",
            description="50% off" if number == 3 else "",
            engine="sk-2" if number == 4 else "py-1",
            code_dir="obs://b/other/" if number == 5 else "obs://b/code/",
            workspace_id="w9" if number == 6 else "0",
            created_at_ms=100 + number,
            updated_at_ms=200 - number,
        )
        for number in range(1, 8)
    ]
    add(database, *made)
    cases: list[tuple[dict[str, str], dict[str, Any], list[str]]] = [
        ({"name": "net"}, {}, ["a7", "a5", "a3", "a1"]),
        ({"name": "Net"}, {}, []),
        ({"description": "0% o"}, {}, ["a3"]),
        ({"engine": "sk"}, {}, ["a4"]),
        ({"code_dir": "other"}, {}, ["a5"]),
        ({"name": "net", "code_dir": "code"}, {}, ["a7", "a3", "a1"]),
        ({}, {"created_from_ms": 102, "created_to_ms": 103}, ["a3", "a2"]),
        ({}, {"sort_by": "update_time"}, ["a1", "a2", "a3", "a4", "a5", "a6", "a7"]),
        ({}, {"sort_by": "name", "descending": False}, ["a6", "a4", "a2", "a7", "a5", "a3", "a1"]),
        ({}, {"workspace_id": "w9"}, ["a6"]),
    ]
    with database.units(MINE, write=False) as uow:
        for contains, more, expected in cases:
            query = AlgorithmQuery(contains, **more)
            total, matches, page = uow.algorithms.search(query)
            assert [algorithm.id for algorithm in page] == expected
            assert (total, matches) == (1 if query.workspace_id else 7, len(expected))
        pages = [ids(uow.algorithms.search(AlgorithmQuery({}, offset=n, limit=2))) for n in range(0, 9, 2)]
        assert pages == [["a7", "a6"], ["a5", "a4"], ["a3", "a2"], ["a1"], []]
        assert ids(uow.algorithms.search(AlgorithmQuery({}, offset=2**70, created_to_ms=2**70))) == []
        with pytest.raises(ValueError, match="sort"):
            uow.algorithms.search(AlgorithmQuery({}, sort_by="size"))
