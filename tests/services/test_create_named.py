"""Jobs whose request names things by id: algorithms, datasets, pools, workspaces, experiments; and quotas."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.services.world import ALICE, EN, START_MS, ZH, World, channel, job_body
from trainwright.domain.access import ADMINISTRATOR, BUILT_IN, VIEWER, Action, allowed_by
from trainwright.domain.errors import (
    ActionDenied,
    AlgorithmNotFound,
    DatasetNotFound,
    DuplicateJobName,
    InputTooLarge,
    InvalidParam,
    PoolNotFound,
    QuotaExceeded,
    TooManyNodes,
    TrainwrightError,
    WorkspaceNotFound,
)
from trainwright.domain.specs import BootFile, ShellCommand
from trainwright.ports.algorithms import Algorithm, GalleryItem, GalleryVersion, Subscription
from trainwright.ports.datasets import Dataset, DatasetVersion
from trainwright.ports.identity import Principal
from trainwright.ports.pools import Pool
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Experiment, Member, Workspace
from trainwright.services import jobs
from trainwright.services.reading import scope_of

pytestmark = pytest.mark.anyio

PROJECT = ALICE.project_id
CHIEF = Principal("u9", "chief", PROJECT, is_admin=False, actions=allowed_by(BUILT_IN[ADMINISTRATOR]))
CREATING = replace(ALICE, action=Action.JOB_CREATE)
DOCUMENT: dict[str, Any] = {
    "metadata": {"name": "resnet"},
    "job_config": {
        "code_dir": "/bucket/code/app/",
        "boot_file": "/bucket/code/app/train.py",
        "engine": {"engine_id": "py-1"},
        "parameters": [
            {"name": "lr", "value": "0.1", "constraint": {"type": "Float", "editable": True}},
            {"name": "seed", "value": "7", "constraint": {"type": "Integer", "editable": False}},
        ],
        "parameters_customization": True,
        "inputs": [{"name": "data_url", "description": "pictures"}],
        "outputs": [{"name": "train_url"}],
    },
}


def store(world: World, *things: Any) -> None:
    """Put rows into the database."""
    with world.ctx.units(PLATFORM) as uow:
        for thing in things:
            match thing:
                case Algorithm():
                    uow.algorithms.add(thing)
                case GalleryItem():
                    uow.gallery.add_item(thing)
                case GalleryVersion():
                    uow.gallery.add_version(thing)
                case Subscription():
                    uow.gallery.add_subscription(thing)
                case Dataset():
                    uow.datasets.add(thing)
                case DatasetVersion():
                    uow.datasets.add_version(thing)
                    uow.datasets.save_version(thing)
                case Pool():
                    uow.pools.add(thing)
                case Workspace():
                    uow.workspaces.add(thing)
                case Experiment():
                    uow.experiments.add(thing)
        uow.commit()


def saved(**changes: Any) -> Algorithm:
    """A saved algorithm."""
    given = Algorithm("alg-1", PROJECT, "0", "resnet", "", "u1", "alice", DOCUMENT)
    return replace(given, **changes)


def named_body(algorithm: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A body whose algorithm is elsewhere."""
    places = {"inputs": [channel("data_url")], "outputs": [channel("train_url", "obs://results/run1/")]}
    return job_body(algorithm={**algorithm, **places}, **changes)


def dataset(*, size: int = 10, state: str = "ready") -> tuple[Dataset, DatasetVersion]:
    """A dataset with a version."""
    return (
        Dataset("ds-1", PROJECT, "0", "digits", "", "image", "obs://bucket/data/", "u1", "alice"),
        DatasetVersion(
            "v-1", "ds-1", "V1", "", "obs://bucket/data/", state, bytes=size, created_at_ms=1, ready_at_ms=2
        ),
    )


async def refused(world: World, body: dict[str, Any], who: Principal = ALICE) -> TrainwrightError:
    """The error, after making sure that nothing was left behind."""
    before = counted(world)
    with pytest.raises(TrainwrightError) as caught:
        await jobs.create(world.ctx, who, body, EN)
    assert counted(world) == before
    return caught.value


