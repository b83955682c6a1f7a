"""The SDK against the real server: a job as an object."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer
from trainwright.client import ApiError, EventItem, PhaseItem, Platform, TransferError, connect

MARK = b"[ModelArts Service Log]"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A running server."""
    live = LiveServer(tmp_path_factory.mktemp("data"), {"TRAINWRIGHT_SANDBOX": "off"}).start()
    yield live
    live.stop()


@pytest.fixture
def platform(server: LiveServer, tmp_path: Path) -> Iterator[Platform]:
    """A connection found by the server's data folder."""
    with connect(env={"HOME": str(tmp_path), "TRAINWRIGHT_DATA_DIR": str(server.data_dir)}) as found:
        yield found


def code_folder(root: Path, script: str) -> Path:
    """A code folder with what must not be uploaded beside what must."""
    folder = root / "code"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "main.pyc").write_bytes(b"stale")
    (folder / "main.py").write_text(script)
    return folder


def test_a_job_from_a_folder_here_to_its_result(
    platform: Platform, server: LiveServer, tmp_path: Path
) -> None:
    """Upload, create, wait, look."""
    script = (
        "import argparse, pathlib\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--data_url', type=pathlib.Path)\n"
        "parser.add_argument('--train_url', type=pathlib.Path)\n"
        "parser.add_argument('--times', type=int)\n"
        "given, _ = parser.parse_known_args()\n"
        "given.train_url.mkdir(parents=True, exist_ok=True)\n"
        "text = (given.data_url / 'in.txt').read_text() * given.times\n"
        "(given.train_url / 'out.txt').write_text(text)\n"
        "print('wrote', len(text))\n"
    )
    assert platform.storage.ensure_bucket("sdk") is True
    assert platform.storage.ensure_bucket("sdk") is False
    platform.client.write_object("sdk", "in/in.txt", b"ab")
    job = platform.jobs.create(
        name="sdk-job",
        code_dir=code_folder(tmp_path, script),
        boot_file="main.py",
        engine=server.python_engine(),
        flavor=server.flavor(),
        parameters={"times": 3},
        inputs={"data_url": "obs://sdk/in/"},
        outputs={"train_url": "obs://sdk/out/"},
    )
    updates = list(job.updates())
    assert [item.phase for item in updates if isinstance(item, PhaseItem)][-1] == "Completed"
    job.wait()
    assert (job.phase, job.exit_code, job.is_ended) == ("Completed", 0, True)
    assert b"wrote 6" in b"".join(job.logs())
    assert b"".join(job.logs(follow=True)) == b"".join(job.logs())
    assert platform.client.read_object("sdk", "out/out.txt") == b"ababab"
    assert [item.seq for item in job.events()] == [
        item.seq for item in updates if isinstance(item, EventItem)
    ]
    assert [task.task for task in job.tasks()] == ["worker-0"]
    assert {series.metric for series in job.usage().metrics} >= {"cpuUsage", "memUsage"}
    assert [found.id for found in platform.jobs.list(name="sdk-", phases=["Completed"])] == [job.id]
    job.delete()
    with pytest.raises(ApiError):
        platform.jobs.get(job.id)


def test_stopping(platform: Platform, server: LiveServer) -> None:
    """`stop` asks, `wait` sees the end."""
    job = platform.jobs.create(name="sdk-stop", command="sleep 600", flavor=server.flavor())
    for update in job.updates():
        if isinstance(update, PhaseItem) and update.phase == "Running":
            job.stop()
    assert job.wait().phase == "Terminated"
    assert job.exit_code != 0


def test_exit_code_of_a_failure(platform: Platform, server: LiveServer) -> None:
    """The first task's that failed."""
    job = platform.jobs.create(name="sdk-fails", command="exit 7", flavor=server.flavor()).wait()
    assert (job.phase, job.exit_code) == ("Failed", 7)


def test_same_code_is_stored_once_and_never_changed(platform: Platform, tmp_path: Path) -> None:
    """A running job's code must not change under it."""
    folder = code_folder(tmp_path, "print(1)")
    first = platform.storage.upload_code(folder, bucket="sdk-code")
    assert platform.storage.upload_code(folder, bucket="sdk-code") == first
    (folder / "main.py").write_text("print(2)")
    second = platform.storage.upload_code(folder, bucket="sdk-code")
    assert second != first
    keys = {item.key for item in platform.storage.objects("obs://sdk-code/")}
    assert keys == {f"{place.removeprefix('obs://sdk-code/')}main.py" for place in (first, second)}


def test_storage(platform: Platform, tmp_path: Path) -> None:
    """Copy, list, remove; mistakes are said."""
    platform.storage.ensure_bucket("sdk-store")
    data = os.urandom(5000)
    (tmp_path / "f").write_bytes(data)
    platform.storage.upload(tmp_path / "f", "obs://sdk-store/x/")
    platform.storage.download("obs://sdk-store/x/", tmp_path / "back")
    assert (tmp_path / "back" / "f").read_bytes() == data
    assert "sdk-store" in platform.storage.buckets()
    assert platform.storage.remove("obs://sdk-store/x/") == 1
    with pytest.raises(TransferError, match="Nothing lies under"):
        platform.storage.remove("obs://sdk-store/x/")
    with pytest.raises(TransferError, match="is not a path"):
        platform.storage.upload(tmp_path / "f", "somewhere")
    with pytest.raises(TransferError, match="holds no files"):
        (tmp_path / "empty").mkdir()
        platform.storage.upload_code(tmp_path / "empty")
