"""Workspaces on both databases: the default one among them, who sees what, and what keeps one from being deleted."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from tests.contract.test_db_concurrency import THREADS, at_once
from tests.contract.workspace_fixtures import (
    MEMBER,
    OPEN,
    OUTSIDER,
    OWN,
    OWNER,
    RULER,
    SEEN,
    STRANGER,
    TEAM,
    add_people,
    add_workspaces,
    furnish,
    make_workspace,
)
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.domain.access import VIEWER, Action
from trainwright.domain.errors import (
    AlgorithmNotFound,
    DatasetNotFound,
    DuplicateWorkspaceName,
    ExperimentNotFound,
    JobNotFound,
    TrainwrightError,
    WorkspaceNotEmpty,
    WorkspaceNotFound,
)
from trainwright.ports.algorithms import Algorithm, AlgorithmQuery
from trainwright.ports.datasets import Dataset
from trainwright.ports.identity import Role
from trainwright.ports.pools import Pool
from trainwright.ports.uow import PLATFORM, JobQuery, Scope, UnitOfWork
from trainwright.ports.workspaces import Experiment, ExperimentQuery, Member, TagQuery, WorkspaceQuery


def names(uow: UnitOfWork, query: WorkspaceQuery | None = None) -> list[str]:
    """Names of the page."""
    return [workspace.name for workspace in uow.workspaces.search(query or WorkspaceQuery())[1]]


def test_a_workspace_comes_out_as_it_went_in(database: Database) -> None:
    """Guards every column and every member, and that saving replaces them."""
    add_people(database)
    made = make_workspace("w", "one", "INTERNAL", Member("u-bob", "bob", "IAM", "viewer"), Member("u-eve"))
    made = replace(made, members=tuple(sorted(made.members, key=lambda member: member.user_name)))
    with database.units(OWNER) as uow:
        uow.workspaces.add(made)
        assert uow.workspaces.get("w") == made
        changed = replace(made, name="two", description="", auth_type="PUBLIC", updated_at_ms=9, members=())
        uow.workspaces.save(changed)
        uow.commit()
    with database.units(OWNER, write=False) as uow:
        assert uow.workspaces.get("w") == changed


def test_the_default_workspace_is_one_among_others(database: Database) -> None:
    """Guards that it is found, counted, sorted and paged without a row of its own, and made with its project."""
    add_workspaces(database)
    with database.units(OWNER, write=False) as uow:
        found = uow.workspaces.get("0")
        assert (found.name, found.auth_type, found.project_id, found.created_at_ms) == (
            "default",
            "PUBLIC",
            PROJECT,
            50,
        )
        assert found.owner_name == f"account of {PROJECT}"
        assert names(uow) == ["default", "open", "own", "team"]
        assert names(uow, WorkspaceQuery(descending=True, offset=1, limit=2)) == ["own", "open"]
        assert names(uow, WorkspaceQuery(sort_by="update_time", limit=1)) == ["default"]
        assert names(uow, WorkspaceQuery(name_like="ef")) == ["default"]
        assert names(uow, WorkspaceQuery(name_like="EF")) == []
        assert names(uow, WorkspaceQuery(enterprise_project_id="other")) == []
        assert uow.workspaces.search(WorkspaceQuery(limit=1))[0] == 4
    with database.units(STRANGER, write=False) as uow:
        assert names(uow) == ["default"]


def test_names_count_once_in_a_project(database: Database) -> None:
    """Guards new and changed names; the unit that met a taken one goes on, on PostgreSQL too."""
    add_workspaces(database)
    with database.units(OUTSIDER) as uow:
        for name in ("open", "own"):
            with pytest.raises(DuplicateWorkspaceName):
                uow.workspaces.add(make_workspace("w-new", name))
        with pytest.raises(DuplicateWorkspaceName):
            uow.workspaces.save(replace(uow.workspaces.take(OPEN), name="own"))
        uow.workspaces.save(replace(uow.workspaces.take(OPEN), name="opened"))
        uow.commit()
    with database.units(OUTSIDER, write=False) as uow:
        assert names(uow) == ["default", "opened"]


def test_nobody_reaches_into_another_project(database: Database) -> None:
    """Guards the scope of every call."""
    add_workspaces(database)
    with database.units(STRANGER) as uow:
        workspaces = uow.workspaces
        for call in (workspaces.get, workspaces.take, workspaces.delete):
            with pytest.raises(WorkspaceNotFound):
                call(OPEN)
        with pytest.raises(WorkspaceNotFound):
            workspaces.save(make_workspace(OPEN, "mine now"))
        with pytest.raises(ScopeBreach):
            workspaces.add(make_workspace("w-new", "smuggled"))


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "'; DROP TABLE workspaces; --", "%"])
def test_garbage_is_not_a_workspace(database: Database, text: str) -> None:
    """Guards lookups by a caller's text against a crash of the database."""
    add_workspaces(database)
    with database.units(OWNER) as uow:
        for call in (uow.workspaces.get, uow.workspaces.take, uow.workspaces.delete):
            with pytest.raises(WorkspaceNotFound):
                call(text)


