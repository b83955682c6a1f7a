"""A program inside a running task: `runner.pyz enter RUNDIR [argv…]`, on the terminal or pipes of whoever starts it.

Three processes: this one stays outside, watches and clears up; below it one goes into the task's namespaces; below
that one is the program. Nothing that was started here outlives it, however it ends, or the task.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import termios
import time

from . import namespaces, procfs, sandbox
from .child import cgroup_folder, kill_tree
from .kernel import become_subreaper, die_with_parent, set_name
from .rundir import RunDir, drain, read_json
from .shim import close_inherited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

NOT_RUNNING = 125
"""Exit status: the program could not be started in there (`docker exec` and `chroot` use the same)."""
KILLED = 137
SHELL_MARKER = "TRAINWRIGHT_SHELL"
_STEPS = ("command", "reserve")  # and what is called after them: one name for each start in place
_LOOK_S = 0.2
_LAST_WORDS_S = 2.0  # from the hang-up to the kill
_KILL_S = 3.0
_NOT_STARTED = "The task's command has not started yet. 任务的命令尚未启动。"
_OVER = "The task's command does not run any more. 任务的命令已不再运行。"
_ENDED = "The task has ended. 任务已结束。"


class NotRunning(Exception):
    """There is nothing to enter; says so in both languages."""


class Place:
    """What is entered: the command's own process, and what it was started with."""

    def __init__(self, shim: dict[str, Any], command: dict[str, Any], pid: int) -> None:
        self.shim = shim
        self.command = command
        self.pid = pid


def find(rundir: RunDir) -> Place:
    """The running command of the task, or what keeps its environment after it has failed. Raises `NotRunning`."""
    begun = False
    for step in _steps(rundir):
        begun = True
        shim, command = read_json(rundir.shim(step)), read_json(rundir.command(step))
        if shim is None or command is None or os.path.exists(rundir.exit(step)) or not procfs.is_alive(shim):
            continue
        pid = _inner(int(shim["pid"]), sandboxed=bool(command["sandbox"]))
        if pid:
            return Place(shim, command, pid)
        begun = False  # it is being started at this moment
    raise NotRunning(_OVER if begun or os.path.exists(rundir.done) else _NOT_STARTED)


def _steps(rundir: RunDir) -> list[str]:
    """Steps whose process can be entered, the newest first."""
    names = [name for name in os.listdir(rundir.path) if name.startswith("shim-") and name.endswith(".json")]
    found = [name[len("shim-") : -len(".json")] for name in names]
    mine = [step for step in found if step.startswith(_STEPS) and "." not in step]
    return sorted(mine, key=lambda step: os.stat(rundir.shim(step)).st_mtime_ns, reverse=True)


def _inner(shim: int, *, sandboxed: bool) -> int:
    """The command below its shim; 0 when it is not there (yet). In a sandbox it is the child of the first process of
    its namespace, which is bwrap's child.
    """
    levels = 3 if sandboxed else 1
    pids = [shim]
    for _ in range(levels):
        pids = [child for pid in pids for child in procfs.children(pid)]
    living = [pid for pid in pids if procfs.start_ticks(pid) is not None]
    return living[0] if living else 0


