"""What the first generation checks and computes without a server."""

import io
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from modelarts.estimator import JOB_STATE, Estimator
from modelarts.exception import (
    AuthenticationError,
    InvalidArgument,
    ModelArtsError,
    as_modelarts_error,
    obs_answer,
    raising,
    v1_answer,
    v2_answer,
)
from modelarts.progress import ProgressLine, size_text
from modelarts.session import Session
from modelarts.v1.jobs import delete_all
from modelarts.v1.logs import read_log
from modelarts.v1.settings import (
    Data,
    Settings,
    check_data,
    check_hyperparameters,
    check_job_name,
    check_node_count,
    check_settings,
    job_body,
)
from modelarts.v1.shown import engine_type
from modelarts.v1.states import status_number
from modelarts.v1.versions import as_version, create_version
from modelarts.waiting import _Log, _View
from tests.client.wires import blocking, refusal
from trainwright.client import (
    ApiError,
    ClientError,
    ConnectionFailed,
    EventItem,
    NotConfigured,
    PhaseItem,
    TransferError,
)
from trainwright.domain.lifecycle import Phase
from trainwright.wire.job_answers import JobResponse

SETTINGS = Settings(
    train_instance_count=1,
    train_instance_type="f",
    output_path="/b/o/",
    code_dir="/b/s/",
    boot_file="train.py",
    framework_type="PyTorch",
    framework_version="2",
)


def job(phase: str = "Running", **changes: Any) -> JobResponse:
    """A job as the server shows it."""
    status: Mapping[str, Any] = {
        "phase": phase, "secondary_phase": phase, "duration": 0, "start_time": 5, "tasks": ["worker-0"], **changes,
    }  # fmt: skip
    have = {
        "cpu_arch": "x", "cpu_core_num": 1, "mem_size": 1, "accelerator_num": 0, "accelerator_type": "",
    }  # fmt: skip
    resource = {
        "flavor_id": "f", "flavor_name": "f", "node_count": 1, "main_container_allocated_resources": have,
    }  # fmt: skip
    return JobResponse.model_validate(
        {
            "kind": "job",
            "metadata": {"id": "j1", "name": "talks", "create_time": 1, "user_name": "u"},
            "status": status,
            "algorithm": {},
            "spec": {"resource": resource},
        }
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "none is given"),
        ({"inputs": "/b/", "dataset_id": "d", "dataset_version_id": "v"}, "inputs and dataset_id"),
        ({"inputs": "/b/", "data_source": [{"type": "obs", "data_url": "/b/"}]}, "inputs and data_source"),
        ({"dataset_id": "d"}, "belong together"),
        ({"dataset_version_id": "v"}, "belong together"),
        ({"data_source": [{"type": "ftp"}]}, "the type"),
        ({"data_source": [{"type": "obs"}]}, "data_url is missing"),
        ({"data_source": ["x"]}, "must be an object"),
    ],
)
def test_exactly_one_kind_of_data(given: dict[str, Any], told: str) -> None:
    arguments: dict[str, Any] = {
        "inputs": None, "dataset_id": None, "dataset_version_id": None, "data_source": None, **given,
    }  # fmt: skip
    with pytest.raises(InvalidArgument, match=told):
        check_data(**arguments)


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"train_instance_count": 0}, "ModelArts.2788", "train_instance_count is needed"),
        ({"train_instance_type": ""}, "ModelArts.2788", "train_instance_type is needed"),
        ({"output_path": ""}, "ModelArts.2788", "output_path is needed"),
        ({"output_path": "/b/o"}, "ModelArts.2791", "must end in a slash"),
        ({"log_url": "/b/l"}, "ModelArts.2791", "must end in a slash"),
        ({"code_dir": "/b/s"}, "ModelArts.2791", "must end in a slash"),
        ({"boot_file": ""}, "ModelArts.2788", "boot_file is missing"),
        ({"framework_type": "", "code_dir": ""}, "ModelArts.2788", "framework_type, code_dir are missing"),
        ({"user_image_url": "i"}, "ModelArts.2788", "user_image_url and user_command belong together"),
        ({"user_command": "c"}, "ModelArts.2788", "user_image_url and user_command belong together"),
        ({"job_description": "x" * 257}, "ModelArts.2788", "longer than 256"),
        ({"nas_type": "nfs"}, "ModelArts.2788", "needed together"),
        ({"nas_type": "smb", "nas_share_addr": "a", "nas_mount_path": "b"}, "ModelArts.2788", "must be nfs"),
    ],
)
def test_what_cannot_make_a_job(changes: dict[str, Any], code: str, told: str) -> None:
    with pytest.raises(InvalidArgument, match=told) as caught:
        check_settings(Settings(**{**_values(SETTINGS), **changes}), local_code=False)
    assert caught.value.error_code == code


