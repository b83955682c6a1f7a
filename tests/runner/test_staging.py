"""Code, inputs and outputs on their way in and out, by shared folder and over HTTP."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, folder, make_order, path_grant
from trainwright.runner.copying import DRAFT_PREFIX

MOUNT = "/home/ma-user/modelarts"


@pytest.fixture(params=["path", "url"])
def grants(request: pytest.FixtureRequest) -> str:
    """Both kinds of grant."""
    return str(request.param)


def grant(kind: str, section: str, path: Path) -> dict[str, str]:
    """A grant for `path`; URL grants are bound to the server by `bind`."""
    return path_grant(path) if kind == "path" else {"kind": "url", "url": section}


def bind(task: Rig, folders: dict[str, Path]) -> None:
    """Let the server hand out these folders, and put its address into the order's URL grants."""
    task.server.objects.update(folders)
    base = f"{task.server.url}/runner/v1/attempts/{task.launch['attempt_key']}/tasks/worker-0/files"
    order = task.server.order
    for item in (order["code"], *order["inputs"], *order["outputs"], order["log_export"]):
        if item and item["grant"]["kind"] == "url":
            item["grant"]["url"] = f"{base}/{item['grant']['url']}"


def make_tree(top: Path, count: int = 90) -> dict[str, bytes]:
    """Files in folders, some with odd names; returns what they hold."""
    contents = {f"d{number % 7}/f{number}.bin": os.urandom(number * 997) for number in range(count)}
    contents |= {"数据/名 字.txt": "文".encode(), "a#b%20c+d&e=f?g.txt": b"odd", "empty": b""}
    for name, data in contents.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return contents


def read_tree(top: Path) -> dict[str, bytes]:
    return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def order_with(kind: str, base: Path, shell: str, **changes: Any) -> dict[str, Any]:
    return make_order(
        shell=shell,
        code=folder("", f"{MOUNT}/user-job-dir/code", grant(kind, "code/0", base / "code")),
        inputs=[folder("data", f"{MOUNT}/inputs/data_0", grant(kind, "inputs/0", base / "data"))],
        outputs=[folder("out", f"{MOUNT}/outputs/out_0", grant(kind, "outputs/0", base / "out"), **changes)],
    )


def start(rig: StartRig, order: dict[str, Any], base: Path) -> Rig:
    for name in ("code", "data", "out"):
        (base / name).mkdir(exist_ok=True, parents=True)
    task = rig(order)
    bind(task, {"code/0": base / "code", "inputs/0": base / "data", "outputs/0": base / "out"})
    return task


def test_all_of_it_arrives(tmp_path: Path, rig: StartRig, grants: str) -> None:
    """Inputs come in and outputs go out byte by byte, with their names."""
    store = tmp_path / "store"
    contents = make_tree(store / "data")
    task = start(rig, order_with(grants, store, 'cp -r "$data/." "$out"'), store)
    assert task.run()["reason"] == "completed", task.story()
    assert read_tree(task.rundir / f"root{MOUNT}/inputs/data_0") == contents
    assert read_tree(store / "out") == contents
    done = next(event for event in task.server.told.events if event["code"] == "output_upload_done")
    assert done["slots"]["files"] == len(contents)


def test_trouble_of_the_store_is_sat_out(tmp_path: Path, rig: StartRig) -> None:
    """Errors and objects cut short are repeated until they are right."""
    store = tmp_path / "store"
    contents = make_tree(store / "data", 10)
    task = start(rig, order_with("url", store, 'cp -r "$data/." "$out"'), store)
    task.server.faults.object_errors = 3
    task.server.faults.short_objects = 3
    assert task.run()["reason"] == "completed", task.story()
    assert read_tree(store / "out") == contents


def test_missing_input_is_final(tmp_path: Path, rig: StartRig, grants: str) -> None:
    """A 404 is not repeated; the event names the input."""
    store = tmp_path / "store"
    task = start(rig, order_with(grants, store, "echo never"), store)
    (store / "data").rmdir()
    task.server.objects.pop("inputs/0")
    final = task.run()
    assert final["reason"] == "input_download_failed", task.story()
    failed = next(event for event in task.server.told.events if event["code"] == "input_download_failed")
    assert failed["slots"]["name"] == "data"
    assert failed["slots"]["detail"]
    assert b"never" not in task.user_log()


def test_missing_code_is_final(tmp_path: Path, rig: StartRig, grants: str) -> None:
    """Also for the code folder."""
    store = tmp_path / "store"
    task = start(rig, order_with(grants, store, "echo never"), store)
    (store / "code").rmdir()
    task.server.objects.pop("code/0")
    assert task.run()["reason"] == "code_download_failed", task.story()


