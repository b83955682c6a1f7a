"""`wait=True`: what happens to a job, shown as it comes, until it has ended.

The job is followed in a thread with an event loop of its own, since a notebook's thread has one that runs already; what
is heard is printed by the caller's thread, where output belongs to the cell and Ctrl-C arrives.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING

from modelarts.exception import NOT_REACHABLE, JobFailed, ModelArtsError, translated
from modelarts.progress import is_notebook
from trainwright.client import ApiError, ClientError
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from typing import TextIO, TypeAlias

    from trainwright import client
    from trainwright.client import Access, Client, EventItem, JobResponse, PhaseItem

    Heard: TypeAlias = "EventItem | PhaseItem | _Log | _End"
else:
    asyncio = deferred("asyncio")
    client = deferred("trainwright.client")

TAIL_LINES = 20
_QUEUE_SIZE = 256  # pieces of log that wait to be printed; the network waits for the rest
_LOOK_S = 0.2
_LET_GO_S = 2.0
_LINE_S = 2.0  # for so long the end of a half line is awaited
COMPLETED = "Completed"
_BROKEN = "Following the job broke off; the job goes on."


def wait_for_end(
    access: Access, job_id: str, *, come_back: str, stream: TextIO | None = None
) -> JobResponse | None:
    """Print phases, events and the logs of all tasks until the job has ended; the job as it ended.

    Ctrl-C lets go of the job, which goes on; `come_back` is printed. None then in a notebook and at a prompt.

    Raises:
        JobFailed: it ended otherwise than Completed.
        KeyboardInterrupt: Ctrl-C in a script, which must not go on as if the job had ended.
        ModelArtsError: there is no such job any more, or the server stays away.
    """
    out = stream or sys.stdout
    with translated(), client.Client(access) as asking:
        view = _View(out, tasks=len(asking.show_job(job_id).status.tasks))
        following = _Following(access, job_id)
        following.start()
        try:
            ended = _show(following, view)
        except KeyboardInterrupt:
            view.close()
            out.write(f"\nNo longer waiting; the job goes on. To come back:\n{come_back}\n")
            out.flush()
            if is_interactive():
                return None
            raise KeyboardInterrupt from None
        finally:
            following.let_go()
            view.close()
        if ended.status.phase != COMPLETED:
            raise job_failed(asking, ended)
    return ended


def job_failed(asking: Client, job: JobResponse) -> JobFailed:
    """Why the ended `job` did not complete, with the last lines of the log of the task that decided it."""
    status = job.status
    task = _deciding_task(job)
    code = next((each.exit_code for each in status.task_statuses if each.task == task), -1)
    why = status.reason_message or status.reason or "no reason is known"
    where = f" ({task}{f', exit code {code}' if code > 0 else ''})" if task else ""
    tail = log_tail(asking, job.metadata.id, task) if task else ""
    text = f"Job {job.metadata.name} ({job.metadata.id}) ended as {status.phase}: {why}{where}."
    if tail:
        text += f"\nLast lines of {task}:\n" + "\n".join(f"  {line}" for line in tail.splitlines()) + "\n"
    return JobFailed(text, job_id=job.metadata.id, phase=status.phase, log_tail=tail)


def log_tail(asking: Client, job_id: str, task: str, lines: int = TAIL_LINES) -> str:
    """The last lines of a task's log, oldest first; empty when it has none."""
    try:
        newest_first = asking.read_log_lines(job_id, task, lines=lines, order="desc").content
    except ApiError:
        return ""  # it never wrote anything
    return "\n".join(reversed(newest_first.splitlines()))


def is_interactive() -> bool:
    """Whether a person goes on after this call: a notebook, or a prompt."""
    return is_notebook() or hasattr(sys, "ps1")


def _deciding_task(job: JobResponse) -> str:
    records = job.status.running_records
    if records and records[-1].end_related_task:
        return records[-1].end_related_task
    failed = [each.task for each in job.status.task_statuses if each.exit_code > 0]
    return next(iter([*failed, *job.status.tasks]), "")


@dataclass(frozen=True, slots=True)
class _Log:
    task: str
    piece: bytes


@dataclass(frozen=True, slots=True)
class _End:
    job: JobResponse | None = None
    error: ClientError | None = None


