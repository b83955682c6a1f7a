"""A job as an object, and all of them as a collection: blocking."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from trainwright.client.errors import ApiError, ClientError, WaitTimeout
from trainwright.client.job_body import is_local_folder
from trainwright.client.pacing import Deadline
from trainwright.client.sdk import creation, search
from trainwright.client.sdk.facts import JobFacts
from trainwright.client.sdk.lines import LineCutter
from trainwright.client.sdk.listing import Listing
from trainwright.client.sdk.metrics import collect
from trainwright.client.sdk.outputs import Outputs
from trainwright.client.sdk.progress import bytes_to, updates_to
from trainwright.client.storage import CODE_BUCKET
from trainwright.client.streams import Patience

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Unpack

    from trainwright.client.blocking import Client
    from trainwright.client.sdk.metrics import Metrics
    from trainwright.client.sdk.progress import Told
    from trainwright.client.storage import Storage
    from trainwright.client.streams import JobUpdate
    from trainwright.wire.checkpoints import CheckpointItem
    from trainwright.wire.job_answers import JobResponse
    from trainwright.wire.job_search import JobSearch
    from trainwright.wire.watch import EventItem, MetricsResponse, TaskItem

_TAIL_LINES = 20


class Job(JobFacts):
    """One job. Attributes show what was last heard of it; `refresh` asks again.

    >>> job = platform.jobs.create(name="mnist", code_dir="./code", boot_file="train.py", engine="…", flavor="…")
    >>> job.wait(progress=True).phase
    'Completed'
    >>> job.outputs.download("results")
    """

    def __init__(self, client: Client, storage: Storage, answer: JobResponse) -> None:
        super().__init__(answer)
        self._client = client
        self._storage = storage

    def refresh(self) -> Self:
        """Ask the server again.

        Raises:
            ApiError: the job is no longer there.
        """
        self.answer = self._client.show_job(self.id)
        return self

    def wait(
        self, timeout: float | None = None, *, raise_on_failure: bool = False, progress: Told = False
    ) -> Self:
        """Return once the job has ended, whatever its result; survives restarts of the server.

        `timeout` is in seconds. `progress=True` shows phases and events, on stderr or in the notebook's cell; a
        function is called with each of them instead.

        >>> job.wait(timeout=3600, raise_on_failure=True)

        Raises:
            JobFailed: with `raise_on_failure`, it ended otherwise than Completed.
            WaitTimeout: it has not ended in time. It goes on.
            ApiError: it was deleted meanwhile.
        """
        tell = updates_to(progress, self.name)
        deadline = Deadline(timeout)
        if not self.is_ended:
            for update in self._client.follow_events(self.id, timeout_s=timeout):
                tell(update)
            self._refresh_patiently(deadline)
        if not self.is_ended and timeout is not None and deadline.has_passed:
            raise WaitTimeout(self.id, self.phase, timeout)
        if raise_on_failure and not self.is_completed:
            raise self.failure(self._log_tail())
        return self

    def updates(self) -> Iterator[JobUpdate]:
        """Events and changes of phase as they happen, from the beginning until the job has ended."""
        return self._client.follow_events(self.id)

    def events(self, *, level: str | None = None, pattern: str | None = None) -> Iterator[EventItem]:
        """The events so far, oldest first: all, those of a level, or those whose message matches `pattern`."""
        offset = 0
        while True:
            page = self._client.list_events(
                self.id, offset=offset, limit=100, order="asc", level=level, pattern=pattern
            )
            yield from page.events
            offset += len(page.events)
            if not page.events or offset >= page.total:
                return

    def logs(self, task: str = "", *, follow: bool = False, attempt: int | None = None) -> Iterator[bytes]:
        """The log of a task (the first one by default) as bytes, in pieces of any size: of the latest or the given
        attempt; with `follow` until that has ended.

        >>> for piece in job.logs(follow=True):
        ...     sys.stdout.buffer.write(piece)

        Raises:
            ApiError: there is no such task, or without `follow` it has written nothing yet.
        """
        task = task or self.first_task
        if follow:
            return self._client.follow_log(self.id, task, attempt=attempt)
        return self._client.read_log(self.id, task, attempt=attempt)

    def log_lines(self, task: str = "", *, follow: bool = False, attempt: int | None = None) -> Iterator[str]:
        """The same as lines of text, without their ends."""
        cutter = LineCutter()
        for piece in self.logs(task, follow=follow, attempt=attempt):
            yield from cutter.feed(piece)
        yield from cutter.end()

    def tasks(self, *, attempt: int | None = None) -> list[TaskItem]:
        """The tasks of the latest or the given attempt, with state, host and exit code."""
        return self._client.list_tasks(self.id, attempt=attempt)

    def metrics(
        self,
        names: str | Sequence[str] = (),
        *,
        task: str | None = None,
        attempt: int | None = None,
        max_points: int = 0,
    ) -> Metrics:
        """What it reported of its training so far: of all names and tasks or of those given, of the latest or the given
        attempt (0: of all). `max_points` thins long series to what looks the same when drawn; 0 gives every point.

        >>> loss = job.metrics("loss")["loss"]
        >>> loss.steps, loss.values  # arrays
        >>> job.metrics().to_dataframe()
        """
        wanted = [names] if isinstance(names, str) else list(names)
        plan = collect(wanted, task, attempt, max_points)
        query = next(plan)
        while True:
            try:
                query = plan.send(self._client.show_training_metrics(self.id, **query))
            except StopIteration as end:
                found: Metrics = end.value
                return found

    def usage(self, task: str = "") -> MetricsResponse:
        """How a task used its node: means per minute of processors, memory, accelerators."""
        return self._client.show_metrics(self.id, task or self.first_task)

    @property
    def outputs(self) -> Outputs:
        """What it wrote to the object store, by the names of its outputs."""
        return Outputs(self._storage, self.output_uris())

    def checkpoints(self, output: str = "") -> Iterator[CheckpointItem]:
        """What looks like a checkpoint in its outputs or in one of them, newest first, each checked."""
        offset = 0
        while True:
            page = self._client.list_checkpoints(self.id, output=output, offset=offset, limit=50)
            yield from page.items
            offset += len(page.items)
            if not page.items or offset >= page.total:
                return

    def tags(self) -> dict[str, str]:
        """Its tags."""
        return {item.key: item.value for item in self._client.list_job_tags(self.id).tags}

    def add_tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Add tags, or replace the values of those it has; all it has then."""
        return {item.key: item.value for item in self._client.put_job_tags(self.id, tags).tags}

    def remove_tags(self, *keys: str) -> None:
        """Remove tags by key. One that is not there is no error."""
        self._client.remove_job_tags(self.id, list(keys))

    def update(self, *, description: str | None = None, priority: int | None = None) -> Self:
        """Change the description (an empty one removes it), and the priority of a job that waits: 1 to 3, 3 is first.

        Raises:
            ApiError: it does not wait any more, so that its priority means nothing.
        """
        if description is not None:
            self._client.describe_job(self.id, description)
        if priority is not None:
            self._client.prioritize_job(self.id, priority)
        return self.refresh()

    def rebuild(self, name: str = "") -> Job:
        """Create another job from the same request; without `name` under one that the server finds free."""
        body = self._client.job_request(self.id)
        if name:
            body["metadata"]["name"] = name
        return Job(self._client, self._storage, self._client.create_job(body))

    def stop(self) -> Self:
        """Ask it to stop; `wait` for the end.

        Raises:
            ApiError: it has ended already.
        """
        self.answer = self._client.stop_job(self.id)
        return self

    def delete(self) -> None:
        """Delete it with its events and logs; what it wrote to the object store stays.

        Raises:
            ApiError: it has not ended yet.
        """
        self._client.delete_job(self.id)

    def _refresh_patiently(self, deadline: Deadline) -> None:
        """Ask again, also of a server that is just being started; once `deadline` has passed, what is known will do."""
        patience = Patience()
        while True:
            try:
                self.refresh()
            except ClientError as exc:
                pause_s = patience.pause_s(exc)
                if deadline.has_passed:
                    return
                time.sleep(deadline.within(pause_s))
            else:
                return

    def _log_tail(self) -> str:
        try:
            newest_first = self._client.read_log_lines(
                self.id, self.deciding_task, lines=_TAIL_LINES, order="desc"
            ).content
        except ApiError:
            return ""  # it never wrote anything
        return "\n".join(reversed(newest_first.splitlines()))


