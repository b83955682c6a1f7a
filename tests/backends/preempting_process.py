"""A server with the local backend only: one job sends another away, starts and ends. Killed by its test.

python -m tests.backends.preempting_process FOLDER
"""

import asyncio
import sys
from pathlib import Path

from tests.backends.rig import LocalRig, settings_of
from tests.contract.backend import launch_of, reaches, until
from trainwright.domain.observation import RunState


async def serve(root: Path) -> None:
    """Submits both (again), says when the first was marked, and how each has ended."""
    rig = LocalRig(settings_of(root, "slow-end"))
    rig.start()
    victim = await rig.backend.submit(launch_of(1, replicas=2, preemptible=True, grace_s=7))
    await reaches(rig.backend, victim, RunState.RUNNING, RunState.EXITED)
    await rig.backend.set_preemption([""])
    head = await rig.backend.submit(launch_of(2, cpus=2, priority=3))

    async def is_marked() -> bool:
        return (rig.settings.runs_dir / victim.key / "preempted.json").exists()

    await until(is_marked, "the victim is marked")
    print("making room", flush=True)
    print("exited", (await reaches(rig.backend, victim, RunState.EXITED)).reason)
    await reaches(rig.backend, head, RunState.RUNNING, RunState.EXITED)
    await rig.finish(head.key)
    print("exited", (await reaches(rig.backend, head, RunState.EXITED)).reason)
    await rig.cease()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
