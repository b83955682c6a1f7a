"""Engines' environments and jobs' own packages, with wheels made here: nothing is fetched from anywhere."""

import fcntl
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import folder, make_order, path_grant
from trainwright.runner.engines import fingerprint, is_complete, progress_of

CODE_AT = "/home/ma-user/modelarts/user-job-dir/code"


def make_wheel(at: Path, name: str, version: str = "1.0") -> Path:
    """A package `name` whose `VALUE` is its version."""
    at.mkdir(parents=True, exist_ok=True)
    wheel = at / f"{name}-{version}-py3-none-any.whl"
    described = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", f"VALUE = {version!r}\n")
        archive.writestr(
            f"{described}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        archive.writestr(
            f"{described}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{described}/RECORD", "")
    return wheel


def engine_of(wheels: Path, *requirements: str) -> dict[str, Any]:
    return {
        "engine_id": "tiny-1.0",
        "name": "Tiny",
        "version": "tiny_1.0",
        "interpreter": "",
        "requirements": list(requirements),
        "pip_options": ["--no-index", "--find-links", str(wheels)],
        "environment": {"ENGINE_SAYS": "hello"},
    }


def order_of(tmp_path: Path, script: str, engine: dict[str, Any] | None, **files: str) -> dict[str, Any]:
    store = tmp_path / "store"
    store.mkdir(exist_ok=True)
    (store / "train.py").write_text(script)
    for name, text in files.items():
        (store / name.replace("_", "-").replace("-txt", ".txt")).write_text(text)
    return make_order(
        code=folder("", CODE_AT, path_grant(store)), boot_file="train.py", shell="", engine=engine
    )


@pytest.mark.slow
def test_engine_is_built_once_and_job_packages_lie_over_it(
    tmp_path: Path, rig: StartRig, launcher: str
) -> None:
    """First use builds (with events), a supervisor killed meanwhile takes the build over; both packages are seen."""
    make_wheel(tmp_path / "wheels", "tinyengine")
    make_wheel(tmp_path / "store", "tinyjob", "2.0")
    script = """
import os, shutil, sys, tinyengine, tinyjob
print(tinyengine.VALUE, tinyjob.VALUE, os.environ["ENGINE_SAYS"])
print(os.path.dirname(shutil.which("python")) == os.path.dirname(sys.executable))
"""
    engine = engine_of(tmp_path / "wheels", "tinyengine==1.0")
    requirements = "tinyjob-2.0-py3-none-any.whl\n"
    task = rig(order_of(tmp_path, script, engine, pip_requirements_txt=requirements), launcher)
    task.start(PIP_NO_INDEX="1")
    task.server.wait_for(lambda: "engine_build_started" in task.server.told.codes())
    task.kill_supervisor()
    task.start(PIP_NO_INDEX="1")
    assert task.wait(120)["reason"] == "completed", task.story()
    assert b"1.0 2.0 hello\nTrue\n" in task.user_log()
    codes = task.server.told.codes()
    assert codes.count("engine_build_done") == 1
    assert (
        codes.index("engine_build_done")
        < codes.index("requirements_started")
        < codes.index("requirements_done")
    )
    prefix = tmp_path / "engines" / fingerprint(engine, sys.executable)
    assert is_complete(str(prefix))
    assert b"Successfully installed tinyjob" in task.server.told.log, (
        "what pip says of the job's packages is in the log"
    )
    assert b"tinyengine" not in task.user_log(), "what pip says of the engine is not"


@pytest.mark.slow
def test_engine_that_is_there_is_used_silently(tmp_path: Path, rig: StartRig) -> None:
    """A half-built one is wiped and built again; while another builder has it, the task waits and says so."""
    make_wheel(tmp_path / "wheels", "tinyengine")
    engine = engine_of(tmp_path / "wheels", "tinyengine==1.0")
    prefix = tmp_path / "engines" / fingerprint(engine, sys.executable)
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "python").write_text("left behind by a builder that was killed")
    task = rig(order_of(tmp_path, "import tinyengine; print(tinyengine.VALUE)", engine))
    with Path(f"{prefix}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        task.start()
        task.server.wait_for(lambda: "engine_build_waiting" in task.server.told.codes())
        assert "engine_build_started" not in task.server.told.codes()
    assert task.wait(120)["reason"] == "completed", task.story()
    assert task.user_log() == b"1.0\n"


def test_complete_engine_needs_no_events(tmp_path: Path, rig: StartRig) -> None:
    """The second job starts without a word about the engine."""
    engine = engine_of(tmp_path, "whatever")
    prefix = tmp_path / "engines" / fingerprint(engine, sys.executable)
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "python").symlink_to(sys.executable)
    (prefix / ".complete").touch()
    task = rig(order_of(tmp_path, "print('ran')", engine))
    assert task.run()["reason"] == "completed", task.story()
    assert not [code for code in task.server.told.codes() if code.startswith("engine")]


@pytest.mark.slow
def test_engine_that_cannot_be_built(tmp_path: Path, rig: StartRig) -> None:
    """The event carries pip's own words, the log their surroundings; nothing half-built stays."""
    (tmp_path / "wheels").mkdir()
    engine = engine_of(tmp_path / "wheels", "no-such-package==9")
    task = rig(order_of(tmp_path, "print('never')", engine))
    final = task.run(120)
    assert final["reason"] == "engine_failed", task.story()
    assert "no-such-package" in final["message"]
    assert b"no-such-package" in task.server.told.log
    assert "engine_build_failed" in task.server.told.codes()
    assert not (tmp_path / "engines" / fingerprint(engine, sys.executable)).exists()


def test_interpreter_that_is_not_there(tmp_path: Path, rig: StartRig) -> None:
    """An engine that is an existing interpreter must exist."""
    engine = {**engine_of(tmp_path), "interpreter": "/no/such/python"}
    final = rig(order_of(tmp_path, "print(1)", engine)).run()
    assert final["reason"] == "engine_failed"
    assert "/no/such/python" in final["message"]


@pytest.mark.slow
def test_requirements_that_cannot_be_installed(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """pip's words are in the log and its error in the event; the command is not started."""
    order = order_of(tmp_path, "print('never')", None, pip_requirements_txt="no-such-package==9\n")
    task = rig(order, launcher)
    task.start(PIP_NO_INDEX="1")
    final = task.wait(120)
    assert final["reason"] == "requirements_failed", task.story()
    assert final["exit_code"] != 0
    assert "no-such-package" in final["message"]
    assert b"No matching distribution found" in task.server.told.log
    assert b"never" not in task.server.told.log


@pytest.mark.slow
def test_stop_while_building_leaves_nothing(tmp_path: Path, rig: StartRig) -> None:
    """The builder's whole tree is ended."""
    make_wheel(tmp_path / "wheels", "tinyengine")
    task = rig(order_of(tmp_path, "print('never')", engine_of(tmp_path / "wheels", "tinyengine")))
    task.start()
    task.server.wait_for(lambda: "engine_build_started" in task.server.told.codes())
    task.server.stop_grace_s = 1
    assert task.wait(60)["reason"] == "stopped_by_user", task.story()


def test_progress_is_what_a_user_understands() -> None:
    """Of pip's lines only those that say how far it is, at a readable length."""
    assert progress_of("Collecting numpy==2.0") == "Collecting numpy==2.0"
    assert progress_of("  Downloading numpy.whl (18 MB)\r") == "Downloading numpy.whl (18 MB)"
    assert progress_of("== building") == ""
    assert progress_of("Requirement already satisfied: x") == ""
    assert len(progress_of("Installing collected packages: " + "x, " * 100)) == 118
