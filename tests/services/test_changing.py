"""Changing a job, and making another like it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.services.test_create_named import CHIEF, DOCUMENT, PROJECT, named_body, store
from tests.services.world import ALICE, BOB, EN, World, job_body
from trainwright.domain.access import VIEWER, Action
from trainwright.domain.errors import (
    ActionDenied,
    InvalidParam,
    JobNotFound,
    JobStatusChanged,
    NotOffered,
    ParamOutOfRange,
)
from trainwright.ports.algorithms import GalleryItem, GalleryVersion, Subscription
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Experiment, Member, Workspace
from trainwright.services import jobs
from trainwright.services.rebuilding import request_of

pytestmark = pytest.mark.anyio


def priority(number: int) -> dict[str, Any]:
    """A change of the priority."""
    return {"spec": {"schedule_policy": {"priority": number}}}


async def test_the_priority_changes_while_the_job_waits(world: World) -> None:
    """Guards §6.1: stored in launch and request, told to the control loop, said in an event."""
    job_id = await world.create()
    world.step(job_id)
    world.woken.clear()
    await jobs.change(world.ctx, ALICE, job_id, priority(2))
    job = world.read(job_id).job
    assert job.launch.priority == 2
    shown = (await jobs.show(world.ctx, ALICE, job_id, EN)).spec.model_dump()
    assert shown["schedule_policy"]["priority"] == 2
    assert world.woken == [job_id]
    assert world.events(job_id)[-1].code == "job_priority"
    with pytest.raises(ActionDenied):
        await jobs.change(world.ctx, ALICE, job_id, priority(3))
    await jobs.change(world.ctx, CHIEF, job_id, priority(3))
    await jobs.change(world.ctx, CHIEF, job_id, priority(0))
    assert world.read(job_id).job.launch.priority == 3


@pytest.mark.parametrize("policy", [{"priority": 2}, {"preemptible": True}])
async def test_a_job_that_waits_no_more_keeps_its_place(world: World, policy: dict[str, Any]) -> None:
    """Guards 2878 for running and ended jobs; nothing of the request is applied."""
    update = {"description": "changed", "spec": {"schedule_policy": policy}}
    for job_id in (
        await world.running(),
        await world.ended(metadata__name="second", algorithm__outputs=[]),
    ):
        with pytest.raises(JobStatusChanged) as caught:
            await jobs.change(world.ctx, ALICE, job_id, update)
        assert caught.value.code == "ModelArts.2878"
        assert world.read(job_id).job.description == "first"


async def test_an_ended_job_may_still_be_described(world: World) -> None:
    """Guards notes made after the result is known; the empty text empties."""
    job_id = await world.ended()
    await jobs.change(world.ctx, ALICE, job_id, {"description": ""})
    assert world.read(job_id).job.description == ""
    assert (await request_of(world.ctx, ALICE, job_id))["metadata"]["description"] == ""


async def test_kept_settings_change_and_say_so(world: World) -> None:
    """Guards notification, pre-emption and annotations: stored, shown, merged by key, and told where without effect."""
    job_id = await world.create(metadata__annotations={"mine": "1", "other": "2"})
    update = {
        "spec": {
            "notification": {"topic_urn": "urn", "events": ["JobFailed"]},
            "schedule_policy": {"preemptible": True},
        },
        "metadata": {"annotation": {"mine": "3", "fault-tolerance/pod-retry-num": "2"}},
    }
    await jobs.change(world.ctx, ALICE, job_id, update)
    shown = await jobs.show(world.ctx, ALICE, job_id, EN)
    assert shown.metadata.annotations == {"mine": "3", "other": "2", "fault-tolerance/pod-retry-num": "2"}
    spec = shown.spec.model_dump()
    assert spec["notification"] == {"topic_urn": "urn", "events": ["JobFailed"]}
    assert spec["schedule_policy"]["preemptible"] is True
    told = world.events(job_id)[-1]
    assert told.code == "settings_kept"
    assert set(str(told.slots["settings"]).split(", ")) == {
        "spec.notification",
        "metadata.annotations.fault-tolerance/pod-retry-num",
    }


async def test_retries_change_with_their_annotations(world: World) -> None:
    """Guards that an annotation that is acted on at creation is acted on when changed."""
    job_id = await world.create()
    annotation = {"fault-tolerance/job-retry-num": "2", "fault-tolerance/job-unconditional-retry": "true"}
    await jobs.change(world.ctx, ALICE, job_id, {"metadata": {"annotation": annotation}})
    launch = world.read(job_id).job.launch
    assert (launch.retry_budget, launch.retry_unconditional) == (2, True)


@pytest.mark.parametrize(
    ("update", "kind"),
    [
        (priority(4), ParamOutOfRange),
        (priority(-1), ParamOutOfRange),
        ({"spec": {"schedule_policy": {"priority": "2"}}}, InvalidParam),
        ({"spec": {"notification": {"events": ["JobExploded"]}}}, InvalidParam),
        ({"metadata": {"annotation": {"a": 1}}}, InvalidParam),
        ({"metadata": {"annotation": {"fault-tolerance/job-retry-num": "x"}}}, InvalidParam),
        ({"metadata": {"annotation": {f"a{n}": "" for n in range(100)}}}, InvalidParam),
        ({"metadata": {"annotation": {"jupyter-lab/enable": "true"}}}, NotOffered),
        ({"endpoints": {"ssh": {"key_pair_names": ["k"]}}}, NotOffered),
    ],
)
async def test_bad_changes_change_nothing(
    world: World, update: dict[str, Any], kind: type[Exception]
) -> None:
    """Guards that a refused change leaves the job as it was, and the order: an unknown job is told first."""
    job_id = await world.create(metadata__annotations={"own": "1"})
    before = world.read(job_id).job
    with pytest.raises(kind):
        await jobs.change(world.ctx, ALICE, job_id, {"description": "new", **update})
    assert world.read(job_id).job == before
    if kind is NotOffered:
        with pytest.raises(JobNotFound):
            await jobs.change(world.ctx, ALICE, "nothing", update)


async def test_a_change_of_nothing_says_nothing(world: World) -> None:
    """Guards that nulls, empty objects and what is so already are no changes."""
    job_id = await world.create(spec__schedule_policy={"priority": 2})
    told = len(world.events(job_id))
    same: list[dict[str, Any]] = [
        {},
        {"description": None, "spec": None},
        {"spec": {}},
        {"description": "first"},
        priority(2),
    ]
    for update in same:
        await jobs.change(world.ctx, ALICE, job_id, update)
    assert len(world.events(job_id)) == told


async def test_changes_at_once_lose_nothing(world: World) -> None:
    """Guards concurrent changes of different things: the second reads what the first has written."""
    job_id = await world.create()
    await asyncio.gather(
        *(
            jobs.change(world.ctx, ALICE, job_id, {"metadata": {"annotation": {f"key-{n}": "x"}}})
            for n in range(10)
        )
    )
    shown = await jobs.show(world.ctx, ALICE, job_id, EN)
    assert len(shown.metadata.annotations) == 10


async def test_a_narrower_role_in_the_workspace_counts(world: World) -> None:
    """Guards members who only look on: no change, no stop, no deletion."""
    workspace = Workspace(
        "w" * 32, PROJECT, "ours", owner_id="u9", auth_type="INTERNAL", members=(Member("u1", role=VIEWER),)
    )
    store(world, workspace)
    body = job_body(metadata__workspace_id=workspace.id)
    job_id = (await jobs.create(world.ctx, replace(CHIEF, action=Action.JOB_CREATE), body, EN)).metadata.id
    stop = {"action_type": "terminate"}
    for call, action in (
        (lambda who: jobs.change(world.ctx, who, job_id, {"description": "x"}), Action.JOB_UPDATE),
        (lambda who: jobs.stop(world.ctx, who, job_id, stop, EN), Action.JOB_STOP),
        (lambda who: jobs.delete(world.ctx, who, job_id), Action.JOB_DELETE),
    ):
        with pytest.raises(ActionDenied):
            await call(replace(ALICE, action=action))
    assert (await jobs.show(world.ctx, ALICE, job_id, EN)).metadata.id == job_id


async def test_a_copy_is_ready_to_be_sent(world: World) -> None:
    """Guards rebuilding: the same request under a free name, with what was changed since, accepted as it is."""
    name = "n" * 64
    first = await world.create(metadata__name=name, future={"kept": 1}, algorithm__outputs=[])
    await jobs.change(world.ctx, ALICE, first, {"description": "better", **priority(2)})
    body = await request_of(world.ctx, ALICE, first)
    assert body["metadata"]["name"] == "n" * 59 + "-copy"
    assert (body["metadata"]["description"], body["future"]) == ("better", {"kept": 1})
    second = (await jobs.create(world.ctx, ALICE, body, EN)).metadata.id
    one, other = world.read(first).job.launch, world.read(second).job.launch
    assert other == one.model_copy(update={"job_id": second, "job_name": body["metadata"]["name"]})
    for job_id in (first, second):
        again = await request_of(world.ctx, ALICE, job_id)
        assert again["metadata"]["name"] == "n" * 58 + "-copy2"


async def test_a_copy_joins_the_experiment_while_there_is_one(world: World) -> None:
    """Guards a reference by name that was changed, and one to an experiment that is gone."""
    store(world, Experiment("e-1", PROJECT, "0", "old name"))
    job_id = await world.create(metadata__training_experiment_reference={"name": "old name"})
    reference = (await request_of(world.ctx, ALICE, job_id))["metadata"]["training_experiment_reference"]
    assert reference == {"id": "e-1"}
    with world.ctx.units(PLATFORM) as uow:
        uow.experiments.delete("e-1")
        uow.commit()
    body = await request_of(world.ctx, ALICE, job_id)
    assert "training_experiment_reference" not in body["metadata"]


async def test_a_copy_of_a_subscriptions_job_shows_no_code(world: World) -> None:
    """Guards the publisher's code on the way round."""
    await world.put("obs://trainwright-gallery/item/train.py")
    code = {
        "code_dir": "obs://trainwright-gallery/item/",
        "boot_file": "obs://trainwright-gallery/item/train.py",
    }
    document = {**DOCUMENT, "job_config": {**DOCUMENT["job_config"], **code}}
    store(
        world,
        GalleryItem("item-1", "project-b", "u2", "bob", "Resnet", "", "public"),
        GalleryVersion("ver-1", "item-1", "1.0.0", "", document, code["code_dir"]),
        Subscription("sub-1", PROJECT, "item-1", "ver-1", "u1", "alice"),
    )
    body = named_body({"subscription_id": "sub-1", "item_version_id": "ver-1"})
    job_id = (await jobs.create(world.ctx, ALICE, body, EN)).metadata.id
    again = await request_of(world.ctx, ALICE, job_id)
    assert "trainwright-gallery" not in str(again)
    assert again["algorithm"] == body["algorithm"]


async def test_a_copy_is_the_projects_own(world: World) -> None:
    """Guards isolation."""
    job_id = await world.create()
    for who, asked in ((BOB, job_id), (ALICE, "nothing")):
        with pytest.raises(JobNotFound):
            await request_of(world.ctx, who, asked)


async def test_a_waiting_job_may_be_made_to_give_way(world: World) -> None:
    """Guards that pre-emption and recovery settings reach the launch of the next attempt."""
    job_id = await world.create()
    update = {
        "spec": {"schedule_policy": {"preemptible": True}},
        "metadata": {
            "annotation": {
                "fault-tolerance/job-retry-num": "1",
                "fault-tolerance/hang-retry": "true",
                "fault-tolerance/process-retry-num": "2",
            }
        },
    }
    await jobs.change(world.ctx, ALICE, job_id, update)
    launch = world.read(job_id).job.launch
    assert (launch.preemptible, launch.retry_hang, launch.process_retries, launch.precheck) == (
        True,
        True,
        2,
        True,
    )
