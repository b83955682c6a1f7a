"""Jobs whose command runs in an image, under real bubblewrap."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.images import MadeImage, entry, host_tree, layer, layer_of_folder, write_archive
from tests.runner.conftest import StartRig
from tests.runner.rig import folder, make_order, path_grant

CODE_AT = "/home/ma-user/modelarts/user-job-dir/app"


def image_of(path: Path, **more: Any) -> dict[str, Any]:
    """What an order says of an image that lies at `path`."""
    return folder("lab/tiny:1.0", "/", path_grant(path), environment={}, working_dir="") | more


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a file system with a shell."""
    made = host_tree(tmp_path_factory.mktemp("tree") / "root")
    (made / "workspace").mkdir()
    (made / "workspace/notes").write_text("of the image")
    (made / "home/ma-user/tools").mkdir(parents=True)
    (made / "home/ma-user/tools/t").write_text("small")
    (made / "home/other").mkdir()
    (made / "opt").mkdir()
    (made / "opt/data").symlink_to("/etc")
    return made


def test_a_command_sees_the_image_and_its_own_folders(tmp_path: Path, rig: StartRig, tree: Path) -> None:
    """Guards the view: the files of the image, none of the machine, what may be written, who the job is, variables."""
    store = tmp_path / "store"
    (store / "data").mkdir(parents=True)
    (store / "data/x").write_text("input")
    (store / "out").mkdir()
    order = make_order(
        image=image_of(
            tree, working_dir="/workspace", environment={"PATH": "/bin", "GREETING": "from image"}
        ),
        shell="""
            cat notes; echo; cat /etc/os-release; id -u; id -un; echo $GREETING $lr; ls /; echo "$PATH"
            cat /home/data/x; echo; ls /home; cat ~/tools/t; echo; echo more >> ~/tools/t
            echo result > $train_url/r; touch /cache/c /tmp/t /home/work/w && echo written
            touch /bin/planted 2>/dev/null || echo read-only
            ls /opt/data/os-release; ls """
        + str(tmp_path)
        + """ 2>/dev/null || echo hidden
            cat /etc/hosts | while read a b; do case "$b" in modelarts-job*) echo named;; esac; done
        """,
        arguments=["--lr=0.1", "--not-a-name=1", "--PATH=/evil"],
        inputs=[folder("data_url", "/home/data", path_grant(store / "data"))],
        outputs=[
            folder("train_url", "/home/ma-user/modelarts/outputs/train_url_0", path_grant(store / "out"))
        ],
    )
    task = rig(order, "sandbox")
    assert task.run()["reason"] == "completed", task.story()
    said = task.user_log().decode().splitlines()
    assert said[:5] == ["of the image", "NAME=tiny", "1000", "ma-user", "from image 0.1"]
    assert {"bin", "cache", "workspace", "home", "proc", "tmp"} <= set(said) and "srv" not in said
    assert "/bin" in said and {"data", "ma-user", "other", "work"} <= set(said)
    assert [
        line for line in ("small", "written", "read-only", "hidden", "input", "named") if line not in said
    ] == []
    assert "/opt/data/os-release" in said
    assert (store / "out/r").read_text() == "result\n"
    assert (tree / "home/ma-user/tools/t").read_text() == "small" and not (tree / "bin/planted").exists()
    left = next(event for event in task.server.told.events if event["code"] == "parameters_no_variables")
    assert left["slots"]["names"] == "not-a-name, PATH"


