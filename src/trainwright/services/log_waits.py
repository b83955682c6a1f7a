"""Which logs have grown and are to be searched for training metrics. A hint: what gets lost is found in the rows."""

import asyncio

Place = tuple[str, str]
"""Attempt key and task."""


class LogWaits:
    """Collects logs between two rounds of the search. For use on one event loop."""

    def __init__(self) -> None:
        self._places: set[Place] = set()
        self._something = asyncio.Event()

    def add(self, attempt_key: str, task: str) -> None:
        """Look at this log soon. Repeating it is harmless."""
        self._places.add((attempt_key, task))
        self._something.set()

    async def wait(self, timeout_s: float) -> set[Place]:
        """Those that were added since the last call, after the first of them or `timeout_s`, whichever is sooner."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._something.wait()
        except TimeoutError:
            pass
        self._something.clear()
        places, self._places = self._places, set()
        return places
