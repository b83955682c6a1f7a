"""The local backend and its processes: killed, deaf, crashing, late, forking ones."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from tests.backends.conftest import MakeRig
from tests.backends.rig import LocalRig
from tests.contract.backend import launch_of, reaches, seen, until
from trainwright.backends.local.processes import (
    RUNDIR_VARIABLE,
    Identity,
    device_variables,
    is_alive,
    is_locked,
    read_boot_id,
    read_identity,
    read_stat,
    runner_environment,
)
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason

pytestmark = pytest.mark.anyio


def rundir(rig: LocalRig, number: int, task: str = "worker-0") -> Path:
    """Where a task of `launch_of(number)` lies."""
    return rig.settings.runs_dir / launch_of(number).key / task


async def identity_of(folder: Path, name: str = "supervisor.json", but: Identity | None = None) -> Identity:
    """Wait until a process has said who it is (another one than `but`)."""

    async def is_there() -> bool:
        return read_identity(folder / name) not in (None, but)

    await until(is_there, f"{name} in {folder}")
    found = read_identity(folder / name)
    assert found is not None
    return found


async def test_a_killed_supervisor_is_started_again_and_its_job_goes_on(make_rig: MakeRig) -> None:
    """Guards kill -9 of a supervisor: another one takes over, the user's processes never notice."""
    rig = make_rig("tree")
    handle = await rig.backend.submit(launch_of(1))
    first = await identity_of(rundir(rig, 1))
    shim = await identity_of(rundir(rig, 1), "shim-command.json")
    os.kill(first.pid, signal.SIGKILL)
    second = await identity_of(rundir(rig, 1), but=first)
    assert is_alive(shim, read_boot_id())
    assert (await seen(rig.backend, handle)).state is RunState.RUNNING
    await rig.finish(handle.key)
    assert await reaches(rig.backend, handle, RunState.EXITED) == Observation(RunState.EXITED)
    assert not rig.living()
    assert [read_stat(identity.pid) for identity in (first, second)] == [None, None]
    assert rig.ledger() == [f"start {handle.key}/worker-0"] * 2 + [f"end {handle.key}/worker-0"]


async def test_a_supervisor_killed_while_the_server_was_down_is_started_again(make_rig: MakeRig) -> None:
    """Guards the look at the disk when a server begins."""
    rig = make_rig()
    handle = await rig.backend.submit(launch_of(1))
    first = await identity_of(rundir(rig, 1))
    await rig.cease()
    os.kill(first.pid, signal.SIGKILL)
    await rig.restart()
    await identity_of(rundir(rig, 1), but=first)
    await rig.finish(handle.key)
    await reaches(rig.backend, handle, RunState.EXITED)


async def test_a_job_that_ends_while_the_server_is_down_is_found_ended(make_rig: MakeRig) -> None:
    """Guards results made in our absence."""
    rig = make_rig("tree")
    handle = await rig.backend.submit(launch_of(1))
    first = await identity_of(rundir(rig, 1))
    await rig.cease()
    await rig.finish(handle.key)

    async def is_dead() -> bool:
        return not is_alive(first, read_boot_id())

    await until(is_dead, "the supervisor ends by itself")
    await rig.restart()
    assert await reaches(rig.backend, handle, RunState.EXITED) == Observation(RunState.EXITED)
    assert not rig.living()


async def test_a_stop_without_grace_ends_the_deaf_and_all_they_forked(make_rig: MakeRig) -> None:
    """Guards the hard kill: shim, child and a grandchild in its own session; a shorter grace wins."""
    rig = make_rig("stubborn")
    handle = await rig.backend.submit(launch_of(1, replicas=2))
    for task in ("worker-0", "worker-1"):
        await identity_of(rundir(rig, 1, task), "shim-command.json")
    await rig.backend.stop(handle, grace_s=30)
    await rig.backend.stop(handle, grace_s=0)
    assert await reaches(rig.backend, handle, RunState.EXITED) == Observation(RunState.EXITED)
    assert not rig.living()
    await rig.backend.stop(handle, grace_s=0)
    await rig.backend.reap(handle)
    assert not (rig.settings.runs_dir / handle.key).exists()


async def test_a_hard_kill_survives_a_restart(make_rig: MakeRig) -> None:
    """Guards that a server that dies between the stop and the kill still kills."""
    rig = make_rig("stubborn")
    handle = await rig.backend.submit(launch_of(1))
    await identity_of(rundir(rig, 1), "shim-command.json")
    await rig.backend.stop(handle, grace_s=0)
    await rig.restart()
    await reaches(rig.backend, handle, RunState.EXITED)
    assert not rig.living()
    await rig.restart()
    assert await reaches(rig.backend, handle, RunState.EXITED) == Observation(RunState.EXITED)


