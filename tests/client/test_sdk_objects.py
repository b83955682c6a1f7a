"""What the SDK's objects say and do, against the real server: waiting, metrics, outputs, tags; blocking and asyncio."""

import asyncio
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from tests.e2e.live import LiveServer
from trainwright import (
    ApiError,
    AsyncJob,
    Job,
    JobFailed,
    Platform,
    TransferError,
    WaitTimeout,
    connect,
    connect_async,
)
from trainwright.client.streams import JobUpdate

TRAINS = """
import argparse, pathlib
from trainwright import inside
parser = argparse.ArgumentParser()
parser.add_argument("--kept", type=pathlib.Path)
parser.add_argument("--empty", type=pathlib.Path)
given = parser.parse_args()
for step in range(5):
    inside.report(step=step, loss=1 / (step + 1), odd=float("nan") if step == 2 else step)
    print("acc=%.2f" % (step / 10))
(given.kept / "model.bin").write_text("weights")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A running server."""
    live = LiveServer(tmp_path_factory.mktemp("data"), {"TRAINWRIGHT_SANDBOX": "off"}).start()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def env(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where connections find the server."""
    return {"HOME": str(tmp_path_factory.mktemp("home")), "TRAINWRIGHT_DATA_DIR": str(server.data_dir)}


@pytest.fixture(scope="module")
def platform(env: dict[str, str]) -> Iterator[Platform]:
    """A blocking connection."""
    with connect(env=env) as found:
        found.storage.ensure_bucket("sdk")
        yield found


@pytest.fixture(scope="module")
def trained(platform: Platform, server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A job that reported and wrote."""
    code = tmp_path_factory.mktemp("code")
    (code / "main.py").write_text(TRAINS)
    job = platform.jobs.create(
        name="trained",
        code_dir=code,
        boot_file="main.py",
        engine=server.python_engine(),
        flavor=server.flavor(),
        outputs={"kept": "obs://sdk/kept/", "empty": "obs://sdk/empty/"},
        metrics={"acc": r"acc=(\S+)"},
        description="the first",
    )
    return job.wait(timeout=120, raise_on_failure=True)


def test_metrics_are_arrays(trained: Job) -> None:
    """Reported numbers, and those that a regular expression finds in the log."""
    metrics = trained.metrics()
    assert metrics.names == ["acc", "loss", "odd"]
    assert isinstance(metrics["loss"].values, numpy.ndarray)
    assert metrics["loss"].steps.tolist() == [0, 1, 2, 3, 4]
    assert metrics["loss"].values[-1] == pytest.approx(0.2)
    assert math.isnan(metrics["odd"].values[2])
    assert trained.metrics("acc")["acc"].last == pytest.approx(0.4)
    assert trained.metrics(["loss", "acc"], task="worker-0").names == ["acc", "loss"]
    frame = metrics.to_dataframe()
    assert list(frame.columns) == ["name", "task", "attempt", "step", "value", "time"]
    assert len(frame[frame["name"] == "loss"]) == 5
    assert "<svg" in metrics._repr_html_()
    with pytest.raises(KeyError):
        metrics["nothing"]


def test_without_numpy_and_pandas(trained: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists then, and a word on what to install."""
    for name in ("numpy", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)
    metrics = trained.metrics("loss")
    assert metrics["loss"].steps == [0, 1, 2, 3, 4]
    with pytest.raises(ImportError, match="pip install pandas"):
        metrics.to_dataframe()


def test_outputs(trained: Job, tmp_path: Path) -> None:
    """By name, all at once, and what is empty or not there."""
    assert {name: each.uri for name, each in trained.outputs.items()} == {
        "kept": "obs://sdk/kept/",
        "empty": "obs://sdk/empty/",
    }
    assert [item.key for item in trained.outputs["kept"].files()] == ["kept/model.bin"]
    assert trained.outputs.download(tmp_path / "one", "kept").files == 1
    assert (tmp_path / "one" / "model.bin").read_text() == "weights"
    assert trained.outputs.download(tmp_path / "all").files == 1
    assert (tmp_path / "all" / "kept" / "model.bin").is_file()
    with pytest.raises(TransferError, match="empty"):
        trained.outputs["empty"].download(tmp_path / "none")


def test_what_a_job_says(trained: Job) -> None:
    """Facts, logs as text, usage, tags, description."""
    assert (trained.is_completed, trained.exit_code, trained.description) == (True, 0, "the first")
    assert [line for line in trained.log_lines() if line.startswith("acc=")][:2] == ["acc=0.00", "acc=0.10"]
    assert trained.created_at.year >= 2024 and trained.duration.total_seconds() > 0
    assert "trained" in repr(trained) and "Completed" in trained._repr_html_()
    assert trained.add_tags({"team": "vision", "x": ""}) == {"team": "vision", "x": ""}
    trained.remove_tags("x", "never-there")
    assert trained.tags() == {"team": "vision"}
    assert trained.update(description="").description == ""
    assert [item.path for item in trained.checkpoints()] == ["model.bin"]
    assert list(trained.events(level="Error")) == []


def test_jobs_are_found(platform: Platform, trained: Job) -> None:
    """Filters hold together; a listing can be read again."""
    found = platform.jobs.list(name="train", phases=["Completed"], created_after=trained.created_at)
    assert [job.id for job in found] == [job.id for job in found] == [trained.id]
    assert platform.jobs.list(created_before=trained.created_at.replace(year=2020)).first() is None
    first = platform.jobs.find("trained")
    assert first is not None and first.id == trained.id
    assert platform.jobs.find("train") is None
    assert "trained" in platform.jobs.list()._repr_html_()


def test_a_failure_is_raised_with_the_end_of_the_log(platform: Platform, server: LiveServer) -> None:
    """Only when asked for."""
    job = platform.jobs.create(name="fails", command="echo oh no; exit 3", flavor=server.flavor())
    assert job.wait().exit_code == 3
    with pytest.raises(JobFailed, match="oh no") as caught:
        job.wait(raise_on_failure=True)
    assert (caught.value.exit_code, caught.value.phase) == (3, "Failed")


def test_waiting_has_a_limit_and_may_be_watched(
    platform: Platform, server: LiveServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The job goes on after the limit; whoever watches is told of every phase."""
    told: list[JobUpdate] = []
    job = platform.jobs.create(name="waits", command="sleep 600", flavor=server.flavor())
    with pytest.raises(WaitTimeout, match="still") as caught:
        job.wait(timeout=3, progress=told.append)
    assert isinstance(caught.value, TimeoutError)
    assert told
    job.stop().wait(progress=True)
    assert "phase Terminated" in capsys.readouterr().err


def test_waiting_has_its_limit_while_the_server_is_away(tmp_path: Path) -> None:
    """A server that is being started again is no failure of the job, whenever the time is over."""
    live = LiveServer(tmp_path / "data", {"TRAINWRIGHT_SANDBOX": "off"}).start()
    env = {"HOME": str(tmp_path), "TRAINWRIGHT_DATA_DIR": str(live.data_dir)}
    with connect(env=env) as platform:
        job = platform.jobs.create(name="away", command="sleep 600", flavor=live.flavor())
        live.kill()
        with pytest.raises(WaitTimeout):
            job.wait(timeout=0.5)

        async def wait() -> None:
            async with connect_async(env=env) as other:
                await AsyncJob(other.client, other.storage, job.answer).wait(timeout=0.5)

        with pytest.raises(WaitTimeout):
            asyncio.run(wait())
        live.start()
        assert job.stop().wait(timeout=60).phase == "Terminated"
    live.stop()


def test_an_own_key_makes_one_job(platform: Platform, server: LiveServer) -> None:
    """A program that is started again finds the job it made before."""
    first = platform.jobs.create(name="once", command="true", flavor=server.flavor(), idempotency_key="k-1")
    again = platform.jobs.create(name="once", command="true", flavor=server.flavor(), idempotency_key="k-1")
    assert first.id == again.id
    with pytest.raises(ApiError):
        platform.jobs.create(name="other", command="true", flavor=server.flavor(), idempotency_key="k-1")


def test_collections(platform: Platform, server: LiveServer) -> None:
    """What the server offers and keeps, iterated and asked by id."""
    assert platform.engines.get(server.python_engine()).engine_id == server.python_engine()
    assert server.flavor() in [item.flavor_id for item in platform.flavors.list("CPU")]
    made = [platform.client.create_experiment({"metadata": {"name": f"e{number}"}}) for number in range(12)]
    assert len(platform.experiments.list().all()) == 12
    assert platform.experiments.get(made[0].metadata.id).metadata.name == "e0"
    assert "e3" in platform.experiments._repr_html_()
    for empty in (platform.datasets, platform.algorithms, platform.models):
        assert list(empty) == []
    with pytest.raises(KeyError):
        platform.flavors.get("none")


def test_in_a_notebook(env: dict[str, str], tmp_path: Path) -> None:
    """A notebook's thread has an event loop already: blocking calls must work all the same."""
    (tmp_path / "f").write_text("x")

    async def cell() -> None:
        with connect(env=env) as platform:
            platform.storage.upload(tmp_path / "f", "obs://sdk/notebook/")
            assert platform.storage.remove("obs://sdk/notebook/") == 1
            with pytest.raises(TransferError, match="Nothing lies"):
                platform.storage.remove("obs://sdk/notebook/")

    asyncio.run(cell())


@pytest.mark.anyio
async def test_the_same_for_asyncio(
    env: dict[str, str], server: LiveServer, trained: Job, tmp_path: Path
) -> None:
    """One job through all that is awaited."""
    async with connect_async(env=env) as platform:
        code = tmp_path / "code"
        code.mkdir()
        (code / "main.py").write_text("print('hello')")
        job = await platform.jobs.create(
            name="async",
            code_dir=code,
            boot_file="main.py",
            engine=server.python_engine(),
            flavor=server.flavor(),
        )
        assert isinstance(job, AsyncJob)
        assert (await job.wait(timeout=120, raise_on_failure=True)).is_completed
        assert "hello" in [line async for line in job.log_lines()]
        assert b"hello" in b"".join([piece async for piece in job.logs(follow=True)])
        assert [task.task for task in await job.tasks()] == ["worker-0"]
        assert [item.seq async for item in job.events()]
        assert await job.add_tags({"a": "b"}) == await job.tags()
        await job.delete()
        other = await platform.jobs.get(trained.id)
        assert (await other.metrics("loss"))["loss"].steps.tolist() == [0, 1, 2, 3, 4]
        assert (await other.outputs.download(tmp_path / "out")).files == 1
        assert [each.id async for each in platform.jobs.list(name="train")] == [trained.id]
        assert await platform.jobs.find("async") is None
        assert [item.flavor_id async for item in platform.flavors]
        with pytest.raises(WaitTimeout):
            slow = await platform.jobs.create(name="slow", command="sleep 600", flavor=server.flavor())
            await slow.wait(timeout=1)
        await slow.stop()
        await slow.wait()


def test_connecting_with_keys_finds_their_project(env: dict[str, str], server: LiveServer) -> None:
    """As ModelArts' own SDKs do."""
    admin = json.loads((server.data_dir / "admin.json").read_text())
    keys = {"access_key": admin["access_key"], "secret_key": admin["secret_key"]}
    with connect(endpoint=server.url, env={"HOME": env["HOME"]}, **keys) as platform:
        assert platform.client.access.project_id == server.project_id
        assert platform.jobs.list().first() is not None
