"""What a job reports reaches the server: all of it, once, whoever is killed meanwhile. Stops are heard inside."""

import json
import random
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, folder, make_order, path_grant, poll_until
from tests.runner.test_rendezvous import OUT, Judge
from tests.runner.test_tfevents import scalar_record
from trainwright.runner.beneath import Place
from trainwright.runner.inside import Reports
from trainwright.runner.points import POINTS_PER_REPORT, Points

REPETITIONS = 12
INSIDE = "root/home/ma-user/modelarts/run/inside"
STEADY = """
import os, time
from trainwright import inside
children = []
while len(children) < 2 and all(children):
    children.append(os.fork())
for step in range(150):
    if all(children):
        inside.report(step=step, loss=step / 4)
    inside.report(counted=step)
    time.sleep(0.005)
if not all(children):
    os._exit(0)
for child in children:
    os.waitpid(child, 0)
"""


def python(script: str) -> str:
    """A command line that runs it."""
    return f"{sys.executable} - <<'EOF'\n{script}\nEOF"


def series(task: Rig) -> dict[str, dict[int, float]]:
    """As a server keeps them: one value for each step, the last one told."""
    found: dict[str, dict[int, float]] = {}
    for report in task.server.told.reports:
        for points in report.get("points", ()):
            assert len(points["steps"]) == len(points["values"]) == len(points["times"])
            kept = found.setdefault(points["name"], {})
            kept.update(zip(points["steps"], map(float, points["values"]), strict=True))
    return found


def check_steady(task: Rig) -> None:
    """Nothing lost, nothing doubled: three processes counted one series, none of them alone."""
    found = series(task)
    assert found["loss"] == {step: step / 4 for step in range(150)}, task.story()
    assert sorted(found["counted"]) == list(range(450))
    assert sorted(found["counted"].values()) == sorted([*range(150)] * 3)


def test_everything_is_there_before_the_end_is_told(rig: StartRig, launcher: str) -> None:
    """Also what was said with the last breath; from every process."""
    task = rig(make_order(shell=python(STEADY)), launcher)
    final = task.run()
    assert final["exit_code"] == 0, task.story()
    check_steady(task)
    last = max(number for number, report in enumerate(task.server.told.reports) if report.get("points"))
    ends = [number for number, report in enumerate(task.server.told.reports) if report["final"] is not None]
    assert last <= ends[0]


@pytest.mark.parametrize("number", range(REPETITIONS))
def test_killed_amid_reports(rig: StartRig, number: int) -> None:
    """Supervisors are killed at random moments, and answers are lost."""
    chance = random.Random(number)
    task = rig(make_order(shell=python(STEADY)), ("process", "sandbox")[number % 2])
    for _ in range(3):
        task.start()
        assert task.process is not None
        threading.Event().wait(chance.uniform(0.1, 0.7))
        task.server.faults.drops_after = chance.randrange(3)
        task.kill_supervisor()
    task.start()
    assert task.wait()["exit_code"] == 0, task.story()
    check_steady(task)


def test_a_server_that_is_away(rig: StartRig) -> None:
    """The job goes on; all of it is told later, in reports that are not too large."""
    script = (
        "from trainwright import inside\n"
        "for step in range(7000):\n    inside.report({'a': step, 'b': -step}, step=step)"
    )
    task = rig(make_order(shell=python(script)))
    task.start()
    task.server.wait_for(lambda: bool(task.server.told.registrations))
    task.server.pause()
    task.await_file("exit-command.json")
    task.server.resume()
    task.wait()
    assert series(task) == {
        "a": {step: float(step) for step in range(7000)},
        "b": {step: -float(step) for step in range(7000)},
    }
    sizes = [
        sum(len(points["steps"]) for points in report.get("points", ()))
        for report in task.server.told.reports
    ]
    assert POINTS_PER_REPORT <= max(sizes) < POINTS_PER_REPORT + 200


def test_not_a_number_is_told_as_a_word(rig: StartRig) -> None:
    """JSON knows no NaN."""
    task = rig(
        make_order(
            shell=python(
                "from trainwright import inside\ninside.report(step=1, a=float('nan'), b=float('inf'))"
            )
        )
    )
    task.run()
    (points,) = [report["points"] for report in task.server.told.reports if report.get("points")]
    assert {each["name"]: each["values"] for each in points} == {"a": ["NaN"], "b": ["Infinity"]}


