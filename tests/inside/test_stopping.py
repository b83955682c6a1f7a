"""A stop is heard by whoever asks for it, and SIGTERM does not come in between."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trainwright import inside

SOURCE = Path(inside.__file__).parents[2]
LOOP = """
import os, sys, time
from trainwright import inside
{before}
print("up", inside.should_stop(), flush=True)
while not inside.should_stop():
    time.sleep(0.01)
print("saved", flush=True)
"""
WORKER = """
import multiprocessing, signal
def work(queue):
    queue.get()
fork = multiprocessing.get_context("fork")
queue = fork.Queue()
inside.should_stop()
worker = fork.Process(target=work, args=(queue,), daemon=True)
worker.start()
print(worker.pid, flush=True)
"""


HURRIED = """
import os, signal, time
folder = os.environ["TRAINWRIGHT_INSIDE"]
def ask():
    open(os.path.join(folder, "stop"), "w").close()
    os.kill(0, signal.SIGTERM)
os.register_at_fork({hook})
from trainwright import inside
inside.should_stop()
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])  # the child's first step comes after the parent's
"""
BORN = """
ready, born = os.pipe()
child = os.fork()
if not child:
    os.write(born, b"born")
    time.sleep(600)
os.close(born)
print(os.read(ready, 4).decode() or "died", flush=True)
while not inside.should_stop():
    time.sleep(0.01)
"""
ENDED = """
os.kill(child, signal.SIGTERM)
give_up, ended = time.monotonic() + 20, 0
while not ended and time.monotonic() < give_up:
    ended, status = os.waitpid(child, os.WNOHANG)
print(os.waitstatus_to_exitcode(status) if ended else "it goes on", flush=True)
os.kill(0, signal.SIGKILL)
"""


def started(folder: Path, before: str = "", more: str = "") -> subprocess.Popen[str]:
    return ran(folder, LOOP.format(before=before) + more)


def ran(folder: Path, program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "TRAINWRIGHT_INSIDE": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    return process


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_platforms_sigterm_is_a_notice(tmp_path: Path) -> None:
    """The loop ends as it wants to, however often it is told."""
    with started(tmp_path) as process:
        assert line(process) == "up False"
        (tmp_path / "stop").touch()
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert line(process) == "saved"
        assert process.wait(30) == 0


def test_a_stop_is_heard_without_a_signal(tmp_path: Path) -> None:
    """The file is enough, whoever gets the signal."""
    with started(tmp_path) as process:
        assert line(process) == "up False"
        (tmp_path / "stop").touch()
        assert line(process) == "saved"
        assert process.wait(30) == 0


def test_anybody_elses_sigterm_ends_the_process(tmp_path: Path) -> None:
    """A launcher that ends its workers after one has failed must not wait for them."""
    with started(tmp_path) as process:
        assert line(process) == "up False"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM


def test_a_handler_of_the_scripts_own_is_left_alone(tmp_path: Path) -> None:
    """It was there first."""
    # Not by print: the loop may be in the middle of one.
    own = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'own\\n'), sys.exit(3)))"
    with started(tmp_path, own) as process:
        assert line(process) == "up False"
        process.send_signal(signal.SIGTERM)
        assert line(process) == "own"
        assert process.wait(30) == 3


def test_workers_of_a_loader_outlive_the_notice_but_not_their_parent(tmp_path: Path) -> None:
    """The signal goes to the whole group; a worker that died of it would end the step that is to be finished."""
    alive = "\nos.kill(worker.pid, 0); worker.join(0.2); print('worker', worker.exitcode, flush=True)"
    with started(tmp_path, WORKER, alive) as process:
        worker = int(line(process))
        assert line(process) == "up False"
        (tmp_path / "stop").touch()
        os.killpg(process.pid, signal.SIGTERM)
        assert line(process) == "saved"
        assert line(process) == "worker None", "it went on"
        assert process.wait(30) == 0, "and its parent could end it"
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


@pytest.mark.parametrize(
    "hook", ["after_in_parent=ask", "after_in_child=ask"], ids=["no-step-yet", "no-step-of-ours-yet"]
)
def test_a_worker_that_was_only_just_forked_is_told_like_any_other(tmp_path: Path, hook: str) -> None:
    """Guards workers that have not made a step when the notice comes: they neither die of it nor miss it, for who
    missed it would take its parent's word for it, and be waited for in vain.
    """
    with ran(tmp_path, HURRIED.format(hook=hook) + BORN + ENDED) as process:
        said = [line(process), line(process)]
        assert said == ["born", str(-signal.SIGTERM)], "it went on, and its parent could end it"


def test_a_worker_that_is_forked_between_the_stop_and_its_signal_outlives_it(tmp_path: Path) -> None:
    """The file is there first, and who is forked then is told as well."""
    tell = "open(os.path.join(folder, 'stop'), 'w').close()\n"
    notice = "os.kill(0, signal.SIGTERM)\ntime.sleep(0.2)\nprint(os.waitpid(child, os.WNOHANG), flush=True)\n"
    with ran(tmp_path, HURRIED.format(hook="before=lambda: None") + tell + BORN + notice + ENDED) as process:
        said = [line(process) for _ in range(3)]
        assert said == ["born", "(0, 0)", str(-signal.SIGTERM)]


def test_a_worker_of_a_parent_that_was_told_is_ended_at_once(tmp_path: Path) -> None:
    """It is nobody but its parent that sends it SIGTERM then."""
    told = "import time\nask()\nwhile not inside.should_stop():\n    time.sleep(0.01)\n"
    with ran(tmp_path, HURRIED.format(hook="before=lambda: None") + told + BORN + ENDED) as process:
        said = [line(process), line(process)]
        assert said == ["born", str(-signal.SIGTERM)]


def test_sigterm_is_held_back_for_no_longer_than_a_fork(tmp_path: Path) -> None:
    """Neither in the parent nor in the child, unless it was before."""
    program = """
import os, signal
from trainwright import inside
inside.should_stop()
def masks():
    child = os.fork()
    mine = signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    if not child:
        os._exit(mine)
    return mine, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(masks(), flush=True)
signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
print(masks(), flush=True)
"""
    with ran(tmp_path, program) as process:
        assert [line(process), line(process)] == ["(False, 0)", "(True, 1)"]


def test_a_worker_can_be_ended_at_any_other_time(tmp_path: Path) -> None:
    """Guards `terminate()` of who inherited the handler."""
    more = "\nworker.terminate(); worker.join(20); print(worker.exitcode, flush=True)"
    with started(
        tmp_path, WORKER + "worker.terminate(); worker.join(20); print(worker.exitcode)", more
    ) as process:
        line(process)
        assert line(process) == str(-signal.SIGTERM)
        process.kill()
        process.wait(30)


def test_off_the_platform_sigterm_is_as_ever(tmp_path: Path) -> None:
    """No handler is set."""
    program = (
        "import signal; from trainwright import inside; inside.should_stop(); print(signal.getsignal(15))"
    )
    bare = {name: value for name, value in os.environ.items() if name != "TRAINWRIGHT_INSIDE"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**bare, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "SIG_DFL" in done.stdout or done.stdout.strip() == "0"
