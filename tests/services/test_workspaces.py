"""Workspaces and their quotas: who may do what, members, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.people import add_user, boss
from tests.services.world import ALICE, BOB, World, job_body
from trainwright.domain.access import ADMINISTRATOR, DEVELOPER, Action
from trainwright.domain.errors import (
    ActionDenied,
    DuplicateWorkspaceName,
    InvalidParam,
    QuotaExceeded,
    RoleNotFound,
    TooManyWorkspaces,
    TrainwrightError,
    UserNotFound,
    WorkspaceFixed,
    WorkspaceNotFound,
)
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal, Role
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import WorkspaceQuery
from trainwright.services import job_search, jobs, quotas, workspaces
from trainwright.services.reading import scope_of

pytestmark = pytest.mark.anyio


def doing(who: Principal, action: Action, *more: Action) -> Principal:
    """`who` as the route hands them over, allowed `more` beside what their roles say."""
    return replace(who, action=action, actions=who.actions | {action, *more})


async def make(world: World, who: Principal, name: str = "team", **more: Any) -> str:
    """A workspace of theirs; its id."""
    return (await workspaces.create(world.ctx, who, {"name": name, **more})).id


async def refused(world: World, who: Principal, **body: Any) -> TrainwrightError:
    """What a creation is refused with."""
    with pytest.raises(TrainwrightError) as caught:
        await workspaces.create(world.ctx, who, {"name": "team", **body})
    return caught.value


async def test_a_workspace_answers_with_what_was_asked(world: World) -> None:
    """Guards the fields, defaults and members by id and by name."""
    admin = boss(world)
    ann, ben = add_user(world, "ann", DEVELOPER), add_user(world, "ben", DEVELOPER)
    plain = await workspaces.create(world.ctx, admin, {"name": "视觉_组-1"})
    assert len(plain.id) == 32
    assert (plain.owner, plain.auth_type, plain.status, plain.description) == ("boss", "PUBLIC", "NORMAL", "")
    assert (plain.enterprise_project_id, plain.enterprise_project_name) == ("0", "default")
    assert plain.create_time == plain.update_time == world.clock.ms
    grants = [
        {"user_id": ann.user_id, "user_name": "someone else", "role": "viewer"},
        {"user_name": "ben", "user_type": "FEDERATE"},
    ]
    made = await workspaces.create(
        world.ctx, admin, {"name": "team", "auth_type": "INTERNAL", "grants": grants}
    )
    assert [(one.user_id, one.user_name, one.user_type, one.role) for one in made.grants] == [
        ("ann", "ann", "IAM", "viewer"),
        ("ben", "ben", "FEDERATE", ""),
    ]
    assert await workspaces.show(world.ctx, ben, made.id) == made


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "abc"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "two words"}, "name"),
        ({"name": "default"}, "name"),
        ({"auth_type": "SECRET"}, "auth_type"),
        ({"description": "x" * 257}, "description"),
        ({"grants": [{"user_id": "boss"}]}, "grants"),
        ({"auth_type": "PRIVATE", "grants": [{"user_id": "boss"}]}, "grants"),
        ({"auth_type": "INTERNAL", "grants": [{"user_type": "IAM"}]}, "grants[0]"),
        ({"auth_type": "INTERNAL", "grants": [{"user_id": "boss"}, {"user_name": "boss"}]}, "grants[1]"),
        ({"auth_type": "INTERNAL", "grants": [{"user_id": "boss", "user_type": "X"}]}, "grants[0].user_type"),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(world: World, body: dict[str, Any], field: str) -> None:
    """Guards the contract's limits; the message names the field."""
    error = await refused(world, boss(world), **body)
    assert isinstance(error, InvalidParam) and error.slots["field"] == field
    assert "{" not in error.message(Language.ZH) + error.message(Language.EN)


