"""The folder one task of one attempt lives in: names of its files, and how they are read and written.

A killed process never leaves half a file behind (written aside, then renamed). Only what must survive a power cut is
flushed to disk (`durable`).
"""

from __future__ import annotations

import errno
import os

from . import jsontext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SEGMENT_SUFFIX = ".seg"


def write_json(path: str, value: Any, *, durable: bool = False) -> None:
    """Replace `path` by `value`, readable by its owner only."""
    draft = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, (jsontext.dumps(value) + "\n").encode("utf-8", "surrogatepass"))
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(draft, path)
    if durable:
        sync_folder(os.path.dirname(path))


def read_json(path: str) -> dict[str, Any] | None:
    """The object in `path`; None when there is no such file.

    Raises:
        ValueError: the file does not hold a JSON object.
    """
    try:
        with open(path, "rb") as file:
            value = jsontext.loads(file.read().decode("utf-8", "surrogatepass"))
    except FileNotFoundError:
        return None
    if not isinstance(value, dict):
        raise ValueError(f"{path} does not hold a JSON object")
    return value


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however often the kernel takes only a part."""
    written = os.write(descriptor, data)
    if written < len(data):
        rest = memoryview(data)[written:]
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def sync_folder(path: str) -> None:
    """Make renames inside the folder survive a power cut, where the filesystem can."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a filesystem without folder sync
            raise
    finally:
        os.close(descriptor)


class RunDir:
    """Paths of everything in the folder (docs/design/runner.md has the table)."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self.launch = self._at("launch.json")
        self.supervisor = self._at("supervisor.json")
        self.order = self._at("order.json")
        self.state = self._at("state.jsonl")
        self.events = self._at("events.jsonl")
        self.stop = self._at("stop.json")
        self.done = self._at("done.json")
        self.lock = self._at("supervisor.lock")
        self.journal = self._at("supervisor.log")
        self.wake = self._at("wake")
        self.log = self._at("log")
        self.engine_log = self._at("engine-log")
        self.overflow = self._at("overflow.json")
        self.mounts = self._at("mounts")
        self.fetched = self._at("fetched.json")
        self.root = self._at("root")

    def _at(self, name: str) -> str:
        return os.path.join(self.path, name)

    def command(self, step: str) -> str:
        """What the shim of `step` is to start."""
        return self._at(f"command-{step}.json")

    def shim(self, step: str) -> str:
        """Who the shim of `step` is; its existence says that the step was started."""
        return self._at(f"shim-{step}.json")

    def steps_with_shim(self) -> list[str]:
        """Names of all steps whose command was started."""
        names = (
            name for name in os.listdir(self.path) if name.startswith("shim-") and name.endswith(".json")
        )
        return sorted(name[len("shim-") : -len(".json")] for name in names)

    def exit(self, step: str) -> str:
        """How the command of `step` ended."""
        return self._at(f"exit-{step}.json")

    def kill(self, step: str) -> str:
        """Why the command of `step` is to be killed at once."""
        return self._at(f"kill-{step}.json")

    def make_wake(self) -> int:
        """Open the pipe through which whoever has news wakes the supervisor. Never blocks, on either side."""
        try:
            os.mkfifo(self.wake, 0o600)
        except FileExistsError:
            pass  # the supervisor was restarted
        return os.open(self.wake, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def poke(wake: int) -> None:
    """Wake the supervisor. A full pipe means that it is woken already."""
    try:
        os.write(wake, b"w")
    except BlockingIOError:
        pass


def drain(descriptor: int) -> None:
    """Empty a pipe that only says "there is news"."""
    try:
        while len(os.read(descriptor, 4096)) == 4096:
            pass
    except BlockingIOError:
        pass
