"""Many attempts, and some that Slurm does not take, over played commands: what they cost each other."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from tests.backends.slurm_rig import settings_of
from tests.contract.backend import launch_of
from trainwright.backends.slurm import SlurmBackend
from trainwright.backends.slurm.commands import CommandFailed, CommandLost
from trainwright.backends.slurm.folders import Damaged, SharedFolder
from trainwright.backends.slurm.parsing import QUEUE_COMMAND
from trainwright.domain.entities import Note
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.ports.clock import SystemClock

if TYPE_CHECKING:
    from trainwright.backends.slurm.commands import Commands

pytestmark = pytest.mark.anyio
POLICY = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
MANY = 1000


class PlayedSlurm:
    """A queue in which jobs stand as `states` says. `refusals`: what sbatch says to jobs of these names."""

    def __init__(self) -> None:
        self.jobs: dict[str, str] = {}
        self.states: dict[str, str] = {}
        self.refusals: dict[str, Exception] = {}
        self.calls: list[tuple[str, ...]] = []
        self.comment = ""

    async def __call__(self, *command: str, given: str = "") -> str:
        self.calls.append(command)
        if command[0] == "sbatch":
            words = dict(
                line[9:].split("=", 1) for line in given.splitlines() if line.startswith("#SBATCH --j")
            )
            name = words["--job-name"] if "--job-name" in words else next(iter(words.values()))
            if name in self.refusals:
                raise self.refusals[name]
            self.comment = next(line for line in given.splitlines() if "--comment=" in line).partition("=")[2]
            self.jobs[name] = str(len(self.jobs) + 1)
            return self.jobs[name]
        if command == QUEUE_COMMAND:
            return "\n".join(
                f"{job}|{self.states.get(name, 'PENDING')}||0|0|1|one|Resources|{self.comment}|{name}"
                for name, job in self.jobs.items()
            )
        if command[0] == "sacct":
            raise CommandFailed("sacct", 1, "Slurm accounting storage is disabled")
        return ""

    def called(self, program: str) -> int:
        return sum(call[0] == program for call in self.calls)


@pytest.fixture
def slurm() -> PlayedSlurm:
    return PlayedSlurm()


def backend_over(folder: Path, slurm: PlayedSlurm) -> SlurmBackend:
    settings = settings_of(folder, poll_s=0.1, node_patience_s=0.2)
    return SlurmBackend(
        settings, clock=SystemClock(), on_change=lambda _: None, commands=cast("Commands", slurm)
    )


@pytest.fixture
async def backend(tmp_path: Path, slurm: PlayedSlurm, anyio_backend: str) -> AsyncIterator[SlurmBackend]:
    made = backend_over(tmp_path, slurm)
    watching = asyncio.create_task(made.run())
    yield made
    watching.cancel()


async def observed(backend: SlurmBackend, key: str) -> Observation | None:
    return (await backend.observe([backend._handle(key)])).get(key)


async def comes(backend: SlurmBackend, key: str, state: RunState) -> Observation:
    async with asyncio.timeout(20):
        while True:
            seen = await observed(backend, key)
            if seen is not None and seen.state is state:
                return seen
            await asyncio.sleep(0.05)


async def test_a_thousand_that_wait_leave_the_loop_alone(tmp_path: Path, slurm: PlayedSlurm) -> None:
    """A look, all signs and all answers: no step grows with the square of their number."""
    backend = backend_over(tmp_path, slurm)
    folder = SharedFolder(tmp_path)
    slurm.comment = f"trainwright:{folder.open()}"
    launches = [launch_of(number) for number in range(MANY)]
    for number, launch in enumerate(launches, 1):
        folder.store(launch, {}, {}, "")
        folder.write(launch.key, "job.json", {"job_id": str(number), "submitted_at_ms": 1})
        slurm.jobs[launch.key] = str(number)
    handles = await backend.owned()
    began = time.process_time()
    found = await backend.observe(handles)
    assert time.process_time() - began < 2
    assert len(found) == MANY
    for number, launch in enumerate(launches, 1):
        wait = found[launch.key].wait
        assert wait is not None
        assert wait.slots["position"] == number


async def test_one_that_is_not_taken_holds_up_no_other(backend: SlurmBackend, slurm: PlayedSlurm) -> None:
    """It waits with Slurm's words and is tried again ever more seldom; the hard kill of another one comes in time."""
    refused, other = launch_of(1), launch_of(2)
    slurm.refusals[refused.key] = CommandFailed("sbatch", 1, POLICY)
    await backend.submit(refused)
    await backend.submit(other)
    slurm.states[other.key] = "RUNNING"
    await comes(backend, other.key, RunState.RUNNING)
    seen = await comes(backend, refused.key, RunState.QUEUED)
    assert seen.wait == Note("wait_cluster", {"detail": POLICY, "position": 1})
    await backend.stop(backend._handle(other.key), grace_s=0)
    await asyncio.sleep(2)
    assert ("scancel", slurm.jobs[other.key]) in slurm.calls
    assert slurm.called("sbatch") <= 7
    slurm.refusals.clear()
    backend._watch.find(refused.key).again_at = 0  # type: ignore[union-attr]
    async with asyncio.timeout(5):
        while refused.key not in slurm.jobs:
            await asyncio.sleep(0.05)
    async with asyncio.timeout(5):  # why it waits is known once Slurm was asked, a moment after it was taken
        while (seen := await comes(backend, refused.key, RunState.QUEUED)).wait is None:
            await asyncio.sleep(0.05)
    assert "Resources" in str(seen.wait.slots["detail"])


