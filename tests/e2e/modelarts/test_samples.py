"""Requests in the form the public reference prints them: token in a header, only project and paths ours."""

from typing import Any

import httpx
import pytest

from tests.e2e.live import END, wait_for
from tests.e2e.modelarts.platform import OLD_ENGINE, Platform

SCRIPT = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--data_url")
parser.add_argument("--train_url")
parser.add_argument("--num_epochs")
args, _ = parser.parse_known_args()
open(os.path.join(args.train_url, "model.txt"), "w").write(args.num_epochs or "none")
"""


class Reference:
    """Sends what the reference prints."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.project = platform.admin.project_id

    def send(self, verb: str, path: str, body: Any = None, *, expected: int = 200) -> Any:
        """One call with the headers of the reference; its JSON."""
        headers = {"X-Auth-Token": self.platform.admin.token, "Content-Type": "application/json"}
        url = self.platform.url + path.replace("{project_id}", self.project)
        answer = httpx.request(verb, url, json=body, headers=headers, trust_env=False, timeout=30)
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content.strip() not in (b"", b"null") else None

    def ended(self, job: str) -> Any:
        """The job's status once it has ended."""

        def look() -> Any:
            status = self.send("GET", f"/v2/{{project_id}}/training-jobs/{job}")["status"]
            return status if status["phase"] in END else None

        return wait_for(look, what="the end")


@pytest.fixture(scope="module")
def reference(platform: Platform) -> Reference:
    """The reference's reader, with the objects its requests name."""
    platform.put("economy/code/train.py", SCRIPT)
    platform.put("economy/input/data.csv", "1,2\n")
    return Reference(platform)


