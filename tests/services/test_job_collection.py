"""Calls on several jobs, and small ones beside a job."""

from dataclasses import replace
from typing import Any

import pytest

from tests.domain.builders import make_job, make_launch
from tests.services.world import ALICE, BOB, EN, ZH, World
from trainwright.domain.access import VIEWER, Action
from trainwright.domain.entities import Event
from trainwright.domain.errors import (
    ActionDenied,
    InvalidParam,
    InvalidQuery,
    JobNotDeletable,
    JobNotFound,
    JobNotRunning,
    NotASearch,
    NotOffered,
    SavedImageNotFound,
    TaskNotFound,
    TemplateNotFound,
    TooManyReports,
    UserNotFound,
    WorkspaceNotFound,
)
from trainwright.domain.observation import RunState
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Member, Workspace
from trainwright.services import job_collection, stages, training_quotas, trials, unavailable

pytestmark = pytest.mark.anyio
IMAGE = {"name": "digits", "namespace": "vision", "tag": "v1"}


def batch(*job_ids: str, kind: str = "job") -> dict[str, Any]:
    """A body that names these jobs."""
    return {"jobs": [{"kind": kind, "metadata": {"id": job_id}} for job_id in job_ids]}


def exists(world: World, job_id: str) -> bool:
    """Whether the job is there."""
    with world.ctx.units(PLATFORM, write=False) as uow:
        return bool(uow.jobs.existing([job_id]))


async def two_ended(world: World) -> tuple[str, str]:
    """Two jobs that have ended, with logs."""
    ids = [await world.ended(metadata__name=name, algorithm__outputs=[]) for name in ("one", "two")]
    for job_id in ids:
        world.ctx.logs.append(f"{job_id}-a1", "worker-0", 0, b"x")
    return ids[0], ids[1]


async def test_a_batch_goes_as_a_whole(world: World) -> None:
    """Guards batch delete: all go with their logs; twice the same is once."""
    first, second = await two_ended(world)
    await job_collection.delete_batch(world.ctx, ALICE, batch(first, second, first))
    for job_id in (first, second):
        assert not exists(world, job_id)
        assert world.ctx.logs.size(f"{job_id}-a1", "worker-0") == 0
    with pytest.raises(JobNotFound):
        await job_collection.delete_batch(world.ctx, ALICE, batch(first))


async def test_a_batch_with_one_bad_job_leaves_all(world: World) -> None:
    """Guards all or nothing: unknown, another project's, unfinished, of another kind, of another workspace."""
    first, _ = await two_ended(world)
    unfinished = await world.running(metadata__name="three", algorithm__outputs=[])
    other = "w" * 32
    with world.ctx.units(PLATFORM) as uow:
        uow.workspaces.add(Workspace(other, ALICE.project_id, "other", owner_id=ALICE.user_id))
        for name, project, workspace in (
            ("bobs", BOB.project_id, "0"),
            ("elsewhere", ALICE.project_id, other),
        ):
            launch = make_launch(job_id=name, job_name=name, project_id=project)
            uow.jobs.add(replace(make_job(launch=launch), workspace_id=workspace))
        uow.commit()
    for raw, kind in (
        (batch(first, "nowhere"), JobNotFound),
        (batch(first, "bobs"), JobNotFound),
        (batch(first, unfinished), JobNotDeletable),
        (batch(first, kind="mrs_job"), InvalidParam),
        (batch(first, "elsewhere"), InvalidParam),
        (batch(), InvalidParam),
        (batch(*[f"id-{number}" for number in range(101)]), InvalidParam),
        ({"jobs": [{"metadata": {"id": first}}]}, InvalidParam),
        ({"jobs": [{"kind": "job"}]}, InvalidParam),
        ({}, InvalidParam),
    ):
        with pytest.raises(kind):
            await job_collection.delete_batch(world.ctx, ALICE, raw)
        assert exists(world, first)
    with pytest.raises(JobNotFound):
        await job_collection.delete_batch(world.ctx, BOB, batch(first))


