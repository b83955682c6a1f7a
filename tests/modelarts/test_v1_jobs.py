"""The first generation against a real server: jobs and their versions, logs, lists, configurations, waiting."""

import _thread
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelarts.environment import CondaDependencies, Environment
from modelarts.estimator import JOB_STATE, Estimator, JobConfig, TrainingJob
from modelarts.exception import InvalidArgument, JobFailed, RequestRefused
from modelarts.session import Session
from tests.e2e.live import LiveServer, wait_for

SCRIPT = """
import argparse, os, sys, time
parser = argparse.ArgumentParser()
for name in ("data_url", "train_url", "lr", "code", "sleep"):
    parser.add_argument("--" + name, default="0")
given, rest = parser.parse_known_args()
print("reads", sorted(os.listdir(given.data_url)), "lr", given.lr, rest, flush=True)
with open(os.path.join(given.train_url, "model.txt"), "w") as out:
    out.write("été " * 10)
time.sleep(float(given.sleep))
if given.code != "0":
    print("it went wrong here", flush=True)
sys.exit(int(given.code))
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path_factory.mktemp("v1"), {"TRAINWRIGHT_SANDBOX": "off"}).start()
    server.put("obs://v1-bucket/data/a.txt", "abc")
    server.put("obs://v1-bucket/src/train.py", SCRIPT)
    yield server
    server.stop()


@pytest.fixture
def session(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", live.url)
    monkeypatch.setenv("TRAINWRIGHT_PROJECT", live.project_id)
    monkeypatch.setenv("TRAINWRIGHT_TOKEN", live.token)
    return Session()


def estimator(session: Session, parameters: dict[str, Any] | None = None, **changes: Any) -> Estimator:
    framework = next(f for f in Estimator.get_framework_list(session) if f["framework_type"] == "Python")
    given: dict[str, Any] = {
        "code_dir": "/v1-bucket/src/",
        "boot_file": "/v1-bucket/src/train.py",
        "output_path": "/v1-bucket/out/",
        "hyperparameters": [{"label": name, "value": value} for name, value in (parameters or {}).items()],
        "train_instance_type": Estimator.get_train_instance_types(session)[0],
        "train_instance_count": 1,
        **framework,
        **changes,
    }
    return Estimator(session, **given)


def ended(live: LiveServer, job: TrainingJob) -> dict[str, Any]:
    return live.wait(job.version_id)


def test_a_job_from_fit_to_delete(
    live: LiveServer, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    """Guards the whole way: wait shows phases, events and the log; every method answers."""
    made = estimator(session, {"lr": 0.5}, job_description="first", log_url="/v1-bucket/log/")
    job = made.fit(inputs="/v1-bucket/data/", wait=True, job_name="whole")
    shown = capsys.readouterr().out
    assert "* Running" in shown and "* Completed" in shown and "reads ['a.txt'] lr 0.5" in shown
    assert live.get("obs://v1-bucket/out/model.txt").decode().startswith("été")
    info = job.get_job_info()
    assert info.pop("create_time") > 0 and info.pop("duration") > 0
    assert JOB_STATE[info.pop("status")] == "JOBSTAT_COMPLETED"
    expected = {
        "job_id": job.job_id, "version_id": job.version_id, "job_name": "whole", "job_desc": "first",
        "version_name": "V0001", "pre_version_id": "", "engine_name": "Python", "app_url": "/v1-bucket/src/",
        "boot_file_url": "/v1-bucket/src/train.py", "parameter": [{"label": "lr", "value": "0.5"}],
        "worker_server_num": 1, "data_url": "/v1-bucket/data/", "train_url": "/v1-bucket/out/",
        "log_url": "/v1-bucket/log/", "dataset_id": "", "resource_id": job.version_id, "is_success": True,
    }  # fmt: skip
    assert {name: info[name] for name in expected} == expected
    assert set(info["system_metric_list"]) == {"cpuUsage", "memUsage", "gpuUtil"}
    assert "JOBSTAT_COMPLETED" in repr(job) and "<table>" in job._repr_html_()
    assert job.update_job_description("second") == {"is_success": True}
    attached = Estimator(session, job_id=job.job_id, version_id=job.version_id)
    assert attached.get_job_info()["job_desc"] == "second"
    assert attached.stop_job_version()["is_success"] is False  # it has ended
    assert attached.delete_job() == {"is_success": True}
    gone = attached.get_job_info()
    assert gone["is_success"] is False and gone["error_code"] and gone["error_msg"]


def test_logs_by_bytes(live: LiveServer, session: Session) -> None:
    """Pages join to the whole log; from the end; characters are not cut."""
    live.put("obs://v1-bucket/talk/train.py", "for i in range(300): print('é' * 20, i)")
    talk: dict[str, Any] = {"code_dir": "/v1-bucket/talk/", "boot_file": "train.py"}
    job = estimator(session, **talk).fit("/v1-bucket/data/", job_name="talks")
    ended(live, job)
    whole = live.log(job.version_id)
    assert job.get_job_log_file_list() == {"log_file_list": ["job-talks.0"], "is_success": True}
    pages, start = [], 0
    while True:
        page = job.get_job_log("job-talks.0", start_byte=start, offset=999)
        assert page["is_success"] and page["start_line"] == start
        if not page["content"]:
            break
        pages.append(page["content"])
        start = page["end_line"]
    assert "".join(pages).encode() == whole
    newest = job.get_job_log("job-talks.0", start_byte=-1, offset=-100)
    assert whole.decode().endswith(newest["content"]) and newest["lines"] >= 1
    before = job.get_job_log("job-talks.0", start_byte=newest["start_line"], offset=-100)
    assert whole.decode().endswith(before["content"] + newest["content"])
    for wrong in (
        job.get_job_log("job-talks.1"),
        job.get_job_log("job-talks.0", start_byte=-2),
        job.get_job_log("job-talks.0", offset=2049),
    ):
        assert wrong["is_success"] is False and wrong["error_code"] == "ModelArts.2788"


def test_versions(live: LiveServer, session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """Three versions of one job; the first can be deleted and the others are still found."""
    first = estimator(session).fit("/v1-bucket/data/", job_name="versions")
    ended(live, first)
    other = estimator(session, {"lr": 2})
    second = other.create_job_version(
        first.job_id, first.version_id, inputs="/v1-bucket/data/", job_desc="two"
    )
    third = other.create_job_version(first.job_id, second.version_id, "/v1-bucket/data/", wait=True)
    ended(live, second)
    assert first.job_id == second.job_id == third.job_id
    assert [job.version_name for job in (first, second, third)] == ["V0001", "V0002", "V0003"]
    info = second.get_job_info()
    assert (info["job_name"], info["pre_version_id"], info["job_desc"]) == (
        "versions",
        first.version_id,
        "two",
    )
    assert second.get_job_log_file_list()["log_file_list"] == ["job-versions.0"]
    told = Estimator(session, job_id=first.job_id).get_job_version_info()
    assert (told["job_name"], told["version_count"]) == ("versions", 3)
    assert [version["version_name"] for version in told["versions"]] == ["V0003", "V0002", "V0001"]
    capsys.readouterr()
    objects = first.get_job_version_object_list()
    assert len(objects) == len(capsys.readouterr().out.splitlines()) == 3
    with pytest.raises(InvalidArgument, match="is no version of job"):
        other.create_job_version(first.job_id, "nothing", "/v1-bucket/data/")
    assert first.delete_job_version() == {"is_success": True}
    assert Estimator(session, job_id=first.job_id).get_job_version_info()["version_count"] == 2
    assert Estimator.delete_job_by_id(session, first.job_id) == {"is_success": True}
    assert second.get_job_info()["is_success"] is False


def test_lists(live: LiveServer, session: Session) -> None:
    """One item for a job with versions; both spellings of the sort key; states as numbers."""
    first = estimator(session).fit("/v1-bucket/data/", job_name="list-a")
    ended(live, first)
    ended(live, estimator(session).create_job_version(first.job_id, first.version_id, "/v1-bucket/data/"))
    ended(live, estimator(session, {"code": 3}).fit("/v1-bucket/data/", job_name="list-b"))
    found = Estimator.get_job_list(session, search_content="list-", sortBy="create_time", order="asc")
    assert found["is_success"] and found["job_total_count"] == 2
    assert [(job["job_name"], job["version_count"], JOB_STATE[job["status"]]) for job in found["jobs"]] == [
        ("list-a", 2, "JOBSTAT_COMPLETED"),
        ("list-b", 1, "JOBSTAT_FAILED"),
    ]
    page = Estimator.get_job_list(session, search_content="list-", sort_by="job_name", per_page=1, page=2)
    assert [job["job_name"] for job in page["jobs"]] == ["list-a"] and page["job_total_count"] == 2
    failed = Estimator.get_job_list(session, JOB_STATE.index("JOBSTAT_FAILED"), search_content="list-")
    assert [job["job_name"] for job in failed["jobs"]] == ["list-b"]
    for wrong in (
        Estimator.get_job_list(session, sortBy="colour"),
        Estimator.get_job_list(session, per_page=1001),
        Estimator.get_job_list(session, order="up"),
    ):
        assert wrong["is_success"] is False and wrong["error_code"] == "ModelArts.2788"
    jobs = Estimator.get_job_object_list(session, is_show=False, search_content="list-a")
    assert [job.job_name for job in jobs] == ["list-a"]


def test_waiting_for_a_job_that_fails(
    live: LiveServer, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason and the last lines, and what `fit` would have returned; no frames of ours but the called one."""
    with pytest.raises(JobFailed) as caught:
        estimator(session, {"code": 3}).fit("/v1-bucket/data/", wait=True, job_name="fails")
    failure = caught.value
    assert failure.phase == "Failed" and "exit code 3" in str(failure)
    assert "it went wrong here" in failure.log_tail and "it went wrong here" in str(failure)
    assert len(caught.traceback) == 2
    assert JOB_STATE[failure.job.get_job_info()["status"]] == "JOBSTAT_FAILED"
    assert failure.job.get_job_info()["is_success"] is True


