"""How long attempts of a pool ran: the last of them, remembered over restarts. Only estimates are made of it."""

import json
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from trainwright.backends.local.disk import Disk

log = logging.getLogger(__name__)

RUNS_MIN = 3  # from so many on a pool has a history
RUNS_KEPT, POOLS_KEPT = 200, 500


class RunTimes:
    """Milliseconds by pool, oldest first; changed in memory, written by `store` when someone has the time."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk
        self._pools: dict[str, deque[int]] = {}

    def add(self, pool: str, run_ms: int) -> None:
        """One more has ended. The pool that was used longest ago is forgotten when there are too many."""
        times = self._pools.pop(pool, None) or deque(maxlen=RUNS_KEPT)
        times.append(max(0, run_ms))
        self._pools[pool] = times
        while len(self._pools) > POOLS_KEPT:
            del self._pools[next(iter(self._pools))]

    def of(self, pool: str) -> Sequence[int]:
        """Sorted; empty while the pool has no history."""
        times = self._pools.get(pool, ())
        return sorted(times) if len(times) >= RUNS_MIN else ()

    def load(self) -> None:
        """Read what was stored. Unreadable is none: estimates begin anew. Blocks."""
        try:
            stored = json.loads(self._path.read_bytes())
            self._pools = {pool: deque(map(int, times), RUNS_KEPT) for pool, times in stored["pools"].items()}
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("run_times_unreadable", extra={"error": type(error).__name__})

    def copy(self) -> Mapping[str, Sequence[int]]:
        """What `store` is to be given, taken on the event loop."""
        return {pool: list(times) for pool, times in self._pools.items()}

    def store(self, pools: Mapping[str, Sequence[int]]) -> None:
        """Write it; blocks. Raises OSError when the disk does not."""
        data = json.dumps({"version": 1, "pools": pools}, ensure_ascii=False).encode()
        self._disk.replace(self._path, data, durable=False)