async def test_a_project_has_so_many_workspaces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards lists and checks of workspaces against a program that makes them without end, also hidden ones."""
    monkeypatch.setattr(workspaces, "WORKSPACES_MAX", 2)
    admin, ann = boss(world), add_user(world, "ann", DEVELOPER)
    await make(world, admin, "first", auth_type="PRIVATE")
    second = await make(world, ann, "second")
    error = await refused(world, ann)
    assert isinstance(error, TooManyWorkspaces) and error.slots == {"limit": 2}
    await make(world, BOB, "theirs")
    await workspaces.delete(world.ctx, replace(ann, action=Action.WORKSPACE_DELETE), second)
    await make(world, ann, "third")


async def test_grants_name_users_and_roles_of_the_project(world: World) -> None:
    """Guards against members from elsewhere: an unknown user and another project's are the same error."""
    admin = boss(world)
    add_user(world, "zoe", DEVELOPER, project_id=BOB.project_id)
    for grant in ({"user_id": "nobody"}, {"user_id": "zoe"}, {"user_name": "zoe"}, {"user_name": "nobody"}):
        assert isinstance(await refused(world, admin, auth_type="INTERNAL", grants=[grant]), UserNotFound)
    grants = [{"user_id": "boss", "role": "no such role"}]
    assert isinstance(await refused(world, admin, auth_type="INTERNAL", grants=grants), RoleNotFound)


async def test_only_what_is_given_changes(world: World) -> None:
    """Guards partial updates, and that members go with INTERNAL."""
    admin, ann = boss(world), add_user(world, "ann", DEVELOPER)
    team = await make(
        world, admin, description="old", auth_type="INTERNAL", grants=[{"user_id": ann.user_id}]
    )
    world.clock.ms += 5

    async def change(**body: Any) -> tuple[str, str, str, list[str], int]:
        changed = await workspaces.change(world.ctx, admin, team, body)
        assert changed.workspace_id == team
        shown = await workspaces.show(world.ctx, admin, team)
        members = [one.user_id for one in shown.grants]
        return shown.name, shown.description, shown.auth_type, members, shown.update_time - shown.create_time

    assert await change(description="") == ("team", "", "INTERNAL", ["ann"], 5)
    assert await change(name="group") == ("group", "", "INTERNAL", ["ann"], 5)
    assert await change(grants=[]) == ("group", "", "INTERNAL", [], 5)
    assert (await change(grants=[{"user_name": "ann"}]))[3] == ["ann"]
    assert (await change(auth_type="PUBLIC"))[2:4] == ("PUBLIC", [])
    with pytest.raises(InvalidParam):
        await change(grants=[{"user_name": "ann"}])
    other = await make(world, admin, "other")
    with pytest.raises(DuplicateWorkspaceName):
        await workspaces.change(world.ctx, admin, other, {"name": "group"})


async def test_the_default_workspace_is_fixed(world: World) -> None:
    """Guards that nobody changes or deletes it, that it is shown, and that its quotas can be set."""
    admin = boss(world)
    assert (await workspaces.show(world.ctx, ALICE, "0")).name == "default"
    for call in (
        workspaces.change(world.ctx, admin, "0", {"description": "mine"}),
        workspaces.delete(world.ctx, admin, "0"),
    ):
        with pytest.raises(WorkspaceFixed):
            await call
    await quotas.update_workspace(
        world.ctx, admin, "0", {"quotas": [{"resource": "train_job.count", "quota": 1}]}
    )
    await world.create()
    with pytest.raises(QuotaExceeded):
        await world.create(metadata__name="second", algorithm__outputs=[])


async def test_owners_rule_their_own_and_who_sees_all_rules_all(world: World) -> None:
    """Guards changing and deleting: others with the action are denied what they see, and find nothing else."""
    ann = doing(add_user(world, "ann", DEVELOPER), Action.WORKSPACE_UPDATE, Action.WORKSPACE_DELETE)
    ben = doing(add_user(world, "ben", DEVELOPER), Action.WORKSPACE_UPDATE, Action.WORKSPACE_DELETE)
    admin = boss(world)
    seen, private = await make(world, ann), await make(world, ann, "hidden", auth_type="PRIVATE")
    with pytest.raises(ActionDenied):
        await workspaces.change(world.ctx, ben, seen, {"description": "x"})
    with pytest.raises(ActionDenied):
        await workspaces.delete(world.ctx, ben, seen)
    for who in (ben, BOB):
        for call in (
            workspaces.show(world.ctx, who, private),
            workspaces.change(world.ctx, who, private, {"description": "x"}),
            workspaces.delete(world.ctx, who, private),
            workspaces.judge(world.ctx, who, private, {"requests": []}),
            quotas.show_workspace(world.ctx, who, private),
            quotas.update_workspace(
                world.ctx, who, private, {"quotas": [{"resource": "train_job.cpu", "quota": 9}]}
            ),
        ):
            with pytest.raises(WorkspaceNotFound):
                await call
    await workspaces.change(world.ctx, ann, private, {"description": "mine"})
    await workspaces.delete(world.ctx, admin, private)
    await workspaces.delete(world.ctx, ann, seen)
    page = await workspaces.list_all(world.ctx, admin, WorkspaceQuery())
    assert [one.id for one in page.workspaces] == ["0"]


