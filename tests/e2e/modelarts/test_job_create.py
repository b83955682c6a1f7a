"""Creating training jobs: every field of the request."""

import json
from typing import Any

import pytest

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.later import KEPT, REFUSED, merged
from tests.e2e.modelarts.platform import LARGE, OLD_ENGINE, PYTHON_ENGINE, SMALL, Platform
from tests.e2e.modelarts.shapes import holds

TELL = """
import argparse, json, os, pathlib
known = argparse.ArgumentParser()
for name in ("lr", "data_url", "train_url"):
    known.add_argument("--" + name)
args, rest = known.parse_known_args()
told = {
    "lr": args.lr, "rest": rest, "cwd": os.getcwd(), "greeting": os.environ["GREETING"],
    "read": pathlib.Path(args.data_url, "points.csv").read_text(),
    "by_variable": pathlib.Path(os.environ["extra"], "more.csv").read_text(),
    "code": __file__,
}
pathlib.Path(args.train_url, "model.json").write_text(json.dumps(told))
print("told", json.dumps(told))
"""


RATE = {
    "name": "lr",
    "value": "0.05",
    "description": "the step",
    "constraint": {
        "type": "Float",
        "editable": True,
        "required": True,
        "sensitive": False,
        "valid_type": "range",
        "valid_range": ["0.0", "1.0"],
    },
    "i18n_description": {"language": "zh-cn", "description": "学习率"},
}


def whole_request(platform: Platform, name: str) -> dict[str, Any]:
    """A request with every setting that this server acts on."""
    platform.put(f"{name}/in/points.csv", "1,2\n")
    platform.put(f"{name}/more/more.csv", "3,4\n")
    return {
        "kind": "job",
        "metadata": {
            "name": name,
            "workspace_id": "0",
            "description": "训练 of everything",
            "annotations": {
                "fault-tolerance/job-retry-num": "1",
                "fault-tolerance/job-unconditional-retry": "true",
                "fault-tolerance/hang-retry": "true",
                "our/own": "kept as given",
            },
            "training_experiment_reference": {"name": f"group-{name}", "description": "made by the job"},
        },
        "algorithm": platform.code(name, TELL)
        | {
            "local_code_dir": "/home/ma-user/proof-code",
            "working_dir": "/home/ma-user/proof-code/code",
            "parameters": [RATE],
            "policies": {"auto_search": None},
            "inputs": [
                {
                    "name": "data_url",
                    "description": "points",
                    "access_method": "parameter",
                    "local_dir": "/home/ma-user/proof-data",
                    "remote": {"obs": {"obs_url": f"/proof/{name}/in/"}},
                    "remote_constraint": [{"data_type": "obs", "attributes": "[]"}],
                },
                {
                    "name": "extra",
                    "access_method": "env",
                    "remote": {"obs": {"obs_url": f"obs://proof/{name}/more/"}},
                },
            ],
            "outputs": [
                {
                    "name": "train_url",
                    "description": "the model",
                    "access_method": "parameter",
                    "local_dir": "/home/ma-user/proof-model",
                    "remote": {"obs": {"obs_url": f"obs://proof/{name}/out/"}},
                }
            ],
            "environments": {"GREETING": "你好 $HOME"},
        },
        "spec": {
            "resource": {"flavor_id": SMALL, "node_count": 1},
            "log_export_path": {"obs_url": f"obs://proof/{name}/logs/"},
            "auto_stop": {"time_unit": "HOURS", "duration": 1},
            "retention": {"policy": "enabled"},
            "schedule_policy": {"priority": 2, "preemptible": True},
            "reserved_time": {"time_unit": "HOURS", "duration": 1},
        },
    }