def job(name: str, algorithm: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """The frame that every creation example has."""
    return {
        "kind": "job",
        "metadata": {"name": name, "description": "This is a ModelArts job", "workspace_id": "0"},
        "algorithm": algorithm,
        "spec": {
            "resource": {"policy": "regular", "flavor_id": "modelarts.vm.cpu.8u", "node_count": 1},
            "log_export_path": {"obs_url": "/proof/economy/log/"},
        }
        | spec,
    }


CHANNELS: dict[str, Any] = {
    "parameters": [
        {
            "name": "num_epochs",
            "description": "",
            "i18n_description": None,
            "value": "10",
            "constraint": {
                "type": "String",
                "editable": True,
                "required": False,
                "sensitive": False,
                "valid_type": "None",
                "valid_range": [],
            },
        }
    ],
    "policies": {"auto_search": None},
    "inputs": [{"name": "data_url", "remote": {"obs": {"obs_url": "/proof/economy/input/"}}}],
    "outputs": [{"name": "train_url", "remote": {"obs": {"obs_url": "/proof/economy/output/"}}}],
}


def test_a_job_with_a_preset_engine(reference: Reference) -> None:
    """Guards the example of a boot file on an engine of the platform, to its end."""
    made = reference.send(
        "POST",
        "/v2/{project_id}/training-jobs",
        job(
            "TestModelArtsJob1",
            CHANNELS
            | {
                "code_dir": "/proof/economy/code/",
                "boot_file": "/proof/economy/code/train.py",
                "engine": {
                    "engine_id": OLD_ENGINE,
                    "engine_name": "TensorFlow",
                    "engine_version": "tf_2.1.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64",
                },
                "local_code_dir": "/home/work/modelarts-code",
                "working_dir": "/home/work/modelarts-code",
                "environments": {"ENV1": "value1"},
            },
        ),
        expected=201,
    )
    assert made["algorithm"]["code_dir"] == "/proof/economy/code/"
    assert made["spec"]["resource"]["policy"] == "regular"
    assert reference.ended(made["metadata"]["id"])["phase"] == "Completed"
    assert reference.platform.live.get("obs://proof/economy/output/model.txt") == b"10"


def test_a_job_of_a_saved_algorithm(reference: Reference) -> None:
    """Guards the example of an algorithm, then of a job that names it by id."""
    algorithm = reference.send(
        "POST",
        "/v2/{project_id}/algorithms",
        {
            "metadata": {
                "name": "TestModelArtsalgorithm",
                "description": "This is a ModelArts algorithm",
                "workspace_id": "0",
                "ai_project": "default-ai-project",
            },
            "job_config": {
                "parameters_customization": True,
                "code_dir": "/proof/economy/code/",
                "boot_file": "/proof/economy/code/train.py",
                "engine": {"engine_id": OLD_ENGINE},
                "inputs": [
                    {
                        "name": "data_url",
                        "description": "Data source",
                        "remote_constraints": [{"data_type": "obs", "attributes": []}],
                    }
                ],
                "outputs": [{"name": "train_url", "description": "Output data"}],
                "parameters": CHANNELS["parameters"],
            },
            "resource_requirements": [],
            "advanced_config": {},
        },
        expected=201,
    )
    chosen = {"id": algorithm["metadata"]["id"], "name": "TestModelArtsalgorithm"}
    made = reference.send(
        "POST", "/v2/{project_id}/training-jobs", job("TestModelArtsJob2", CHANNELS | chosen), expected=201
    )
    assert made["algorithm"]["boot_file"] == "/proof/economy/code/train.py"
    assert reference.ended(made["metadata"]["id"])["phase"] == "Completed"
    listed = reference.send(
        "GET",
        "/v2/{project_id}/algorithms?offset=0&limit=10&sort_by=create_time&order=desc"
        "&searches=name%3ATestModelArtsalgorithm&workspace_id=0",
    )
    assert [one["metadata"]["id"] for one in listed["items"]] == [chosen["id"]]


def test_a_job_on_an_image_with_a_command(reference: Reference) -> None:
    """Guards the example of a custom image: an engine's own runs, another is told to be not available."""
    engines = reference.send("GET", "/v2/{project_id}/training-job-engines")["items"]
    image = next(one for one in engines if one["engine_id"] == OLD_ENGINE)["image_info"]["cpu_image_url"]
    custom = {
        "code_dir": "/proof/economy/code/",
        "command": "cd $MA_JOB_DIR/code && python train.py --train_url=. --num_epochs=1",
        "engine": {"image_url": image},
        "inputs": [],
        "outputs": [],
        "parameters": [],
        "policies": {},
        "environments": {},
    }
    made = reference.send(
        "POST", "/v2/{project_id}/training-jobs", job("TestModelArtsJob3", custom), expected=201
    )
    assert reference.ended(made["metadata"]["id"])["phase"] == "Completed"
    other = custom | {"engine": {"image_url": "fwr_algorithm/training-image:gpu"}}
    refusal = reference.send(
        "POST", "/v2/{project_id}/training-jobs", job("TestModelArtsJob4", other), expected=400
    )
    assert refusal["error_code"] == "Trainwright.0120"


def test_a_job_with_automatic_search(reference: Reference) -> None:
    """Guards the example of a search: understood, and told to be not available."""
    search = {
        "reward_attrs": [{"name": "accuracy", "mode": "max", "regex": "(?<=accuracy-).+(?=;)"}],
        "search_params": [
            {
                "name": "num_epochs",
                "param_type": "continuous",
                "lower_bound": "1",
                "upper_bound": "10",
                "discrete_points_num": "",
                "discrete_values": [],
            }
        ],
        "algo_configs": [
            {
                "name": "bayes_opt_search",
                "params": [
                    {"key": "num_samples", "value": "20", "type": "Integer"},
                    {"key": "kind", "value": "ucb", "type": "String"},
                    {"key": "kappa", "value": "2.5", "type": "Float"},
                    {"key": "xi", "value": "0.0", "type": "Float"},
                    {"key": "seed", "value": "1", "type": "Integer"},
                ],
            }
        ],
    }
    algorithm = CHANNELS | {
        "code_dir": "/proof/economy/code/",
        "boot_file": "/proof/economy/code/train.py",
        "engine": {"engine_id": OLD_ENGINE},
        "policies": {"auto_search": search},
    }
    search["reward_attrs"][0]["regex"] = r"accuracy-(\d+\.\d+);"  # type: ignore[index]
    refusal = reference.send(
        "POST", "/v2/{project_id}/training-jobs", job("TestModelArtsJob5", algorithm), expected=400
    )
    assert refusal["error_code"] == "Trainwright.0004"


def test_a_job_of_several_roles(reference: Reference) -> None:
    """Guards the example of a heterogeneous job, to its end."""
    role = {
        "role": "worker",
        "algorithm": {
            "code_dir": "/proof/economy/code/",
            "boot_file": "/proof/economy/code/train.py",
            "engine": {"engine_id": OLD_ENGINE},
            "inputs": CHANNELS["inputs"],
            "outputs": CHANNELS["outputs"],
        },
        "task_resource": {"flavor_id": "modelarts.vm.cpu.8u", "node_count": 1},
    }
    body = {"kind": "hetero_job", "metadata": {"name": "TestModelArtsJob6"}, "tasks": [role]}
    made = reference.send("POST", "/v2/{project_id}/training-jobs", body, expected=201)
    assert made["tasks"][0]["role"] == "worker"
    assert made["tasks"][0]["task_resource"]["flavor_id"] == "modelarts.vm.cpu.8u"
    assert reference.ended(made["metadata"]["id"])["phase"] == "Completed"


def test_the_search_for_jobs(reference: Reference) -> None:
    """Guards the examples of the list, filters with nothing in them included."""
    made = reference.platform.create("reference-list")
    body = {
        "offset": 0,
        "limit": 10,
        "order": "desc",
        "sort_by": "create_time",
        "workspace_id": "0",
        "filters": [
            {"key": "name", "operator": "like", "value": ["reference-list"]},
            {"key": "create_time", "operator": "between", "value": ["", ""]},
            {"key": "phase", "operator": "in", "value": [""]},
            {"key": "algorithm_name", "operator": "like", "value": [""]},
            {"key": "kind", "operator": "in", "value": []},
            {"key": "user_id", "operator": "in", "value": [""]},
        ],
    }
    answer = reference.send("POST", "/v2/{project_id}/training-job-searches", body)
    assert [one["metadata"]["id"] for one in answer["items"]] == [made.metadata.id]
    assert answer["count"] == 1


def test_changing_stopping_and_deleting_a_job(reference: Reference) -> None:
    """Guards the short requests about one job."""
    one = reference.platform.create("reference-life", "import time\ntime.sleep(600)\n").metadata.id
    path = f"/v2/{{project_id}}/training-jobs/{one}"
    assert reference.send("PUT", path, {"description": "TestModelArtsJob"}) is None
    stopping = reference.send("POST", f"{path}/actions", {"action_type": "terminate"}, expected=202)
    assert stopping["status"]["phase"] == "Terminating"
    reference.ended(one)
    assert reference.send("DELETE", path, expected=202) is None
    assert reference.send("GET", path, expected=404)["error_code"] == "ModelArts.2775"


def test_tags_experiments_and_workspaces(reference: Reference) -> None:
    """Guards the examples of the groups around jobs."""
    one = reference.platform.create("reference-tags").metadata.id
    tags = f"/v2/{{project_id}}/modelarts-training-job/{one}/tags"
    made = httpx.post(
        reference.platform.url + f"{tags}/create".replace("{project_id}", reference.project),
        json={"tags": [{"key": "TestKey", "value": "TestValue"}]},
        headers={"X-Auth-Token": reference.platform.admin.token},
        trust_env=False,
    )
    assert made.status_code < 300, made.text
    assert {"key": "TestKey", "value": "TestValue"} in reference.send("GET", tags)["tags"]
    found = reference.send(
        "POST",
        "/v2/{project_id}/modelarts-training-job/resource-instances/filter?limit=100&offset=0",
        {
            "workspace_id": "0",
            "tags": [{"key": "TestKey", "values": ["TestValue"]}],
            "matches": [{"key": "resource_name", "value": ""}],
        },
    )
    assert one in {resource["resource_id"] for resource in found["resources"]}

    body: dict[str, Any] = {
        "metadata": {"name": "TestExperiment", "description": "Test experiment", "workspace_id": "0"}
    }
    answer = httpx.post(
        f"{reference.platform.url}/v2/{reference.project}/training-experiments",
        json=body,
        headers={"X-Auth-Token": reference.platform.admin.token},
        trust_env=False,
    )
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["metadata"]["name"] == "TestExperiment"

    body = {"name": "ModelArts", "description": "", "auth_type": "PUBLIC", "enterprise_project_id": "0"}
    answer = httpx.post(
        f"{reference.platform.url}/v1/{reference.project}/workspaces",
        json=body,
        headers={"X-Auth-Token": reference.platform.admin.token},
        trust_env=False,
    )
    assert answer.status_code in (200, 201), answer.text
    assert (answer.json()["status"], len(answer.json()["id"])) == ("NORMAL", 32)


def test_a_token_by_password_as_the_reference_begins(reference: Reference) -> None:
    """Guards the first call of every guide: account, user and password give a token, which then works."""
    password = "correct horse battery"
    name = reference.platform.unique("ann")
    reference.send(
        "POST",
        "/v1/{project_id}/users",
        {"name": name, "roles": ["developer"], "password": password},
        expected=201,
    )
    auth = {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": name, "password": password, "domain": {"name": "default"}}},
            },
            "scope": {"project": {"name": "cn-north-4"}},
        }
    }
    url = reference.platform.url
    answer = httpx.post(f"{url}/v3/auth/tokens", json=auth, trust_env=False)
    assert answer.status_code == 201, answer.text
    token = answer.headers["X-Subject-Token"]
    assert answer.json()["token"]["project"]["id"] == reference.project
    listed = httpx.get(
        f"{url}/v2/{reference.project}/training-job-engines", headers={"X-Auth-Token": token}, trust_env=False
    )
    assert listed.status_code == 200
    auth["auth"]["identity"]["password"]["user"]["password"] = "wrong horse battery"  # type: ignore[index]
    assert httpx.post(f"{url}/v3/auth/tokens", json=auth, trust_env=False).status_code == 401