class Visit:
    """One program in there, from its start to its end."""

    def __init__(self, place: Place, argv: Sequence[str]) -> None:
        self._place = place
        self._argv = list(argv)
        self._mark = f"{os.getpid()}-{os.urandom(8).hex()}"
        self._signals, self._signal_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._hung_up_at = 0.0
        self._child = 0

    def run(self) -> int:
        """The program's exit status; 128 + n when signal n ended it."""
        signal.set_wakeup_fd(self._signal_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, lambda number, frame: self._hang_up())
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN):
            signal.signal(number, signal.SIG_IGN)
        _let_go_of_terminal()
        parent = os.getpid()
        self._child = os.fork()
        if self._child == 0:
            self._go_in(parent)
        try:
            return self._wait()
        finally:
            self._clear_up()

    def _wait(self) -> int:
        poll = select.poll()
        poll.register(self._signals, select.POLLIN)
        poll.register(1, 0)  # errors and hang-ups are always told
        while True:
            for descriptor, _ in poll.poll(_LOOK_S * 1000):
                if descriptor == self._signals:
                    drain(self._signals)
                else:
                    poll.unregister(1)
                    self._hang_up()
            status = self._reap()
            if status is not None:
                return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            if self._hung_up_at and time.monotonic() > self._hung_up_at + _LAST_WORDS_S:
                return KILLED
            if not procfs.is_alive(self._place.shim):
                say(_ENDED)
                return KILLED

    def _reap(self) -> int | None:
        """Collect what has ended; the status of our own child once it is among that."""
        found = None
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return found
                if pid == self._child:
                    found = status
        except ChildProcessError:
            return found

    def _hang_up(self) -> None:
        if not self._hung_up_at:
            self._hung_up_at = time.monotonic()
            for pid in procfs.descendants(os.getpid()):
                procfs.kill(pid, signal.SIGHUP)

    def _clear_up(self) -> None:
        """Kill whatever is left of it. In a process namespace orphans go to its first process: they carry our mark."""
        give_up_at = time.monotonic() + _KILL_S
        while time.monotonic() < give_up_at:
            kill_tree(os.getpid())
            self._reap()
            left = _marked(self._mark)
            for pid in left:
                procfs.kill(pid)
            if not left and not procfs.children(os.getpid()):
                return
            time.sleep(0.02)

    # -- in the child

    def _go_in(self, parent: int) -> NoReturn:
        """Become part of the task, start the program, hand its exit status on."""
        code = NOT_RUNNING
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGHUP, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            command = self._place.command
            namespaces.hide()
            _join_cgroup(command["cgroup"])
            close_inherited()
            outside: list[str] = []
            try:
                restricted = namespaces.join(self._place.pid)
            except PermissionError:
                if not command["sandbox"]:
                    raise
                outside, restricted = _second_sandbox(command["argv"]), False
            die_with_parent(signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(KILLED)
            child = os.fork()
            if child == 0:
                self._become(outside, restricted=restricted)
            _, status = os.waitpid(child, 0)
            code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        except (OSError, ValueError) as error:
            say(f"{_OVER} ({getattr(error, 'strerror', None) or error})")
        finally:
            os._exit(code)

    def _become(self, outside: list[str], *, restricted: bool) -> NoReturn:
        """Turn into the program. `outside`: we are not in the task's sandbox, and this makes one like it."""
        command = self._place.command
        what = (self._argv or ["bash"])[0]
        try:
            os.setsid()
            if os.isatty(0):
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            die_with_parent(signal.SIGKILL)
            for number in range(1, signal.NSIG):
                if number not in (signal.SIGKILL, signal.SIGSTOP) and signal.getsignal(number) is not None:
                    signal.signal(number, signal.SIG_DFL)
            environment = {**command["env"], SHELL_MARKER: self._mark, "TERM": os.environ.get("TERM", "dumb")}
            if outside:
                os.chdir("/")
                argv = sandbox.handed_over([*outside, *(self._argv or ["bash"])], environment)
                marks = {
                    name: environment[name] for name in (procfs.MARKER, SHELL_MARKER) if name in environment
                }
                os.execve(argv[0], argv, marks)  # noqa: S606 - by argv, not through a shell
            os.chdir(command["env"].get("PWD", "/") if command["sandbox"] else command["cwd"])
            if restricted:
                namespaces.give_up_rights()
            argv = self._argv
            if argv:
                os.execvpe(argv[0], argv, environment)  # noqa: S606 - as above
            for shell in ("bash", "sh"):
                environment["SHELL"] = f"/bin/{shell}"
                try:
                    os.execvpe(shell, [shell], environment)  # noqa: S606 - as above
                except FileNotFoundError:
                    continue
            raise FileNotFoundError(2, "neither bash nor sh is there")
        except FileNotFoundError as error:
            say(f"{what}: {error.strerror}")
            os._exit(127)
        except (OSError, ValueError) as error:
            say(f"{what}: {getattr(error, 'strerror', None) or error}")
            os._exit(126)
        finally:
            os._exit(NOT_RUNNING)


def _second_sandbox(argv: Sequence[str]) -> list[str]:
    """Bwrap over the same files, on our terminal: all that can be had where namespaces may not be joined."""
    options = argv[1 : argv.index("--") + 1]
    return [sandbox.program(), *(word for word in options if word != "--new-session")]


def _join_cgroup(reference: str) -> None:
    if reference:
        with open(os.path.join(cgroup_folder(reference), "cgroup.procs"), "w", encoding="ascii") as members:
            members.write(str(os.getpid()))


def _marked(mark: str) -> list[int]:
    """Living processes that carry `SHELL_MARKER=mark`."""
    wanted = f"{SHELL_MARKER}={mark}".encode()
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if wanted in file.read().split(b"\0"):
                        found.append(int(name))
            except OSError:
                continue  # it has ended, or is another user's
    return found


def _let_go_of_terminal() -> None:
    """The program is to have the terminal as its own: a session leader gives it up for that."""
    if os.isatty(0) and os.getsid(0) == os.getpid():
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which giving it up sends
        try:
            fcntl.ioctl(0, termios.TIOCNOTTY)
        except OSError:
            pass  # it was not ours
        finally:
            signal.signal(signal.SIGHUP, before)


def say(text: str) -> None:
    """A line for whoever sits there; a terminal that is gone is no error."""
    try:
        os.write(2, f"{text}\r\n".encode() if os.isatty(2) else f"{text}\n".encode())
    except OSError:
        pass


def main(rundir: RunDir, argv: Sequence[str]) -> int:
    """Run a shell, or `argv`, in the task of this folder; its exit status, or 125 when there is nothing to enter."""
    set_name("tw-enter")
    become_subreaper()
    try:
        place = find(rundir)
    except (NotRunning, FileNotFoundError) as error:
        say(str(error) if isinstance(error, NotRunning) else _OVER)
        return NOT_RUNNING
    return Visit(place, argv).run()
