"""What goes wrong on a real cluster: nodes, the controller, answers, administrators. Five nodes, no accounting."""

import asyncio
import os
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.backends.slurm_rig import Lab, SlurmRig, end_lab, settings_of, start_lab
from tests.contract.backend import launch_of, reaches, seen, until, waits
from tests.domain.builders import make_role
from trainwright.backends.slurm.commands import CommandLost
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import Resources
from trainwright.ports.backend import BackendError

PORT = 27020
pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """One cluster for all tests of this module."""
    folder = Path(tempfile.mkdtemp(prefix="trainwright-slurm-"))
    folder.chmod(0o755)
    lab = start_lab(folder / "cluster", port=PORT, LAB_PREEMPT="1")
    yield lab
    end_lab(lab)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def rig(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anyio_backend: str
) -> AsyncIterator[SlurmRig]:
    """A fresh shared folder over a free and whole cluster; its public pool are all nodes."""
    monkeypatch.setenv("SLURM_CONF", lab.environment["SLURM_CONF"])
    rig = SlurmRig(lab, settings_of(tmp_path, partition="main"))
    rig.start()
    yield rig
    await rig.cease()
    lab.mend()
    lab.clear()


def break_command(folder: Path, name: str, text: str, patch: pytest.MonkeyPatch) -> Path:
    """From now on `name` is this shell script, which may call $REAL."""
    real = shutil.which(name)
    assert real is not None
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\nREAL={real}\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return path


async def begun(rig: SlurmRig, *tasks: str) -> None:
    """Wait until these have been started."""

    async def is_so() -> bool:
        return {f"start {task}" for task in tasks} <= set(rig.ledger())

    await until(is_so, f"{tasks} begin")


async def test_a_lost_node_is_named(rig: SlurmRig) -> None:
    """Guards NODE_FAIL: the whole gang ends with NODE_LOST, and the node that went away is named."""
    handle = await rig.backend.submit(launch_of(11, cpus=2, replicas=3))
    await reaches(rig.backend, handle, RunState.RUNNING)
    used = rig.lab.command("squeue", "-h", "-t", "R", "-o", "%N").strip()
    names = rig.lab.command("scontrol", "show", "hostnames", used).split()
    rig.lab.crash_node(names[1])
    seen_last = await reaches(rig.backend, handle, RunState.EXITED)
    assert (seen_last.reason, seen_last.nodes) == (Reason.NODE_LOST, (names[1],))
    assert names[1] in seen_last.detail
    await rig.backend.reap(handle)
    assert (await seen(rig.backend, handle)).state is RunState.GONE


async def test_a_controller_that_forgot_starts_nothing_twice(rig: SlurmRig) -> None:
    """Guards the time after a job has started: a controller killed then has saved it or not; a job that it does not
    know it ends on its nodes. The task has run once, and its end is seen.
    """
    handle = await rig.backend.submit(launch_of(21))
    await begun(rig, "job-0021-a1/worker-0")
    rig.lab.kill_controller()
    await asyncio.sleep(0.5)
    rig.lab.mend()
    await asyncio.sleep(5)
    await rig.finish(handle.key)
    ended = await reaches(rig.backend, handle, RunState.EXITED)
    assert ended.reason in (None, Reason.RUNNER_LOST)
    assert rig.ledger().count("start job-0021-a1/worker-0") == 1


async def test_a_second_job_of_the_same_attempt_does_nothing(rig: SlurmRig) -> None:
    """Guards fencing: a copy that Slurm starts beside the first finds an owner that lives, and leaves. Afterwards it
    finds that all is done.
    """
    launch = launch_of(131, replicas=2)
    handle = await rig.backend.submit(launch)
    await begun(rig, "job-0131-a1/worker-0", "job-0131-a1/worker-1")
    script = rig.settings.shared_dir / "copy.sh"
    script.write_text(rig.backend.render(launch))
    rig.lab.command("sbatch", "--wait", str(script))
    assert (await seen(rig.backend, handle)).state is RunState.RUNNING
    assert len(rig.ledger()) == 2
    await rig.finish(handle.key)
    assert await reaches(rig.backend, handle, RunState.EXITED) == Observation(RunState.EXITED)
    rig.lab.command("sbatch", "--wait", str(script))
    assert len(rig.ledger()) == 4