def counted(world: World) -> tuple[int, list[str], int]:
    """Jobs, wake-ups and experiments there are."""
    with world.ctx.units(PLATFORM, write=False) as uow:
        from_query = uow.jobs.taken(["digits", "second"])
        experiments = uow.experiments.find_by_name("new one")
        return len(from_query), list(world.woken), experiments is not None


async def test_a_saved_algorithm_fills_the_job_and_the_answer(world: World) -> None:
    """Guards §8.3: code, engine and hyperparameters come from it, the job's values go over them."""
    store(world, saved())
    body = named_body({"id": "alg-1", "parameters": [{"name": "lr", "value": "0.5"}]})
    answer = await jobs.create(world.ctx, ALICE, body, EN)
    job = world.read(answer.metadata.id).job
    assert job.launch.roles[0].command == BootFile(path="train.py")
    assert {p.name: p.value for p in job.launch.parameters} == {"lr": "0.5", "seed": "7"}
    assert (job.algorithm_id, job.algorithm_name) == ("alg-1", "resnet")
    shown = answer.algorithm
    assert (shown["id"], shown["name"]) == ("alg-1", "resnet")
    assert (shown["code_dir"], shown["boot_file"]) == ("/bucket/code/app/", "/bucket/code/app/train.py")
    assert shown["engine"]["engine_name"] == "Python"
    assert [p["value"] for p in shown["parameters"]] == ["0.5", "7"]
    assert shown["parameters"][1]["constraint"]["editable"] is False
    assert shown["inputs"][0]["description"] == "pictures"
    assert (await jobs.show(world.ctx, ALICE, job.id, EN)).algorithm == shown


async def test_an_unknown_algorithm_is_2755_with_status_400(world: World) -> None:
    """Guards the contract's one not-found that is a 400, also for another project's algorithm."""
    store(world, saved(project_id="project-b"))
    for algorithm_id in ("alg-1", "nothing"):
        error = await refused(world, named_body({"id": algorithm_id}))
        assert isinstance(error, AlgorithmNotFound) and error.code == "ModelArts.2755"


@pytest.mark.parametrize(
    ("algorithm", "code"),
    [
        ({"id": "alg-1", "subscription_id": "s", "item_version_id": "v"}, "2788"),
        ({"subscription_id": "s"}, "2788"),
        ({"item_version_id": "v"}, "2788"),
        ({"id": "alg-1", "boot_file": "/bucket/code/app/other.py"}, "2814"),
        ({"id": "alg-1", "parameters": [{"name": "seed", "value": "8"}]}, "2814"),
    ],
)
async def test_sources_that_contradict_are_refused(
    world: World, algorithm: dict[str, Any], code: str
) -> None:
    """Guards that a job has exactly one source, and keeps to it."""
    store(world, saved())
    assert (await refused(world, named_body(algorithm))).code == f"ModelArts.{code}"


async def test_the_code_of_a_subscription_stays_hidden(world: World) -> None:
    """Guards the publisher: neither the answer nor the stored request shows where the code lies."""
    await world.put("obs://trainwright-gallery/item/app/train.py")
    config = {
        **DOCUMENT["job_config"],
        "code_dir": "obs://trainwright-gallery/item/app/",
        "boot_file": "obs://trainwright-gallery/item/app/train.py",
    }
    uri = "obs://trainwright-gallery/item/app/"
    store(
        world,
        GalleryItem("item-1", "project-b", "u2", "bob", "Resnet", "", "public"),
        GalleryVersion("ver-1", "item-1", "1.0.0", "", {**DOCUMENT, "job_config": config}, uri),
        Subscription("sub-1", PROJECT, "item-1", "ver-1", "u1", "alice"),
    )
    body = named_body({"subscription_id": "sub-1", "item_version_id": "ver-1"})
    answer = await jobs.create(world.ctx, ALICE, body, EN)
    job = world.read(answer.metadata.id).job
    assert job.launch.code is not None and job.launch.code.uri == uri
    assert "trainwright-gallery" not in answer.model_dump_json()
    assert "trainwright-gallery" not in json.dumps(job.request)
    assert answer.algorithm["name"] == "Resnet"
    assert not {"code_dir", "boot_file", "command", "id"} & set(answer.algorithm)
    assert answer.algorithm["subscription_id"] == "sub-1"


