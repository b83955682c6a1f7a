"""The user's command as a process: how it is started, how it is told to end, how nothing of it is left."""

from __future__ import annotations

import fcntl
import os

from . import procfs, sandbox
from .kernel import die_with_parent, own_names
from .rundir import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any, NoReturn
else:
    import _signal as signal  # the same without enums, which cost 1 ms

_PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031
_CGROUP_V1 = "v1:"
_WALKS_MAX = 10


class Child:
    """The command of `command-STEP.json`: `argv`, `env`, `cwd`, `cgroup`."""

    def __init__(self, command: dict[str, Any]) -> None:
        self._command = command
        self.pid = 0
        self.output = -1  # its stdout and stderr; at the end once nobody holds the other end any more

    def start(self) -> tuple[int, str] | None:
        """Start it in a session of its own, stdin empty, stdout and stderr on `output`.

        Returns None, or the error number and what could not be done; `pid` is a process (that ends at once) even then.
        """
        self.output, write_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.output, False)
        try:
            fcntl.fcntl(self.output, _F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:
            pass  # the user's share of pipe memory is used up: the usual 64 KiB will do
        said, say = os.pipe2(os.O_CLOEXEC)
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            self._become(parent, write_end, say)
        os.close(write_end)
        os.close(say)
        with open(said, "rb") as answer:
            text = answer.read().decode("utf-8", "replace")
        if not text:
            return None
        number, _, what = text.partition(" ")
        return int(number), what

    def close(self) -> None:
        """Let go of its output."""
        os.close(self.output)

    def _become(self, parent: int, output: int, say: int) -> NoReturn:
        """In the new process: turn into the command, or say why not and end."""
        what = "start"
        try:
            os.setsid()
            die_with_parent(signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(127)  # the shim died in between
            what = "join the control group"
            _join(self._command["cgroup"])
            argv, environment = _named(self._command)
            die_with_parent(signal.SIGKILL)  # new rights undo it
            if os.getppid() != parent:
                os._exit(127)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            for number in range(1, signal.NSIG):
                if number not in (signal.SIGKILL, signal.SIGSTOP) and signal.getsignal(number) is not None:
                    signal.signal(number, signal.SIG_DFL)  # Python ignores SIGPIPE; that would be inherited
            what = f"enter {self._command['cwd']}"
            os.chdir(self._command["cwd"])
            what = f"start {argv[0]}"
            if self._command["sandbox"]:
                argv = sandbox.handed_over(argv, environment)
                marks = {procfs.MARKER: environment.get(procfs.MARKER, "")}
                os.execve(argv[0], argv, marks)  # noqa: S606 - by argv, not through a shell
            os.execvpe(argv[0], argv, environment)  # noqa: S606 - as above
        except (OSError, ValueError) as error:
            number = getattr(error, "errno", None) or 22
            write_all(say, f"{number} cannot {what}: {getattr(error, 'strerror', None) or error}".encode())
        finally:
            os._exit(127)


def _join(cgroup: str) -> None:
    if cgroup:
        with open(os.path.join(cgroup_folder(cgroup), "cgroup.procs"), "w", encoding="ascii") as members:
            members.write(str(os.getpid()))


def _named(command: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Argv and environment, once the names of the job's hosts mean something to this process. Where it cannot have an
    /etc/hosts of its own, the addresses take the names' place.
    """
    argv, environment = command["argv"], command["env"]
    names = command.get("names")
    if not names or own_names(names["hosts"], names["host"]):
        return argv, environment

    def with_addresses(text: str) -> str:
        for host, address in names["addresses"].items():
            text = text.replace(host, address)
        return text

    argv = [with_addresses(word) for word in argv]
    return argv, {name: with_addresses(value) for name, value in environment.items()}


def cgroup_folder(reference: str) -> str:
    """Where a group lies: version 2 is named by its path, version 1 by `v1:` and its path in the memory hierarchy."""
    return reference[len(_CGROUP_V1) :] if reference.startswith(_CGROUP_V1) else reference


def oom_kills(cgroup: str) -> int:
    """How many processes of the group the kernel has killed for want of memory; 0 when it does not tell."""
    if not cgroup:
        return 0
    name = "memory.oom_control" if cgroup.startswith(_CGROUP_V1) else "memory.events"
    try:
        with open(os.path.join(cgroup_folder(cgroup), name), encoding="ascii") as file:
            counts = dict(line.split(None, 1) for line in file)
    except OSError:
        return 0
    return int(counts.get("oom_kill", "0"))


class Farewell:
    """SIGTERM for every process of a command, and the time to act on it.

    Bwrap ends as soon as the first process of its namespace's command does, and the namespace with it. It is held
    meanwhile, so that what works on below a shell or a launcher that is gone keeps its grace there, too.
    """

    def __init__(self, pid: int, *, sandbox: bool) -> None:
        self._pid = pid  # what was started: the command itself, or bwrap
        self._sandbox = sandbox
        self._held = False

    def begin(self) -> bool:
        """Send it, once to each process; False when there was nothing to send it to.

        By process groups, which no fork escapes: those of all descendants, wherever they moved with `setsid`. What is
        started later is somebody's answer to the signal, and is left alone.
        """
        groups = {_group(process) for process in self._living()} - {
            0,
            _group(self._pid) if self._sandbox else 0,
        }
        if self._sandbox and groups:
            self._held = procfs.kill(self._pid, signal.SIGSTOP)
        reached = False
        for group in groups:
            try:
                os.killpg(group, signal.SIGTERM)
                reached = True
            except (ProcessLookupError, PermissionError):
                continue  # gone, or no longer the user's (a set-user-id program)
        return reached

    def step(self) -> None:
        """Let bwrap go on once nothing is left to wait for: the first process of a namespace has no children only when
        there is no other process in it, while a walk down the tree may miss who loses its parent meanwhile.
        """
        if self._held and not any(map(procfs.children, procfs.children(self._pid))):
            self._held = False
            procfs.kill(self._pid, signal.SIGCONT)

    def _living(self) -> set[int]:
        """Processes of the user: in a sandbox without bwrap and the first process of its namespace, also bwrap's."""
        found: set[int] = set()
        for _ in range(_WALKS_MAX):
            before = len(found)
            found.update(procfs.descendants(os.getpid()))
            if len(found) == before:
                break  # nobody was missed: who lost its parent during a walk is found by the next
        if self._sandbox:
            found -= {self._pid, *procfs.children(self._pid)}
        return {process for process in found if procfs.start_ticks(process) is not None}


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def kill_tree(pid: int) -> None:
    """SIGKILL everything below `pid`. What was forked meanwhile is found by the next call."""
    for process in procfs.descendants(pid):
        procfs.kill(process)
