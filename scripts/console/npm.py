"""Running npm in `console/`: what it says goes to a log, and nothing that it starts outlives it."""

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path

from scripts.console.node import Npm

CONSOLE = "console"
NPM_TIMEOUT_S = 1200
TAIL_LINES = 25
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class NpmFailed(Exception):
    """npm ended with an error or took too long: which command of it, and where its log is.

    `tail` holds the last lines of the log.
    """

    def __init__(self, text: str, *, tail: str = "") -> None:
        super().__init__(text)
        self.tail = tail


def run_npm(root: Path, npm: Npm, *arguments: str, log: Path, timeout_s: float = NPM_TIMEOUT_S) -> None:
    """`npm ARGUMENTS` in the console's folder below `root`; what it says is added to `log`.

    Raises:
        NpmFailed: it ended with an error or took too long.
    """
    # NODE_ENV of whoever calls would leave packages out, or build for development.
    environment = {key: value for key, value in os.environ.items() if key != "NODE_ENV"}
    environment |= {"PATH": npm.path, "NO_COLOR": "1"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            (*npm.command, *arguments),
            cwd=root / CONSOLE,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            _end(process)
            raise _failure(log, arguments, f"took longer than {timeout_s:.0f} s") from None
        except BaseException:
            _end(process)
            raise
    if code != 0:
        raise _failure(log, arguments, f"ended with code {code}")


def log_text(log: Path) -> str:
    """What stands in a log, without colours."""
    return _COLOURS.sub("", log.read_text(encoding="utf-8", errors="replace")).strip()


def _failure(log: Path, arguments: tuple[str, ...], how: str) -> NpmFailed:
    hint = "; is the npm registry reachable?" if arguments[0] == "ci" else ""
    return NpmFailed(
        f"`npm {' '.join(arguments)}` {how} (whole log: {log}){hint}",
        tail="\n".join(log_text(log).splitlines()[-TAIL_LINES:]),
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End npm and all that it started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
