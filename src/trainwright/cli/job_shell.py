"""`trainwright job shell`: a terminal in a running task."""

import os
import signal
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from trainwright.cli.options import globals_of
from trainwright.cli.session import find_job, open_platform
from trainwright.cli.targets import JobArgument
from trainwright.cli.watching import stdout_bytes
from trainwright.client import ConnectionFailed, Job
from trainwright.client.shell import RemoteShell, open_shell

LEAVE = b"\x1d"  # Ctrl-]
PIECE_BYTES = 32 << 10
_ARGV = "trainwright.argv"


class ShellCommand(TyperCommand):
    """What stands behind `--` is the program and its arguments, whatever they look like."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # Typer's own public context
        """Take them away before options are looked for."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[_ARGV] = args[at + 1 :]
            args = args[:at]
        return super().parse_args(ctx, args)


def shell(
    ctx: typer.Context,
    job: JobArgument,
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="Which task; the first by default.", show_default=False)
    ] = "",
) -> None:
    """Carry bytes between this terminal (or these pipes) and a shell in the task."""
    told = globals_of(ctx)
    argv: list[str] = ctx.meta.get(_ARGV, [])
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with open_platform(ctx) as platform:
        found = find_job(platform, job)
        name = task or _first_task(found)
        rows, columns = _size() if on_terminal else (0, 0)
        with open_shell(
            platform.client.access, found.id, name, rows=rows, columns=columns, argv=argv
        ) as remote:
            if on_terminal:
                typer.echo(told.say("In {task}; Ctrl-] leaves.", task=name), err=True)
            left = _Left()
            with _raw(remote) if on_terminal else _plain():
                threading.Thread(target=_type, args=(remote, left, on_terminal), daemon=True).start()
                _print(remote, left)
    if left.asked:
        typer.echo(told.say("Left {task}.", task=name), err=True)
        raise typer.Exit(0)
    end = remote.end
    if end is not None:
        if end.message:
            typer.echo(end.message, err=True)
        raise typer.Exit(end.exit_code)


class _Left:
    """Whether the user has left by the key."""

    asked = False


def _first_task(job: Job) -> str:
    tasks = job.tasks()
    return tasks[0].task if tasks else "worker-0"


def _print(remote: RemoteShell, left: _Left) -> None:
    out = stdout_bytes()
    try:
        for piece in remote:
            out.write(piece)
            out.flush()
    except ConnectionFailed:
        if not left.asked:
            raise


def _type(remote: RemoteShell, left: _Left, on_terminal: bool) -> None:
    """Everything from stdin, until its end or the key that leaves."""
    source = sys.stdin.fileno()
    while data := os.read(source, PIECE_BYTES):
        if on_terminal and LEAVE in data:
            remote.write(data.partition(LEAVE)[0])
            left.asked = True
            remote.close()
            return
        remote.write(data)
    remote.end_input()


@contextmanager
def _raw(remote: RemoteShell) -> Iterator[None]:
    """The terminal without meaning of its own, and its size followed; as before afterwards."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    woken, wake = os.pipe()

    def follow() -> None:
        while (said := os.read(woken, 1)) != b"e":
            if said[0] == signal.SIGWINCH:
                remote.resize(*_size())

    def changed(number: int, frame: Any) -> None:
        """Nothing: whichever thread the signal comes to, Python writes its number to the pipe."""

    os.set_blocking(wake, False)
    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    woken_before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    handled = signal.signal(signal.SIGWINCH, changed)
    try:
        tty.setraw(descriptor)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, handled)
        signal.set_wakeup_fd(woken_before)
        os.write(wake, b"e")
        follower.join()
        os.close(woken)
        os.close(wake)


@contextmanager
def _plain() -> Iterator[None]:
    yield


def _size() -> tuple[int, int]:
    """Rows and columns of the terminal itself: LINES and COLUMNS, where somebody exported them, stay as they were."""
    columns, rows = os.get_terminal_size(sys.stdin.fileno())
    return max(1, min(rows, 1000)), max(1, min(columns, 1000))
