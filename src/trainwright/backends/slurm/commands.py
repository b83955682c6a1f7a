"""Slurm's commands, run here or through ssh, with a time limit each. The only place that starts a program."""

import asyncio
import os
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainwright.ports.backend import BackendError

KEPT = frozenset({"PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "TZ"})
TIMES = "SLURM_TIME_FORMAT=%s"  # seconds since the epoch: the other machine may have another time zone


class CommandFailed(BackendError):
    """Slurm said no: `said` is what, in its own words, `code` the exit status."""

    def __init__(self, program: str, code: int, said: str) -> None:
        super().__init__(f"{program} failed ({code}): {said}")
        self.said = said
        self.code = code


class CommandLost(BackendError):
    """There was no answer: whether Slurm did it is not known."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs Slurm's commands. `prefix` is put before them; under ssh the line is quoted for the other shell."""

    prefix: tuple[str, ...] = ()
    timeout_s: float = 20.0

    def argv(self, command: Sequence[str]) -> list[str]:
        """What is really started for `command`."""
        line = ["env", TIMES, *command]
        if self.prefix and Path(self.prefix[0]).name == "ssh":
            return [*self.prefix, shlex.join(line)]
        return [*self.prefix, *line]

    async def __call__(self, *command: str, given: str = "") -> str:
        """The output of `command`, which reads `given`.

        Raises:
            CommandFailed: it said no.
            CommandLost: it did not answer in time.
            BackendError: it cannot be started.
        """
        argv = self.argv(command)
        with tempfile.TemporaryFile() as text:  # a pipe breaks when a program does not read it
            text.write(given.encode())
            text.seek(0)
            try:
                process = await asyncio.create_subprocess_exec(
                    *argv,
                    stdin=text,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    env=own_environment(os.environ),
                )
            except OSError as error:
                raise BackendError(f"{argv[0]} cannot be started: {error}") from error
        try:
            async with asyncio.timeout(self.timeout_s):
                output, errors = await process.communicate()
        except TimeoutError as error:
            raise CommandLost(f"{command[0]} did not answer within {self.timeout_s:g} s") from error
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode != 0:
            said = " ".join(errors.decode(errors="replace").split()) or "it said nothing"
            if process.returncode in (126, 127, 255):  # no such program; ssh's own failures
                raise BackendError(f"{command[0]} cannot be run: {said}")
            raise CommandFailed(command[0], process.returncode or 0, said)
        return output.decode(errors="replace")


def own_environment(own: Mapping[str, str]) -> dict[str, str]:
    """What a command is given of ours: jobs inherit it from sbatch, so nothing of the server's own may be in it."""
    return {name: value for name, value in own.items() if name in KEPT or name.startswith("SLURM_")}
