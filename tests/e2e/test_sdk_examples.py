"""Guards that the three examples of the SDK page (seeds/002) run as they are printed, bucket names included."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live import LiveServer, wait_for
from tests.e2e.torch_server import PYTHON
from tests.fakes.images import host_tree

MANUAL = Path(__file__).parent / "manual"
_ENGINES = f"""
engines:
  - {{id: torch-test, name: PyTorch, version: "test", interpreter: "{PYTHON}", distribution: pytorch,
     aliases: ["PyTorch-1.*-python*"]}}
"""
_FLAVORS = """
flavors:
  - {id: small, resources: {cpus: 1, memory_mib: 2048}, max_nodes: 2, aliases: [modelarts.vm.cpu.2u]}
"""
IMAGE = "100.125.5.235:20202/jobmng/cpu-base:1.0"
ROWS = "1 what a good film\n0 what a bad film\n"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose catalogue stands in for the names of the page, with what the examples read in its bucket."""
    if not PYTHON.exists():
        pytest.fail("no .cache/torch: run scripts/test-setup")
    data_dir = tmp_path_factory.mktemp("data")
    (data_dir / "engines.yaml").write_text(_ENGINES)
    (data_dir / "flavors.yaml").write_text(_FLAVORS)
    server = LiveServer(data_dir, {"TRAINWRIGHT_POOL__CPUS": "4", "TRAINWRIGHT_SANDBOX": "off"}).start()
    server.put(
        "obs://bucket/src/pytorch_sentiment.py", (MANUAL / "pytorch_sentiment.py.txt").read_text("utf-8")
    )
    server.put("obs://bucket/data/train/a.txt", ROWS)
    yield server
    server.stop()


def run_example(live: LiveServer, text: str, folder: Path) -> dict[str, Any]:
    """Run the script as a user would, who has nothing but the server on this machine; the job it made."""
    script = folder / "example.py"
    script.write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TRAINWRIGHT_DATA_DIR": str(live.data_dir),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "" and done.stderr == ""
    search = {"filters": [{"key": "name", "operator": "in", "value": ["my_training_job"]}]}
    answer = live.call("POST", "/v2/{P}/training-job-searches", json=search)
    (job,) = answer.json()["items"]
    made: dict[str, Any] = job
    return made


@pytest.fixture(autouse=True)
def free_name(live: LiveServer) -> Iterator[None]:
    """All three examples make a job of the same name, and names are unique: each is deleted when it has ended."""
    yield
    for item in live.call("POST", "/v2/{P}/training-job-searches", json={}).json()["items"]:
        live.wait(item["metadata"]["id"])
        live.call("DELETE", f"/v2/{{P}}/training-jobs/{item['metadata']['id']}")


def test_first_example_trains(live: LiveServer, tmp_path: Path) -> None:
    """Data of the object store; the old engine's name runs a new engine, and an event says so."""
    job = run_example(live, (MANUAL / "sdk_example_1.py.txt").read_text("utf-8"), tmp_path)
    assert job["metadata"]["description"] == "pytorch-sentiment with ModelArts SDK"
    ended = live.wait(job["metadata"]["id"])
    assert ended["status"]["phase"] == "Completed", live.log(job["metadata"]["id"]).decode()
    assert b"rows=2" in live.log(job["metadata"]["id"])
    assert "output/model.pt" in live.keys("obs://bucket/output/")
    assert any(key.endswith("worker-0.log") for key in live.keys("obs://bucket/log/"))
    assert any("PyTorch-1.0.0-python3.6" in event for event in live.events(job["metadata"]["id"]))


def test_second_example_reads_a_dataset(live: LiveServer, tmp_path: Path) -> None:
    """`your_dataset_id` and `your_dataset_version_id` are placeholders of the page: they alone are replaced."""
    source = {"dataset_name": "sentiment", "data_source": {"data_path": "obs://bucket/data/train/"}}
    dataset = live.call("POST", "/v2/{P}/datasets", json=source).json()["dataset_id"]
    version = live.call("POST", f"/v2/{{P}}/datasets/{dataset}/versions", json={}).json()["version_id"]
    where = f"/v2/{{P}}/datasets/{dataset}/versions/{version}"
    wait_for(lambda: live.call("GET", where).json()["status"] == 1)
    text = (MANUAL / "sdk_example_2.py.txt").read_text("utf-8")
    text = text.replace("your_dataset_id", dataset).replace("your_dataset_version_id", version)
    job = run_example(live, text, tmp_path)
    ended = live.wait(job["metadata"]["id"])
    assert ended["status"]["phase"] == "Completed", live.log(job["metadata"]["id"]).decode()
    assert ended["algorithm"]["inputs"][0]["remote"]["dataset"]["id"] == dataset
    assert b"rows=2" in live.log(job["metadata"]["id"])


@pytest.fixture(scope="module")
def with_image(tmp_path_factory: pytest.TempPathFactory, bubblewrap: None) -> Iterator[LiveServer]:
    """A server whose catalogue has the image of the page, which holds the code, as old images do."""
    tree = host_tree(tmp_path_factory.mktemp("image") / "root", python=True)
    (tree / "opt/python/bin/python").symlink_to("python3")
    app = tree / "home/work/user-job-dir/app/mnist"
    app.mkdir(parents=True)
    (app / "mnist_softmax.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.environ['classes'], os.environ['lr'])\n"
    )
    data_dir = tmp_path_factory.mktemp("data")
    image = {"name": IMAGE, "path": str(tree), "environment": {"PATH": "/opt/python/bin:/bin"}}
    (data_dir / "images.yaml").write_text(json.dumps({"images": [image]}))
    (data_dir / "flavors.yaml").write_text(_FLAVORS)
    server = LiveServer(data_dir, {"TRAINWRIGHT_SANDBOX": "on"}).start()
    server.put("obs://bucket/data/train/a.txt", ROWS)
    yield server
    server.stop()


@pytest.mark.slow
def test_third_example_runs_its_command_in_its_image(with_image: LiveServer, tmp_path: Path) -> None:
    """The command is the page's; hyperparameters are variables; the log is kept where it was asked for."""
    job = run_example(with_image, (MANUAL / "sdk_example_3.py.txt").read_text("utf-8"), tmp_path)
    job_id = job["metadata"]["id"]
    ended = with_image.wait(job_id)
    log = with_image.log(job_id).decode()
    assert ended["status"]["phase"] == "Completed", log
    assert "['--data_url', '/home/work/user-job-dir/app/mnist_data'] 10 0.001" in log
    assert ended["algorithm"]["engine"]["image_url"] == IMAGE
    assert any(key.endswith("worker-0.log") for key in with_image.keys("obs://bucket/log/"))
