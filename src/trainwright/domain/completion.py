"""When is an attempt of several roles decided, and how.

Source: the truth table of facts/octopus.md §6.2, adopted as it stands. Per role with S successes and F failures:
F ≥ min_failed → failed (checked first); S ≥ min_succeeded → succeeded; all final with neither → failed. A main
role's result decides the job; without a main role all roles must succeed and any failed role fails it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trainwright.domain.entities import TaskState
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import RoleSpec


class RoleResult(StrEnum):
    """How a role stands."""

    OPEN = "open"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """The attempt's result and the task it is blamed on (empty for success)."""

    reason: Reason
    task: str = ""


def role_result(role: RoleSpec, *, succeeded: int, failed: int) -> RoleResult:
    """How `role` stands with this many successes and failures. Failure wins when both rules hold."""
    if failed >= role.min_failed:
        return RoleResult.FAILED
    if succeeded >= (role.min_succeeded or role.replicas):
        return RoleResult.SUCCEEDED
    return RoleResult.FAILED if succeeded + failed >= role.replicas else RoleResult.OPEN


def decide(roles: Sequence[RoleSpec], tasks: Sequence[TaskState]) -> Decision | None:
    """The attempt's result, or None while it is open. Tasks of unknown roles are ignored."""
    results = {role.name: _result_of(role, tasks) for role in roles}
    failed = [role for role in roles if results[role.name] is RoleResult.FAILED]
    mains = [role for role in roles if role.main]
    if any(results[role.name] is RoleResult.SUCCEEDED for role in mains) and not any(r.main for r in failed):
        return Decision(Reason.COMPLETED)
    if failed:
        culprit = _first_failure([r.name for r in failed], tasks)
        return Decision(culprit.reason or Reason.USER_EXIT, culprit.name)
    if not mains and all(result is RoleResult.SUCCEEDED for result in results.values()):
        return Decision(Reason.COMPLETED)
    return None


def _result_of(role: RoleSpec, tasks: Sequence[TaskState]) -> RoleResult:
    final = [task for task in tasks if task.role == role.name and task.is_final]
    succeeded = sum(task.reason is Reason.COMPLETED for task in final)
    return role_result(role, succeeded=succeeded, failed=len(final) - succeeded)


def _first_failure(role_names: Sequence[str], tasks: Sequence[TaskState]) -> TaskState:
    failures = [t for t in tasks if t.role in role_names and t.is_final and t.reason is not Reason.COMPLETED]
    return min(failures, key=lambda task: (task.ended_at_ms, task.index))
