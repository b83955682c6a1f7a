"""Custom images end to end: the platform's own server and sandbox, images made here of the machine's own programs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live import LiveServer, user_bytes
from tests.fakes.images import MadeImage, host_tree, layer_of_folder, write_archive

pytestmark = pytest.mark.slow

NAME = "100.125.5.235:20202/jobmng/cpu-base:1.0"
SCRIPT = """
import os, sys
import trainwright.inside
print(os.getcwd(), *sys.argv[1:])
print(os.environ["classes"], os.environ["lr"], open("/etc/os-release").read().strip())
for name in sorted(os.environ):
    if name.startswith(("DLS_", "BATCH_")):
        print(name, os.environ[name])
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root file system with Python and, as old images often have it, with training code."""
    made = host_tree(tmp_path_factory.mktemp("image") / "root", python=True)
    (made / "opt/python/bin/python").symlink_to("python3")
    (made / "home/work/user-job-dir/app/mnist").mkdir(parents=True)
    (made / "home/work/user-job-dir/app/mnist/mnist_softmax.py").write_text(SCRIPT)
    return made


@pytest.fixture(scope="module")
def images(tree: Path, tmp_path_factory: pytest.TempPathFactory, bubblewrap: None) -> Iterator[LiveServer]:
    """A server whose catalogue names the tree as the image of the manuals, and an archive of a smaller one."""
    data = tmp_path_factory.mktemp("data")
    image = {"name": NAME, "path": str(tree), "environment": {"PATH": "/opt/python/bin:/bin"}}
    (data / "images.yaml").write_text(json.dumps({"images": [image]}))
    live = LiveServer(data, {"TRAINWRIGHT_SANDBOX": "on"}).start()
    yield live
    live.stop()


def small_image(folder: Path) -> MadeImage:
    """An image with a shell in two layers, the upper one with a file of its own."""
    lower = host_tree(folder / "lower")
    (folder / "upper/srv").mkdir(parents=True)
    (folder / "upper/srv/said").write_text("from the upper layer\n")
    layers = [layer_of_folder(lower), layer_of_folder(folder / "upper")]
    return MadeImage(layers, {"PATH": "/bin", "WHO": "image"}, "/srv")


def body_of(server: LiveServer, name: str, image: str, command: str, **more: Any) -> dict[str, Any]:
    """A job in an image."""
    return server.body(name, command=command, engine={"image_url": image}, **more)


def test_the_command_of_the_sdks_third_example(images: LiveServer) -> None:
    """Guards `user_command` of seeds/002 as it is printed: code in the image, hyperparameters as variables."""
    images.put("obs://bucket/data/train/x", "1")
    images.put("obs://bucket/output/x", "1")
    command = (
        "bash -x /home/work/run_train.sh python /home/work/user-job-dir/app/mnist/mnist_softmax.py "
        "--data_url /home/work/user-job-dir/app/mnist_data"
    )
    inputs = [{"name": "data_url", "remote": {"obs": {"obs_url": "/bucket/data/train/"}}}]
    outputs = [{"name": "train_url", "remote": {"obs": {"obs_url": "/bucket/output/"}}}]
    parameters = [{"name": "classes", "value": "10"}, {"name": "lr", "value": "0.001"}]
    body = body_of(images, "example3", NAME, command, inputs=inputs, outputs=outputs, parameters=parameters)
    body["spec"]["resource"]["flavor_id"] = "modelarts.vm.cpu.2u"
    job = images.create(body)
    assert images.wait(job)["status"]["phase"] == "Completed", images.log(job).decode()
    said = [line for line in user_bytes(images.log(job)).decode().splitlines() if not line.startswith("+")]
    assert said[0] == "/home/work/user-job-dir --data_url /home/work/user-job-dir/app/mnist_data"
    assert said[1] == "10 0.001 NAME=tiny"
    variables = dict(line.split(" ", 1) for line in said[2:])
    assert variables["DLS_DATA_URL"] == "obs://bucket/data/train/"
    assert variables["DLS_TRAIN_URL"] == "obs://bucket/output/"
    assert (variables["DLS_TASK_INDEX"], variables["DLS_TASK_NUMBER"]) == ("0", "1")
    assert variables["BATCH_example3.0_HOSTS"] == variables["BATCH_CUSTOM0_HOSTS"]
    assert any("modelarts.vm.cpu.2u" in line for line in images.events(job))


def test_the_code_folder_of_the_old_manual(images: LiveServer) -> None:
    """Guards seeds/003: `obs://obs-bucket/new/` is found at /home/work/user-job-dir/new, and exit codes."""
    images.put("obs://obs-bucket/new/train.py", SCRIPT + "sys.exit(3)")
    command = "bash /home/work/run_train.sh python /home/work/user-job-dir/new/train.py --x 1"
    parameters = [{"name": "classes", "value": "2"}, {"name": "lr", "value": ""}]
    job = images.create(
        body_of(images, "old", NAME, command, code_dir="obs://obs-bucket/new/", parameters=parameters)
    )
    shown = images.wait(job)
    assert shown["status"]["phase"] == "Failed", images.log(job).decode()
    said = user_bytes(images.log(job)).decode()
    assert "/home/work/user-job-dir --x 1\n2  NAME=tiny\n" in said
    assert "DLS_APP_URL obs://obs-bucket/new/" in said
    assert "code folder is at /home/work/user-job-dir/new" in images.log(job).decode()
    assert any("exit code 3" in line for line in images.events(job))


@pytest.mark.parametrize("form", ["docker.tar", "docker.tar.gz", "oci.tar"])
def test_an_archive_in_the_object_store(images: LiveServer, tmp_path: Path, form: str) -> None:
    """Guards images that users bring themselves: laid over each other, with their settings, once for both jobs."""
    made = small_image(tmp_path)
    parts = made.docker_parts() if form.startswith("docker") else made.oci_parts()
    images.put(f"obs://images/{form}", write_archive(tmp_path / form, parts).read_bytes())
    events = []
    for number in range(2):
        name = f"{form.replace('.', '-')}-{number}"
        job = images.create(body_of(images, name, f"obs://images/{form}", "cat said; echo $WHO; pwd"))
        assert images.wait(job)["status"]["phase"] == "Completed", images.events(job)
        assert user_bytes(images.log(job)) == b"from the upper layer\nimage\n/srv\n"
        events.append(" ".join(images.events(job)))
    assert "Unpacking image" in events[0] and "Unpacking image" not in events[1]


def test_what_cannot_be_run_is_refused(images: LiveServer) -> None:
    """Guards the answer of the API, and that an archive whose damage only unpacking finds ends the job with it."""
    refused = images.call(
        "POST", "/v2/{P}/training-jobs", json=body_of(images, "no", "library/python:3", "true")
    )
    assert refused.status_code == 400 and "no container engine" in refused.text
    images.put("obs://images/broken.tar.gz", b"\x1f\x8b" + b"nothing of the kind" * 40)
    job = images.create(body_of(images, "broken", "obs://images/broken.tar.gz", "true"))
    assert images.wait(job)["status"]["phase"] == "Failed"
    assert any("cannot be run: it cannot be decompressed" in line for line in images.events(job))
    assert any("无法运行" in line for line in images.events(job, "zh-cn"))


def test_a_job_in_an_image_outlives_the_server(images: LiveServer, tmp_path: Path) -> None:
    """Guards that kill -9 of the server ends nothing, and that the image is not needed again to see the end."""
    job = images.create(
        body_of(images, "long", NAME, "echo begun; while ! test -e /tmp/go; do sleep 0.1; done; echo over")
    )
    images.wait(job, "Running")
    images.kill()
    (root,) = (path for path in (images.data_dir / "runs").glob(f"{job}-a1/worker-0/root/tmp"))
    (root / "go").touch()
    images.start()
    assert images.wait(job)["status"]["phase"] == "Completed"
    assert user_bytes(images.log(job)) == b"begun\nover\n"
