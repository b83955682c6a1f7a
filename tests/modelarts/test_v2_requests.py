"""What `estimatorV2.Estimator` asks for, and how it answers, without a server."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from modelarts.estimatorV2 import JOB_STATE, Estimator, TrainingJob
from modelarts.exception import InvalidArgument, ModelArtsError, RequestRefused
from modelarts.session import Session
from modelarts.train_params import InputData, OutputData, TrainingFiles
from modelarts.v2_request import JobArguments, job_body
from tests.client.wires import ACCESS, Handler, blocking, body_of, refusal

FILES = TrainingFiles(code_dir="obs://bucket/src/", boot_file="train.py")


def session(handler: Handler) -> Session:
    """A session whose requests `handler` answers."""
    made = Session.__new__(Session)
    made.access, made.client = ACCESS, blocking(handler)
    made.project_id = ACCESS.project_id
    return made


def offline() -> Session:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.method} {request.url} was sent")

    return session(refuse)


def preset(**changes: Any) -> JobArguments:
    given: dict[str, Any] = {
        "training_files": FILES,
        "framework_type": "PyTorch",
        "framework_version": "1",
        "train_instance_type": "cpu.1",
    }
    return JobArguments(**{**given, **changes})


FULL = {
    "kind": "job",
    "metadata": {"name": "n", "description": "d"},
    "algorithm": {
        "code_dir": "obs://bucket/src/",
        "boot_file": "obs://bucket/src/train.py",
        "engine": {"engine_name": "PyTorch", "engine_version": "1"},
        "parameters": [
            {"name": "lr", "value": "0.1"},
            {"name": "amp", "flag": True},
            {"name": "on", "value": "true"},
            {"name": "e", "value": ""},
        ],
        "inputs": [
            {
                "name": "data_url",
                "remote": {"obs": {"obs_url": "obs://bucket/in/"}},
                "local_dir": "/cache/in",
            },
            {
                "name": "set",
                "access_method": "env",
                "remote": {"dataset": {"id": "d1", "version_id": "v1"}},
            },
        ],
        "outputs": [
            {
                "name": "train_url",
                "remote": {"obs": {"obs_url": "obs://bucket/out/"}},
                "local_dir": "/cache/out",
                "access_method": "env",
            },
            {"name": "model", "remote": {"obs": {"obs_url": "obs://bucket/m/"}}, "prefetch_to_local": True},
        ],
        "environments": {"A": "1"},
        "working_dir": "/home/w",
        "local_code_dir": "/home/c",
    },
    "spec": {
        "resource": {"node_count": 3, "flavor_id": "cpu.1", "pool_id": "pool-1"},
        "volumes": [{"nfs": {"nfs_server_path": "ip:/p", "local_path": "/mnt", "read_only": False}}],
        "log_export_path": {"obs_url": "obs://bucket/log/"},
    },
}


def test_a_preset_job_in_full() -> None:
    """Guards the mapping onto the REST body, field by field."""
    given = preset(
        outputs=[
            OutputData("obs://bucket/out/", "train_url", "/cache/out", "env"),
            OutputData("obs://bucket/m/", "model", prefetch_to_local=True),
        ],
        parameters=[
            {"name": "lr", "value": 0.1},
            {"name": "amp"},
            {"name": "on", "value": True},
            {"name": "e", "value": ""},
        ],
        train_instance_count=3,
        log_url="obs://bucket/log/",
        job_description="d",
        pool_id="pool-1",
        volumes=[{"nfs": {"nfs_server_path": "ip:/p", "local_path": "/mnt", "read_only": False}}],
        env_variables={"A": 1},
        working_dir="/home/w",
        local_code_dir="/home/c",
    )
    inputs = [
        InputData("obs://bucket/in/", "/cache/in", "data_url"),
        InputData(name="set", dataset_id="d1", dataset_version_id="v1", access_method="env"),
    ]
    assert job_body(offline(), given, inputs, "n") == FULL


@pytest.mark.parametrize(
    "boot_file", ["train.py", "./train.py", "obs://bucket/src/train.py", "/b/src/train.py"]
)
def test_boot_files_are_named_in_any_way(boot_file: str) -> None:
    """Guards bare names and whole paths of both spellings."""
    body = job_body(offline(), preset(training_files=TrainingFiles("obs://bucket/src/", boot_file)), [], "n")
    assert body["algorithm"]["boot_file"] in ("obs://bucket/src/train.py", "/b/src/train.py")


def test_a_custom_image_needs_no_code() -> None:
    """Guards the second form: image and command, and a framework in a customised image."""
    given = JobArguments(user_image_url="repo/i:1", user_command="echo", train_instance_type="f")
    algorithm = job_body(offline(), given, [], "n")["algorithm"]
    assert algorithm["engine"] == {"image_url": "repo/i:1"} and algorithm["command"] == "echo"
    engine = job_body(offline(), preset(user_image_url="repo/i:1"), [], "n")["algorithm"]["engine"]
    assert engine == {"engine_name": "PyTorch", "engine_version": "1", "image_url": "repo/i:1"}


WRONG: list[tuple[str, dict[str, Any], list[InputData], str]] = [
    ("half a framework", {"framework_version": ""}, [], "framework_version"),
    (
        "nothing to run",
        {"framework_type": "", "framework_version": "", "training_files": None},
        [],
        "Neither",
    ),
    ("no code", {"training_files": None}, [], "training_files"),
    ("no flavor", {"train_instance_type": ""}, [], "train_instance_type"),
    ("no node", {"train_instance_count": 0}, [], "train_instance_count"),
    ("half a node", {"train_instance_count": 1.5}, [], "train_instance_count"),
    ("a parameter without name", {"parameters": [{"value": 1}]}, [], "parameters"),
    ("a parameter of many values", {"parameters": [{"name": "a", "value": [1]}]}, [], "value of a"),
    ("no slash", {"outputs": [OutputData("obs://bucket/out", "o")]}, [], "ends in a slash"),
    ("no scheme", {"outputs": [OutputData("out/", "o")]}, [], "OBS folder"),
    ("no output path", {"outputs": [OutputData(name="o")]}, [], "OBS folder"),
    ("no output name", {"outputs": [OutputData("obs://bucket/out/")]}, [], "name is needed"),
    ("no log slash", {"log_url": "obs://bucket/log"}, [], "log_url"),
    ("no input name", {}, [InputData("obs://bucket/in/")], "name is needed"),
    ("no input path", {}, [InputData(name="i")], "obs_path is missing"),
    ("no such source", {}, [InputData("obs://bucket/i/", "/no/such", "i", True)], "no local_path"),
    ("a source to nowhere", {}, [InputData(None, "/", "i", True)], "uploaded"),
    ("no such code", {"training_files": TrainingFiles("no/such", "a.py")}, [], "no folder no/such"),
]


@pytest.mark.parametrize(("changes", "inputs", "said"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_cannot_be_right_is_refused_before_anything_is_sent(
    changes: dict[str, Any], inputs: list[InputData], said: str
) -> None:
    """Guards against requests that can only fail, and errors without a word."""
    with pytest.raises(InvalidArgument, match=said):
        job_body(offline(), preset(**changes), inputs, "n")


def test_paths_without_a_slash_have_the_vendors_code() -> None:
    """Guards ModelArts.2791."""
    with pytest.raises(InvalidArgument) as caught:
        job_body(offline(), preset(outputs=[OutputData("obs://bucket/out", "o")]), [], "n")
    assert caught.value.error_code == "ModelArts.2791"


@pytest.mark.parametrize(
    "path", ["obs://bucket/a//c/", "obs://Bad_Bucket/x/", "obs://bucket/../x/", "obs:///x/"]
)
def test_malformed_paths_have_the_vendors_code(path: str) -> None:
    """Guards ModelArts.2791 with nothing sent or made, for jobs of the platform and of this machine."""
    with pytest.raises(InvalidArgument) as caught:
        job_body(offline(), preset(outputs=[OutputData(path, "o")]), [], "n")
    assert caught.value.error_code == "ModelArts.2791"
    local: dict[str, Any] = {"training_files": TrainingFiles("/code", "a.py"), "train_instance_type": "local"}
    with pytest.raises(InvalidArgument) as caught:
        Estimator(offline(), outputs=[OutputData(path, "o")], **local).fit()
    assert caught.value.error_code == "ModelArts.2791"
    with pytest.raises(InvalidArgument) as caught:
        Estimator(offline(), **local).fit([InputData(path, name="i")])
    assert caught.value.error_code == "ModelArts.2791"


@pytest.mark.parametrize("name", ["../../x", "a b", "数据", "x" * 65])
def test_names_never_leave_the_folder_of_local_training(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards what is made on disk before the server says anything."""
    monkeypatch.setenv("TRAINWRIGHT_LOCAL_DIR", str(tmp_path / "a" / "b" / "local"))
    local: dict[str, Any] = {"training_files": TrainingFiles("/code", "a.py"), "train_instance_type": "local"}
    with pytest.raises(InvalidArgument, match="job_name"):
        Estimator(offline(), outputs=[OutputData("obs://bucket/o/", "o")], **local).fit(job_name=name)
    with pytest.raises(InvalidArgument, match="name of a parameter"):
        Estimator(offline(), outputs=[OutputData("obs://bucket/o/", "../o")], **local).fit()
    assert not list(tmp_path.rglob("o")) and not list(tmp_path.rglob("x"))


