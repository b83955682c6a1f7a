"""Following a job on a terminal and elsewhere."""

import io

import pytest
from rich.console import Console

from tests.cli.canned import job_answer
from trainwright.cli import watching
from trainwright.cli.options import Globals
from trainwright.cli.watching import FollowView, StatusLine, result_code
from trainwright.client import EventItem, JobResponse, PhaseItem


def job(phase: str, *codes: int) -> JobResponse:
    """A job that ended with these exit codes."""
    statuses = [{"task": f"worker-{n}", "exit_code": code, "message": ""} for n, code in enumerate(codes)]
    return JobResponse.model_validate(job_answer(phase=phase, task_statuses=statuses))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (job("Completed", 0, 0), 0),
        (job("Failed", 3), 3),
        (job("Failed", 0, 137), 137),
        (job("Failed", -1), 1),
        (job("Failed", 300), 1),
        (job("Failed"), 1),
        (job("Terminated", 143), 143),
        (job("Abnormal", 7), 1),
    ],
)
def test_exit_code_of_a_followed_job(answer: JobResponse, expected: int) -> None:
    """The job's own where it has one."""
    assert result_code(answer) == expected


def test_log_goes_to_stdout_untouched_and_events_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """`trainwright job follow x > log` keeps the log clean."""
    log = io.BytesIO()
    view = FollowView(Globals(), tasks=1, log=log)
    view.on_phase(PhaseItem(phase="Running"))
    view.on_log("worker-0", 1, b"half \xff")
    event = EventItem(
        message="[worker-0] [time used: 1s] x", level="Warning", time="2026-01-01T10:20:30+08:00",
        source="Task", seq=1, code="c",
    )  # fmt: skip
    view.on_event(event)
    view.on_log("worker-0", 1, b" line\n")
    view.tick()
    view.close()
    assert log.getvalue() == b"half \xff line\n"
    assert capsys.readouterr().err.splitlines() == [
        "· Running",
        "10:20:30 Warning [worker-0] [time used: 1s] x",
    ]
    chinese = FollowView(Globals(language="zh-cn"), tasks=1, log=log)
    chinese.on_phase(PhaseItem(phase="Running"))
    chinese.on_event(event)
    chinese.close()
    assert capsys.readouterr().err.splitlines() == [
        "· 运行中",
        "10:20:30 警告 [worker-0] [time used: 1s] x",
    ]


class Screen(io.BytesIO):
    """A terminal's end of stdout; stderr is written to it, too."""

    def isatty(self) -> bool:
        return True


def screen_view(monkeypatch: pytest.MonkeyPatch) -> tuple[Screen, FollowView]:
    """A view whose log and events are seen on one screen, in the order in which they are written."""
    screen = Screen()
    both = io.TextIOWrapper(screen, encoding="utf-8", write_through=True)
    monkeypatch.setattr(watching, "make_console", lambda *, stderr: Console(file=both, color_system=None))
    view = FollowView(Globals(), tasks=1, log=screen)
    return screen, view


EVENT = EventItem(
    message="saved", level="Info", time="2026-01-01T10:20:30+08:00", source="Task", seq=1, code="c"
)


def test_an_event_does_not_cut_a_line_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards a print that comes in pieces: what happens between them is told behind the line."""
    screen, view = screen_view(monkeypatch)
    view.on_log("worker-0", 1, b"rank")
    view.on_event(EVENT)
    view.on_phase(PhaseItem(phase="Running"))
    view.tick()
    view.on_log("worker-0", 1, b" 0 of 1\nnext")
    view.on_log("worker-0", 1, b" line\n")
    view.close()
    assert screen.getvalue().decode().splitlines() == [
        "rank 0 of 1",
        "10:20:30 saved",
        "· Running",
        "next line",
    ]


def test_an_event_does_not_wait_for_a_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards lines without end: after a while, and at the end, everything is told."""
    monkeypatch.setattr(watching, "_LINE_S", 0.0)
    screen, view = screen_view(monkeypatch)
    view.on_log("worker-0", 1, b"50 %")
    view.on_event(EVENT)
    assert screen.getvalue() == b"50 %\n10:20:30 saved\n"
    monkeypatch.setattr(watching, "_LINE_S", 60.0)
    view.on_log("worker-0", 1, b"51 %")
    view.on_event(EVENT)
    view.close()
    assert screen.getvalue().endswith(b"51 %\n10:20:30 saved\n")


def test_lines_of_several_tasks_are_told_apart() -> None:
    """Whole lines only, half ones at the end."""
    log = io.BytesIO()
    view = FollowView(Globals(), tasks=2, log=log)
    view.on_log("worker-0", 1, b"a1\na")
    view.on_log("worker-1", 1, b"b1\n")
    view.on_log("worker-0", 1, b"2\nrest")
    view.close()
    assert log.getvalue() == b"[worker-0] a1\n[worker-1] b1\n[worker-0] a2\n[worker-0] rest\n"


def test_status_line_leaves_no_trace_when_hidden() -> None:
    """It is cleared before anything else is written, and cut to the terminal's width."""
    out = io.StringIO()
    line = StatusLine(Console(file=out, force_terminal=True, width=10))
    line.show("状态状态状态状态")
    line.hide()
    line.hide()
    assert out.getvalue() == "\r\x1b[2K状态状态 \r\x1b[2K"


def test_status_line_is_nothing_without_a_terminal() -> None:
    """No control characters in a file."""
    out = io.StringIO()
    line = StatusLine(Console(file=out, width=10))
    line.show("x")
    line.hide()
    assert out.getvalue() == ""
