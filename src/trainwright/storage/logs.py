"""Logs of tasks as files: root/<job id>/<attempt key>/modelarts-job-<job id>-<task>.log, and the times of their bytes
beside them (`log_times`).
"""

import errno
import os
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from zlib import crc32

from trainwright.domain.errors import LogGap, StorageUnavailable
from trainwright.ports.clock import Clock, SystemClock
from trainwright.ports.logs import Arrivals
from trainwright.storage import log_times

PIECE = 256 << 10
_LOCKS = 64
_ATTEMPT = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,99})-a([1-9][0-9]{0,8})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class FolderLogs:
    """A `LogStore` in the folder `root`, which is made when missing. One process writes; calls may come from any
    thread. A name that no job, attempt or task can have raises ValueError: callers check before.
    """

    def __init__(self, root: Path, clock: Clock | None = None) -> None:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._root = root
        self._clock = clock or SystemClock()
        self._times = log_times.LogTimes()
        # One lock for many files: an append holds it for a few milliseconds.
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))

    def append(self, attempt_key: str, task: str, offset: int, data: bytes) -> int:
        """Store `data` at `offset`; returns the new size. Bytes stored before are skipped.

        Raises:
            LogGap: `offset` lies beyond the stored size.
            StorageUnavailable: the disk is full or broken; nothing of `data` counts as stored.
        """
        path = self._path(attempt_key, task)
        with self._locks[crc32(path.name.encode() + attempt_key.encode()) % _LOCKS], _translated():
            descriptor = _open_for_append(path)
            try:
                stored = os.fstat(descriptor).st_size
                if not 0 <= offset <= stored:
                    raise LogGap(offset=offset, stored=stored)
                fresh = memoryview(data)[stored - offset :]
                if fresh:
                    # First: bytes are never taken for those of an earlier time, whatever happens between.
                    self._times.note(path, stored, self._clock.now_ms())
                _write(descriptor, fresh, stored)
                return stored + len(fresh)
            finally:
                os.close(descriptor)

    def size(self, attempt_key: str, task: str) -> int:
        """Stored bytes; 0 when nothing was ever written."""
        with _translated():
            try:
                return self._path(attempt_key, task).stat().st_size
            except FileNotFoundError:
                return 0

    def read(self, attempt_key: str, task: str, start: int, limit: int) -> bytes:
        """At most `limit` bytes from `start`; empty at or past the end."""
        with _translated():
            try:
                with self._path(attempt_key, task).open("rb", buffering=0) as file:
                    return os.pread(file.fileno(), limit, start)
            except FileNotFoundError:
                return b""

    def pieces(self, attempt_key: str, task: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, or up to what is stored, in pieces of at most 256 KiB."""
        while start < end:
            piece = self.read(attempt_key, task, start, min(PIECE, end - start))
            if not piece:
                return
            yield piece
            start += len(piece)

    def path(self, attempt_key: str, task: str) -> Path | None:
        """The file it lies in; None when nothing was written yet."""
        path = self._path(attempt_key, task)
        return path if path.is_file() else None

    def arrivals(self, attempt_key: str, task: str, start: int, end: int) -> Arrivals:
        """When the bytes from `start` up to `end` came, to about a fifth of a second."""
        with _translated():
            return log_times.arrivals(self._path(attempt_key, task), start, end)

    def offset_since(self, attempt_key: str, task: str, time_ms: int) -> int | None:
        """From where on bytes came at that time or later; None: none has, as far as is known."""
        with _translated():
            return log_times.offset_since(self._path(attempt_key, task), time_ms)

    def delete_job(self, job_id: str) -> None:
        """Remove the logs of all attempts of a job. Missing is success."""
        folder = self._root / _checked(job_id)
        with _translated(), suppress(FileNotFoundError):
            shutil.rmtree(folder)
        self._times.forget(folder)

    def job_ids(self) -> Sequence[str]:
        """Jobs that have logs, in no order."""
        with _translated(), os.scandir(self._root) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]

    def _path(self, attempt_key: str, task: str) -> Path:
        match = _ATTEMPT.fullmatch(attempt_key)
        if match is None:
            raise ValueError(f"not an attempt key: {attempt_key!r}")
        job_id = match[1]
        return self._root / job_id / attempt_key / f"modelarts-job-{job_id}-{_checked(task)}.log"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the name of a job or task: {name!r}")
    return name


def _open_for_append(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, flags, 0o600)


def _write(descriptor: int, data: memoryview, at: int) -> None:
    """All of `data` at `at`, the present end, or nothing."""
    done = 0
    try:
        while done < len(data):
            done += os.pwrite(descriptor, data[done:], at + done)
    except OSError:
        # What came through before the disk was full must not be taken for stored bytes of a shorter message.
        os.ftruncate(descriptor, at)
        raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise StorageUnavailable(detail=os.strerror(exc.errno or errno.EIO)) from exc
