"""Python stacks of the user's processes, taken by py-spy from outside: dumps for the server, and looks whether anything
changes. No thread and no waiting: everything goes on between two calls.
"""

from __future__ import annotations

import hashlib
import os

from . import procfs
from .channel import Channel
from .connection import Request, connect
from .tools import Tool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .connection import Answer
    from .task import Task

TEXT_MAX = 1 << 20
PROCESSES_MAX = 256
_PATIENCE_S = 10.0  # for one process
_LOOK_S = 0.05
_FAR_S = 3600.0
_CUT = b"\n[cut here: more than 1 MiB]\n"
_DETAIL_MAX = 300
_NOT_PYTHON = frozenset(
    ("bwrap", "bash", "sh", "dash", "sleep", "tw-shim", "tee", "cat", "nvidia-smi", "sshd")
)


def python_processes(root: int) -> list[int]:
    """Processes below `root` that run Python: by the name of their program, or with its library inside."""
    return [process for process in procfs.descendants(root) if _is_python(process)][:PROCESSES_MAX]


def _is_python(process: int) -> bool:
    if procfs.start_ticks(process) is None:
        return False
    try:
        program = os.path.basename(os.readlink(f"/proc/{process}/exe"))
    except OSError:
        return False
    if program.startswith(("python", "pypy")):
        return True
    return program not in _NOT_PYTHON and b"/libpython" in procfs.read(f"/proc/{process}/maps")


class Spying:
    """Py-spy on several processes, one after another. Call `finished` until it is true."""

    def __init__(self, py_spy: str, processes: Sequence[int], options: Sequence[str] = ()) -> None:
        self._py_spy = py_spy
        self._options = list(options)
        self._waiting = list(processes)
        self._process = 0
        self._gentle = False  # it was refused to stop the process for the moment: read it running
        self._tool: Tool | None = None
        self.texts: dict[int, bytes] = {}
        self.problem = ""  # what went wrong first

    def finished(self) -> bool:
        """Go on; true once every process was asked."""
        if self._tool is not None:
            if not self._tool.finished():
                return False
            self._take(self._tool)
        while self._tool is None and self._waiting:
            self._process, self._gentle = self._waiting.pop(0), False
            self._begin()
        return self._tool is None

    def close(self) -> None:
        """Leave it at what there is."""
        self._waiting = []
        if self._tool is not None:
            self._tool.close()
            self._tool = None

    def _begin(self) -> None:
        more = ["--nonblocking"] if self._gentle else []
        argv = [self._py_spy, "dump", *self._options, *more, "--pid", str(self._process)]
        try:
            self._tool = Tool(argv, patience_s=_PATIENCE_S, errors=True)
        except OSError as error:
            self.problem = self.problem or f"{self._py_spy}: {error.strerror}"
            self._tool, self._waiting = None, []

    def _take(self, tool: Tool) -> None:
        self._tool = None
        if tool.status == 0:
            self.texts[self._process] = tool.said
        elif procfs.start_ticks(self._process) is None:
            return  # it has ended meanwhile
        elif not self._gentle:
            self._gentle = True
            self._begin()
        else:
            said = tool.text.strip().splitlines()
            why = said[0] if said else f"no answer within {_PATIENCE_S:g} s"
            self.problem = self.problem or f"process {self._process}: {why}"[:_DETAIL_MAX]


def dump(task: Task, number: int) -> None:
    """Begin dump `number` of the command that runs: every Python process, sent to the server, told in an event.

    Returns at once. What cannot be had is said in the event `stacks_failed`, and harms nothing.
    """
    py_spy = str(task.launch.get("py_spy") or "")
    root = task.running.pid if task.running is not None else 0
    if not py_spy or not root:
        detail = "the command does not run" if py_spy else "py-spy is not known on this node"
        task.emit("stacks_failed", name=str(number), number=number, detail=detail)
        return
    _Dump(task, number, Spying(py_spy, python_processes(root)))


class _Dump:
    """One dump on its way: taken, then sent. The owner of its channel."""

    def __init__(self, task: Task, number: int, spying: Spying) -> None:
        self._task = task
        self._number = number
        self._spying = spying
        self._body: bytes | None = None
        self._channel: Channel | None = None
        self._timer = task.pump.every(_LOOK_S, self._look, first_s=0.0)

    def _look(self) -> None:
        if not self._spying.finished():
            return
        self._task.pump.cancel(self._timer)
        if not self._spying.texts:
            self._tell_failure(self._spying.problem or "there is no Python process")
            return
        body = b"\n".join(self._spying.texts.values())
        self._body = body if len(body) <= TEXT_MAX else body[: TEXT_MAX - len(_CUT)] + _CUT
        launch = self._task.launch
        base = f"{launch['server_url']}/runner/v1/attempts/{launch['attempt_key']}/tasks/{launch['task']}"
        self._channel = Channel(connect(base, launch["token"]), self)
        self._task.pump.channels.append(self._channel)

    def next_request(self, now: float) -> Request | None:
        """The dump, until it has arrived."""
        if self._body is None:
            return None
        return Request("PUT", f"/stacks?number={self._number}", self._body, "text/plain; charset=utf-8")

    def due_in(self, now: float) -> float:
        """At once, once."""
        return _FAR_S if self._body is None else 0.0

    def failed(self) -> None:
        """The same again, after a while."""

    def accept(self, answer: Answer) -> None:
        """It has arrived, or is not wanted."""
        self._body = None
        if self._channel in self._task.pump.channels:
            # A new list: the pump is going through the old one at this moment.
            self._task.pump.channels = [
                channel for channel in self._task.pump.channels if channel is not self._channel
            ]
        if answer.status >= 300:
            self._tell_failure(f"the server answered with status {answer.status}")
            return
        self._task.emit(
            "stacks_taken", name=str(self._number), number=self._number, count=len(self._spying.texts)
        )
        if self._spying.problem:
            self._tell_failure(self._spying.problem)

    def _tell_failure(self, detail: str) -> None:
        self._task.emit("stacks_failed", name=str(self._number), number=self._number, detail=detail)


class Looker:
    """Looks now and then whether the main threads stand where they stood, their variables included."""

    def __init__(self, py_spy: str) -> None:
        self._py_spy = py_spy
        self._spying: Spying | None = None

    def begin(self, root: int) -> None:
        """Take a look, unless one is being taken."""
        if self._spying is None:
            self._spying = Spying(self._py_spy, python_processes(root) if self._py_spy else (), ("--locals",))

    def result(self) -> bytes | None:
        """What was seen, as a fingerprint; empty: nothing could be; None: there is no look, or not yet."""
        if self._spying is None or not self._spying.finished():
            return None
        texts, self._spying = self._spying.texts, None
        if not texts:
            return b""
        seen = hashlib.sha256()
        for process in sorted(texts):
            seen.update(b"%d\n" % process + _main_thread(process, texts[process]))
        return seen.digest()

    def close(self) -> None:
        """No more of it."""
        if self._spying is not None:
            self._spying.close()
            self._spying = None


def _main_thread(process: int, text: bytes) -> bytes:
    """The part of a dump that shows the main thread, without its state, which flickers."""
    wanted = b"Thread %d " % process
    lines: list[bytes] = []
    inside = False
    for line in text.splitlines():
        if line.startswith(b"Thread "):
            inside = line.startswith(wanted) or b'"MainThread"' in line
        elif inside:
            lines.append(line)
    return b"\n".join(lines)
