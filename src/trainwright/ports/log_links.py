"""Share links to logs, as they are kept."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogPermit:
    """What a share link allows: reading one task's log of one attempt until `expires_at_ms`.

    `id` is the SHA-256 of the link's secret part, in hex: who reads the table cannot open the log.
    """

    id: str
    job_id: str
    task: str
    attempt: int
    download: bool
    user_id: str
    user_name: str
    created_at_ms: int
    expires_at_ms: int


class LogLinkRepository(Protocol):
    """Share links to logs of the scope's jobs."""

    def add(self, permit: LogPermit) -> None:
        """Insert it. Raises `JobNotFound`."""
        ...

    def find(self, permit_id: str) -> LogPermit | None:
        """The one of that id, expired or not."""
        ...

    def list_of_job(
        self, job_id: str, now_ms: int, *, offset: int, limit: int
    ) -> tuple[int, tuple[LogPermit, ...]]:
        """How many have not expired, and one page of them, newest first."""
        ...

    def delete(self, job_id: str, permit_id: str) -> bool:
        """Revoke it; False when the job has none of that id."""
        ...

    def delete_expired(self, now_ms: int) -> int:
        """Remove those that have expired; how many."""
        ...
