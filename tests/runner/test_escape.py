"""What a job does from within its sandbox reaches nothing of the machine outside of it."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, folder, make_order, path_grant, poll_until
from tests.runner.test_rendezvous import OUT, Judge
from trainwright.runner.beneath import Place
from trainwright.runner.copying import Item, walk
from trainwright.runner.layout import UnsafePath

LOGS = "/home/ma-user/modelarts/log"
CODE = "/home/ma-user/modelarts/user-job-dir/code"


def code_folder(tmp_path: Path) -> Path:
    code = tmp_path / "code"
    code.mkdir()
    (code / "train.py").write_text("print(1)\n")
    return code


def test_the_sandbox_is_not_looked_for_in_the_jobs_path(tmp_path: Path, rig: StartRig) -> None:
    code = code_folder(tmp_path)
    program = code / "bwrap"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/escaped\n")
    program.chmod(0o755)
    order = make_order(
        shell="echo $PATH",
        environment={"PATH": f"{CODE.lstrip('/')}:{CODE}:/usr/bin:/bin"},
        code=folder("", CODE, path_grant(code)),
    )
    task = rig(order, "sandbox")
    assert task.run()["exit_code"] == 0, task.story()
    assert not (tmp_path / "escaped").exists()
    assert task.user_log().decode().startswith(CODE.lstrip("/")), "inside it is the job's own PATH"


def test_a_library_of_the_job_is_loaded_inside_only(tmp_path: Path, rig: StartRig) -> None:
    code = code_folder(tmp_path)
    source = tmp_path / "library.c"
    source.write_text(
        "#include <fcntl.h>\n#include <unistd.h>\n__attribute__((constructor)) static void begin(void)"
        f'{{ int d = open("{tmp_path}/escaped", O_CREAT | O_WRONLY, 0600); if (d >= 0) close(d);'
        ' d = open("/tmp/loaded", O_CREAT | O_WRONLY, 0600); if (d >= 0) close(d); }\n'
    )
    library = code / "library.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-w", "-o", library, source], check=True)
    order = make_order(
        shell="true",
        environment={"LD_PRELOAD": f"{CODE.lstrip('/')}/library.so:{CODE}/library.so"},
        code=folder("", CODE, path_grant(code)),
    )
    task = rig(order, "sandbox")
    assert task.run()["exit_code"] == 0, task.story()
    assert not (tmp_path / "escaped").exists()
    assert (task.rundir / "root/tmp/loaded").exists(), "inside it is the job's own affair"


def test_a_variable_is_no_option_of_the_sandbox(tmp_path: Path, rig: StartRig) -> None:
    value = f"x\0--bind\0{tmp_path}\0/mnt"
    task = rig(make_order(shell=f"touch /mnt{tmp_path}/escaped", environment={"A": value}), "sandbox")
    found = task.run()
    assert found["exit_code"] != 0
    assert "'A' cannot be set as a variable" in str(found), task.story()


def secrets(tmp_path: Path) -> Path:
    """A folder of the machine that is nobody's business."""
    found = tmp_path / "secrets"
    found.mkdir()
    (found / "secret.key").write_text("of the server")
    return found


def empty_store(tmp_path: Path) -> Path:
    store = tmp_path / "store"
    store.mkdir()
    return store


def test_a_link_in_place_of_an_output_is_not_uploaded(tmp_path: Path, rig: StartRig) -> None:
    host, store = secrets(tmp_path), empty_store(tmp_path)
    line = f"rmdir {OUT} && ln -s {host} {OUT}"
    task = rig(make_order(outputs=[folder("train_url", OUT, path_grant(store))], shell=line), "sandbox")
    found = task.run()
    assert found["reason"] == "output_upload_failed", task.story()
    assert "symbolic link" in found["message"]
    assert not list(store.iterdir())


def test_a_link_in_place_of_the_log_folder_is_not_uploaded(tmp_path: Path, rig: StartRig) -> None:
    host, store = secrets(tmp_path), empty_store(tmp_path)
    line = f"rmdir {LOGS} && ln -s {host} {LOGS}"
    task = rig(make_order(log_export=folder("", LOGS, path_grant(store)), shell=line), "sandbox")
    assert task.run()["exit_code"] == 0, task.story()
    assert [path.suffix for path in store.iterdir()] == [".log"]
    assert "output_upload_failed" in [event["code"] for event in task.server.told.events]