def test_a_member_has_a_role_and_others_have_none(database: Database) -> None:
    """Guards what narrows a member's rights."""
    add_workspaces(database)
    for scope, role in ((MEMBER, "viewer"), (OWNER, ""), (RULER, ""), (OUTSIDER, "")):
        with database.units(scope, write=False) as uow:
            assert uow.workspaces.role_in(TEAM) == role


PLACES: tuple[Callable[[UnitOfWork], set[str]], ...] = (
    lambda uow: {job.workspace_id for job in uow.jobs.search(JobQuery()).jobs},
    lambda uow: {found.workspace_id for found in uow.experiments.search(ExperimentQuery())[1]},
    lambda uow: {found.workspace_id for found in uow.algorithms.search(AlgorithmQuery({}))[2]},
    lambda uow: {
        found.workspace_id
        for found in uow.datasets.search(
            name_like="", workspace_id="", sort_by="name", descending=False, offset=0, limit=10
        )[1]
    },
    lambda uow: {job.workspace_id for job in uow.tags.search(TagQuery(tags=(("place", ()),)))[1]},
    lambda uow: {job.workspace_id for job in uow.tags.search(TagQuery(name="job"))[1]},
    lambda uow: set(dict(uow.tags.of_project()[1])["place"]),
    lambda uow: {key[5:] for key, _ in uow.tags.of_project()[1] if key.startswith("only-")},
)


@pytest.mark.parametrize(("scope", "seen"), SEEN)
def test_lists_show_what_lies_in_seen_workspaces_only(
    database: Database, scope: Scope, seen: set[str]
) -> None:
    """Guards every list, count and total against showing, or counting, what lies where the caller does not look."""
    furnish(database)
    with database.units(scope, write=False) as uow:
        for place in PLACES:
            assert place(uow) == seen
        page = uow.jobs.search(JobQuery(limit=1))
        assert (page.total, page.matches) == (len(seen), len(seen))
        assert uow.experiments.search(ExperimentQuery(limit=1))[0] == len(seen)
        assert uow.tags.count(TagQuery()) == uow.tags.count(TagQuery(tags=(("place", ()),))) == len(seen)
        assert uow.tags.count(TagQuery(name="of")) == len(seen)
        assert uow.tags.count(TagQuery(tags=(("place", (OWN, TEAM)),))) == len(seen & {OWN, TEAM})
        assert uow.tags.of_project(limit=1)[0] == len(seen) + 1
    if scope.project_id is not None:
        with database.units(scope, write=False) as uow:
            assert {found.id for found in uow.workspaces.search(WorkspaceQuery())[1]} == seen