def test_a_boot_file_that_is_not_there_is_told_before_the_upload(tmp_path: Path) -> None:
    """Guards a mistyped name in a local folder."""
    (tmp_path / "a.py").touch()
    files = TrainingFiles(str(tmp_path), "b.py")
    with pytest.raises(InvalidArgument, match=r"no b\.py"):
        job_body(offline(), preset(training_files=files), [], "n")


def test_fit_raises_what_the_server_refuses() -> None:
    """Guards: raise on submit failure, with the server's own words and code."""

    def handler(request: httpx.Request) -> httpx.Response:
        return refusal(400, "ModelArts.2763", "flavor does not fit", "take another")

    estimator = Estimator(session(handler), FILES, None, None, "PyTorch", "1", train_instance_type="f")
    with pytest.raises(RequestRefused, match="flavor does not fit") as caught:
        estimator.fit()
    assert (caught.value.error_code, caught.value.error_solution) == ("ModelArts.2763", "take another")
    assert not estimator.job_id


def test_inputs_must_be_input_data() -> None:
    """Guards the old form, a path alone, which means something else here."""
    estimator = Estimator(offline(), FILES, None, None, "PyTorch", "1", train_instance_type="f")
    with pytest.raises(InvalidArgument, match="must be a InputData"):
        estimator.fit(inputs=["obs://bucket/i/"])  # type: ignore[list-item]


