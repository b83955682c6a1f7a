"""Jobs with roles of their own (kind `hetero_job`), through the official client."""

import json
from typing import Any

import pytest

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import LARGE, PYTHON_ENGINE, PYTHON_IMAGE, SMALL, Platform
from tests.e2e.modelarts.shapes import PARAMETER
from trainwright.ports.pools import PUBLIC_POOL

LEARN = """
import argparse, json, os, pathlib
known = argparse.ArgumentParser()
for name in ("lr", "points", "set", "model"):
    known.add_argument("--" + name)
args, _ = known.parse_known_args()
told = {
    "lr": args.lr, "points": pathlib.Path(args.points, "points.csv").read_text(),
    "set": sorted(path.name for path in pathlib.Path(args.set).rglob("*") if path.is_file()),
    "role": os.environ["MA_TASK_NAME"], "system": os.environ["TASKROLE_NAME"],
    "actors": len(os.environ["VC_ACTOR_HOSTS"].split(",")), "own": os.environ["OWN"], "cwd": os.getcwd(),
}
pathlib.Path(args.model, "told.json").write_text(json.dumps(told))
"""
ACT = """
import argparse, os, pathlib
known = argparse.ArgumentParser()
for name in ("points", "set", "model"):
    known.add_argument("--" + name)
args, _ = known.parse_known_args()
text = pathlib.Path(args.points, "points.csv").read_text().strip()
pathlib.Path(args.model, os.environ["VC_TASK_INDEX"] + ".txt").write_text(text)
print("actor", os.environ["VC_TASK_INDEX"], "sees", text)
"""


def dataset_of(version: dict[str, Any]) -> dict[str, Any]:
    """A dataset's version as requests name it, with what only describes it."""
    return {
        "id": version["dataset_id"],
        "version_id": version["version_id"],
        "obs_url": "obs://proof/set/",
        "name": "proof-set",
        "service_type": "V3",
        "dataset_proportion": 50,
    }


ENGINE = {
    "engine_id": PYTHON_ENGINE,
    "engine_name": "Python",
    "engine_version": "3-local",
    "run_user": "1000",
}


def two_roles(platform: Platform, name: str, version: dict[str, Any]) -> dict[str, Any]:
    """A learner described under `job_config` and two actors described beside it, with every field there is."""
    platform.put(f"{name}/in/points.csv", "1,2\n")
    tasks = [learner(platform, name, version), actor(platform, name, version)]
    return {"kind": "hetero_job", "metadata": {"name": name}, "tasks": tasks}


