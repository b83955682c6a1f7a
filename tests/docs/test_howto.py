"""Guards that the pages on people and signatures work as written: what they show is done against a real server."""

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer
from tests.fakes.images import MadeImage, host_tree, layer_of_folder, write_archive
from trainwright.catalog.images import load_images

ROOT = Path(__file__).resolve().parents[2]
HOWTO = ROOT / "docs" / "howto"
RUNNABLE = re.compile(r"^```(bash|python) run\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    """A server on its first day."""
    server = LiveServer(tmp_path / "data").start()
    yield server
    server.stop()


def _follow(page: str, live: LiveServer, folder: Path) -> str:
    """Everything the page has the reader do, in one shell; what it prints."""
    steps = []
    for number, (language, text) in enumerate(RUNNABLE.findall((HOWTO / page).read_text("utf-8"))):
        if language == "python":
            script = folder / f"step{number}.py"
            script.write_text(text, encoding="utf-8")
            text = f"'{sys.executable}' {script}"
        steps.append(text)
    assert steps
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(steps)],
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TRAINWRIGHT_DATA_DIR": str(live.data_dir),
            "URL": live.url,
            "PROJECT": live.project_id,
        },
        capture_output=True,
        text=True,
        timeout=560,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_manage_users(tmp_path: Path, live: LiveServer) -> None:
    """Every command of the page, and what the text promises of them."""
    told = _follow("manage-users.md", live, tmp_path)
    assert re.search(r"^Roles of ben: viewer, night-shift$", told, re.MULTILINE)
    assert re.search(r"^HTTP/1.1 201", told, re.MULTILINE)
    assert re.search(r"^x-subject-token: tw_", told, re.MULTILINE)
    assert re.search(r"^vision ", told, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_sign_requests(tmp_path: Path, live: LiveServer) -> None:
    """The signer that readers copy is right."""
    told = _follow("sign-requests.md", live, tmp_path)
    assert re.search(r"^[1-9]\d* engines$", told, re.MULTILINE) and "0 jobs" in told


def test_use_the_official_client(live: LiveServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The client is built as the page builds it, with the first administrator's keys."""
    page = (HOWTO / "use-the-official-client.md").read_text("utf-8")
    (block,) = re.findall(r"^ +```python\n(.*?)^ +```", page, re.MULTILINE | re.DOTALL)
    keys = json.loads((live.data_dir / "admin.json").read_text("utf-8"))
    names = {
        "ACCESS_KEY": keys["access_key"],
        "SECRET_KEY": keys["secret_key"],
        "PROJECT_ID": keys["project_id"],
    }
    assert "http://127.0.0.1:8600" in block
    exec(textwrap.dedent(block).replace("http://127.0.0.1:8600", live.url), names)
    assert "scikit-learn" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_use_the_modelarts_sdk(tmp_path: Path, live: LiveServer) -> None:
    """What the page prints of sessions, objects, jobs, versions and failures."""
    told = _follow("use-the-modelarts-sdk.md", live, tmp_path)
    assert "obs://my-bucket/data/train/a.txt" in told and "trained on 3 numbers, lr 0.1" in told
    assert "JOBSTAT_COMPLETED" in told and "2 versions of first" in told and "1 job\n" in told
    assert re.search(r"^False [A-Z]\w+\.\d+$", told, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_report_metrics(tmp_path: Path, live: LiveServer) -> None:
    """The script of the page runs, and its curve is drawn; the same script runs off the platform."""
    told = _follow("report-metrics.md", live, tmp_path)
    assert "rank 0 of 1 in worker-0" in told
    answer = live.call("POST", "/v2/{P}/training-job-searches", json={}).json()
    (job,) = [each["metadata"]["id"] for each in answer["items"]]
    series = live.call("GET", f"/v2/{{P}}/training-jobs/{job}/training-metrics").json()["series"]
    assert {each["name"]: each["total"] for each in series} == {"loss": 1000, "accuracy": 1000}
    assert len(live.keys("obs://runs/curves/")) == 10
    (tmp_path / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "code/train.py", "--train_url", "out"], cwd=tmp_path, capture_output=True, timeout=60
    )
    assert done.stdout == b"rank 0 of 1 in \n" and not done.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_read_metrics_from_a_log(tmp_path: Path, live: LiveServer) -> None:
    """The rules of the page find what it says, and its body is one that is taken."""
    _follow("read-metrics-from-a-log.md", live, tmp_path)
    found = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    series = {each["name"]: (each["steps"], each["values"]) for each in found["series"]}
    assert series == {"loss": ([100, 200, 300], [0.1, 0.2, 0.3]), "learning rate": ([0, 1, 2], [0.001] * 3)}
    page = (HOWTO / "read-metrics-from-a-log.md").read_text("utf-8")
    (body,) = re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    made = live.body("by-body", command="true")
    made["algorithm"] |= json.loads(body)["algorithm"]
    assert live.create(made)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_use_the_cli(tmp_path: Path, live: LiveServer) -> None:
    """Every command of the page; the log is alone in its file, and the picture has its axes."""
    told = _follow("use-the-cli.md", live, tmp_path)
    log = (tmp_path / "first.log").read_text("utf-8")
    assert "step=99 loss=" in log and "Training started" not in log
    assert re.search(r"^loss +worker-0 +1 +99 ", told, re.MULTILINE) and re.search(r"└┬─", told)
    assert re.search(r"^train_job\.cpu +0 +16 ", told, re.MULTILINE)
    assert "Job first deleted." in told and "set deleted." in told
    assert re.search(r"^from-ma-cli +Completed", told, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_use_the_sdk(tmp_path: Path, live: LiveServer) -> None:
    """Every example of the page, and what its comments promise."""
    told = _follow("use-the-sdk.md", live, tmp_path)
    assert re.search(r"^Completed after 0:", told, re.MULTILINE)
    assert "['accuracy', 'loss']" in told and "| epoch 4 accuracy=0.9" in told
    assert "1 file downloaded" in told and (tmp_path / "results" / "train_url" / "model.txt").is_file()
    assert re.search(r"^first 0$", told, re.MULTILINE)
    assert "['Completed', 'Completed']" in told


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_use_custom_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of the page, with a stand-in for what makes images, and the administrator's file."""
    image = MadeImage([layer_of_folder(host_tree(tmp_path / "tree"))], {"PATH": "/bin"})
    write_archive(tmp_path / "saved.tar", image.docker_parts())
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\n[ "$1 $3" = "save -o" ] && cp {tmp_path}/saved.tar "$4"\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    server = LiveServer(tmp_path / "data", {"TRAINWRIGHT_SANDBOX": "on"}).start()
    try:
        told = _follow("use-custom-images.md", server, tmp_path)
    finally:
        server.stop()
    assert "NAME=tiny\nlearning rate 0.1\n" in told
    assert "in /home/work/user-job-dir with --epochs=3\n" in told
    page = (HOWTO / "use-custom-images.md").read_text("utf-8")
    (file,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "images.yaml").write_text(file)
    assert [image.path for image in load_images(tmp_path / "images.yaml")] == [
        "/srv/images/cpu-base",
        "/srv/images/torch-2.4.tar.gz",
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", ["migrate-from-modelarts.md", "migrate-from-modelarts.zh-CN.md"])
def test_move_from_modelarts(tmp_path: Path, live: LiveServer, page: str) -> None:
    """REST, the SDK and MoXing, each with nothing changed but where they go; in both languages."""
    told = _follow(page, live, tmp_path)
    assert '"engine_name"' in told and '"name":"by-rest"' in told.replace(" ", "")
    assert "trained on 3 lines for 2 epochs" in told
    assert re.search(r"^Completed$", told, re.MULTILINE) and re.search(r"^True$", told, re.MULTILINE)
    assert re.search(r"^weights$", told, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_use_moxing(tmp_path: Path, live: LiveServer) -> None:
    """Outside a job, on the machine of the server, without a word of credentials."""
    told = _follow("use-moxing.md", live, tmp_path)
    assert "['one', 'two'] ['raw']" in told and "42 bytes" in told
    assert "['notes.txt', 'raw'] kept" in told