@covers(
    "create_training_job",
    """
        kind algorithm.code_dir algorithm.boot_file algorithm.engine.engine_id algorithm.local_code_dir
        algorithm.working_dir algorithm.parameters.* algorithm.environments algorithm.inputs.name
        algorithm.inputs.description algorithm.inputs.local_dir algorithm.inputs.access_method
        algorithm.inputs.remote.obs.obs_url algorithm.outputs.* spec.resource.flavor_id spec.resource.node_count
        spec.log_export_path.obs_url spec.auto_stop.* spec.retention.policy spec.schedule_policy.priority
        spec.schedule_policy.preemptible spec.reserved_time.*
        metadata.name metadata.workspace_id metadata.description metadata.annotations
        metadata.training_experiment_reference.name metadata.training_experiment_reference.description
        algorithm.inputs.remote_constraint.*
    """,
)
@covers(
    "show_training_job_details",
    answers="""
        kind metadata.* status.phase status.secondary_phase status.duration status.start_time
        status.node_count_metrics status.tasks status.task_statuses.task status.task_statuses.exit_code
        algorithm.code_dir algorithm.boot_file algorithm.engine.engine_* algorithm.parameters.*
        algorithm.local_code_dir algorithm.working_dir algorithm.environments algorithm.inputs.name
        algorithm.inputs.description algorithm.inputs.local_dir algorithm.inputs.access_method
        algorithm.inputs.remote.obs.obs_url algorithm.inputs.remote_constraint.* algorithm.outputs.*
        spec.resource.policy spec.resource.flavor_id spec.resource.flavor_name spec.resource.node_count
        spec.resource.flavor_detail.flavor_type spec.resource.flavor_detail.billing.*
        spec.resource.flavor_detail.flavor_info.cpu.* spec.resource.flavor_detail.flavor_info.memory.*
        spec.resource.flavor_detail.flavor_info.disk.* spec.resource.main_container_allocated_resources.cpu_arch
        spec.resource.main_container_allocated_resources.cpu_core_num
        spec.resource.main_container_allocated_resources.mem_size
        spec.resource.main_container_allocated_resources.accelerator_num
        spec.log_export_path.obs_url spec.schedule_policy.priority spec.schedule_policy.preemptible
        status.retention_time
    """,
)
def test_every_setting_that_acts_reaches_the_script_and_comes_back(platform: Platform, api: Caller) -> None:
    """Guards what a request says against what the script sees, what is stored, and what is shown."""
    name = platform.unique("whole")
    request = whole_request(platform, name)
    made = api.call("create_training_job", body=request)
    assert made.status_code == 201
    ended = platform.wait(made.metadata.id)
    assert ended.status.phase == "Completed"
    told = json.loads(platform.live.get(f"obs://proof/{name}/out/model.json"))
    assert (told["lr"], told["greeting"]) == ("0.05", "你好 $HOME")
    assert (told["read"], told["by_variable"]) == ("1,2\n", "3,4\n")
    assert told["code"].endswith("home/ma-user/proof-code/code/train.py")
    assert told["cwd"].endswith("home/ma-user/proof-code/code")
    assert any("worker-0" in key for key in platform.live.keys(f"obs://proof/{name}/logs/"))

    shown = json.loads(ended.raw_content)
    assert holds(
        request["metadata"] | {"training_experiment_reference": {"name": f"group-{name}"}}, shown["metadata"]
    )
    asked = request["algorithm"] | {"environments": [{"GREETING": "你好 $HOME"}], "policies": {}}
    assert holds(asked, shown["algorithm"])
    assert holds(request["spec"], shown["spec"])
    assert shown["algorithm"]["environments"] == [{"GREETING": "你好 $HOME"}]
    assert (ended.algorithm.engine.engine_name, ended.algorithm.engine.engine_version) == (
        "Python",
        "3-local",
    )
    assert int(ended.metadata.training_experiment_reference.serial_number) == 1
    assert ended.metadata.user_name
    assert ended.metadata.create_time > 1_600_000_000_000


@covers(
    "create_training_job",
    """
        algorithm.command algorithm.engine.engine_name algorithm.engine.engine_version
        spec.resource.node_count
    """,
    answers="algorithm.command",
)
def test_a_command_on_an_engine_by_name_and_version_runs_on_two_nodes(
    platform: Platform, api: Caller
) -> None:
    """Guards commands, the other way to name an engine, and jobs of several tasks."""
    made = api.call(
        "create_training_job",
        body={
            "kind": "job",
            "metadata": {"name": platform.unique("pair")},
            "algorithm": {
                "command": "echo node $VC_TASK_INDEX of $MA_NUM_HOSTS && true",
                "engine": {"engine_name": "Python", "engine_version": "3-local"},
            },
            "spec": {"resource": {"flavor_id": LARGE, "node_count": 2}},
        },
    )
    assert made.status.tasks == ["worker-0", "worker-1"]
    ended = platform.wait(made.metadata.id)
    assert ended.status.phase == "Completed"
    assert [(one.task, one.exit_code) for one in ended.status.task_statuses] == [
        ("worker-0", 0),
        ("worker-1", 0),
    ]
    for index in (0, 1):
        log = api.call(
            "show_training_job_logs_preview", training_job_id=made.metadata.id, task_id=f"worker-{index}"
        )
        assert f"node {index} of 2" in log.content


@covers(
    "create_training_job",
    "algorithm.engine.image_url algorithm.command",
    answers="algorithm.engine.image_url",
)
def test_the_image_of_an_engine_means_that_engine(platform: Platform, api: Caller) -> None:
    """Guards the third way to name an engine, the one that custom-image requests use."""
    engines = api.call("show_training_job_engines").items
    image = next(e for e in engines if e.engine_id == PYTHON_ENGINE).image_info.cpu_image_url
    made = api.call(
        "create_training_job",
        body={
            "kind": "job",
            "metadata": {"name": platform.unique("image")},
            "algorithm": {"engine": {"image_url": image}, "command": "python -c 'print(6*7)'"},
            "spec": {"resource": {"flavor_id": SMALL, "node_count": 1}},
        },
    )
    assert made.algorithm.engine.image_url == image
    assert platform.wait(made.metadata.id).status.phase == "Completed"