async def test_owners_do_not_set_their_own_quotas(world: World) -> None:
    """Guards quotas against those they limit."""
    ann = doing(add_user(world, "ann", DEVELOPER), Action.WORKSPACE_UPDATE)
    team = await make(world, ann)
    setting = {"quotas": [{"resource": "train_job.cpu", "quota": 9}]}
    with pytest.raises(ActionDenied):
        await quotas.update_workspace(world.ctx, ann, team, setting)
    await quotas.update_workspace(world.ctx, boss(world), team, setting)


async def test_quotas_show_limits_and_use(world: World) -> None:
    """Guards units: begun gigabytes count, nothing is limited at first, an answer to a change shows that change."""
    admin = boss(world)
    await world.create(spec__resource={"flavor_id": "cpu.1", "node_count": 2})
    shown = {one.resource: one for one in (await quotas.show_workspace(world.ctx, ALICE, "0")).quotas}
    assert {name: (one.quota, one.used_quota) for name, one in shown.items()} == {
        "train_job.count": (-1, 1),
        "train_job.cpu": (-1, 2),
        "train_job.memory": (-1, 2),
        "train_job.accelerator": (-1, 0),
    }
    assert (shown["train_job.cpu"].unit_en, shown["train_job.cpu"].unit_cn) == ("cores", "核")
    world.clock.ms += 7
    setting = {"quotas": [{"resource": "train_job.memory", "quota": 3}]}
    (changed,) = (await quotas.update_workspace(world.ctx, admin, "0", setting)).quotas
    assert (changed.resource, changed.quota, changed.update_time) == ("train_job.memory", 3, world.clock.ms)
    with pytest.raises(QuotaExceeded) as caught:
        await world.create(
            metadata__name="big",
            algorithm__outputs=[],
            spec__resource={"flavor_id": "cpu.1", "node_count": 2},
        )
    assert "is 3: 2 in use, 2 asked" in caught.value.message(Language.EN)
    assert await world.create(metadata__name="small", algorithm__outputs=[])


@pytest.mark.parametrize(
    "settings",
    [
        [],
        [{"resource": "moon.rocks", "quota": 1}],
        [{"resource": "train_job.cpu", "quota": -2}],
        [{"resource": "train_job.cpu", "quota": 2**31}],
        [{"resource": "train_job.cpu", "quota": "1"}],
        [{"resource": "train_job.cpu", "quota": 1}, {"resource": "train_job.cpu", "quota": 2}],
    ],
)
async def test_a_quota_that_does_not_fit_sets_none(world: World, settings: list[dict[str, Any]]) -> None:
    """Guards names and ranges, all or nothing."""
    with pytest.raises(InvalidParam):
        await quotas.update_workspace(world.ctx, boss(world), "0", {"quotas": settings})
    assert {one.quota for one in (await quotas.show_workspace(world.ctx, ALICE, "0")).quotas} == {-1}


async def test_a_user_s_quota_counts_their_jobs(world: World) -> None:
    """Guards job-num at creation, everyone's and one's own."""

    def set_quota(user_id: str, jobs: int) -> None:
        with world.ctx.units(scope_of(ALICE)) as uow:
            uow.quotas.set_of_user(user_id, {"job-num": (jobs, "")})
            uow.commit()

    set_quota("", 1)
    await world.create()
    with pytest.raises(QuotaExceeded):
        await world.create(metadata__name="second", algorithm__outputs=[])
    set_quota(ALICE.user_id, 2)
    assert await world.create(metadata__name="second", algorithm__outputs=[])


