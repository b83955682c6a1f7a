"""What a first page shows of a project: sums over its jobs, counted by the database."""

from dataclasses import dataclass
from typing import Protocol

from trainwright.domain.lifecycle import Phase


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What a user's attempts had of a pool in one span of time: amounts times milliseconds. `bucket` counts from 0."""

    pool_id: str
    user_id: str
    user_name: str
    bucket: int
    millicpu_ms: int
    memory_mib_ms: int
    accelerator_ms: int


@dataclass(frozen=True, slots=True)
class Usage:
    """`complete`: no attempt of the time was left out for there being too many."""

    rows: tuple[UsageRow, ...]
    complete: bool


class OverviewRepository(Protocol):
    """Of the jobs of the scope."""

    def counts(self) -> dict[Phase, int]:
        """How many there are in each phase, as an API caller sees it; phases without any are left out."""
        ...

    def counts_of(self, user_id: str) -> dict[Phase, int]:
        """The same of one user's."""
        ...

    def failed_since(self, since_ms: int, *, limit: int) -> tuple[int, tuple[str, ...]]:
        """How many jobs ended Failed or Abnormal at `since_ms` or later, and the ids of the latest."""
        ...

    def usage(self, from_ms: int, *, bucket_ms: int, buckets: int, most: int) -> Usage:
        """What attempts had from `from_ms` on, in spans of `bucket_ms`; those that have not ended have it to the end of
        the last. At most `most` attempts are looked at, the latest.
        """
        ...
