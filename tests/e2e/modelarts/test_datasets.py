"""Registered datasets as inputs of jobs: the client knows them by id and version only."""

from typing import Any

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