async def test_verdicts_follow_roles_and_membership(world: World) -> None:
    """Guards the answer to "may I": roles of the project, the narrower role of the workspace, unknown actions."""
    admin = boss(world)
    ann, ben = add_user(world, "ann", DEVELOPER), add_user(world, "ben", DEVELOPER)
    grants = [{"user_id": ann.user_id, "role": "viewer"}, {"user_id": ben.user_id}]
    team = await make(world, admin, auth_type="INTERNAL", grants=grants)
    asked = {
        "requests": [
            {"action": "modelarts:trainJob:create", "action_id": "1", "resource": "r"},
            {"action": "modelarts:trainJob:list"},
            {"action": "modelarts:trainJob:setHighPriority"},
            {"action": "modelarts:no:such"},
        ]
    }

    async def verdicts(who: Principal) -> list[tuple[str, list[str]]]:
        answer = await workspaces.judge(world.ctx, who, team, asked)
        assert (answer.results[0].action_id, answer.results[0].resource) == ("1", "r")
        return [(one.verdict, [cause.policy_name for cause in one.cause]) for one in answer.results]

    nothing: list[str] = []
    may, denied = ("allow", nothing), ("deny", ["roles"])
    assert await verdicts(ann) == [("deny", ["viewer"]), may, denied, denied]
    assert await verdicts(ben) == [may, may, denied, denied]
    assert await verdicts(admin) == [may, may, may, denied]


async def test_a_narrower_role_holds_for_what_is_done(world: World) -> None:
    """Guards members against doing in a workspace what their role there does not allow, and others from finding it."""
    admin = boss(world)
    with world.ctx.units(PLATFORM) as uow:
        uow.principals.save_role(Role("stopper", "", (Action.JOB_STOP,)), ALICE.project_id)
        uow.commit()
    ann, ben = add_user(world, "ann", DEVELOPER), add_user(world, "ben", DEVELOPER)
    grants = [{"user_id": "ann", "role": "stopper"}, {"user_id": "ben"}]
    team = await make(world, admin, auth_type="INTERNAL", grants=grants)
    body = job_body(metadata__workspace_id=team)
    with pytest.raises(ActionDenied):
        await jobs.create(world.ctx, replace(ann, action=Action.JOB_CREATE), body, Language.EN)
    made = await jobs.create(world.ctx, replace(ben, action=Action.JOB_CREATE), body, Language.EN)
    stopper = replace(ann, action=Action.JOB_STOP)
    await jobs.stop(world.ctx, stopper, made.metadata.id, {"action_type": "terminate"}, Language.EN)
    eve = add_user(world, "eve", DEVELOPER)
    with pytest.raises(WorkspaceNotFound):
        await jobs.create(world.ctx, replace(eve, action=Action.JOB_CREATE), body, Language.EN)


async def test_a_narrower_role_holds_for_what_is_read(world: World) -> None:
    """Guards members against reading what their role in a workspace does not allow; verdicts say the same."""
    admin = boss(world)
    with world.ctx.units(PLATFORM) as uow:
        uow.principals.save_role(Role("stopper", "", (Action.JOB_STOP, Action.JOB_GET)), ALICE.project_id)
        uow.commit()
    ann = add_user(world, "ann", DEVELOPER)
    team = await make(world, admin, auth_type="INTERNAL", grants=[{"user_id": "ann", "role": "stopper"}])
    body = job_body(metadata__workspace_id=team)
    made = await jobs.create(world.ctx, replace(admin, action=Action.JOB_CREATE), body, Language.EN)
    asked = {"requests": [{"action": action.value} for action in (Action.JOB_GET, Action.JOB_LIST)]}
    verdicts = await workspaces.judge(world.ctx, replace(ann, action=Action.WORKSPACE_GET), team, asked)
    assert [one.verdict for one in verdicts.results] == ["allow", "deny"]
    getting, listing = replace(ann, action=Action.JOB_GET), replace(ann, action=Action.JOB_LIST)
    assert (await jobs.show(world.ctx, getting, made.metadata.id, Language.EN)).metadata.name == "digits"
    found = await job_search.search(world.ctx, listing, {}, Language.EN)
    assert (found.total, found.count, found.items) == (0, 0, [])
    with pytest.raises(WorkspaceNotFound):
        await workspaces.show(world.ctx, replace(ann, action=Action.WORKSPACE_GET), team)
    deleting = replace(ann, action=Action.JOB_DELETE)
    with pytest.raises(ActionDenied):
        await jobs.delete(world.ctx, deleting, made.metadata.id)


async def test_users_are_listed_for_grants(world: World) -> None:
    """Guards the choice of members: one's own project, by name, those who may log in."""
    boss(world)
    add_user(world, "zoe", project_id=BOB.project_id)
    add_user(world, "ann", ADMINISTRATOR)
    listed = await workspaces.list_users(world.ctx, ALICE)
    names = [one.userName for one in listed.users]
    assert "zoe" not in names and {"ann", "boss"} <= set(names) and names == sorted(names)
