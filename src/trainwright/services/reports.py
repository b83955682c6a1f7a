"""The server's side of the runner protocol (docs/design/runner.md). The caller has verified the attempt token."""

from trainwright.services.context import Services
from trainwright.wire.runner import LogAnswer, Registration, Report, ReportAnswer, TaskOrder


async def register(ctx: Services, attempt_key: str, task: str, registration: Registration) -> TaskOrder:
    """Note that the task's runner is there, and tell it what to do. Repeating it gives the same order.

    Raises:
        AttemptClosed: the attempt is over, superseded or unknown, or has no such task.
    """
    raise NotImplementedError


async def report(ctx: Services, attempt_key: str, task: str, report: Report) -> ReportAnswer:
    """Store what is new in `report`. Repeated, late and duplicate reports change nothing.

    Raises:
        AttemptClosed: as `register`.
    """
    raise NotImplementedError


async def append_log(ctx: Services, attempt_key: str, task: str, offset: int, data: bytes) -> LogAnswer:
    """Store log bytes at `offset`; bytes stored before are skipped.

    Raises:
        AttemptClosed: as `register`.
        LogGap: `offset` is beyond what is stored.
        InvalidQuery: `offset` is negative.
    """
    raise NotImplementedError
