"""From how a command ended to the reason that is reported. Pure."""

from __future__ import annotations

import errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KILLED = 137
NOT_EXECUTABLE = 126
NOT_FOUND = 127
STOPPED_BEFORE_START = 143
STEP_FAILED = 1


class StepFailed(Exception):
    """A step before (or around) the command has failed for good."""

    def __init__(self, reason: str, message: str, exit_code: int = STEP_FAILED) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.exit_code = exit_code


def final(reason: str, exit_code: int, message: str = "") -> dict[str, Any]:
    """A `FinalResult`."""
    return {"reason": reason, "exit_code": exit_code, "message": message}


def exit_code(result: dict[str, Any]) -> int:
    """What a shell would show: the exit code, or 128 + n after signal n."""
    if result.get("exec_errno"):
        return NOT_FOUND if result["exec_errno"] == errno.ENOENT else NOT_EXECUTABLE
    return 128 + int(result["signal"]) if result["signal"] else int(result["exit_code"])


def classify(
    result: dict[str, Any] | None, *, sandboxed: bool, stop_reason: str = "stopped_by_user"
) -> dict[str, Any]:
    """Why the command ended. None: its shim vanished, and the command with it. `stop_reason`: why it was stopped, if
    it was.
    """
    if result is None:
        return final(
            "runner_lost", KILLED, "the process that watched the command was killed; the command died with it"
        )
    code = exit_code(result)
    if result.get("exec_errno"):
        # Under the sandbox it is bwrap that could not be started, which is not the user's doing.
        return final("runner_lost" if sandboxed else "command_not_found", code, result.get("exec_error", ""))
    if result["cause"] == "disk":
        return final("disk_full", code)
    if result["cause"] == "memory" and code != 0:
        return final("out_of_memory", code)
    if result["stopped"]:
        return final(stop_reason, code)
    if code == 0:
        return final("completed", 0)
    # bwrap turns the signal that ended the command into the exit code a shell would give.
    signalled = result["signal"] or (sandboxed and 128 < code <= 128 + 64)
    return final("user_signal" if signalled else "user_exit", code)
