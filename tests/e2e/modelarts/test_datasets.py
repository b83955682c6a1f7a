"""Registered datasets as inputs of jobs: the client knows them by id and version only."""

from typing import Any

import pytest

from tests.e2e.live import wait_for
from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import Platform

READ = """
import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--data_url")
folder = pathlib.Path(parser.parse_args().data_url)
for path in sorted(folder.rglob("*")):
    if path.is_file():
        print("file", path.relative_to(folder), path.read_text())
"""


@pytest.fixture(scope="module")
def version(platform: Platform) -> dict[str, Any]:
    """A ready version of a folder whose objects have changed since."""
    platform.put("set/a.txt", "one")
    platform.put("set/deep/b.txt", "two")
    call = platform.live.call
    body = {"dataset_name": "proof-set", "data_source": {"data_path": "obs://proof/set/"}}
    dataset = call("POST", "/v2/{P}/datasets", json=body).json()["dataset_id"]
    versions = f"/v2/{{P}}/datasets/{dataset}/versions"
    made = call("POST", versions, json={}).json()

    def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = call("GET", f"{versions}/{made['version_id']}").json()
        return shown if shown["state"] != "creating" else None

    ready = wait_for(look, what="the version")
    assert ready["state"] == "ready", ready
    platform.put("set/c.txt", "later")
    return ready


def job(platform: Platform, remote: dict[str, Any]) -> dict[str, Any]:
    """A job that prints what lies in its input."""
    inputs = [
        {
            "name": "data_url",
            "remote": {"dataset": remote},
            "remote_constraint": [{"data_type": "dataset", "attributes": '[{"data_format": "Default"}]'}],
        }
    ]
    return platform.job(platform.unique("of-dataset"), READ, inputs=inputs)


@covers(
    "create_training_job",
    """
        algorithm.inputs.remote.dataset.id algorithm.inputs.remote.dataset.version_id
        algorithm.inputs.remote.dataset.name algorithm.inputs.remote.dataset.obs_url
        algorithm.inputs.remote_constraint.*
    """,
    kept="""
        algorithm.inputs.remote.dataset.service_type algorithm.inputs.remote.dataset.dataset_proportion
    """,
)
@covers(
    "show_training_job_details",
    answers="algorithm.inputs.remote.dataset.* algorithm.inputs.remote_constraint.*",
)
def test_a_job_gets_exactly_the_objects_of_a_version(
    api: Caller, platform: Platform, version: dict[str, Any]
) -> None:
    """Guards versions: what was added to the folder afterwards is not there."""
    remote = {
        "id": version["dataset_id"],
        "version_id": version["version_id"],
        "name": "proof-set",
        "obs_url": "obs://proof/set/",
        "service_type": "V3",
        "dataset_proportion": 50,
    }
    ended = platform.wait(api.call("create_training_job", body=job(platform, remote)).metadata.id)
    assert ended.status.phase == "Completed"
    shown = ended.algorithm.inputs[0].remote.dataset
    assert (shown.id, shown.version_id, shown.service_type) == (remote["id"], remote["version_id"], "V3")
    log = api.call(
        "show_training_job_logs_preview", training_job_id=ended.metadata.id, task_id="worker-0"
    ).content
    assert "file a.txt one\n" in log and "file deep/b.txt two\n" in log
    assert "c.txt" not in log


def test_an_unknown_dataset_or_version_is_refused(
    api: Caller, platform: Platform, version: dict[str, Any]
) -> None:
    """Guards ids of datasets and versions at creation."""
    for remote, code in (
        ({"id": "never-was", "version_id": "v"}, "ModelArts.2783"),
        ({"id": version["dataset_id"], "version_id": "never-was"}, "ModelArts.2782"),
    ):
        api.refused("create_training_job", code, body=job(platform, remote))