def test_answers_carry_failures_and_are_never_raised() -> None:
    """Guards the convention of v2: three texts after a failure, none of them after success."""

    def handler(request: httpx.Request) -> httpx.Response:
        return refusal(404, "ModelArts.2751", "no such job", "look at the list")

    here = session(handler)
    job = TrainingJob(here, "j1")
    failure = {
        "error_msg": "no such job",
        "error_code": "ModelArts.2751",
        "error_solution": "look at the list",
    }
    answers = [
        job.get_job_info(),
        job.get_job_log("worker-1"),
        job.get_job_metrics(),
        job.update_job_configs("d"),
        job.control_job(),
        job.stop(),
        job.delete_job(),
        Estimator.control_job_by_id(session=here, job_id="j1"),
        Estimator.delete_job_by_id(session=here, job_id="j1"),
        Estimator.get_job_list(here),
    ]
    assert answers == [failure] * len(answers)
    for ask in (Estimator.get_framework_list, Estimator.get_train_instance_types):
        with pytest.raises(ModelArtsError):
            ask(here)


@pytest.mark.parametrize("job_id", ["", None, 7])
def test_an_id_that_is_none_is_answered(job_id: Any) -> None:
    """Guards what scripts pass whose job was never made."""
    offered = offline()
    for answer in (
        Estimator.delete_job_by_id(offered, job_id),
        Estimator.control_job_by_id(offered, job_id),
        TrainingJob(offered, job_id).get_job_info(),
    ):
        assert set(answer) == {"error_msg", "error_code", "error_solution"}
        assert answer["error_code"] == "ModelArts.2788"


def test_training_files_must_be_training_files() -> None:
    """Guards a path where the object is wanted."""
    wrong: Any = "obs://bucket/src/"
    with pytest.raises(InvalidArgument, match="must be a TrainingFiles"):
        Estimator(offline(), training_files=wrong, train_instance_type="local").fit()


def test_an_estimator_without_a_job_says_so() -> None:
    """Guards against a request for an empty id, which would be another one."""
    estimator = Estimator(offline())
    assert "call fit first" in estimator.get_job_info()["error_msg"]
    assert "empty" in Estimator.control_job_by_id(offline(), "")["error_msg"]


def test_the_list_is_asked_as_documented() -> None:
    """Guards paging by items, filters whose values are texts, and an answer that is passed on as it is."""
    asked: list[dict[str, Any]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append({"path": request.url.path, **body_of(request)})
        return httpx.Response(200, json={"total": 0, "items": [], "new": 1})

    here = session(handler)
    time = {"key": "create_time", "operator": "between", "value": [1, 2]}
    answer = Estimator.get_job_list(
        here, 5, 7, "name", "asc", filters=[time, {"key": "name", "operator": "like", "value": "a"}]
    )
    assert answer == {"total": 0, "items": [], "new": 1}
    assert asked == [
        {
            "path": "/v2/p1/training-job-searches",
            "offset": 5,
            "limit": 7,
            "sort_by": "name",
            "order": "asc",
            "filters": [
                {"key": "create_time", "operator": "between", "value": ["1", "2"]},
                {"key": "name", "operator": "like", "value": ["a"]},
            ],
        }
    ]
    assert "filters" in Estimator.get_job_list(here, filters=[{"name": "a"}])["error_msg"]


def test_status_numbers_have_names() -> None:
    """Guards the table that scripts of both generations look numbers up in."""
    assert (JOB_STATE[8], JOB_STATE[10], JOB_STATE[22]) == (
        "JOBSTAT_RUNNING",
        "JOBSTAT_COMPLETED",
        "MOUNT_FAILED",
    )
