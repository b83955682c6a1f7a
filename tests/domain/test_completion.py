"""The truth table of multi-role jobs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.builders import make_job, make_launch, make_role, make_tasks
from trainwright.domain.completion import RoleResult, decide, role_result
from trainwright.domain.entities import TaskState
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import RoleSpec


@pytest.mark.parametrize(
    ("need", "allow", "succeeded", "failed", "result"),
    [
        (1, 3, 1, 0, RoleResult.SUCCEEDED),
        (1, 3, 0, 3, RoleResult.FAILED),
        (3, 1, 2, 1, RoleResult.FAILED),
        (3, 1, 2, 0, RoleResult.OPEN),
        (2, 2, 1, 1, RoleResult.OPEN),
        (2, 2, 2, 1, RoleResult.SUCCEEDED),
        (3, 3, 2, 1, RoleResult.FAILED),
        (0, 1, 3, 0, RoleResult.SUCCEEDED),
        (1, 1, 1, 1, RoleResult.FAILED),
    ],
)
def test_worked_cases_of_the_fact_sheet(
    need: int, allow: int, succeeded: int, failed: int, result: RoleResult
) -> None:
    """Guards facts/octopus.md §6.2 for a role of three replicas."""
    role = make_role(replicas=3, min_succeeded=need, min_failed=allow)
    assert role_result(role, succeeded=succeeded, failed=failed) is result


def _tasks(ends: dict[str, Reason | None], *roles: RoleSpec) -> tuple[TaskState, ...]:
    job = make_job(Phase.RUNNING, make_launch(*roles))
    return tuple(
        replace(task, reason=ends[task.role], ended_at_ms=10 if ends[task.role] else 0)
        for task in make_tasks(job)
    )


_OK, _BAD = Reason.COMPLETED, Reason.USER_EXIT


@pytest.mark.parametrize(
    ("main", "chief", "worker", "expected"),
    [
        (True, _OK, None, Reason.COMPLETED),
        (True, _OK, _BAD, Reason.COMPLETED),
        (True, _BAD, None, _BAD),
        (True, None, _OK, None),
        (True, None, _BAD, _BAD),
        (False, _OK, _OK, Reason.COMPLETED),
        (False, _BAD, None, _BAD),
        (False, _OK, None, None),
        (False, None, None, None),
    ],
)
def test_roles_decide_the_job(
    main: bool, chief: Reason | None, worker: Reason | None, expected: Reason | None
) -> None:
    """Guards every row of the job table, with and without a main role."""
    roles = (make_role("chief", main=main), make_role("worker", replicas=2))
    decision = decide(roles, _tasks({"chief": chief, "worker": worker}, *roles))
    assert (decision.reason if decision else None) is expected


@given(st.lists(st.sampled_from([None, _OK, _BAD]), min_size=1, max_size=6))
def test_a_plain_job_fails_on_the_first_failure_and_succeeds_when_all_did(ends: list[Reason | None]) -> None:
    """Guards the ordinary single-role job for any number of nodes and any mix of results."""
    role = make_role(replicas=len(ends))
    job = make_job(Phase.RUNNING, make_launch(role))
    tasks = tuple(
        replace(task, reason=end, ended_at_ms=i + 1)
        for i, (task, end) in enumerate(zip(make_tasks(job), ends, strict=True))
    )
    decision = decide((role,), tasks)
    if _BAD in ends:
        assert decision is not None
        assert decision.task == f"worker-{ends.index(_BAD)}"
    elif None in ends:
        assert decision is None
    else:
        assert decision is not None
        assert decision.reason is Reason.COMPLETED