def test_what_can() -> None:
    check_settings(SETTINGS, local_code=False)
    image: dict[str, Any] = {"framework_type": "", "framework_version": "", "code_dir": "", "boot_file": ""}
    check_settings(
        Settings(**{**_values(SETTINGS), **image, "user_image_url": "i", "user_command": "c"}),
        local_code=False,
    )
    check_settings(Settings(**{**_values(SETTINGS), **image, "model_name": "m"}), local_code=False)
    check_settings(Settings(**{**_values(SETTINGS), "code_dir": "src"}), local_code=True)


def test_small_values() -> None:
    """Numbers, names and hyperparameters."""
    assert (check_node_count(None), check_node_count("2"), check_node_count(3)) == (0, 2, 3)
    refused: tuple[Any, ...] = (0, -1, "many", [], "1.5")
    for wrong in refused:
        with pytest.raises(InvalidArgument, match="train_instance_count"):
            check_node_count(wrong)
    assert check_job_name("my_job-1") == "my_job-1" and check_job_name(None) != check_job_name("")
    for name in ("a b", "x" * 65, "ü"):
        with pytest.raises(InvalidArgument, match="job_name"):
            check_job_name(name)
    pairs = check_hyperparameters([{"label": "lr", "value": 0.1}, {"label": "amp", "value": True}])
    assert pairs == (("lr", "0.1"), ("amp", "true"))
    for item in ({"label": "lr"}, {"value": "1"}, "lr"):
        with pytest.raises(InvalidArgument, match="hyperparameters"):
            check_hyperparameters([item])  # type: ignore[list-item]


def test_body_of_a_custom_image() -> None:
    """As the REST contract wants it; mounts and pools where they belong."""
    settings = Settings(
        train_instance_count=2, train_instance_type="f", output_path="/b/o/", user_image_url="r/i:1",
        user_command="bash x", hyperparameters=(("lr", "1"),), pool_id="p", nas_type="nfs",
        nas_share_addr="h:/s", nas_mount_path="/mnt",
    )  # fmt: skip
    body = job_body(settings, Data(inputs="/b/d/"), name="n", description="d", annotations={"a": "b"})
    algorithm, spec = body["algorithm"], body["spec"]
    assert algorithm["engine"] == {"image_url": "r/i:1"} and algorithm["command"] == "bash x"
    assert algorithm["parameters"] == [{"name": "lr", "value": "1"}]
    assert algorithm["inputs"] == [{"name": "data_url", "remote": {"obs": {"obs_url": "/b/d/"}}}]
    assert spec["resource"] == {"node_count": 2, "flavor_id": "f", "pool_id": "p"}
    assert spec["volumes"] == [{"nfs": {"nfs_server_path": "h:/s", "local_path": "/mnt", "read_only": False}}]


@pytest.mark.parametrize(
    ("phase", "changes", "name"),
    [
        ("Creating", {}, "JOBSTAT_INIT"),
        ("Pending", {}, "JOBSTAT_WAITING"),
        ("Running", {}, "JOBSTAT_RUNNING"),
        ("Terminating", {}, "JOBSTAT_KILLING"),
        ("Completed", {}, "JOBSTAT_COMPLETED"),
        ("Failed", {"reason": "user_exit"}, "JOBSTAT_FAILED"),
        ("Failed", {"reason": "engine_failed"}, "JOBSTAT_IMAGE_FAILED"),
        ("Failed", {"reason": "launch_rejected"}, "JOBSTAT_SUBMIT_FAILED"),
        ("Terminated", {}, "JOBSTAT_KILLED"),
        ("Terminated", {"start_time": 0}, "JOBSTAT_CANCELED"),
        ("Abnormal", {}, "JOBSTAT_LOST"),
        ("Abnormal", {"start_time": 0}, "JOBSTAT_SUBMIT_FAILED"),
        ("Dreaming", {}, "JOBSTAT_UNKNOWN"),
    ],
)
def test_status_numbers(phase: str, changes: dict[str, Any], name: str) -> None:
    assert JOB_STATE[status_number(job(phase, **changes))] == name