class _Following(threading.Thread):
    """Puts what happens to a job into `heard`, an `_End` last. Is the `JobWatcher`."""

    def __init__(self, access: Access, job_id: str) -> None:
        super().__init__(name=f"follow-{job_id}", daemon=True)
        self.heard: Queue[Heard] = Queue(_QUEUE_SIZE)
        self._access = access
        self._job_id = job_id
        self._unwanted = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[JobResponse] | None = None

    def run(self) -> None:
        try:
            end = _End(job=asyncio.run(self._follow()))
        except ClientError as exc:
            end = _End(error=exc)
        except asyncio.CancelledError:
            return  # nobody reads any more
        self._put(end)

    def let_go(self) -> None:
        """End it; harmless when it has ended."""
        self._unwanted.set()
        loop, task = self._loop, self._task
        if loop is not None and task is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(task.cancel)
            except RuntimeError:
                return  # it closed just now
        self.join(_LET_GO_S)

    def on_event(self, event: EventItem) -> None:
        self._put(event)

    def on_phase(self, phase: PhaseItem) -> None:
        self._put(phase)

    def on_log(self, task: str, attempt: int, piece: bytes) -> None:
        self._put(_Log(task, piece))

    async def _follow(self) -> JobResponse:
        self._loop = asyncio.get_running_loop()
        async with client.AsyncClient(self._access) as asking:
            self._task = asyncio.create_task(client.follow_job(asking, self._job_id, self))
            return await self._task

    def _put(self, heard: Heard) -> None:
        # Blocks the loop while nobody reads, which is what holds the network back: the loop does nothing else.
        while not self._unwanted.is_set():
            try:
                return self.heard.put(heard, timeout=_LOOK_S)
            except Full:
                continue
        if not isinstance(heard, _End):
            raise asyncio.CancelledError  # nobody reads any more


def _show(following: _Following, view: _View) -> JobResponse:
    while True:
        try:
            heard = following.heard.get(timeout=_LOOK_S)
        except Empty:
            if not following.is_alive() and following.heard.empty():
                raise ModelArtsError(_BROKEN, error_code=NOT_REACHABLE) from None
            view.flush()
            continue
        if not isinstance(heard, _End):
            view.show(heard)
        elif heard.job is not None:
            return heard.job
        elif heard.error is not None:
            raise heard.error


class _View:
    """Prints what it is told. With several tasks each log line begins with its task's name.

    One `print` of a script comes in many pieces, with phases and events between them. These wait for the end of the
    line, but not for long, since a progress bar has none.
    """

    def __init__(self, out: TextIO, *, tasks: int) -> None:
        self._out = out
        self._prefixed = tasks > 1
        self._partial: dict[str, bytes] = {}
        self._mid_line = False
        self._waiting: list[str] = []  # lines that wait for the end of the log's
        self._waits_until = 0.0
        self._phases: deque[str] = deque(maxlen=1)

    def show(self, heard: EventItem | PhaseItem | _Log) -> None:
        if isinstance(heard, _Log):
            self._log(heard)
        elif isinstance(heard, client.PhaseItem):
            if heard.phase not in self._phases:
                self._phases.append(heard.phase)
                self._line(f"* {heard.phase}")
        else:
            level = "" if heard.level == "Info" else f"{heard.level}: "
            self._line(f"{heard.time[11:19]} {level}{heard.message}")
        self._look_at_waiting()

    def flush(self) -> None:
        self._look_at_waiting()
        self._out.flush()

    def close(self) -> None:
        """Write half lines that are left."""
        for task, rest in sorted(self._partial.items()):
            if rest:
                self._write(f"[{task}] ".encode() + rest + b"\n")
        self._partial.clear()
        self._break_line()
        self._out.flush()

    def _line(self, text: str) -> None:
        if not self._waiting:
            self._waits_until = time.monotonic() + _LINE_S
        self._waiting.append(text)

    def _look_at_waiting(self) -> None:
        if self._waiting and (not self._mid_line or time.monotonic() >= self._waits_until):
            self._break_line()
            self._out.flush()

    def _break_line(self) -> None:
        """End the log's half line, and print what waits for that."""
        if self._mid_line:
            self._out.write("\n")
            self._mid_line = False
        self._write("".join(f"{line}\n" for line in self._waiting).encode())
        self._waiting.clear()

    def _log(self, log: _Log) -> None:
        lines = (self._partial.pop(log.task, b"") + log.piece).split(b"\n")
        rest = lines.pop()
        if self._prefixed:
            prefix = f"[{log.task}] ".encode()
            self._partial[log.task] = rest
        else:
            # A progress bar's half line is shown as it grows, but for a character that is cut in two.
            whole = rest[: len(rest) - _cut(rest)]
            self._partial[log.task] = rest[len(whole) :]
            prefix = b""
            if not lines:
                self._write(whole)
                self._mid_line = self._mid_line or bool(whole)
                return
            rest = whole
        self._write(b"".join(prefix + line + b"\n" for line in lines))
        if not self._prefixed:
            self._mid_line = False
            self._break_line()
            self._write(rest)
            self._mid_line = bool(rest)

    def _write(self, content: bytes) -> None:
        text = content.decode("utf-8", "replace")
        encoding = self._out.encoding or "utf-8"
        self._out.write(text.encode(encoding, "replace").decode(encoding))


def _cut(content: bytes) -> int:
    """How many bytes at the end of `content` begin a UTF-8 character without ending it."""
    for length in range(1, min(3, len(content)) + 1):
        byte = content[-length]
        if byte & 0xC0 == 0xC0:
            wanted = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return length if length < wanted else 0
        if byte < 0x80:
            return 0
    return 0
