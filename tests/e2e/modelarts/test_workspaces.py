"""Workspaces with members and quotas, and what lies in them."""

from typing import Any

import pytest

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import Person, Platform


def make(platform: Platform, auth_type: str, *members: Person, **more: Any) -> Any:
    """Create one as the administrator."""
    grants = [{"user_id": one.id, "user_name": one.name, "user_type": "IAM"} for one in members]
    body = {"name": platform.unique("group"), "auth_type": auth_type} | more
    return platform.admin.api.call("create_workspace", body=body | ({"grants": grants} if grants else {}))


@covers(
    "create_workspace",
    "name description auth_type enterprise_project_id grants.*",
    answers="""
        grants.* owner auth_type enterprise_project_id update_time create_time enterprise_project_name
        name description id status
    """,
)
@covers("show_workspace", answers="grants.* owner auth_type name description id status")
@covers("update_workspace", "name description auth_type grants.*", answers="workspace_id")
@covers("delete_workspace", answers="workspace_id")
def test_a_workspace_from_its_making_to_its_end(
    api: Caller, platform: Platform, developer: Person, viewer: Person
) -> None:
    """Guards every field of a workspace, its members, and that only an empty one can go."""
    made = make(platform, "INTERNAL", developer, description="团队", enterprise_project_id="0")
    assert len(made.id) == 32 and made.status == "NORMAL"
    assert [(one.user_id, one.user_name) for one in made.grants] == [(developer.id, developer.name)]
    shown = api.call("show_workspace", workspace_id=made.id)
    assert (shown.auth_type, shown.description, shown.owner) == ("INTERNAL", "团队", platform.admin.name)
    assert shown.grants[0].user_type == "IAM"
    assert shown.create_time > 1_600_000_000_000

    renamed = platform.unique("renamed")
    grants = [{"user_id": viewer.id, "user_name": viewer.name, "user_type": "IAM"}]
    body = {"name": renamed, "description": "later", "auth_type": "INTERNAL", "grants": grants}
    assert api.call("update_workspace", workspace_id=made.id, body=body).workspace_id == made.id
    shown = api.call("show_workspace", workspace_id=made.id)
    assert (shown.name, shown.description, [one.user_id for one in shown.grants]) == (
        renamed,
        "later",
        [viewer.id],
    )

    job = platform.job(platform.unique("inside"))
    job["metadata"]["workspace_id"] = made.id
    inside = api.call("create_training_job", body=job)
    assert inside.metadata.workspace_id == made.id
    api.refused("delete_workspace", workspace_id=made.id)
    platform.wait(inside.metadata.id)
    api.call("delete_training_job", training_job_id=inside.metadata.id)
    assert api.call("delete_workspace", workspace_id=made.id).workspace_id == made.id
    api.refused("show_workspace", "ModelArts.0102", workspace_id=made.id)


@covers(
    "list_workspace",
    "offset limit sort_by order enterprise_project_id name filter_accessible",
    answers="""
        total_count count workspaces.id workspaces.name workspaces.auth_type workspaces.status workspaces.owner
    """,
)
def test_workspaces_are_listed_with_the_default_one(api: Caller, platform: Platform) -> None:
    """Guards paging, order, the fuzzy name, and workspace 0."""
    stem = platform.unique("listed")
    names = [make(platform, "PUBLIC", name=f"{stem}-{letter}").name for letter in "bac"]

    def listed(**query: Any) -> list[str]:
        return [one.name for one in api.call("list_workspace", **query).workspaces]

    assert "default" in listed()
    default = next(one for one in api.call("list_workspace").workspaces if one.name == "default")
    assert (default.id, default.auth_type) == ("0", "PUBLIC")
    assert api.call("show_workspace", workspace_id="0").name == "default"
    assert listed(name=stem, sort_by="name", order="asc") == sorted(names)
    assert listed(name=stem, sort_by="name", order="desc") == sorted(names)[::-1]
    assert listed(name=stem, sort_by="name", order="asc", offset=1, limit=1) == [sorted(names)[1]]
    assert sorted(listed(name=stem, enterprise_project_id="0", filter_accessible=True)) == sorted(names)
    assert len(listed(sort_by="update_time", order="desc")) == api.call("list_workspace").total_count
    page = api.call("list_workspace", name=stem, limit=2, sort_by="status")
    assert page.count == 2 and page.total_count >= 3


@pytest.mark.parametrize(
    "change",
    [
        {"name": "abc"},
        {"name": "x" * 65},
        {"name": "default"},
        {"auth_type": "SECRET"},
        {"description": "x" * 257},
    ],
)
def test_a_workspace_out_of_bounds_is_refused(
    api: Caller, platform: Platform, change: dict[str, Any]
) -> None:
    """Guards the limits of names, kinds and descriptions."""
    api.refused("create_workspace", body={"name": platform.unique("bounds"), "auth_type": "PUBLIC"} | change)


def test_a_private_workspace_does_not_exist_for_others(platform: Platform, developer: Person) -> None:
    """Guards jobs, lists and counts in a workspace against those who are no members of it."""
    private = make(platform, "PRIVATE")
    body = platform.job(platform.unique("secret"))
    body["metadata"]["workspace_id"] = private.id
    job = platform.admin.api.call("create_training_job", body=body).metadata.id
    platform.admin.api.call(
        "create_train_job_tags", training_job_id=job, body={"tags": [{"key": "hidden-key", "value": "v"}]}
    )
    outside = developer.api
    outside.refused("show_workspace", "ModelArts.0102", workspace_id=private.id)
    outside.refused("show_training_job_details", "ModelArts.2775", training_job_id=job)
    outside.refused(
        "stop_training_job", "ModelArts.2775", training_job_id=job, body={"action_type": "terminate"}
    )
    outside.refused("show_train_job_tags", "ModelArts.2775", training_job_id=job)
    name = [{"key": "name", "operator": "like", "value": [body["metadata"]["name"]]}]
    seen = outside.call("list_training_jobs", body={"filters": name})
    assert (seen.count, seen.items or []) == (0, [])
    assert "hidden-key" not in {tag.key for tag in outside.call("list_training_job_tags").tags or []}
    assert private.name not in {one.name for one in outside.call("list_workspace").workspaces}
    other = platform.job(platform.unique("intruder"))
    other["metadata"]["workspace_id"] = private.id
    outside.refused("create_training_job", "ModelArts.0102", body=other)