async def test_a_command_that_hangs_for_one_gives_the_next_one_its_turn(
    backend: SlurmBackend, slurm: PlayedSlurm
) -> None:
    hung, other = launch_of(1), launch_of(2)
    slurm.refusals[hung.key] = CommandLost("sbatch did not answer")
    slurm.refusals[other.key] = CommandFailed("sbatch", 1, "Unable to contact slurm controller")
    for launch in (hung, other):
        with pytest.raises((CommandLost, CommandFailed)):
            await backend.submit(launch)
    del slurm.refusals[other.key]
    await comes(backend, other.key, RunState.QUEUED)


async def test_nodes_are_told_where_py_spy_lies(backend: SlurmBackend, tmp_path: Path) -> None:
    """Only where it does."""
    for number, there in ((1, False), (2, True)):
        if there:
            (tmp_path / "py-spy").touch()
        launch = launch_of(number)
        await backend.submit(launch)
        told = json.loads((tmp_path / "runs" / launch.key / "worker-0" / "launch.json").read_bytes())
        assert told["py_spy"] == (str(tmp_path / "py-spy") if there else "")


async def test_what_can_never_be_taken_is_rejected_in_slurms_words(
    backend: SlurmBackend, slurm: PlayedSlurm
) -> None:
    launch = launch_of(1)
    slurm.refusals[launch.key] = CommandFailed("sbatch", 1, "Requested reservation is invalid")
    await backend.submit(launch)
    seen = await comes(backend, launch.key, RunState.EXITED)
    assert seen.reason is Reason.LAUNCH_REJECTED
    assert "Requested reservation is invalid" in seen.detail


async def test_a_job_that_fails_at_once_says_why(
    backend: SlurmBackend, slurm: PlayedSlurm, tmp_path: Path
) -> None:
    """No Python on the node: only Slurm's own output knows."""
    launch = launch_of(1)
    await backend.submit(launch)
    words = f"slurmstepd: error: execve(): {launch.token}: \x1b[1m" + "x" * 400
    (tmp_path / "runs" / launch.key / "slurm.out").write_text(f"first\n{words}\n\n")
    slurm.states[launch.key] = "FAILED"
    seen = await comes(backend, launch.key, RunState.EXITED)
    assert seen.reason is Reason.RUNNER_LOST
    assert "FAILED (Resources): slurmstepd: error: execve(): ***: [1mxxx" in seen.detail
    assert len(seen.detail) < 400


@pytest.mark.parametrize("state", ["CANCELLED", "FAILED"])
async def test_what_we_ended_ourselves_has_no_reason(
    backend: SlurmBackend, slurm: PlayedSlurm, state: str
) -> None:
    """Else it would count for more than how the command ended."""
    launch = launch_of(1)
    handle = await backend.submit(launch)
    await backend.stop(handle, grace_s=0)
    slurm.states[launch.key] = state
    assert await comes(backend, launch.key, RunState.EXITED) == Observation(RunState.EXITED)


def test_signs_are_read_again_when_something_came(tmp_path: Path) -> None:
    """A quiet folder costs one look; what came in the same moment as the last reading is seen all the same."""
    folder = SharedFolder(tmp_path)
    folder.open()
    launch = launch_of(1)
    folder.store(launch, {}, {}, "")
    status = tmp_path / "runs" / launch.key / "status"
    first = folder.signs(launch.key, None, 100.0)
    second = folder.signs(launch.key, first, 103.0)
    assert folder.signs(launch.key, second, 104.0) is second
    stamp = status.stat().st_mtime_ns
    (status / "worker-0.owner").write_text('{"node": "n1", "beat": 3}')
    os.utime(status, ns=(stamp, stamp))
    assert folder.signs(launch.key, first, 101.0).beats == {"worker-0": ("n1", 3)}
    assert folder.signs(launch.key, second, 140.0).beats == {"worker-0": ("n1", 3)}
    running = folder.signs(launch.key, second, 140.0)
    (status / "worker-0.json").write_text('{"reason": ""}')
    ended = folder.signs(launch.key, running, 150.0)
    assert ended.ended == {"worker-0": {"reason": ""}}
    assert not any(isinstance(found, Damaged) for found in folder.load_all())
