"""The log store: bytes with offsets, against a plain byte string as its model."""

import errno
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwright.domain.errors import LogGap, StorageUnavailable
from trainwright.ports.logs import LogStore
from trainwright.storage.logs import PIECE, FolderLogs

JOB = "0b0c9c1e-6a53-4dc1-a0f1-8f5c3cf02a7e"
KEY = f"{JOB}-a1"
TASK = "worker-0"

CALLS = st.lists(st.tuples(st.integers(-2, 60), st.integers(0, 30)), max_size=30)


@pytest.fixture
def logs(tmp_path: Path) -> LogStore:
    return FolderLogs(tmp_path / "logs")


def truth(start: int, count: int) -> bytes:
    """The bytes that stand at `start` of the one true log."""
    return bytes((at * 7 + 3) % 251 for at in range(start, start + count))


@given(CALLS)
def test_any_order_of_sends_stores_the_one_true_log(calls: list[tuple[int, int]]) -> None:
    # Guards: overlaps and repeats never double or change a byte, gaps store nothing.
    with tempfile.TemporaryDirectory() as folder:
        logs: LogStore = FolderLogs(Path(folder))
        stored = 0
        for offset, count in calls:
            if 0 <= offset <= stored:
                stored = max(stored, offset + count)
                assert logs.append(KEY, TASK, offset, truth(offset, count)) == stored
            else:
                with pytest.raises(LogGap) as caught:
                    logs.append(KEY, TASK, offset, truth(max(0, offset), count))
                assert caught.value.slots["stored"] == stored
            assert logs.size(KEY, TASK) == stored
        assert logs.read(KEY, TASK, 0, 1000) == truth(0, stored)


@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60))
def test_any_range_reads_as_of_a_byte_string(size: int, start: int, end: int) -> None:
    # Guards: ranges at, before and past the end.
    with tempfile.TemporaryDirectory() as folder:
        logs: LogStore = FolderLogs(Path(folder))
        whole = truth(0, size)
        logs.append(KEY, TASK, 0, whole)
        assert logs.read(KEY, TASK, start, end) == whole[start : start + end]
        assert b"".join(logs.pieces(KEY, TASK, start, end)) == whole[start:end]


def test_a_log_never_written_is_empty(logs: LogStore) -> None:
    # Guards: readers come before the first byte.
    assert logs.size(KEY, TASK) == 0
    assert logs.read(KEY, TASK, 0, 10) == b""
    assert list(logs.pieces(KEY, TASK, 0, 10)) == []
    assert logs.path(KEY, TASK) is None


def test_pieces_are_of_bounded_size(logs: LogStore) -> None:
    # Guards: constant memory, whatever a job prints.
    whole = os.urandom(3 * PIECE + 17)
    logs.append(KEY, TASK, 0, whole)
    pieces = list(logs.pieces(KEY, TASK, 5, len(whole)))
    assert max(map(len, pieces)) <= PIECE
    assert b"".join(pieces) == whole[5:]


def test_the_file_has_the_name_of_the_contract(logs: LogStore) -> None:
    # Guards: the name users know from ModelArts.
    logs.append(KEY, TASK, 0, b"hello\n")
    path = logs.path(KEY, TASK)
    assert path is not None
    assert path.name == f"modelarts-job-{JOB}-worker-0.log"
    assert path.read_bytes() == b"hello\n"


def test_logs_of_attempts_and_tasks_are_apart(logs: LogStore) -> None:
    # Guards: a retry does not write into the log of the try before it.
    for key in (KEY, f"{JOB}-a2"):
        for task in ("worker-0", "worker-1"):
            logs.append(key, task, 0, f"{key} {task}".encode())
    assert logs.read(f"{JOB}-a2", "worker-1", 0, 1000) == f"{JOB}-a2 worker-1".encode()