@pytest.mark.parametrize("form", ["docker", "oci"])
def test_an_archive_is_unpacked_once_for_two_tasks(
    tmp_path: Path, rig: StartRig, tree: Path, form: str
) -> None:
    """Guards unpacking on first use with its events, a supervisor killed in the middle, and the second use."""
    image = MadeImage([layer_of_folder(tree)], {"PATH": "/bin", "FROM": form}, "/workspace")
    parts = image.docker_parts() if form == "docker" else image.oci_parts()
    archive = write_archive(tmp_path / "i.tar", parts)
    task = rig(make_order(image=image_of(archive), shell="echo $FROM; cat notes"), "sandbox")
    task.start()
    task.server.wait_for(lambda: "image_started" in task.server.told.codes())
    task.kill_supervisor()
    task.start()
    assert task.wait()["reason"] == "completed", task.story()
    assert task.user_log() == f"{form}\nof the image\n".encode()
    assert task.server.told.codes().count("image_started") == 1
    assert task.server.told.codes().count("image_ready") == 1
    cached = [path for path in (tmp_path / "engines/images").iterdir() if path.is_dir()]
    assert len(cached) == 1 and (cached[0] / ".complete").exists()
    shutil.rmtree(task.rundir)
    task.rundir.mkdir()
    task.start()
    assert task.wait()["reason"] == "completed", task.story()
    assert task.server.told.codes().count("image_started") == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path / "missing.tar", "does not exist on this node"),
        (lambda path: write_archive(path / "i.tar", {"x": b"y"}), "neither manifest.json nor index.json"),
        (
            lambda path: write_archive(
                path / "i.tar", MadeImage([layer(entry("usr/x", b""))]).docker_parts()
            ),
            "has neither bash nor sh on its PATH",
        ),
    ],
)
def test_what_cannot_be_run_says_why(tmp_path: Path, rig: StartRig, make: Any, words: str) -> None:
    """Guards the reason and the words where nothing could be told when the job was made."""
    task = rig(make_order(image=image_of(make(tmp_path)), shell="true"), "sandbox")
    found = task.run()
    assert found["reason"] == "image_failed" and words in found["message"], task.story()
    assert "image_failed" in task.server.told.codes()
    assert str(tmp_path) not in json.dumps(task.server.told.events)


def test_without_bubblewrap_an_image_is_refused(tmp_path: Path, rig: StartRig, tree: Path) -> None:
    """Guards nodes of a cluster that cannot do it."""
    found = rig(make_order(image=image_of(tree), shell="true"), "process").run()
    assert found["reason"] == "image_failed" and "bubblewrap" in found["message"]


def test_an_image_with_sh_only(tmp_path: Path, rig: StartRig) -> None:
    """Guards images without bash."""
    made = host_tree(tmp_path / "small", ["sh", "cat"])
    task = rig(make_order(image=image_of(made), shell="echo $0; cat /etc/os-release"), "sandbox")
    assert task.run()["reason"] == "completed", task.story()
    assert task.user_log() == b"sh\nNAME=tiny\n"


def test_a_boot_file_runs_on_the_images_python(tmp_path: Path, rig: StartRig) -> None:
    """Guards a preset engine on an image: the image's python3, arguments as ever, and the job's library in reach."""
    made = host_tree(tmp_path / "tree", python=True)
    store = tmp_path / "store"
    store.mkdir()
    (store / "train.py").write_text(
        "import sys, trainwright.inside\nprint(sys.executable, sys.prefix, sys.argv[1:])\n"
    )
    engine = {"engine_id": "e", "name": "E", "version": "1", "interpreter": "", "requirements": []}
    order = make_order(
        image=image_of(made, environment={"PATH": "/opt/python/bin:/bin"}),
        code=folder("", CODE_AT, path_grant(store)),
        boot_file="train.py",
        shell="",
        arguments=["--lr=0.1"],
        engine={**engine, "pip_options": [], "environment": {}, "distribution": "pytorch"},
    )
    task = rig(order, "sandbox")
    assert task.run()["reason"] == "completed", task.story()
    assert task.user_log() == b"/opt/python/bin/python3 /opt/python ['--lr=0.1']\n"