def test_members_of_an_internal_workspace_work_in_it(platform: Platform) -> None:
    """Guards membership: who is in may create and see, who is not may neither."""
    member, other = platform.add_person("developer"), platform.add_person("developer")
    shared = make(platform, "INTERNAL", member)
    body = platform.job(platform.unique("shared"))
    body["metadata"]["workspace_id"] = shared.id
    made = member.api.call("create_training_job", body=body)
    assert member.api.call("show_workspace", workspace_id=shared.id).name == shared.name
    assert member.api.call("list_training_jobs", body={"workspace_id": shared.id}).count == 1
    other.api.refused("show_training_job_details", "ModelArts.2775", training_job_id=made.metadata.id)


@covers("show_workspace_quotas", answers="quotas.*")
@covers(
    "update_workspace_quotas",
    "quotas.resource quotas.quota",
    answers="""
        quotas.resource quotas.quota quotas.update_time quotas.name_cn quotas.name_en quotas.min_quota
        quotas.max_quota quotas.unit_cn quotas.unit_en
    """,
)
def test_a_quota_of_a_workspace_is_enforced_when_jobs_are_created(api: Caller, platform: Platform) -> None:
    """Guards quotas: unlimited at first, then counted over unfinished jobs."""
    group = make(platform, "PUBLIC")
    before = {one.resource: one for one in api.call("show_workspace_quotas", workspace_id=group.id).quotas}
    assert {"train_job.count", "train_job.cpu", "train_job.memory", "train_job.accelerator"} <= set(before)
    assert {one.quota for one in before.values()} == {-1}
    api.call(
        "update_workspace_quotas",
        workspace_id=group.id,
        body={"quotas": [{"resource": "train_job.count", "quota": 1}]},
    )

    def create() -> Any:
        body = platform.job(platform.unique("limited"), "import time\ntime.sleep(600)\n")
        body["metadata"]["workspace_id"] = group.id
        return body

    first = api.call("create_training_job", body=create()).metadata.id
    api.refused("create_training_job", "ModelArts.2815", body=create())
    counted = {one.resource: one for one in api.call("show_workspace_quotas", workspace_id=group.id).quotas}
    assert (counted["train_job.count"].quota, counted["train_job.count"].used_quota) == (1, 1)
    platform.stop_job(first)
    second = api.call("create_training_job", body=create()).metadata.id
    platform.stop_job(second)
    for bad in ({"resource": "moon.rocks", "quota": 1}, {"resource": "train_job.count", "quota": -2}):
        api.refused("update_workspace_quotas", workspace_id=group.id, body={"quotas": [bad]})


@covers(
    "validate_authorization",
    "requests.action requests.action_id requests.resource",
    kept="requests.service_attributes",
    answers="""
        results.action results.verdict results.action_id results.resource results.cause.policy_name
    """,
)
def test_what_one_may_do_in_a_workspace_can_be_asked(api: Caller, developer: Person, viewer: Person) -> None:
    """Guards verdicts against the roles that callers have."""

    def verdicts(who: Caller) -> list[str]:
        asked = [
            {"action": action, "action_id": str(n), "resource": "*", "service_attributes": {"a": "b"}}
            for n, action in enumerate(("modelarts:trainJob:create", "modelarts:trainJob:setHighPriority"))
        ]
        answer = who.call("validate_authorization", workspace_id="0", body={"requests": asked})
        assert [one.action_id for one in answer.results] == ["0", "1"]
        return [one.verdict for one in answer.results]

    allowed, denied = verdicts(api)[0], verdicts(viewer.api)[0]
    assert allowed != denied
    assert verdicts(api) == [allowed, allowed]
    assert verdicts(developer.api) == [allowed, denied]
    assert verdicts(viewer.api) == [denied, denied]


@covers("list_users", answers="users.userName")
def test_users_that_can_become_members(api: Caller, platform: Platform, developer: Person) -> None:
    """Guards the list behind the choice of members."""
    names = {one.user_name for one in api.call("list_users").users}
    assert {platform.admin.name, developer.name} <= names


def test_an_unknown_workspace_is_refused_everywhere(api: Caller, platform: Platform) -> None:
    """Guards every call that takes a workspace's id, those of other things included."""
    unknown = "f" * 32
    for call, more in (
        ("show_workspace", {}),
        ("update_workspace", {"body": {"description": "d"}}),
        ("delete_workspace", {}),
        ("show_workspace_quotas", {}),
        ("update_workspace_quotas", {"body": {"quotas": [{"resource": "train_job.count", "quota": 1}]}}),
        (
            "validate_authorization",
            {"body": {"requests": [{"action": "modelarts:trainJob:list", "action_id": "1"}]}},
        ),
    ):
        api.refused(call, "ModelArts.0102", workspace_id=unknown, **more)
    body = platform.job(platform.unique("nowhere"))
    body["metadata"]["workspace_id"] = unknown
    api.refused("create_training_job", "ModelArts.0102", body=body)
    experiment = {"metadata": {"name": platform.unique("nowhere"), "workspace_id": unknown}}
    api.refused("create_training_experiment", "ModelArts.0102", body=experiment)
