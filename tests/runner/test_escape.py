"""What a job does from within its sandbox reaches nothing of the machine outside of it."""

import subprocess
from pathlib import Path

from tests.runner.conftest import StartRig
from tests.runner.rig import folder, make_order, path_grant

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
