"""Lines for the platform: a file of this process alone in the folder both know, from which the runner reads.

A line is written at once and with a single call, so a process that is killed loses nothing it has told. A process that
was forked gets a file of its own; threads take turns. A file that has grown large ends with a line that says so, and is
taken away once it is read.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FILE_BYTES_MAX = 8 << 20
_END = b'{"kind":"end"}\n'
_encode = json.JSONEncoder(ensure_ascii=True, check_circular=False, separators=(",", ":")).encode


class Spool:
    """What this process says to the platform in `folder`. Never raises for what the disk refuses."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._descriptor = -1
        self._owner = 0
        self._size = 0
        self._complained = False
        os.register_at_fork(after_in_child=self._forked)
        atexit.register(self.close)

    def write(self, line: dict[str, Any]) -> None:
        """Add `line`. What cannot be written is lost, and said so once on standard error."""
        data = _encode(line).encode("ascii") + b"\n"
        with self._lock:
            try:
                self._append(data)
            except OSError as error:
                self.complain(f"what is reported is lost: {error}")

    def _append(self, data: bytes) -> None:
        if self._owner != os.getpid() or self._size > FILE_BYTES_MAX:
            self._end_file()
            self._open()
        written = os.write(self._descriptor, data)
        if written < len(data):  # the disk is full: half a line would spoil the next one, too
            os.ftruncate(self._descriptor, self._size)
            raise OSError("the disk is full")
        self._size += written

    def _open(self) -> None:
        pid = os.getpid()
        path = os.path.join(self.folder, f"reports-{pid}-{os.urandom(6).hex()}.jsonl")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o644)
        self._owner, self._size = pid, 0

    def _end_file(self) -> None:
        """Leave the present file, if there is one; that of a parent is not ours to end."""
        descriptor, self._descriptor = self._descriptor, -1
        ours, self._owner = self._owner == os.getpid(), 0
        if descriptor < 0:
            return
        try:
            if ours:
                os.write(descriptor, _END)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Nothing more comes from this process for now; a later line begins a new file."""
        with self._lock:
            try:
                self._end_file()
            except OSError as error:
                self.complain(f"the end of the reports cannot be noted: {error}")

    def _forked(self) -> None:
        """In a child: another thread of the parent's may have held the lock for ever."""
        self._lock = threading.Lock()

    def complain(self, problem: str) -> None:
        """Say it on standard error, the first time only."""
        if self._complained:
            return
        self._complained = True
        try:
            print(f"[trainwright] {problem}", file=sys.stderr, flush=True)
        except (OSError, ValueError):
            pass  # standard error is gone, too: nobody is left to be told
