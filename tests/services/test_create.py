"""Creating a job: what is stored, what is answered, what is refused."""

from typing import Any

import pytest

from tests.services.world import ALICE, BOB, EN, START_MS, ZH, World, job_body
from trainwright.domain.errors import (
    DuplicateJobName,
    OutputPathInUse,
    StorageUnavailable,
    TrainwrightError,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import BootFile, PassAs, ShellCommand
from trainwright.services import jobs
from trainwright.wire.jobs import JobSearch

pytestmark = pytest.mark.anyio


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
        spec__schedule_policy={"priority": 3},
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
    assert (launch.max_run_s, launch.priority) == (7200, 3)
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


def remote(url: object) -> dict[str, Any]:
    """A channel's place."""
    return {"obs": {"obs_url": url}}


def channel(name: str, url: str = "obs://bucket/data/", **more: Any) -> dict[str, Any]:
    """A channel."""
    return {"name": name, "remote": remote(url), **more}


OUT = "obs://results/run1/"
# (changes to a good body, error code, words of the message that name the culprit)
REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    # the form of the body
    ({"kind": "nonsense"}, "2788", "kind"),
    ({"kind": 7}, "2788", "kind"),
    ({"metadata": ...}, "2788", "metadata"),
    ({"metadata": "x"}, "2788", "metadata"),
    ({"metadata__name": ...}, "2788", "metadata.name"),
    ({"metadata__name": ""}, "2788", "metadata.name"),
    ({"metadata__name": "a b"}, "2788", "metadata.name"),
    ({"metadata__name": "数字"}, "2788", "metadata.name"),
    ({"metadata__name": "x" * 65}, "2788", "metadata.name"),
    ({"metadata__name": "a\n"}, "2788", "metadata.name"),
    ({"metadata__name": 5}, "2788", "metadata.name"),
    ({"metadata__description": "x" * 257}, "2788", "metadata.description"),
    ({"metadata__annotations": {"a": 1}}, "2788", "metadata.annotations.a"),
    ({"algorithm": ...}, "2788", "algorithm"),
    ({"algorithm": []}, "2788", "algorithm"),
    ({"spec": ...}, "2788", "spec"),
    ({"spec": {}}, "2788", "spec.resource"),
    # the source
    ({"algorithm__boot_file": ..., "algorithm__code_dir": ...}, "2788", "boot_file"),
    ({"algorithm__boot_file": ...}, "2788", "boot_file"),
    ({"algorithm__code_dir": ...}, "2788", "code_dir"),
    ({"algorithm__engine": ...}, "2788", "engine"),
    ({"algorithm__command": "echo"}, "2788", "algorithm.command"),
    ({"algorithm": {"command": "a\nb"}}, "2788", "algorithm.command"),
    ({"algorithm__engine": {"engine_id": "none"}}, "2780", "none"),
    ({"algorithm__engine": {"engine_name": "Python", "engine_version": "9"}}, "2780", "Python 9"),
    ({"algorithm__engine": {"engine_id": "py-1", "engine_name": "PyTorch"}}, "2788", "algorithm.engine"),
    ({"algorithm__code_dir": "code/app"}, "2802", "code/app"),
    ({"algorithm__code_dir": "obs://bucket/code/../app/"}, "2802", ".."),
    (
        {"algorithm__code_dir": "obs://nobucket/app/", "algorithm__boot_file": "obs://nobucket/app/a.py"},
        "2802",
        "nobucket",
    ),
    (
        {"algorithm__code_dir": "obs://bucket/none/", "algorithm__boot_file": "obs://bucket/none/a.py"},
        "2802",
        "none",
    ),
    ({"algorithm__boot_file": "obs://bucket/code/other.py"}, "2758", "other.py"),
    ({"algorithm__boot_file": "obs://bucket/code/app/../other.py"}, "2758", "other.py"),
    ({"algorithm__boot_file": "train.py"}, "2758", "train.py"),
    ({"algorithm__boot_file": "obs://bucket/code/app/train.sh"}, "2758", "train.sh"),
    ({"algorithm__boot_file": "obs://bucket/code/app/none.py"}, "2758", "none.py"),
    ({"algorithm__boot_file": "obs://bucket/code/app/"}, "2758", "app/"),
    # channels
    ({"algorithm__inputs": [{"name": "a"}]}, "2753", "algorithm.inputs[0]"),
    ({"algorithm__inputs": [{"name": "a", "remote": remote("")}]}, "2753", "algorithm.inputs[0]"),
    ({"algorithm__inputs": [channel("a b")]}, "2788", "algorithm.inputs[0].name"),
    ({"algorithm__inputs": [channel("a", "data")]}, "2791", "algorithm.inputs[0]"),
    ({"algorithm__inputs": [channel("a", "obs://bucket/../x")]}, "2791", "algorithm.inputs[0]"),
    ({"algorithm__inputs": [channel("a", "obs://bucket/none/")]}, "2791", "obs://bucket/none/"),
    ({"algorithm__inputs": [channel("a", "obs://bucket/dat")]}, "2791", "obs://bucket/dat"),
    ({"algorithm__inputs": [channel("a", "obs://nobucket/x/")]}, "2791", "nobucket"),
    ({"algorithm__inputs": [channel("a"), channel("a")]}, "2753", "algorithm.inputs[1].name"),
    ({"algorithm__inputs": [channel("train_url")]}, "2753", "algorithm.outputs[0].name"),
    ({"algorithm__inputs": [channel("a-b", access_method="env")]}, "2753", "algorithm.inputs[0].name"),
    (
        {"algorithm__inputs": [channel("a", access_method="magic")]},
        "2788",
        "algorithm.inputs[0].access_method",
    ),
    ({"algorithm__inputs": [channel("a", local_dir="data")]}, "2788", "algorithm.inputs[0].local_dir"),
    ({"algorithm__inputs": [channel("a", local_dir="/etc")]}, "2788", "algorithm.inputs[0].local_dir"),
    (
        {"algorithm__inputs": [channel("a", local_dir="/home/x/../y")]},
        "2788",
        "algorithm.inputs[0].local_dir",
    ),
    (
        {"algorithm__inputs": [channel("a", local_dir="/home/ma-user")]},
        "2788",
        "algorithm.inputs[0].local_dir",
    ),
    (
        {"algorithm__inputs": [channel("a", local_dir="/cache/d"), channel("b", local_dir="/cache/d/e/")]},
        "2788",
        "algorithm.inputs[1].local_dir",
    ),
    ({"algorithm__outputs": [{"name": "o"}]}, "2791", "algorithm.outputs[0]"),
    ({"algorithm__outputs": [channel("o", "obs://nobucket/x/")]}, "2791", "nobucket"),
    ({"algorithm__outputs": [channel("o", OUT), channel("p", OUT[:-1])]}, "2753", "algorithm.outputs[1]"),
    ({"algorithm__outputs": [channel("o", OUT, prefetch_to_local="yes")]}, "2788", "prefetch_to_local"),
    # hyperparameters and variables
    ({"algorithm__parameters": [{"name": "lr", "value": 0.1}]}, "2788", "algorithm.parameters[0].value"),
    ({"algorithm__parameters": [{"value": "1"}]}, "2788", "algorithm.parameters[0].name"),
    ({"algorithm__parameters": [{"name": "l r"}]}, "2788", "algorithm.parameters[0].name"),
    ({"algorithm__parameters": [{"name": "a"}, {"name": "a"}]}, "2767", "algorithm.parameters[1].name"),
    ({"algorithm__parameters": [{"name": "a", "constraint": {"required": True}}]}, "2766", "a"),
    (
        {"algorithm__parameters": [{"name": "a", "value": "x", "constraint": {"type": "Integer"}}]},
        "2768",
        "x",
    ),
    (
        {"algorithm__parameters": [{"name": "a", "value": "1.5", "constraint": {"type": "Integer"}}]},
        "2768",
        "1.5",
    ),
    ({"algorithm__parameters": [{"name": "a", "value": "y", "constraint": {"type": "Float"}}]}, "2768", "y"),
    (
        {"algorithm__parameters": [{"name": "a", "value": "ja", "constraint": {"type": "Boolean"}}]},
        "2768",
        "ja",
    ),
    (
        {
            "algorithm__parameters": [
                {
                    "name": "a",
                    "value": "7",
                    "constraint": {"type": "Integer", "valid_type": "range", "valid_range": ["1", "5"]},
                }
            ]
        },
        "2769",
        "[1, 5]",
    ),
    (
        {
            "algorithm__parameters": [
                {
                    "name": "a",
                    "value": "sgd2",
                    "constraint": {"valid_type": "choice", "valid_range": ["sgd", "adam"]},
                }
            ]
        },
        "2769",
        "sgd, adam",
    ),
    ({"algorithm__environments": {"1A": "x"}}, "2788", "algorithm.environments.1A"),
    ({"algorithm__environments": {"A": 1}}, "2788", "algorithm.environments.A"),
    ({"algorithm__environments": {"A": "x" * 4097}}, "2788", "algorithm.environments.A"),
    ({"algorithm__environments": {"A" * 8193: "x"}}, "2788", "algorithm.environments.AAA"),
    ({"algorithm__environments": {f"V{n}": "" for n in range(101)}}, "2788", "algorithm.environments"),
    # folders
    ({"algorithm__local_code_dir": "src"}, "2857", "src"),
    ({"algorithm__local_code_dir": "/opt/src"}, "2857", "/opt/src"),
    ({"algorithm__local_code_dir": "/home/ma-user"}, "2857", "/home/ma-user"),
    ({"algorithm__local_code_dir": "/home/ma-user/modelarts/x"}, "2857", "modelarts"),
    ({"algorithm__local_code_dir": "/home/ma-user/infer"}, "2857", "infer"),
    ({"algorithm__local_code_dir": "/home/a/../../etc"}, "2857", ".."),
    ({"algorithm__working_dir": "src"}, "2859", "src"),
    ({"algorithm__working_dir": "/a//b"}, "2859", "/a//b"),
    # what it runs on
    ({"spec__resource": {"node_count": 1}}, "2788", "spec.resource.flavor_id"),
    ({"spec__resource": {"flavor_id": "none", "node_count": 1}}, "2781", "none"),
    ({"spec__resource": {"flavor_id": "cpu.1"}}, "2788", "spec.resource.node_count"),
    ({"spec__resource": {"flavor_id": "cpu.1", "node_count": 0}}, "2788", "spec.resource.node_count"),
    ({"spec__resource": {"flavor_id": "cpu.1", "node_count": "1"}}, "2788", "spec.resource.node_count"),
    ({"spec__resource": {"flavor_id": "cpu.1", "node_count": True}}, "2788", "spec.resource.node_count"),
    ({"spec__resource": {"flavor_id": "cpu.1", "node_count": 1.0}}, "2788", "spec.resource.node_count"),
    ({"spec__resource": {"flavor_id": "cpu.1", "node_count": 5}}, "2793", "cpu.1"),
    ({"spec__resource": {"flavor_id": "cpu.1", "node_count": 1, "pool_id": "p"}}, "2890", "p"),
    ({"spec__schedule_policy": {"priority": 4}}, "2816", "spec.schedule_policy.priority"),
    ({"spec__schedule_policy": {"priority": -1}}, "2816", "spec.schedule_policy.priority"),
    ({"spec__schedule_policy": {"priority": "2"}}, "2788", "spec.schedule_policy.priority"),
    ({"spec__auto_stop": {"time_unit": "DAYS", "duration": 1}}, "2788", "spec.auto_stop.time_unit"),
    ({"spec__auto_stop": {"time_unit": "HOURS", "duration": 0}}, "2788", "spec.auto_stop.duration"),
    ({"spec__auto_stop": {"time_unit": "HOURS", "duration": 1.5}}, "2788", "spec.auto_stop.duration"),
    ({"spec__auto_stop": {"time_unit": "HOURS"}}, "2788", "spec.auto_stop.duration"),
    ({"spec__log_export_path": {"obs_url": "logs"}}, "2791", "spec.log_export_path.obs_url"),
    ({"spec__log_export_path": {"obs_url": "obs://nobucket/logs"}}, "2791", "nobucket"),
    ({"metadata__annotations": {"fault-tolerance/job-retry-num": "x"}}, "2788", "job-retry-num"),
    ({"metadata__annotations": {"fault-tolerance/job-retry-num": "-1"}}, "2788", "job-retry-num"),
    ({"metadata__annotations": {"fault-tolerance/job-retry-num": "129"}}, "2788", "job-retry-num"),
    ({"metadata__annotations": {"fault-tolerance/job-unconditional-retry": "1"}}, "2788", "unconditional"),
]

