"""Whatever a job writes where its metrics are read: the supervisor goes on, and the server can read its reports."""

import errno
import json
import os
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trainwright.runner import eventfiles, inside, ledger, points, tfevents
from trainwright.runner.beneath import Folder, Place
from trainwright.runner.eventfiles import EventFiles
from trainwright.runner.inside import Reports
from trainwright.runner.points import Points
from trainwright.server.limits import RUNNER_BODY_MAX

TERABYTE = 1 << 40
NAME = "reports-2-b.jsonl"
LONGEST = "n" * 120


def full(*args: object, **named: object) -> Any:
    """As a disk without room answers."""
    raise OSError(errno.ENOSPC, "No space left on device")


class Desk:
    """The folder of reports and one output, without processes."""

    def __init__(self, base: Path) -> None:
        self.spool, self.output = base / "inside", base / "output"
        self.spool.mkdir()
        self.output.mkdir()
        self.state: Any = SimpleNamespace(facts={}, save=lambda: None)
        self.kept: list[str] = []
        self.told: dict[str, dict[int, float]] = {}
        place = Place(str(base), "output")
        state: Any = self.state
        self.points = Points(
            state,
            lambda noted: [
                Reports(Place(str(base), "inside"), self.kept.append),
                EventFiles([("o", place)], noted),
            ],
        )

    def tell(self, *lines: Any, name: str = NAME) -> None:
        with (self.spool / name).open("a") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)

    def drain(self) -> dict[str, dict[int, float]]:
        """Everything, as a server would have it."""
        while not self.points.drained():
            for series in self.points.take(0.0):
                self.told.setdefault(series["name"], {}).update(
                    zip(series["steps"], series["values"], strict=True)
                )
            self.points.stored()
        return self.told


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def line(step: Any = None, at_ms: Any = 1, **values: Any) -> dict[str, Any]:
    return {"kind": "metrics", "step": step, "at_ms": at_ms, "values": values}


def record(data: bytes) -> bytes:
    """A record of an event file."""
    head = struct.pack("<Q", len(data))
    ends = [struct.pack("<I", tfevents.masked_crc32c(part)) for part in (head, data)]
    return head + ends[0] + data + ends[1]


def varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def event_of(names: list[str]) -> bytes:
    """A record with a 1.0 for each name."""
    values = (
        field(1, field(1, name.encode()) + bytes([2 << 3 | 5]) + struct.pack("<f", 1.0)) for name in names
    )
    return record(field(5, b"".join(values)))


@pytest.mark.parametrize("trouble", [PermissionError, OSError])
def test_a_file_that_cannot_be_read_does_not_hide_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, trouble: type[OSError]
) -> None:
    """Guards the metrics of all processes against one file."""
    read = Folder.read

    def closed(folder: Folder, path: str) -> int:
        if path == "reports-1-a.jsonl":
            raise trouble(errno.EIO, "no")
        return read(folder, path)

    monkeypatch.setattr(Folder, "read", closed)
    desk.tell(line(a=1), name="reports-1-a.jsonl")
    desk.tell(line(b=1))
    assert desk.drain() == {"b": {0: 1.0}}


