"""The fixed folders of a job (ADR 0020), another job's output as an input, and what is only previewed."""

from typing import Any

import pytest

from tests.services.world import ALICE, EN, REGISTRATION, World, channel, job_body
from trainwright.catalog.folders import USER_HOME
from trainwright.domain.entities import Event
from trainwright.domain.errors import TrainwrightError
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import MODEL_CHANNEL, PassAs
from trainwright.ports.uow import PLATFORM
from trainwright.services import jobs, reports
from trainwright.services.folders import sweep_outputs

pytestmark = pytest.mark.anyio


async def test_folders_lie_at_the_root_of_the_file_system(world: World) -> None:
    """Guards seeds/004: /code, /dataset, /model and /userhome, told by variables and never by arguments."""
    job_id = await world.create(
        algorithm__inputs=[],
        algorithm__outputs=[],
        spec__folders={
            "dataset": {"obs_url": "obs://bucket/data/"},
            "output_model": {"name": "digits"},
            "user_home": True,
        },
    )
    launch = world.read(job_id).job.launch
    assert launch.code is not None and launch.code.local_path == launch.working_dir == "/code"
    (data,) = launch.inputs
    assert (data.name, data.uri, data.local_path) == ("dataset", "obs://bucket/data/", "/dataset")
    model, home = launch.outputs
    assert (model.name, model.local_path, model.prefetch) == (MODEL_CHANNEL, "/model", True)
    assert model.uri == f"obs://trainwright-outputs/{job_id}/" and launch.model_name == "digits"
    assert (home.local_path, home.uri) == ("/userhome", "obs://trainwright-homes/project-a/u1/")
    assert {each.pass_as for each in (data, model, home)} == {PassAs.ENVIRONMENT}
    assert await world.objects.bucket_exists("trainwright-outputs")
    assert await world.objects.bucket_exists("trainwright-homes")
    shown = await jobs.show(world.ctx, ALICE, job_id, EN)
    assert "trainwright-" not in shown.model_dump_json()


async def test_empty_folders_move_the_code_only(world: World) -> None:
    """Guards that asking for them at all lays the code at /code; without, nothing changes."""
    launch = world.read(await world.create(spec__folders={})).job.launch
    assert launch.code is not None and launch.code.local_path == "/code"
    assert [each.name for each in (*launch.inputs, *launch.outputs)] == ["data_url", "train_url"]
    plain = world.read(await world.create(metadata__name="plain")).job.launch
    assert plain.code is not None and plain.code.local_path.endswith("/user-job-dir/app")


async def test_homes_are_shared_without_a_warning_but_outputs_are_not(world: World) -> None:
    """Guards that running jobs of one user may share their home; a model's own place is told as any output's is."""
    await world.create(spec__folders={"user_home": True}, algorithm__outputs=[])
    second = await world.create(
        metadata__name="second", spec__folders={"user_home": True}, algorithm__outputs=[]
    )
    assert _codes(world.events(second)) == ["job_created"]


FOLDERS: list[tuple[dict[str, Any], str]] = [
    ({"dataset": {"obs_url": "obs://bucket/none/"}}, "spec.folders.dataset.obs_url"),
    ({"dataset": {"obs_url": "nowhere"}}, "spec.folders.dataset.obs_url"),
    ({"dataset": {"obs_url": "obs://bucket/data/", "dataset_id": "d"}}, "spec.folders.dataset"),
    ({"dataset": {"dataset_id": "no-such"}}, "no-such"),
    ({"pretrained_model": {"model_id": "no-such"}}, "no-such"),
    ({"output_model": {}}, "spec.folders.output_model.name"),
    ({"output_model": {"name": "no blanks"}}, "spec.folders.output_model.name"),
    ({"output_model": {"obs_url": "obs://results/m/"}}, "spec.folders.output_model.name"),
    ({"output_model": {"name": "m", "obs_url": "obs://no-such/m/"}}, "spec.folders.output_model.obs_url"),
    ({"output_model": {"name": "m", "obs_url": "obs://trainwright-homes/p/"}}, "output_model.obs_url"),
    ({"user_home": "yes"}, "spec.folders.user_home"),
]


