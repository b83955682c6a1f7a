"""Pre-emption with real processes: what the victims are told, what they say of themselves, crashes in the middle."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.backends.conftest import MakeRig
from tests.backends.mortal import Fuse, Killed, MortalDisk, MortalSpawn
from tests.backends.rig import LocalRig, settings_of
from tests.backends.test_local_disk import FullDisk
from tests.contract.backend import launch_of, reaches, seen, until, waits
from trainwright.backends.local import LocalBackend
from trainwright.backends.local.processes import find_marked, spawn_detached
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.ports.backend import Handle
from trainwright.ports.clock import SystemClock

pytestmark = pytest.mark.anyio

VICTIM = launch_of(1, replicas=2, preemptible=True, grace_s=7)
HEAD = launch_of(2, cpus=2, priority=3)
PREEMPTED = Observation(RunState.EXITED, reason=Reason.PREEMPTED, detail="job job-0002, priority 3")


async def begin(rig: LocalRig) -> tuple[Handle, Handle]:
    """The victim runs, and the head has come."""
    await rig.backend.set_preemption([""])
    victim = await rig.backend.submit(VICTIM)
    await reaches(rig.backend, victim, RunState.RUNNING)
    return victim, await rig.backend.submit(HEAD)


async def test_a_victim_is_told_why(make_rig: MakeRig) -> None:
    """Guards stop.json of every task: its own grace and the reason; and the mark that names the other one."""
    rig = make_rig()
    victim, head = await begin(rig)
    assert await reaches(rig.backend, victim, RunState.EXITED) == PREEMPTED
    await reaches(rig.backend, head, RunState.RUNNING)
    folder = rig.settings.runs_dir / victim.key
    for task in ("worker-0", "worker-1"):
        told = json.loads((folder / task / "stop.json").read_text())
        assert told == {"grace_s": 7, "reason": "preempted"}
    mark = json.loads((folder / "preempted.json").read_text())
    assert mark == {"by": "job job-0002, priority 3", "grace_s": 7}
    await rig.restart()
    assert await reaches(rig.backend, victim, RunState.EXITED) == PREEMPTED


async def test_a_victim_that_ends_by_itself_keeps_its_result(make_rig: MakeRig) -> None:
    """Guards against calling pre-empted what was done already; also when a restart finds it ended."""
    rig = make_rig("own-end")
    victim, head = await begin(rig)
    assert await reaches(rig.backend, victim, RunState.EXITED) == Observation(RunState.EXITED)
    await reaches(rig.backend, head, RunState.RUNNING)
    await rig.restart()
    assert await reaches(rig.backend, victim, RunState.EXITED) == Observation(RunState.EXITED)


async def test_a_deaf_victim_is_killed_in_the_end(make_rig: MakeRig) -> None:
    """Guards the head from one that neither ends nor dies: after its grace and the time for outputs it is killed."""
    rig = make_rig("stubborn", leave_within_s=0.3)
    await rig.backend.set_preemption([""])
    victim = await rig.backend.submit(launch_of(1, cpus=2, preemptible=True, grace_s=0))
    await reaches(rig.backend, victim, RunState.RUNNING)
    deaf = rig.settings.runs_dir / victim.key / "worker-0" / "shim-command.json"

    async def is_up() -> bool:
        return deaf.exists()

    await until(is_up, "its processes are there")
    head = await rig.backend.submit(HEAD)
    assert (await reaches(rig.backend, victim, RunState.EXITED)).reason is Reason.PREEMPTED
    await reaches(rig.backend, head, RunState.STARTING, RunState.RUNNING)
    assert not find_marked(deaf.parent)


async def test_a_user_may_stop_a_victim(make_rig: MakeRig) -> None:
    """Guards a stop without grace of one that is leaving: it ends at once, and is still said to be pre-empted."""
    rig = make_rig("stubborn")
    victim, head = await begin(rig)
    mark = rig.settings.runs_dir / victim.key / "preempted.json"

    async def is_marked() -> bool:
        return mark.exists()

    await until(is_marked, "the mark")
    assert (await seen(rig.backend, victim)).state in (RunState.STARTING, RunState.RUNNING)
    await rig.backend.stop(victim, grace_s=0)
    assert (await reaches(rig.backend, victim, RunState.EXITED)).reason is Reason.PREEMPTED
    await reaches(rig.backend, head, RunState.RUNNING)


async def test_what_a_victim_leaves_goes_to_the_head(make_rig: MakeRig) -> None:
    """Guards the room that is being made: nobody behind the head gets it, and nobody else is sent away meanwhile."""
    rig = make_rig("slow")
    await rig.backend.set_preemption([""])
    running = [await rig.backend.submit(launch_of(number, preemptible=True)) for number in (1, 2)]
    for handle in running:
        await reaches(rig.backend, handle, RunState.RUNNING)
    head = await rig.backend.submit(launch_of(3, priority=2))
    small = [await rig.backend.submit(launch_of(number, cpus=0.5)) for number in (4, 5)]
    await reaches(rig.backend, head, RunState.RUNNING)
    states = Counter([(await seen(rig.backend, handle)).reason for handle in running])
    assert states == {Reason.PREEMPTED: 1, None: 1}
    assert {(await seen(rig.backend, handle)).state for handle in small} == {RunState.QUEUED}
    assert (await waits(rig.backend, small[1])).slots["position"] == 2


async def test_a_full_disk_keeps_nobody_from_making_room(tmp_path: Path) -> None:
    """Guards pre-emption when not even its mark can be written."""
    rig = LocalRig(settings_of(tmp_path))
    disk = FullDisk()
    disk.is_full = False
    rig.backend = LocalBackend(rig.settings, clock=SystemClock(), on_change=lambda job_id: None, disk=disk)
    rig.start()
    try:
        victim = await rig.backend.submit(VICTIM)
        await reaches(rig.backend, victim, RunState.RUNNING)
        await rig.backend.submit(HEAD)
        disk.is_full = True
        await rig.backend.set_preemption([""])
        assert (await reaches(rig.backend, victim, RunState.EXITED)).reason is Reason.PREEMPTED
    finally:
        await rig.cease()
        rig.clean_up()


async def through(rig: LocalRig, backend: LocalBackend) -> Handle:
    """The head comes (again), starts and ends."""
    head = await backend.submit(HEAD)
    await reaches(backend, head, RunState.RUNNING, RunState.EXITED)
    await rig.finish(head.key)
    assert await reaches(backend, head, RunState.EXITED) == Observation(RunState.EXITED)
    return head


async def live(rig: LocalRig, fuse: Fuse) -> bool:
    """One life of a server that lets the head in; True when it was cut short after the victim had started."""
    disk, spawn = (MortalDisk(fuse), MortalSpawn(fuse)) if fuse.at else (None, spawn_detached)
    backend = LocalBackend(
        rig.settings, clock=SystemClock(), on_change=lambda job_id: None, disk=disk, spawn=spawn
    )

    async def use() -> None:
        await backend.set_preemption([""])
        await through(rig, backend)

    running, using = asyncio.create_task(backend.run()), asyncio.create_task(use())
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
    """The victim runs; a server comes that dies at step `at` of making room; the next one does what is left."""
    rig = LocalRig(settings_of(root))
    try:
        rig.start()
        victim = await rig.backend.submit(VICTIM)
        await reaches(rig.backend, victim, RunState.RUNNING)
        await rig.cease()
        died = await live(rig, Fuse(at))
        rig.backend = heir = LocalBackend(rig.settings, clock=SystemClock(), on_change=lambda job_id: None)
        rig.start()
        await heir.set_preemption([""])
        head = await through(rig, heir)
        assert await reaches(heir, victim, RunState.EXITED) == PREEMPTED
        ledger = Counter(rig.ledger())
        tasks = [f"{victim.key}/worker-0", f"{victim.key}/worker-1", f"{head.key}/worker-0"]
        assert ledger == {f"{word} {task}": 1 for task in tasks for word in ("start", "end")}
        assert not rig.living()
        return died
    finally:
        await rig.cease()
        rig.clean_up()


@pytest.mark.slow
async def test_killed_at_every_step_of_making_room(tmp_path: Path) -> None:
    """Guards every gap between two file operations from the head's arrival to its start: the victim ends once, as
    pre-empted, and the head runs once.
    """
    at, died = 1, True
    while died:
        root = tmp_path / str(at)
        root.mkdir()
        died = await check_crash_at(root, at)
        at += 1
    assert at > 15  # the fuse has been where it matters


def test_a_server_process_killed_in_the_middle_of_making_room(tmp_path: Path) -> None:
    """Guards the same from outside: a real SIGKILL once the victim was marked, while it takes its grace."""
    argv = [sys.executable, "-m", "tests.backends.preempting_process", str(tmp_path)]
    rig = LocalRig(settings_of(tmp_path, "slow-end"))
    try:
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == b"making room\n"
            assert (rig.settings.runs_dir / VICTIM.key / "preempted.json").exists()
            server.kill()
        assert find_marked(rig.settings.runs_dir / VICTIM.key / "worker-0")  # it takes its time
        done = subprocess.run(argv, check=True, timeout=60, capture_output=True, text=True)
        assert done.stdout.splitlines() == ["making room", "exited preempted", "exited None"]
        ledger = Counter(rig.ledger())
        assert len(ledger) == 6
        assert set(ledger.values()) == {1}
    finally:
        rig.clean_up()