async def test_a_platform_bucket_looks_missing(world: World) -> None:
    """Guards the platform's own buckets: nobody can run code out of them by naming them."""
    await world.put("obs://trainwright-gallery/item/app/train.py")
    code = "obs://trainwright-gallery/item/app/"
    error = await refused(world, job_body(algorithm__code_dir=code, algorithm__boot_file=code + "train.py"))
    assert error.code == "ModelArts.2802"


async def test_a_dataset_version_is_an_input(world: World) -> None:
    """Guards inputs by dataset: the newest version when none is named, and the answer says which it was."""
    store(world, *dataset())
    remote = {"dataset": {"id": "ds-1", "obs_url": "obs://somewhere/else/", "name": "digits"}}
    body = job_body(algorithm__inputs=[{"name": "data_url", "remote": remote}])
    answer = await jobs.create(world.ctx, ALICE, body, EN)
    (data,) = world.read(answer.metadata.id).job.launch.inputs
    assert (data.dataset_version_id, data.uri) == ("v-1", "obs://bucket/data/")
    shown = answer.algorithm["inputs"][0]["remote"]["dataset"]
    assert shown == {**remote["dataset"], "version_id": "v-1"}


@pytest.mark.parametrize(
    ("remote", "code"),
    [
        ({"dataset": {"id": "none"}}, "ModelArts.2783"),
        ({"dataset": {"id": "ds-1", "version_id": "none"}}, "ModelArts.2782"),
        ({"dataset": {"id": "ds-1"}, "obs": {"obs_url": "obs://bucket/data/"}}, "ModelArts.2753"),
    ],
)
async def test_datasets_that_are_not_there_are_refused(
    world: World, remote: dict[str, Any], code: str
) -> None:
    """Guards 2782 and 2783, and that an input has one place."""
    store(world, *dataset())
    error = await refused(world, job_body(algorithm__inputs=[{"name": "d", "remote": remote}]))
    assert error.code == code


async def test_an_unfinished_version_is_refused(world: World) -> None:
    """Guards that only a whole manifest is read."""
    store(world, *dataset(state="creating"))
    body = job_body(algorithm__inputs=[{"name": "d", "remote": {"dataset": {"id": "ds-1"}}}])
    assert (await refused(world, body)).code == "Trainwright.0903"
    body = job_body(algorithm__inputs=[{"name": "d", "remote": {"dataset": {"id": "ds-2"}}}])
    assert isinstance(await refused(world, body), DatasetNotFound)


async def test_inputs_must_fit_on_the_flavors_disk(world: World) -> None:
    """Guards the machine's disk: by the manifest, and by listing for folders and objects."""
    disk = {"flavor_id": "cpu.4", "node_count": 1}
    store(world, *dataset(size=(10_240 << 20) + 1))
    by_version = [{"name": "d", "remote": {"dataset": {"id": "ds-1", "version_id": "v-1"}}}]
    error = await refused(world, job_body(algorithm__inputs=by_version, spec__resource=disk))
    assert isinstance(error, InputTooLarge) and "cpu.4" in error.message(EN)
    await world.create(algorithm__inputs=by_version)  # the other flavor has no limit
    await world.create(
        metadata__name="second",
        spec__resource=disk,
        algorithm__outputs=[],
        algorithm__inputs=[channel("a"), channel("b", "obs://bucket/data/a.png")],
    )


def pool(**changes: Any) -> Pool:
    """A dedicated pool with four cards."""
    given = Pool("pool-1", PROJECT, "", "lab", {}, millicpus=8000, memory_mib=32_768, accelerators=4)
    return replace(given, **changes)