def started_again(task: Rig, written: Path) -> dict[str, Any]:
    """A command that fails once its files are in the store, and is started again from `m.pt`; how that ended."""
    judge = Judge(task)
    judge.allowed = 1
    judge.resume = {"output": 0, "path": "m.pt", "step": 1}
    task.start()
    poll_until(written.exists, story=task.story)
    (task.rundir / "root/home/ma-user/go").write_text("")
    poll_until(lambda: bool(judge.failed), story=task.story)
    judge.starts = 1
    return task.wait()


@pytest.mark.parametrize("name", ["", "/deep"])
def test_a_restart_writes_through_no_link(tmp_path: Path, rig: StartRig, name: str) -> None:
    """What it fetches stays in the output folder, or is not fetched."""
    host, store = tmp_path / "ssh", empty_store(tmp_path)
    host.mkdir()
    line = (
        f"[ $MA_PROC_START_CNT = 1 ] || exit 0; mkdir -p {OUT}{name}; echo key > {OUT}{name}/authorized_keys;"
        f"echo weights > {OUT}/m.pt; while ! [ -e $HOME/go ]; do sleep 0.05; done;"
        f"rm -rf {OUT}{name}; ln -s {host} {OUT}{name}; exit 1"
    )
    out = folder("train_url", OUT, path_grant(store), prefetch=True)
    task = rig(make_order(outputs=[out], shell=line, process_retries=1, upload_period_s=0.3), "sandbox")
    found = started_again(task, store / f".{name}/authorized_keys")
    assert found["reason"] == "input_download_failed", task.story()
    assert "symbolic link" in found["message"]
    assert not list(host.iterdir())


def test_a_sandbox_is_not_made_over_a_link(tmp_path: Path, rig: StartRig) -> None:
    """A folder above home is the job's; the second start must not show it another one in home's place."""
    host = secrets(tmp_path)
    code = code_folder(tmp_path)
    (code / "ma-pre-start.sh").write_text(
        f"mv /home/ma-user /home/x && ln -s {host} /home/ma-user; rm -rf /home/x/*\n"
    )
    channel = folder("data", "/home", path_grant(empty_store(tmp_path)))
    order = make_order(shell="", boot_file="train.py", code=folder("", "/home/code", path_grant(code)))
    task = rig({**order, "inputs": [channel]}, "sandbox")
    assert task.run()["exit_code"] == 0, task.story()
    assert (host / "secret.key").exists()
    assert not (task.rundir / "root/home/ma-user").is_symlink()


@pytest.mark.parametrize("way", ["mpi-hosts", ""])
def test_the_platforms_own_files_are_not_written_through_links(
    tmp_path: Path, rig: StartRig, way: str
) -> None:
    """A file in its folder is replaced; a link in place of the folder is refused."""
    host = tmp_path / "host"
    host.mkdir()
    (host / "mpi-hosts").write_text("precious\n")
    code = code_folder(tmp_path)
    run = "/home/ma-user/modelarts/run"
    trick = f"ln -s {host}/{way} {run}/{way}\n" if way else f"rm -rf {run} && ln -s {host} {run}\n"
    (code / "ma-pre-start.sh").write_text(trick)
    engine: dict[str, Any] = {"engine_id": "e", "name": "e", "version": "1", "interpreter": ""}
    engine.update(requirements=[], pip_options=[], environment={}, distribution="mpi")
    order = make_order(shell="", boot_file="train.py", engine=engine, code=folder("", CODE, path_grant(code)))
    task = rig(order, "sandbox")
    found = task.run()
    assert way or "symbolic link" in found["message"], task.story()
    assert [(path.name, path.read_text()) for path in host.iterdir()] == [("mpi-hosts", "precious\n")]


def test_what_became_a_link_after_it_was_seen_is_not_read(tmp_path: Path) -> None:
    host = secrets(tmp_path)
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/deep/secret.key").write_text("mine")
    [item] = [found for found in walk(Place(str(tmp_path), "/out")) if isinstance(found, Item)]
    assert not item.is_gone()
    (tmp_path / "out/deep").rename(tmp_path / "out/moved")
    (tmp_path / "out/deep").symlink_to(host)
    assert item.is_gone()
    (tmp_path / "out/deep").unlink()
    (tmp_path / "out/deep").mkdir()
    os.mkfifo(tmp_path / "out/deep/secret.key")
    assert item.is_gone(), "and nobody waits for a writer"


def test_what_cannot_be_replaced_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run/plan.json").mkdir(parents=True)
    with pytest.raises(UnsafePath, match="cannot be written"):
        Place(str(tmp_path), "/run/plan.json").write(b"{}")
    (tmp_path / "run/link").symlink_to(tmp_path)
    with pytest.raises(UnsafePath, match="symbolic link"):
        Place(str(tmp_path), "/run/link/plan.json").write(b"{}")
