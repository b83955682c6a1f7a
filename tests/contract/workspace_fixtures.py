"""A project with four workspaces and four kinds of people, for tests of who sees what."""

from dataclasses import replace

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from trainwright.db.database import Database
from trainwright.ports.algorithms import Algorithm
from trainwright.ports.datasets import Dataset
from trainwright.ports.identity import User
from trainwright.ports.uow import PLATFORM, Scope
from trainwright.ports.workspaces import Experiment, Member, Workspace

OWNER = Scope(PROJECT, "ann", "u-ann", sees_all=False)
MEMBER = Scope(PROJECT, "bob", "u-bob", sees_all=False)
OUTSIDER = Scope(PROJECT, "eve", "u-eve", sees_all=False)
RULER = Scope(PROJECT, "dan", "u-dan", sees_all=True)
STRANGER = Scope(OTHER_PROJECT, "zoe", "u-zoe", sees_all=True)

OPEN, TEAM, OWN = "w-open", "w-team", "w-own"
SEEN = (
    (OWNER, {"0", OPEN, TEAM, OWN}),
    (MEMBER, {"0", OPEN, TEAM}),
    (OUTSIDER, {"0", OPEN}),
    (RULER, {"0", OPEN, TEAM, OWN}),
    (PLATFORM, {"0", OPEN, TEAM, OWN}),
)
"""Who sees the workspaces of `furnish`. A stranger sees none of this project's."""


def make_workspace(
    workspace_id: str, name: str, auth_type: str = "PUBLIC", *members: Member, created_at_ms: int = 100
) -> Workspace:
    """A workspace of Ann's."""
    return Workspace(
        id=workspace_id,
        project_id=PROJECT,
        name=name,
        description=f"of {name}",
        owner_id="u-ann",
        owner_name="ann",
        auth_type=auth_type,
        created_at_ms=created_at_ms,
        updated_at_ms=created_at_ms,
        members=members,
    )


def add_people(database: Database) -> None:
    """The two projects and their users."""
    with database.units(PLATFORM) as uow:
        for scope in (OWNER, MEMBER, OUTSIDER, RULER, STRANGER):
            user = User(scope.user_id, scope.user_name, scope.project_id or "", is_admin=False)
            uow.principals.add_user(user, 50, project_name=f"account of {scope.project_id}")
        uow.commit()


def add_workspaces(database: Database) -> None:
    """A public one, Ann's own, and one that Bob may enter to look on."""
    add_people(database)
    with database.units(OWNER) as uow:
        uow.workspaces.add(make_workspace(OPEN, "open"))
        uow.workspaces.add(make_workspace(TEAM, "team", "INTERNAL", Member("u-bob", "bob", "IAM", "viewer")))
        uow.workspaces.add(make_workspace(OWN, "own", "PRIVATE"))
        uow.commit()


def furnish(database: Database) -> None:
    """In each workspace, the default one included: a job with tags, an experiment, an algorithm, a dataset."""
    add_workspaces(database)
    with database.units(PLATFORM) as uow:
        for number, place in enumerate(("0", OPEN, TEAM, OWN)):
            job = make_job(f"job-{place}", name=f"job of {place}", created_at_ms=1000 + number)
            uow.jobs.add(replace(job, workspace_id=place, user_id="u-ann"))
            uow.tags.put(job.id, {"place": place, f"only-{place}": "x"})
            uow.experiments.add(Experiment(f"exp-{place}", PROJECT, place, f"exp of {place}"))
            uow.algorithms.add(
                Algorithm(f"alg-{place}", PROJECT, place, f"alg of {place}", "", "u-ann", "ann", {})
            )
            uow.datasets.add(
                Dataset(f"set-{place}", PROJECT, place, f"set of {place}", "", "", "obs://b/", "u-ann", "ann")
            )
        uow.commit()
