"""The shared folder: the truth about attempts, for servers, nodes and people. Blocking; raises OSError.

    runner.pyz, py-spy               what nodes run (written by the server as it starts)
    instance                         which server's jobs are ours in Slurm's queue
    runs/<key>/launch-set.json       the launch as accepted, with its token
               attempt.json          what keepers go by (runner/keep.py)
               tried.json            sbatch was called, or is about to be; whether its answer was lost
               job.json              the job's number in Slurm
               rejected.json         it can never run, and why
               stop.json             a stop was asked for, with the shortest grace
               priority.json         it was given another priority than the launch's
               end.json              what Slurm said last, when the job was over
               slurm.out             what Slurm itself and a keeper in trouble wrote
               status/               keepers: owners and ends of tasks
               <task>/               RUNDIR (docs/design/runner.md)
    runs/.trash.<key>                reaped, being removed

Made for NFS: files are written aside, synced and renamed; whole attempts leave by one rename, and what a node still
holds open (.nfs…) is left in the trash for a later sweep.
"""

import contextlib
import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trainwright.domain.specs import LaunchSpec
from trainwright.ports.backend import Launch

log = logging.getLogger(__name__)

LAUNCH_SET, ATTEMPT, TRIED, JOB, END = "launch-set.json", "attempt.json", "tried.json", "job.json", "end.json"
REJECTED, STOP, PRIORITY, STATUS, LAUNCH = (
    "rejected.json",
    "stop.json",
    "priority.json",
    "status",
    "launch.json",
)
OUTPUT, OUTPUT_READ_BYTES, WORDS_MAX = "slurm.out", 4096, 300
INSTANCE, TRASH = "instance", ".trash."
SETTLED_S = 2.0  # a folder that has not changed for so long shows its next change by another time
REREAD_S = 30.0  # where folders show no times
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")


@dataclass(frozen=True, slots=True)
class Stored:
    """One accepted attempt as found on disk; None for files that are not there."""

    launch: Launch
    tried: dict[str, Any] | None
    job: dict[str, Any] | None
    rejected: str
    stop_grace_s: int | None
    priority: int
    end: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Damaged:
    """An accepted attempt whose file cannot be read any more."""

    key: str
    job: dict[str, Any] | None
    detail: str


@dataclass(frozen=True, slots=True)
class Signs:
    """What keepers have left of an attempt: `ended` tasks with what was said, `beats` (node and beat) of those that
    were ever begun. `changed_ns`: when the folder changed, first seen `since`; read at `read_at` (seconds, monotonic).
    `quiet`: nobody writes there, so that the same time means the same content.
    """

    ended: dict[str, dict[str, Any]]
    beats: dict[str, tuple[str, int]]
    changed_ns: int = 0
    since: float = 0.0
    read_at: float = 0.0
    quiet: bool = False


