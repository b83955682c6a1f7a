"""Times of logs' bytes: marks in a file beside the log, through crashes and full disks."""

import errno
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwright.storage import log_times
from trainwright.storage.log_times import INTERVAL_MS, MARKS_PER_INTERVAL, LogTimes, arrivals, offset_since
from trainwright.storage.logs import FolderLogs

KEY, TASK = "job-a1", "worker-0"
START_MS = 1_790_000_000_000


class HandClock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.ms = START_MS

    def now_ms(self) -> int:
        """Milliseconds UTC."""
        return self.ms


def marks_of(path: Path) -> list[tuple[int, int]]:
    """(milliseconds after the start, offset) of each mark."""
    found = arrivals(path, 0, 2**60)
    return [(time - START_MS, offset) for time, offset in zip(found.times, found.offsets, strict=True)]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-50, 500), st.integers(1, 9)), min_size=1, max_size=40), st.booleans())
def test_every_byte_has_the_time_it_came(appends: list[tuple[int, int]], restart: bool) -> None:
    """Guards times to a fifth of a second, ascending whatever the clock does, and over restarts of the server."""
    with tempfile.TemporaryDirectory() as folder:
        clock = HandClock()
        logs = FolderLogs(Path(folder), clock)
        size, came = 0, []
        for wait_ms, count in appends:
            clock.ms += wait_ms
            size = logs.append(KEY, TASK, size, b"x" * count)
            came += [clock.ms] * count
            if restart:
                logs = FolderLogs(Path(folder), clock)
        known = logs.arrivals(KEY, TASK, 0, size)
        told = [known.at(offset) for offset in range(size)]
        assert told == sorted(told)
        latest = 0
        for at, true_ms in zip(told, came, strict=True):
            latest = max(latest, true_ms)
            assert latest - INTERVAL_MS < at <= latest
        for start in range(size):
            part = logs.arrivals(KEY, TASK, start, start + 3)
            assert [part.at(at) for at in range(start, min(start + 3, size))] == told[start : start + 3]
        for time_ms in {*told, told[0] - 1, told[-1] + 1}:
            expected = next((offset for offset in range(size) if told[offset] >= time_ms), None)
            assert logs.offset_since(KEY, TASK, time_ms) == expected


def test_marks_become_rarer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the disk against a task that talks for a year."""
    monkeypatch.setattr(log_times, "MARKS_PER_INTERVAL", 10)
    assert MARKS_PER_INTERVAL == 32_768
    times = LogTimes()
    for number in range(1000):
        times.note(tmp_path / "log", number, START_MS + number * INTERVAL_MS)
    marks = marks_of(tmp_path / "log")
    assert 60 < len(marks) < 80
    assert marks[:10] == [(number * INTERVAL_MS, number) for number in range(10)]


@pytest.mark.parametrize("torn", [1, 15])
def test_a_mark_cut_short_by_a_crash(tmp_path: Path, torn: int) -> None:
    """Guards reading and going on behind half a record."""
    log = tmp_path / "log"
    LogTimes().note(log, 0, START_MS)
    with (tmp_path / "log.times").open("ab") as file:
        file.write(b"\xff" * torn)
    assert marks_of(log) == [(0, 0)]
    LogTimes().note(log, 7, START_MS + 1000)
    assert marks_of(log) == [(0, 0), (1000, 7)]
    assert (tmp_path / "log.times").stat().st_size == 32


def test_marks_of_bytes_that_were_lost(tmp_path: Path) -> None:
    """Guards against a machine that lost its power: the log is shorter than its marks, or they are zeros."""
    log = tmp_path / "log"
    times = LogTimes()
    for number in range(5):
        times.note(log, number * 10, START_MS + number * 1000)
    with (tmp_path / "log.times").open("ab") as file:
        file.write(bytes(32))
    LogTimes().note(log, 15, START_MS + 9000)
    assert marks_of(log) == [(0, 0), (1000, 10), (9000, 15)]


def test_bytes_that_were_never_stored_leave_no_mark(tmp_path: Path) -> None:
    """Guards the order of marks when an append fails behind its mark and is repeated later."""
    log = tmp_path / "log"
    times = LogTimes()
    times.note(log, 0, START_MS)
    times.note(log, 0, START_MS + 5000)
    times.note(log, 4, START_MS + 9000)
    assert marks_of(log) == [(5000, 0), (9000, 4)]


@pytest.mark.parametrize("written", [0, 7])
def test_a_full_disk_takes_the_log_without_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """Guards the log: times are a convenience."""
    clock = HandClock()
    logs = FolderLogs(tmp_path, clock)
    pwrite = os.pwrite

    def full(descriptor: int, data: bytes, at: int) -> int:
        if len(data) != 16:
            return pwrite(descriptor, data, at)
        if not written:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(descriptor, data[:written], at)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        assert logs.append(KEY, TASK, 0, b"one\n") == 4
        assert logs.arrivals(KEY, TASK, 0, 4).at(0) == 0
    clock.ms += 1000
    assert logs.append(KEY, TASK, 4, b"two\n") == 8
    known = logs.arrivals(KEY, TASK, 0, 8)
    assert (known.at(0), known.at(4)) == (0, START_MS + 1000)


def test_logs_from_before_times_were_kept(tmp_path: Path) -> None:
    """Guards old logs, and logs that do not exist."""
    assert arrivals(tmp_path / "none", 0, 10).at(5) == 0
    assert offset_since(tmp_path / "none", START_MS) is None
    logs = FolderLogs(tmp_path)
    logs.append(KEY, TASK, 0, b"old\n")
    path = logs.path(KEY, TASK)
    assert path is not None
    path.with_name(path.name + ".times").unlink()
    assert logs.arrivals(KEY, TASK, 0, 4).at(0) == 0


def test_times_go_with_their_job(tmp_path: Path) -> None:
    """Guards against files, and memories, of jobs that are gone."""
    clock = HandClock()
    logs = FolderLogs(tmp_path, clock)
    logs.append(KEY, TASK, 0, b"x")
    logs.delete_job("job")
    assert list(tmp_path.iterdir()) == []
    clock.ms += 10
    logs.append(KEY, TASK, 0, b"y")
    assert logs.arrivals(KEY, TASK, 0, 1).at(0) == clock.ms


def test_a_link_in_place_of_the_marks_is_not_written_through(tmp_path: Path) -> None:
    """Guards files elsewhere against a link laid into the log folder."""
    logs = FolderLogs(tmp_path / "logs")
    folder = tmp_path / "logs" / "job" / KEY
    folder.mkdir(parents=True)
    (folder / f"modelarts-job-job-{TASK}.log.times").symlink_to(tmp_path / "elsewhere")
    assert logs.append(KEY, TASK, 0, b"x") == 1
    assert not (tmp_path / "elsewhere").exists()
