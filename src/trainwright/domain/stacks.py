"""Reads py-spy's dumps of all tasks of a job that hangs, and finds the rank that stands elsewhere than the rest. Pure.

What is compared is where the main threads of the training processes are in the user's own code. Launchers (torchrun)
and data loading workers wait by trade and are left out as long as anything else is there.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_PROCESS = re.compile(r"^Process (\d+): ?(.*)$")
_THREAD = re.compile(r"^Thread (\S+) \(([^)]*)\)(?:: \"(.*)\")?$")
_FRAME = re.compile(r"^    (.+) \((.+?)(?::(\d+))?\)$")

_LIBRARIES = (
    "torch/", "torchvision/", "horovod/", "mindspore/", "tensorflow/", "keras/", "deepspeed/", "accelerate/",
    "lightning/", "pytorch_lightning/", "transformers/", "megatron/", "mpi4py/", "mpi4py.", "numpy/", "apex/", "ray/",
    "multiprocessing/", "concurrent/", "asyncio/", "importlib/", "threading.py", "queue.py", "subprocess.py",
    "selectors.py", "socket.py", "ssl.py", "contextlib.py", "runpy.py", "functools.py", "<frozen ",
)  # fmt: skip
_LAUNCHERS = (
    "torch/distributed/run.py", "torch/distributed/launcher/", "torch/distributed/elastic/agent/",
    "torch/distributed/launch.py", "multiprocessing/resource_tracker.py", "multiprocessing/forkserver.py",
    "horovod/runner/", "accelerate/commands/", "deepspeed/launcher/",
)  # fmt: skip
_WORKERS = ("torch/utils/data/_utils/worker.py", "multiprocessing/pool.py", "concurrent/futures/process.py")
_SPAWNER = "start_processes"  # of torch.multiprocessing: the parent, which waits for its ranks
_MEETING_FILES = ("torch/distributed/", "horovod/", "mindspore/communication/", "torch/autograd/graph.py")
_MEETING_NAMES = frozenset(
    (
        "all_reduce", "allreduce", "all_gather", "allgather", "reduce_scatter", "broadcast", "barrier", "all_to_all",
        "alltoall", "gather", "scatter", "reduce", "send", "recv", "synchronize", "wait", "join",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """One call. `line` 0: not known."""

    function: str
    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.function} ({self.file}:{self.line})" if self.line else f"{self.function} ({self.file})"


@dataclass(frozen=True, slots=True)
class ProcessStack:
    """The main thread of one process, innermost call first."""

    pid: int
    command: str
    frames: tuple[Frame, ...]

    @property
    def is_helper(self) -> bool:
        """Whether it is a launcher or a data loading worker: what it waits for is the others' doing."""
        return any(
            frame.file.startswith((*_LAUNCHERS, *_WORKERS)) or frame.function == _SPAWNER
            for frame in self.frames
        )

    @property
    def place(self) -> tuple[Frame, ...]:
        """Where it is in the user's own code, innermost first; in any code when it is in none of the user's."""
        own = tuple(frame for frame in self.frames if not frame.file.startswith(_LIBRARIES))
        return own or self.frames

    @property
    def meets(self) -> bool:
        """Whether it waits for other ranks: its innermost calls belong to a collective."""
        return any(
            frame.file.startswith(_MEETING_FILES)
            or (frame.function.rpartition(".")[2] in _MEETING_NAMES and frame.file.startswith(_LIBRARIES))
            for frame in self.frames[:6]
        )

    @property
    def shown(self) -> str:
        """Its place in words: the user's line, and the library's call where it stopped there."""
        place = self.place[0]
        innermost = self.frames[0]
        return str(place) if innermost == place else f"{place} > {innermost}"


@dataclass(frozen=True, slots=True)
class Odd:
    """The task that stands elsewhere, where that is, and where the others are."""

    task: str
    frame: str
    others: str


def parse(text: str) -> tuple[ProcessStack, ...]:
    """The main thread of every process in what `py-spy dump` printed for one after another; what is not a dump is
    skipped. A process without frames (it is just starting or ending) is left out.
    """
    found: list[ProcessStack] = []
    pid, command = 0, ""
    frames: list[Frame] | None = None
    for line in [*text.splitlines(), "Process 0: "]:
        process, thread = _PROCESS.match(line), _THREAD.match(line)
        if (process or thread) and frames:
            found.append(ProcessStack(pid, command, tuple(frames)))
        if process:
            pid, command, frames = int(process[1]), process[2], None
        elif thread:
            frames = [] if thread[3] == "MainThread" or thread[1] == str(pid) else None
        elif frames is not None and (frame := _FRAME.match(line)):
            frames.append(Frame(frame[1], frame[2], int(frame[3] or 0)))
    return tuple(found)


def odd_one(dumps: Mapping[str, str]) -> Odd | None:
    """The task whose training process stands elsewhere than most; None when all stand at the same place, or nothing
    can be told. `dumps`: the text of each task.

    With no majority (two ranks) it is the one that does not wait for the others, else the one that is further on in the
    code: it has left out what the others still wait in.
    """
    ranks = [(task, stack) for task in sorted(dumps) for stack in _ranks(parse(dumps[task]))]
    groups: dict[tuple[Frame, ...], list[tuple[str, ProcessStack]]] = defaultdict(list)
    for task, stack in ranks:
        groups[stack.place].append((task, stack))
    if len(groups) < 2:
        return None
    smallest = min(len(members) for members in groups.values())
    candidates = [members[0] for members in groups.values() if len(members) == smallest]
    task, stack = _oddest(candidates)
    rest = Counter(other.shown for _, other in ranks if other.place != stack.place)
    return Odd(task, stack.shown, max(sorted(rest), key=rest.__getitem__))


def _ranks(stacks: Sequence[ProcessStack]) -> Sequence[ProcessStack]:
    return [stack for stack in stacks if not stack.is_helper] or stacks


def _oddest(candidates: Sequence[tuple[str, ProcessStack]]) -> tuple[str, ProcessStack]:
    free = [candidate for candidate in candidates if not candidate[1].meets]
    return max(free or candidates, key=lambda candidate: _progress(candidate[1]))


def _progress(stack: ProcessStack) -> tuple[int, ...]:
    """Line numbers from the outermost call inwards: of two processes in one program, the greater is further on."""
    return tuple(frame.line for frame in reversed(stack.place))
