"""What the command sees, and what is reported about its end. Real processes under both launchers."""

import hashlib
import json
import os
import signal
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, folder, make_order, path_grant, poll_until

CODE_AT = "/home/ma-user/modelarts/user-job-dir/digits"


def order_of_script(tmp_path: Path, script: str, **changes: Any) -> dict[str, Any]:
    """An order whose boot file is `script`."""
    store = tmp_path / "store" / "digits"
    store.mkdir(parents=True)
    (store / "train.py").write_text(textwrap.dedent(script))
    return make_order(code=folder("", CODE_AT, path_grant(store)), boot_file="train.py", shell="", **changes)


def test_the_lists_of_hosts_are_found(rig: StartRig, launcher: str) -> None:
    """By a variable, as nothing can be laid at /etc/volcano without a sandbox."""
    task = rig(make_order(shell="cat $MA_VOLCANO_DIR/worker.host $MA_VOLCANO_DIR/task0.host"), launcher)
    assert task.run(20)["reason"] == "completed"
    assert task.user_log() == b"modelarts-job-11112222-worker-0\n" * 2


@pytest.mark.parametrize(("name", "can"), [("dataset", b"no"), ("data_url", b"yes")])
def test_fixed_inputs_are_for_reading(tmp_path: Path, rig: StartRig, name: str, can: bytes) -> None:
    """In the sandbox; an input that lies there for another reason can be written."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("1,2\n")
    line = "cat /dataset/a.csv; touch /dataset/b 2>&- && echo yes || echo no"
    task = rig(make_order(shell=line, inputs=[folder(name, "/dataset", path_grant(data))]), "sandbox")
    assert task.run(20)["reason"] == "completed"
    assert task.user_log() == b"1,2\n" + can + b"\n"


def test_script_sees_contract(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """Arguments, environment and working folder are those that ModelArts scripts rely on."""
    script = """
        import json, os, sys
        print(json.dumps({"argv": sys.argv, "env": dict(os.environ), "cwd": os.getcwd()}))
    """
    data, model = tmp_path / "data", tmp_path / "model"
    data.mkdir()
    (data / "digits.csv").write_text("1,2")
    order = order_of_script(
        tmp_path,
        script,
        arguments=["--epochs=3", "--note=a b"],
        environment={"MY_OWN": "1", "MA_TASK_NAME": "mine"},
        inputs=[
            folder("data_url", "/home/ma-user/modelarts/inputs/data_url_0", path_grant(data)),
            folder(
                "extra", "/home/ma-user/modelarts/inputs/extra_1", path_grant(data), pass_as="environment"
            ),
        ],
        outputs=[folder("train_url", "/home/ma-user/modelarts/outputs/train_url_0", path_grant(model))],
    )
    task = rig(order, launcher)
    assert task.run() == {"reason": "completed", "exit_code": 0, "message": ""}
    seen = json.loads(task.user_log())
    root = "" if launcher == "sandbox" else str(task.rundir / "root")
    mount = f"{root}/home/ma-user/modelarts"
    assert seen["argv"] == [
        f"{root}{CODE_AT}/train.py",
        "--epochs=3",
        "--note=a b",
        f"--data_url={mount}/inputs/data_url_0",
        f"--train_url={mount}/outputs/train_url_0",
    ]
    env = seen["env"]
    assert env["MA_JOB_DIR"] == seen["cwd"] == f"{mount}/user-job-dir"
    assert env["PYTHONPATH"] == f"{mount}/user-job-dir:{mount}/run/lib"
    assert env["WORKSPACE"] == root + CODE_AT
    assert env["MA_MOUNT_PATH"] == mount
    assert env["extra"] == f"{mount}/inputs/extra_1"
    assert (env["VC_TASK_INDEX"], env["VC_WORKER_NUM"], env["MA_NUM_GPUS"]) == ("0", "1", "0")
    assert env["MA_CURRENT_INSTANCE_NAME"].startswith("modelarts-job-")
    assert env["OMP_NUM_THREADS"] == "2"
    assert (env["MY_OWN"], env["MA_TASK_NAME"]) == ("1", "mine"), "the user's own variables win"
    assert "SECRET_OF_THE_SERVER" not in env, "nothing of the supervisor's environment leaks"


def test_events_come_in_order_and_once(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """The story of a job without trouble."""
    (tmp_path / "model").mkdir()
    output = folder(
        "train_url", "/home/ma-user/modelarts/outputs/train_url_0", path_grant(tmp_path / "model")
    )
    task = rig(order_of_script(tmp_path, "print('hi')", outputs=[output]), launcher)
    task.run()
    told = task.server.told
    assert told.codes() == [
        *("precheck_started", "launcher", "precheck_done", "code_download_started", "code_download_done"),
        *("training_started", "training_ended", "output_upload_started", "output_upload_done"),
    ]
    assert [event["seq"] for event in told.events] == list(range(1, len(told.events) + 1))
    done = next(event for event in told.events if event["code"] == "code_download_done")
    assert float(done["slots"]["seconds"]) >= 0
    lines = bytes(told.log).decode().splitlines()
    assert lines[0].startswith("[ModelArts Service Log] 20")
    assert lines[-1].endswith("Training end with return code: 0")


ENDINGS = [
    ("import sys; print('x'); sys.exit(3)", "user_exit", 3),
    ("import os; os.kill(os.getpid(), 11)", "user_signal", 139),
    ("import os; os.kill(os.getpid(), 9)", "user_signal", 137),
    ("def broken(:\n", "user_exit", 1),
    ("raise MemoryError", "user_exit", 1),
    ("import signal, os; signal.signal(15, signal.SIG_DFL); os.kill(os.getpid(), 15)", "user_signal", 143),
]


@pytest.mark.parametrize(("script", "reason", "code"), ENDINGS)
def test_endings(tmp_path: Path, rig: StartRig, launcher: str, script: str, reason: str, code: int) -> None:
    """Each way of ending gives its reason and the exit code a shell would show."""
    task = rig(order_of_script(tmp_path, script), launcher)
    final = task.run()
    assert (final["reason"], final["exit_code"]) == (reason, code), task.story()


def test_missing_boot_file(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """The command is not started, and the message names the file."""
    order = order_of_script(tmp_path, "print(1)")
    final = rig({**order, "boot_file": "other.py"}, launcher).run()
    assert (final["reason"], final["exit_code"]) == ("command_not_found", 127)
    assert "other.py" in final["message"]


def test_boot_file_outside_code_is_refused(tmp_path: Path, rig: StartRig) -> None:
    """A path from the server never leaves its folder."""
    order = order_of_script(tmp_path, "print(1)")
    assert rig({**order, "boot_file": "../../x.py"}).run()["reason"] == "command_not_found"


def test_command_line_is_given_as_it_is(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """`bash -c` with nothing appended, from home; channels are told by variables."""
    channel = folder("data_url", "/data/in", path_grant(tmp_path))
    order = make_order(
        shell='echo "$# $PWD $data_url"; test -d "$data_url" && exit 7', inputs=[channel], arguments=["--a=1"]
    )
    (tmp_path / "one").write_text("1")
    task = rig(order, launcher)
    assert task.run()["exit_code"] == 7
    root = "" if launcher == "sandbox" else f"{task.rundir}/root"
    assert task.user_log().decode().split() == ["0", f"{root}/home/ma-user", f"{root}/data/in"]


def test_binary_output_is_kept_byte_by_byte(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """Output is bytes: NULs, bad UTF-8, no final newline."""
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 4000 + b'no newline')"
    task = rig(order_of_script(tmp_path, script), launcher)
    task.run()
    expected = bytes(range(256)) * 4000 + b"no newline"
    log = bytes(task.server.told.log)
    begin = log.index(bytes(range(256)))
    assert log[begin : begin + len(expected)] == expected
    assert log[begin + len(expected) :].startswith(b"\n[ModelArts Service Log]"), (
        "platform lines begin a line"
    )


@pytest.mark.slow
def test_64_mib_of_output_arrive_whole(tmp_path: Path, rig: StartRig) -> None:
    """Much output in little memory, nothing lost."""
    script = """
        import hashlib, os, sys
        digest = hashlib.sha256()
        for number in range(1024):
            block = hashlib.sha256(str(number).encode()).hexdigest().encode() * 1024
            sys.stdout.buffer.write(block)
            digest.update(block)
        sys.stdout.flush()
        open(os.environ["MA_LOG_DIR"] + "/digest", "w").write(digest.hexdigest())
    """
    task = rig(order_of_script(tmp_path, script))
    task.run(120)
    log = bytes(task.server.told.log)
    begin = log.index(b"\n") + 1
    digest = (task.rundir / "root/home/ma-user/modelarts/log/digest").read_text()
    assert hashlib.sha256(log[begin : begin + (64 << 20)]).hexdigest() == digest


@pytest.mark.slow
def test_output_beyond_the_cap_is_dropped_with_one_notice(
    tmp_path: Path, rig: StartRig, launcher: str
) -> None:
    """200 MB printed, 1 MiB kept; the command is not disturbed and its exit code counts."""
    script = """
        import sys
        for number in range(200):
            sys.stdout.write(f"{number:07d} ".ljust(1000, "x") * 1000 + "\\n")
        sys.exit(5)
    """
    task = rig(order_of_script(tmp_path, script, log_limit_bytes=1 << 20), launcher)
    assert task.run(120)["exit_code"] == 5
    log = bytes(task.server.told.log)
    assert log.count(b"modelarts-pope: log length overflow(max:1048576; already: ") == 1
    assert log.index(b"\nmodelarts-pope") == 1 << 20
    assert len(log) < (1 << 20) + 1000
    assert task.server.told.codes().count("log_overflow") == 1


DAEMON = """
    import os, sys, time
    print("parent", flush=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            print("daemon", flush=True)
            time.sleep(600)
        os._exit(0)
    os.wait()
    time.sleep(0.2)
    sys.exit(4)
"""


def test_daemons_are_ended_with_the_command(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """What forks away twice and holds the output open neither lives on nor delays the end."""
    task = rig(order_of_script(tmp_path, DAEMON), launcher)
    final = task.run(30)
    assert (final["reason"], final["exit_code"]) == ("user_exit", 4)
    assert b"daemon" in task.user_log()


def test_stop_lets_the_command_end_itself(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """SIGTERM reaches the script under either launcher; what it saves in its grace is uploaded. Nobody asked us."""
    script = """
        import os, signal, sys, time
        def leave(number, frame):
            open(sys.argv[1].partition("=")[2] + "/checkpoint", "w").write("saved")
            print("saved", flush=True)
            sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
        print("ready", flush=True)
        time.sleep(600)
    """
    model = tmp_path / "model"
    output = folder("train_url", "/home/ma-user/modelarts/outputs/train_url_0", path_grant(model))
    task = rig(order_of_script(tmp_path, script, outputs=[output], grace_s=20), launcher)
    task.start()
    task.server.wait_for(lambda: b"ready" in task.server.told.log)
    assert task.process is not None
    task.process.terminate()
    final = task.wait()
    assert (final["reason"], final["exit_code"]) == ("preempted", 0), task.story()
    assert (model / "checkpoint").read_text() == "saved"
    assert "killed_after_grace" not in task.server.told.codes()
    assert "stopping" in task.server.told.codes()


def test_stop_kills_what_ignores_sigterm(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """The server's stop, a deaf command: killed after the grace, and the event says so."""
    script = """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("ready", flush=True)
        time.sleep(600)
    """
    task = rig(order_of_script(tmp_path, script), launcher)
    task.start()
    task.server.wait_for(lambda: b"ready" in task.server.told.log)
    task.server.stop_grace_s = 1
    final = task.wait()
    assert (final["reason"], final["exit_code"]) == ("stopped_by_user", 137), task.story()
    assert "killed_after_grace" in task.server.told.codes()


def test_stop_file_of_the_backend_counts(tmp_path: Path, rig: StartRig) -> None:
    """`stop.json` alone is enough, and it is there before the supervisor: nothing is ever started."""
    task = rig(order_of_script(tmp_path, "print('never')"))
    (task.rundir / "stop.json").write_text('{"grace_s": 3}')
    final = task.run()
    assert (final["reason"], final["exit_code"]) == ("stopped_by_user", 143)
    assert b"never" not in task.server.told.log


def test_shorter_grace_wins(tmp_path: Path, rig: StartRig) -> None:
    """A second stop with less grace ends a command that is using up a long one."""
    script = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
    )
    task = rig(order_of_script(tmp_path, script, grace_s=600))
    task.start()
    task.server.wait_for(lambda: b"ready" in task.server.told.log)
    assert task.process is not None
    task.process.terminate()
    task.server.wait_for(lambda: "stopping" in task.server.told.codes())
    task.server.stop_grace_s = 0
    assert task.wait()["reason"] == "preempted"


