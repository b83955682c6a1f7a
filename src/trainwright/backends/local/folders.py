"""What the backend keeps on disk: it is the truth, memory is rebuilt from it at every start.

    runs/<attempt key>/launch-set.json   the launch as accepted, its place in the queue; durable when submit returns
                       admitted.json     it may have processes from here on; which accelerators its tasks were given
                       priority.json     it was given another priority than the launch's
                       stop.json         a stop was asked for, with the shortest grace
                       preempted.json    it was sent away for another, and which; a stop, too
                       <task>/           RUNDIR (docs/design/runner.md)
                       <task>/abandoned.json   its supervisor is not to be started again, and why
    runs/.trash.<attempt key>            reaped, being removed

admitted.json and the task files are written in one step but not synced: `kill -9` loses nothing that was written, and
after a power cut there are no processes they could speak of, so the attempt is simply started again.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trainwright.backends.local.disk import Disk
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import LaunchSpec
from trainwright.ports.backend import Launch

log = logging.getLogger(__name__)

LAUNCH_SET, ADMITTED, STOP, ABANDONED = "launch-set.json", "admitted.json", "stop.json", "abandoned.json"
LAUNCH, DONE, PRIORITY, PREEMPTED = "launch.json", "done.json", "priority.json", "preempted.json"
TRASH = ".trash."
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")

Devices = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class StoredLaunch:
    """One accepted attempt as found on disk. `devices` None: not admitted; `stop_grace_s` None: no stop asked;
    `preempted_by` empty: not sent away.
    """

    launch: Launch
    sequence: int
    priority: int
    devices: Devices | None
    admitted_at_ms: int
    stop_grace_s: int | None
    preempted_by: str


@dataclass(frozen=True, slots=True)
class DamagedLaunch:
    """An accepted attempt whose file cannot be read any more: the disk lost it, not we."""

    key: str
    detail: str


class RunFolders:
    """The folders of all attempts. Blocking; raises OSError when the disk does not do what is asked."""

    def __init__(self, root: Path, disk: Disk) -> None:
        self._root = root
        self._disk = disk

    def folder(self, key: str) -> Path:
        """Where an attempt lies."""
        return self._root / key

    def task_folder(self, key: str, task: str) -> Path:
        """The RUNDIR of a task."""
        return self._root / key / task

    def open(self) -> None:
        """Make the folder of all attempts."""
        self._disk.make_folder(self._root)

    def store(self, launch: Launch, sequence: int) -> None:
        """Accept: once this returns, no crash and no power cut loses the launch."""
        folder = self.folder(launch.key)
        self._disk.make_folder(folder)
        stored = {
            "version": 1,
            "sequence": sequence,
            "key": launch.key,
            "attempt": launch.attempt,
            "server_url": launch.server_url,
            "token": launch.token,
            "spec": launch.spec.model_dump(mode="json"),
            "urgent": launch.urgent,
            "avoid": list(launch.avoid),
        }
        self._disk.replace(folder / LAUNCH_SET, _encode(stored), durable=True)
        self._disk.sync_folder(self._root)

    def mark_admitted(self, key: str, devices: Devices, at_ms: int) -> None:
        """From now on processes of it may exist."""
        admitted = {
            "version": 1,
            "at_ms": at_ms,
            "devices": {task: list(ids) for task, ids in devices.items()},
        }
        self._disk.replace(self.folder(key) / ADMITTED, _encode(admitted), durable=False)

    def mark_priority(self, key: str, priority: int) -> None:
        """From now on it waits with this priority."""
        self._disk.replace(self.folder(key) / PRIORITY, _encode({"priority": priority}), durable=True)

    def mark_stopped(self, key: str, grace_s: int) -> None:
        """Remember that a stop was asked for."""
        self._disk.replace(self.folder(key) / STOP, _encode({"grace_s": grace_s}), durable=True)

    def mark_preempted(self, key: str, by: str, grace_s: int) -> None:
        """From now on it is being stopped, to make room for `by`."""
        self._disk.replace(
            self.folder(key) / PREEMPTED, _encode({"by": by, "grace_s": grace_s}), durable=True
        )

    def tell_stop(self, key: str, task: str, grace_s: int, *, preempted: bool = False) -> None:
        """Leave the stop for the task's supervisor, whether it runs already or not."""
        folder = self.task_folder(key, task)
        self._disk.make_folder(folder)
        told = {"grace_s": grace_s, "reason": Reason.PREEMPTED.value} if preempted else {"grace_s": grace_s}
        self._disk.replace(folder / STOP, _encode(told), durable=False)

    def read_reason(self, key: str, task: str) -> str:
        """Why the task ended, as its runner said; empty when it said nothing, or was not listened to any more."""
        return str((_read(self.task_folder(key, task) / DONE) or {}).get("reason", ""))

    def abandon(self, key: str, task: str, reason: str, detail: str) -> None:
        """The task's supervisor is never started again."""
        folder = self.task_folder(key, task)
        self._disk.make_folder(folder)
        abandoned = {"reason": reason, "detail": detail}
        self._disk.replace(folder / ABANDONED, _encode(abandoned), durable=False)

    def read_abandoned(self, key: str, task: str) -> tuple[str, str] | None:
        """(reason, detail) when the task was abandoned."""
        found = _read(self.task_folder(key, task) / ABANDONED)
        return None if found is None else (str(found.get("reason", "")), str(found.get("detail", "")))

    def write_launch(self, key: str, task: str, content: Mapping[str, Any]) -> Path:
        """Lay out a RUNDIR with its launch.json; returns it."""
        folder = self.task_folder(key, task)
        self._disk.make_folder(folder)
        self._disk.replace(folder / LAUNCH, _encode(content), durable=False)
        return folder

    def read_cgroup(self, key: str, task: str) -> str:
        """The control group a former server made for the task."""
        found = _read(self.task_folder(key, task) / LAUNCH) or {}
        return str(found.get("cgroup", ""))

    def discard(self, key: str) -> None:
        """Remove an attempt: out of sight in one step, then file by file. Gone already is success."""
        trash = self._root / f"{TRASH}{key}"
        self._disk.remove_tree(trash)
        try:
            self._disk.rename(self.folder(key), trash)
        except FileNotFoundError:
            return
        self._disk.sync_folder(self._root)
        self._disk.remove_tree(trash)

    def empty_trash(self) -> None:
        """Finish removals that a crash cut short."""
        for folder in self._root.glob(f"{TRASH}*"):
            self._disk.remove_tree(folder)

    def load_all(self) -> Iterator[StoredLaunch | DamagedLaunch]:
        """Everything accepted. A folder without its launch set was never accepted and is removed."""
        for folder in sorted(self._root.iterdir()):
            if folder.name.startswith(TRASH) or not folder.is_dir():
                continue
            if (folder / LAUNCH_SET).exists():
                yield self._load(folder)
            else:
                self._disk.remove_tree(folder)

    def _load(self, folder: Path) -> StoredLaunch | DamagedLaunch:
        try:
            stored = json.loads((folder / LAUNCH_SET).read_bytes())
            spec = LaunchSpec.model_validate(stored["spec"])
            launch = Launch(
                key=folder.name,
                attempt=stored["attempt"],
                spec=spec,
                server_url=stored["server_url"],
                token=stored["token"],
                urgent=bool(stored.get("urgent", False)),
                avoid=tuple(stored.get("avoid", ())),
            )
            sequence = int(stored["sequence"])
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            log.error("launch_set_damaged", extra={"attempt": folder.name, "error": type(error).__name__})
            return DamagedLaunch(folder.name, f"{LAUNCH_SET} cannot be read: {type(error).__name__}")
        changed = _read(folder / PRIORITY) or {}
        admitted = _read(folder / ADMITTED)
        graces = [_grace(folder / name) for name in (STOP, PREEMPTED)]
        return StoredLaunch(
            launch=launch,
            sequence=sequence,
            priority=int(changed.get("priority", spec.priority)),
            devices=None if admitted is None else _devices(admitted),
            admitted_at_ms=int((admitted or {}).get("at_ms", 0)),
            stop_grace_s=min((grace_s for grace_s in graces if grace_s is not None), default=None),
            preempted_by=str((_read(folder / PREEMPTED) or {}).get("by", "")),
        )


def _devices(admitted: Mapping[str, Any]) -> Devices:
    return {task: tuple(ids) for task, ids in admitted.get("devices", {}).items()}


def _grace(path: Path) -> int | None:
    found = _read(path)
    return None if found is None else int(found.get("grace_s", 0))


def _read(path: Path) -> dict[str, Any] | None:
    """The object in `path`; None when it is missing, or cut short by a power cut."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _encode(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
