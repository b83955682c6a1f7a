"""What creation refuses: by code and by name, in both languages, with nothing left behind."""

import re
from typing import Any

import pytest

from tests.services.world import ALICE, EN, ZH, World, channel, job_body, remote
from trainwright.domain.errors import StorageUnavailable, TrainwrightError
from trainwright.services import job_search, jobs
from trainwright.wire.job_search import JobSearch
from trainwright.wire.jobs import JobRequest, RoleJobRequest

pytestmark = pytest.mark.anyio

OUT = "obs://results/run1/"
NODE = {"flavor_id": "cpu.1", "node_count": 1}
ROLE = {"role": "a", "task_resource": {"flavor_id": "cpu.1", "node_count": 1}}
SEARCH: dict[str, Any] = {
    "reward_attrs": [{"name": "acc", "mode": "max", "regex": "acc=([0-9.]+)"}],
    "search_params": [
        {"name": "lr", "param_type": "continuous", "lower_bound": "0.1", "upper_bound": "0.2"},
    ],
    "algo_configs": [{"name": "tpe_search", "params": [{"key": "seed", "value": "1", "type": "Integer"}]}],
}


def search(**changes: Any) -> dict[str, Any]:
    """Settings of a search, with something wrong in them."""
    return {"algorithm__policies": {"auto_search": {**SEARCH, **changes}}}


def bounds(low: str, high: str) -> list[dict[str, str]]:
    """A continuous hyperparameter of a search."""
    return [{"name": "lr", "param_type": "continuous", "lower_bound": low, "upper_bound": high}]


def nfs(path: str) -> dict[str, Any]:
    """A mount."""
    return {"nfs": {"nfs_server_path": "server:/a", "local_path": path}}


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
        {"algorithm__parameters": [{"name": "a", "value": "1", "constraint": {"type": "Number"}}]},
        "2788",
        "algorithm.parameters[0].constraint.type",
    ),
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
    ({"algorithm__working_dir": "/"}, "2859", "/"),
    ({"algorithm__working_dir": "/usr/local"}, "2859", "/usr/local"),
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
    ({"metadata__annotations": {"fault-tolerance/hang-retry": "yes"}}, "2788", "hang-retry"),
    ({"metadata__annotations": {"fault-tolerance/pod-retry-num": "many"}}, "2788", "pod-retry-num"),
    ({"metadata__annotations": {"tensorboard/enable": "true"}}, "2788", "algorithm.summary"),
    ({"metadata__annotations": {"record/code-dir": "backup"}}, "2791", "record/code-dir"),
    ({"metadata__annotations": {f"a{n}": "" for n in range(101)}}, "2788", "metadata.annotations"),
    # other sources
    ({"algorithm__id": "no-such"}, "2755", "no-such"),
    ({"algorithm": {"id": 5}}, "2788", "algorithm.id"),
    ({"algorithm": {"engine": {"image_url": "a/b:1"}}}, "2806", "a/b:1"),
    ({"algorithm": {}}, "2788", "boot_file"),
    # what else a workspace, an experiment, a kind ask for
    ({"metadata__workspace_id": "no-such"}, "0102", "no-such"),
    ({"metadata__training_experiment_reference": {"id": "no-such"}}, "2842", "no-such"),
    (
        {"metadata__training_experiment_reference": {"name": "x" * 65}},
        "2788",
        "metadata.training_experiment_reference.name",
    ),
    ({"kind": "federated_pool_job"}, "2788", "spec.resource.pool_group_id"),
    ({"kind": "autosearch_job"}, "2788", "algorithm.policies.auto_search"),
    ({"kind": "hetero_job"}, "2788", "tasks"),
    ({"kind": "hetero_job", "tasks": [ROLE, ROLE]}, "2788", "tasks[1].role"),
    ({"kind": "hetero_job", "tasks": [{"role": "a"}]}, "2788", "tasks[0].task_resource"),
    ({"tasks": [ROLE]}, "2788", "tasks"),
    ({"train_type": "MAGIC"}, "2788", "train_type"),
    ({"endpoints": {"ssh": {"key_pair_names": "k"}}}, "2788", "endpoints.ssh.key_pair_names"),
    ({"ftjob_config": {"train_process": "x"}}, "2788", "ftjob_config.train_process"),
    # the rest of spec
    ({"spec__volumes": [nfs(f"/m{n}") for n in range(9)]}, "2788", "spec.volumes"),
    ({"spec__volumes": [nfs("/a"), nfs("/a/")]}, "2788", "spec.volumes[1].nfs.local_path"),
    ({"spec__volumes": [nfs("/")]}, "2788", "spec.volumes[0].nfs.local_path"),
    ({"spec__volumes": [nfs("/cache")]}, "2788", "spec.volumes[0].nfs.local_path"),
    ({"spec__volumes": [nfs("/home/ma-user/modelarts")]}, "2788", "spec.volumes[0].nfs.local_path"),
    ({"spec__volumes": [nfs("relative")]}, "2788", "spec.volumes[0].nfs.local_path"),
    ({"spec__volumes": [{**nfs("/a"), "pfs": {"pfs_path": "p", "local_path": "/b"}}]}, "2788", "volumes[0]"),
    ({"spec__volumes": [{}]}, "2788", "spec.volumes[0]"),
    ({"spec__reserved_time": {"time_unit": "HOURS", "duration": 0}}, "2788", "spec.reserved_time.duration"),
    ({"spec__reserved_time": {"time_unit": "DAYS", "duration": 1}}, "2788", "spec.reserved_time.time_unit"),
    ({"spec__retention": {"policy": "perhaps"}}, "2788", "spec.retention.policy"),
    ({"spec__notification": {"events": ["JobExploded"]}}, "2788", "spec.notification.events[0]"),
    ({"spec__custom_metrics": [{"http_get": {"path": "/m"}}]}, "2788", "custom_metrics[0].http_get.path"),
    ({"spec__custom_metrics": [{"http_get": {"port": 80}}]}, "2788", "custom_metrics[0].http_get.port"),
    ({"spec__log_export_config": {"version": "v9"}}, "2788", "spec.log_export_config.version"),
    ({"spec__asset_model": {"name": "a"}}, "2788", "spec.asset_model.version"),
    ({"spec__output_model": {"obs": {"local_path": "/m"}}}, "2788", "spec.output_model.obs.obs_path"),
    (
        {"spec__schedule_policy": {"required_affinity": {"affinity_type": "room"}}},
        "2788",
        "spec.schedule_policy.required_affinity.affinity_type",
    ),
    (
        {"spec__schedule_policy": {"preferred_affinity": {"node_affinity": [{"weight": 101}]}}},
        "2788",
        "spec.schedule_policy.preferred_affinity.node_affinity[0].weight",
    ),
    (
        {"spec__resource": {**NODE, "main_container_customized_flavor": {"cpu_core_num": 0}}},
        "2788",
        "spec.resource.main_container_customized_flavor.cpu_core_num",
    ),
    # search
    (search(reward_attrs=[]), "2826", "reward_attrs"),
    (search(reward_attrs=SEARCH["reward_attrs"] * 2), "2824", "acc"),
    (search(reward_attrs=[{"name": "a", "mode": "max", "regex": "(("}]), "2826", "regex"),
    (search(reward_attrs=[{"name": "a", "mode": "max", "regex": r"(a)\1"}]), "2826", "regex"),
    (search(reward_attrs=[{"name": "a", "mode": "most", "regex": "(a)"}]), "2826", "most"),
    (search(search_params=[{**bounds("0", "1")[0], "name": "none"}]), "2826", "none"),
    (search(search_params=bounds("1", "0")), "2826", "upper_bound"),
    (search(algo_configs=[{"name": "luck"}]), "2826", "luck"),
]