def test_prestart_runs_before_in_the_same_environment(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """`ma-pre-start.sh` beside the boot file."""
    order = order_of_script(tmp_path, "import os; print('second', os.path.exists('made'))")
    (tmp_path / "store/digits/ma-pre-start.sh").write_text('echo "first $MA_TASK_NAME"; touch made')
    task = rig(order, launcher)
    assert task.run()["reason"] == "completed"
    assert task.user_log() == b"first worker\nsecond True\n"
    assert "prestart_started" in task.server.told.codes()


def test_failing_prestart_ends_the_task(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """The command is not started after a failed pre-start script."""
    order = order_of_script(tmp_path, "print('never')")
    (tmp_path / "store/digits/ma-pre-start.py").write_text("import sys; sys.exit(6)")
    task = rig(order, launcher)
    final = task.run()
    assert (final["reason"], final["exit_code"]) == ("user_exit", 6)
    assert b"never" not in task.server.told.log


def test_sandbox_hides_the_machine(tmp_path: Path, rig: StartRig) -> None:
    """No token, no other folders; own host name, user, /tmp and hosts file; the system cannot be written."""
    script = f"""
        import getpass, os, socket
        facts = [os.path.exists({str(tmp_path)!r} + "/run/launch.json"), os.path.exists("/srv"),
                 getpass.getuser(), os.listdir("/home"), os.access("/usr", os.W_OK),
                 socket.gethostbyname("modelarts-job-11112222-worker-0"), os.uname().nodename[:14]]
        open("/tmp/mine", "w").close(); open("/cache/mine", "w").close(); open("/dev/shm/mine", "w").close()
        assert not any("launch.json" in name for _, _, files in os.walk("/tmp") for name in files)
        print(facts)
    """
    task = rig(order_of_script(tmp_path, script), "sandbox")
    assert task.run()["reason"] == "completed", task.story()
    expected = [False, False, "ma-user", ["ma-user"], False, "127.0.0.1", "modelarts-job-"]
    assert task.user_log().decode().strip() == str(expected)


def test_killed_shim_takes_the_command_along(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """kill -9 of the shim: the command and its children die, and it is told as the platform's fault."""
    task = rig(order_of_script(tmp_path, DAEMON.replace("time.sleep(0.2)", "time.sleep(600)")), launcher)
    task.start()
    task.server.wait_for(lambda: b"daemon" in task.server.told.log)
    os.kill(task.shim_pid(), signal.SIGKILL)
    final = task.wait(30)
    assert final["reason"] == "runner_lost", task.story()
    assert final["message"]


def test_second_supervisor_leaves(tmp_path: Path, rig: StartRig) -> None:
    """Two supervisors of one task never work side by side."""
    task = rig(make_order(shell="sleep 600"))
    task.start()
    task.await_file("shim-command.json")
    first = task.process
    task.start()
    assert task.process is not None
    assert task.process.wait(20) == 3
    task.process = first
    task.server.stop_grace_s = 0
    assert task.wait()["reason"] == "stopped_by_user"


def test_finished_task_is_not_run_again(rig: StartRig) -> None:
    """Started on a finished folder, the supervisor only leaves."""
    task = rig(make_order(shell="echo once"))
    task.run()
    reports = len(task.server.told.reports)
    task.start()
    assert task.process is not None
    assert task.process.wait(20) == 0
    assert len(task.server.told.reports) == reports
    assert task.user_log() == b"once\n"


def test_samples_are_told(rig: StartRig) -> None:
    """Once a second while the command runs."""
    task: Rig = rig(
        make_order(
            shell="exec python3 -c 'while True: pass'", resources={**make_order()["resources"], "cpus": 1.0}
        )
    )
    task.start()
    task.server.wait_for(
        lambda: sum(len(batch["values"]["cpuUsage"]) for batch in task.server.told.samples) >= 3
    )
    values = task.server.told.samples[-1]["values"]
    assert max(values["cpuUsage"]) > 5
    assert values["memBytes"][-1] > 1 << 20
    assert set(values) == {
        *(
            "cpuUsage",
            "memUsage",
            "gpuUtil",
            "gpuMemUsage",
            "npuUtil",
            "npuMemUsage",
            "memBytes",
            "diskBytes",
        ),
        *("networkReceive", "networkSend", "diskRead", "diskWrite"),
    }
    task.server.stop_grace_s = 0
    task.wait()
    poll_until(lambda: not (task.rundir / "log").exists() or len(list((task.rundir / "log").iterdir())) <= 1)
