"""What is known of nodes and tasks beside the backend: isolated nodes, dumps of stacks."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Isolation:
    """A node that is out of use. `reason` is a `Reason` value, or `admin`; `by`: the administrator, if it was one."""

    node: str
    reason: str
    detail: str
    since_ms: int
    job_id: str = ""
    by: str = ""


class IsolationRepository(Protocol):
    """Isolated nodes of the backend; the same for all scopes."""

    def add(self, isolation: Isolation) -> bool:
        """Isolate the node; False when it is isolated already, which is left as it is."""
        ...

    def remove(self, node: str) -> bool:
        """Return the node; False when it was not isolated."""
        ...

    def list_all(self) -> tuple[Isolation, ...]:
        """By node; at most 10,000."""
        ...


@dataclass(frozen=True, slots=True)
class Stacks:
    """One dump of one task: the text py-spy gave for all its Python processes."""

    attempt_key: str
    task: str
    number: int
    at_ms: int
    text: str


class StacksRepository(Protocol):
    """Dumps of stacks of the scope's jobs; removed with their jobs."""

    def put(self, stacks: Stacks) -> None:
        """Store it. The same number of the same task is replaced."""
        ...

    def list_of_job(self, job_id: str, *, offset: int = 0, limit: int = 50) -> tuple[Stacks, ...]:
        """Newest number of the newest attempt first, then by task."""
        ...

    def tasks_of_dump(self, attempt_key: str, number: int) -> frozenset[str]:
        """The tasks that one dump has, without their texts."""
        ...

    def drop(self, attempt_key: str, *, up_to: int) -> None:
        """Remove the dumps of the attempt with this number or a lower one."""
        ...

    def list_of_dump(self, attempt_key: str, number: int) -> tuple[Stacks, ...]:
        """One dump of all tasks, by task."""
        ...