async def test_a_stop_before_the_supervisor_can_hear_is_not_lost(make_rig: MakeRig) -> None:
    """Guards the window between start and signal handler: no SIGTERM hits it there, stop.json waits for it."""
    rig = make_rig("slow")
    handle = await rig.backend.submit(launch_of(1))

    async def is_starting() -> bool:
        return is_locked(rundir(rig, 1) / "supervisor.lock")

    await until(is_starting, "the supervisor holds its lock")
    await rig.backend.stop(handle, grace_s=7)
    await reaches(rig.backend, handle, RunState.EXITED)
    assert rig.ledger() == [f"start {handle.key}/worker-0", f"end {handle.key}/worker-0"]
    assert json.loads((rundir(rig, 1) / "stop.json").read_text()) == {"grace_s": 7}


async def test_a_server_that_comes_back_during_a_slow_start_waits_for_it(make_rig: MakeRig) -> None:
    """Guards against a second supervisor while the first holds its lock but has not said who it is."""
    rig = make_rig("slow")
    handle = await rig.backend.submit(launch_of(1))

    async def is_starting() -> bool:
        return is_locked(rundir(rig, 1) / "supervisor.lock")

    await until(is_starting, "the supervisor holds its lock")
    await rig.restart()
    await identity_of(rundir(rig, 1))
    await reaches(rig.backend, handle, RunState.RUNNING)
    await rig.finish(handle.key)
    await reaches(rig.backend, handle, RunState.EXITED)
    assert rig.ledger() == [f"start {handle.key}/worker-0", f"end {handle.key}/worker-0"]


async def test_a_runner_that_keeps_dying_is_lost(make_rig: MakeRig) -> None:
    """Guards the end of restarts: so many in a row, then a reason; the rest of the gang is asked to end."""
    rig = make_rig("crash-first")
    handle = await rig.backend.submit(launch_of(1, replicas=2))
    answer = await reaches(rig.backend, handle, RunState.EXITED)
    assert answer.reason is Reason.RUNNER_LOST
    assert "worker-0" in answer.detail
    starts = rig.ledger().count(f"start {handle.key}/worker-0")
    assert starts == rig.settings.restarts.limit + 1
    assert rig.ledger()[-1] == f"end {handle.key}/worker-1"
    await rig.restart()
    assert await reaches(rig.backend, handle, RunState.EXITED) == answer
    assert rig.ledger().count(f"start {handle.key}/worker-0") == starts


async def test_a_runner_that_cannot_be_started_is_lost_too(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a missing interpreter: an end with a reason, not an endless wait."""
    monkeypatch.setattr("trainwright.backends.local.supervision.RETRY_S", 0.01)
    rig = make_rig(runner_argv=("/no/such/python",))
    handle = await rig.backend.submit(launch_of(1))
    assert (await reaches(rig.backend, handle, RunState.EXITED)).reason is Reason.RUNNER_LOST


async def test_a_hundred_launches_pass_a_small_pool_in_order(make_rig: MakeRig) -> None:
    """Guards FIFO over many, and that each runs exactly once."""
    rig = make_rig("once")
    handles = [await rig.backend.submit(launch_of(number)) for number in range(100)]
    for handle in handles:
        await reaches(rig.backend, handle, RunState.EXITED)
    assert rig.admitted == [handle.key.removesuffix("-a1") for handle in handles]
    ended = [line for line in rig.ledger() if line.startswith("end")]
    assert sorted(ended) == [f"end {handle.key}/worker-0" for handle in handles]
    await asyncio.gather(*(rig.backend.reap(handle) for handle in handles))
    assert list(rig.settings.runs_dir.iterdir()) == []


async def test_runners_get_a_clean_environment(make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards that the server's own variables stay with the server, and what pip needs does not."""
    monkeypatch.setenv("TRAINWRIGHT_DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror")
    rig = make_rig()
    await rig.backend.submit(launch_of(1))
    identity = await identity_of(rundir(rig, 1))
    environment = Path(f"/proc/{identity.pid}/environ").read_bytes()
    assert b"secret" not in environment
    assert b"PIP_INDEX_URL=http://mirror" in environment
    stat = read_stat(identity.pid)
    assert stat is not None
    assert stat.session == identity.pid
    descriptors = sorted(Path(f"/proc/{identity.pid}/fd").iterdir())
    targets = {str(path.readlink()) for path in descriptors}
    assert targets == {"/dev/null", str(rundir(rig, 1) / "supervisor.lock")}
    made = runner_environment({"HTTPS_PROXY": "p", "AWS_SECRET": "s"}, Path("/x"), {})
    assert made == {"PATH": os.defpath, "LANG": "C.UTF-8", "HTTPS_PROXY": "p", RUNDIR_VARIABLE: "/x"}
    assert device_variables("npu", (1, 2))["ASCEND_RT_VISIBLE_DEVICES"] == "1,2"
    assert device_variables("", ()) == {}
