"""A task's log: bytes with offsets, per (attempt key, task). Never held in memory as a whole."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol


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

    def delete_job(self, job_id: str) -> None:
        """Remove the logs of all attempts of a job. Missing is success."""
        ...

    def job_ids(self) -> Sequence[str]:
        """Jobs that have logs, in no order."""
        ...
