"""Event files: the parser against what TensorFlow and TensorBoard wrote and read, and files that are still written."""

import json
import math
import os
import random
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trainwright.runner import eventfiles, tfevents
from trainwright.runner.beneath import Place
from trainwright.runner.eventfiles import EventFiles
from trainwright.runner.points import POINTS_PER_REPORT, Batch, Noted, Points

RECORDED = Path(__file__).parents[1] / "data" / "events"
"""Written by TensorFlow 2.21 (`tf.summary` of version 2 and 1) and TensorBoard 2.21's writer, which PyTorch uses;
`truth.json` is what TensorBoard itself reads in them."""


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def record(data: bytes) -> bytes:
    head = struct.pack("<Q", len(data))
    crc = tfevents.masked_crc32c
    return head + struct.pack("<I", crc(head)) + data + struct.pack("<I", crc(data))


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def event(tag: str, step: int, value: float, wall: float = 1.5) -> bytes:
    summary = field(1, field(1, tag.encode()) + b"\x15" + struct.pack("<f", value))
    return b"\x09" + struct.pack("<d", wall) + b"\x10" + varint(step) + field(5, summary)


def scalar_record(tag: str, step: int, value: float) -> bytes:
    return record(event(tag, step, value))


@pytest.mark.parametrize("name", ["tensorflow2", "tensorflow1", "torch"])
def test_what_tensorboard_reads_is_read(tmp_path: Path, name: str) -> None:
    """Tags, steps, values and times of all scalars, and of nothing else."""
    world = World(tmp_path)
    world.write("events.out." + name + ".tfevents", (RECORDED / f"{name}.tfevents").read_bytes())
    truth = json.loads((RECORDED / "truth.json").read_text())[name]
    expected = {(tag, step): (float(value), at_ms) for tag, step, value, at_ms in truth}
    found = world.everything()
    if name == "tensorflow2":  # a kind that TensorBoard's reader of this version does not know
        assert found.pop(("raw_bfloat16", 1 << 33))[0] == 2.5
    assert repr(sorted(found.items())) == repr(sorted(expected.items()))


class World:
    """An output, and what was noted of it."""

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "out").mkdir(exist_ok=True)
        self.state: Any = SimpleNamespace(facts={}, save=lambda: None)
        self.restart()

    def restart(self) -> None:
        """As a new supervisor."""
        self.state.facts = json.loads(json.dumps(self.state.facts))
        self.points = Points(self.state, self._sources)

    def _sources(self, noted: Noted) -> list[EventFiles]:
        return [EventFiles([("out", Place(str(self.base), "out"))], noted)]

    def write(self, name: str, data: bytes) -> Path:
        path = self.base / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(data)
        return path

    def report(self) -> dict[tuple[str, int], tuple[float, int]]:
        """What the next report says; it is stored."""
        self.points.look(thorough=True)
        said = self.points.take(0.0)
        self.points.stored()
        return {
            (series["name"], step): (float(value), at_ms)
            for series in said
            for step, value, at_ms in zip(series["steps"], series["values"], series["times"], strict=True)
        }

    def everything(self) -> dict[tuple[str, int], tuple[float, int]]:
        found: dict[tuple[str, int], tuple[float, int]] = {}
        while not self.points.drained():
            found.update(self.report())
        return found


def test_every_cut_of_a_growing_file(tmp_path: Path) -> None:
    """Whatever is on disk at a look, each record is read once, when it is whole; also by another supervisor."""
    data = b"".join(scalar_record("loss", step, step / 2) for step in range(6))
    for cut in range(len(data)):
        world = World(tmp_path)
        path = world.write("a.tfevents", data[:cut])
        first = world.report()
        if cut % 2:
            world.restart()
        world.write("a.tfevents", data[cut:])
        second = world.report()
        assert not first.keys() & second.keys()
        assert {step: value for (_, step), (value, _) in {**first, **second}.items()} == {
            step: step / 2 for step in range(6)
        }
        path.unlink()


def test_garbage_ends_a_file_and_harms_no_other(tmp_path: Path) -> None:
    """Random bytes, flipped bits, records of something else: never an error."""
    chance = random.Random(7)
    good = b"".join(scalar_record("loss", step, 0.5) for step in range(20))
    for number in range(60):
        world = World(tmp_path)
        spoilt = bytearray(good)
        for _ in range(3):
            spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
        paths = [
            world.write(f"a{number}.tfevents", bytes(spoilt)),
            world.write(f"b{number}.tfevents", chance.randbytes(500)),
            world.write(f"c{number}.tfevents", record(chance.randbytes(40)) * 5 + scalar_record("c", 1, 1)),
            world.write(f"d{number}.tfevents", scalar_record("d", 1, 1)),
        ]
        found = world.everything()
        assert found["d", 1] == (1.0, 1500) and found["c", 1] == (1.0, 1500)
        assert {value for value, _ in found.values()} <= {0.5, 1.0}
        for path in paths:
            path.unlink()


def test_long_records_are_passed_over(tmp_path: Path) -> None:
    """Pictures of any size between the scalars, also while they are half there."""
    world = World(tmp_path)
    large = record(bytes(eventfiles._PIECE * 3))
    middling = record(field(3, bytes(200_000)))
    world.write("a.tfevents", scalar_record("loss", 1, 1) + middling + large[:-100])
    assert set(world.report()) == {("loss", 1)}
    world.write("a.tfevents", large[-100:] + scalar_record("loss", 2, 1))
    assert set(world.report()) == {("loss", 2)}


