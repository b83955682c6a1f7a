"""The transition table and the reason table, walked in full."""

from itertools import product

import pytest

from trainwright.domain.lifecycle import (
    END_PHASES,
    TRANSITIONS,
    IllegalTransition,
    Phase,
    Trigger,
    next_phase,
    public_phase,
)
from trainwright.domain.reasons import (
    END_TRIGGERS,
    FREE_RETRIES_MAX,
    VERDICTS,
    Blame,
    Outcome,
    Reason,
    Retry,
    RetryPolicy,
    may_retry,
)
from trainwright.domain.texts import REASON_TEXTS


@pytest.mark.parametrize(("phase", "trigger"), list(product(Phase, Trigger)))
def test_every_pair_is_in_the_table_or_illegal(phase: Phase, trigger: Trigger) -> None:
    """Guards the table's totality: no third possibility."""
    if (phase, trigger) in TRANSITIONS:
        assert next_phase(phase, trigger) is TRANSITIONS[phase, trigger]
    else:
        with pytest.raises(IllegalTransition) as error:
            next_phase(phase, trigger)
        assert (error.value.phase, error.value.trigger) == (phase, trigger)


def _reachable(start: Phase) -> set[Phase]:
    seen, todo = {start}, [start]
    while todo:
        here = todo.pop()
        for (phase, _), target in TRANSITIONS.items():
            if phase is here and target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_reaches_an_end(phase: Phase) -> None:
    """Guards against a phase a job could be stuck in by construction."""
    assert _reachable(phase) & END_PHASES
    if not phase.is_end:
        assert _reachable(phase) >= END_PHASES


def test_end_phases_are_left_by_nothing_and_entered_from_terminating_only() -> None:
    """Guards 'end phase ⇒ nothing left on the backend'."""
    assert not [pair for pair in TRANSITIONS if pair[0] in END_PHASES]
    assert {p for (p, _), target in TRANSITIONS.items() if target in END_PHASES} == {Phase.TERMINATING}


def test_every_phase_is_reachable_from_creating_and_every_trigger_is_used() -> None:
    """Guards against dead rows and dead words."""
    assert _reachable(Phase.CREATING) == set(Phase)
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


def test_terminating_is_shown_only_after_a_stop() -> None:
    """Guards the contract's legal moves as an API caller sees them."""
    assert public_phase(Phase.TERMINATING, stop_requested=False) is Phase.RUNNING
    assert public_phase(Phase.TERMINATING, stop_requested=True) is Phase.TERMINATING
    for phase in set(Phase) - {Phase.TERMINATING}:
        assert public_phase(phase, stop_requested=False) is phase
        assert public_phase(phase, stop_requested=True) is (phase if phase.is_end else Phase.TERMINATING)


def test_reason_tables_are_total() -> None:
    """Guards against a reason without verdict, words or end trigger."""
    assert set(VERDICTS) == set(Reason) == set(REASON_TEXTS)
    assert set(END_TRIGGERS) == set(Outcome)
    for trigger in END_TRIGGERS.values():
        assert next_phase(Phase.TERMINATING, trigger).is_end


@pytest.mark.parametrize("reason", list(Reason))
def test_users_never_spend_free_retries_and_the_platform_never_spends_the_budget(reason: Reason) -> None:
    """Guards who pays for another attempt."""
    verdict = VERDICTS[reason]
    generous = RetryPolicy(budget=3, unconditional=True)
    paid = may_retry(reason, generous, budget_used=0, free_used=0)
    if verdict.blame is Blame.USER:
        assert paid is not Retry.FREE
    if verdict.retry is Retry.FREE:
        assert verdict.blame is Blame.PLATFORM
        assert paid is Retry.FREE
        assert may_retry(reason, generous, budget_used=3, free_used=0) is Retry.FREE
    if verdict.outcome in (Outcome.SUCCEEDED, Outcome.TERMINATED):
        assert paid is Retry.NEVER
    spent = may_retry(reason, generous, budget_used=3, free_used=FREE_RETRIES_MAX)
    assert spent is (Retry.REQUEUE if reason is Reason.PREEMPTED else Retry.NEVER)
    if verdict.retry is Retry.BUDGET:
        assert may_retry(reason, RetryPolicy(budget=3), budget_used=0, free_used=0) is Retry.NEVER
