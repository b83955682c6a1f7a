"""When the bytes of a log came: a small file of marks beside it.

A mark is 16 bytes, little-endian: the time in milliseconds (UTC) and an offset; bytes from there on came then, up to
the next mark. Both ascend. There is at most one mark per append, and per interval: 200 ms at first, and twice as long
after every 32,768 marks, so that a year of a talkative task takes 7 MB. A record cut short by a crash, and marks of
bytes that a crash has lost, are written over. Times are a convenience: no log is refused because they cannot be kept.
"""

import logging
import os
import struct
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from trainwright.ports.logs import NO_ARRIVALS, Arrivals

log = logging.getLogger(__name__)

SUFFIX = ".times"
INTERVAL_MS = 200
MARKS_PER_INTERVAL = 1 << 15
_REMEMBERED = 4096
_MARK = struct.Struct("<QQ")
_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class _Last:
    """The newest mark of a file, and how many it has."""

    time_ms: int
    offset: int
    count: int

    def covers(self, now_ms: int) -> bool:
        """Whether it is too early for another."""
        if not self.count:
            return False
        interval = INTERVAL_MS << min(self.count // MARKS_PER_INTERVAL, _DOUBLINGS)
        return now_ms < self.time_ms + interval


_NONE = _Last(0, 0, 0)


class LogTimes:
    """Keeps and reads the marks of logs. Calls about one log must not overlap when they write; reading is free."""

    def __init__(self) -> None:
        self._lasts: OrderedDict[Path, _Last] = OrderedDict()
        self._lock = Lock()

    def note(self, log_path: Path, offset: int, now_ms: int) -> None:
        """Bytes from `offset`, the log's present end, are coming now."""
        try:
            last = self._last(log_path, offset)
            if not last.covers(now_ms) or last.offset > offset:
                self._remember(log_path, _write(log_path, last, max(now_ms, last.time_ms), offset))
        except OSError as exc:
            with self._lock:
                self._lasts.pop(log_path, None)
            log.warning("log_time_lost", extra={"log": log_path.name, "error": str(exc)})

    def forget(self, folder: Path) -> None:
        """The logs in `folder` and below are gone."""
        with self._lock:
            for path in [path for path in self._lasts if path.is_relative_to(folder)]:
                del self._lasts[path]

    def _last(self, log_path: Path, stored: int) -> _Last:
        with self._lock:
            known = self._lasts.get(log_path)
            if known is not None:
                self._lasts.move_to_end(log_path)
                return known
        return _newest(log_path, stored)

    def _remember(self, log_path: Path, last: _Last) -> None:
        with self._lock:
            self._lasts[log_path] = last
            self._lasts.move_to_end(log_path)
            while len(self._lasts) > _REMEMBERED:
                self._lasts.popitem(last=False)


def arrivals(log_path: Path, start: int, end: int) -> Arrivals:
    """When the bytes from `start` up to `end` came: the marks that say so, read by halving."""
    try:
        descriptor = os.open(_path(log_path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return NO_ARRIVALS
    try:
        count = os.fstat(descriptor).st_size // _MARK.size
        marks = _Marks(descriptor)
        first = max(bisect_right(marks, start, 0, count, key=_offset_of) - 1, 0)
        last = bisect_right(marks, end - 1, first, count, key=_offset_of)
        records = os.pread(descriptor, (last - first) * _MARK.size, first * _MARK.size)
    finally:
        os.close(descriptor)
    whole = records[: len(records) // _MARK.size * _MARK.size]
    times, offsets = zip(*_MARK.iter_unpack(whole), strict=True) if whole else ((), ())
    return Arrivals(offsets, times)


def offset_since(log_path: Path, time_ms: int) -> int | None:
    """From where on bytes came at `time_ms` or later; None: none has, as far as is known."""
    try:
        descriptor = os.open(_path(log_path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        count = os.fstat(descriptor).st_size // _MARK.size
        marks = _Marks(descriptor)
        at = bisect_right(marks, time_ms - 1, 0, count, key=_time_of)
        return marks[at][1] if at < count else None
    finally:
        os.close(descriptor)


class _Marks:
    """The records of an open file, as `bisect` wants them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __len__(self) -> int:
        return os.fstat(self._descriptor).st_size // _MARK.size

    def __getitem__(self, index: int) -> tuple[int, int]:
        record = os.pread(self._descriptor, _MARK.size, index * _MARK.size)
        time_ms, offset = _MARK.unpack(record)
        return time_ms, offset


def _time_of(mark: tuple[int, int]) -> int:
    return mark[0]


def _offset_of(mark: tuple[int, int]) -> int:
    return mark[1]


def _newest(log_path: Path, stored: int) -> _Last:
    """The newest mark that can be true of a log of `stored` bytes."""
    try:
        descriptor = os.open(_path(log_path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return _NONE
    try:
        marks = _Marks(descriptor)
        count = len(marks)
        while count:
            time_ms, offset = marks[count - 1]
            if time_ms and offset <= stored:
                return _Last(time_ms, offset, count)
            count -= 1
        return _NONE
    finally:
        os.close(descriptor)


def _write(log_path: Path, last: _Last, now_ms: int, offset: int) -> _Last:
    """Add a mark behind `last`, or in its place when no byte came under it."""
    count = last.count - (1 if last.count and last.offset >= offset else 0)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(_path(log_path), flags, 0o600)
    try:
        at = count * _MARK.size
        written = os.pwrite(descriptor, _MARK.pack(now_ms, offset), at)
        if written < _MARK.size:
            os.ftruncate(descriptor, at)
            raise OSError("the mark was written in part only")
        if os.fstat(descriptor).st_size > at + _MARK.size:
            os.ftruncate(descriptor, at + _MARK.size)
    finally:
        os.close(descriptor)
    return _Last(now_ms, offset, count + 1)


def _path(log_path: Path) -> Path:
    return log_path.with_name(log_path.name + SUFFIX)