def test_run_train(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """Guards the old way of a command under both launchers: the code by its old path, the folder, exit codes."""
    store = tmp_path / "store"
    (store / "mnist").mkdir(parents=True)
    (store / "mnist/train.sh").write_text('echo "$PWD" "$1" "$2"; ls -d app/mnist; exit 7')
    line = "bash -x /home/work/run_train.sh sh /home/work/user-job-dir/app/mnist/train.sh --data_url /x/home/work"
    order = make_order(code=folder("", CODE_AT, path_grant(store)), shell=line)
    task = rig(order, launcher)
    found = task.run()
    assert (found["reason"], found["exit_code"]) == ("user_exit", 7), task.story()
    where = (
        "/home/work/user-job-dir" if launcher == "sandbox" else f"{task.rundir}/root/home/work/user-job-dir"
    )
    said = [line for line in task.user_log().decode().splitlines() if not line.startswith("+")]
    assert said == [f"{where} --data_url /x/home/work", "app/mnist"]
    assert b"[run_train] running: sh" in bytes(task.server.told.log)


def test_run_train_of_the_image_and_its_own_code(tmp_path: Path, rig: StartRig) -> None:
    """Guards that an image's own script wins, and that code which the image has is laid over, not hidden."""
    made = host_tree(tmp_path / "tree")
    (made / "home/work/user-job-dir/app").mkdir(parents=True)
    (made / "home/work/user-job-dir/app/theirs").write_text("1")
    store = tmp_path / "store"
    store.mkdir()
    (store / "ours").write_text("2")
    code = folder("", CODE_AT, path_grant(store))
    line = "sh /home/work/run_train.sh ls app"
    task = rig(make_order(image=image_of(made), code=code, shell=line), "sandbox")
    assert task.run()["reason"] == "completed", task.story()
    assert task.user_log() == b"ours\ntheirs\n"


def test_an_images_own_run_train_wins(tmp_path: Path, rig: StartRig) -> None:
    """Guards images that bring a script of that name."""
    made = host_tree(tmp_path / "tree")
    (made / "home/work").mkdir(parents=True)
    (made / "home/work/run_train.sh").write_text("echo mine $1")
    task = rig(make_order(image=image_of(made), shell="sh /home/work/run_train.sh x"), "sandbox")
    assert task.run()["reason"] == "completed", task.story()
    assert task.user_log() == b"mine x\n"


def test_an_archive_from_a_store_without_a_shared_disk(tmp_path: Path, rig: StartRig, tree: Path) -> None:
    """Guards object stores reached by URL: fetched, unpacked, the copy removed; a missing one is told."""
    store = tmp_path / "store"
    store.mkdir()
    image = MadeImage([layer_of_folder(tree)], {"PATH": "/bin"}, "/workspace")
    write_archive(store / "i.tar.gz", image.docker_parts())
    order = make_order(image=image_of(store / "i.tar.gz"), shell="cat notes")
    task = rig(order, "sandbox")
    base = f"{task.server.url}/runner/v1/attempts/{task.launch['attempt_key']}/tasks/worker-0/files"
    order["image"]["grant"] = {"kind": "url", "url": f"{base}/image/0"}
    task.server.objects["image/0"] = store
    assert task.run()["reason"] == "completed", task.story()
    assert task.user_log() == b"of the image\n"
    assert not (task.rundir / "image").exists()
    (store / "i.tar.gz").unlink()
    shutil.rmtree(task.rundir)
    task.rundir.mkdir()
    found = task.run()
    assert found["reason"] == "image_failed" and "not in the object store" in found["message"], task.story()


def test_a_shell_is_opened_in_the_image(tmp_path: Path, rig: StartRig, tree: Path) -> None:
    """Guards that who looks into a running task sees what its command sees."""
    task = rig(
        make_order(image=image_of(tree), shell="echo up; until test -e /tmp/go; do sleep 0.1; done"),
        "sandbox",
    )
    task.start()
    task.server.wait_for(lambda: b"up\n" in task.server.told.log)
    argv = [task.python, "-I", "-S", str(task.archive), "enter", str(task.rundir), "cat", "/etc/os-release"]
    said = subprocess.run(argv, capture_output=True, timeout=60, check=True).stdout
    assert said == b"NAME=tiny\n"
    (task.rundir / "root/tmp/go").touch()
    assert task.wait()["reason"] == "completed", task.story()
