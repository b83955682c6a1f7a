"""Watching a whole job at once: its events, its phases and the logs of all its tasks, as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from trainwright.client.errors import unbundled
from trainwright.portable.deferred import deferred
from trainwright.wire.watch import EventItem, PhaseItem

if TYPE_CHECKING:
    import asyncio

    from trainwright.client.asynchronous import AsyncClient
    from trainwright.wire.job_answers import JobResponse
else:
    asyncio = deferred("asyncio")


class JobWatcher(Protocol):
    """Is told what happens, in the order it arrives. Called on the event loop: it must not block for long."""

    def on_event(self, event: EventItem) -> None:
        """A new event."""
        ...

    def on_phase(self, phase: PhaseItem) -> None:
        """The phase now in force."""
        ...

    def on_log(self, task: str, attempt: int, piece: bytes) -> None:
        """The next bytes of a task's log, in pieces of any size."""
        ...


async def follow_job(client: AsyncClient, job_id: str, watcher: JobWatcher) -> JobResponse:
    """Tell `watcher` everything from the job's beginning until it has ended and all its logs are complete; then the
    job as it ended. Goes on after cuts and restarts of the server; no event or log byte is told twice.

    Raises:
        ApiError: there is no such job (any more).
        ConnectionFailed: the server stays away for longer than `streams.PATIENCE_S`.
    """
    job = await client.show_job(job_id)
    started: set[int] = set()

    async def tell_log(task: str, attempt: int) -> None:
        async for piece in client.follow_log(job_id, task, attempt=attempt):
            watcher.on_log(task, attempt, piece)

    def start_logs(attempt: int) -> None:
        if attempt < 1 or attempt in started:
            return
        started.add(attempt)
        for task in job.status.tasks:
            group.create_task(tell_log(task, attempt))

    with unbundled():
        async with asyncio.TaskGroup() as group:
            start_logs(job.status.attempt)
            async for update in client.follow_events(job_id):
                if isinstance(update, EventItem):
                    start_logs(update.attempt)
                    watcher.on_event(update)
                else:
                    watcher.on_phase(update)
    return await client.show_job(job_id)