# (changes, field that is named)
NOT_OFFERED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "autosearch_job", "algorithm__policies": {"auto_search": SEARCH}}, "autosearch_job"),
    ({"kind": "mrs_job"}, "mrs_job"),
    ({"endpoints": {"ssh": {"key_pair_names": ["k"]}}}, "endpoints"),
    ({"train_type": "SFT"}, "train_type"),
    ({"metadata__annotations": {"jupyter-lab/enable": "true"}}, "jupyter-lab/enable"),
    ({"algorithm__policies": {"auto_search": SEARCH}}, "algorithm.policies.auto_search"),
    ({"algorithm__summary": {"log_type": "tensorboard"}}, "algorithm.summary"),
    ({"algorithm__code_dir": "file:///home"}, "algorithm.code_dir"),
    ({"spec__volumes": [{"nfs": {"nfs_server_path": "s:/a", "local_path": "/a"}}]}, "spec.volumes"),
    ({"spec__log_export_path": {"host_path": "/x"}}, "spec.log_export_path.host_path"),
    ({"spec__asset_id": "a"}, "spec.asset_id"),
    ({"spec__output_model": {"obs": {"obs_path": "obs://b-1/m/"}}}, "spec.output_model"),
    ({"spec__resource": {**NODE, "pool_group_id": "g"}}, "spec.resource.pool_group_id"),
    (
        {"spec__resource": {**NODE, "main_container_customized_flavor": {"cpu_core_num": 1}}},
        "spec.resource.main_container_customized_flavor",
    ),
    (
        {"spec__schedule_policy": {"required_affinity": {"affinity_type": "cabinet"}}},
        "spec.schedule_policy.required_affinity.affinity_type",
    ),
    ({"ftjob_config": {"model_type": "m"}}, "ftjob_config"),
    ({"algorithm__autosearch_config_path": "obs://b-1/a.yaml"}, "algorithm.autosearch_config_path"),
    ({"metadata__annotations": {"job_template": "Template RL"}}, "job_template"),
]


async def refused(world: World, body: dict[str, Any]) -> TrainwrightError:
    """The error that creating `body` gives, after making sure that nothing was left behind."""
    with pytest.raises(TrainwrightError) as caught:
        await jobs.create(world.ctx, ALICE, body, EN)
    found = await job_search.search(world.ctx, ALICE, JobSearch().model_dump(), EN)
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
    field = str(error.slots.get("field", ""))  # a console shows the error beside it
    assert re.split(r"[.\[]", field)[0] in {*JobRequest.model_fields, *RoleJobRequest.model_fields}, error


@pytest.mark.parametrize(("changes", "field"), NOT_OFFERED, ids=[field for _, field in NOT_OFFERED])
async def test_what_is_not_offered_is_refused_by_name(
    world: World, changes: dict[str, Any], field: str
) -> None:
    """Guards that a feature of a later issue is never silently ignored."""
    error = await refused(world, job_body(**changes))
    assert error.code == "Trainwright.0004" and field in error.message(EN)


async def test_a_store_that_is_down_creates_nothing(world: World) -> None:
    """Guards that trouble of ours is not reported as the user's mistake."""
    world.objects.broken = "no answer"
    error = await refused(world, job_body())
    assert isinstance(error, StorageUnavailable)
