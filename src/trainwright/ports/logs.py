"""A task's log: bytes with offsets, per (attempt key, task). Never held in memory as a whole."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When bytes came: those from `offsets[i]` on at `times[i]` (ms), up to the next. Both ascend."""

    offsets: Sequence[int]
    times: Sequence[int]

    def at(self, offset: int) -> int:
        """When that byte came; 0: nobody knows, as of logs written before times were kept."""
        index = bisect_right(self.offsets, offset)
        return self.times[index - 1] if index else 0


NO_ARRIVALS = Arrivals((), ())


class LogStore(Protocol):
    """Blocking calls, meant for a worker thread. A log that was never written has size 0."""

    def append(self, attempt_key: str, task: str, offset: int, data: bytes) -> int:
        """Store `data` at `offset`; returns the new size. Bytes stored before are skipped, so that repeating is
        harmless.

        Raises:
            LogGap: `offset` lies beyond the stored size.
        """
        ...

    def size(self, attempt_key: str, task: str) -> int:
        """Stored bytes."""
        ...

    def read(self, attempt_key: str, task: str, start: int, limit: int) -> bytes:
        """At most `limit` bytes from `start`; empty at or past the end."""
        ...

    def pieces(self, attempt_key: str, task: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end` in pieces of bounded size."""
        ...

    def path(self, attempt_key: str, task: str) -> Path | None:
        """The file it lies in, when it is one."""
        ...

    def arrivals(self, attempt_key: str, task: str, start: int, end: int) -> Arrivals:
        """When the bytes from `start` up to `end` came, to about a fifth of a second."""
        ...

    def offset_since(self, attempt_key: str, task: str, time_ms: int) -> int | None:
        """From where on bytes came at that time or later; None: none has, as far as is known."""
        ...

    def delete_job(self, job_id: str) -> None:
        """Remove the logs of all attempts of a job. Missing is success."""
        ...

    def job_ids(self) -> Sequence[str]:
        """Jobs that have logs, in no order."""
        ...
