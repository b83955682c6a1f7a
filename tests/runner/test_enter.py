"""A shell inside a running task, on a real terminal and in pipes, in both launchers."""

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, make_order, poll_until, processes_of

WAITS = "echo up; sleep 300"


@contextmanager
def running(rig: StartRig, launcher: str, shell: str = WAITS, **changes: object) -> Iterator[Rig]:
    """A task whose command runs; stopped at the end."""
    task = rig(make_order(shell=shell, **changes), launcher)
    task.start()
    poll_until(lambda: b"up\n" in task.user_log(), story=task.story)
    yield task
    assert task.process is not None
    if task.process.poll() is None:
        task.process.terminate()
    task.wait()


def argv_of(task: Rig, *argv: str) -> list[str]:
    return [sys.executable, "-I", "-S", str(task.archive), "enter", str(task.rundir), *argv]


def enter(task: Rig, *argv: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(argv_of(task, *argv), input=given, capture_output=True, timeout=30, check=False)


class Terminal:
    """The caller's end of a pseudo-terminal with `enter` on the other."""

    def __init__(self, argv: list[str]) -> None:
        self.end, other = os.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            argv, stdin=other, stdout=other, stderr=other, start_new_session=True, env={"TERM": "xterm"}
        )
        os.close(other)
        os.set_blocking(self.end, False)
        self.seen = b""

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def expect(self, text: str, timeout_s: float = 20.0) -> None:
        """Until `text` has come; it and what was before it are taken out."""
        give_up = time.monotonic() + timeout_s
        while text.encode() not in self.seen:
            assert time.monotonic() < give_up, f"{text!r} never came: {self.seen!r}"
            try:
                self.seen += os.read(self.end, 65536)
            except BlockingIOError:
                time.sleep(0.005)
            except OSError as error:
                raise AssertionError(f"{text!r} never came, it ended: {self.seen!r}") from error
        self.seen = self.seen.partition(text.encode())[2]


@contextmanager
def terminal(task: Rig, *argv: str) -> Iterator[Terminal]:
    it = Terminal(argv_of(task, *argv))
    try:
        yield it
    finally:
        it.process.kill()
        it.process.wait()
        os.close(it.end)


def marked(task: Rig, word: str) -> list[int]:
    """Processes of the task with `word` in their command line."""
    found = []
    for pid in processes_of(task.launch["attempt_key"]):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if word.encode() in line.split(b"\0"):
            found.append(pid)
    return found


def test_argv_in_pipes_sees_what_the_command_sees(rig: StartRig, launcher: str) -> None:
    """Environment, folder and files are those of the command; exit status and input come through."""
    shell = "echo secret > $HOME/note; echo up; exec sleep 300"
    with running(rig, launcher, shell, environment={"MINE": "yes"}) as task:
        told = enter(
            task, "bash", "-c", "cat $HOME/note; echo $MINE $MA_NUM_HOSTS; pwd; cat; exit 7", given=b"typed"
        )
        assert told.returncode == 7
        folder = "/home/ma-user" if launcher == "sandbox" else f"{task.rundir}/root/home/ma-user"
        assert told.stdout.decode() == f"secret\nyes 1\n{folder}\ntyped"
        assert enter(task, "no-such-program").returncode == 127
        assert enter(task, "bash", "-c", "kill -9 $$").returncode == 137


def test_in_a_sandbox_it_is_in_the_sandbox(rig: StartRig) -> None:
    """The same processes, host name, user and files, and no right more than the command has."""
    with running(rig, "sandbox", "echo up; exec sleep 300") as task:
        seen = enter(task, "bash", "-c", "id -u; hostname; pgrep -c -x sleep")
        user, host, processes = seen.stdout.decode().split()
        assert (user, host, processes) == (
            "1000",
            "modelarts-job-11112222-3333-4444-5555-666677778888-worker-0",
            "1",
        )
        rights = enter(task, "grep", "-E", "CapEff|CapBnd|NoNewPrivs", "/proc/self/status").stdout
        assert rights.split()[1::2] == [b"0" * 16, b"0" * 16, b"1"]
        hidden = enter(task, "ls", str(task.rundir))
        assert hidden.returncode == 2
        assert enter(task, "ls", "/proc/self/fd").stdout.split() == [b"0", b"1", b"2", b"3"]  # 3: the listing


