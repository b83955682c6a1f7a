"""`VisualizationJob`: TensorBoard over a folder of the object store, on a real server."""

import json
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from modelarts.estimator import JOB_STATE, Estimator, VisualizationJob
from modelarts.exception import InvalidArgument, RequestRefused
from modelarts.session import Session
from modelarts.v1.visualization import SCRIPT
from tests.e2e.live import LiveServer, wait_for

WITHOUT = """
engines:
  - {id: plain, name: Python, version: "1"}
"""


@pytest.fixture
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path_factory.mktemp("board"), {"TRAINWRIGHT_SANDBOX": "off"}).start()
    yield server
    server.stop()


def session_of(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("TRAINWRIGHT_DATA_DIR", str(live.data_dir))
    return Session()


@pytest.mark.slow
def test_a_board_from_start_to_delete(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows what is there and what comes; stopped and restarted it keeps its id; it is no training job."""
    session = session_of(live, monkeypatch)
    first = event_file([(0, 0.5)])
    live.put("obs://boards/run/events.out.tfevents.1.host", first)
    live.put("obs://boards/run/model.bin", b"not read")
    board = VisualizationJob(session).create_visualization_job("board", "shows", "/boards/run/")
    assert board.visualization_id == board.job_id and board.job_name == "board"

    def url() -> str:
        info = board.get_visualization_job_info()
        assert info["is_success"] and info["status"] not in (3, 5, 11, 14), live.log(info["resource_id"])
        return str(info["service_url"])

    where = wait_for(url, timeout_s=240, what="TensorBoard")
    assert where.startswith("http://127.0.0.1:")

    def points() -> list[Any]:
        asked = f"{where}data/plugin/scalars/scalars"
        answer = httpx.get(asked, params={"run": ".", "tag": "loss"}, timeout=10, trust_env=False)
        return json.loads(answer.content) if answer.status_code == 200 else []

    wait_for(lambda: [point[1] for point in points()] == [0], timeout_s=60, what="the first point")
    live.put("obs://boards/run/events.out.tfevents.1.host", first + event_file([(1, 0.25)], head=False))
    wait_for(lambda: [point[1] for point in points()] == [0, 1], timeout_s=60, what="the second point")
    assert "JOBSTAT_RUNNING" in repr(board) and where in board._repr_html_()
    assert board.update_visualization_job("says more") == {"is_success": True}
    listed = VisualizationJob.get_visualization_job_list(session)
    assert [job["visualization_id"] for job in listed["jobs"]] == [board.visualization_id]
    assert listed["jobs"][0]["job_desc"] == "says more" and listed["jobs"][0]["train_url"] == "/boards/run/"
    assert Estimator.get_job_list(session)["job_total_count"] == 0
    assert board.restart_visualization_job()["is_success"] is False
    assert board.stop_visualization_job() == {"is_success": True}
    live.wait(board.get_visualization_job_info()["resource_id"])
    info = board.get_visualization_job_info()
    assert (JOB_STATE[info["status"]], info["service_url"]) == ("JOBSTAT_KILLED", "")
    assert board.restart_visualization_job() == {"is_success": True}
    again = board.get_visualization_job_info()
    assert again["visualization_id"] == info["visualization_id"] != again["resource_id"]
    assert wait_for(url, timeout_s=120, what="TensorBoard again") != where
    found = VisualizationJob(session, board.visualization_id)
    assert found.delete_visualization_job() == {"is_success": True}
    assert found.get_visualization_job_info()["is_success"] is False
    assert VisualizationJob.get_visualization_job_object_list(session, is_show=False) == []


def test_what_cannot_be_shown(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong arguments, a server without the engine, handles of nothing."""
    data_dir = tmp_path_factory.mktemp("none")
    (data_dir / "engines.yaml").write_text(WITHOUT)
    live = LiveServer(data_dir).start()
    try:
        session = session_of(live, monkeypatch)
        board = VisualizationJob(session)
        assert repr(board) == "<VisualizationJob, not created yet>"
        with pytest.raises(InvalidArgument, match="train_url is needed"):
            board.create_visualization_job("board")
        with pytest.raises(InvalidArgument, match="must end in a slash") as caught:
            board.create_visualization_job("board", train_url="/boards/run")
        assert caught.value.error_code == "ModelArts.2791"
        with pytest.raises(InvalidArgument, match="job_name"):
            board.create_visualization_job("x" * 21, train_url="/boards/run/")
        with pytest.raises(RequestRefused, match="no engine called TensorBoard"):
            board.create_visualization_job("board", train_url="/boards/run/")
        for answer in (
            board.get_visualization_job_info(),
            board.stop_visualization_job(),
            VisualizationJob(session, "00000000-0000-0000-0000-000000000000").get_visualization_job_info(),
            VisualizationJob.get_visualization_job_list(session, per_page=101),
        ):
            assert answer["is_success"] is False and answer["error_msg"]
        assert SCRIPT.endswith(".py")
    finally:
        live.stop()


def event_file(points: list[tuple[int, float]], *, head: bool = True) -> bytes:
    """Records as TensorBoard's writers make them: the tag `loss` at some steps."""
    records = [_field(3, b"brain.Event:2")] if head else []
    for step, value in points:
        summary = _field(1, _field(1, b"loss") + b"\x15" + struct.pack("<f", value))
        records.append(
            b"\x09" + struct.pack("<d", 1.7e9 + step) + b"\x10" + bytes([step]) + _field(5, summary)
        )
    return b"".join(_record(record) for record in records)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def _record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + _crc(length) + content + _crc(content)


def _crc(content: bytes) -> bytes:
    """Masked CRC-32C."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