class Jobs:
    """All jobs of the project; iterating gives them, newest first."""

    def __init__(self, client: Client, storage: Storage) -> None:
        self._client = client
        self._storage = storage

    @creation.shows_fields
    def create(
        self,
        *,
        name: str,
        code_dir: str | Path = "",
        bucket: str = CODE_BUCKET,
        idempotency_key: str | None = None,
        progress: bool = False,
        **fields: Unpack[creation.JobFields],
    ) -> Job:
        r"""Create a job. A `code_dir` on this machine is uploaded to `bucket` first, with `progress` under the user's
        eyes; other fields as in `JobDraft`. A lost answer does no harm: the request is sent again and makes one job.

        `idempotency_key`: a key of your own; the same fields sent with it later, from wherever, give that job again.

        >>> platform.jobs.create(
        ...     name="mnist", code_dir="./code", boot_file="train.py", engine="pytorch_2", flavor="cpu.4",
        ...     inputs={"data_url": "obs://bucket/data/"}, outputs={"train_url": "obs://bucket/out/"},
        ...     parameters={"epochs": 10}, metrics={"loss": r"loss=(\S+)"},
        ... )

        Raises:
            ValueError: `prefetch` names no output, or `auto_stop` is no duration.
            TransferError: the code folder is missing or empty.
            ApiError, ConnectionFailed: the server refused, or did not answer.
        """
        code = str(code_dir)
        if isinstance(code_dir, Path) or is_local_folder(code):
            code = self._storage.upload_code(code_dir, bucket=bucket, progress=bytes_to(progress, "code"))
        body = creation.body_of(name, code, fields)
        return self.create_from(body, idempotency_key=idempotency_key)

    def create_from(self, body: Mapping[str, object], *, idempotency_key: str | None = None) -> Job:
        """Create a job from a REST body."""
        return self._job(self._client.create_job(body, idempotency_key=idempotency_key))

    def get(self, job_id: str) -> Job:
        """The job with this id.

        Raises:
            ApiError: there is none.
        """
        return self._job(self._client.show_job(job_id))

    def find(self, name: str) -> Job | None:
        """The newest job with exactly this name; None when there is none."""
        return self._listing(search.search_for(exact_name=name)).first()

    def list(
        self,
        *,
        name: str = "",
        phases: Sequence[str] = (),
        user: str = "",
        workspace: str = "",
        pool: str = "",
        experiment_id: str = "",
        algorithm_id: str = "",
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        tags: Mapping[str, str] | None = None,
        sort_by: str = "",
        order: str = "",
    ) -> Listing[Job]:
        """Jobs, newest first, that fulfil all of what is given: their name contains `name`, their phase is one of
        `phases`, `user` (by name) created them, they are in that workspace, pool or experiment, were made of that
        algorithm, between those times, and have the tags (an empty value: any).

        `sort_by`: create_time, name, duration, phase or start_time; `order`: asc or desc.

        >>> for job in platform.jobs.list(phases=["Failed"], tags={"team": "vision"}):
        ...     print(job.name, job.reason)
        """
        return self._listing(
            search.search_for(
                name=name,
                phases=phases,
                user=user,
                workspace=workspace,
                pool=pool,
                experiment_id=experiment_id,
                algorithm_id=algorithm_id,
                created_after=created_after,
                created_before=created_before,
                tags=tags,
                sort_by=sort_by,
                order=order,
            )
        )

    def __iter__(self) -> Iterator[Job]:
        return iter(self.list())

    def __repr__(self) -> str:
        return "<Jobs: .create(…), .list(…), .get(id), .find(name)>"

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def _listing(self, wanted: JobSearch) -> Listing[Job]:
        return Listing(lambda: self._read(wanted))

    def _read(self, wanted: JobSearch) -> Iterator[Job]:
        offset, known = 0, set[str]()
        while True:
            page = self._client.search_jobs(wanted.model_copy(update={"offset": offset}))
            for item in page.items:
                if item.metadata.id not in known:  # new jobs move the others to the next page
                    known.add(item.metadata.id)
                    yield self._job(item)
            offset += len(page.items)
            if not page.items or offset >= page.count:
                return

    def _job(self, answer: JobResponse) -> Job:
        return Job(self._client, self._storage, answer)