def test_every_phase_has_a_status() -> None:
    assert all(status_number(job(phase)) for phase in Phase)
    assert len(JOB_STATE) == 23 and JOB_STATE[22] == "MOUNT_FAILED"


def test_engine_types() -> None:
    names = ("PyTorch", "TensorFlow", "scikit-learn", "XGBoost-Sklearn", "Horovod", "Python")
    assert [engine_type(name) for name in names] == [10, 1, 9, 9, 12, 0]


@pytest.mark.parametrize(("start", "offset"), [(0, 1), (0, 2), (0, 3), (0, 5), (0, 2048)])
def test_log_pages_never_cut_characters(start: int, offset: int) -> None:
    """Whatever the page's size, pages join to the log, but for a page smaller than a character."""
    log = "aé中b\n".encode()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/tasks"):
            return httpx.Response(200, json=[_task(len(log))])
        begin = int(request.headers.get("Range", "bytes=0-")[6:-1])
        return httpx.Response(206, content=log[begin:])

    client, text = blocking(answer), ""
    while start < len(log):
        page = read_log(client, job(), "job-talks.0", start, offset)
        text += page["content"]
        assert page["end_line"] > start
        start = page["end_line"]
    assert (text == log.decode()) is (offset >= 3)


def test_a_version_whose_name_is_taken_gets_another() -> None:
    """First it is looked whether somebody else made that version; then the name is changed."""
    names: list[str] = []

    def create(name: str, annotations: dict[str, str]) -> JobResponse:
        names.append(name)
        if len(names) < 3:
            raise ApiError(409, "ModelArts.2751", "taken")
        return job()

    shown = job().model_dump(mode="json")
    page = {"total": 1, "count": 1, "limit": 50, "offset": 0, "sort_by": "", "order": "", "items": [shown]}
    client = blocking(lambda request: httpx.Response(200, json=page if request.method == "POST" else shown))
    create_version(client, "j1", "j1", create)
    assert names[:2] == ["talks-V0002"] * 2 and names[2].startswith("talks-V0002-")


def test_errors_as_each_layer_says_them() -> None:
    """v1: `is_success`; v2: three texts; OBS: two; others raise, with an empty traceback below."""

    def fail() -> Any:
        raise ApiError(404, "ModelArts.1", "gone", error_solution="Look elsewhere.")

    assert v1_answer(fail)() == {
        "is_success": False,
        "error_code": "ModelArts.1",
        "error_msg": "gone. Look elsewhere.",
    }
    assert v2_answer(fail)() == {
        "error_code": "ModelArts.1",
        "error_msg": "gone",
        "error_solution": "Look elsewhere.",
    }
    assert obs_answer(fail)() == {"error_code": "ModelArts.1", "error_msg": "gone. Look elsewhere."}
    with pytest.raises(ModelArtsError, match=r"gone\. Look elsewhere\. \(ModelArts\.1\)") as caught:
        raising(fail)()
    assert len(caught.traceback) == 2 and caught.value.__cause__ is None
    assert v1_answer(lambda: {"a": 1})() == {"a": 1, "is_success": True}


def test_every_failure_of_the_client_has_a_code() -> None:
    kinds: list[tuple[ClientError | OSError, str]] = [
        (ApiError(401, "ModelArts.0205", "no"), "AuthenticationError"),
        (ApiError(403, "ModelArts.0108", "no"), "AuthenticationError"),
        (ApiError(409, "ModelArts.2751", "no"), "RequestRefused"),
        (ConnectionFailed("http://x", "refused"), "NotReachable"),
        (NotConfigured("nothing"), "AuthenticationError"),
        (TransferError("nothing"), "TransferFailed"),
        (OSError(28, "No space left on device", "/x"), "TransferFailed"),
    ]
    for error, name in kinds:
        failure = as_modelarts_error(error)
        assert type(failure).__name__ == name and failure.error_code and failure.error_msg


def test_unreadable_answers_are_answers() -> None:
    """A proxy's page instead of the server's."""

    class Fake(Session):
        def __init__(self) -> None:
            self.client = blocking(lambda request: refusal(502, "502", "Bad gateway"))

    answer = Estimator(Fake(), job_id="j1").get_job_info()
    assert answer["is_success"] is False and "Bad gateway" in answer["error_msg"]