async def test_a_dedicated_pool_takes_generic_sizes(world: World) -> None:
    """Guards `modelarts.pool.visual.*`: so many cards and their share of the rest; no flavor detail in the answer."""
    store(world, pool())
    wanted = {"flavor_id": "modelarts.pool.visual.2xlarge", "node_count": 2, "pool_id": "pool-1"}
    answer = await jobs.create(world.ctx, ALICE, job_body(spec__resource=wanted), EN)
    job = world.read(answer.metadata.id).job
    have = job.launch.roles[0].resources
    assert (have.accelerators, have.cpus, have.memory_mib) == (2, 4.0, 16_384)
    assert job.pool_id == job.launch.pool_id == "pool-1"
    resource = answer.spec.resource
    assert (resource.pool_id, resource.pool_name, resource.flavor_detail) == ("pool-1", "lab", None)


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ({"flavor_id": "modelarts.pool.visual.xlarge", "node_count": 5, "pool_id": "pool-1"}, TooManyNodes),
        ({"flavor_id": "modelarts.pool.visual.8xlarge", "node_count": 1, "pool_id": "pool-1"}, TooManyNodes),
        ({"flavor_id": "cpu.4", "node_count": 1, "pool_id": "pool-small"}, TooManyNodes),
        (
            {"flavor_id": "modelarts.pool.visual.xlarge", "node_count": 1, "pool_id": "pool-small"},
            InvalidParam,
        ),
        ({"node_count": 1, "pool_id": "pool-1"}, InvalidParam),
        ({"flavor_id": "cpu.1", "node_count": 1, "pool_id": "pool-other"}, PoolNotFound),
    ],
)
async def test_what_a_pool_has_no_room_for_is_refused(
    world: World, resource: dict[str, Any], kind: type[Exception]
) -> None:
    """Guards that a job never waits for what its pool does not have, and that pools belong to projects."""
    store(
        world,
        pool(),
        pool(id="pool-small", name="small", millicpus=2000, memory_mib=2048, accelerators=0),
        pool(id="pool-other", project_id="project-b", name="theirs"),
    )
    assert isinstance(await refused(world, job_body(spec__resource=resource)), kind)


async def test_a_workspaces_pool_takes_only_its_jobs(world: World) -> None:
    """Guards a workspace's share: a member who only looks on there cannot run jobs in it from elsewhere."""
    members = (Member("u1", role=VIEWER), Member("u5"))
    team = Workspace("w" * 32, PROJECT, "team", owner_id="u9", auth_type="INTERNAL", members=members)
    store(world, team, pool(workspace_id=team.id), pool(id="pool-0", name="all", workspace_id="0"))
    resource = {"flavor_id": "modelarts.pool.visual.xlarge", "node_count": 1, "pool_id": "pool-1"}
    error = await refused(world, job_body(spec__resource=resource), CREATING)
    assert isinstance(error, InvalidParam) and error.slots["field"] == "spec.resource.pool_id"
    assert "{" not in error.message(EN) + error.message(ZH)
    inside = job_body(spec__resource=resource, metadata__workspace_id=team.id)
    assert isinstance(await refused(world, inside, CREATING), ActionDenied)
    made = await jobs.create(world.ctx, replace(CREATING, user_id="u5"), inside, EN)
    assert world.read(made.metadata.id).job.pool_id == "pool-1"
    resource["pool_id"] = "pool-0"
    await jobs.create(
        world.ctx,
        CREATING,
        job_body(metadata__name="second", spec__resource=resource, algorithm__outputs=[]),
        EN,
    )


async def test_the_public_pool_may_be_named(world: World) -> None:
    """Guards what a client copies from the list of pools."""
    job_id = await world.create(
        spec__resource={"flavor_id": "cpu.1", "node_count": 1, "pool_id": "pool-public"}
    )
    assert world.read(job_id).job.pool_id == ""


async def test_a_job_lies_in_its_workspace(world: World) -> None:
    """Guards membership: strangers see no workspace, and a narrower role there counts."""
    mine = Workspace("w" * 32, PROJECT, "mine", owner_id="u9", auth_type="INTERNAL", members=(Member("u1"),))
    theirs = Workspace("x" * 32, PROJECT, "theirs", owner_id="u9", auth_type="INTERNAL")
    looking = Workspace(
        "y" * 32,
        PROJECT,
        "looking",
        owner_id="u9",
        auth_type="INTERNAL",
        members=(Member("u1", role=VIEWER),),
    )
    store(world, mine, theirs, looking)
    answer = await jobs.create(world.ctx, CREATING, job_body(metadata__workspace_id=mine.id), EN)
    assert answer.metadata.workspace_id == mine.id
    for workspace_id in (theirs.id, "z" * 32):
        error = await refused(
            world, job_body(metadata__name="second", metadata__workspace_id=workspace_id), CREATING
        )
        assert isinstance(error, WorkspaceNotFound)
    body = job_body(metadata__name="second", metadata__workspace_id=looking.id)
    assert isinstance(await refused(world, body, CREATING), ActionDenied)


