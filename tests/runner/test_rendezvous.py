"""Tasks that wait for each other, and commands that are started again in place. Real processes, kill -9 included."""

import json
import random
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, folder, make_order, path_grant, poll_until

HOSTS = [f"modelarts-job-x-worker-{index}.modelarts-job-x" for index in range(2)]
OUT = "/home/ma-user/modelarts/outputs/train_url_0"


def pair(**changes: Any) -> dict[str, Any]:
    """The order of the first of two workers."""
    roles = [{"name": "worker", "hosts": HOSTS}]
    return make_order(**{"replicas": 2, "hosts": HOSTS, "roles": roles, "go": None, **changes})


def go(number: int, port: int = 1, resume: dict[str, Any] | None = None) -> dict[str, Any]:
    peers = [{"task": "worker-0", "ip": "127.0.0.1", "port": port}]
    peers.append({"task": "worker-1", "ip": "127.0.0.2", "port": 2})
    return {"round": number, "peers": peers, "resume": resume}


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


class Judge:
    """Says `go` for a rendezvous once it is allowed to, wants `starts`, and notes what it was told."""

    def __init__(self, task: Rig) -> None:
        self.task = task
        self.starts = 0
        self.allowed = -1
        self.finish = False
        self.resume: dict[str, Any] | None = None
        self.ready: list[tuple[int, int]] = []
        self.failed: list[dict[str, Any]] = []
        task.server.verdict = self.judge

    def judge(self, report: dict[str, Any]) -> dict[str, Any]:
        ready, failed = report.get("ready"), report.get("failed")
        answer: dict[str, Any] = {"starts": self.starts}
        if ready:
            self.ready.append((ready["round"], ready["port"]))
            if ready["round"] <= self.allowed:
                answer["go"] = go(ready["round"], ready["port"], self.resume)
        if failed:
            self.failed.append(failed)
            answer["finish"] = self.finish
        return answer

    def await_ready(self, number: int) -> int:
        """Until it is ready for this rendezvous; its port."""
        self.task.server.wait_for(lambda: any(ready[0] == number for ready in self.ready))
        return next(port for round_, port in self.ready if round_ == number)


def test_nobody_starts_alone(rig: StartRig, launcher: str) -> None:
    """Without `go` nothing is started; the port is held until then and free for the command after. Names resolve."""
    line = "; ".join(
        [
            'python3 -c \'import os, socket; s = socket.socket(); s.bind(("", int(os.environ["PORT"]))); print(1)\'',
            "getent hosts ${VC_WORKER_HOSTS##*,}",
            "hostname",
            'test "$MA_PROC_START_CNT" = 1 && cat $HOME/../../etc/volcano/worker.host',
        ]
    )
    task = rig(pair(shell=f"export PORT=$(cat $HOME/port); {line}"), launcher)
    judge = Judge(task)
    task.start()
    port = judge.await_ready(0)
    assert 10_000 <= port < 32_768
    assert not is_free(port)
    (task.rundir / "root/home/ma-user/port").write_text(str(port))
    poll_until(lambda: len(judge.ready) > 3)
    assert not (task.rundir / "shim-command.json").exists()
    assert {port} == {told for _, told in judge.ready}
    judge.allowed = 0
    assert task.wait()["reason"] == "completed", task.story()
    said = task.user_log().decode().split("\n")
    assert said[0] == "1"
    assert said[1].split() == ["127.0.0.2", HOSTS[1], "modelarts-job-x-worker-1"]
    assert said[2] == f"modelarts-job-{task.server.order['job_id']}-worker-0"
    assert said[3:5] == HOSTS
    event = next(event for event in task.server.told.events if event["code"] == "rendezvous_done")
    assert event["slots"]["count"] == 2


def test_without_own_names_addresses_take_their_place(rig: StartRig) -> None:
    """Where no namespaces can be made, the lists of hosts and the arguments carry addresses."""
    from trainwright.runner import child

    names = {
        "hosts": "/nonexistent/hosts",
        "host": "x",
        "addresses": {HOSTS[0]: "10.0.0.1", HOSTS[1]: "10.0.0.2"},
    }
    command = {
        "argv": ["a", f"tcp://{HOSTS[1]}:1"],
        "env": {"VC_WORKER_HOSTS": ",".join(HOSTS)},
        "names": names,
    }
    code = (
        "import json, sys; from trainwright.runner import child;"
        "print(json.dumps(child._named(json.loads(sys.argv[1]))))"
    )
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(command)], capture_output=True, timeout=60, check=True
    )
    assert json.loads(done.stdout) == [["a", "tcp://10.0.0.2:1"], {"VC_WORKER_HOSTS": "10.0.0.1,10.0.0.2"}]
    assert child._named({**command, "names": None}) == (command["argv"], command["env"])