@pytest.mark.parametrize("there", [True, False])
def test_code_with_another_name_tells_no_place(
    tmp_path: Path, rig: StartRig, grants: str, there: bool
) -> None:
    """Guards the code of subscriptions: neither log nor events name its place, whether it can be laid or not."""
    store = tmp_path / "platforms"
    order = order_with(grants, store, "true")
    order["code"].update(uri="", shown="subscribed algorithm")
    task = start(rig, order, store)
    if not there:
        (store / "code").rmdir()
        task.server.objects.pop("code/0")
    assert task.run()["reason"] == ("completed" if there else "code_download_failed"), task.story()
    assert b"[init] download code_url: subscribed algorithm\n" in task.server.told.log
    told = f"{task.server.told.log!r} {task.server.told.events} {task.server.told.finals}"
    assert f"{store}/code" not in told and "files/code/0" not in told
    assert there or "subscribed algorithm" in str(task.server.told.finals)


def test_single_object_input(tmp_path: Path, rig: StartRig) -> None:
    """An input that is one object lies in the channel's folder under its own name."""
    (tmp_path / "digits.npz").write_bytes(b"scans")
    channel = folder("data", f"{MOUNT}/inputs/data_0", path_grant(tmp_path / "digits.npz"), is_file=True)
    task = rig(make_order(shell='cat "$data/digits.npz"', inputs=[channel]))
    task.run()
    assert task.user_log() == b"scans\n"


def test_prefetch_lets_a_script_resume(tmp_path: Path, rig: StartRig, grants: str) -> None:
    """What an earlier attempt left is there before the start, and goes back when it has changed."""
    store = tmp_path / "store"
    (store / "out").mkdir(parents=True)
    (store / "out" / "epoch").write_text("4")
    (store / "out" / "kept").write_text("as it was")
    before = (store / "out" / "kept").stat().st_mtime_ns
    line = 'read -r n < "$out/epoch"; echo $((n + 1)) > "$out/epoch"'
    task = start(rig, order_with(grants, store, line, prefetch=True), store)
    task.run()
    assert (store / "out" / "epoch").read_text() == "5\n"
    assert (store / "out" / "kept").stat().st_mtime_ns == before, "unchanged files are not sent again"
    assert "prefetch_done" in task.server.told.codes()


def test_outputs_come_out_while_it_runs(tmp_path: Path, rig: StartRig, grants: str) -> None:
    """Every `upload_period_s`; a file that grows is sent again."""
    store = tmp_path / "store"
    line = 'echo one > "$out/log"; mkfifo "$HOME/go"; read -r _ < "$HOME/go"; echo two >> "$out/log"'
    task = start(rig, {**order_with(grants, store, line), "upload_period_s": 0.2}, store)
    task.start()
    task.server.wait_for(
        lambda: (store / "out" / "log").exists() and (store / "out" / "log").read_text() == "one\n"
    )
    (task.rundir / "root/home/ma-user/go").write_text("\n")
    task.wait()
    assert (store / "out" / "log").read_text() == "one\ntwo\n"


def test_outputs_of_failed_commands_are_stored(tmp_path: Path, rig: StartRig, grants: str) -> None:
    """What there is of a model after a failure is worth keeping."""
    store = tmp_path / "store"
    task = start(rig, order_with(grants, store, 'echo half > "$out/model"; exit 3'), store)
    assert task.run()["exit_code"] == 3
    assert (store / "out" / "model").read_text() == "half\n"


def test_unwritable_store_after_success(tmp_path: Path, rig: StartRig) -> None:
    """A command that ended well, whose outputs cannot be stored, has not ended well."""
    (tmp_path / "out").write_text("a file where the folder should be")
    channel = folder("out", f"{MOUNT}/outputs/out_0", path_grant(tmp_path / "out"))
    final = rig(make_order(shell='echo x > "$out/model"', outputs=[channel])).run()
    assert (final["reason"], final["exit_code"]) == ("output_upload_failed", 0)
    assert final["message"].startswith("out: ")


