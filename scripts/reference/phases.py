"""docs/reference/phases.md: the transition table and the reason table."""

from scripts.reference.markdown import both, code, page, table
from trainwright.domain.advice import ADVICE
from trainwright.domain.lifecycle import TRANSITIONS, Phase, Trigger
from trainwright.domain.reasons import END_TRIGGERS, FREE_RETRIES_MAX, VERDICTS, Reason
from trainwright.domain.texts import REASON_TEXTS
from trainwright.services.task_ends import ENDED_WITH_JOB

PHASES = """
A job is in exactly one phase. Four of them are ends and are never left. While a job settles by itself (its result is
known, its remains are being cleared away) the API shows it as `Running`; `Terminating` is shown only after somebody or
the run-time limit asked for a stop. Why a job waits is told by its events and its status message, not by a phase.
Restarts of processes in place, a suspicion that it hangs, and an environment that is kept after a failure do not change
the phase either: they are events, and details of the status. The run-time limit counts the time in `Running` only, over
all attempts.
"""
REASONS = f"""
Every attempt ends for one reason. It decides the job's end phase, whether another attempt follows and who pays for it:
`budget` is the number of retries the job asked for, `free` the platform's own (at most {FREE_RETRIES_MAX} a job). What
went wrong on the user's side never costs a free retry, what went wrong on ours never costs the user's budget. `requeue`
costs nothing: the job only made room for another. After a fault of a node the next attempt goes first, and gives up
(`queue_timeout`) when it has waited half an hour for a healthy one. What a process says when it was only hit by a fault
is replaced by what the node or the backend says of it before anything is counted.
"""


def phases_page() -> str:
    """Phases against triggers, then the reasons."""
    moves = [
        (f"**{phase}**", *(TRANSITIONS.get((phase, trigger), "") for trigger in Trigger))
        for phase in Phase
        if not phase.is_end
    ]
    reasons = [
        (
            code(reason),
            both(REASON_TEXTS[reason].en, REASON_TEXTS[reason].zh),
            end,
            verdict.retry,
            verdict.blame,
        )
        for reason, verdict in ((reason, VERDICTS[reason]) for reason in Reason)
        for end in [_end_phase(reason)]
    ]
    advice = [
        (code(reason), both(ADVICE[reason].en, ADVICE[reason].zh)) for reason in Reason if reason in ADVICE
    ]
    return page(
        "Phases and reasons",
        "## Phases",
        PHASES,
        table(("From \\ on", *(code(trigger) for trigger in Trigger)), moves),
        "An empty cell is a move that cannot happen.",
        "## Reasons",
        REASONS,
        table(("Reason", "In words", "Ends as", "Retry", "Blame"), reasons),
        "A task that was ended, or never ran, because its attempt was decided without it shows the reason "
        f"`{ENDED_WITH_JOB}`, which is no reason of a job, and in its message what decided the attempt.",
        "## What to do",
        "A job says it as `status.reason_advice`, the console beside the cause, `trainwright job show` below it.",
        table(("Reason", "What to do"), advice),
    )


def _end_phase(reason: Reason) -> Phase:
    trigger = END_TRIGGERS[VERDICTS[reason].outcome]
    return TRANSITIONS[Phase.TERMINATING, trigger]
