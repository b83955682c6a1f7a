"""A job as an object, and all of them as a collection: for asyncio. `jobs` says what each method does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from trainwright.client.errors import ApiError, ClientError, WaitTimeout
from trainwright.client.job_body import is_local_folder
from trainwright.client.pacing import Deadline
from trainwright.client.sdk import creation, search
from trainwright.client.sdk.facts import JobFacts
from trainwright.client.sdk.lines import LineCutter
from trainwright.client.sdk.listing import AsyncListing
from trainwright.client.sdk.metrics import collect
from trainwright.client.sdk.outputs import AsyncOutputs
from trainwright.client.sdk.progress import bytes_to, updates_to
from trainwright.client.storage import CODE_BUCKET
from trainwright.client.streams import Patience
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime
    from typing import Unpack

    from trainwright.client.asynchronous import AsyncClient
    from trainwright.client.sdk.metrics import Metrics
    from trainwright.client.sdk.progress import Told
    from trainwright.client.storage import AsyncStorage
    from trainwright.client.streams import JobUpdate
    from trainwright.wire.checkpoints import CheckpointItem
    from trainwright.wire.job_answers import JobResponse
    from trainwright.wire.job_search import JobSearch
    from trainwright.wire.watch import EventItem, MetricsResponse, TaskItem
else:
    asyncio = deferred("asyncio")

_TAIL_LINES = 20


class AsyncJob(JobFacts):
    """One job. Attributes show what was last heard of it; `refresh` asks again.

    >>> job = await platform.jobs.create(name="mnist", code_dir="./code", boot_file="train.py", engine="…", flavor="…")
    >>> (await job.wait(progress=True)).phase
    'Completed'
    >>> await job.outputs.download("results")
    """

    def __init__(self, client: AsyncClient, storage: AsyncStorage, answer: JobResponse) -> None:
        super().__init__(answer)
        self._client = client
        self._storage = storage

    async def refresh(self) -> Self:
        """Ask the server again.

        Raises:
            ApiError: the job is no longer there.
        """
        self.answer = await self._client.show_job(self.id)
        return self

    async def wait(
        self, timeout: float | None = None, *, raise_on_failure: bool = False, progress: Told = False
    ) -> Self:
        """Return once the job has ended, whatever its result; survives restarts of the server.

        `timeout` is in seconds. `progress=True` shows phases and events, on stderr or in the notebook's cell; a
        function is called with each of them instead.

        >>> await job.wait(timeout=3600, raise_on_failure=True)

        Raises:
            JobFailed: with `raise_on_failure`, it ended otherwise than Completed.
            WaitTimeout: it has not ended in time. It goes on.
            ApiError: it was deleted meanwhile.
        """
        tell = updates_to(progress, self.name)
        deadline = Deadline(timeout)
        if not self.is_ended:
            async for update in self._client.follow_events(self.id, timeout_s=timeout):
                tell(update)
            await self._refresh_patiently(deadline)
        if not self.is_ended and timeout is not None and deadline.has_passed:
            raise WaitTimeout(self.id, self.phase, timeout)
        if raise_on_failure and not self.is_completed:
            raise self.failure(await self._log_tail())
        return self

    def updates(self) -> AsyncIterator[JobUpdate]:
        """Events and changes of phase as they happen, from the beginning until the job has ended."""
        return self._client.follow_events(self.id)

    async def events(
        self, *, level: str | None = None, pattern: str | None = None
    ) -> AsyncIterator[EventItem]:
        """The events so far, oldest first: all, those of a level, or those whose message matches `pattern`."""
        offset = 0
        while True:
            page = await self._client.list_events(
                self.id, offset=offset, limit=100, order="asc", level=level, pattern=pattern
            )
            for event in page.events:
                yield event
            offset += len(page.events)
            if not page.events or offset >= page.total:
                return

    def logs(
        self, task: str = "", *, follow: bool = False, attempt: int | None = None
    ) -> AsyncIterator[bytes]:
        """The log of a task (the first one by default) as bytes, in pieces of any size: of the latest or the given
        attempt; with `follow` until that has ended.

        >>> async for piece in job.logs(follow=True):
        ...     sys.stdout.buffer.write(piece)

        Raises:
            ApiError: there is no such task, or without `follow` it has written nothing yet.
        """
        task = task or self.first_task
        if follow:
            return self._client.follow_log(self.id, task, attempt=attempt)
        return self._client.read_log(self.id, task, attempt=attempt)

    async def log_lines(
        self, task: str = "", *, follow: bool = False, attempt: int | None = None
    ) -> AsyncIterator[str]:
        """The same as lines of text, without their ends."""
        cutter = LineCutter()
        async for piece in self.logs(task, follow=follow, attempt=attempt):
            for line in cutter.feed(piece):
                yield line
        for line in cutter.end():
            yield line

    async def tasks(self, *, attempt: int | None = None) -> list[TaskItem]:
        """The tasks of the latest or the given attempt, with state, host and exit code."""
        return await self._client.list_tasks(self.id, attempt=attempt)

    async def metrics(
        self,
        names: str | Sequence[str] = (),
        *,
        task: str | None = None,
        attempt: int | None = None,
        max_points: int = 0,
    ) -> Metrics:
        """What it reported of its training so far: of all names and tasks or of those given, of the latest or the given
        attempt (0: of all). `max_points` thins long series to what looks the same when drawn; 0 gives every point.

        >>> loss = (await job.metrics("loss"))["loss"]
        >>> loss.steps, loss.values  # arrays
        >>> (await job.metrics()).to_dataframe()
        """
        wanted = [names] if isinstance(names, str) else list(names)
        plan = collect(wanted, task, attempt, max_points)
        query = next(plan)
        while True:
            try:
                query = plan.send(await self._client.show_training_metrics(self.id, **query))
            except StopIteration as end:
                found: Metrics = end.value
                return found

    async def usage(self, task: str = "") -> MetricsResponse:
        """How a task used its node: means per minute of processors, memory, accelerators."""
        return await self._client.show_metrics(self.id, task or self.first_task)

    @property
    def outputs(self) -> AsyncOutputs:
        """What it wrote to the object store, by the names of its outputs."""
        return AsyncOutputs(self._storage, self.output_uris())

    async def checkpoints(self, output: str = "") -> AsyncIterator[CheckpointItem]:
        """What looks like a checkpoint in its outputs or in one of them, newest first, each checked."""
        offset = 0
        while True:
            page = await self._client.list_checkpoints(self.id, output=output, offset=offset, limit=50)
            for item in page.items:
                yield item
            offset += len(page.items)
            if not page.items or offset >= page.total:
                return

    async def tags(self) -> dict[str, str]:
        """Its tags."""
        return {item.key: item.value for item in (await self._client.list_job_tags(self.id)).tags}

    async def add_tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Add tags, or replace the values of those it has; all it has then."""
        return {item.key: item.value for item in (await self._client.put_job_tags(self.id, tags)).tags}

    async def remove_tags(self, *keys: str) -> None:
        """Remove tags by key. One that is not there is no error."""
        await self._client.remove_job_tags(self.id, list(keys))

    async def update(self, *, description: str | None = None, priority: int | None = None) -> Self:
        """Change the description (an empty one removes it), and the priority of a job that waits: 1 to 3, 3 is first.

        Raises:
            ApiError: it does not wait any more, so that its priority means nothing.
        """
        if description is not None:
            await self._client.describe_job(self.id, description)
        if priority is not None:
            await self._client.prioritize_job(self.id, priority)
        return await self.refresh()

    async def rebuild(self, name: str = "") -> AsyncJob:
        """Create another job from the same request; without `name` under one that the server finds free."""
        body = await self._client.job_request(self.id)
        if name:
            body["metadata"]["name"] = name
        return AsyncJob(self._client, self._storage, await self._client.create_job(body))

    async def stop(self) -> Self:
        """Ask it to stop; `wait` for the end.

        Raises:
            ApiError: it has ended already.
        """
        self.answer = await self._client.stop_job(self.id)
        return self

    async def delete(self) -> None:
        """Delete it with its events and logs; what it wrote to the object store stays.

        Raises:
            ApiError: it has not ended yet.
        """
        await self._client.delete_job(self.id)

    async def _refresh_patiently(self, deadline: Deadline) -> None:
        """Ask again, also of a server that is just being started; once `deadline` has passed, what is known will do."""
        patience = Patience()
        while True:
            try:
                await self.refresh()
            except ClientError as exc:
                pause_s = patience.pause_s(exc)
                if deadline.has_passed:
                    return
                await asyncio.sleep(deadline.within(pause_s))
            else:
                return

    async def _log_tail(self) -> str:
        try:
            page = await self._client.read_log_lines(
                self.id, self.deciding_task, lines=_TAIL_LINES, order="desc"
            )
        except ApiError:
            return ""  # it never wrote anything
        return "\n".join(reversed(page.content.splitlines()))