def test_killed_while_waiting(rig: StartRig, launcher: str) -> None:
    """The next supervisor waits on with the same port; once `go` was heard it need not be said again."""
    task = rig(pair(shell="echo started; sleep 0.5"), launcher)
    judge = Judge(task)
    task.start()
    port = judge.await_ready(0)
    task.kill_supervisor()
    heard = len(judge.ready)
    task.start()
    task.server.wait_for(lambda: len(judge.ready) > heard)
    assert {told for _, told in judge.ready} == {port}
    judge.allowed = 0
    task.await_file("shim-command.json")
    task.kill_supervisor()
    judge.allowed = -1
    task.start()
    assert task.wait()["reason"] == "completed", task.story()
    assert task.user_log() == b"started\n"
    assert task.server.told.codes().count("rendezvous_done") == 1


def test_late_words_change_nothing(rig: StartRig) -> None:
    """`go` for other rendezvous and `starts` that were done are passed over."""
    task = rig(pair(shell="echo started; sleep 1"))
    judge = Judge(task)
    task.start()
    judge.await_ready(0)
    task.server.verdict = lambda report: {"go": go(3), "starts": 0}
    heard = len(task.server.told.reports)
    task.server.wait_for(lambda: len(task.server.told.reports) > heard + 3)
    assert not (task.rundir / "shim-command.json").exists()
    task.server.verdict = lambda report: {"go": go(0), "starts": 0}
    assert task.wait()["reason"] == "completed"
    assert task.user_log() == b"started\n"


def test_stop_while_waiting(rig: StartRig) -> None:
    """A stop ends the wait; nothing is started."""
    task = rig(pair(shell="echo never"))
    judge = Judge(task)
    task.start()
    judge.await_ready(0)
    task.server.stop_grace_s = 5
    assert task.wait()["reason"] == "stopped_by_user"
    assert b"never" not in task.server.told.log


STEADY = """
import os, sys, time
count = os.environ["MA_PROC_START_CNT"]
print("start", count, os.environ.get("MA_RESUME_FROM", "-"), flush=True)
out = next(word.partition("=")[2] for word in sys.argv if word.startswith("--train_url="))
with open(f"{out}/of-{count}", "w") as file:
    file.write(count)
if count == "3":
    sys.exit(0)
time.sleep(600)
"""


