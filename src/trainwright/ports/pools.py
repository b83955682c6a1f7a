"""Dedicated pools: named shares of what the backend has."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Pool:
    """A dedicated pool of one project. The amounts are its share, taken away from the public pool."""

    id: str
    project_id: str
    workspace_id: str  # empty: any
    name: str
    document: dict[str, Any]
    millicpus: int
    memory_mib: int
    accelerators: int
    created_at_ms: int = 0
    updated_at_ms: int = 0


class PoolRepository(Protocol):
    """Dedicated pools of the scope's project."""

    def add(self, pool: Pool) -> None:
        """Insert it. Raises `DuplicatePoolName` (display name, per project)."""
        ...

    def get(self, pool_id: str) -> Pool:
        """Raises `PoolNotFound`."""
        ...

    def list_all(self, *, workspace_id: str = "") -> tuple[Pool, ...]:
        """All, oldest first; at most 1,000. Of every project in the platform's scope."""
        ...

    def save(self, pool: Pool) -> None:
        """Write name, document, share. Raises `PoolNotFound`."""
        ...

    def delete(self, pool_id: str) -> None:
        """Raises `PoolNotFound`. The caller has checked that no unfinished job is in it."""
        ...