class AsyncJobs:
    """All jobs of the project; `async for` gives them, newest first."""

    def __init__(self, client: AsyncClient, storage: AsyncStorage) -> None:
        self._client = client
        self._storage = storage

    @creation.shows_fields
    async def create(
        self,
        *,
        name: str,
        code_dir: str | Path = "",
        bucket: str = CODE_BUCKET,
        idempotency_key: str | None = None,
        progress: bool = False,
        **fields: Unpack[creation.JobFields],
    ) -> AsyncJob:
        r"""Create a job. A `code_dir` on this machine is uploaded to `bucket` first, with `progress` under the user's
        eyes; other fields as in `JobDraft`. A lost answer does no harm: the request is sent again and makes one job.

        `idempotency_key`: a key of your own; the same fields sent with it later, from wherever, give that job again.

        >>> await platform.jobs.create(
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
            code = await self._storage.upload_code(
                code_dir, bucket=bucket, progress=bytes_to(progress, "code")
            )
        body = creation.body_of(name, code, fields)
        return await self.create_from(body, idempotency_key=idempotency_key)

    async def create_from(
        self, body: Mapping[str, object], *, idempotency_key: str | None = None
    ) -> AsyncJob:
        """Create a job from a REST body."""
        return self._job(await self._client.create_job(body, idempotency_key=idempotency_key))

    async def get(self, job_id: str) -> AsyncJob:
        """The job with this id.

        Raises:
            ApiError: there is none.
        """
        return self._job(await self._client.show_job(job_id))

    async def find(self, name: str) -> AsyncJob | None:
        """The newest job with exactly this name; None when there is none."""
        return await self._listing(search.search_for(exact_name=name)).first()

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
    ) -> AsyncListing[AsyncJob]:
        """Jobs, newest first, that fulfil all of what is given: their name contains `name`, their phase is one of
        `phases`, `user` (by name) created them, they are in that workspace, pool or experiment, were made of that
        algorithm, between those times, and have the tags (an empty value: any).

        `sort_by`: create_time, name, duration, phase or start_time; `order`: asc or desc.

        >>> async for job in platform.jobs.list(phases=["Failed"], tags={"team": "vision"}):
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

    def __aiter__(self) -> AsyncIterator[AsyncJob]:
        return aiter(self.list())

    def __repr__(self) -> str:
        return "<Jobs: .create(…), .list(…), .get(id), .find(name)>"

    def _listing(self, wanted: JobSearch) -> AsyncListing[AsyncJob]:
        return AsyncListing(lambda: self._read(wanted))

    async def _read(self, wanted: JobSearch) -> AsyncIterator[AsyncJob]:
        offset, known = 0, set[str]()
        while True:
            page = await self._client.search_jobs(wanted.model_copy(update={"offset": offset}))
            for item in page.items:
                if item.metadata.id not in known:  # new jobs move the others to the next page
                    known.add(item.metadata.id)
                    yield self._job(item)
            offset += len(page.items)
            if not page.items or offset >= page.count:
                return

    def _job(self, answer: JobResponse) -> AsyncJob:
        return AsyncJob(self._client, self._storage, answer)