async def test_a_taken_name_is_a_duplicate_wherever_it_lies(world: World) -> None:
    """Guards the name check against what creating says: names are taken in the whole project."""
    await world.create(metadata__name="taken")
    assert (await job_collection.check_name(world.ctx, ALICE, "taken", "")).is_duplicate
    assert not (await job_collection.check_name(world.ctx, ALICE, "free", "0")).is_duplicate
    assert not (await job_collection.check_name(world.ctx, BOB, "taken", "")).is_duplicate
    with pytest.raises(InvalidQuery):
        await job_collection.check_name(world.ctx, ALICE, "no spaces", "")
    with pytest.raises(WorkspaceNotFound):
        await job_collection.check_name(world.ctx, ALICE, "free", "nowhere")


async def test_stages_of_a_life(world: World) -> None:
    """Guards §6.6: four stages an attempt, in order, each with its times and both languages as text."""
    job_id = await world.create()
    assert (await stages.list_stages(world.ctx, ALICE, job_id)).total_count == 0
    world.step(job_id)
    (waiting,) = (await stages.list_stages(world.ctx, ALICE, job_id)).running_records
    assert [bool(stage.start_time) for stage in waiting.stages] == [True, False, False, False]
    assert waiting.stages[0].end_time == ""
    assert waiting.stages[3].en_message == "Not begun."
    ended = await world.ended(metadata__name="ended", algorithm__outputs=[])
    with world.ctx.units(PLATFORM) as uow:
        uow.events.append(
            [Event(ended, world.clock.ms, "code_download_started", source="Task", attempt=1, task="worker-0")]
        )
        uow.commit()
    answer = await stages.list_stages(world.ctx, ALICE, ended)
    (record,) = answer.running_records
    assert (answer.total_count, record.record_order) == (1, 1)
    assert [(stage.name, stage.stage_order) for stage in record.stages] == [
        ("scheduling", 1),
        ("preparing", 2),
        ("running", 3),
        ("end", 4),
    ]
    for stage in record.stages:
        assert stage.job_id == ended and stage.start_time and stage.end_time >= stage.start_time
        assert stage.en_message.isascii() and not stage.zh_message.isascii()
    (step,) = record.stages[1].sub_stages
    assert (step.name, step.en_message) == ("code_download_started", "[worker-0] Code download started.")
    assert record.stages[3].en_message == "Ended: completed."
    with pytest.raises(JobNotFound):
        await stages.list_stages(world.ctx, BOB, ended)


async def test_the_route_plan_keeps_the_order(world: World) -> None:
    """Guards §6.10: failed, with the default order of all workers."""
    job_id = await world.create(spec__resource__node_count=3)
    plan = await job_collection.route_plan(world.ctx, ALICE, job_id)
    assert (plan.job_id, plan.status, plan.rank_mapping) == (job_id, "failed", "0-0,1-1,2-2")
    with pytest.raises(JobNotFound):
        await job_collection.route_plan(world.ctx, BOB, job_id)


def test_event_categories_are_bilingual_under_a_hyphen() -> None:
    """Guards §6.11: the ids of notification.events, and the key with a hyphen."""
    english = job_collection.event_categories(None, EN).model_dump(by_alias=True)
    chinese = job_collection.event_categories("GPU", ZH).model_dump(by_alias=True)
    assert [one["id"] for one in english["event-categories"]] == [
        "JobStarted",
        "JobCompleted",
        "JobFailed",
        "JobTerminated",
        "JobRestarted",
        "JobHanged",
        "JobPreempted",
    ]
    assert english["event-categories"][0]["name"] == "Started"
    assert chinese["event-categories"][0]["name"] == "作业开始"
    with pytest.raises(InvalidQuery):
        job_collection.event_categories("TPU", EN)


