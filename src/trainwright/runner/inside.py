"""The folder through which a job and its supervisor talk (ADR 0026): the job's files of reports, and the stop.

The job may do there what it likes: links are not followed, and what is not as `trainwright.inside` writes it is passed
over.
"""

from __future__ import annotations

import os
import time
from itertools import islice

from . import deferred, jsontext
from .layout import INSIDE, UnsafePath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import Any

    from .beneath import Folder, Place
    from .points import Batch, Noted, Source
    from .task import Task

_PIECE = 64 << 10  # no line that we write is longer
_FILES = "reports-"
_SHARE = 200  # looks take at most 0.5 % of a CPU
_SHOWN_MAX = 4096
_FILES_MAX = 5000  # that are followed
_ENTRIES_MAX = 50_000  # of the folder that are looked at


class Reports:
    """Files of one JSON object a line, `reports-<pid>-<random>.jsonl`. `on_checkpoint` hears of a complete checkpoint's
    path, as the job sees it, perhaps twice.
    """

    def __init__(self, where: Place, on_checkpoint: Callable[[str], None]) -> None:
        self._where = where
        self._on_checkpoint = on_checkpoint
        self._next = 0.0

    def look(self, batch: Batch, *, thorough: bool) -> None:
        """Add what is new, file after file by name."""
        began = time.monotonic()
        if began < self._next and not thorough:
            return
        try:
            folder = self._where.open()
            present, whole = _files(folder, batch.noted.marks)
        except (OSError, UnsafePath):
            return  # the job has made something else of it
        for name in sorted(present):
            mark = batch.mark(name) or [0]
            if present[name] > mark[0] and not batch.enough:
                self._read(folder, name, mark[0], batch)
        if whole:
            batch.ended |= {key for key in batch.noted.marks if key.startswith(_FILES) and key not in present}
        self._next = time.monotonic() + _SHARE * (time.monotonic() - began)

    def _read(self, folder: Folder, name: str, at: int, batch: Batch) -> None:
        try:
            descriptor = folder.read(name)
        except (OSError, UnsafePath):
            return  # gone, or closed to us
        try:
            while not batch.enough:
                data = os.pread(descriptor, _PIECE, at)
                whole = data.rfind(b"\n") + 1
                if not whole and len(data) < _PIECE:
                    break
                if not whole:
                    at += len(data)  # of no line of ours
                for line in data[:whole].split(b"\n")[:-1]:
                    at += len(line) + 1
                    self._take(name, line, batch)
                    if batch.full:
                        break
        except OSError:
            pass  # the disk; what was read counts
        finally:
            os.close(descriptor)
        batch.marks[name] = [at]

    def _take(self, name: str, line: bytes, batch: Batch) -> None:
        try:
            said = jsontext.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(said, dict):
            return
        kind = said.get("kind")
        if kind == "end":
            batch.ended.add(name)
        elif kind == "checkpoint":
            path = said.get("path")
            self._on_checkpoint(path if isinstance(path, str) else "")
        if kind in ("metrics", "checkpoint"):
            _add(said, batch)

    def settled(self, batch: Batch) -> None:
        """Take away the files that were read to their ends, before it is forgotten how far that was."""
        if not batch.ended:
            return
        try:
            folder = self._where.open()
        except (OSError, UnsafePath):
            return
        for name in batch.ended:
            if name.startswith(_FILES):
                try:
                    os.unlink(name, dir_fd=folder.descriptor)
                except OSError:
                    continue  # it is gone, or has become something else

    def adopt(self, *, read: bool) -> None:
        """Nothing to be done: nobody but the job writes here."""


def sources(task: Task, noted: Noted) -> list[Source]:
    """Where the job's points come from: what it reports, and event files in its outputs."""
    found: list[Source] = [Reports(task.place(INSIDE), lambda path: _checkpoint(task, path))]
    outputs = [(folder["name"], task.place(folder["local_path"])) for folder in task.order["outputs"]]
    if outputs:
        found.append(deferred.load("eventfiles").EventFiles(outputs, noted))
    return found


def _checkpoint(task: Task, path: str) -> None:
    """A checkpoint is complete: keep it now. Whoever writes it elsewhere should know before it is needed."""
    task.want_upload()
    kept = [task.places.view(folder["local_path"]) for folder in task.order["outputs"]]
    if any(path == place or path.startswith(place + "/") for place in kept):
        return
    if not task.state.facts.get("checkpoint outside"):
        task.state.facts["checkpoint outside"] = True
        try:
            task.emit("checkpoint_outside", name=path[:_SHOWN_MAX])
        except OSError:
            pass  # the disk is full, which is told otherwise


def _add(said: dict[str, Any], batch: Batch) -> None:
    values, step, at_ms = said.get("values"), said.get("step"), said.get("at_ms")
    if not isinstance(values, dict) or not isinstance(step, (int, type(None))):
        return
    if not isinstance(at_ms, int):
        at_ms = time.time_ns() // 1_000_000
    for name, value in values.items():
        if isinstance(value, (int, float)):
            try:
                batch.add(name, step, float(value), at_ms)
            except OverflowError:
                continue  # more digits than a number has


def _files(folder: Folder, known: Container[str]) -> tuple[dict[str, int], bool]:
    """Names and sizes of the job's files, and whether these are all: no new ones are followed beside very many."""
    found: dict[str, int] = {}
    seen = 0
    with os.scandir(folder.descriptor) as entries:
        for entry in islice(entries, _ENTRIES_MAX):
            seen += 1
            if not (entry.name.startswith(_FILES) and entry.name.endswith(".jsonl")):
                continue
            if len(found) >= _FILES_MAX and entry.name not in known:
                continue
            try:
                if entry.is_file(follow_symlinks=False):
                    found[entry.name] = entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue  # gone
    return found, seen < _ENTRIES_MAX


def tell_stop(task: Task) -> None:
    """Let `should_stop()` be true in the job, from now on."""
    try:
        task.place(f"{INSIDE}/stop").write(b"", mode=0o644)
    except (OSError, UnsafePath):
        pass  # no folder yet, no room, or not the job's wish: the signal comes all the same
