"""A terminal in a task on a node of the cluster: the runner's `enter` there, as one more step of the job.

`srun --overlap` shares what the job has with its own tasks; Slurm puts the step into the job's control group and ends
it with the job (facts: "shell into a job", and an srun that is told to end takes its step along).
"""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainwright.backends.slurm.commands import Commands, own_environment
from trainwright.backends.slurm.settings import SlurmSettings
from trainwright.backends.terminal import DEFAULT_TERM, ProcessTerminal
from trainwright.ports.backend import Terminal

QUIET = ("--quiet", "--mpi=none", "--overlap", "--nodes=1", "--ntasks=1", "--chdir=/")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task runs: the job's number, the node, the task's RUNDIR."""

    job: str
    node: str
    folder: Path


async def open_shell(
    settings: SlurmSettings,
    commands: Commands,
    place: Place,
    *,
    rows: int,
    columns: int,
    argv: Sequence[str],
) -> Terminal:
    """A terminal in the task. Raises `BackendError`: srun cannot be started."""
    line = shell_argv(settings, commands, place, argv, terminal=rows > 0)
    environment = own_environment(os.environ) | {"TERM": DEFAULT_TERM if rows else "dumb"}
    return await ProcessTerminal.open(
        line, rows=rows, columns=columns, environment=environment, hang_up=signal.SIGTERM, errors=False
    )


def shell_argv(
    settings: SlurmSettings, commands: Commands, place: Place, argv: Sequence[str], *, terminal: bool
) -> list[str]:
    """What is really started. Under ssh the other side needs a terminal, too."""
    enter = [settings.python, "-I", "-S", str(settings.archive), "enter", str(place.folder), *argv]
    if not terminal:  # what srun itself has to say is kept apart: it comments on every exit code
        enter = ["sh", "-c", 'exec "$@" 2>&1', "sh", *enter]
    how = ["--pty"] if terminal else ["--unbuffered"]
    line = commands.argv(["srun", *QUIET, f"--jobid={place.job}", f"--nodelist={place.node}", *how, *enter])
    if terminal and Path(line[0]).name == "ssh":
        line.insert(1, "-tt")
    return line
