"""Python stacks of a running command, taken with the real py-spy."""

import time
from pathlib import Path

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, make_order, poll_until
from trainwright.domain.stacks import parse
from trainwright.runner.stacks import Looker

PY_SPY = str(Path(__file__).resolve().parents[2] / ".venv/bin/py-spy")
WAITER = """
import sys, threading
def waits_for_ever():
    print("ready", flush=True)
    threading.Event().wait()
waits_for_ever()
"""


def started(rig: StartRig, launcher: str, processes: int = 1, py_spy: str = PY_SPY) -> Rig:
    """A task with so many waiting processes."""
    line = 'for i in $(seq $COUNT); do python3 -c "$WAITER" & done; wait'
    order = make_order(shell=line, environment={"WAITER": WAITER, "COUNT": str(processes)}, grace_s=1)
    task = rig(order, launcher)
    task.launch["py_spy"] = py_spy
    task.start()
    task.server.wait_for(lambda: task.server.told.log.count(b"ready") == processes)
    return task


def ask_for(task: Rig, number: int) -> None:
    """The server wants stacks, and says so with every answer."""
    task.server.verdict = lambda report: {"stacks": number}


def end(task: Rig) -> None:
    """Stop it."""
    task.server.stop_grace_s = 0
    task.wait()


def test_stacks_of_every_process_are_sent(rig: StartRig, launcher: str) -> None:
    """Once for each number, from outside the sandbox, with an event."""
    task = started(rig, launcher, processes=2)
    ask_for(task, 1)
    task.server.wait_for(lambda: "stacks_taken" in task.server.told.codes(), 20)
    dumps = parse(task.server.told.stacks[1])
    assert len(dumps) == 2, task.server.told.stacks[1]
    assert all(any(frame.function == "waits_for_ever" for frame in found.frames) for found in dumps)
    ask_for(task, 2)
    task.server.wait_for(lambda: 2 in task.server.told.stacks, 20)
    end(task)
    taken = [event["slots"] for event in task.server.told.events if event["code"] == "stacks_taken"]
    assert [(found["number"], found["count"]) for found in taken] == [(1, 2), (2, 2)]


@pytest.mark.parametrize("py_spy", ["", "/no/such/py-spy", "/bin/false"])
def test_what_cannot_be_had_is_said(rig: StartRig, py_spy: str) -> None:
    """And harms nothing: the command goes on."""
    task = started(rig, "process", py_spy=py_spy)
    ask_for(task, 1)
    task.server.wait_for(lambda: "stacks_failed" in task.server.told.codes(), 20)
    assert not task.server.told.finals
    end(task)
    assert task.server.told.stacks == {}


def test_a_server_that_does_not_want_them_is_no_failure_of_the_task(rig: StartRig) -> None:
    """An event, and on."""
    task = started(rig, "process")
    task.server.faults.stacks_status = 413
    ask_for(task, 1)
    task.server.wait_for(lambda: "stacks_failed" in task.server.told.codes(), 20)
    end(task)
    assert "stacks_taken" not in task.server.told.codes()


def test_looks_tell_progress_from_standstill(rig: StartRig) -> None:
    """Variables count: an evaluation is at the same line most of the time, at another item each."""
    line = """python3 -c '
def evaluate():
    print("ready", flush=True)
    for batch in range(1 << 60):
        sum(range(1 << 14))
evaluate()' & python3 -c "$WAITER" & wait"""
    task = rig(make_order(shell=line, environment={"WAITER": WAITER}, grace_s=0))
    task.start()
    task.server.wait_for(lambda: task.server.told.log.count(b"ready") == 2)
    whole = _looks(task.shim_pid(), pause_s=0.2)
    assert len(set(whole)) == len(whole) == 3
    end(task)


def test_looks_at_a_standstill_are_all_the_same(rig: StartRig, launcher: str) -> None:
    """What waits looks the same each time."""
    task = started(rig, launcher)
    poll_until(lambda: len(set(_looks(task.shim_pid()))) == 1)
    end(task)


def _looks(root: int, pause_s: float = 0) -> list[bytes]:
    found: list[bytes] = []
    looker = Looker(PY_SPY)
    for _ in range(3):
        time.sleep(pause_s)
        looker.begin(root)
        results: list[bytes] = []

        def seen(results: list[bytes] = results) -> bool:
            result = looker.result()
            if result is not None:
                results.append(result)
            return bool(results)

        poll_until(seen)
        found.extend(results)
    assert all(found)
    return found