def test_letting_go_of_a_job(
    live: LiveServer,
    session: Session,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C: the job goes on, it is said how to come back; a notebook gets the job, a script ends."""
    slow = estimator(session, {"sleep": 600})

    def interrupt(name: str) -> None:
        def running() -> bool:
            search = {"filters": [{"key": "name", "operator": "in", "value": [name]}]}
            items = live.call("POST", "/v2/{P}/training-job-searches", json=search).json()["items"]
            return bool(items) and items[0]["status"]["phase"] == "Running"

        wait_for(running)
        _thread.interrupt_main()

    threading.Thread(target=interrupt, args=("script",)).start()
    with pytest.raises(KeyboardInterrupt):
        slow.fit("/v1-bucket/data/", wait=True, job_name="script")
    told = capsys.readouterr().out
    assert f"Estimator(session, job_id={slow.job_id!r}, version_id={slow.version_id!r}).wait()" in told
    assert f"trainwright job follow {slow.version_id}" in told
    first = Estimator(session, job_id=slow.job_id)
    assert first.get_job_info()["phase"] == "Running"
    assert first.stop_job_version() == {"is_success": True}
    with pytest.raises(JobFailed, match="ended as Terminated"):
        first.wait()
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    threading.Thread(target=interrupt, args=("notebook",)).start()
    job = slow.fit("/v1-bucket/data/", wait=True, job_name="notebook")
    assert job.get_job_info()["phase"] == "Running"
    job.stop_job_version()
    ended(live, job)
    assert JOB_STATE[job.get_job_info()["status"]] == "JOBSTAT_KILLED"


def test_code_of_this_machine(live: LiveServer, session: Session, tmp_path: Path) -> None:
    """Is uploaded, with the packages of the environment among its requirements."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "boot.py").write_text(SCRIPT)
    for boot_file in ("boot.py", str(tmp_path / "mine" / "boot.py")):
        made = estimator(session, code_dir=str(tmp_path / "mine"), boot_file=boot_file)
        job = made.fit("/v1-bucket/data/")
        assert ended(live, job)["status"]["phase"] == "Completed"
    environment = Environment("extra", CondaDependencies.create(pip_packages=["iniconfig==2.0.0"]))
    with_packages = estimator(
        session, code_dir=str(tmp_path / "mine"), boot_file="boot.py", environment=environment
    )
    code = with_packages.fit("/v1-bucket/data/").get_job_info()["app_url"]
    assert live.get(code + "pip-requirements.txt").strip() == b"iniconfig==2.0.0"
    image: dict[str, Any] = {"framework_type": None, "framework_version": None, "boot_file": None}
    image |= {"user_image_url": f"trainwright/python:{sys.version_info[0]}.{sys.version_info[1]}-local"}
    command = estimator(session, code_dir=str(tmp_path / "mine"), user_command="ls $MA_JOB_DIR/mine", **image)
    job = command.fit("/v1-bucket/data/")
    assert ended(live, job)["status"]["phase"] == "Completed", live.log(job.version_id)
    assert b"boot.py" in live.log(job.version_id)
    with pytest.raises(InvalidArgument, match="no folder missing/"):
        estimator(session, code_dir="missing/", boot_file="boot.py").fit("/v1-bucket/data/")
    with pytest.raises(InvalidArgument, match=r"no other\.py"):
        estimator(session, code_dir=str(tmp_path / "mine"), boot_file="other.py").fit("/v1-bucket/data/")
    with pytest.raises(InvalidArgument, match=r"pip-requirements\.txt"):
        estimator(session, environment=environment).fit("/v1-bucket/data/")


def test_data_of_three_kinds(live: LiveServer, session: Session) -> None:
    """A dataset by its ids, and a list of sources, the second under a name of its own."""
    source = {"dataset_name": "v1-data", "data_source": {"data_path": "obs://v1-bucket/data/"}}
    dataset = live.call("POST", "/v2/{P}/datasets", json=source).json()["dataset_id"]
    version = live.call("POST", f"/v2/{{P}}/datasets/{dataset}/versions", json={}).json()["version_id"]
    where = f"/v2/{{P}}/datasets/{dataset}/versions/{version}"
    wait_for(lambda: live.call("GET", where).json()["status"] == 1)
    job = estimator(session).fit(dataset_id=dataset, dataset_version_id=version)
    assert ended(live, job)["status"]["phase"] == "Completed"
    info = job.get_job_info()
    assert (info["dataset_id"], info["dataset_version_id"]) == (dataset, version)
    sources = [
        {"type": "obs", "data_url": "/v1-bucket/data/"},
        {"type": "dataset", "dataset_id": dataset, "dataset_version": version},
    ]
    job = estimator(session).fit(data_source=sources)
    assert ended(live, job)["status"]["phase"] == "Completed"
    assert b"--data_url_2=" in live.log(job.version_id)
    assert job.get_job_info()["data_source"] == sources


def test_what_the_server_refuses(session: Session) -> None:
    """Raised with the server's code and words."""
    with pytest.raises(RequestRefused, match="TensorFlow") as caught:
        estimator(session, framework_type="TensorFlow", framework_version="TF-9.9").fit("/v1-bucket/data/")
    assert caught.value.error_code.startswith("ModelArts.")
    with pytest.raises(RequestRefused) as caught:
        estimator(session).fit("/v1-bucket/nothing-here/")
    assert caught.value.error_code == "ModelArts.2791"
    nas: dict[str, Any] = {
        "nas_type": "nfs",
        "nas_share_addr": "10.0.0.1:/share",
        "nas_mount_path": "/mnt/share",
    }
    with pytest.raises(RequestRefused, match="volumes"):
        estimator(session, **nas).fit("/v1-bucket/data/")
    with pytest.raises(InvalidArgument, match="no algorithm called"):
        estimator(session, model_name="ResNet-50").fit("/v1-bucket/data/")


def test_saved_configurations(live: LiveServer, session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """Saved, shown, listed, changed, run, deleted."""
    made = estimator(session, {"lr": 7})
    config = made.create_job_configs("mine", "to keep", inputs="/v1-bucket/data/")
    assert isinstance(config, JobConfig) and config.config_name == "mine"
    info = config.get_job_configs_info()
    assert info["is_success"] and info["parameter"] == [{"label": "lr", "value": "7"}]
    assert (info["config_desc"], info["data_url"]) == ("to keep", "/v1-bucket/data/")
    with pytest.raises(InvalidArgument, match="called mine already"):
        made.create_job_configs("mine", inputs="/v1-bucket/data/")
    unnamed = made.create_job_configs(inputs="/v1-bucket/data/")
    attached = Estimator(session, config_name="mine")
    assert attached.update_job_configs("mine", "changed", inputs="/v1-bucket/data/a.txt") == {
        "is_success": True
    }
    assert attached.get_job_configs_info()["parameter"] == [{"label": "lr", "value": "7"}]
    listed = Estimator.get_job_configs_list(session)
    assert listed["config_total_count"] == 2 and listed["is_success"]
    assert [config["config_name"] for config in listed["configs"]] == sorted(["mine", unnamed.config_name])
    capsys.readouterr()
    (found,) = Estimator.get_job_configs_object_list(session, search_content="mine")
    assert "mine: changed" in capsys.readouterr().out and found.config_name == "mine"
    job = attached.fit(inputs="/v1-bucket/data/", job_name="from-config")
    ended(live, job)
    assert b"lr 7" in live.log(job.version_id)
    assert unnamed.delete_job_configs() == found.delete_job_configs() == {"is_success": True}
    gone = attached.get_job_configs_info()
    assert gone["is_success"] is False and "no configuration called mine" in gone["error_msg"]


def test_published_algorithms(live: LiveServer, session: Session) -> None:
    """`model_name` is the title of one in the gallery; its own names of input and output are used."""
    framework = next(f for f in Estimator.get_framework_list(session) if f["framework_type"] == "Python")
    algorithm = {
        "metadata": {"name": "reader"},
        "job_config": {
            "code_dir": "obs://v1-bucket/src/", "boot_file": "obs://v1-bucket/src/train.py",
            "engine": {"engine_name": "Python", "engine_version": framework["framework_version"]},
            "inputs": [{"name": "data_url"}], "outputs": [{"name": "train_url"}],
            "parameters": [{"name": "lr", "value": "1"}], "parameters_customization": True,
        },
    }  # fmt: skip
    made = live.call("POST", "/v2/{P}/algorithms", json=algorithm)
    assert made.status_code == 201, made.text
    published = live.call(
        "POST",
        "/v2/{P}/gallery-algorithm-publication",
        json={
            "content_info": {"title": "Reader", "version_num": "1.0.0"},
            "algorithm": {"id": made.json()["metadata"]["id"]},
        },
    )
    assert published.status_code in (200, 201), published.text
    listed = Estimator.get_built_in_algorithms(session)
    assert listed["is_success"] and [model["model_name"] for model in listed["models"]] == ["Reader"]
    assert listed["models"][0]["parameter"] == [{"label": "lr", "value": "1"}]
    given: dict[str, Any] = {
        "code_dir": None,
        "boot_file": None,
        "framework_type": None,
        "framework_version": None,
    }
    job = estimator(session, {"lr": 9}, model_name="Reader", **given).fit("/v1-bucket/data/")
    assert ended(live, job)["status"]["phase"] == "Completed", live.log(job.version_id)
    assert b"lr 9" in live.log(job.version_id)


def test_dead_server_is_an_answer(live: LiveServer, session: Session) -> None:
    """Never a stack trace for methods that answer."""
    job = Estimator(session, job_id="00000000-0000-0000-0000-000000000000")
    told = job.get_job_info()
    assert told["is_success"] is False and json.dumps(told)


def test_session_inside_a_job(live: LiveServer, session: Session) -> None:
    """`Session()` asks with the job's own token: objects it may use, jobs it may not."""
    script = (
        "from modelarts.session import Session\n"
        "from modelarts.estimator import Estimator\n"
        "session = Session()\n"
        "print(session.obs.list_objects('obs://v1-bucket/data/'))\n"
        "print(Estimator.get_job_list(session)['error_code'])\n"
    )
    live.put("obs://v1-bucket/inside/train.py", script)
    made = estimator(session, code_dir="/v1-bucket/inside/", boot_file="train.py")
    job = made.fit("/v1-bucket/data/", job_name="inside")
    assert ended(live, job)["status"]["phase"] == "Completed", live.log(job.version_id).decode()
    said = live.log(job.version_id).decode()
    assert "['obs://v1-bucket/data/a.txt']" in said and "ModelArts.0" in said