@pytest.mark.parametrize(
    ("role", "action", "seen"),
    [
        ("", Action.JOB_GET, True),
        (VIEWER, Action.JOB_GET, True),
        (VIEWER, Action.JOB_STOP, True),  # refused by name elsewhere
        (VIEWER, Action.CREDENTIAL_GET, True),
        (VIEWER, Action.ROLE_GET, False),
        ("stopper", None, True),
        ("stopper", Action.JOB_STOP, True),
        ("stopper", Action.JOB_DELETE, True),
        ("stopper", Action.JOB_LIST, True),
        ("stopper", Action.JOB_GET, False),
        ("stopper", Action.ALGORITHM_LIST, False),
        ("gone", Action.JOB_GET, False),
    ],
)
def test_a_narrower_role_holds_for_reading(
    database: Database, role: str, action: Action | None, seen: bool
) -> None:
    """Guards workspaces against members whose role there does not let them look; never against those who own them."""
    furnish(database)
    with database.units(PLATFORM) as uow:
        uow.principals.save_role(Role("stopper", "", ("modelarts:trainJob:stop", "*:trainJob:list")), PROJECT)
        uow.principals.save_role(Role("stopper", "", ("*",)), OTHER_PROJECT)
        members = (Member("u-bob", "bob", role=role), Member("u-ann", "ann", role="stopper"))
        uow.workspaces.save(make_workspace(TEAM, "team", "INTERNAL", *members))
        uow.commit()
    for scope, sees in (
        (replace(MEMBER, action=action), seen),
        (replace(MEMBER, action=action, sees_all=True), True),
        (replace(OWNER, action=action), True),
        (replace(OUTSIDER, action=action), False),
    ):
        with database.units(scope, write=False) as uow:
            for place in PLACES:
                assert (TEAM in place(uow)) is sees
    with database.units(OWNER, write=False) as uow:
        assert uow.workspaces.role_in(TEAM) == ""


def test_a_stranger_sees_nothing(database: Database) -> None:
    """Guards the project in the same lists."""
    furnish(database)
    with database.units(STRANGER, write=False) as uow:
        for place in PLACES[:6]:
            assert place(uow) == set()
        assert uow.tags.of_project() == (0, ())
        assert uow.tags.of_jobs(["job-0", f"job-{OPEN}"]) == {}


CALLS: tuple[tuple[type[TrainwrightError], Callable[[UnitOfWork], object]], ...] = (
    (WorkspaceNotFound, lambda uow: uow.workspaces.get(OWN)),
    (WorkspaceNotFound, lambda uow: uow.workspaces.take(OWN)),
    (WorkspaceNotFound, lambda uow: uow.workspaces.save(make_workspace(OWN, "taken over"))),
    (WorkspaceNotFound, lambda uow: uow.workspaces.delete(OWN)),
    (JobNotFound, lambda uow: uow.jobs.get(f"job-{OWN}")),
    (JobNotFound, lambda uow: uow.jobs.request_stop(f"job-{OWN}", 5)),
    (JobNotFound, lambda uow: uow.jobs.delete(f"job-{OWN}")),
    (JobNotFound, lambda uow: uow.tags.put(f"job-{OWN}", {"a": "b"})),
    (JobNotFound, lambda uow: uow.tags.remove(f"job-{OWN}", ["place"])),
    (ExperimentNotFound, lambda uow: uow.experiments.get(f"exp-{OWN}")),
    (ExperimentNotFound, lambda uow: uow.experiments.delete(f"exp-{OWN}")),
    (ExperimentNotFound, lambda uow: uow.experiments.next_serial(f"exp-{OWN}")),
    (
        ExperimentNotFound,
        lambda uow: uow.experiments.save(Experiment(f"exp-{OWN}", PROJECT, OWN, "renamed")),
    ),
    (AlgorithmNotFound, lambda uow: uow.algorithms.get(f"alg-{OWN}")),
    (DatasetNotFound, lambda uow: uow.datasets.get(f"set-{OWN}")),
)


@pytest.mark.parametrize("scope", [MEMBER, OUTSIDER, STRANGER])
def test_what_lies_in_an_unseen_workspace_does_not_exist(database: Database, scope: Scope) -> None:
    """Guards every call that takes an id: the same error as for one that never was, and nothing is changed."""
    furnish(database)
    with database.units(scope) as uow:
        for error, call in CALLS:
            with pytest.raises(error):
                call(uow)
        assert uow.experiments.find_by_name(f"exp of {OWN}") is None
        assert uow.tags.of_job(f"job-{OWN}") == {}
        uow.commit()
    with database.units(OWNER, write=False) as uow:
        assert uow.tags.of_job(f"job-{OWN}")["place"] == OWN
        assert uow.experiments.get(f"exp-{OWN}").name == f"exp of {OWN}"
        assert uow.workspaces.get(OWN).name == "own"


