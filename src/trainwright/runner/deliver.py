"""Outputs and the log on their way to the store: while the command runs, and after it whatever its end was."""

from __future__ import annotations

import os
import time
from functools import partial

from .environment import instance_name
from .faults import TransferFailed
from .layout import LOG_DIR, UnsafePath
from .outcome import StepFailed
from .prepare import fetch_output
from .rundir import read_json, write_json
from .staging import Upload, describe, send_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .task import Task

_SKIPPED_MAX = 20  # events about files left out, per output
_BACKOFF_S = (0.2, 1.0, 5.0)
_PIECE = 1 << 20


class Outputs:
    """The output channels of a task."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._access = task.access()
        tag = task.order["task"]
        self._uploads = [
            Upload(folder, task.place(folder["local_path"]), tag, self._access)
            for folder in task.order["outputs"]
        ]
        self._work: Any = None
        self._wanted = False
        known = read_json(task.rundir.fetched)
        for upload, folder in zip(self._uploads, task.order["outputs"]):
            if known is not None:
                upload.recall(known.get(upload.name, {}))
            elif folder["prefetch"] and not os.path.exists(task.rundir.shim("command")):
                upload.remember()
        if known is None:
            self._note_fetched()

    def _note_fetched(self) -> None:
        """Write down what came from the store: another task's newer file there must not be replaced by it later."""
        known = {upload.name: upload.known() for upload in self._uploads}
        if any(known.values()):
            write_json(self._task.rundir.fetched, known)

    def begin_periodic(self) -> None:
        """Send what changed every `upload_period_s` seconds, beside the rest; trouble is left to the next time."""
        period = float(self._task.order["upload_period_s"])
        if self._uploads and period > 0:
            self._task.pump.every(period, self._push_all)

    def want(self) -> None:
        """Send what changed as soon as nothing is being sent any more: a checkpoint is complete. See `attend`."""
        self._wanted = bool(self._uploads)

    def attend(self) -> None:
        """Begin what is wanted, if that can be done now. To be called now and then."""
        if self._wanted and (self._work is None or self._work.done):
            self._wanted = False
            self._push_all()

    def pause(self) -> None:
        """Return with no thread at work: there may be none while a process is forked. Sending goes on after."""
        if self._work is not None:
            self._task.pump.until(lambda: bool(self._work.done))
            self._work.outcome()
            self._work = None

    def save(self) -> None:
        """Send what has not been sent, between two starts of the command. Trouble is left to the end."""
        self.pause()
        for upload in self._uploads:
            try:
                persistently(self._task, upload.push, self._access.cancel)
            except StepFailed as failure:
                self._task.emit("output_upload_failed", name=upload.name, detail=failure.message)

    def fetch_resume(self) -> None:
        """Lay the checkpoint that this start is to go on from, and what else is new in an output that is fetched before
        each start. Raises `StepFailed`, `StopRequested`.
        """
        task, rounds = self._task, self._task.rounds
        point = rounds.resume
        if point is None or f"resume {rounds.number}" in task.state.done:
            return
        self.pause()
        upload = self._uploads[int(point["output"])]
        folder = task.order["outputs"][int(point["output"])]
        path = point["path"]
        task.line(f"resume {rounds.number}", f"[init] resume from {folder['name']}: {path}")
        chosen: set[str] = set()

        def wanted(name: str, size: int) -> bool:
            asked = folder["prefetch"] or name == path or (path.endswith("/") and name.startswith(path))
            if not asked or upload.unchanged(name, size):
                return False
            chosen.add(name)
            return True

        fetch_output(task, folder, wanted)
        upload.remember(chosen)
        self._note_fetched()
        if not task.place(f"{folder['local_path']}/{path}").lies_there():
            raise StepFailed("input_download_failed", f"checkpoint {path} of {folder['name']} is gone")
        step = int(point.get("step", -1))
        task.emit("resume_point", start=rounds.number, checkpoint=path, name=folder["name"], step=step)
        task.state.finish(f"resume {rounds.number}")

    def _push_all(self) -> None:
        if self._work is None or self._work.done:
            self._work = self._task.pump.start_work(self._push_quietly)

    def _push_quietly(self) -> None:
        for upload in self._uploads:
            try:
                upload.push()
            except (OSError, UnsafePath, TransferFailed):
                continue  # told about at the end, if it is still so then

    def finish(self) -> str:
        """Send everything that has not been sent; what went wrong, empty for nothing."""
        if self._work is not None:
            self._task.pump.until(lambda: bool(self._work.done))
        problems = [problem for upload in self._uploads for problem in [self._finish(upload)] if problem]
        return "; ".join(problems)

    def _finish(self, upload: Upload) -> str:
        task = self._task
        task.emit("output_upload_started", name=upload.name)
        began = time.monotonic()
        try:
            persistently(task, upload.push, self._access.cancel)
        except StepFailed as failure:
            task.emit("output_upload_failed", name=upload.name, detail=failure.message)
            return f"{upload.name}: {failure.message}"
        for skipped in upload.skipped[:_SKIPPED_MAX]:
            task.emit("output_file_skipped", name=upload.name, file=skipped.path, detail=skipped.why)
        seconds = f"{time.monotonic() - began:.3f}"
        task.emit("output_upload_done", name=upload.name, files=upload.files, seconds=seconds)
        return ""


def persistently(task: Task, action: Callable[[], Any], cancel: Any) -> None:
    """Do it in a thread; on trouble of the disk again a few times. Raises `StepFailed` with what went wrong."""
    for pause in (*_BACKOFF_S, 0.0):
        try:
            task.pump.work(action, cancel, stoppable=False)
            return
        except UnsafePath as error:
            raise StepFailed("output_upload_failed", str(error)) from error
        except OSError as error:
            if not pause:
                raise StepFailed("output_upload_failed", describe(error, task.hide)) from error
        except TransferFailed as error:
            raise StepFailed("output_upload_failed", describe(error, task.hide)) from error
        resume = time.monotonic() + pause
        task.pump.until(partial(_past, resume))


def _past(moment: float) -> bool:
    return time.monotonic() >= moment


def export_log(task: Task) -> str:
    """Store the whole log under its well-known name, and what the command put into the log folder beside it; what went
    wrong, empty for nothing (or nothing to do).
    """
    folder = task.order["log_export"]
    if not folder:
        return ""
    name = f"{instance_name(task.order)}.log"
    path = os.path.join(task.rundir.path, name)
    access = task.access()
    more = Upload({**folder, "name": "log"}, task.place(LOG_DIR), task.order["task"], access)

    def send() -> None:
        with open(path, "wb") as file:
            at = 0
            while True:
                piece = task.log.read(at, _PIECE)
                if not piece:
                    break
                file.write(piece)
                at += len(piece)
        send_file(folder["grant"], path, name, task.order["task"], access)
        os.unlink(path)
        if task.place(LOG_DIR).lies_there():
            more.push()

    try:
        persistently(task, send, access.cancel)
    except StepFailed as failure:
        return failure.message
    return ""
