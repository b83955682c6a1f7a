"""When a command counts as quiet: the rules on made-up numbers, and what is seen of real process trees."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, make_order
from trainwright.runner.quiet import Movement, QuietMeter, still

LIMITS = {"period_s": 60.0, "periods": 5, "window_s": 600.0, "sample_s": 10.0}  # 900 s in all
SHORT = {"period_s": 1.0, "periods": 2, "window_s": 2.0, "sample_s": 0.5}  # 4 s in all
PY_SPY = str(Path(__file__).resolve().parents[2] / ".venv/bin/py-spy")
FIFO = "mkfifo ~/never 2>/dev/null; "
DEADLOCK = (
    "import threading; print('ready', flush=True); threading.Lock().acquire() and threading.Event().wait()"
)


class Clock:
    """A meter that is shown a second at a time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.meter = QuietMeter(LIMITS, self.now)

    def run(
        self,
        seconds: int,
        *,
        io: int = 0,
        cpu: float = 0.001,
        use: float | None = None,
        blocked: bool = False,
    ) -> float:
        """Every second the same; how long it has been quiet afterwards."""
        for _ in range(seconds):
            self.now += 1
            self.meter.observe(self.now, Movement(io, cpu, 3, blocked=blocked), use)
        return self.meter.quiet_s(self.now)


def test_quiet_is_told_from_half_the_limit_on() -> None:
    """What is shorter interests nobody; it counts from the last movement."""
    clock = Clock()
    clock.run(300, io=1 << 20)
    assert clock.run(440) == 0
    assert clock.run(20) == pytest.approx(460, abs=2)
    assert clock.run(1000) == pytest.approx(1460, abs=2)


@pytest.mark.parametrize("moves", [{"io": 300}, {"cpu": 0.05}, {"blocked": True}])
def test_any_movement_is_life(moves: dict[str, Any]) -> None:
    """I/O, CPU time, a wait for the disk: each by itself, for as long as it goes on, and soon when it begins."""
    clock = Clock()
    assert clock.run(2000, **moves) == 0
    assert clock.run(1000) > 0
    assert clock.run(120, **moves) == 0


def test_a_seldom_burst_of_work_is_life() -> None:
    """A step every two minutes that takes ten seconds of a core."""
    clock = Clock()
    for _ in range(20):
        assert clock.run(110) == 0
        assert clock.run(10, cpu=1.0) == 0


def test_idle_timers_and_keep_alives_are_not() -> None:
    """What torchrun and waiting ranks were seen to do: below one percent of a core, a few bytes now and then."""
    clock = Clock()
    for _ in range(100):
        clock.run(9, cpu=0.0)
        clock.run(1, cpu=0.04, io=500)
    assert clock.meter.quiet_s(clock.now) > 900