FILLERS: tuple[Callable[[UnitOfWork], object], ...] = (
    lambda uow: uow.jobs.add(replace(make_job("job-1"), workspace_id=OPEN)),
    lambda uow: uow.experiments.add(Experiment("e", PROJECT, OPEN, "e")),
    lambda uow: uow.algorithms.add(Algorithm("a", PROJECT, OPEN, "a", "", "u", "u", {})),
    lambda uow: uow.datasets.add(Dataset("d", PROJECT, OPEN, "d", "", "", "obs://b/", "u", "u")),
    lambda uow: uow.pools.add(Pool("p", PROJECT, OPEN, "p", {}, 1, 1, 0)),
)


@pytest.mark.parametrize("fill", FILLERS)
def test_only_an_empty_workspace_is_deleted(database: Database, fill: Callable[[UnitOfWork], object]) -> None:
    """Guards against leaving anything in a workspace that is gone."""
    add_workspaces(database)
    with database.units(PLATFORM) as uow:
        fill(uow)
        uow.commit()
    with database.units(OWNER) as uow:
        uow.quotas.set_of_workspace(TEAM, {"train_job.cpu": 1}, 5)
        with pytest.raises(WorkspaceNotEmpty):
            uow.workspaces.delete(OPEN)
        uow.workspaces.delete(TEAM)
        uow.commit()
    with database.units(OWNER) as uow:
        assert names(uow) == ["default", "open", "own"]
        uow.workspaces.add(make_workspace(TEAM, "team"))
        assert uow.workspaces.get(TEAM).members == ()
        assert uow.quotas.of_workspace(TEAM) == {}


def test_a_workspace_used_again_after_its_job_is_gone_can_be_deleted(database: Database) -> None:
    """Guards the look at the count of jobs: a row that says none is not a job."""
    add_workspaces(database)
    with database.units(PLATFORM) as uow:
        uow.jobs.add(replace(make_job("job-1"), workspace_id=OPEN))
        uow.jobs.delete("job-1")
        uow.commit()
    with database.units(OWNER) as uow:
        uow.workspaces.delete(OPEN)
        uow.commit()


def test_nothing_is_put_into_a_workspace_while_it_is_deleted(database: Database) -> None:
    """Guards the lock between those who create and those who delete: either comes first, never both half."""
    add_workspaces(database)

    def work(number: int) -> bool:
        try:
            with database.units(OWNER) as uow:
                if number % 2:
                    uow.workspaces.take(OPEN)
                    uow.workspaces.delete(OPEN)
                else:
                    uow.workspaces.get(OPEN)
                    uow.jobs.add(replace(make_job(f"job-{number}"), workspace_id=OPEN))
                uow.commit()
        except (WorkspaceNotFound, WorkspaceNotEmpty):
            return False
        return True

    done = at_once(work)
    with database.units(OWNER, write=False) as uow:
        jobs = uow.jobs.search(JobQuery(workspace_id=OPEN)).total
        stands = OPEN in {workspace.id for workspace in uow.workspaces.search(WorkspaceQuery())[1]}
    assert jobs == sum(1 for number in range(0, THREADS, 2) if done[number])
    assert stands == (jobs > 0)


def test_workspaces_counted_and_added_at_once_keep_to_a_limit(database: Database) -> None:
    """Guards the limit of a project against creations at the same moment: whoever holds it counts what others added."""
    furnish(database)
    with database.units(OWNER, write=False) as uow:
        there = uow.workspaces.count()

    def work(number: int) -> bool:
        with database.units(OWNER) as uow:
            uow.principals.hold_project(PROJECT)
            if uow.workspaces.count() >= there + 2:
                return False
            uow.workspaces.add(make_workspace(f"w-{number}", f"new-{number}", "PUBLIC"))
            uow.commit()
        return True

    assert at_once(work).count(True) == 2
