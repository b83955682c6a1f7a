"""A server that dies between any two steps: file operations and starts of processes are the places to die."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainwright.backends.local.disk import Disk
from trainwright.backends.local.processes import spawn_detached


class Killed(BaseException):
    """kill -9: nothing may catch this, and nothing more is done."""


@dataclass
class Fuse:
    """Burns at step `at` (from 1; 0: never); a dead server takes no further step."""

    at: int = 0
    passed: int = 0

    def step(self) -> None:
        """One place to die."""
        self.passed += 1
        if self.at and self.passed >= self.at:
            raise Killed


class MortalDisk(Disk):
    """Dies before each step, and in the middle of writing a file."""

    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse

    def make_folder(self, folder: Path) -> None:
        """As the real one."""
        self._fuse.step()
        super().make_folder(folder)

    def write(self, path: Path, data: bytes, *, sync: bool) -> None:
        """Half of it, then all of it."""
        self._fuse.step()
        super().write(path, data[: len(data) // 2], sync=False)
        self._fuse.step()
        super().write(path, data, sync=sync)

    def rename(self, old: Path, new: Path) -> None:
        """As the real one."""
        self._fuse.step()
        super().rename(old, new)

    def sync_folder(self, folder: Path) -> None:
        """As the real one."""
        self._fuse.step()
        super().sync_folder(folder)

    def remove_tree(self, folder: Path) -> None:
        """One file of it, then all of it."""
        self._fuse.step()
        first = next((path for path in folder.rglob("*") if path.is_file()), None)
        if first is not None:
            first.unlink()
        self._fuse.step()
        super().remove_tree(folder)


@dataclass(frozen=True, slots=True)
class MortalSpawn:
    """Dies before and after a start."""

    fuse: Fuse

    def __call__(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
        """As the real one."""
        self.fuse.step()
        pid = spawn_detached(argv, folder, environment)
        self.fuse.step()
        return pid