async def test_jobs_join_experiments_and_count_up(world: World) -> None:
    """Guards §10: by name, made when new; by id; the serial number is text and a refused job takes none."""
    reference = {"name": "new one", "description": "why"}
    first = await jobs.create(
        world.ctx, ALICE, job_body(metadata__training_experiment_reference=reference), EN
    )
    joined = first.metadata.training_experiment_reference
    assert joined is not None and (joined.name, joined.serial_number) == ("new one", "1")
    with pytest.raises(DuplicateJobName):
        await world.create(algorithm__outputs=[], metadata__training_experiment_reference={"id": joined.id})
    second = await jobs.create(
        world.ctx,
        ALICE,
        job_body(
            metadata__name="second",
            algorithm__outputs=[],
            metadata__training_experiment_reference={"id": joined.id},
        ),
        EN,
    )
    assert second.metadata.training_experiment_reference is not None
    assert second.metadata.training_experiment_reference.serial_number == "2"


async def test_a_refused_job_makes_no_experiment(world: World) -> None:
    """Guards that a refusal leaves nothing, whenever in the transaction it comes."""
    await world.create()
    body = job_body(algorithm__outputs=[], metadata__training_experiment_reference={"name": "new one"})
    assert isinstance(await refused(world, body), DuplicateJobName)
    body = job_body(metadata__training_experiment_reference={"id": "nothing"})
    assert (await refused(world, body)).code == "ModelArts.2842"


async def test_quotas_are_checked_with_the_job(world: World) -> None:
    """Guards 2815: the limit holds for the sum of unfinished jobs."""
    with world.ctx.units(scope_of(ALICE)) as uow:
        uow.quotas.set_of_workspace("0", {"train_job.cpu": 1}, START_MS)
        uow.commit()
    await world.create()
    error = await refused(world, job_body(metadata__name="second", algorithm__outputs=[]))
    assert isinstance(error, QuotaExceeded) and error.code == "ModelArts.2815"


async def test_the_highest_priority_is_a_right_of_its_own(world: World) -> None:
    """Guards `modelarts:trainJob:setHighPriority`; 0 means that no priority is given."""
    body = job_body(spec__schedule_policy={"priority": 3})
    assert isinstance(await refused(world, body), ActionDenied)
    answer = await jobs.create(world.ctx, CHIEF, body, EN)
    assert world.read(answer.metadata.id).job.launch.priority == 3
    job_id = await world.create(
        metadata__name="second", algorithm__outputs=[], spec__schedule_policy={"priority": 0}
    )
    assert world.read(job_id).job.launch.priority == 1


async def test_an_engines_image_means_its_environment(world: World) -> None:
    """Guards scripts for custom images: an image of ours needs a command, others are not offered."""
    engine = {"image_url": "lab/python:1"}
    answer = await jobs.create(
        world.ctx, ALICE, job_body(algorithm={"command": "python x.py", "engine": engine}), EN
    )
    launch = world.read(answer.metadata.id).job.launch
    assert launch.engine is not None and launch.engine.engine_id == "py-1"
    assert launch.roles[0].command == ShellCommand(line="python x.py")
    assert answer.algorithm["engine"] == {
        **engine,
        "engine_id": "py-1",
        "engine_name": "Python",
        "engine_version": "1",
    }
    without = job_body(metadata__name="second", algorithm={"engine": engine})
    assert (await refused(world, without)).code == "ModelArts.2806"


async def test_retention_can_be_switched_off(world: World) -> None:
    """Guards records that must never age."""
    job_id = await world.create(spec__retention={"policy": "disabled"})
    assert world.read(job_id).job.kept
    job_id = await world.create(
        metadata__name="second", algorithm__outputs=[], spec__retention={"policy": "enabled"}
    )
    assert not world.read(job_id).job.kept
