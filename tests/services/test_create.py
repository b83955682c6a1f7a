"""Creating a job: what is stored, what is answered, what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.world import ALICE, BOB, EN, START_MS, World, channel, job_body
from trainwright.domain.entities import Event
from trainwright.domain.errors import (
    DuplicateJobName,
    TrainwrightError,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import BootFile, PassAs, ShellCommand
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Workspace
from trainwright.services import jobs

pytestmark = pytest.mark.anyio
OUT = "obs://results/run1/"


async def test_the_launch_says_everything_the_request_said(world: World) -> None:
    """Guards the runtime layout: paths, arguments, environment, limits."""
    job_id = await world.create(
        metadata__annotations={
            "fault-tolerance/job-retry-num": "2",
            "fault-tolerance/job-unconditional-retry": "true",
        },
        algorithm__inputs=[
            {"name": "data_url", "remote": {"obs": {"obs_url": "/bucket/data/"}}},
            {"name": "ONE", "access_method": "env", "remote": {"obs": {"obs_url": "s3://bucket/data/a.png"}}},
        ],
        algorithm__outputs=[
            {
                "name": "train_url",
                "prefetch_to_local": True,
                "local_dir": "/cache/out",
                "remote": {"obs": {"obs_url": "obs://results/run1"}},
            }
        ],
        algorithm__working_dir="/home/ma-user/work",
        spec__auto_stop={"time_unit": "HOURS", "duration": 2},
        spec__schedule_policy={"priority": 2},
        spec__log_export_path={"obs_url": "obs://results/logs"},
        spec__resource={"flavor_id": "cpu.1", "node_count": 3},
    )
    launch = world.read(job_id).job.launch
    assert launch.roles[0].command == BootFile(path="train.py")
    assert launch.task_names() == ("worker-0", "worker-1", "worker-2")
    assert launch.code is not None
    assert launch.code.local_path == "/home/ma-user/modelarts/user-job-dir/app"
    data, one = launch.inputs
    assert (data.uri, data.local_path) == ("obs://bucket/data/", "/home/ma-user/modelarts/inputs/data_url_0")
    assert (one.uri, one.local_path) == ("obs://bucket/data/a.png", "/home/ma-user/modelarts/inputs/ONE_1")
    assert one.pass_as is PassAs.ENVIRONMENT
    (out,) = launch.outputs
    assert (out.uri, out.local_path, out.prefetch) == ("obs://results/run1/", "/cache/out", True)
    assert (launch.max_run_s, launch.priority) == (7200, 2)
    assert (launch.retry_budget, launch.retry_unconditional) == (2, True)
    assert launch.log_export_uri == "obs://results/logs/"
    assert launch.engine is not None and launch.engine.engine_id == "py-1"
    assert launch.environment == {"SEED": "7"}


async def test_a_created_job_is_stored_told_and_answered(world: World) -> None:
    """Guards that acceptance is durable, that the control loop hears of it, and the first answer's shape."""
    answer = await jobs.create(world.ctx, ALICE, job_body(future_field={"a": 1}), EN)
    job_id = answer.metadata.id
    assert world.read(job_id).job.phase is Phase.CREATING
    assert world.read(job_id).job.request["future_field"] == {"a": 1}
    assert [event.code for event in world.events(job_id)] == ["job_created"]
    assert world.woken == [job_id] == world.events_told
    assert (answer.status.phase, answer.status.start_time, answer.status.duration) == ("Creating", 0, 0)
    assert answer.metadata.create_time == START_MS
    assert answer.status.tasks == ["worker-0"]


async def test_a_command_needs_neither_code_nor_engine(world: World) -> None:
    """Guards the second source of a job: a command line."""
    job_id = await world.create(
        algorithm={"command": "echo a && echo b; exit 3"},
        spec__auto_stop={"time_unit": "SECONDS", "duration": 5},
    )
    launch = world.read(job_id).job.launch
    assert launch.roles[0].command == ShellCommand(line="echo a && echo b; exit 3")
    assert (launch.code, launch.engine, launch.max_run_s) == (None, None, 5)


async def test_local_code_dir_moves_the_code(world: World) -> None:
    """Guards that the code keeps its folder's name below another parent."""
    job_id = await world.create(algorithm__local_code_dir="/home/me/src")
    code = world.read(job_id).job.launch.code
    assert code is not None and code.local_path == "/home/me/src/app"


async def test_an_engine_is_found_by_name_and_version(world: World) -> None:
    """Guards the second way to name an engine; the answer fills in the id."""
    body = job_body(algorithm__engine={"engine_name": "scikit-learn", "engine_version": "2"})
    answer = await jobs.create(world.ctx, ALICE, body, EN)
    assert answer.algorithm["engine"]["engine_id"] == "sk-2"