def test_a_checkpoint_is_sent_at_once(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """Not at the next half minute: the next machine may be needed before."""
    script = """
import os, sys, time
from trainwright import inside
out = sys.argv[1]
open(out + "/m.pt", "w").write("weights")
inside.checkpoint(out + "/m.pt", step=3, loss=0.5)
while not os.path.exists(os.environ["HOME"] + "/go"):
    time.sleep(0.02)
inside.checkpoint("/elsewhere/m.pt")
inside.checkpoint("/elsewhere/n.pt")
"""
    store = tmp_path / "store"
    store.mkdir()
    root = "" if launcher == "sandbox" else f"{tmp_path}/run/root"
    line = python(script).replace(" - ", f" - {root}{OUT} ", 1)
    task = rig(make_order(shell=line, outputs=[folder("train_url", OUT, path_grant(store))]), launcher)
    task.start()
    poll_until((store / "m.pt").exists, story=task.story)
    assert not task.server.told.finals
    (task.rundir / "root/home/ma-user/go").touch()
    assert task.wait()["exit_code"] == 0, task.story()
    assert series(task) == {"loss": {3: 0.5}}
    outside = [event for event in task.server.told.events if event["code"] == "checkpoint_outside"]
    assert [event["slots"] for event in outside] == [{"name": "/elsewhere/m.pt"}]


@pytest.mark.parametrize("how", ["server", "signal"])
def test_a_stop_is_heard_inside(tmp_path: Path, rig: StartRig, launcher: str, how: str) -> None:
    """A user's stop and a machine that is wanted back alike: the script saves and leaves by itself."""
    script = """
import sys, time
from trainwright import inside
print("up", inside.should_stop(), flush=True)
while not inside.should_stop():
    time.sleep(0.01)
open(sys.argv[1] + "/last.pt", "w").write("weights")
print("saved", flush=True)
"""
    store = tmp_path / "store"
    store.mkdir()
    root = "" if launcher == "sandbox" else f"{tmp_path}/run/root"
    line = "exec " + python(script).replace(" - ", f" - {root}{OUT} ", 1)
    task = rig(
        make_order(shell=line, outputs=[folder("train_url", OUT, path_grant(store))], grace_s=30), launcher
    )
    task.start()
    task.server.wait_for(lambda: b"up False" in task.server.told.log)
    assert task.process is not None
    if how == "server":
        task.server.stop_grace_s = 30
    else:
        task.process.terminate()
    final = task.wait()
    assert final["reason"] == ("stopped_by_user" if how == "server" else "preempted"), task.story()
    assert b"saved" in task.server.told.log
    assert (store / "last.pt").exists()
    assert "killed_after_grace" not in task.server.told.codes()


def test_event_files_in_outputs(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """As they grow; what an earlier attempt left is not told again."""
    store = tmp_path / "store"
    (store / "old").mkdir(parents=True)
    (store / "old" / "a.tfevents").write_bytes(scalar_record("loss", 1, 1.0))
    new = scalar_record("loss", 2, 2.0) + scalar_record("loss", 3, 3.0)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "new").write_bytes(new)
    code = "/home/ma-user/modelarts/user-job-dir/code"
    line = (
        "cd $train_url && mkdir new && cat $MA_JOB_DIR/code/new > new/a.tfevents;"
        " while ! [ -e $HOME/go ]; do sleep 0.05; done; cat $MA_JOB_DIR/code/new >> old/a.tfevents"
    )
    task = rig(
        make_order(
            shell=line,
            code=folder("", code, path_grant(tmp_path / "code")),
            outputs=[folder("train_url", OUT, path_grant(store), prefetch=True)],
        ),
        launcher,
    )
    task.start()
    task.server.wait_for(lambda: series(task).get("loss", {}).get(3) == 3.0)
    (task.rundir / "root/home/ma-user/go").touch()
    assert task.wait()["exit_code"] == 0, task.story()
    assert series(task) == {"loss": {2: 2.0, 3: 3.0}, "old/loss": {2: 2.0, 3: 3.0}}


def test_a_start_in_place_goes_on_counting(rig: StartRig) -> None:
    """Steps that are told again replace, numbers that are counted go on."""
    script = (
        "import sys\nfrom trainwright import inside\n"
        "for step in range(5):\n    inside.report(step=step, loss=inside.start()); inside.report(n=1)\n"
        "sys.exit(3)"
    )
    task = rig(make_order(shell=python(script), process_retries=1))
    judge = Judge(task)
    judge.allowed = 1
    task.start()
    task.server.wait_for(lambda: bool(judge.failed))
    judge.starts = 1
    judge.finish = True
    assert task.wait()["exit_code"] == 3, task.story()
    assert series(task) == {
        "loss": dict.fromkeys(range(5), 2.0),
        "n": dict.fromkeys(range(10), 1.0),
    }


@pytest.mark.parametrize(
    "mischief",
    [
        "rm -rf $TRAINWRIGHT_INSIDE",
        "rm -rf $TRAINWRIGHT_INSIDE; ln -s /etc $TRAINWRIGHT_INSIDE",
        "ln -s /etc/passwd $TRAINWRIGHT_INSIDE/reports-1-a.jsonl; mkfifo $TRAINWRIGHT_INSIDE/reports-2-a.jsonl",
        "cd $TRAINWRIGHT_INSIDE; mkdir reports-1-a.jsonl; head -c 300000 /dev/urandom > reports-3-b.jsonl",
        """head -c 100000 /dev/zero | tr '\\0' '[' > $TRAINWRIGHT_INSIDE/reports-3-b.jsonl""",
        """echo '{"kind":"metrics","step":"x","values":3}
[1]
{"kind":"metrics","step":1,"at_ms":-5,"values":{"a":"b","c":null,"d":1e999}}
{"kind":"checkpoint"}
{"kind":"metrics","step":99999999999999999999999999,"values":{"a":1}}' > $TRAINWRIGHT_INSIDE/reports-3-b.jsonl""",
    ],
)
def test_a_job_may_do_there_what_it_likes(rig: StartRig, mischief: str) -> None:
    """It ends as ever, and no supervisor falls over it."""
    task = rig(make_order(shell=f"{mischief}; sleep 1.2; true"), "sandbox")
    assert task.run()["exit_code"] == 0, task.story()
    assert not (task.rundir / "supervisor.log").read_text()


class Desk:
    """Reports of a folder, without processes."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.state: Any = SimpleNamespace(facts={}, save=lambda: None)
        self.checkpoints: list[str] = []
        place = Place(str(base), "inside")
        (base / "inside").mkdir()
        state: Any = self.state
        self.points = Points(state, lambda noted: [Reports(place, self.checkpoints.append)])

    def tell(self, *values: float, name: str = "reports-1-a.jsonl") -> None:
        lines = [{"kind": "metrics", "step": None, "at_ms": 1, "values": {"loss": value}} for value in values]
        with (self.base / "inside" / name).open("a") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))


def test_a_report_that_is_refused_is_not_repeated_at_once(tmp_path: Path) -> None:
    """Guards the server against a runner that it cannot read."""
    desk = Desk(tmp_path)
    desk.tell(1)
    assert not desk.points.drained()
    now = time.monotonic()
    assert desk.points.due_in(now) == 0.0
    assert desk.points.take(now)
    desk.points.failed(refused=True)
    assert desk.points.due_in(time.monotonic()) > 1
    desk.points.failed()
    assert desk.points.due_in(time.monotonic()) == 0.0


def test_points_wait_for_company(tmp_path: Path) -> None:
    """A report for every point of a fast loop would keep the server busy; what comes meanwhile goes along."""
    desk = Desk(tmp_path)
    desk.tell(1)
    desk.points.look()
    assert desk.points.take(100.0) and desk.points.due_in(100.0) > 1
    desk.points.stored()
    desk.tell(2, 3)
    desk.points.look(thorough=True)
    assert 2.4 < desk.points.due_in(100.0) <= 2.5
    desk.tell(4)
    desk.points.look(thorough=True)
    (points,) = desk.points.take(102.5)
    assert points["steps"] == [1, 2, 3] and points["values"] == [2.0, 3.0, 4.0]
    desk.tell(*range(3000))
    desk.points.failed()
    desk.points.look(thorough=True)
    assert desk.points.due_in(102.5) == 0.0, "a whole report waits for nothing"


def test_files_that_are_over_are_taken_away(tmp_path: Path) -> None:
    """Once all of them is stored, and not before; nothing is remembered of them."""
    desk = Desk(tmp_path)
    desk.tell(1)
    path = tmp_path / "inside" / "reports-1-a.jsonl"
    with path.open("a") as file:
        file.write('{"kind":"end"}\n')
    desk.points.look()
    assert desk.points.take(0.0) and path.exists()
    desk.points.failed()
    desk.points.look(thorough=True)
    desk.points.take(0.0)
    desk.points.stored()
    assert not path.exists() and desk.state.facts["points"] == {
        "marks": {},
        "counts": {"loss": 1},
        "runs": {},
    }
    desk.tell(2)
    desk.points.look(thorough=True)
    assert desk.points.take(0.0)[0]["steps"] == [1]


def test_half_a_line_waits_for_the_rest(tmp_path: Path) -> None:
    """A line counts once it ends; one that is longer than any of ours is passed over."""
    desk = Desk(tmp_path)
    path = tmp_path / "inside" / "reports-1-a.jsonl"
    line = b'{"kind":"metrics","step":1,"at_ms":1,"values":{"a":1}}\n'
    path.write_bytes(line[:20])
    desk.points.look(thorough=True)
    assert not desk.points.take(0.0)
    path.write_bytes(line + b"x" * 200_000 + b"\n" + line.replace(b'"a"', b'"b"'))
    desk.points.look(thorough=True)
    assert {points["name"] for points in desk.points.take(0.0)} == {"a", "b"}
