"""A local backend with real processes of the stand-in runner, in a folder of its own."""

import asyncio
import os
import signal
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from trainwright.backends.local import LocalBackend, LocalSettings, RestartPolicy
from trainwright.backends.local.processes import find_marked
from trainwright.ports.clock import SystemClock

STAND_IN = Path(__file__).with_name("stand_in.py")
FAST = RestartPolicy(limit=3, window_s=600.0, base_s=0.01, cap_s=0.02)


def settings_of(root: Path, mode: str = "wait", **changes: object) -> LocalSettings:
    """A machine of 2 CPUs and 4096 MiB whose runners behave as `mode` says."""
    settings = LocalSettings(
        data_dir=root,
        runner_argv=(sys.executable, "-I", "-S", str(STAND_IN), mode),
        cpus=2,
        memory_mib=4096,
        accelerators=0,
        sandbox="off",
        cgroups=False,
        hard_kill_after_s=0.3,
        restarts=FAST,
    )
    return replace(settings, **changes)  # type: ignore[arg-type] # test shorthand


class LocalRig:
    """See `tests.contract.backend.Rig`. `changes` counts calls of `on_change` by job; `admitted` are jobs by their
    second one, which is made when they are admitted.
    """

    lacks = ()

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        self.changes: Counter[str] = Counter()
        self.admitted: list[str] = []
        self._running: asyncio.Task[None] | None = None
        self.backend = self._make()

    def _make(self) -> LocalBackend:
        return LocalBackend(self.settings, clock=SystemClock(), on_change=self._on_change)

    def _on_change(self, job_id: str) -> None:
        self.changes[job_id] += 1
        if self.changes[job_id] == 2:
            self.admitted.append(job_id)

    def start(self) -> None:
        """Begin to schedule."""
        self._running = asyncio.create_task(self.backend.run())

    async def cease(self) -> None:
        """Stop scheduling; all processes run on."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    async def finish(self, key: str) -> None:
        """Let go of the attempt's tasks."""
        (self.settings.runs_dir / key / "release").touch()

    async def restart(self) -> None:
        """Forget everything and read the disk."""
        await self.cease()
        self.backend = self._make()
        self.start()

    def living(self) -> set[int]:
        """Processes of any task."""
        return find_marked(self.settings.runs_dir)

    def clean_up(self) -> None:
        """Kill what a test left, also what it orphaned to this process, and what was forked meanwhile."""
        tasks = [path for path in self.settings.runs_dir.glob("*/*/") if path.is_dir()]
        while left := {pid for task in tasks for pid in find_marked(task)} | self.living():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def ledger(self) -> list[str]:
        """What the runners noted, in order: `start KEY/TASK`, `end KEY/TASK`."""
        path = self.settings.data_dir / "ledger"
        return path.read_text().splitlines() if path.exists() else []