@pytest.mark.parametrize(("folders", "field"), FOLDERS)
async def test_folders_that_do_not_fit_are_refused_by_name(
    world: World, folders: dict[str, Any], field: str
) -> None:
    """Guards every field of `spec.folders`, and that the platform's own buckets cannot be named."""
    with pytest.raises(TrainwrightError) as refused:
        await world.create(spec__folders=folders)
    assert field in refused.value.message(EN)


async def test_a_channel_cannot_be_called_as_a_folder(world: World) -> None:
    """Guards the variables that tell where folders lie."""
    with pytest.raises(TrainwrightError, match=r"algorithm\.inputs\[0\]\.name"):
        await world.create(algorithm__inputs=[channel("model")], spec__folders={})
    await world.create(algorithm__inputs=[channel("model")])


async def test_another_jobs_output_is_an_input(world: World) -> None:
    """Guards incremental training: found at creation by name, or as the only one; it must hold something."""
    first = await world.create(metadata__name="first")
    again = {"name": "pretrained", "remote": {"job": {"id": first, "output": "train_url"}}}
    with pytest.raises(TrainwrightError, match=r"algorithm\.inputs\[0\]\.remote\.job"):
        await world.create(metadata__name="too-soon", algorithm__inputs=[again])
    await world.put("obs://results/run1/model.bin")
    for name, wanted in (("by-name", {"id": first, "output": "train_url"}), ("only", {"id": first})):
        given = {"name": "pretrained", "remote": {"job": wanted}}
        answer = await jobs.create(
            world.ctx, ALICE, job_body(metadata__name=name, algorithm__inputs=[given]), EN
        )
        (channel_made,) = world.read(answer.metadata.id).job.launch.inputs
        assert channel_made.uri == "obs://results/run1/"
        remote = answer.algorithm["inputs"][0]["remote"]
        assert remote["job"]["id"] == first and remote["obs"]["obs_url"] == "obs://results/run1/"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"id": "other"}, "not found"),
        ({"output": "nothing"}, "remote.job.output"),
    ],
)
async def test_an_output_that_is_not_there_is_refused(
    world: World, wanted: dict[str, str], said: str
) -> None:
    """Guards unknown jobs and unknown names."""
    first = await world.create(metadata__name="first")
    given = {"name": "x", "remote": {"job": {"id": first, **wanted}}}
    with pytest.raises(TrainwrightError) as refused:
        await world.create(metadata__name="next", algorithm__inputs=[given])
    assert said in refused.value.message(EN)


async def test_a_job_with_several_outputs_is_asked_which(world: World) -> None:
    """Guards against guessing; the user's home is nobody's output."""
    outputs = [channel("a", "obs://results/a/"), channel("b", "obs://results/b/")]
    several = await world.create(metadata__name="several", algorithm__outputs=outputs)
    home = await world.create(metadata__name="home", algorithm__outputs=[], spec__folders={"user_home": True})
    for job_id, said in ((several, "has several outputs"), (home, "has no output")):
        given = {"name": "x", "remote": {"job": {"id": job_id}}}
        with pytest.raises(TrainwrightError, match=said):
            await world.create(metadata__name="next", algorithm__inputs=[given])