def test_a_large_file_comes_in_reports_of_bounded_size(tmp_path: Path) -> None:
    """Nothing is lost between them."""
    world = World(tmp_path)
    world.write("a.tfevents", b"".join(scalar_record("loss", step, step) for step in range(5000)))
    sizes = [len(world.report()) for _ in range(4)]
    assert sizes == [POINTS_PER_REPORT, POINTS_PER_REPORT, 1000, 0]


def test_one_run_has_plain_names(tmp_path: Path) -> None:
    """Wherever it lies: a folder's name with a date in it says nothing."""
    world = World(tmp_path)
    world.write("runs/Nov22_12-00-00_host/a.tfevents", scalar_record("loss", 1, 1))
    assert set(world.report()) == {("loss", 1)}


def test_several_runs_are_told_apart(tmp_path: Path) -> None:
    """By what their places differ in; the names stay when more come, and over a restart."""
    world = World(tmp_path)
    world.write("logs/train/a.tfevents", scalar_record("loss", 1, 1))
    world.write("logs/validation/a.tfevents", scalar_record("loss", 1, 2))
    assert world.report() == {("train/loss", 1): (1.0, 1500), ("validation/loss", 1): (2.0, 1500)}
    world.restart()
    world.write("logs/train/a.tfevents", scalar_record("loss", 2, 1))
    world.write("logs/test/deep/a.tfevents", scalar_record("loss", 2, 2))
    world.write("elsewhere/a.tfevents", scalar_record("loss", 2, 3))
    assert set(world.report()) == {("train/loss", 2), ("test/deep/loss", 2), ("out/elsewhere/loss", 2)}


def test_validation_that_begins_later_leaves_names_as_they_are(tmp_path: Path) -> None:
    """Keras makes its folder at the end of the first epoch."""
    world = World(tmp_path)
    world.write("train/a.tfevents", scalar_record("epoch_loss", 0, 1))
    assert set(world.report()) == {("train/epoch_loss", 0)}
    world.write("validation/a.tfevents", scalar_record("epoch_loss", 0, 1))
    assert set(world.report()) == {("validation/epoch_loss", 0)}


def test_runs_below_the_first(tmp_path: Path) -> None:
    """As `add_scalars` of PyTorch makes them."""
    world = World(tmp_path)
    world.write("a.tfevents", scalar_record("lr", 0, 1))
    assert set(world.report()) == {("lr", 0)}
    world.write("Loss_train/a.tfevents", scalar_record("Loss", 0, 1))
    world.write("Loss_val/a.tfevents", scalar_record("Loss", 0, 1))
    assert set(world.report()) == {("Loss_train/Loss", 0), ("Loss_val/Loss", 0)}


def test_two_files_of_one_run(tmp_path: Path) -> None:
    """A program that was started again writes a second one."""
    world = World(tmp_path)
    world.write("a.1.tfevents", scalar_record("loss", 1, 1))
    world.write("a.2.tfevents", scalar_record("loss", 2, 1))
    assert set(world.everything()) == {("loss", 1), ("loss", 2)}


def test_a_file_in_another_ones_place_is_read_from_its_beginning(tmp_path: Path) -> None:
    """Scripts empty their folders; what is gone is forgotten."""
    world = World(tmp_path)
    path = world.write("a.tfevents", scalar_record("loss", 1, 1) * 3)
    world.report()
    path.rename(tmp_path / "kept")
    world.report()
    assert world.state.facts["points"]["marks"] == {}
    world.write("a.tfevents", scalar_record("loss", 7, 1))
    assert set(world.report()) == {("loss", 7)}
    path.write_bytes(b"")
    world.report()
    world.write("a.tfevents", scalar_record("loss", 8, 1))
    assert set(world.report()) == {("loss", 8)}


def test_what_was_fetched_is_no_news(tmp_path: Path) -> None:
    """Files of earlier attempts, or of other tasks; what is added to them is."""
    world = World(tmp_path)
    world.write("mine.tfevents", scalar_record("loss", 1, 1))
    world.points.adopt(read=True)
    world.write("theirs.tfevents", scalar_record("loss", 2, 2))
    world.points.adopt(read=False)
    world.restart()
    world.write("theirs.tfevents", scalar_record("loss", 3, 3))
    assert set(world.everything()) == {("loss", 1), ("loss", 3)}


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A job must not have the runner read what it cannot."""
    world = World(tmp_path)
    secret = tmp_path / "secret.tfevents"
    secret.write_bytes(scalar_record("loss", 1, 1))
    (tmp_path / "out" / "a.tfevents").symlink_to(secret)
    (tmp_path / "out" / "folder").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "out" / "pipe.tfevents")
    assert world.everything() == {}
    (tmp_path / "out").rename(tmp_path / "away")
    assert world.everything() == {}, "no output at all"


def test_negative_steps_and_odd_values() -> None:
    """As two's complement; what a tag may not contain is replaced where the point is made."""
    assert tfevents.scalars(event("a", -3, math.inf)) == [("a", -3, math.inf, 1500)]
    batch = Batch(Noted(SimpleNamespace(facts={})), {})  # type: ignore[arg-type]
    batch.add("läss[0]", 1, math.nan, 5)
    batch.add("x" * 200, 1, -math.inf, 5)
    batch.add("", 1, 0.0, 5)
    batch.add("far", 1 << 63, 0.0, 5)
    assert batch.messages() == [
        {"name": "l_ss_0_", "steps": [1], "values": ["NaN"], "times": [5]},
        {"name": "x" * 128, "steps": [1], "values": ["-Infinity"], "times": [5]},
    ]