def test_a_device_that_does_something_is_life() -> None:
    """Variance, or a median that moves."""
    clock = Clock()
    for second in range(2000):
        clock.run(1, use=50.0 + 10 * (second // 10 % 3))
    assert clock.meter.quiet_s(clock.now) == 0
    for second in range(2000):
        clock.run(1, use=second / 200)
    assert clock.meter.quiet_s(clock.now) == 0


def test_an_idle_device_under_an_idle_tree_is_quiet() -> None:
    """Both rules of the manual."""
    assert Clock().run(1000, use=0.0) == pytest.approx(1000, abs=20)


def test_a_busy_cpu_beside_an_idle_device_needs_the_stacks() -> None:
    """Data is being prepared, or a rank spins in a collective: only its stacks tell."""
    clock = Clock()
    assert clock.run(1000, cpu=1.0, use=0.0) == 0
    assert clock.meter.wants_look(clock.now)
    for _ in range(3):
        clock.run(120, cpu=1.0, use=0.0)
        clock.meter.looked(clock.now, b"same")
    assert clock.meter.quiet_s(clock.now) > 900
    clock.meter.looked(clock.now, b"other")
    assert clock.meter.quiet_s(clock.now) == 0


def test_a_device_busy_all_the_time_is_quiet_unless_stacks_change() -> None:
    """The manual's rule alone would call a long evaluation at 100 % a hang."""
    clock = Clock()
    for number in range(10):
        clock.run(120, cpu=1.0, use=100.0)
        clock.meter.looked(clock.now, b"%d" % number)
        assert clock.meter.quiet_s(clock.now) == 0
    assert Clock().run(1000, cpu=1.0, use=100.0) > 900  # without py-spy: the manual's rule


def test_time_that_nobody_saw_does_not_count() -> None:
    """A supervisor that was stopped, a machine that slept."""
    clock = Clock()
    clock.run(400)
    clock.now += 4000
    assert clock.run(400) == 0
    assert clock.run(100) == pytest.approx(500, abs=2)


def test_series_that_stand_still() -> None:
    """By variance and median."""
    assert still([7.0, 7.4, 6.8, 7.0])
    assert not still([0.0, 100.0, 0.0, 100.0])
    assert not still([1.0, 1.0, 1.0, 3.9, 3.9, 3.9])


def activities(task: Rig) -> list[dict[str, Any]]:
    """What was told of the command's activity."""
    return [report["activity"] for report in task.server.told.reports if report.get("activity")]


@pytest.mark.parametrize(
    "line",
    [
        f'python3 -c "{DEADLOCK}"',
        f'python3 -c "{DEADLOCK}" & sleep 600',  # one sleeps, the other waits for what never comes
        f"{FIFO} echo ready; cat ~/never",
    ],
)
def test_a_deadlock_is_quiet(rig: StartRig, launcher: str, line: str) -> None:
    """Soon after half the limit, with its measure, and for longer and longer."""
    task = rig(make_order(shell=line, quiet=SHORT, grace_s=1), launcher)
    task.start()
    task.server.wait_for(lambda: len(activities(task)) >= 4, 20)
    task.server.stop_grace_s = 0
    task.wait()
    told = activities(task)
    assert {found["measure"] for found in told} == {"cpu"}, told
    assert 2 <= told[0]["quiet_s"] <= 3
    assert [found["quiet_s"] for found in told] == sorted(found["quiet_s"] for found in told)


@pytest.mark.parametrize(
    "line",
    [
        "false || sleep 8",
        "python3 -c 'import os; os.system(\"sleep 8\")'",
        "for i in 1 2; do python3 -c 'import time; time.sleep(8)' & done; wait",
    ],
)
def test_sleep_is_called_sleep(rig: StartRig, launcher: str, line: str) -> None:
    """The manual keeps jobs running that way; the server knows what to make of it."""
    task = rig(make_order(shell=line, quiet=SHORT), launcher)
    task.run()
    told = activities(task)
    assert {found["measure"] for found in told} == {"sleep"}, told


BUSY = "import time\nend = time.monotonic() + 5\nwhile time.monotonic() < end: pass"


@pytest.mark.parametrize(
    "line",
    [
        f"python3 -c '{BUSY}'; true",
        "timeout 5 dd if=/dev/zero of=/dev/null bs=1M; true",
        "for i in 1 2 3 4; do dd if=/dev/zero of=$HOME/x bs=64k count=1 2>/dev/null; sleep 1; done",
    ],
)
def test_work_is_not_quiet(rig: StartRig, line: str) -> None:
    """CPU time of anybody in the tree, or I/O."""
    task = rig(make_order(shell=line, quiet=SHORT))
    task.run()
    assert activities(task) == [], task.story()


def test_life_after_quiet_is_told(rig: StartRig) -> None:
    """It was a pause."""
    task = rig(make_order(shell=f"sleep 4; python3 -c '{BUSY}'", quiet=SHORT))
    task.run()
    told = activities(task)
    assert told[0]["quiet_s"] > 0
    assert told[-1] == {"quiet_s": 0, "measure": ""}


EVALUATES = """
import time
def evaluate(end):
    while time.monotonic() < end:
        batch = sum(range(1 << 16))
        left = end - time.monotonic()
evaluate(time.monotonic() + 10)
"""
SPINS = """
import time
def synchronize(end):
    while time.monotonic() < end: pass
synchronize(time.monotonic() + 10)
"""


@pytest.mark.parametrize(
    ("script", "py_spy", "measures"),
    [(EVALUATES, PY_SPY, set()), (SPINS, PY_SPY, {"gpu"}), (EVALUATES, "", {"gpu"})],
)
def test_a_gpu_at_work_all_the_time(
    rig: StartRig, tmp_path: Path, script: str, py_spy: str, measures: set[str]
) -> None:
    """Always at 100 %: an evaluation moves on (its variables do), a collective that spins does not. Without py-spy it
    is the manual's rule.
    """
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho '100, 5, 100, 0, 00000000:3B:00.0'\n")
    (tmp_path / "nvidia-smi").chmod(0o700)
    order = make_order(shell='python3 -c "$SCRIPT"', quiet=SHORT, environment={"SCRIPT": script})
    order["resources"] = {**order["resources"], "accelerators": 1, "accelerator_kind": "gpu"}
    task = rig(order)
    task.launch["py_spy"] = py_spy
    task.start(PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert task.wait()["reason"] == "completed", task.story()
    assert {found["measure"] for found in activities(task) if found["quiet_s"]} == measures, task.story()


def test_only_the_command_counts(rig: StartRig, tmp_path: Path) -> None:
    """Without limits in the order nothing is said at all."""
    task = rig(make_order(shell=f'timeout 4 python3 -c "{DEADLOCK}"', quiet=None))
    task.run()
    assert activities(task) == []