async def test_settings_of_recovery_reach_the_launch(world: World) -> None:
    """Guards annotations, reserved_time, pre-emption and the checkpoint policy."""
    launch = world.read(
        await world.create(
            metadata__annotations={
                "fault-tolerance/job-retry-num": "2",
                "fault-tolerance/hang-retry": "true",
                "fault-tolerance/process-retry-num": "3",
            },
            spec__reserved_time={"time_unit": "HOURS", "duration": 2},
            spec__schedule_policy={"preemptible": True},
            spec__checkpoints={"keep_last": 3, "keep_best": 1, "metric": "accuracy", "mode": "max"},
        )
    ).job.launch
    assert (launch.precheck, launch.retry_hang, launch.process_retries) == (True, True, 3)
    assert (launch.reserve_s, launch.preemptible) == (7200, True)
    assert launch.checkpoints is not None
    assert launch.checkpoints.model_dump() == {
        "keep_last": 3,
        "keep_best": 1,
        "metric": "accuracy",
        "smaller_is_better": False,
    }
    plain = world.read(await world.create(metadata__name="plain")).job.launch
    assert (plain.precheck, plain.retry_hang, plain.reserve_s, plain.checkpoints) == (False, False, 0, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"spec__checkpoints": {"keep_best": 1}}, "spec.checkpoints.metric"),
        ({"spec__checkpoints": {"keep_best": 1, "metric": "a b"}}, "spec.checkpoints.metric"),
        ({"spec__checkpoints": {"keep_last": -1}}, "spec.checkpoints.keep_last"),
        ({"spec__checkpoints": {"mode": "most"}}, "spec.checkpoints.mode"),
        ({"metadata__annotations": {"fault-tolerance/process-retry-num": "x"}}, "process-retry-num"),
    ],
)
async def test_settings_of_recovery_are_checked(world: World, changes: dict[str, Any], field: str) -> None:
    """Guards their forms."""
    with pytest.raises(TrainwrightError) as refused:
        await world.create(**changes)
    assert field in refused.value.message(EN)


def _codes(events: list[Event]) -> list[str]:
    return [event.code for event in events]


async def test_models_of_jobs_that_are_gone_are_swept(world: World) -> None:
    """Guards the platform's disk: what a deleted job left at /model goes; what others left stays."""
    kept = await world.create(spec__folders={"output_model": {"name": "m"}})
    for job_id in (kept, "gone"):
        await world.put(f"obs://trainwright-outputs/{job_id}/model.bin")
    await sweep_outputs(world.ctx)
    page = await world.objects.list_page(ObsPath("trainwright-outputs"))
    assert [found.key for found in page.objects] == [f"{kept}/model.bin"]


async def test_what_an_unfinished_job_reads_is_not_swept(world: World) -> None:
    """Guards an input that is another job's model: its job may be deleted, but the files stay until they are read."""
    first = await world.ended(metadata__name="first", spec__folders={"output_model": {"name": "m"}})
    await world.put(f"obs://trainwright-outputs/{first}/model.bin")
    reader = await world.create(**_reads(first))
    with world.ctx.units(PLATFORM) as uow:  # as after its model was kept
        uow.jobs.delete(first)
        uow.commit()
    bucket = ObsPath("trainwright-outputs")
    await sweep_outputs(world.ctx)
    assert [found.key for found in (await world.objects.list_page(bucket)).objects] == [f"{first}/model.bin"]
    with world.ctx.units(PLATFORM) as uow:
        uow.jobs.delete(reader)
        uow.commit()
    await sweep_outputs(world.ctx)
    assert not (await world.objects.list_page(bucket)).objects


async def test_no_order_names_a_bucket_of_the_platforms(world: World) -> None:
    """Guards names that users need not know: log lines, events and variables are made of orders."""
    first = await world.ended(metadata__name="first", spec__folders={"output_model": {"name": "m"}})
    await world.put(f"obs://trainwright-outputs/{first}/model.bin")
    reads = _reads(first)
    reads["spec__folders"] = {"user_home": True, "output_model": {"name": "m2"}}
    job_id = await world.create(**reads)
    world.step(job_id)
    order = await reports.register(world.ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
    told = {folder.name: (folder.uri, folder.shown) for folder in (*order.inputs, *order.outputs)}
    assert told == {
        "data_url": ("", "output model of a job"),
        MODEL_CHANNEL: ("", "output model of a job"),
        USER_HOME: ("", "user home"),
    }


def _reads(job_id: str) -> dict[str, Any]:
    """Changes for a job whose input is the model of another."""
    source = {"job": {"id": job_id, "output": MODEL_CHANNEL}}
    return {
        "metadata__name": "reader",
        "algorithm__inputs": [{"name": "data_url", "remote": source}],
        "algorithm__outputs": [],
    }
