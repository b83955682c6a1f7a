"""A task's log: preview, pages of lines, any range, and links that anyone may open."""

from dataclasses import dataclass

from trainwright.ports.uow import Principal
from trainwright.services.context import Services
from trainwright.wire.watch import LogLines, LogLink, LogPreview


@dataclass(frozen=True, slots=True)
class LogView:
    """One task's log as it stands. Read bytes with `ctx.logs.read/pieces(attempt_key, task, …)` on a worker thread.

    `complete`: the task has ended and no byte will follow. `file_name` is ModelArts' own:
    `modelarts-job-<id>-worker-<n>.log`.
    """

    attempt_key: str
    task: str
    file_name: str
    size: int
    complete: bool


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What a share link leads to."""

    view: LogView
    download: bool


async def find(
    ctx: Services, who: Principal, job_id: str, task: str, *, attempt: int | None = None
) -> LogView:
    """The log of the latest attempt's task, or of attempt `attempt`; size 0 while nothing was written.

    Raises:
        JobNotFound: no such job in the caller's project.
        TaskNotFound: no such task in the job.
        InvalidQuery: no attempt of that number.
    """
    raise NotImplementedError


async def preview(ctx: Services, who: Principal, job_id: str, task: str) -> LogPreview:
    """The newest at most 5 MB.

    Raises:
        JobNotFound, TaskNotFound: as `find`.
        LogNotReady: nothing was written yet.
    """
    raise NotImplementedError


async def lines(
    ctx: Services, who: Principal, job_id: str, task: str, *, base_line: str | None, count: int, order: str
) -> LogLines:
    """A page of whole lines; see `wire.watch.LogLines` for paging.

    Raises:
        JobNotFound, TaskNotFound: as `find`.
        LogNotReady: nothing was written yet.
        InvalidQuery: `base_line` is no position, `count` not in 1 to 500, `order` neither asc nor desc.
    """
    raise NotImplementedError


async def share_link(ctx: Services, who: Principal, job_id: str, task: str, *, download: bool) -> LogLink:
    """A URL (`{server_url}/share/logs/{token}`) that shows or downloads the log without credentials for a while.

    Raises:
        JobNotFound, TaskNotFound: as `find`.
        LogNotReady: nothing was written yet.
    """
    raise NotImplementedError


async def open_link(ctx: Services, token: str) -> OpenedLink:
    """What `token` leads to.

    Raises:
        InvalidLink: forged, altered, expired, or its job is gone.
    """
    raise NotImplementedError


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of a single `bytes=` range over `size` bytes; None: no range asked, send all.

    Raises:
        InvalidRange: it lies outside, or is not a single byte range.
    """
    raise NotImplementedError