def test_links_and_sockets_do_not_get_out(tmp_path: Path, rig: StartRig) -> None:
    """Links that leave the folder, sockets and devices are left out, and the user is told."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    line = f'cd "$out"; echo in > real; ln -s real inner; ln -s {secret} outer; ln -s / top; mkfifo pipe; ln -s no b'
    channel = folder("out", f"{MOUNT}/outputs/out_0", path_grant(tmp_path / "out"))
    task = rig(make_order(shell=line, outputs=[channel]))
    task.run()
    assert read_tree(tmp_path / "out") == {"real": b"in\n", "inner": b"in\n"}
    skipped = {e["slots"]["file"] for e in task.server.told.events if e["code"] == "output_file_skipped"}
    assert skipped == {"outer", "top", "pipe", "b"}


def test_links_and_sockets_do_not_get_in(tmp_path: Path, rig: StartRig) -> None:
    """A link inside a bucket's folder gives nothing of the machine away."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "passwd").symlink_to("/etc/passwd")
    (tmp_path / "data" / "etc").symlink_to("/etc")
    (tmp_path / "data" / "good").write_text("good")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "data" / "socket"))
        channel = folder("data", f"{MOUNT}/inputs/data_0", path_grant(tmp_path / "data"))
        task = rig(make_order(shell='ls "$data"', inputs=[channel]))
        task.run()
    assert task.user_log() == b"good\n"


def test_server_cannot_write_outside(tmp_path: Path, rig: StartRig) -> None:
    """Object names with `..` from a listing are refused."""
    store = tmp_path / "store"
    task = start(rig, order_with("url", store, "echo never"), store)
    (store / "data" / "x").write_text("x")
    task.server.rename = {"x": "../../../../escaped"}
    final = task.run()
    assert final["reason"] == "input_download_failed", task.story()
    assert not list(tmp_path.rglob("escaped"))


def test_local_paths_outside_home(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """Channels and code may lie anywhere in the job's view, not only below home."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_text("hello")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("import sys, os; print(sys.argv[1:], os.getcwd())")
    order = make_order(
        code=folder("", "/home/other/code", path_grant(tmp_path / "code")),
        boot_file="train.py",
        shell="",
        inputs=[folder("data", "/dataset/deep/data", path_grant(tmp_path / "data"))],
        working_dir="/elsewhere/here",
    )
    task = rig(order, launcher)
    assert task.run()["reason"] == "completed", task.story()
    root = "" if launcher == "sandbox" else f"{task.rundir}/root"
    assert task.user_log().decode() == f"['--data={root}/dataset/deep/data'] {root}/elsewhere/here\n"


def test_unsafe_local_path_is_refused(tmp_path: Path, rig: StartRig) -> None:
    """A local path with `..` starts nothing."""
    channel = folder("data", "/home/../../etc", path_grant(tmp_path))
    assert rig(make_order(inputs=[channel])).run()["reason"] == "command_not_found"


def test_log_is_exported(tmp_path: Path, rig: StartRig, grants: str) -> None:
    """The whole log lies at `log_export` under its well-known name."""
    target = tmp_path / "logs"
    target.mkdir()
    order = make_order(
        shell="head -c 9000000 /dev/zero | tr '\\0' 'x'; echo",
        log_export=folder("log", f"{MOUNT}/log", grant(grants, "log_export/0", target)),
    )
    task = rig(order)
    bind(task, {"log_export/0": target})
    assert task.run()["reason"] == "completed", task.story()
    (exported,) = target.iterdir()
    assert exported.name == f"modelarts-job-{order['job_id']}-worker-0.log"
    assert exported.read_bytes() == bytes(task.server.told.log)


def test_x_bit_survives(tmp_path: Path, rig: StartRig) -> None:
    """Scripts stay executable on their way in."""
    (tmp_path / "code").mkdir()
    script = tmp_path / "code" / "run.sh"
    script.write_text("#!/bin/sh\necho ran\n")
    script.chmod(0o755)
    task = rig(
        make_order(
            code=folder("", f"{MOUNT}/user-job-dir/code", path_grant(tmp_path / "code")),
            shell="$WORKSPACE/run.sh",
        )
    )
    task.run()
    assert task.user_log() == b"ran\n"


def test_drafts_are_never_left_in_the_store(tmp_path: Path, rig: StartRig) -> None:
    """Objects in a shared folder appear whole, and nothing unfinished stays."""
    store = tmp_path / "store"
    task = start(rig, order_with("path", store, 'head -c 50000000 /dev/zero > "$out/big"'), store)
    task.run()
    assert not [path for path in store.rglob("*") if path.name.startswith(DRAFT_PREFIX)]
    assert (store / "out" / "big").stat().st_size == 50_000_000


def test_stop_while_staging(tmp_path: Path, rig: StartRig) -> None:
    """A stop during a download that does not get on ends the task at once."""
    store = tmp_path / "store"
    make_tree(store / "data", 5)
    task = start(rig, order_with("url", store, "echo never"), store)
    task.server.faults.object_errors = 1_000_000
    task.start()
    task.server.wait_for(lambda: "input_download_started" in task.server.told.codes())
    task.server.stop_grace_s = 5
    final = task.wait()
    assert (final["reason"], final["exit_code"]) == ("stopped_by_user", 143)