def inputs_of(name: str, version: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """A folder and a dataset."""
    points = {
        "name": "points",
        "description": "points",
        "local_dir": "/home/ma-user/points",
        "remote": {"obs": {"obs_url": f"obs://proof/{name}/in/"}},
    }
    return [points | more, {"name": "set", "remote": {"dataset": dataset_of(version)}}]


def output_of(place: str, **more: Any) -> dict[str, Any]:
    """What a role leaves."""
    return {
        "name": "model",
        "description": "what is left",
        "local_dir": "/home/ma-user/model",
        "remote": {"obs": {"obs_url": f"obs://proof/{place}/"}},
    } | more


def learner(platform: Platform, name: str, version: dict[str, Any]) -> dict[str, Any]:
    """One node; channels and engine under `job_config`."""
    code = platform.code(f"{name}/learn", LEARN)
    constraint = [{"data_type": "obs", "attributes": "[]"}]
    return {
        "role": "learner",
        "algorithm": {
            "job_config": {
                "parameters": [PARAMETER],
                "inputs": inputs_of(name, version, access_method="parameter", remote_constraint=constraint),
                "outputs": [output_of(f"{name}/learned", access_method="parameter")],
                "engine": ENGINE,
            },
            "code_dir": code["code_dir"],
            "boot_file": code["boot_file"],
            "local_code_dir": "/home/ma-user/learner",
            "working_dir": "/home/ma-user/learner/code",
            "environments": {"OWN": "learner's"},
        },
        "task_resource": {"flavor_id": SMALL, "node_count": 1, "pool_id": PUBLIC_POOL},
        "log_export_path": {"obs_url": f"obs://proof/{name}/logs/"},
    }


def actor(platform: Platform, name: str, version: dict[str, Any]) -> dict[str, Any]:
    """Two nodes of another flavor; channels and engine beside the code."""
    code = platform.code(f"{name}/act", ACT)
    return {
        "role": "actor",
        "algorithm": {
            "code_dir": code["code_dir"],
            "boot_file": code["boot_file"],
            "engine": ENGINE,
            "inputs": inputs_of(name, version),
            "outputs": [output_of(f"{name}/acted")],
        },
        "task_resource": {"flavor_id": LARGE, "node_count": 2},
    }


@covers(
    "create_training_job",
    """
        kind tasks.role tasks.algorithm.job_config.parameters.* tasks.algorithm.job_config.inputs.name
        tasks.algorithm.job_config.inputs.description tasks.algorithm.job_config.inputs.local_dir
        tasks.algorithm.job_config.inputs.access_method tasks.algorithm.job_config.inputs.remote.obs.obs_url
        tasks.algorithm.job_config.inputs.remote.dataset.id
        tasks.algorithm.job_config.inputs.remote.dataset.version_id
        tasks.algorithm.job_config.inputs.remote.dataset.name
        tasks.algorithm.job_config.inputs.remote.dataset.obs_url
        tasks.algorithm.job_config.inputs.remote_constraint.* tasks.algorithm.job_config.outputs.*
        tasks.algorithm.job_config.engine.engine_*
        tasks.algorithm.code_dir tasks.algorithm.boot_file tasks.algorithm.engine.engine_*
        tasks.algorithm.inputs.name tasks.algorithm.inputs.description
        tasks.algorithm.inputs.local_dir tasks.algorithm.inputs.remote.obs.obs_url
        tasks.algorithm.inputs.remote.dataset.id tasks.algorithm.inputs.remote.dataset.version_id
        tasks.algorithm.inputs.remote.dataset.name tasks.algorithm.inputs.remote.dataset.obs_url
        tasks.algorithm.outputs.* tasks.algorithm.local_code_dir tasks.algorithm.working_dir
        tasks.algorithm.environments tasks.task_resource.* tasks.log_export_path.obs_url
    """,
    kept="""
        tasks.algorithm.job_config.engine.run_user tasks.algorithm.engine.run_user
        tasks.algorithm.job_config.inputs.remote.dataset.service_type
        tasks.algorithm.job_config.inputs.remote.dataset.dataset_proportion
        tasks.algorithm.inputs.remote.dataset.service_type
        tasks.algorithm.inputs.remote.dataset.dataset_proportion
    """,
)
@covers(
    "show_training_job_details",
    answers="""
        tasks.role tasks.algorithm.code_dir tasks.algorithm.boot_file tasks.algorithm.inputs.name
        tasks.algorithm.inputs.local_dir tasks.algorithm.inputs.remote.obs.obs_url tasks.algorithm.outputs.name
        tasks.algorithm.outputs.local_dir tasks.algorithm.outputs.remote.obs.obs_url
        tasks.algorithm.engine.engine_id tasks.algorithm.engine.engine_name tasks.algorithm.engine.engine_version
        tasks.algorithm.engine.run_user tasks.algorithm.local_code_dir
        tasks.algorithm.working_dir tasks.algorithm.environments tasks.task_resource.flavor_id
        tasks.task_resource.pool_id tasks.task_resource.flavor_name tasks.task_resource.flavor_type
        tasks.task_resource.billing.*
        tasks.task_resource.flavor_info.cpu.* tasks.task_resource.flavor_info.memory.*
        tasks.task_resource.flavor_info.disk.* tasks.log_export_path.obs_url
    """,
)
def test_two_roles_run_and_are_shown(platform: Platform, api: Caller, version: dict[str, Any]) -> None:
    """Guards heterogeneous jobs: each role has its own code, data, engine, flavor and logs, and knows the other."""
    name = platform.unique("roles")
    made = api.call("create_training_job", body=two_roles(platform, name, version))
    assert made.status.tasks == ["learner-0", "actor-0", "actor-1"]
    ended = platform.wait(made.metadata.id)
    assert ended.status.phase == "Completed", ended
    told = json.loads(platform.live.get(f"obs://proof/{name}/learned/told.json"))
    assert (told["lr"], told["points"], told["own"]) == ("0.01", "1,2\n", "learner's")
    assert told["set"] and (told["role"], told["system"], told["actors"]) == ("learner", "task0", 2)
    assert told["cwd"].endswith("home/ma-user/learner/code")
    assert sorted(key.rpartition("/")[2] for key in platform.live.keys(f"obs://proof/{name}/acted/")) == [
        "0.txt",
        "1.txt",
    ]
    log = api.call(
        "show_training_job_logs_preview", training_job_id=made.metadata.id, task_id="actor-1"
    ).content
    assert "actor 1 sees 1,2" in log
    assert any("learner-0" in key for key in platform.live.keys(f"obs://proof/{name}/logs/"))

    learned, acted = ended.tasks
    assert (learned.role, acted.role) == ("learner", "actor")
    assert learned.algorithm.inputs.local_dir == "/home/ma-user/points"
    assert learned.algorithm.outputs.remote.obs.obs_url == f"obs://proof/{name}/learned/"
    assert learned.task_resource.pool_id == PUBLIC_POOL
    assert (acted.task_resource.flavor_id, acted.algorithm.engine.engine_name) == (LARGE, "Python")
    assert ended.spec.resource.node_count == 3
    assert [(one.task, one.exit_code) for one in ended.status.task_statuses] == [
        ("learner-0", 0),
        ("actor-0", 0),
        ("actor-1", 0),
    ]


@covers(
    "create_training_job",
    "kind algorithm.command tasks.algorithm.job_config.engine.image_url tasks.algorithm.engine.image_url",
)
@covers("show_training_job_details", answers="tasks.algorithm.engine.image_url")
def test_roles_share_the_jobs_command_on_images_of_their_own(platform: Platform, api: Caller) -> None:
    """Guards what roles take from the job, and that an image nobody offers is refused."""
    body = {
        "kind": "hetero_job",
        "metadata": {"name": platform.unique("images")},
        "algorithm": {"command": "echo $MA_TASK_NAME of $VC_A_NUM and $VC_B_NUM"},
        "tasks": [
            {
                "role": "a",
                "algorithm": {"job_config": {"engine": {"image_url": PYTHON_IMAGE}}},
                "task_resource": {"flavor_id": SMALL, "node_count": 1},
            },
            {
                "role": "b",
                "algorithm": {"engine": {"image_url": PYTHON_IMAGE}},
                "task_resource": {"flavor_id": SMALL, "node_count": 1},
            },
        ],
    }
    made = api.call("create_training_job", body=body)
    ended = platform.wait(made.metadata.id)
    assert ended.status.phase == "Completed"
    assert [one.algorithm.engine.image_url for one in ended.tasks] == [PYTHON_IMAGE] * 2
    for role in ("a", "b"):
        log = api.call(
            "show_training_job_logs_preview", training_job_id=made.metadata.id, task_id=f"{role}-0"
        )
        assert f"{role} of 1 and 1" in log.content


def test_what_a_role_cannot_have_is_refused_as_for_a_job(platform: Platform, api: Caller) -> None:
    """Guards images of nobody's engine, and pools that are not there, in roles."""
    role: dict[str, Any] = {
        "role": "a",
        "algorithm": {"engine": {"image_url": "nobody/image:1"}},
        "task_resource": {"flavor_id": SMALL, "node_count": 1},
    }
    body = {
        "kind": "hetero_job",
        "metadata": {"name": platform.unique("refused")},
        "algorithm": {"command": "true"},
        "tasks": [role],
    }
    api.refused("create_training_job", "Trainwright.0120", body=body, status=400)
    role["algorithm"] = {}
    role["task_resource"]["pool_id"] = "no-such-pool"
    api.refused("create_training_job", body=body, status=404)


@pytest.mark.parametrize(
    ("fails", "phase"), [("actor", "Completed"), ("learner", "Failed")], ids=["actor", "learner"]
)
def test_counts_and_the_main_role_decide(platform: Platform, fails: str, phase: str) -> None:
    """Guards our additions: commands, parameters, counts, main role; one failed actor of two is allowed."""

    def command(role: str) -> str:
        bad = "test $VC_TASK_INDEX != 0" if role == "actor" else "false"
        return f"echo {role} $MA_TASK_NAME && {bad if role == fails else 'true'} && echo of"

    body = {
        "kind": "hetero_job",
        "metadata": {"name": platform.unique("counts")},
        "tasks": [
            {
                "role": "learner",
                "command": f"sleep 1; {command('learner')}",
                "isMainRole": True,
                "task_resource": {"flavor_id": SMALL, "node_count": 1},
            },
            {
                "role": "actor",
                "command": command("actor"),
                "parameters": [{"name": "wide", "value": "yes"}],
                "minFailedTaskCount": 2,
                "minSucceededTaskCount": 1,
                "task_resource": {"flavor_id": SMALL, "node_count": 2},
            },
        ],
    }
    answer = platform.live.call("POST", "/v2/{P}/training-jobs", json=body)
    assert answer.status_code == 201, answer.text
    job_id = answer.json()["metadata"]["id"]
    assert platform.wait(job_id).status.phase == phase
    log = platform.live.call("GET", f"/v2/{{P}}/training-jobs/{job_id}/tasks/actor-1/logs/content").text
    assert "actor actor" in log and "of --wide=yes" in log