def test_deleting_a_job_removes_all_its_logs_and_no_others(logs: LogStore) -> None:
    # Guards: deletion, also of what is not there.
    other = "other-job-a1"
    for key in (KEY, f"{JOB}-a2", other):
        logs.append(key, TASK, 0, b"x")
    logs.delete_job(JOB)
    logs.delete_job(JOB)
    assert [logs.size(key, TASK) for key in (KEY, f"{JOB}-a2", other)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("key", "task"),
    [
        ("../x-a1", TASK),
        ("a/b-a1", TASK),
        (JOB, TASK),
        (f"{JOB}-a0", TASK),
        ("..-a1", TASK),
        (KEY, ".."),
        (KEY, "../worker-0"),
        (KEY, "a/b"),
        (KEY, "a\0b"),
        (KEY, "a\n"),
        (KEY, ""),
        ("", TASK),
    ],
)
def test_names_that_lead_elsewhere_are_refused(logs: LogStore, tmp_path: Path, key: str, task: str) -> None:
    # Guards: no path outside of the log folder.
    for call in (lambda: logs.append(key, task, 0, b"x"), lambda: logs.read(key, task, 0, 1)):
        with pytest.raises(ValueError, match="not "):
            call()
    assert list((tmp_path / "logs").iterdir()) == []


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/", "a\0"])
def test_deleting_a_job_stays_inside(logs: LogStore, name: str) -> None:
    # Guards: rmtree of a path that is not a job's.
    with pytest.raises(ValueError, match="not the name"):
        logs.delete_job(name)


def test_threads_that_send_the_same_bytes_store_them_once(logs: LogStore) -> None:
    # Guards: a runner whose answer was lost sends again while the first call still runs.
    whole = truth(0, 20_000)
    offsets = [offset for offset in range(0, 20_000, 500) for _ in range(4)]

    def send(offset: int) -> None:
        while True:
            try:
                logs.append(KEY, TASK, offset, whole[offset : offset + 700])
                return
            except LogGap as gap:
                offset = int(str(gap.slots["stored"]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, offsets))
    assert logs.read(KEY, TASK, 0, 30_000) == whole


class FullDisk:
    """Takes `room` bytes, then says that the disk is full."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._pwrite = os.pwrite

    def __call__(self, descriptor: int, data: Sequence[int], at: int) -> int:
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._pwrite(descriptor, bytes(data[: self._room]), at)
        self._room -= written
        return written


@pytest.mark.parametrize("room", [0, 1, 5])
def test_a_full_disk_counts_nothing_and_can_be_repeated(
    logs: LogStore, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    # Guards: bytes half written are neither acknowledged nor in the way of the repeat.
    logs.append(KEY, TASK, 0, b"before ")
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", FullDisk(room))
        with pytest.raises(StorageUnavailable):
            logs.append(KEY, TASK, 7, b"0123456789")
    assert logs.size(KEY, TASK) == 7
    assert logs.append(KEY, TASK, 7, b"0123456789") == 17
    assert logs.read(KEY, TASK, 0, 100) == b"before 0123456789"


def test_a_symbolic_link_in_place_of_the_log_is_not_written_through(logs: LogStore, tmp_path: Path) -> None:
    # Guards: a link laid into the log folder cannot make the server write elsewhere.
    logs.append(KEY, TASK, 0, b"x")
    path = logs.path(KEY, TASK)
    assert path is not None
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageUnavailable):
        logs.append(KEY, TASK, 0, b"y")
    assert not (tmp_path / "elsewhere").exists()


def test_bytes_have_the_time_they_came(logs: LogStore) -> None:
    # Guards the merged view of many tasks: every byte has a time once it is stored, and may be looked for by it.
    before_ms = time.time_ns() // 1_000_000
    logs.append(KEY, TASK, 0, b"one\n")
    logs.append(KEY, TASK, 4, b"two\n")
    after_ms = time.time_ns() // 1_000_000
    known = logs.arrivals(KEY, TASK, 0, 8)
    assert before_ms <= known.at(0) <= known.at(7) <= after_ms
    assert logs.offset_since(KEY, TASK, before_ms) == 0
    assert logs.offset_since(KEY, TASK, after_ms + 1) is None
    assert logs.arrivals(KEY, "worker-1", 0, 8).at(0) == 0
    assert logs.read(KEY, TASK, 0, 100) == b"one\ntwo\n"