def test_estimator_wants_a_session() -> None:
    with pytest.raises(InvalidArgument, match="modelarts_session"):
        Estimator("session")  # type: ignore[arg-type]
    assert issubclass(InvalidArgument, ValueError) and issubclass(AuthenticationError, ModelArtsError)


def test_what_is_shown_while_waiting() -> None:
    """Half lines appear as they come; phases and events begin lines of their own; a cut character waits."""
    out = io.StringIO()
    view = _View(out, tasks=1)
    view.show(_Log("worker-0", b"50 %"))
    assert out.getvalue() == "50 %"
    view.show(_Log("worker-0", b"\r100 %\n" + "é".encode()[:1]))
    view.show(PhaseItem(phase="Running"))
    view.show(PhaseItem(phase="Running"))
    view.show(_Log("worker-0", "é".encode()[1:]))
    view.close()
    assert out.getvalue() == "50 %\r100 %\n* Running\né\n"
    out = io.StringIO()
    view = _View(out, tasks=2)
    view.show(_Log("worker-0", b"a"))
    view.show(_Log("worker-1", b"b\nc"))
    view.close()
    assert out.getvalue() == "[worker-1] b\n[worker-0] a\n[worker-1] c\n"


def test_what_happens_meanwhile_does_not_cut_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards lines that come in pieces, as those of `print` do: an event waits for their end, but not for ever."""
    now = [100.0]
    monkeypatch.setattr("modelarts.waiting.time.monotonic", lambda: now[0])
    out = io.StringIO()
    view = _View(out, tasks=1)
    view.show(_Log("worker-0", b"rank"))
    event = EventItem(message="Pre", level="Info", time="2026-01-01T10:20:30", source="Job", seq=1, code="c")
    view.show(event)
    view.show(PhaseItem(phase="Running"))
    view.flush()
    assert out.getvalue() == "rank"
    view.show(_Log("worker-0", b" 0 of"))
    view.show(_Log("worker-0", b" 1\n50 %"))
    assert out.getvalue() == "rank 0 of 1\n10:20:30 Pre\n* Running\n50 %"
    view.show(PhaseItem(phase="Terminating"))
    now[0] += 1.9
    view.show(_Log("worker-0", b"\r60 %"))
    assert out.getvalue().endswith("50 %\r60 %")
    now[0] += 0.1
    view.flush()
    view.show(_Log("worker-0", b"\r70 %"))
    assert out.getvalue().endswith("\r60 %\n* Terminating\n\r70 %")
    view.show(PhaseItem(phase="Terminated"))
    view.close()
    assert out.getvalue().endswith("\r70 %\n* Terminated\n")


def test_progress_is_quiet_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    with ProgressLine("Uploading", out) as progress:
        monkeypatch.setattr("modelarts.progress._SHOW_AFTER_S", -1.0)
        progress(1, 2, "a")
    assert out.getvalue() == ""
    monkeypatch.setattr(out, "isatty", lambda: True)
    with ProgressLine("Uploading", out) as progress:
        progress(1 << 20, 1 << 21, "a.bin")
    assert "Uploading  50 %  1.0 MiB of 2.0 MiB" in out.getvalue() and out.getvalue().endswith("\r")
    assert (size_text(5), size_text(1536)) == ("5 B", "1.5 KiB")


def _values(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in Settings.__slots__}


def _task(size: int) -> dict[str, Any]:
    return {
        "task": "worker-0", "ip": "", "host_ip": "", "schedule_count": 1, "state": "ended", "log_size": size,
    }  # fmt: skip


def test_a_job_with_a_running_version_loses_none() -> None:
    """Deleting it is refused as a whole: before anything was asked of the server."""
    with pytest.raises(InvalidArgument, match="V0001 has not ended") as caught:
        delete_all(None, [as_version(job("Running")), as_version(job("Completed"))])  # type: ignore[arg-type]
    assert caught.value.error_code == "ModelArts.2858"


@pytest.mark.parametrize("kind", [raising, obs_answer])
def test_ctrl_c_shows_no_frames_of_ours(kind: Any) -> None:
    def stopped() -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        kind(stopped)()
    assert [frame.name for frame in caught.traceback] == [
        test_ctrl_c_shows_no_frames_of_ours.__name__,
        "call",
    ]
