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


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ([("a", 1, _OK), ("b", 2, _BAD)], _OK),
        ([("a", 2, _OK), ("b", 1, _BAD)], _BAD),
        ([("a", 1, _OK), ("b", 1, _BAD)], _BAD),
    ],
)
def test_of_several_mains_the_first_decides(ends: list[tuple[str, int, Reason]], expected: Reason) -> None:
    """Guards that the outcome does not depend on when the loop looks; of the same millisecond failure wins."""
    roles = (make_role("a", main=True), make_role("b", main=True))
    tasks = tuple(TaskState("k", f"{role}-0", role, 0, reason=end, ended_at_ms=at) for role, at, end in ends)
    decision = decide(roles, tasks)
    assert decision is not None
    assert decision.reason is expected


@pytest.mark.parametrize(
    ("need", "allow", "ends", "expected"),
    [
        (1, 3, [_OK], _OK),
        (1, 3, [_BAD, _BAD], None),
        (1, 3, [_BAD, _BAD, _BAD], _BAD),
        (3, 1, [_OK, _OK, _BAD], _BAD),
        (2, 2, [_BAD, _OK, _OK], _OK),
        (2, 2, [_BAD, _OK, _BAD], _BAD),
        (3, 3, [_OK, _OK, _BAD], _BAD),
        (3, 3, [_OK, _BAD], None),
    ],
)
def test_counts_decide_a_job_of_one_role(
    need: int, allow: int, ends: list[Reason], expected: Reason | None
) -> None:
    """Guards the worked cases of the fact sheet as ends of jobs, in the order in which tasks end."""
    role = make_role(replicas=3, min_succeeded=need, min_failed=allow)
    tasks = tuple(
        TaskState("k", f"worker-{i}", "worker", i, reason=end, ended_at_ms=i + 1)
        for i, end in enumerate(ends)
    )
    decision = decide((role,), tasks)
    assert (decision.reason if decision else None) is expected


@st.composite
def _histories(draw: st.DrawFn) -> tuple[tuple[RoleSpec, ...], tuple[TaskState, ...]]:
    roles, tasks = [], []
    for name in draw(st.sampled_from([("a",), ("a", "b"), ("a", "b", "c")])):
        replicas = draw(st.integers(1, 3))
        roles.append(
            make_role(
                name,
                replicas=replicas,
                min_succeeded=draw(st.integers(0, replicas)),
                min_failed=draw(st.integers(1, replicas)),
                main=draw(st.booleans()),
            )
        )
        for index in range(replicas):
            end = draw(st.sampled_from([None, _OK, _BAD]))
            at = draw(st.integers(1, 4)) if end else 0
            tasks.append(TaskState("k", f"{name}-{index}", name, index, reason=end, ended_at_ms=at))
    return tuple(roles), tuple(tasks)


def _model(roles: tuple[RoleSpec, ...], ends: dict[str, tuple[int, int]]) -> Reason | None:
    """The table read from the fact sheet, row by row, over successes and failures of each role."""

    def stands(role: RoleSpec) -> str:
        succeeded, failed = ends[role.name]
        need = role.min_succeeded if role.min_succeeded > 0 else role.replicas
        rows = (
            ("failed", failed >= role.min_failed),
            ("succeeded", succeeded >= need),
            ("failed", succeeded + failed == role.replicas),
        )
        return next((word for word, holds in rows if holds), "running")

    main = {stands(role) for role in roles if role.main}
    rest = {stands(role) for role in roles if not role.main}
    table: tuple[tuple[Reason, bool], ...]
    if main:
        table = (
            (_BAD, "failed" in main),
            (_OK, "succeeded" in main),
            (_BAD, "failed" in rest),
        )
    else:
        table = ((_BAD, "failed" in rest), (_OK, rest == {"succeeded"}))
    return next((end for end, holds in table if holds), None)


@given(_histories())
def test_the_decision_is_the_tables(
    history: tuple[tuple[RoleSpec, ...], tuple[TaskState, ...]],
) -> None:
    """Guards every mix of roles, counts and ends against the table written down once more, looked at after each end."""
    roles, tasks = history
    expected = None
    for now in range(1, 5):
        over = [task for task in tasks if task.reason and task.ended_at_ms <= now]
        ends = {
            role.name: (
                len([task for task in over if task.role == role.name and task.reason is _OK]),
                len([task for task in over if task.role == role.name and task.reason is _BAD]),
            )
            for role in roles
        }
        expected = expected or _model(roles, ends)
    decision = decide(roles, tasks)
    assert (decision.reason if decision else None) is expected
