"""A server with the local backend only: runs 24 launches of the stand-in runner to their end. Killed by its test.

python -m tests.backends.server_process FOLDER
"""

import asyncio
import sys
from pathlib import Path

from tests.backends.rig import settings_of
from tests.contract.backend import launch_of, reaches
from trainwright.backends.local import LocalBackend
from trainwright.domain.observation import RunState
from trainwright.ports.clock import SystemClock


async def serve(root: Path) -> None:
    """What is in `reaped` has ended in an earlier life; all else is submitted again, as a control loop would."""
    reaped = root / "reaped"
    reaped.mkdir(exist_ok=True)
    settings = settings_of(root, "once")
    backend = LocalBackend(settings, clock=SystemClock(), on_change=lambda job_id: None)
    running = asyncio.create_task(backend.run())
    for handle in await backend.owned():
        if (reaped / handle.key).exists():
            await reaches(backend, handle, RunState.EXITED)
            await backend.reap(handle)
    print("begun", flush=True)
    for number in range(24):
        launch = launch_of(number)
        if (reaped / launch.key).exists():
            continue
        handle = await backend.submit(launch)
        await reaches(backend, handle, RunState.EXITED)
        (reaped / launch.key).touch()
        await backend.reap(handle)
    running.cancel()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