@covers("create_training_job", "metadata.training_experiment_reference.id")
def test_a_job_joins_an_experiment_by_its_id(platform: Platform, api: Caller) -> None:
    """Guards the reference by id and the running number."""
    group = api.call("create_training_experiment", body={"metadata": {"name": platform.unique("group")}})
    numbers = []
    for _ in range(2):
        body = platform.job(platform.unique("member"))
        body["metadata"]["training_experiment_reference"] = {"id": group.metadata.id}
        made = api.call("create_training_job", body=body)
        assert made.metadata.training_experiment_reference.name == group.metadata.name
        numbers.append(made.metadata.training_experiment_reference.serial_number)
    assert numbers == ["1", "2"]


@covers(
    "create_training_job",
    kept="""
        algorithm.engine.install_sys_packages algorithm.engine.image_repo_id spec.log_export_config.*
        spec.notification.* spec.custom_metrics.*
        spec.schedule_policy.preferred_affinity.node_affinity.weight
        spec.schedule_policy.preferred_affinity.node_affinity.preference.matchExpressions.*
        spec.schedule_policy.preferred_affinity.node_affinity.preference.matchFields.*
        spec.asset_model.*
    """,
)
@covers(
    "show_training_job_details",
    answers="""
        algorithm.engine.install_sys_packages algorithm.engine.image_repo_id
        spec.custom_metrics.* spec.asset_model.name spec.asset_model.code spec.asset_model.version
        spec.asset_model.desc spec.asset_model.series spec.asset_model.type
    """,
)
def test_settings_that_do_not_act_here_are_kept_and_said_so(platform: Platform, api: Caller) -> None:
    """Guards requests of pipelines made for the cloud: nothing of them is lost, and nothing is ignored silently."""
    body = platform.job(platform.unique("kept"))
    body["algorithm"]["engine"] |= KEPT["algorithm"]["engine"]
    body["spec"] |= KEPT["spec"]
    body["metadata"]["annotations"] = {
        "fault-tolerance/pod-retry-num": "2",
        "fault-tolerance/hccl_op_retry": "true",
        "performance_diagnosis_enabled": "true",
        "record/code-dir": "obs://proof/record/",
    }
    job = api.call("create_training_job", body=body).metadata.id
    shown = json.loads(platform.show(job).raw_content)
    assert holds(body["spec"], shown["spec"])
    assert holds(KEPT["algorithm"]["engine"], shown["algorithm"]["engine"])
    assert holds(body["metadata"]["annotations"], shown["metadata"]["annotations"])
    platform.wait(job)
    warned = api.call("list_training_job_events", training_job_id=job, level="Warning").events
    told = " ".join(event.message for event in warned)
    assert "notification" in told, told
    assert "pod-retry-num" in told, told


def test_unknown_fields_survive(platform: Platform) -> None:
    """Guards newer requests than the client knows: they are accepted and shown again."""
    body = platform.job(platform.unique("newer"))
    body["metadata"]["from_tomorrow"] = {"deep": [1, "2"]}
    body["spec"]["from_tomorrow"] = True
    answer = platform.live.call("POST", "/v2/{P}/training-jobs", json=body)
    assert answer.status_code == 201, answer.text
    shown = platform.live.show(answer.json()["metadata"]["id"])
    assert shown["metadata"]["from_tomorrow"] == {"deep": [1, "2"]}
    assert shown["spec"]["from_tomorrow"] is True


@covers(
    "create_training_job",
    unavailable=" ".join(sorted({field for fields, _ in REFUSED.values() for field in fields})),
)
def test_what_belongs_to_later_capabilities_is_refused_by_name(platform: Platform, api: Caller) -> None:
    """Guards against settings that would be silently ignored: the request is refused and leaves nothing behind."""
    for what, (_, change) in REFUSED.items():
        name = platform.unique("refused")
        body = merged(platform.job(name), change)
        refusal = api.not_offered("create_training_job", body=body)
        assert refusal.error_msg, what
        assert not api.call("validate_training_job_name", job_name=name).is_duplicate, what


@pytest.mark.parametrize("kind", ["edge_job", "mrs_job", "diag_job", "visualization_job"])
def test_other_kinds_of_job_are_refused(platform: Platform, api: Caller, kind: str) -> None:
    """Guards kinds of the contract that this server does not run."""
    api.not_offered("create_training_job", body=platform.job(platform.unique("kind")) | {"kind": kind})


def test_an_engine_of_the_old_kind_is_a_name_like_any_other(platform: Platform, api: Caller) -> None:
    """Guards scripts that name the engines of years ago, when the admin offers one of that id."""
    made = platform.create("old", engine={"engine_id": OLD_ENGINE})
    assert made.algorithm.engine.engine_name == "TensorFlow"
    assert platform.wait(made.metadata.id).status.phase == "Completed"