def steady(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    """A script that hangs in its first two starts, with an output."""
    code = tmp_path / "store/code"
    code.mkdir(parents=True)
    (code / "train.py").write_text(STEADY)
    return pair(
        code=folder("", "/home/ma-user/modelarts/user-job-dir/code", path_grant(code)),
        boot_file="train.py",
        shell="",
        outputs=[folder("train_url", OUT, path_grant(tmp_path / "store/out"))],
        **changes,
    )


def test_started_again_in_place(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """`starts` kills the tree, outputs are sent, all meet again, the log goes on; each start counts."""
    task = rig(steady(tmp_path), launcher)
    judge = Judge(task)
    judge.allowed = 9
    task.start()
    for number in (1, 2):
        task.server.wait_for(lambda count=number: f"start {count} -".encode() in task.server.told.log)  # type: ignore[misc]
        judge.starts = number
        judge.await_ready(number)
        assert (tmp_path / f"store/out/of-{number}").read_text() == str(number)
    assert task.wait()["reason"] == "completed", task.story()
    assert task.user_log() == b"start 1 -\nstart 2 -\nstart 3 -\n"
    codes = task.server.told.codes()
    assert [codes.count(code) for code in ("training_started", "process_started", "training_ended")] == [
        3,
        2,
        1,
    ]
    assert len({port for _, port in judge.ready}) == 3


@pytest.mark.parametrize("number", range(12))
def test_supervisor_killed_around_a_restart(tmp_path: Path, rig: StartRig, number: int) -> None:
    """Three kills at random moments around two restarts in place: every start happens exactly once."""
    chance = random.Random(number)
    task = rig(steady(tmp_path), ("process", "sandbox")[number % 2])
    judge = Judge(task)
    judge.allowed = 9
    task.start()
    task.server.wait_for(lambda: b"start 1 -" in task.server.told.log)
    judge.starts = 1
    for _ in range(3):
        threading.Event().wait(chance.uniform(0.0, 0.4))
        task.kill_supervisor()
        task.start()
    task.server.wait_for(lambda: b"start 2 -" in task.server.told.log)
    judge.starts = 2
    threading.Event().wait(chance.uniform(0.0, 0.4))
    task.kill_supervisor()
    task.start()
    assert task.wait()["reason"] == "completed", task.story()
    assert task.user_log() == b"start 1 -\nstart 2 -\nstart 3 -\n"
    events = task.server.told.events
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    codes = task.server.told.codes()
    assert [codes.count(code) for code in ("training_started", "process_started", "training_ended")] == [
        3,
        2,
        1,
    ]


def test_failed_command_waits_for_the_verdict(rig: StartRig, launcher: str) -> None:
    """With process retries a failure is told and not final: another start, then `finish`."""
    task = rig(pair(shell="echo $MA_PROC_START_CNT; exit 7", process_retries=1), launcher)
    judge = Judge(task)
    judge.allowed = 9
    task.start()
    task.server.wait_for(lambda: bool(judge.failed))
    assert judge.failed[0] == {"round": 0, "reason": "user_exit", "exit_code": 7}
    assert not task.server.told.finals
    task.kill_supervisor()
    heard = len(judge.failed)
    task.start()
    task.server.wait_for(lambda: len(judge.failed) > heard)
    judge.starts = 1
    task.server.wait_for(lambda: judge.failed[-1]["round"] == 1)
    judge.finish = True
    final = task.wait()
    assert (final["reason"], final["exit_code"]) == ("user_exit", 7), task.story()
    assert task.user_log() == b"1\n2\n"


def test_stop_while_waiting_for_the_verdict(rig: StartRig) -> None:
    """The command has failed: that is what is told."""
    task = rig(pair(shell="exit 7", process_retries=1))
    judge = Judge(task)
    judge.allowed = 0
    task.start()
    task.server.wait_for(lambda: bool(judge.failed))
    task.server.stop_grace_s = 3
    assert task.wait()["exit_code"] == 7


@pytest.mark.parametrize("by_url", [False, True])
@pytest.mark.parametrize("prefetch", [False, True])
def test_checkpoint_is_fetched_before_each_start(
    tmp_path: Path, rig: StartRig, *, by_url: bool, prefetch: bool
) -> None:
    """Only the checkpoint itself, or all that is new; it is not sent back."""
    store = tmp_path / "store/out"
    (store / "step_5").mkdir(parents=True)
    (store / "step_5/model.pt").write_text("five")
    (store / "other.txt").write_text("other")
    order = steady(tmp_path, resume={"output": 0, "path": "step_5/", "step": 5})
    grant = {"kind": "url", "url": ""} if by_url else path_grant(store)
    order["outputs"] = [folder("train_url", OUT, grant, prefetch=prefetch)]
    task = rig(order)
    if by_url:
        base = f"{task.server.url}/runner/v1/attempts/{task.launch['attempt_key']}/tasks/worker-0"
        order["outputs"][0]["grant"]["url"] = f"{base}/files/outputs/0"
        task.server.objects["outputs/0"] = store
    judge = Judge(task)
    judge.allowed = 9
    task.start()
    task.server.wait_for(lambda: b"start 1 " in task.server.told.log)
    here = task.rundir / f"root{OUT}"
    assert (here / "step_5/model.pt").read_text() == "five"
    assert (here / "other.txt").exists() == prefetch
    (store / "step_9.pt").write_text("nine")
    (store / "late.txt").write_text("late")
    before = (store / "step_5/model.pt").stat().st_mtime_ns
    judge.resume = {"output": 0, "path": "step_9.pt", "step": 9}
    judge.starts = 1
    task.server.wait_for(lambda: b"start 2 " in task.server.told.log)
    assert (here / "step_9.pt").read_text() == "nine"
    assert (here / "late.txt").exists() == prefetch
    judge.starts = 2
    assert task.wait()["reason"] == "completed", task.story()
    said = task.user_log().decode().splitlines()
    assert said == [f"start 1 {here}/step_5", f"start 2 {here}/step_9.pt", f"start 3 {here}/step_9.pt"]
    assert (store / "step_5/model.pt").stat().st_mtime_ns == before
    assert sorted(path.name for path in store.glob("of-*")) == ["of-1", "of-2", "of-3"]
    assert task.server.told.codes().count("resume_point") == 3


def test_checkpoint_that_is_gone_fails_the_task(tmp_path: Path, rig: StartRig) -> None:
    """Going on from nothing would lose work in silence."""
    (tmp_path / "store/out").mkdir(parents=True)
    task = rig(steady(tmp_path, resume={"output": 0, "path": "step_5.pt", "step": 5}))
    Judge(task).allowed = 0
    final = task.run()
    assert final["reason"] == "input_download_failed"
    assert "step_5.pt" in final["message"]