async def test_forms_that_switch_a_feature_off_are_taken(world: World) -> None:
    """Guards against refusing the empty objects that clients and consoles send."""
    await world.create(
        kind=None,
        tasks=[],
        endpoints={"ssh": {"key_pair_names": []}},
        metadata__workspace_id="0",
        metadata__annotations={"jupyter-lab/enable": "false", "my/own": "kept"},
        metadata__training_experiment_reference={},
        algorithm__policies={"auto_search": None},
        algorithm__summary={},
        algorithm__parameters=None,
        spec__volumes=[],
        spec__log_export_path={},
        spec__log_export_config={"version": "v0", "rotation_enabled": False},
        spec__notification={"topic_urn": "", "events": []},
        spec__retention={"policy": "disabled"},
        spec__schedule_policy={"priority": 0, "preemptible": False},
    )


async def test_code_limits(world: World) -> None:
    """Guards 1000 files, 5 GB and 32 folders; at the limit the job is taken."""
    for number in range(999):
        await world.put(f"obs://many/app/f{number}")
    await world.put("obs://many/app/train.py")
    code = {"algorithm__code_dir": "obs://many/app/", "algorithm__boot_file": "obs://many/app/train.py"}
    await world.create(**code)
    await world.put("obs://many/app/one-more")
    with pytest.raises(TrainwrightError) as caught:
        await world.create(**code, metadata__name="other")
    assert caught.value.code == "ModelArts.2759"

    deep = "obs://deep/app/" + "d/" * 33
    await world.put("obs://deep/app/train.py")
    await world.put(deep[:-2] + "f")
    code = {"algorithm__code_dir": "obs://deep/app/", "algorithm__boot_file": "obs://deep/app/train.py"}
    out: dict[str, Any] = {"algorithm__outputs": []}
    await world.create(**code, **out, metadata__name="deep32")
    await world.put(deep + "f")
    with pytest.raises(TrainwrightError) as caught:
        await world.create(**code, **out, metadata__name="deep33")
    assert caught.value.code == "ModelArts.2760"


async def test_names_are_unique_in_a_project_only(world: World) -> None:
    """Guards 2751, and that projects do not see each other's names."""
    await world.create()
    with pytest.raises(DuplicateJobName):
        await world.create(algorithm__outputs=[])
    await jobs.create(world.ctx, BOB, job_body(algorithm={"command": "true"}), EN)


SHARING = ("output_shared", "output_shared_unseen")


def warnings_of(world: World, job_id: str) -> list[Event]:
    """The events of the job that say that it shares an output path."""
    return [event for event in world.events(job_id) if event.code in SHARING]


@pytest.mark.parametrize("uri", ["/results/run1", "obs://results/run1/deep/", "obs://results/"])
async def test_unfinished_jobs_may_share_an_output_path(world: World, uri: str) -> None:
    """Guards scripts that start several jobs on one folder: they run, and each but the first is told, once."""
    ended = await world.ended(algorithm__outputs=[channel("o", OUT)])
    first = await world.create(metadata__name="first", algorithm__outputs=[channel("o", OUT)])
    outputs = [channel("free", "obs://bucket/free/"), channel("o", uri), channel("p", f"{OUT}p/")][
        : 2 + ("deep" in uri)
    ]
    second = await world.create(metadata__name="second", algorithm__outputs=outputs)
    assert not warnings_of(world, ended) and not warnings_of(world, first)
    (warning,) = warnings_of(world, second)
    assert (warning.code, warning.level, warning.slots["job"]) == ("output_shared", "Warning", first)
    assert uri.removeprefix("obs:/").strip("/") in str(warning.slots["uri"])


@pytest.mark.parametrize(("project_id", "workspace_id"), [(ALICE.project_id, "w-own"), (BOB.project_id, "0")])
async def test_who_writes_to_an_output_path_is_told_only_to_those_who_see_it(
    world: World, project_id: str, workspace_id: str
) -> None:
    """Guards hidden workspaces and other projects: the warning names neither the job nor where it writes."""
    job = world.read(await world.create(algorithm__outputs=[channel("o", "obs://results/other/")])).job
    (output,) = job.launch.outputs
    writing = job.launch.model_copy(update={"outputs": (output.model_copy(update={"uri": f"{OUT}secret/"}),)})
    hidden = replace(job, id="hidden-1", name="other", project_id=project_id, launch=writing)
    with world.ctx.units(PLATFORM) as uow:
        uow.workspaces.add(Workspace("w-own", ALICE.project_id, "own", owner_id="u9", auth_type="PRIVATE"))
        uow.jobs.add(replace(hidden, workspace_id=workspace_id))
        uow.commit()
    made = await world.create(metadata__name="second", algorithm__outputs=[channel("o", OUT)])
    (warning,) = warnings_of(world, made)
    assert (warning.code, warning.slots) == ("output_shared_unseen", {"uri": OUT})