async def test_a_controller_killed_at_submission_loses_nothing(rig: SlurmRig) -> None:
    """Guards the moment after sbatch: whatever the controller kept of it, the attempt runs once."""
    handle = await rig.backend.submit(launch_of(31))
    rig.lab.kill_controller()
    rig.lab.mend()

    async def has_begun() -> bool:
        return bool(rig.ledger())

    await until(has_begun, "the task begins")
    await rig.finish(handle.key)
    await reaches(rig.backend, handle, RunState.EXITED)
    assert rig.ledger() == ["start job-0031-a1/worker-0", "end job-0031-a1/worker-0"]


async def test_a_lost_answer_submits_nothing_twice(
    rig: SlurmRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards sbatch whose answer is lost, also over a restart: the job is found by its name."""
    with monkeypatch.context() as patch:
        break_command(tmp_path / "bin", "sbatch", '"$REAL" "$@" >/dev/null; exec sleep 600', patch)
        rig.settings = settings_of(tmp_path, partition="main", timeout_s=2.0)
        await rig.restart()
        with pytest.raises(CommandLost):
            await rig.backend.submit(launch_of(41))
    rig.settings = settings_of(tmp_path, partition="main")
    await rig.restart()
    handle = await rig.backend.submit(launch_of(41))
    assert handle.native["job_id"]
    await reaches(rig.backend, handle, RunState.RUNNING)
    assert len(rig.lab.jobs(handle.key)) == 1


async def test_a_submission_that_may_be_under_way_is_not_repeated_at_once(
    rig: SlurmRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the time in which a slow controller may still take it in; afterwards it is submitted."""
    with monkeypatch.context() as patch:
        break_command(tmp_path / "bin", "sbatch", "exec sleep 600", patch)
        rig.settings = settings_of(tmp_path, partition="main", timeout_s=2.0)
        await rig.restart()
        await rig.cease()
        with pytest.raises(CommandLost):
            await rig.backend.submit(launch_of(51))
    with pytest.raises(BackendError, match="got lost"):
        await rig.backend.submit(launch_of(51))
    await asyncio.sleep(4.5)
    handle = await rig.backend.submit(launch_of(51))
    await reaches(rig.backend, handle, RunState.RUNNING)
    assert len(rig.lab.jobs(handle.key)) == 1


async def test_a_squeue_that_fails_changes_nothing(
    rig: SlurmRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards unknown: an error is no answer, and an empty answer is no end."""
    handle = await rig.backend.submit(launch_of(61))
    await reaches(rig.backend, handle, RunState.RUNNING)
    for text in ("exit 1", "exit 0"):
        with monkeypatch.context() as patch:
            break_command(tmp_path / "bin", "squeue", text, patch)
            for _ in range(10):
                answer = (await rig.backend.observe([handle])).get(handle.key)
                assert answer is None or answer.state is RunState.RUNNING
                await asyncio.sleep(0.3)
    await reaches(rig.backend, handle, RunState.RUNNING)
    await rig.finish(handle.key)
    assert await reaches(rig.backend, handle, RunState.EXITED) == Observation(RunState.EXITED)


async def test_held_jobs_say_so(rig: SlurmRig) -> None:
    """Guards scontrol hold and release."""
    blocker = await rig.backend.submit(launch_of(71, cpus=2, replicas=5))
    await reaches(rig.backend, blocker, RunState.RUNNING)
    handle = await rig.backend.submit(launch_of(72))
    await waits(rig.backend, handle, "wait_cluster")
    job = str(handle.native["job_id"])
    rig.lab.command("scontrol", "hold", job)
    assert "held" in str((await waits(rig.backend, handle, "wait_held")).slots["detail"])
    rig.lab.command("scontrol", "release", job)
    await waits(rig.backend, handle, "wait_cluster")
    await rig.finish(blocker.key)
    await reaches(rig.backend, handle, RunState.RUNNING)


async def test_cancelled_by_hand(rig: SlurmRig) -> None:
    """Guards scancel by an administrator: ended, not restarted; also while it waits."""
    running = await rig.backend.submit(launch_of(81, cpus=2, replicas=5))
    await reaches(rig.backend, running, RunState.RUNNING)
    waiting = await rig.backend.submit(launch_of(82))
    await waits(rig.backend, waiting)
    for handle in (waiting, running):
        rig.lab.command("scancel", str(handle.native["job_id"]))
        ended = await reaches(rig.backend, handle, RunState.EXITED)
        assert ended.reason is Reason.STOPPED_BY_USER
        assert "CANCELLED" in ended.detail


async def test_preempted_by_the_cluster(rig: SlurmRig) -> None:
    """Guards pre-emption by a partition of higher tier: the tasks get SIGTERM, and the cause is told."""
    rig.settings = settings_of(rig.settings.shared_dir, partition="low")
    await rig.restart()
    victim = await rig.backend.submit(launch_of(91, cpus=2, replicas=5))
    await reaches(rig.backend, victim, RunState.RUNNING)
    await begun(rig, *(f"{victim.key}/worker-{number}" for number in range(5)))
    await asyncio.sleep(0.5)  # what is signalled while Python starts, dies of it
    rig.lab.command("sbatch", "-p", "high", "-n1", "-c2", "--mem=64", "-o", "/dev/null", "--wrap", "sleep 1")
    ended = await reaches(rig.backend, victim, RunState.EXITED)
    assert ended.reason is Reason.PREEMPTED


async def test_a_supervisor_that_dies_is_started_again_and_then_given_up(rig: SlurmRig) -> None:
    """Guards the keeper: restarts, their limit, the reason, and that the rest of the gang is stopped."""
    rig.settings = settings_of(rig.settings.shared_dir, "crash-first", partition="main")
    await rig.restart()
    handle = await rig.backend.submit(launch_of(101, replicas=2))

    async def has_restarted() -> bool:
        return rig.ledger().count("start job-0101-a1/worker-0") >= 3

    await until(has_restarted, "it is started again")
    assert (await seen(rig.backend, handle)).state is RunState.RUNNING
    await rig.backend.stop(handle, grace_s=0)
    await reaches(rig.backend, handle, RunState.EXITED)


async def test_what_does_not_hear_is_killed(rig: SlurmRig) -> None:
    """Guards a stop without grace of a task that is deaf to SIGTERM, with a tree that has left its sessions."""
    rig.settings = settings_of(rig.settings.shared_dir, "stubborn", partition="main")
    await rig.restart()
    handle = await rig.backend.submit(launch_of(111))
    await reaches(rig.backend, handle, RunState.RUNNING)
    await asyncio.sleep(1)
    await rig.backend.stop(handle, grace_s=0)
    assert await reaches(rig.backend, handle, RunState.EXITED) == Observation(RunState.EXITED)


async def test_roles_of_different_needs_start_together(rig: SlurmRig) -> None:
    """Guards heterogeneous jobs: each task once, by its rank over all parts; stopped as one."""
    server = make_role("ps", 2, resources=Resources(cpus=2, memory_mib=128))
    handle = await rig.backend.submit(launch_of(121, replicas=2, others=[server]))

    async def all_begun() -> bool:
        return len(rig.ledger()) == 4

    await until(all_begun, "all tasks begin")
    assert sorted(rig.ledger()) == [
        f"start job-0121-a1/{t}" for t in ("ps-0", "ps-1", "worker-0", "worker-1")
    ]
    await reaches(rig.backend, handle, RunState.RUNNING)
    await rig.backend.stop(handle, grace_s=2)
    assert await reaches(rig.backend, handle, RunState.EXITED) == Observation(RunState.EXITED)