# (changes, field that is named)
NOT_OFFERED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "hetero_job"}, "hetero_job"),
    ({"tasks": [{"role": "a"}]}, "tasks"),
    ({"endpoints": {"ssh": {"key_pair_names": ["k"]}}}, "endpoints"),
    ({"train_type": "SFT"}, "train_type"),
    ({"metadata__workspace_id": "w1"}, "metadata.workspace_id"),
    ({"metadata__training_experiment_reference": {"name": "e"}}, "metadata.training_experiment_reference"),
    ({"metadata__annotations": {"jupyter-lab/enable": "true"}}, "jupyter-lab/enable"),
    ({"algorithm__id": "abc"}, "algorithm.id"),
    ({"algorithm__subscription_id": "abc"}, "algorithm.subscription_id"),
    ({"algorithm__policies": {"auto_search": {"reward_attrs": []}}}, "algorithm.policies.auto_search"),
    ({"algorithm__summary": {"log_type": "tensorboard"}}, "algorithm.summary"),
    ({"algorithm__engine": {"image_url": "org/image:1"}}, "algorithm.engine.image_url"),
    ({"algorithm__code_dir": "file:///home"}, "algorithm.code_dir"),
    (
        {"algorithm__inputs": [{"name": "d", "remote": {"dataset": {"id": "x"}}}]},
        "algorithm.inputs[0].remote.dataset",
    ),
    ({"spec__volumes": [{"nfs": {}}]}, "spec.volumes"),
    ({"spec__reserved_time": {"time_unit": "HOURS", "duration": 1}}, "spec.reserved_time"),
    ({"spec__notification": {"topic_urn": "t", "events": ["JobFailed"]}}, "spec.notification"),
    ({"spec__custom_metrics": [{"exec": {"command": ["a"]}}]}, "spec.custom_metrics"),
    ({"spec__schedule_policy": {"preemptible": True}}, "spec.schedule_policy.preemptible"),
    ({"spec__log_export_path": {"host_path": "/x"}}, "spec.log_export_path.host_path"),
    ({"spec__asset_id": "a"}, "spec.asset_id"),
]