async def test_a_running_task_reports(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards reports: an event of the task, only while it runs, of one type, and not without end."""
    job_id = await world.running()
    place = (job_id, "worker-0")
    await job_collection.report(world.ctx, ALICE, place, "training-event", {"type": "CheckpointSaved"})
    event = world.events(job_id)[-1]
    assert (event.code, event.source, event.task, event.slots) == (
        "task_notified",
        "Task",
        "worker-0",
        {"type": "CheckpointSaved"},
    )
    assert world.events_told[-1] == job_id
    said = {"type": "x"}
    for who, at, kind, raw, error in (
        (ALICE, place, "weather", said, InvalidParam),
        (ALICE, place, "training-event", {}, InvalidParam),
        (ALICE, place, "training-event", {"type": "x" * 257}, InvalidParam),
        (ALICE, (job_id, "worker-7"), "training-event", said, TaskNotFound),
        (ALICE, ("nowhere", "worker-0"), "weather", said, JobNotFound),
        (BOB, place, "training-event", said, JobNotFound),
    ):
        with pytest.raises(error):
            await job_collection.report(world.ctx, who, at, kind, raw)
    monkeypatch.setattr(job_collection, "REPORTS_MAX", 1)
    with pytest.raises(TooManyReports):
        await job_collection.report(world.ctx, ALICE, place, "training-event", said)
    waiting = await world.create(metadata__name="waiting", algorithm__outputs=[])
    with pytest.raises(JobNotRunning):
        await job_collection.report(world.ctx, ALICE, (waiting, "worker-0"), "training-event", said)
    world.step(job_id, RunState.RUNNING)


async def test_quotas_are_a_users_own_or_everyones(world: World) -> None:
    """Guards §7.3: limits shown, set, enforced at creation; numbers are numbers."""
    shown = await training_quotas.show(world.ctx, ALICE, "", "")
    assert [(item.resource, item.quota, item.used) for item in shown.quotas] == [
        ("job-num", -1, 0),
        ("visual-job-num", -1, 0),
        ("job-retention-enabled", 0, 0),
        ("job-num-quota-notify", 0, 0),
    ]
    everyone = {"user_id": "all-users", "quotas": [{"resource": "job-num", "quota": 9}]}
    await training_quotas.change(world.ctx, ALICE, everyone)
    await world.create()
    (mine,) = (await training_quotas.show(world.ctx, ALICE, ALICE.user_id, "job-num")).quotas
    assert (mine.quota, mine.used) == (9, 1)
    own = [
        {"resource": "job-num", "quota": 1, "used": 5},
        {"resource": "job-num-quota-notify", "quota": 0, "extra_info": "urn:smn:topic"},
    ]
    changed = await training_quotas.change(world.ctx, ALICE, {"user_id": ALICE.user_id, "quotas": own})
    assert (changed.user_id, changed.quotas[0].quota, changed.quotas[0].used) == (ALICE.user_id, 1, 1)
    assert changed.quotas[1].extra_info == "urn:smn:topic"
    (other,) = (await training_quotas.show(world.ctx, BOB, "", "job-num")).quotas
    assert other.quota == -1


@pytest.mark.parametrize(
    "quotas",
    [
        [],
        [{"resource": "jobs", "quota": 1}],
        [{"resource": "job-num"}],
        [{"resource": "job-num", "quota": -2}],
        [{"resource": "job-retention-enabled", "quota": -1}],
        [{"resource": "job-num", "quota": 2**31}],
        [{"resource": "job-retention-enabled", "quota": 2}],
        [{"resource": "job-num-quota-notify", "quota": 1}],
        [{"resource": "job-num", "quota": 1}, {"resource": "job-num", "quota": 2}],
    ],
)
async def test_bad_quotas_are_refused(world: World, quotas: list[dict[str, Any]]) -> None:
    """Guards every number's own range."""
    with pytest.raises(InvalidParam):
        await training_quotas.change(world.ctx, ALICE, {"user_id": ALICE.user_id, "quotas": quotas})


async def test_quotas_of_nobody(world: World) -> None:
    """Guards that another project's user looks like none, and unknown resources."""
    change = {"quotas": [{"resource": "job-num", "quota": 1}]}
    setter = replace(ALICE, actions=ALICE.actions | {Action.QUOTA_UPDATE})
    for user_id in (BOB.user_id, "nobody"):
        with pytest.raises(UserNotFound):
            await training_quotas.show(world.ctx, setter, user_id, "")
        with pytest.raises(UserNotFound):
            await training_quotas.change(world.ctx, ALICE, {"user_id": user_id, **change})
    with pytest.raises(InvalidQuery):
        await training_quotas.show(world.ctx, ALICE, "", "jobs")


async def test_what_is_not_offered_knows_its_ids(world: World) -> None:
    """Guards the order: form, job, task, and only then that the operation is missing."""
    job_id = await world.create()
    place = (job_id, "worker-0")
    with pytest.raises(NotOffered):
        await unavailable.save_image(world.ctx, ALICE, place, IMAGE)
    with pytest.raises(SavedImageNotFound):
        await unavailable.show_saved_image(world.ctx, ALICE, *place)
    for wrong in ({**IMAGE, "name": "Digits"}, {**IMAGE, "tag": "x" * 65}, {"name": "digits"}):
        with pytest.raises(InvalidParam):
            await unavailable.save_image(world.ctx, ALICE, place, wrong)
    with pytest.raises(TaskNotFound):
        await unavailable.save_image(world.ctx, ALICE, (job_id, "worker-7"), IMAGE)
    with pytest.raises(NotOffered):
        await unavailable.publish_artifacts(world.ctx, ALICE, job_id, {"publish_artifacts": [{}]})
    with pytest.raises(InvalidParam):
        await unavailable.publish_artifacts(world.ctx, ALICE, job_id, {"publish_artifacts": 3})
    with pytest.raises(NotASearch):
        await trials.refuse(world.ctx, ALICE, job_id)
    for who, unknown in ((ALICE, "nowhere"), (BOB, job_id)):
        for call in (
            unavailable.save_image(world.ctx, who, (unknown, "worker-0"), IMAGE),
            unavailable.show_saved_image(world.ctx, who, unknown, "worker-0"),
            unavailable.refuse(world.ctx, who, unknown, "ft-detail"),
            unavailable.publish_artifacts(world.ctx, who, unknown, {}),
            trials.refuse(world.ctx, who, unknown),
        ):
            with pytest.raises(JobNotFound):
                await call


def test_templates_and_search_algorithms() -> None:
    """Guards §9.1 and §9.6: names, defaults as text, a file for each name that is listed."""
    algorithms = trials.search_algorithms(EN)
    assert algorithms.search_algo_count == len(algorithms.search_algo_list) == 3
    bayes = algorithms.search_algo_list[0]
    assert (bayes.name, bayes.params[1].key, bayes.params[1].value) == ("bayes_opt_search", "kappa", "2.5")
    groups = trials.yaml_templates().yaml_templates
    assert [group.algorithm_type_en for group in groups] == ["hpo", "nas", "augment", "compression"]
    assert groups[0].algorithm_names == ["Anneal", "Bayes", "DragonFly", "FixNorm", "GridSearch", "TPE"]
    for group in groups:
        for name in group.algorithm_names:
            template = trials.yaml_template(group.algorithm_type_en, name)
            assert template.file_name.endswith(".yaml") and "search_space:" in template.content
    for kind, name in (("hpo", "tpe"), ("nothing", "TPE"), ("nas", "TPE")):
        with pytest.raises(TemplateNotFound):
            trials.yaml_template(kind, name)


async def test_a_role_in_the_workspace_counts(world: World) -> None:
    """Guards that whoever only looks on in a workspace deletes and reports nothing there."""
    workspace = Workspace(
        "w" * 32,
        ALICE.project_id,
        "lab",
        owner_id="someone",
        auth_type="INTERNAL",
        members=(Member(ALICE.user_id, role=VIEWER),),
    )
    launch = make_launch(job_id="theirs", project_id=ALICE.project_id)
    with world.ctx.units(PLATFORM) as uow:
        uow.workspaces.add(workspace)
        uow.jobs.add(replace(make_job(launch=launch), workspace_id=workspace.id))
        uow.commit()
    deleting = replace(ALICE, action=Action.JOB_DELETE)
    with pytest.raises(ActionDenied):
        await job_collection.delete_batch(world.ctx, deleting, batch("theirs"))
    reporting = replace(ALICE, action=Action.JOB_REPORT)
    with pytest.raises(ActionDenied):
        await job_collection.report(
            world.ctx, reporting, ("theirs", "worker-0"), "training-event", {"type": "x"}
        )
    looking = replace(ALICE, action=Action.JOB_GET)
    assert (await job_collection.route_plan(world.ctx, looking, "theirs")).rank_mapping == "0-0"
