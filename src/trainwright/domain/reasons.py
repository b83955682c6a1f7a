"""Why an attempt ended, and what follows from it. One table, total over the enum (tested)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from trainwright.domain.lifecycle import Trigger


class Outcome(StrEnum):
    """How an attempt ended, as far as the job is concerned."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TERMINATED = "terminated"
    ABNORMAL = "abnormal"


class Retry(StrEnum):
    """What another attempt would be paid from."""

    NEVER = "never"
    BUDGET = "budget"  # the retries the user asked for
    FREE = "free"  # the platform's own, counted and capped
    REQUEUE = "requeue"  # it only made room for another: not counted


class Blame(StrEnum):
    """Whose side the cause lies on."""

    NOBODY = "nobody"
    USER = "user"
    PLATFORM = "platform"


class Reason(StrEnum):
    """Why an attempt ended. Lower-case and stable for ever: stored, sent by runners, shown in the API."""

    COMPLETED = "completed"
    USER_EXIT = "user_exit"
    USER_SIGNAL = "user_signal"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    CODE_DOWNLOAD_FAILED = "code_download_failed"
    INPUT_DOWNLOAD_FAILED = "input_download_failed"
    DATASET_CHANGED = "dataset_changed"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    REQUIREMENTS_FAILED = "requirements_failed"
    ENGINE_FAILED = "engine_failed"
    IMAGE_FAILED = "image_failed"
    COMMAND_NOT_FOUND = "command_not_found"
    OUTPUT_UPLOAD_FAILED = "output_upload_failed"
    LAUNCH_REJECTED = "launch_rejected"
    STOPPED_BY_USER = "stopped_by_user"
    TIME_LIMIT = "time_limit"
    RUNNER_LOST = "runner_lost"
    NODE_LOST = "node_lost"
    PREEMPTED = "preempted"
    PRECHECK_FAILED = "precheck_failed"
    HARDWARE_FAULT = "hardware_fault"
    HANGED = "hanged"
    QUEUE_TIMEOUT = "queue_timeout"


NODE_FAULTS = frozenset({Reason.NODE_LOST, Reason.PRECHECK_FAILED, Reason.HARDWARE_FAULT})
"""The node is to blame: the next attempt avoids it, and is queued at first priority."""

ISOLATING = frozenset({Reason.PRECHECK_FAILED, Reason.HARDWARE_FAULT})
"""The node is taken out of its pool until an administrator returns it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reason means."""

    outcome: Outcome
    retry: Retry
    blame: Blame


_S, _F, _T, _A = Outcome.SUCCEEDED, Outcome.FAILED, Outcome.TERMINATED, Outcome.ABNORMAL

VERDICTS: Mapping[Reason, Verdict] = MappingProxyType(
    {
        Reason.COMPLETED: Verdict(_S, Retry.NEVER, Blame.NOBODY),
        Reason.USER_EXIT: Verdict(_F, Retry.BUDGET, Blame.USER),
        Reason.USER_SIGNAL: Verdict(_F, Retry.BUDGET, Blame.USER),
        Reason.OUT_OF_MEMORY: Verdict(_F, Retry.BUDGET, Blame.USER),
        Reason.DISK_FULL: Verdict(_F, Retry.NEVER, Blame.USER),
        Reason.CODE_DOWNLOAD_FAILED: Verdict(_F, Retry.NEVER, Blame.USER),
        Reason.INPUT_DOWNLOAD_FAILED: Verdict(_F, Retry.NEVER, Blame.USER),
        Reason.DATASET_CHANGED: Verdict(_F, Retry.NEVER, Blame.USER),
        Reason.STORAGE_UNAVAILABLE: Verdict(_A, Retry.FREE, Blame.PLATFORM),
        Reason.REQUIREMENTS_FAILED: Verdict(_F, Retry.NEVER, Blame.USER),
        Reason.ENGINE_FAILED: Verdict(_F, Retry.NEVER, Blame.PLATFORM),
        Reason.IMAGE_FAILED: Verdict(_F, Retry.NEVER, Blame.USER),
        Reason.COMMAND_NOT_FOUND: Verdict(_F, Retry.NEVER, Blame.USER),
        Reason.OUTPUT_UPLOAD_FAILED: Verdict(_F, Retry.NEVER, Blame.PLATFORM),
        Reason.LAUNCH_REJECTED: Verdict(_F, Retry.NEVER, Blame.USER),
        Reason.STOPPED_BY_USER: Verdict(_T, Retry.NEVER, Blame.NOBODY),
        Reason.TIME_LIMIT: Verdict(_T, Retry.NEVER, Blame.NOBODY),
        Reason.RUNNER_LOST: Verdict(_A, Retry.FREE, Blame.PLATFORM),
        Reason.NODE_LOST: Verdict(_A, Retry.FREE, Blame.PLATFORM),
        Reason.PREEMPTED: Verdict(_A, Retry.REQUEUE, Blame.PLATFORM),
        Reason.PRECHECK_FAILED: Verdict(_A, Retry.FREE, Blame.PLATFORM),
        Reason.HARDWARE_FAULT: Verdict(_A, Retry.FREE, Blame.PLATFORM),
        Reason.HANGED: Verdict(_F, Retry.BUDGET, Blame.USER),
        Reason.QUEUE_TIMEOUT: Verdict(_A, Retry.NEVER, Blame.PLATFORM),
    }
)

END_TRIGGERS: Mapping[Outcome, Trigger] = MappingProxyType(
    {
        Outcome.SUCCEEDED: Trigger.SUCCEED,
        Outcome.FAILED: Trigger.FAIL,
        Outcome.TERMINATED: Trigger.HALT,
        Outcome.ABNORMAL: Trigger.COLLAPSE,
    }
)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """What the user granted. `budget` counts attempts after the first."""

    budget: int = 0
    unconditional: bool = False  # also after the user's own errors
    after_hang: bool = False


FREE_RETRIES_MAX = 5
NOT_ASKED = "not_asked"  # in events, beside the values of `Retry`: restarts are left, but not for such an end


def may_retry(reason: Reason, policy: RetryPolicy, *, budget_used: int, free_used: int) -> Retry:
    """What the next attempt after `reason` is paid from; `Retry.NEVER` when there is to be none.

    User errors never eat free retries and are repeated only when the user asked for unconditional retry (a hang: when
    they asked for a retry after hangs); platform faults never eat the user's budget, and pre-emption eats nothing.
    """
    verdict = VERDICTS[reason]
    if verdict.retry is Retry.REQUEUE:
        return Retry.REQUEUE
    if verdict.retry is Retry.FREE and free_used < FREE_RETRIES_MAX:
        return Retry.FREE
    wanted = policy.unconditional or (reason is Reason.HANGED and policy.after_hang)
    if verdict.retry is Retry.BUDGET and wanted and budget_used < policy.budget:
        return Retry.BUDGET
    return Retry.NEVER
