"""What a training script tells the platform: whole lines, whoever writes them, and never an error of ours."""

import json
import math
import multiprocessing
import os
import resource
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy
import pytest

from trainwright import inside
from trainwright.inside import progress
from trainwright.inside.spool import FILE_BYTES_MAX, Spool

SOURCE = Path(inside.__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The platform listens here."""
    monkeypatch.setenv("TRAINWRIGHT_INSIDE", str(tmp_path))
    return tmp_path


def lines(folder: Path) -> list[dict[str, Any]]:
    """Everything that was told, file after file."""
    return [
        json.loads(line)
        for path in sorted(folder.glob("reports-*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]


def test_numbers_of_a_step(folder: Path) -> None:
    """By name, from a mapping, or with the step first: the same line."""
    inside.report(step=10, loss=0.5)
    inside.report({"loss": 0.5}, step=10)
    inside.report(10, loss=0.5)
    told = lines(folder)
    assert [{**line, "at_ms": 0} for line in told] == [
        {"kind": "metrics", "step": 10, "at_ms": 0, "values": {"loss": 0.5}}
    ] * 3
    assert 1.7e12 < told[0]["at_ms"] < 1e14


def test_without_a_step(folder: Path) -> None:
    """The platform counts then."""
    inside.report(loss=1)
    assert lines(folder)[0]["step"] is None


def test_scalars_of_other_packages(folder: Path) -> None:
    """Whatever `float` and `int` take."""
    inside.report(
        step=numpy.int64(3), a=numpy.float32(0.5), b=numpy.array(2.0), c=True, d=Decimal("1.5"), e="7"
    )
    (line,) = lines(folder)
    assert line["step"] == 3
    assert line["values"] == {"a": 0.5, "b": 2.0, "c": 1.0, "d": 1.5, "e": 7.0}


def test_nan_and_infinities_are_told(folder: Path) -> None:
    """A loss that is not a number is what a user most wants to see."""
    inside.report(step=0, a=math.nan, b=math.inf, c=-math.inf)
    values = lines(folder)[0]["values"]
    assert math.isnan(values["a"]) and values["b"] == math.inf and values["c"] == -math.inf


def test_what_is_no_number_is_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A training does not end for that; the first time it is said."""
    inside.report(step=1, loss=None, accuracy=0.5)  # type: ignore[arg-type]
    inside.report({"confusion": [1, 2]}, step=1 << 70)  # type: ignore[dict-item]
    inside.report(step="last", lr=0.1)  # type: ignore[arg-type]
    assert [(line["step"], line["values"]) for line in lines(folder)] == [
        (1, {"accuracy": 0.5}),
        (None, {"lr": 0.1}),
    ]
    said = capsys.readouterr().err
    assert said.count("[trainwright]") == 1 and "'loss' is not a number: NoneType" in said


def test_many_numbers_make_several_lines(folder: Path) -> None:
    """A line stays short enough to be read at once."""
    inside.report({f"weight/{number}": number for number in range(500)}, step=1)
    told = lines(folder)
    assert [len(line["values"]) for line in told] == [200, 200, 100]
    assert max(map(len, next(folder.glob("*.jsonl")).read_bytes().splitlines())) < 32 << 10


def test_a_checkpoint_is_told_once_with_its_numbers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its path is told in full, as the job sees it."""
    monkeypatch.chdir(folder)
    inside.checkpoint("out/model.pt", step=7, **{f"v{number}": number for number in range(300)})
    first, second = lines(folder)
    assert (first["kind"], first["path"], first["step"]) == ("checkpoint", f"{folder}/out/model.pt", 7)
    assert second["kind"] == "metrics" and len(second["values"]) == 100
    inside.checkpoint(Path("/model"))
    assert lines(folder)[-1]["values"] == {}


def test_off_the_platform_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file, no output, no look at the values."""
    monkeypatch.delenv("TRAINWRIGHT_INSIDE", raising=False)
    monkeypatch.delenv("MA_RESUME_FROM", raising=False)
    monkeypatch.chdir(tmp_path)
    inside.report(step="x", loss=object())  # type: ignore[arg-type]
    inside.checkpoint("nowhere", step=1)
    assert inside.resume_path() is None
    assert not inside.should_stop() and not inside.is_on_platform()
    assert not list(tmp_path.iterdir())


def test_resume_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the runner says; an empty word is none."""
    monkeypatch.setenv("MA_RESUME_FROM", "/home/ma-user/modelarts/outputs/o_0/m.pt")
    assert inside.resume_path() == "/home/ma-user/modelarts/outputs/o_0/m.pt"
    monkeypatch.setenv("MA_RESUME_FROM", "")
    assert inside.resume_path() is None


def test_threads_take_turns(folder: Path) -> None:
    """Whole lines, all of them, in one file."""

    def work(number: int) -> None:
        for step in range(500):
            inside.report({f"series{number}": step}, step=step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = lines(folder)
    assert len(told) == 4000 and len(list(folder.iterdir())) == 1
    for number in range(8):
        mine = [line["step"] for line in told if f"series{number}" in line["values"]]
        assert mine == list(range(500)), "in the order told"


def _child(number: int) -> None:
    for step in range(200):
        inside.report(step=step, **{f"child{number}": step})
    os._exit(0)  # as a worker that is not given time to clean up


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a fork beside threads: that is what this is about
def test_forked_processes_have_files_of_their_own(folder: Path) -> None:
    """Also when another thread of the parent is writing at the moment of the fork."""
    stop = threading.Event()

    def chatter() -> None:
        while not stop.is_set():
            inside.report(parent=1)

    thread = threading.Thread(target=chatter)
    thread.start()
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_child, args=(number,)) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    stop.set()
    thread.join()
    told = lines(folder)
    assert len(list(folder.iterdir())) == 5
    for number in range(4):
        assert sum(f"child{number}" in line["values"] for line in told) == 200


def test_the_end_of_a_process_is_noted(folder: Path) -> None:
    """So that its file can be taken away; what ended by `kill -9` leaves whole lines all the same."""
    program = "from trainwright import inside; inside.report(step=1, loss=2)"
    for how in ("", "; import os, signal; os.kill(os.getpid(), signal.SIGKILL)"):
        subprocess.run(
            [sys.executable, "-c", program + how],
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            check=False,
            timeout=60,
        )
    assert sorted([line["kind"] for line in lines(folder)]) == ["end", "metrics", "metrics"]


def test_a_large_file_is_left_for_a_new_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read can be taken away then."""
    assert FILE_BYTES_MAX == 8 << 20
    monkeypatch.setattr("trainwright.inside.spool.FILE_BYTES_MAX", 1000)
    spool = Spool(str(folder))
    for step in range(100):
        spool.write({"kind": "metrics", "step": step})
    spool.close()
    files = list(folder.iterdir())
    assert len(files) > 2 and all(path.read_bytes().endswith(b'{"kind":"end"}\n') for path in files)
    assert sorted(line["step"] for line in lines(folder) if "step" in line) == list(range(100))


def _report_to_a_full_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1030, 1030))
    for step in range(100):
        inside.report(step=step, loss=0.5)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1030, 1030))
    print("trained to the end")


def test_a_full_disk_is_said_once_and_harms_nothing(folder: Path) -> None:
    """The last line before it is whole, so is every other."""
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.inside.test_progress import _report_to_a_full_disk as go\ngo()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert done.stdout == "trained to the end\n"
    assert done.stderr.count("[trainwright] what is reported is lost") == 1
    assert 5 < len(lines(folder)) < 20


def test_a_folder_that_is_gone_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A platform that is broken does not break a training."""
    monkeypatch.setenv("TRAINWRIGHT_INSIDE", str(tmp_path / "gone"))
    monkeypatch.setattr(progress, "_teller", progress._Teller())
    inside.report(step=1, loss=1)
    inside.report(step=2, loss=1)
    assert capsys.readouterr().err.count("[trainwright]") == 1
