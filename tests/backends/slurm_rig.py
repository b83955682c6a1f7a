"""A Slurm cluster of our own, from scripts/slurm-up, and a Slurm backend over it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from trainwright.backends.runner_archive import build
from trainwright.backends.slurm import Priorities, SlurmBackend, SlurmSettings
from trainwright.ports.backend import HasPools, Preempts, Shares
from trainwright.ports.clock import SystemClock

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).with_name("stand_in.py")
ONE_NODE = "PartitionName=one Nodes=n1 DefaultTime=1:00:00 MaxTime=2:00:00 PriorityTier=1 PriorityJobFactor=3"
UP_TIMEOUT_S, COMMAND_TIMEOUT_S = 700, 60


@dataclass
class Lab:
    """A running cluster. `folder` can be seen by all of its nodes."""

    folder: Path
    nodes: int

    def command(self, *argv: str, timeout_s: float = COMMAND_TIMEOUT_S) -> str:
        """The output of one of Slurm's commands."""
        done = subprocess.run(
            argv, env=self.environment, capture_output=True, text=True, timeout=timeout_s, check=True
        )
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """With what commands find the cluster."""
        return os.environ | {"SLURM_CONF": str(self.folder / "etc/slurm.conf")}

    def crash_node(self, name: str) -> None:
        """Power cut."""
        os.kill(int((self.folder / "run" / f"{name}.pid").read_text()), signal.SIGKILL)

    def kill_controller(self) -> None:
        """The controller dies; it forgets what it has not saved."""
        os.kill(int((self.folder / "run/slurmctld.pid").read_text()), signal.SIGKILL)

    def mend(self) -> None:
        """Start what is missing, and use all nodes again."""
        _script("slurm-up", self.folder)
        for number in range(1, self.nodes + 1):
            for state in ("undrain", "resume"):  # the one that is not needed fails
                subprocess.run(
                    ["scontrol", "update", f"NodeName=n{number}", f"State={state}"],
                    env=self.environment, capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False,
                )  # fmt: skip

    def clear(self) -> None:
        """End all jobs and wait until the nodes are free."""
        self.command("scancel", "--user=root")
        for _ in range(300):
            if not self.command("squeue", "-h", "-o", "%i").strip():
                return
            subprocess.run(["sleep", "0.1"], check=True)
        raise AssertionError("jobs would not end")

    def jobs(self, name: str) -> list[str]:
        """Every job of that name that the controller remembers, as `id state`."""
        listed = self.command("squeue", "-h", "-t", "all", "-n", name, "-o", "%A %T")
        return listed.splitlines()


def start_lab(folder: Path, *, port: int, nodes: int = 5, extra: str = ONE_NODE, **choices: str) -> Lab:
    """Bring it up; the folders above `folder` must let others pass."""
    _script("slurm-up", folder, str(nodes), LAB_PORT=str(port), LAB_EXTRA=extra, **choices)
    return Lab(folder, nodes)


def end_lab(lab: Lab) -> None:
    """Take it down with all that runs on it."""
    _script("slurm-down", lab.folder)


def _script(name: str, *arguments: object, **choices: str) -> None:
    done = subprocess.run(
        [ROOT / "scripts" / name, *map(str, arguments)],
        env=os.environ | choices, capture_output=True, text=True, timeout=UP_TIMEOUT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def settings_of(shared: Path, mode: str = "wait", partition: str = "one", **changes: object) -> SlurmSettings:
    """Runners behave as `mode` of the stand-in says; empty: they are real ones."""
    settings = SlurmSettings(
        partition=partition,
        shared_dir=shared,
        priorities=Priorities(by="nice", nice_step=1000),
        python=sys.executable,
        sandbox="off",
        poll_s=0.2,
        hard_kill_after_s=0.5,
        beat_s=1.0,
        stale_s=4.0,
        node_patience_s=25.0,
        supervisor_argv=(sys.executable, "-I", "-S", str(STAND_IN), mode) if mode else (),
    )
    return replace(settings, **changes)  # type: ignore[arg-type] # test shorthand


class SlurmRig:
    """See `tests.contract.backend.Rig`. `changes` counts calls of `on_change` by job."""

    lacks = frozenset({Shares, Preempts})

    def __init__(self, lab: Lab, settings: SlurmSettings) -> None:
        self.lab = lab
        self.settings = settings
        self.changes: Counter[str] = Counter()
        build(settings.archive)
        self._running: asyncio.Task[None] | None = None
        self.backend = self._make()
        assert isinstance(self.backend, HasPools)

    def _make(self) -> SlurmBackend:
        return SlurmBackend(self.settings, clock=SystemClock(), on_change=self._on_change)

    def _on_change(self, job_id: str) -> None:
        self.changes[job_id] += 1

    def start(self) -> None:
        """Begin to watch."""
        self._running = asyncio.create_task(self.backend.run())

    async def cease(self) -> None:
        """Stop watching; all jobs run on."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    async def finish(self, key: str) -> None:
        """Let go of the attempt's tasks."""
        (self.settings.runs_dir / key / "release").touch()

    async def restart(self) -> None:
        """Forget everything and read the shared folder."""
        await self.cease()
        self.backend = self._make()
        self.start()

    def ledger(self) -> list[str]:
        """What the runners noted, in order: `start KEY/TASK`, `end KEY/TASK`."""
        path = self.settings.shared_dir / "ledger"
        return path.read_text().splitlines() if path.exists() else []
