"""Hints that a job is worth looking at now. Losing one costs latency, never correctness: due times bring it back."""

import asyncio


class Hints:
    """Collects job ids between two rounds of the control loop. For use on one event loop."""

    def __init__(self) -> None:
        self._job_ids: set[str] = set()
        self._something = asyncio.Event()

    def wake(self, job_id: str) -> None:
        """Look at this job at once. Repeating it is harmless."""
        self._job_ids.add(job_id)
        self._something.set()

    def poke(self) -> None:
        """Look for due jobs at once, whichever they are."""
        self._something.set()

    async def wait(self, timeout_s: float) -> tuple[str, ...]:
        """The ids hinted since the last call, after the first hint or `timeout_s`, whichever is sooner."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._something.wait()
        except TimeoutError:
            pass
        self._something.clear()
        job_ids, self._job_ids = self._job_ids, set()
        return tuple(job_ids)