class SharedFolder:
    """The folders of all attempts."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._runs = root / "runs"

    def open(self) -> str:
        """Make what is missing; returns the name by which this server's jobs are told from others'."""
        _make(self._runs)
        path = self._root / INSTANCE
        if not path.exists():
            draft = path.with_name(f".{INSTANCE}.{secrets.token_hex(4)}")
            _replace(draft, secrets.token_hex(6).encode())
            with contextlib.suppress(FileExistsError):  # another one was faster: theirs counts
                path.hardlink_to(draft)
            draft.unlink()
        return path.read_text(encoding="ascii").strip()

    def folder(self, key: str) -> Path:
        """Where an attempt lies."""
        return self._runs / key

    def store(
        self,
        launch: Launch,
        attempt: Mapping[str, Any],
        tasks: Mapping[str, Mapping[str, Any]],
        rejected: str,
    ) -> None:
        """Accept: once this returns, nothing loses the launch. `tasks` is launch.json of each; launch-set.json comes
        last, and makes it accepted.
        """
        folder = self.folder(launch.key)
        _make(folder)
        _make(folder / STATUS)
        for name, content in tasks.items():
            _make(folder / name)
            _replace(folder / name / LAUNCH, _encode(content))
        _replace(folder / ATTEMPT, _encode(attempt))
        if rejected:
            _replace(folder / REJECTED, _encode({"detail": rejected}))
        stored = {
            "version": 1,
            "key": launch.key,
            "attempt": launch.attempt,
            "server_url": launch.server_url,
            "token": launch.token,
            "urgent": launch.urgent,
            "avoid": list(launch.avoid),
            "spec": launch.spec.model_dump(mode="json"),
        }
        _replace(folder / LAUNCH_SET, _encode(stored))
        _sync(self._runs)

    def write(self, key: str, name: str, content: Mapping[str, Any]) -> None:
        """Put one of the small files into place, durably."""
        _replace(self.folder(key) / name, _encode(content))

    def tell_stop(self, key: str, tasks: tuple[str, ...], grace_s: int) -> None:
        """Leave the stop for the attempt, its keepers and supervisors."""
        content = _encode({"grace_s": grace_s})
        _replace(self.folder(key) / STOP, content)
        for task in tasks:
            _replace(self.folder(key) / task / STOP, content)

    def signs(self, key: str, before: Signs | None, now: float) -> Signs:
        """What keepers have left; `before` itself where it still holds, which costs one look at the folder."""
        folder = self.folder(key) / STATUS
        try:  # opened, so that a file server is asked
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return Signs({}, {})
        try:
            changed_ns = os.fstat(descriptor).st_mtime_ns
            same = before is not None and before.changed_ns == changed_ns
            if before is not None and same and before.quiet and now < before.read_at + REREAD_S:
                return before
            with os.scandir(descriptor) as entries:
                names = [entry.name for entry in entries]
        finally:
            os.close(descriptor)
        since = before.since if before is not None and same else now
        return _signs(folder, sorted(names), changed_ns, since, now)

    def owner_job(self, key: str) -> str:
        """The number of the job whose keepers run the attempt; empty: none has begun."""
        for path in _list(self.folder(key) / STATUS):
            if path.suffix == ".owner":
                return str((_read(path) or {}).get("job", ""))
        return ""

    def place(self, key: str, task: str) -> tuple[str, str]:
        """Number of the job, and node, where the task runs; empty: it has not begun."""
        owner = _read(self.folder(key) / STATUS / f"{task}.owner") or {}
        return str(owner.get("job", "")), str(owner.get("node", ""))

    def done(self, key: str, tasks: tuple[str, ...]) -> bool:
        """Whether every task has a final, acknowledged result."""
        return all((self.folder(key) / task / "done.json").exists() for task in tasks)

    def last_words(self, key: str, hide: str) -> str:
        """The last line that Slurm itself or a keeper in trouble wrote, short and without `hide`; empty: none."""
        try:
            with (self.folder(key) / OUTPUT).open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - OUTPUT_READ_BYTES))
                text = file.read(OUTPUT_READ_BYTES).decode(errors="replace")
        except OSError:
            return ""
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        last = lines[-1].replace(hide, "***") if lines else ""
        return "".join(c for c in last if c.isprintable())[:WORDS_MAX]

    def discard(self, key: str) -> None:
        """Remove an attempt: out of sight in one step, then what can be removed. Gone already is success."""
        trash = self._runs / f"{TRASH}{key}.{secrets.token_hex(4)}"
        try:
            self.folder(key).rename(trash)
        except FileNotFoundError:
            return
        _sync(self._runs)
        _remove(trash)

    def empty_trash(self) -> None:
        """Finish removals that a crash, or a file still open on a node, cut short."""
        for folder in self._runs.glob(f"{TRASH}*"):
            _remove(folder)

    def load_all(self) -> Iterator[Stored | Damaged]:
        """Everything accepted. A folder without its launch set was never accepted and is removed."""
        for folder in sorted(self._runs.iterdir()):
            if folder.name.startswith(TRASH) or not folder.is_dir():
                continue
            if (folder / LAUNCH_SET).exists():
                yield self.load(folder.name)
            else:
                _remove(folder)

    def load(self, key: str) -> Stored | Damaged:
        """One accepted attempt."""
        folder = self.folder(key)
        job = _read(folder / JOB)
        try:
            stored = json.loads((folder / LAUNCH_SET).read_bytes())
            spec = LaunchSpec.model_validate(stored["spec"])
            launch = Launch(
                key, stored["attempt"], spec, stored["server_url"], stored["token"],
                urgent=bool(stored.get("urgent")), avoid=tuple(stored.get("avoid", ())),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            log.error("launch_set_damaged", extra={"attempt": key, "error": type(error).__name__})
            return Damaged(key, job, f"{LAUNCH_SET} cannot be read: {type(error).__name__}")
        stop, changed = _read(folder / STOP), _read(folder / PRIORITY) or {}
        return Stored(
            launch=launch,
            tried=_read(folder / TRIED),
            job=job,
            rejected=str((_read(folder / REJECTED) or {}).get("detail", "")),
            stop_grace_s=None if stop is None else int(stop.get("grace_s", 0)),
            priority=int(changed.get("priority", spec.priority)),
            end=_read(folder / END),
        )


def _signs(folder: Path, names: list[str], changed_ns: int, since: float, now: float) -> Signs:
    found = Signs({}, {})
    whole = True
    for name in names:
        task, _, kind = name.rpartition(".")
        if kind not in ("json", "owner"):
            continue
        said = _read(folder / name)
        whole = whole and said is not None
        if kind == "json":
            found.ended[task] = said or {}
        else:
            owner = said or {}
            found.beats[task] = (str(owner.get("node", "")), int(owner.get("beat", 0)))
    quiet = whole and now >= since + SETTLED_S and set(found.beats) <= set(found.ended)
    return Signs(found.ended, found.beats, changed_ns, since, now, quiet)


def _list(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _replace(path: Path, data: bytes) -> None:
    """Readers see the old file or all of the new one, also after a power cut."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    """What can be removed now; the rest stays in the trash."""

    def leave(_call: object, path: str, error: object) -> None:
        log.info("trash_left_behind", extra={"path": path, "error": str(error)})

    shutil.rmtree(folder, onerror=leave)


def _read(path: Path) -> dict[str, Any] | None:
    """The object in `path`; None when it is missing or cannot be read."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _encode(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
