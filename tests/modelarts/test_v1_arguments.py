"""The first generation against a real server, with arguments that cannot be right."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from modelarts.estimator import Estimator, VisualizationJob
from modelarts.exception import InvalidArgument
from modelarts.session import Session
from tests.e2e.live import LiveServer


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    live = LiveServer(tmp_path_factory.mktemp("arguments")).start()
    patch = pytest.MonkeyPatch()
    for name in ("ENDPOINT", "PROJECT", "TOKEN", "TOKEN_FILE", "LANGUAGE"):
        patch.delenv(f"TRAINWRIGHT_{name}", raising=False)
    patch.setenv("TRAINWRIGHT_DATA_DIR", str(live.data_dir))
    yield Session()
    patch.undo()
    live.stop()


def made(session: Session, **others: Any) -> Estimator:
    told = {
        "train_instance_count": 1,
        "train_instance_type": "local.cpu.1u",
        "output_path": "/b/o/",
        "code_dir": "/b/s/",
        "boot_file": "train.py",
        "framework_type": "PyTorch",
        "framework_version": "2",
    }
    return Estimator(session, **{**told, **others})


RAISING: list[Callable[[Session], object]] = [
    lambda session: made(session).fit(data_source=5),  # type: ignore[arg-type]
    lambda session: made(session).fit(inputs=["/b/i/"]),  # type: ignore[arg-type]
    lambda session: made(session).fit("/b/i/", job_name=5),  # type: ignore[arg-type]
    lambda session: made(session, job_description=5),
    lambda session: made(session, environment="conda"),
    lambda session: made(session, hyperparameters=1),
    lambda session: made(session, hyperparameters={"lr": 1}),
    lambda session: made(session, train_instance_count=2.5),
    lambda session: made(session, train_instance_count=True),
    lambda session: made(session).create_job_configs(5, inputs="/b/i/"),  # type: ignore[arg-type]
    lambda _: Estimator.get_train_instance_types("session"),  # type: ignore[arg-type]
    lambda _: VisualizationJob(None),  # type: ignore[arg-type]
    lambda session: VisualizationJob(session).create_visualization_job(train_url=5),  # type: ignore[arg-type]
    lambda session: VisualizationJob(session).create_visualization_job(5, "", "/b/o/"),  # type: ignore[arg-type]
]

ANSWERING: list[Callable[[Session], dict[str, Any]]] = [
    lambda _: Estimator.get_job_list(None),  # type: ignore[arg-type]
    lambda session: Estimator.get_job_list(session, status=23),
    lambda session: Estimator.get_job_list(session, status="8"),  # type: ignore[arg-type]
    lambda session: Estimator.get_job_list(session, search_content=5),  # type: ignore[arg-type]
    lambda session: Estimator.get_job_configs_list(session, search_content=5),  # type: ignore[arg-type]
    lambda session: made(session).update_job_configs(""),
    lambda session: VisualizationJob(session, "x").update_visualization_job(None),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("call", RAISING)
def test_what_creates_says_which_argument_is_wrong(
    session: Session, call: Callable[[Session], object]
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call(session)
    assert caught.value.error_msg


@pytest.mark.parametrize("call", ANSWERING)
def test_what_answers_says_so_as_well(session: Session, call: Callable[[Session], dict[str, Any]]) -> None:
    answer = call(session)
    assert (answer["is_success"], answer["error_code"]) == (False, "ModelArts.2788")


def test_configurations_without_a_name_do_not_meet(session: Session) -> None:
    names = {made(session).create_job_configs(inputs="/b/i/").config_name for _ in range(3)}
    assert len(names) == 3


def test_an_update_keeps_what_it_is_not_given(session: Session) -> None:
    made(session).create_job_configs("kept", "what it is", "/b/i/")
    attached = Estimator(session, config_name="kept")
    assert attached.update_job_configs("kept", inputs="/b/other/") == {"is_success": True}
    assert attached.update_job_configs("kept", "what it became") == {"is_success": True}
    info = attached.get_job_configs_info()
    assert (info["config_desc"], info["data_url"]) == ("what it became", "/b/other/")
    assert info["app_url"] == "/b/s/"
