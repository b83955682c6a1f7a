"""A terminal in a task of this machine: the runner's `enter` on a terminal of ours (docs/adr/0022)."""

import os
from collections.abc import Sequence
from pathlib import Path

from trainwright.backends.local.processes import runner_environment
from trainwright.backends.terminal import DEFAULT_TERM, ProcessTerminal
from trainwright.ports.backend import BackendError, Terminal


async def open_shell(
    runner_argv: Sequence[str], folder: Path, *, rows: int, columns: int, argv: Sequence[str]
) -> Terminal:
    """A terminal in the task whose RUNDIR is `folder`. `runner_argv`: how the runner supervises a task.

    Raises:
        BackendError: there is no such task, or it cannot be started.
    """
    if not folder.is_dir():
        raise BackendError(f"there is no task in {folder}", retryable=False)
    enter = [*runner_argv[:-1], "enter", str(folder), *argv]
    environment = runner_environment(os.environ, folder, {}) | {"TERM": DEFAULT_TERM if rows else "dumb"}
    return await ProcessTerminal.open(enter, rows=rows, columns=columns, environment=environment)