async def refused(world: World, body: dict[str, Any]) -> TrainwrightError:
    """The error that creating `body` gives, after making sure that nothing was left behind."""
    with pytest.raises(TrainwrightError) as caught:
        await jobs.create(world.ctx, ALICE, body, EN)
    found = await jobs.search(world.ctx, ALICE, JobSearch().model_dump(), EN)
    assert (found.total, world.woken, world.events_told) == (0, [], [])
    return caught.value


@pytest.mark.parametrize(("changes", "code", "culprit"), REFUSALS, ids=[f"{c}-{w}" for _, c, w in REFUSALS])
async def test_bad_input_is_refused_by_name_and_leaves_nothing(
    world: World, changes: dict[str, Any], code: str, culprit: str
) -> None:
    """Guards every check of contract §15: its code, the field it names in both languages, nothing created."""
    error = await refused(world, job_body(**changes))
    assert error.code == f"ModelArts.{code}"
    english, chinese = error.message(EN), error.message(ZH)
    assert culprit in english and culprit in chinese
    assert any("一" <= char <= "鿿" for char in chinese) and "{" not in english + chinese
    assert error.solution(EN) and error.solution(ZH)


@pytest.mark.parametrize(("changes", "field"), NOT_OFFERED, ids=[field for _, field in NOT_OFFERED])
async def test_what_is_not_offered_is_refused_by_name(
    world: World, changes: dict[str, Any], field: str
) -> None:
    """Guards that a feature of a later issue is never silently ignored."""
    error = await refused(world, job_body(**changes))
    assert error.code == "Trainwright.0004" and field in error.message(EN)


async def test_forms_that_switch_a_feature_off_are_taken(world: World) -> None:
    """Guards against refusing the empty objects that clients and consoles send."""
    await world.create(
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
    await jobs.create(world.ctx, BOB, job_body(algorithm__outputs=[]), EN)


async def test_an_output_path_belongs_to_one_unfinished_job(world: World) -> None:
    """Guards that two jobs never write to one place; across projects, and free again after the end."""
    first = await world.ended(algorithm__outputs=[channel("o", OUT)])
    second = await world.create(metadata__name="second", algorithm__outputs=[channel("o", OUT)])
    with pytest.raises(OutputPathInUse) as caught:
        body = job_body(metadata__name="third", algorithm__outputs=[channel("o", "/results/run1")])
        await jobs.create(world.ctx, BOB, body, EN)
    assert second in caught.value.message(EN) and first not in caught.value.message(EN)


async def test_a_store_that_is_down_creates_nothing(world: World) -> None:
    """Guards that trouble of ours is not reported as the user's mistake."""
    world.objects.broken = "no answer"
    error = await refused(world, job_body())
    assert isinstance(error, StorageUnavailable)
