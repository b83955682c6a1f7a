"""The audit trail, as it is kept: who did what, when, from where, with what result."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What became of a request, as records are searched by it."""

    SUCCESS = "success"  # carried out
    DENIED = "denied"  # 401, 403: nobody we know, or not allowed
    FAILURE = "failure"  # refused for another reason, broken, or never answered


class Credential(StrEnum):
    """What somebody proved with who they are."""

    TOKEN = "token"
    ACCESS_KEY = "access_key"
    SESSION = "session"
    PASSWORD = "password"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One request that changed something or tried to, or one sign-in. Never any body, never a secret.

    `id` orders records by time: it begins with `at_ms` in hex. `user_id` is empty for somebody unknown, whose
    `user_name` is the name that was tried, if any; `account` is the one they tried it for. `resource` is a kind of
    thing, such as `job`. `status` is that of the HTTP answer, 0 when there was none. `unrecorded` counts requests
    before this one of which no record could be kept.
    """

    id: str
    at_ms: int
    project_id: str = ""
    workspace_id: str = ""
    user_id: str = ""
    user_name: str = ""
    account: str = ""
    credential: str = Credential.NONE
    operation: str = ""
    resource: str = ""
    resource_id: str = ""
    resource_name: str = ""
    status: int = 0
    error_code: str = ""
    request_id: str = ""
    client: str = ""
    unrecorded: int = 0

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        if self.status in (401, 403):
            return Outcome.DENIED
        return Outcome.SUCCESS if 100 <= self.status < 400 else Outcome.FAILURE


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """A search, newest first. All conditions hold together; empty ones do not count.

    `kind`: of the resource; `resource`: its id or its name. `before`: only records older than the one of this id.
    `strangers`: also those that belong to no project.
    """

    user_id: str = ""
    user_name: str = ""
    operation: str = ""
    kind: str = ""
    resource: str = ""
    outcome: Outcome | None = None
    since_ms: int = 0
    until_ms: int = 0  # inclusive; 0: no bound
    before: str = ""
    strangers: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Keep:
    """For how many days records are kept, and how many at most; 0: without that bound."""

    days: int = 180
    records: int = 5_000_000


class AuditRepository(Protocol):
    """Records of the scope's project."""

    def add(self, records: Sequence[AuditRecord]) -> None:
        """Store those whose ids are not there yet. Jobs' names and workspaces are filled in while the jobs are there,
        and the project of an account that somebody unknown tried. Platform scope only.
        """
        ...

    def search(self, query: AuditQuery) -> tuple[AuditRecord, ...]:
        """One page."""
        ...

    def delete_before(self, at_ms: int, *, limit: int) -> int:
        """Remove the oldest records from before then; how many. Platform scope only."""
        ...

    def delete_beyond(self, count: int, *, limit: int) -> int:
        """Remove the oldest records when there are more than `count`; how many. Platform scope only."""
        ...
