"""Following a job on the terminal: logs on stdout, events and a status line on stderr."""

import asyncio
import signal
import sys
import time
from collections.abc import Coroutine
from typing import BinaryIO

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from trainwright.cli.display import duration_text, level_cell, make_console, phase_cell, size_text
from trainwright.cli.options import Globals
from trainwright.cli.words import PHASES, word
from trainwright.client import (
    AsyncClient,
    EventItem,
    Job,
    JobResponse,
    PhaseItem,
    Platform,
    follow_job,
)

EXIT_STOPPED = 143
EXIT_INTERRUPTED = 130
_TICK_S = 0.2
_LET_GO_S = 1.0
_LINE_S = 2.0  # for so long the end of a half line is awaited
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class StatusLine:
    """One line at the bottom of a terminal that other output scrolls above. Does nothing where there is none."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = console.is_terminal
        self._text = ""
        self._shown = False

    def show(self, text: str) -> None:
        """Draw `text`, replacing what is shown."""
        self._text = text
        if not self._live or not text:
            return
        width = max(1, self._console.width - 1)
        cut = set_cell_size(text, width) if cell_len(text) > width else text
        self._console.file.write(f"\r\x1b[2K{cut}")
        self._console.file.flush()
        self._shown = True

    def hide(self) -> None:
        """Take the line away, so that something else can be written."""
        if self._shown:
            self._console.file.write("\r\x1b[2K")
            self._console.file.flush()
            self._shown = False

    def redraw(self) -> None:
        """Draw the last text again."""
        self.show(self._text)


class FollowView:
    """Prints what it is told. With several tasks each log line begins with its task's name.

    One `print` of a script comes in many pieces, with events and phases between them. On a terminal, where both are
    seen together, these wait for the end of the line, but not for long: a progress bar has none.
    """

    def __init__(self, told: Globals, *, tasks: int, log: BinaryIO) -> None:
        self._told = told
        self._console = make_console(stderr=True)
        self._status = StatusLine(self._console)
        self._log = log
        self._log_is_terminal = log.isatty()
        self._prefixed = tasks > 1
        self._partial: dict[str, bytes] = {}
        self._mid_line = False
        self._waiting: list[Text] = []  # for the end of the log's line
        self._waits_until = 0.0
        self._phase = ""
        self._log_bytes = 0
        self._began = time.monotonic()
        self._ticks = 0

    def on_event(self, event: EventItem) -> None:
        """Print it."""
        line = Text.assemble((event.time[11:19], "dim"), " ")
        if event.level != "Info":
            line.append_text(level_cell(self._told, event.level)).append(" ")
        self._say(line.append(event.message))

    def on_phase(self, phase: PhaseItem) -> None:
        """Show it in the status line; print it where there is no such line."""
        self._phase = word(PHASES, phase.phase, self._told.language)
        self._say(Text.assemble(("· ", "dim"), phase_cell(self._told, phase.phase)))
        self._draw()

    def on_log(self, task: str, attempt: int, piece: bytes) -> None:
        """Write it as it is."""
        self._log_bytes += len(piece)
        if self._prefixed:
            piece = self._with_prefix(task, piece)
        if not piece:
            return
        self._status.hide()
        if self._waiting and b"\n" in piece:
            lines, end, piece = piece.rpartition(b"\n")
            self._log.write(lines + end)
            self._log.flush()
            self._mid_line = False
            self._say_waiting()
            if not piece:
                return
            self._status.hide()
        self._log.write(piece)
        self._log.flush()
        self._mid_line = not piece.endswith(b"\n")
        if not self._mid_line:
            self._status.redraw()

    def tick(self) -> None:
        """Move the status line on."""
        self._ticks += 1
        self._say_waiting()
        self._draw()

    def close(self) -> None:
        """Write half lines that are left and take the status line away."""
        self._status.hide()
        for task, rest in sorted(self._partial.items()):
            if rest:
                self._log.write(f"[{task}] ".encode() + rest + b"\n")
        self._partial.clear()
        self._log.flush()
        self._say_waiting(at_once=True)
        self._make_room()

    def _say(self, line: Text) -> None:
        if not self._waiting:
            self._waits_until = time.monotonic() + _LINE_S
        self._waiting.append(line)
        self._say_waiting()

    def _say_waiting(self, *, at_once: bool = False) -> None:
        is_cutting = self._mid_line and self._log_is_terminal and not at_once
        if not self._waiting or (is_cutting and time.monotonic() < self._waits_until):
            return
        self._make_room()
        for line in self._waiting:
            self._console.print(line, soft_wrap=True)
        self._waiting.clear()
        self._status.redraw()

    def _draw(self) -> None:
        if self._mid_line and self._log_is_terminal:
            return  # a progress bar of the script itself owns the line
        elapsed = duration_text(int((time.monotonic() - self._began) * 1000)) or "0.0s"
        spinner = _SPINNER[self._ticks % len(_SPINNER)]
        log = self._told.say("log {size}", size=size_text(self._log_bytes))
        self._status.show(f"{spinner} {self._phase} · {elapsed} · {log}")

    def _make_room(self) -> None:
        self._status.hide()
        if self._mid_line and self._log_is_terminal:
            self._log.write(b"\n")
            self._log.flush()
            self._mid_line = False

    def _with_prefix(self, task: str, piece: bytes) -> bytes:
        lines = (self._partial.get(task, b"") + piece).split(b"\n")
        self._partial[task] = lines.pop()
        prefix = f"[{task}] ".encode()
        return b"".join(prefix + line + b"\n" for line in lines)


def follow_to_end(platform: Platform, told: Globals, job: Job, *, log: BinaryIO) -> JobResponse:
    """Print everything about `job` until it has ended; the job as it ended.

    Raises:
        typer.Exit: Ctrl-C (130): the job goes on; says how to come back.
        ClientError: the server refused or stays away.
    """
    view = FollowView(told, tasks=len(job.answer.status.tasks), log=log)

    async def main() -> JobResponse:
        async with AsyncClient(platform.client.access) as client:
            return await _unless_interrupted(view, follow_job(client, job.id, view))

    try:
        return asyncio.run(main())
    except (_Interrupted, KeyboardInterrupt):
        view.close()
        typer.echo(
            told.say(
                "The job goes on. Come back with:  trainwright job follow {job}\n"
                "Stop it with:                     trainwright job stop {job}",
                job=job.name,
            ),
            err=True,
        )
        raise typer.Exit(EXIT_INTERRUPTED) from None
    finally:
        view.close()


def result_code(job: JobResponse) -> int:
    """The exit code of a followed job: 0 Completed; Failed: that of the first task that failed, else 1; 143 when it
    was stopped; 1 after a platform fault.
    """
    phase = job.status.phase
    if phase == "Completed":
        return 0
    if phase == "Terminated":
        return EXIT_STOPPED
    codes = [status.exit_code for status in job.status.task_statuses if 0 < status.exit_code < 256]
    return codes[0] if phase == "Failed" and codes else 1


def print_result(told: Globals, job: JobResponse) -> None:
    """One line on stderr: phase, duration, and why if it did not go well."""
    line = Text.assemble(phase_cell(told, job.status.phase), f"  {job.metadata.name}")
    if job.status.duration:
        line.append(f"  {duration_text(job.status.duration)}")
    make_console(stderr=True).print(line)
    if job.status.phase != "Completed" and job.status.reason_message:
        typer.echo(told.say("Reason: {reason}", reason=job.status.reason_message), err=True)
    if job.status.reason_advice:
        typer.echo(told.say("What to do: {advice}", advice=job.status.reason_advice), err=True)


class _Interrupted(Exception):
    """Ctrl-C."""


async def _unless_interrupted(view: FollowView, follow: Coroutine[None, None, JobResponse]) -> JobResponse:
    """The result of `follow`; the status line moves meanwhile.

    Ctrl-C does not wait for `follow` to notice: on Python 3.11 a cancellation that comes while a task group ends is
    sometimes lost, and asyncio's own handling of the signal then waits for ever.

    Raises:
        _Interrupted: Ctrl-C.
    """
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, asked.set)
    following, ticking = asyncio.create_task(follow), asyncio.create_task(_tick(view))
    waiting = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait((following, waiting), return_when=asyncio.FIRST_COMPLETED)
        if not following.done():
            raise _Interrupted
        return following.result()
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        for task in (following, ticking, waiting):
            task.cancel()
        await asyncio.wait((following, ticking, waiting), timeout=_LET_GO_S)


async def _tick(view: FollowView) -> None:
    while True:
        await asyncio.sleep(_TICK_S)
        view.tick()


def stdout_bytes() -> BinaryIO:
    """Where log bytes go."""
    sys.stdout.flush()
    return sys.stdout.buffer
