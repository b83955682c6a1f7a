"""kill -9 of the server at any step: no launch is lost, none runs twice, none comes back."""

import asyncio
import random
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.backends.mortal import Fuse, Killed, MortalDisk, MortalSpawn
from tests.backends.rig import LocalRig, settings_of
from tests.contract.backend import launch_of, reaches, until
from trainwright.backends.local import LocalBackend
from trainwright.backends.local.processes import find_marked, spawn_detached
from trainwright.domain.observation import RunState
from trainwright.ports.backend import Handle
from trainwright.ports.clock import SystemClock

pytestmark = pytest.mark.anyio

GANG, SINGLE, STOPPED = launch_of(1, replicas=2), launch_of(2, cpus=2), launch_of(3, cpus=2)


async def use(backend: LocalBackend, accepted: set[str], reaping: set[str]) -> None:
    """What a control loop does with three jobs, one moved in the queue and one stopped while it waits; remembers what
    it was told.
    """
    handles: dict[str, Handle] = {}
    for launch in (GANG, SINGLE, STOPPED):
        handles[launch.key] = await backend.submit(launch)
        accepted.add(launch.key)
    await backend.set_priority(SINGLE.key, 2)
    await backend.stop(handles[STOPPED.key], grace_s=1)
    for handle in handles.values():
        await reaches(backend, handle, RunState.EXITED)
        reaping.add(handle.key)
        await backend.reap(handle)


async def live(rig: LocalRig, fuse: Fuse, accepted: set[str], reaping: set[str]) -> bool:
    """One life of a server; True when it was cut short."""
    disk, spawn = (MortalDisk(fuse), MortalSpawn(fuse)) if fuse.at else (None, spawn_detached)
    backend = LocalBackend(
        rig.settings, clock=SystemClock(), on_change=lambda job_id: None, disk=disk, spawn=spawn
    )
    running = asyncio.create_task(backend.run())
    using = asyncio.create_task(use(backend, accepted, reaping))
    await asyncio.wait({running, using}, return_when=asyncio.FIRST_COMPLETED)
    died = False
    for task in (using, running):
        task.cancel()
        try:
            with suppress(asyncio.CancelledError):
                await task
        except* Killed:
            died = True
    return died


async def check_crash_at(root: Path, at: int) -> bool:
    """Two lives, the first cut short at step `at`; True while there is such a step."""
    rig = LocalRig(settings_of(root, "once"))
    accepted: set[str] = set()
    reaping: set[str] = set()
    try:
        died = await live(rig, Fuse(at), accepted, reaping)
        heir = LocalBackend(rig.settings, clock=SystemClock(), on_change=lambda job_id: None)
        known = {handle.key for handle in await heir.owned()}
        assert accepted - reaping <= known, "an accepted launch was lost"
        rig.backend = heir
        rig.start()
        for launch in (GANG, SINGLE, STOPPED):
            if launch.key not in reaping:
                await heir.submit(launch)
        for handle in await heir.owned():
            await reaches(heir, handle, RunState.EXITED)
            await heir.reap(handle)
        ledger = Counter(rig.ledger())
        tasks = [f"{GANG.key}/worker-0", f"{GANG.key}/worker-1", f"{SINGLE.key}/worker-0"]
        assert {line: ledger[line] for task in tasks for line in (f"start {task}", f"end {task}")} == {
            f"{word} {task}": 1 for task in tasks for word in ("start", "end")
        }

        async def is_empty() -> bool:
            return not list(rig.settings.runs_dir.iterdir())

        await until(is_empty, "no folder is left")
        assert not rig.living()
        return died
    finally:
        await rig.cease()
        rig.clean_up()


@pytest.mark.slow
async def test_killed_at_every_step(tmp_path: Path) -> None:
    """Guards every gap between two file operations, from the first submit to the last reap."""
    at, died = 1, True
    while died:
        root = tmp_path / str(at)
        root.mkdir()
        died = await check_crash_at(root, at)
        at += 1
    assert at > 40  # the fuse has been where it matters


@pytest.mark.slow
def test_a_server_process_killed_at_random_moments(tmp_path: Path) -> None:
    """Guards the same from outside: a real process, a real SIGKILL, then one life to the end."""
    dice = random.Random(20261122)
    argv = [sys.executable, "-m", "tests.backends.server_process", str(tmp_path)]
    try:
        for _ in range(8):
            server = subprocess.Popen(argv, stdout=subprocess.PIPE)
            assert server.stdout is not None
            with server, suppress(subprocess.TimeoutExpired):
                server.stdout.readline()  # it has begun
                server.wait(timeout=dice.uniform(0.0, 0.25))
                break
            server.kill()
        subprocess.run(argv, check=True, timeout=120, stdout=subprocess.DEVNULL)
        ledger = Counter((tmp_path / "ledger").read_text().splitlines())
        assert len(ledger) == 2 * 24
        assert set(ledger.values()) == {1}
    finally:
        rig = LocalRig(settings_of(tmp_path))
        rig.clean_up()
    assert not find_marked(tmp_path)
