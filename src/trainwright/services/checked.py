"""Remembers what was found of checkpoints' files, by their etags: bytes that have not changed are not read again, nor
are more than a few files of all jobs looked at at a time.
"""

import asyncio
from collections import OrderedDict

from trainwright.domain.checkpoint_formats import Verdict
from trainwright.domain.checkpoints import Stored
from trainwright.domain.obs import ObsPath

KEPT = 8192
AT_ONCE = 4


class Checked:
    """The last 8192 verdicts. For use on one event loop.

    Whoever looks at a file holds `gate`: what a check takes of memory and time is bounded for the whole process.
    """

    def __init__(self) -> None:
        self.gate = asyncio.Semaphore(AT_ONCE)
        self._found: OrderedDict[tuple[ObsPath, str, int, int], Verdict] = OrderedDict()

    def find(self, path: ObsPath, stored: Stored) -> Verdict | None:
        """What was found of these very bytes."""
        key = self._key(path, stored)
        found = self._found.get(key)
        if found is not None:
            self._found.move_to_end(key)
        return found

    def remember(self, path: ObsPath, stored: Stored, verdict: Verdict) -> None:
        """Keep it, and forget the one that was not asked for the longest."""
        self._found[self._key(path, stored)] = verdict
        while len(self._found) > KEPT:
            self._found.popitem(last=False)

    @staticmethod
    def _key(path: ObsPath, stored: Stored) -> tuple[ObsPath, str, int, int]:
        return path, stored.etag, stored.size, stored.modified_at_ms
