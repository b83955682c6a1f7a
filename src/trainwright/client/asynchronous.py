"""The asyncio client: one method per REST operation, each returning the wire model of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainwright.client.beside_jobs import AsyncBesideJobsClient
from trainwright.client.connection import STREAM_TIMEOUT_S
from trainwright.client.errors import ClientError
from trainwright.client.glance import AsyncGlanceClient
from trainwright.client.library import AsyncLibraryClient
from trainwright.client.nodes_asynchronous import AsyncNodesClient
from trainwright.client.pacing import Deadline
from trainwright.client.streams import EventCursor, JobUpdate, LogCursor, Patience, attempt_of
from trainwright.client.tenancy import AsyncTenancyClient
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Mapping

    import httpx

    from trainwright.client.operations import catalogue, jobs, objects, watch
    from trainwright.wire.catalogue import BackendsResponse, EnginesResponse, FlavorsResponse, Health
    from trainwright.wire.job_answers import JobResponse, JobSearchResponse
    from trainwright.wire.job_search import JobSearch
    from trainwright.wire.jobs import JobRequest
    from trainwright.wire.objects import BucketList, ObjectItem, ObjectListing, UploadBegin, UploadItem
    from trainwright.wire.previews import JobPreview
    from trainwright.wire.watch import (
        EventsResponse,
        LogLines,
        LogLink,
        LogPreview,
        MetricsResponse,
        SamplesResponse,
        TaskItem,
    )
else:
    asyncio = deferred("asyncio")
    catalogue = deferred("trainwright.client.operations.catalogue")
    jobs = deferred("trainwright.client.operations.jobs")
    objects = deferred("trainwright.client.operations.objects")
    watch = deferred("trainwright.client.operations.watch")


class AsyncClient(
    AsyncNodesClient, AsyncGlanceClient, AsyncLibraryClient, AsyncBesideJobsClient, AsyncTenancyClient
):
    """Every method raises `ApiError` when the server refuses and `ConnectionFailed` when it does not answer."""

    # -- on offer -----------------------------------------------------------------------------------------------------

    async def show_health(self) -> Health:
        """Whether the server is up, and its version."""
        return await self.send(catalogue.build_show_health())

    async def list_engines(self) -> EnginesResponse:
        """All preset engines."""
        return await self.send(catalogue.build_list_engines(self._project))

    async def list_flavors(self, flavor_type: str | None = None) -> FlavorsResponse:
        """All flavors, or those of one type: CPU, GPU or Ascend."""
        return await self.send(catalogue.build_list_flavors(self._project, flavor_type=flavor_type))

    async def list_backends(self) -> BackendsResponse:
        """The backends, what is free on them, and the launcher in force."""
        return await self.send(catalogue.build_list_backends(self._project))

    # -- jobs ---------------------------------------------------------------------------------------------------------

    async def create_job(
        self, body: JobRequest | Mapping[str, object], *, idempotency_key: str | None = None
    ) -> JobResponse:
        """Create a job. A lost answer does no harm: the request is sent again with its key, and makes one job only.

        `idempotency_key`: a key of your own instead of a random one; the same body sent with it later gives that job.
        """
        request = jobs.build_create_job(self._project, body, idempotency_key=idempotency_key)
        return await self.send(request)

    async def search_jobs(self, search: JobSearch | None = None) -> JobSearchResponse:
        """One page of the jobs that match, newest first by default."""
        return await self.send(jobs.build_search_jobs(self._project, search))

    async def preview_job(self, body: JobRequest | Mapping[str, object]) -> JobPreview:
        """What a job made of this body would run; nothing is created."""
        return await self.send(jobs.build_preview_job(self._project, body))

    async def show_job(self, job_id: str) -> JobResponse:
        """One job."""
        return await self.send(jobs.build_show_job(self._project, job_id))

    async def job_request(self, job_id: str) -> dict[str, Any]:
        """The body to create a job like this one with, under a name that is free."""
        return await self.send(jobs.build_job_request(self._project, job_id))

    async def describe_job(self, job_id: str, description: str) -> None:
        """Change the description; an empty one removes it."""
        await self.send(jobs.build_describe_job(self._project, job_id, description))

    async def prioritize_job(self, job_id: str, priority: int) -> None:
        """Change the priority of a job that waits: 1 to 3, 3 is first."""
        await self.send(jobs.build_prioritize_job(self._project, job_id, priority))

    async def stop_job(self, job_id: str) -> JobResponse:
        """Ask the job to stop. An ended job is refused."""
        return await self.send(jobs.build_stop_job(self._project, job_id))

    async def delete_job(self, job_id: str) -> None:
        """Delete an ended job with its events and logs."""
        await self.send(jobs.build_delete_job(self._project, job_id))

    # -- what happens to a job ----------------------------------------------------------------------------------------

    async def list_tasks(self, job_id: str, *, attempt: int | None = None) -> list[TaskItem]:
        """The tasks of the latest or the given attempt."""
        return await self.send(watch.build_list_tasks(self._project, job_id, attempt=attempt))

    async def list_events(
        self,
        job_id: str,
        *,
        offset: int | None = None,
        limit: int | None = None,
        order: str | None = None,
        level: str | None = None,
        pattern: str | None = None,
    ) -> EventsResponse:
        """One page of events, at most 100."""
        return await self.send(
            watch.build_list_events(
                self._project, job_id, offset=offset, limit=limit, order=order, level=level, pattern=pattern
            )
        )

    async def show_metrics(self, job_id: str, task: str) -> MetricsResponse:
        """Means per minute of one task."""
        return await self.send(watch.build_show_metrics(self._project, job_id, task))

    async def list_samples(self, job_id: str, task: str, *, since_s: int = 0) -> SamplesResponse:
        """The samples as stored that begin at `since_s` (UTC seconds) or later."""
        return await self.send(watch.build_list_samples(self._project, job_id, task, since_s=since_s))

    async def preview_log(self, job_id: str, task: str) -> LogPreview:
        """The newest at most 5 MB of a log."""
        return await self.send(watch.build_preview_log(self._project, job_id, task))

    async def read_log_lines(
        self,
        job_id: str,
        task: str,
        *,
        base_line: str | None = None,
        lines: int | None = None,
        order: str | None = None,
    ) -> LogLines:
        """A page of whole lines, newest first unless `order` is `asc`."""
        return await self.send(
            watch.build_read_log_lines(
                self._project, job_id, task, base_line=base_line, lines=lines, order=order
            )
        )

    async def share_log(self, job_id: str, task: str, *, download: bool = False) -> LogLink:
        """A temporary URL of the log that needs no authentication."""
        return await self.send(watch.build_share_log(self._project, job_id, task, download=download))

    async def read_log(
        self, job_id: str, task: str, *, attempt: int | None = None, start: int = 0
    ) -> AsyncIterator[bytes]:
        """The log of the latest or the given attempt from byte `start` on, in pieces."""
        request = watch.build_read_log(self._project, job_id, task, attempt=attempt, start=start)
        async with self.stream(request) as response:
            async for piece in response.aiter_bytes():
                yield piece

    async def follow_log(
        self, job_id: str, task: str, *, offset: int = 0, attempt: int | None = None
    ) -> AsyncIterator[bytes]:
        """The log's bytes from `offset` on until it is complete: of that attempt, or of the latest when the first bytes
        come. Goes on after cuts and restarts of the server without losing or doubling a byte.
        """
        cursor, patience = LogCursor(offset, attempt), Patience()
        while not cursor.complete:
            request = watch.build_stream_log(
                self._project, job_id, task, offset=cursor.offset, attempt=cursor.attempt
            )
            try:
                async with self.stream(request) as response:
                    cursor.opened(attempt_of(response))
                    async for piece in response.aiter_raw():
                        cursor.took(len(piece))
                        patience.progress()
                        yield piece
                cursor.ended()
            except ClientError as exc:
                await asyncio.sleep(patience.pause_s(exc))

    async def follow_events(
        self, job_id: str, *, last_seq: int = 0, timeout_s: float | None = None
    ) -> AsyncIterator[JobUpdate]:
        """The events behind `last_seq` and all that follow, with the changes of phase, until the job has ended, or for
        `timeout_s` seconds. Goes on after cuts and restarts of the server; each event comes once.
        """
        cursor, patience, deadline = EventCursor(last_seq), Patience(), Deadline(timeout_s)
        while not cursor.ended and not deadline.has_passed:
            request = watch.build_stream_events(self._project, job_id, last_seq=cursor.last_seq)
            silence_s = deadline.within(STREAM_TIMEOUT_S)
            try:
                async with self.stream(request, silence_s=silence_s) as response:
                    cursor.opened()
                    async for piece in response.aiter_bytes():
                        patience.progress()
                        for update in cursor.feed(piece):
                            yield update
                        if deadline.has_passed:
                            return
                cursor.check_end()
            except ClientError as exc:
                if deadline.has_passed:
                    return
                await asyncio.sleep(deadline.within(patience.pause_s(exc)))

    # -- objects ------------------------------------------------------------------------------------------------------

    async def list_buckets(self) -> BucketList:
        """All buckets."""
        return await self.send(objects.build_list_buckets(self._project))

    async def create_bucket(self, bucket: str) -> None:
        """Create a bucket; refused when it exists."""
        await self.send(objects.build_create_bucket(self._project, bucket))

    async def delete_bucket(self, bucket: str) -> None:
        """Delete an empty bucket."""
        await self.send(objects.build_delete_bucket(self._project, bucket))

    async def list_objects(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: bool = False,
        after: str = "",
        limit: int | None = None,
    ) -> ObjectListing:
        """One page of objects by key; with `delimiter` folders are folded into `prefixes`."""
        return await self.send(
            objects.build_list_objects(
                self._project, bucket, prefix=prefix, delimiter=delimiter, after=after, limit=limit
            )
        )

    async def iter_objects(self, bucket: str, *, prefix: str = "") -> AsyncIterator[ObjectItem]:
        """All objects under `prefix`, by key."""
        after = ""
        while True:
            page = await self.list_objects(bucket, prefix=prefix, after=after)
            for item in page.objects:
                yield item
            after = page.next_after
            if not after:
                return

    async def head_object(self, bucket: str, key: str) -> httpx.Headers:
        """The object's headers."""
        return await self.send(objects.build_head_object(self._project, bucket, key))

    async def read_object(self, bucket: str, key: str, *, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from `start` up to but without `end`, in memory."""
        return await self.send(objects.build_read_object(self._project, bucket, key, start=start, end=end))

    async def write_object(self, bucket: str, key: str, content: bytes) -> None:
        """Store an object, replacing what is there."""
        await self.send(objects.build_write_object(self._project, bucket, key, content))

    async def delete_object(self, bucket: str, key: str) -> None:
        """Delete one object. Missing is success."""
        await self.send(objects.build_delete_object(self._project, bucket, key))

    async def begin_upload(self, bucket: str, begin: UploadBegin) -> UploadItem:
        """Begin a resumable upload, or find the unfinished one of the same file."""
        return await self.send(objects.build_begin_upload(self._project, bucket, begin))

    async def show_upload(self, bucket: str, upload_id: str) -> UploadItem:
        """An unfinished upload and its stored parts."""
        return await self.send(objects.build_show_upload(self._project, bucket, upload_id))

    async def write_part(self, bucket: str, upload_id: str, number: int, content: bytes) -> None:
        """Store one part, counted from 1."""
        await self.send(objects.build_write_part(self._project, bucket, upload_id, number, content))

    async def complete_upload(self, bucket: str, upload_id: str) -> None:
        """Put the parts together."""
        await self.send(objects.build_complete_upload(self._project, bucket, upload_id))

    async def abort_upload(self, bucket: str, upload_id: str) -> None:
        """Drop an unfinished upload."""
        await self.send(objects.build_abort_upload(self._project, bucket, upload_id))
