"""What the create page offers to copy makes the same job: its shell commands and programs are run against a server."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live import LiveServer
from trainwright.client.config import ENDPOINT_VARIABLE, PROJECT_VARIABLE, TOKEN_VARIABLE
from trainwright.services import create_checks, spec_checks
from trainwright.wire import jobs, tags

CONSOLE = Path(__file__).parents[2] / "console"
SAMPLES = ("plain", "full", "options", "flags", "roles")
TAGS = {"team": "computer vision", "urgent": ""}
OBJECTS = (
    "code/train.py", "code/deep/er/train.py", "数据 data/a", "more/a",
)  # fmt: skip

Body = dict[str, Any]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with what the samples name."""
    server = LiveServer(tmp_path_factory.mktemp("texts") / "data").start()
    for key in OBJECTS:
        server.put(f"obs://samples/digits/{key}", "print('hello')\n")
    yield server
    server.stop()


def of_console(*arguments: str, given: object = None) -> Any:
    """What the console's own code says."""
    node = shutil.which("node")
    assert node, "node is needed for the console's tests"
    done = subprocess.run(
        [node, "tools/job-texts.mjs", *arguments],
        cwd=CONSOLE, input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def samples(live: LiveServer) -> Mapping[str, Body]:
    """The bodies that the console's unit tests go through, with an engine and a flavor that are here."""
    text = json.dumps(of_console("--samples"))
    text = text.replace('"ENGINE"', json.dumps(live.python_engine())).replace(
        '"FLAVOR"', json.dumps(live.flavor())
    )
    found: dict[str, Body] = json.loads(text)
    assert tuple(found) == SAMPLES
    return found


def named(body: Body, name: str) -> Body:
    """The same under another name: names are there once."""
    return {**body, "metadata": {**body["metadata"], "name": name}}


def run(live: LiveServer, words: list[str], folder: Path) -> str:
    """What the program prints, run as somebody would who is signed in."""
    login = {ENDPOINT_VARIABLE: live.url, PROJECT_VARIABLE: live.project_id, TOKEN_VARIABLE: live.token}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, **login, "PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, (words[-1], done.stdout, done.stderr)
    return done.stdout


def job_of(live: LiveServer, name: str) -> str:
    """The id of the job with this name."""
    search = {"limit": 50, "filters": [{"key": "name", "operator": "like", "value": [name]}]}
    found = live.call("POST", "/v2/{P}/training-job-searches", json=search).json()["items"]
    ids = [str(job["metadata"]["id"]) for job in found if job["metadata"]["name"] == name]
    assert len(ids) == 1, name
    return ids[0]


def request_of(live: LiveServer, job: str) -> Body:
    """The body that made the job, without its name, and with its experiment by name."""
    body: Body = live.call("GET", f"/v2/{{P}}/training-jobs/{job}/request").json()
    experiment = body["metadata"].pop("training_experiment_reference", None)
    if experiment is not None:
        shown = live.call("GET", f"/v2/{{P}}/training-experiments/{experiment['id']}").json()
        body["metadata"]["training_experiment_reference"] = {"name": shown["metadata"]["name"]}
    if body["kind"] == "hetero_job":  # each role has its own; the client adds one that has no effect
        body["spec"]["resource"].pop("node_count", None)
    return without_empty(body)


def without_empty(body: Body) -> Body:
    """What says nothing is left out: the name, which differs, and an empty description."""
    metadata = {key: value for key, value in body["metadata"].items() if key != "name" and value != ""}
    return {**body, "metadata": metadata}


def tags_of(live: LiveServer, job: str) -> dict[str, str]:
    """Its tags."""
    tags = live.call("GET", f"/v2/{{P}}/modelarts-training-job/{job}/tags").json()["tags"]
    return {tag["key"]: tag.get("value", "") for tag in tags}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_command_makes_the_job(
    live: LiveServer, samples: Mapping[str, Body], name: str, tmp_path: Path
) -> None:
    body = named(samples[name], f"cli-{name}")
    texts = of_console(given={name: {"body": body, "tags": TAGS}})[name]
    assert texts["body"] == body
    run(live, ["bash", "-eu", "-c", texts["cli"]], tmp_path)
    job = job_of(live, f"cli-{name}")
    assert request_of(live, job) == without_empty(body)
    assert tags_of(live, job) == TAGS


@pytest.mark.parametrize("name", SAMPLES)
def test_the_program_makes_the_job(
    live: LiveServer, samples: Mapping[str, Body], name: str, tmp_path: Path
) -> None:
    body = named(samples[name], f"sdk-{name}")
    texts = of_console(given={name: {"body": body, "tags": TAGS}})[name]
    job = run(live, [sys.executable, "-c", texts["sdk"]], tmp_path).strip()
    assert request_of(live, job) == without_empty(body)
    assert tags_of(live, job) == TAGS


@pytest.mark.parametrize("name", SAMPLES)
def test_the_file_makes_the_job(
    live: LiveServer, samples: Mapping[str, Body], name: str, tmp_path: Path
) -> None:
    body = named(samples[name], f"yaml-{name}")
    texts = of_console(given={name: {"body": body, "tags": {}}})[name]
    (tmp_path / "job.yaml").write_text(texts["yaml"], "utf-8")
    run(live, ["trainwright", "job", "create", "--file", "job.yaml"], tmp_path)
    assert request_of(live, job_of(live, f"yaml-{name}")) == without_empty(body)


def test_the_form_has_the_limits_of_the_server() -> None:
    limits = of_console("--limits")
    told = {name: value for name, value in limits.items() if isinstance(value, int)}
    assert told == {
        "description": jobs.DESCRIPTION_LENGTH_MAX,
        "command": create_checks.COMMAND_LENGTH_MAX,
        "variables": create_checks.ENVIRONMENTS_MAX,
        "variableValue": create_checks.ENVIRONMENT_VALUE_MAX,
        "roles": jobs.ROLES_MAX,
        "tags": tags.TAGS_MAX,
        "retries": spec_checks.RETRIES_MAX,
        "graceSeconds": 3600,
        "duration": 31_536_000,
    }
