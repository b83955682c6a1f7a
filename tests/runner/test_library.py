"""What every job can import, and with what it may call the server."""

import ast
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import make_order
from trainwright.backends.runner_archive import library

LIB = "/home/ma-user/modelarts/run/lib"
TOKEN = "job.11112222-a1." + "x" * 43


def test_what_is_in_it() -> None:
    """The packages for jobs with all their modules, and nothing else of ours."""
    names = set(library())
    assert {"moxing/__init__.py", "trainwright/__init__.py", "trainwright/inside/spool.py"} <= names
    assert {name.split("/")[1] for name in names if name.startswith("trainwright/")} == {
        "__init__.py",
        "inside",
        "portable",
    }
    assert not any("__pycache__" in name for name in names)


@pytest.mark.parametrize("name", sorted(name for name in library() if name.endswith(".py")))
def test_an_old_python_reads_it(name: str) -> None:
    """Engines may be as old as Python 3.8."""
    ast.parse(library()[name], feature_version=(3, 8))


def test_every_job_imports_it(rig: StartRig, launcher: str) -> None:
    """With the node's plain Python, which has nothing of ours installed."""
    program = (
        "import trainwright.inside, trainwright.portable, moxing, sys; print(trainwright.inside.__file__)"
    )
    task = rig(
        make_order(shell=f'{sys.base_prefix}/bin/python3 -c "{program}" 2>/dev/null && echo $PYTHONPATH'),
        launcher,
    )
    assert task.run()["exit_code"] == 0, task.story()
    root = "" if launcher == "sandbox" else str(task.rundir / "root")
    job_dir = f"{root}/home/ma-user/modelarts/user-job-dir"
    assert task.user_log().decode().split() == [
        f"{root}{LIB}/trainwright/inside/__init__.py",
        f"{job_dir}:{root}{LIB}",
    ]


def test_it_comes_after_what_the_user_chose(rig: StartRig) -> None:
    """A PYTHONPATH of the job's own loses nothing."""
    task = rig(make_order(shell="echo $PYTHONPATH", environment={"PYTHONPATH": "/mine:/too"}), "sandbox")
    task.run()
    assert task.user_log().decode().strip() == f"/mine:/too:{LIB}"


def test_beside_an_installed_platform(rig: StartRig) -> None:
    """An engine that has all of it: what is laid wins, the rest is the installed one's."""
    program = (
        "import trainwright.inside as a, trainwright.client as b; from trainwright import connect;"
        " print(a.__file__, b.__file__)"
    )
    task = rig(make_order(shell=f'{sys.executable} -c "{program}"'), "process")
    assert task.run()["exit_code"] == 0, task.story()
    inside, client = task.user_log().decode().split()
    assert inside.startswith(str(task.rundir))
    assert not client.startswith(str(task.rundir))


def test_the_token_is_the_jobs_own_file(rig: StartRig, launcher: str) -> None:
    """Only its owner reads it; nobody else hears of it."""
    line = 'stat -c "%a %u" $TRAINWRIGHT_TOKEN_FILE; id -u; env | grep ^TRAINWRIGHT'
    task = rig(make_order(shell=line, job_token=TOKEN, project_id="p1"), launcher)
    assert task.run()["exit_code"] == 0, task.story()
    told = task.user_log().decode()
    mode, owner, user, *_ = told.split()
    assert mode == "600" and owner == user
    assert f"TRAINWRIGHT_ENDPOINT={task.server.url}" in told and "TRAINWRIGHT_PROJECT=p1" in told
    assert TOKEN not in told + json.dumps(task.server.told.events) + json.dumps(task.server.told.reports)
    path = task.rundir / "root/home/ma-user/modelarts/run/token"
    assert path.read_text() == TOKEN
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_server_of_the_users_gets_no_token(rig: StartRig) -> None:
    """It would be sent there."""
    task = rig(
        make_order(
            shell="env",
            environment={"TRAINWRIGHT_ENDPOINT": "https://elsewhere.example"},
            job_token=TOKEN,
            project_id="p1",
        )
    )
    task.run()
    told = task.user_log().decode()
    assert "TRAINWRIGHT_ENDPOINT=https://elsewhere.example" in told
    assert "TRAINWRIGHT_TOKEN_FILE" not in told and "TRAINWRIGHT_PROJECT" not in told


def test_the_generated_package_only_finds_the_others(tmp_path: Path) -> None:
    """Wherever another part of `trainwright` lies on the search path, it is found, too."""
    client = {"trainwright/__init__.py": "", "trainwright/client/__init__.py": ""}
    for place, files in (("lib", library()), ("site", client)):
        for name, text in files.items():
            path = tmp_path / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import trainwright.inside, trainwright.client; print('both')"],
        env={"PYTHONPATH": f"{tmp_path}/lib:{tmp_path}/site"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "both\n"
