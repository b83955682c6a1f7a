"""`estimatorV2` against a real server: a script's way through it, from the list of frameworks to the deleted job."""

import _thread
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelarts.estimatorV2 import Estimator, TrainingJob
from modelarts.exception import JobFailed, RequestRefused
from modelarts.session import Session
from modelarts.train_params import InputData, OutputData, TrainingFiles
from tests.e2e.live import LiveServer, wait_for

SCRIPT = """
import argparse, json, os, sys, time
parser = argparse.ArgumentParser()
for name in ("data_url", "train_url", "lr"):
    parser.add_argument("--" + name)
parser.add_argument("--amp", action="store_true")
given = parser.parse_args()
print(json.dumps({**vars(given), "where": os.getcwd(), "model": os.environ.get("model", "")}), flush=True)
with open(os.path.join(given.data_url, "a.txt")) as data, open(os.path.join(given.train_url, "b.txt"), "w") as out:
    out.write(data.read().upper())
time.sleep(float(os.environ.get("SLEEP", "0")))
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path_factory.mktemp("v2")).start()
    server.put("obs://v2-bucket/data/a.txt", "abc")
    server.put("obs://v2-bucket/out/.keep", "")
    server.put("obs://v2-bucket/src/train.py", SCRIPT)
    yield server
    server.stop()


@pytest.fixture
def session(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """As a script has it that says nothing but `Session()`."""
    monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", live.url)
    monkeypatch.setenv("TRAINWRIGHT_PROJECT", live.project_id)
    monkeypatch.setenv("TRAINWRIGHT_TOKEN", live.token)
    made = Session()
    yield made
    made.client.close()


def estimator(session: Session, run: str, **changes: Any) -> Estimator:
    """An estimator that runs `SCRIPT` and writes below `obs://v2-bucket/out/<run>/`."""
    framework = next(f for f in Estimator.get_framework_list(session) if f["framework_type"] == "Python")
    given: dict[str, Any] = {
        "training_files": TrainingFiles("obs://v2-bucket/src/", "train.py"),
        "outputs": [
            OutputData(f"obs://v2-bucket/out/{run}/", "train_url"),
            OutputData(f"obs://v2-bucket/out/{run}-model/", "model", access_method="env"),
        ],
        "parameters": [{"name": "lr", "value": 0.5}, {"name": "amp"}],
        "train_instance_type": Estimator.get_train_instance_types(session)[0],
        "train_instance_count": 1,
        **framework,
    }
    return Estimator(session, **{**given, **changes})


DATA = [InputData("obs://v2-bucket/data/", name="data_url")]


def test_a_job_from_fit_to_delete(
    live: LiveServer, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    """Guards the whole way: wait shows log and phases, outputs arrive, every method answers."""
    job = estimator(session, "whole", job_description="first", log_url="obs://v2-bucket/out/log/").fit(
        inputs=DATA, wait=True, job_name="whole"
    )
    told = capsys.readouterr().out
    assert "* Completed" in told and '"amp": true' in told and '"lr": "0.5"' in told
    assert live.get("obs://v2-bucket/out/whole/b.txt") == b"ABC"
    shown = job.get_job_info()
    assert "error_msg" not in shown
    assert (shown["kind"], shown["metadata"]["name"], shown["status"]["phase"]) == (
        "job",
        "whole",
        "Completed",
    )
    assert shown["metadata"]["id"] == job.job_id and shown["status"]["duration"] >= 0
    assert live.keys("obs://v2-bucket/out/log/") == [f"out/log/modelarts-job-{job.job_id}-worker-0.log"]
    again = Estimator(session, job_id=job.job_id)
    log = again.get_job_log()
    assert {"content", "current_size", "full_size"} <= log.keys() and "outputs/model_1" in log["content"]
    assert {each["metric"] for each in again.get_job_metrics()["metrics"]} >= {"cpuUsage", "memUsage"}
    assert again.update_job_configs("second") == {}
    assert again.get_job_info()["metadata"]["description"] == "second"
    found = Estimator.get_job_list(session, filters=[{"key": "name", "operator": "in", "value": ["whole"]}])
    assert found["count"] == 1 and found["items"][0]["metadata"]["id"] == job.job_id
    assert "error_code" in again.control_job()
    assert again.delete_job() == {}
    assert "error_msg" in again.get_job_info()


def test_code_and_data_of_this_machine_are_uploaded(
    live: LiveServer, session: Session, tmp_path: Path
) -> None:
    """Guards a notebook's folders: to where the caller says, or to the default bucket."""
    code, data = tmp_path / "app", tmp_path / "data"
    for folder in (code, data, code / "__pycache__"):
        folder.mkdir()
    (code / "train.py").write_text(SCRIPT)
    (code / "__pycache__" / "x.pyc").touch()
    (data / "a.txt").write_text("here")
    inputs = [InputData("obs://v2-bucket/uploaded/", str(data), "data_url", is_local_source=True)]
    files = TrainingFiles(str(code), "train.py", "obs://v2-bucket/notebook/")
    job = estimator(session, "up", training_files=files).fit(inputs=inputs)
    live.wait(job.job_id)
    assert live.get("obs://v2-bucket/out/up/b.txt") == b"HERE"
    assert live.keys("obs://v2-bucket/notebook/") == ["notebook/app/train.py"]
    files = TrainingFiles(str(code), str(code / "train.py"))
    second = estimator(session, "up2", training_files=files).fit(inputs=DATA)
    assert live.wait(second.job_id)["status"]["phase"] == "Completed"
    assert second.get_job_info()["algorithm"]["code_dir"].startswith(session.obs.get_default_bucket())


def test_a_job_that_fails_while_waiting(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """Guards: an exception with code and log tail, which carries the job; no frames of ours."""
    with pytest.raises(JobFailed, match="exit code 3") as caught:
        estimator(session, "bad", env_variables={"CODE": 3}).fit(inputs=DATA, wait=True)
    assert caught.value.phase == "Failed" and '"amp": true' in caught.value.log_tail
    assert isinstance(caught.value.job, TrainingJob) and caught.value.job.job_id == caught.value.job_id
    frames = []
    trace = caught.value.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    assert all("trainwright" not in Path(frame).parts for frame in frames)


def test_ctrl_c_lets_go_and_says_how_to_come_back(
    live: LiveServer, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    """Guards: the job goes on, its id is told, and `control_job` stops it."""
    asked = estimator(session, "long", env_variables={"SLEEP": 600})

    def interrupt() -> None:
        wait_for(lambda: asked.job_id, what="the job")
        live.wait(asked.job_id, "Running")
        time.sleep(0.5)
        _thread.interrupt_main()

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        asked.fit(inputs=DATA, wait=True)
    told = capsys.readouterr().out
    assert "the job goes on" in told and f'job_id="{asked.job_id}"' in told
    assert asked.get_job_info()["status"]["phase"] == "Running"
    stopped = Estimator.control_job_by_id(session=session, job_id=asked.job_id)
    assert stopped["status"]["phase"] == "Terminating"
    live.wait(asked.job_id, "Terminated")


def test_what_the_server_does_not_know(session: Session) -> None:
    """Guards an unknown framework and flavor: raised, with what there is."""
    with pytest.raises(RequestRefused, match="PyTorch"):
        estimator(session, "x", framework_type="No", framework_version="1").fit(inputs=DATA)
    with pytest.raises(RequestRefused) as caught:
        estimator(session, "x", train_instance_type="no").fit(inputs=DATA)
    assert caught.value.error_code and caught.value.error_solution