def test_a_shell_on_a_terminal(rig: StartRig, launcher: str) -> None:
    """Prompt, job control, Ctrl-C, another size, exit status."""
    with running(rig, launcher) as task:
        with terminal(task) as shell:
            shell.type("PS1='>>'' '\n")
            shell.expect(">> ")
            shell.type("stty size\n")
            shell.expect("24 80\r\n")
            shell.expect(">> ")
            fcntl.ioctl(shell.end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
            shell.type("stty size\n")
            shell.expect("50 132\r\n")
            shell.type("echo star''ted; sleep 100; echo n''ever\n")
            shell.expect("started")
            time.sleep(0.2)
            shell.type("\x03")
            shell.expect(">> ")
            shell.type("echo status $?\n")
            shell.expect("status 130")
            shell.type("sleep 100 & jobs\n")
            shell.expect("Running")
            shell.type("kill %1; exit 5\n")
            assert shell.process.wait(10) == 5
        assert task.process is not None
        assert task.process.poll() is None


def test_without_argv_in_pipes_commands_are_read(rig: StartRig, launcher: str) -> None:
    with running(rig, launcher) as task:
        assert enter(task, given=b"echo $((6*7))\nexit 3\n").stdout == b"42\n"


def test_nothing_is_left_when_the_terminal_goes(rig: StartRig, launcher: str) -> None:
    """Not what ignores the hang-up, not what made itself a daemon; the task's own command goes on."""
    with running(rig, launcher) as task:
        with terminal(task) as shell:
            shell.type("nohup setsid sleep 4321 & trap '' HUP; echo r''eady\n")
            shell.expect("ready")
            poll_until(lambda: bool(marked(task, "4321")))
            os.close(shell.end)
            shell.process.wait(10)
            shell.end = os.open(os.devnull, os.O_RDONLY)
        poll_until(lambda: not marked(task, "4321"), 5)
        assert marked(task, "300")


def test_nothing_is_left_when_its_keeper_is_killed(rig: StartRig, launcher: str) -> None:
    with running(rig, launcher) as task, terminal(task, "sleep", "4321") as shell:
        poll_until(lambda: bool(marked(task, "4321")))
        shell.process.send_signal(signal.SIGKILL)
        poll_until(lambda: not marked(task, "4321"), 5)


def test_it_ends_with_the_task(rig: StartRig, launcher: str) -> None:
    """What was started from a shell does not keep the task, nor outlive it, whatever it does to its environment."""
    with running(rig, launcher, "echo up; sleep 2") as task:
        with terminal(task) as shell:
            shell.type("env -i setsid sleep 4321 & trap '' HUP; echo r''eady\n")
            shell.expect("ready")
            assert shell.process.wait(20) == 137
            final = task.wait()
        assert final["reason"] == "completed"
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    assert b"\x004321\x00" not in (entry / "cmdline").read_bytes()
                except OSError:
                    continue


def test_before_and_after_the_command(rig: StartRig, launcher: str) -> None:
    """There is nothing to enter, and that is said in both languages."""
    task = rig(make_order(shell="true"), launcher)
    early = enter(task, "true")
    assert early.returncode == 125
    assert "not started" in early.stderr.decode() and "尚未启动" in early.stderr.decode()
    task.run()
    late = enter(task, "true")
    assert late.returncode == 125
    assert "does not run any more" in late.stderr.decode()


def test_a_kept_environment_is_entered(rig: StartRig, launcher: str) -> None:
    """After a failure there is no command any more, but its files and its environment."""
    order = make_order(
        shell="echo kept > $HOME/note; echo up; exit 3", environment={"MINE": "yes"}, reserve_s=60
    )
    task = rig(order, launcher)
    task.start()
    task.await_file("shim-reserve.json")
    poll_until(lambda: enter(task, "true").returncode == 0)
    told = enter(task, "bash", "-c", "cat $HOME/note; echo $MINE")
    assert told.stdout == b"kept\nyes\n"
    assert task.process is not None
    task.process.terminate()
    assert task.wait()["exit_code"] == 3