def test_a_file_without_end_does_not_keep_the_supervisor(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards heartbeats: a terabyte of holes and endless records that hold no number are read for a moment only; at
    the end they are given up.
    """
    monkeypatch.setattr(points, "_LOOK_S", 0.02)
    monkeypatch.setattr(points, "_DRAIN_S", 0.05)
    monkeypatch.setattr(points, "_VAIN_S", 0.1)
    desk.tell(line(3, a=1), name="reports-1-a.jsonl")
    with (desk.spool / NAME).open("wb") as file:
        file.truncate(TERABYTE)
    (desk.output / "a.tfevents").write_bytes(record(b"") * 1_000_000)
    desk.points.look()
    assert desk.state.facts["points"]["marks"] == {}
    assert desk.drain() == {"a": {3: 1.0}}
    marks = desk.state.facts["points"]["marks"]
    assert 0 < marks[NAME][0] < TERABYTE


def test_a_look_that_was_cut_short_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards completeness: what lies behind much that is no metric is told all the same."""
    monkeypatch.setattr(points, "_LOOK_S", 0.001)
    (desk.output / "a.tfevents").write_bytes(record(b"") * 50_000 + event_of(["late"]))
    desk.tell(*[line(step, a=step) for step in range(5000)])
    assert desk.drain() == {"a": {step: float(step) for step in range(5000)}, "late": {0: 1.0}}


def test_no_report_is_too_large_for_the_server(desk: Desk) -> None:
    """Guards the end of the job: a report that no server takes would come again for ever."""
    names = [f"{number:07}{LONGEST}" for number in range(7000)]
    (desk.output / "a.tfevents").write_bytes(b"".join(event_of(names[at::8]) for at in range(8)) * 2)
    many = [f"{number:x}" for number in range(70_000)]
    (desk.output / "b.tfevents").write_bytes(event_of(many))
    sizes = []
    while not desk.points.drained():
        sizes.append(len(json.dumps(desk.points.take(0.0))))
        desk.points.stored()
    assert max(sizes) < RUNNER_BODY_MAX * 3 // 4


def test_only_plain_numbers_are_sent(desk: Desk) -> None:
    """Guards the report's types: what Python takes for a number is not what the server does."""
    desk.tell(
        line(True, at_ms=True, a=True), line(False, at_ms=-(10**30), a=False), line(2, at_ms=10**30, a=-0.0)
    )
    desk.tell(
        line(1.5, b=1), line("1", b=1), line([], b=1), line(0, b=[1]), line(0, **{"": 1, "\ud800\n": 1})
    )
    assert not desk.points.drained()
    sent = json.dumps(desk.points.take(0.0))
    assert "true" not in sent and "false" not in sent
    assert {series["name"]: series["steps"] for series in json.loads(sent)} == {"a": [1, 0, 2], "__": [0]}


def test_long_names_are_not_kept(desk: Desk) -> None:
    """Guards the supervisor's memory."""
    desk.tell(*[line(0, **{str(number) + "x" * 60_000: 1}) for number in range(300)])
    assert len(desk.drain()) == 300
    assert max(map(len, desk.points._names)) == 128


def test_points_that_are_refused_are_given_up(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Guards the end of the job: the same report is not tried for ever; one without points shows what is wrong."""
    desk.tell(line(0, a=1))
    assert not desk.points.drained()
    for _ in range(3):
        assert desk.points.take(0.0)
        desk.points.failed(refused=True)
    desk.points.failed()
    assert not desk.points.take(0.0)
    desk.points.failed(refused=True)  # it was something else
    assert desk.points.take(0.0)
    for _ in range(3):
        desk.points.failed(refused=True)
        taken = desk.points.take(0.0)
    assert not taken
    desk.points.stored()
    assert desk.points.drained()
    assert "1 points were refused" in capsys.readouterr().err


def test_more_files_than_anybody_has(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards memory and state: no more than so many are followed; those that are stay so."""
    monkeypatch.setattr(inside, "_FILES_MAX", 3)
    monkeypatch.setattr(eventfiles, "_FILES_MAX", 3)
    for number in range(20):
        desk.tell(line(0, **{f"s{number}": 1}), name=f"reports-{number}-a.jsonl")
        (desk.output / f"{number}.tfevents").write_bytes(event_of([f"e{number}"]))
    assert len(desk.drain()) == 6
    before = set(desk.state.facts["points"]["marks"])
    assert len(before) == 6
    monkeypatch.setattr(inside, "_ENTRIES_MAX", 2)
    monkeypatch.setattr(eventfiles, "_ENTRIES_MAX", 2)
    desk.points.look(thorough=True)
    assert set(desk.state.facts["points"]["marks"]) == before, "what was not looked at is not gone"


def test_a_tree_without_end(desk: Desk) -> None:
    """Guards against folders in folders, and entries that are no files."""
    deep = desk.output
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "a.tfevents").write_bytes(event_of(["deep"]))
    os.mkfifo(desk.output / "f.tfevents")
    (desk.output / "l.tfevents").symlink_to(deep / "a.tfevents")
    (desk.output / "x\n\udcff.tfevents").write_bytes(event_of(["odd"]))
    assert desk.drain() == {"odd": {0: 1.0}}


def test_a_full_disk_keeps_nothing_from_being_told(desk: Desk) -> None:
    """Guards the supervisor: what it cannot note it tells again when it begins anew."""
    desk.state.save = full
    desk.tell(line(a=1), line(a=2))
    assert desk.drain() == {"a": {0: 1.0, 1: 2.0}}


def test_a_checkpoint_on_a_full_disk_counts_nothing_twice(tmp_path: Path) -> None:
    """Guards the numbers of points: the warning cannot be written down, the points are told once."""
    seen: list[bool] = []

    def note(path: str) -> None:
        task: Any = SimpleNamespace(
            want_upload=lambda: seen.append(True),
            order={"outputs": []},
            state=SimpleNamespace(facts={}),
            emit=full,
        )
        inside._checkpoint(task, path)

    (tmp_path / "inside").mkdir()
    state: Any = SimpleNamespace(facts={}, save=full)
    told = Points(state, lambda noted: [Reports(Place(str(tmp_path), "inside"), note)])
    lines = [line(a=1), {**line(a=2), "kind": "checkpoint", "path": "/elsewhere"}, line(a=3)]
    (tmp_path / "inside" / NAME).write_text("".join(json.dumps(each) + "\n" for each in lines))
    told.look()
    told.look(thorough=True)
    (series,) = told.take(0.0)
    assert (series["steps"], series["values"], seen) == ([0, 1, 2], [1.0, 2.0, 3.0], [True])


def test_half_a_line_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards every restart: a disk that takes half a line of the state must not spoil the line after it."""
    path = str(tmp_path / "state.jsonl")
    ledger.append_line(path, {"a": 1})

    def half(descriptor: int, data: bytes) -> int:
        os.write(descriptor, data[: len(data) // 2])
        full()
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "write_all", half)
        with pytest.raises(OSError, match="No space"):
            ledger.append_line(path, {"b": 2})
    ledger.append_line(path, {"c": 3})
    assert Path(path).read_text() == '{"a": 1}\n{"c": 3}\n'
