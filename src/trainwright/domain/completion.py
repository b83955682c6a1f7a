"""When is an attempt of several roles decided, and how.

Source: the truth table of facts/octopus.md §6.2, adopted as it stands. Per role with S successes and F failures:
F ≥ min_failed → failed (checked first); S ≥ min_succeeded → succeeded; all final with neither → failed. A main
role's result decides the job; any failed role fails it while no main role has succeeded; without a main role all roles
must succeed. The first event that decides wins, whenever it is looked at; of ends at the same millisecond all count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

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


def count_ends(role: RoleSpec, tasks: Sequence[TaskState]) -> tuple[int, int]:
    """Successes and failures of a role."""
    final = [task for task in tasks if task.role == role.name and task.is_final]
    succeeded = sum(task.reason is Reason.COMPLETED for task in final)
    return succeeded, len(final) - succeeded


def role_results(roles: Sequence[RoleSpec], tasks: Sequence[TaskState]) -> Mapping[str, RoleResult]:
    """How every role stands, by name. Tasks of unknown roles are ignored."""
    counts = {role.name: count_ends(role, tasks) for role in roles}
    return {
        role.name: role_result(role, succeeded=counts[role.name][0], failed=counts[role.name][1])
        for role in roles
    }


def decide(roles: Sequence[RoleSpec], tasks: Sequence[TaskState]) -> Decision | None:
    """The attempt's result, or None while it is open. Tasks of unknown roles are ignored."""
    final = sorted((task for task in tasks if task.is_final), key=_end)
    ended: list[TaskState] = []
    for _, together in groupby(final, key=_end):
        ended += together
        decision = _decide_now(roles, ended)
        if decision is not None:
            return decision
    return None


def _decide_now(roles: Sequence[RoleSpec], ended: Sequence[TaskState]) -> Decision | None:
    results = role_results(roles, ended)
    failed = [role for role in roles if results[role.name] is RoleResult.FAILED]
    mains = [role for role in roles if role.main]
    if any(results[role.name] is RoleResult.SUCCEEDED for role in mains) and not any(r.main for r in failed):
        return Decision(Reason.COMPLETED)
    if failed:
        return _first_failure([r.name for r in failed], ended)
    if not mains and all(result is RoleResult.SUCCEEDED for result in results.values()):
        return Decision(Reason.COMPLETED)
    return None


def _first_failure(role_names: Sequence[str], ended: Sequence[TaskState]) -> Decision:
    failures = [task for task in ended if task.role in role_names and task.reason is not Reason.COMPLETED]
    culprit = min(failures, key=lambda task: (task.ended_at_ms, task.index), default=None)
    if culprit is None or culprit.reason is None:
        return Decision(Reason.USER_EXIT)
    return Decision(culprit.reason, culprit.name)


def _end(task: TaskState) -> int:
    return task.ended_at_ms
