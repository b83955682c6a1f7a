"""What a job says of itself: the part of `Job` and `AsyncJob` that asks nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trainwright.client.errors import JobFailed
from trainwright.client.sdk.html import fields_html
from trainwright.client.streams import is_end_phase
from trainwright.domain.lifecycle import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from trainwright.wire.job_answers import JobResponse


class JobFacts:
    """Attributes of a job as last heard of it. `answer` is all that the server said."""

    def __init__(self, answer: JobResponse) -> None:
        self.answer = answer

    @property
    def id(self) -> str:
        """The job's id."""
        return self.answer.metadata.id

    @property
    def name(self) -> str:
        """The job's name; several jobs may have it."""
        return self.answer.metadata.name

    @property
    def description(self) -> str:
        """Its description, possibly empty."""
        return self.answer.metadata.description

    @property
    def phase(self) -> str:
        """The phase: Creating, Pending, Running, Completed, Failed, Terminating, Terminated or Abnormal."""
        return self.answer.status.phase

    @property
    def is_ended(self) -> bool:
        """Whether it will never change again."""
        return is_end_phase(self.phase)

    @property
    def is_completed(self) -> bool:
        """Whether it ended well."""
        return self.phase == Phase.COMPLETED

    @property
    def created_at(self) -> datetime:
        """When it was created, in UTC."""
        return datetime.fromtimestamp(self.answer.metadata.create_time / 1000, UTC)

    @property
    def duration(self) -> timedelta:
        """For how long it has been running; zero before it started."""
        return timedelta(milliseconds=self.answer.status.duration)

    @property
    def reason(self) -> str:
        """Why it waits, or why its last attempt ended, in words; empty when there is nothing to say."""
        status = self.answer.status
        return status.pending_message if self.phase == Phase.PENDING else status.reason_message

    @property
    def advice(self) -> str:
        """What to do about its end, in words; empty before it, and when nothing went wrong."""
        return self.answer.status.reason_advice

    @property
    def exit_code(self) -> int | None:
        """The exit code of the first task that failed; 0 when all succeeded; None when there is none (yet)."""
        codes = [status.exit_code for status in self.answer.status.task_statuses]
        failed = [code for code in codes if code > 0]
        if failed:
            return failed[0]
        return 0 if self.is_completed else None

    @property
    def task_names(self) -> list[str]:
        """Names of its tasks, `worker-0` first."""
        return list(self.answer.status.tasks)

    @property
    def first_task(self) -> str:
        """The task that is meant when none is named: the first of the first role."""
        return next(iter(self.answer.status.tasks), "worker-0")

    @property
    def deciding_task(self) -> str:
        """The task that decided how the last attempt ended; the first one where none did."""
        records = self.answer.status.running_records
        if records and records[-1].end_related_task:
            return records[-1].end_related_task
        failed = [each.task for each in self.answer.status.task_statuses if each.exit_code > 0]
        return next(iter(failed), self.first_task)

    def output_uris(self) -> dict[str, str]:
        """Where its outputs lie, by name; those of a role of its own as `role/name`. Each ends in a slash."""
        found = dict(_outputs("", self.answer.algorithm))
        for task in self.answer.tasks or ():
            found.update(_outputs(f"{task.get('role', '')}/", task.get("algorithm") or {}))
        return found

    def row(self) -> dict[str, object]:
        """What tables show of it."""
        return {
            "name": self.name,
            "id": self.id,
            "phase": self.phase,
            "created": f"{self.created_at:%Y-%m-%d %H:%M:%S}",
            "duration": str(timedelta(seconds=int(self.duration.total_seconds()))),
        }

    def failure(self, log_tail: str) -> JobFailed:
        """The exception for its end; `log_tail` holds the last lines of the log of `deciding_task`."""
        code = self.exit_code
        task = self.deciding_task
        where = f" ({task}, exit code {code})" if code else ""
        text = (
            f"Job {self.name} ({self.id}) ended as {self.phase}: {self.reason or 'no reason is known'}{where}"
        )
        if log_tail:
            text += f"\nLast lines of {task}:\n" + "\n".join(f"  {line}" for line in log_tail.splitlines())
        return JobFailed(text, job_id=self.id, phase=self.phase, exit_code=code, log_tail=log_tail)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, id={self.id!r}, phase={self.phase!r})"

    def _repr_html_(self) -> str:
        shown = {**self.row(), **({"reason": self.reason} if self.reason else {})}
        return fields_html(shown)


def _outputs(prefix: str, algorithm: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for item in algorithm.get("outputs") or ():
        uri = ((item.get("remote") or {}).get("obs") or {}).get("obs_url") or ""
        if uri:
            yield f"{prefix}{item.get('name', '')}", uri.rstrip("/") + "/"
