"""Both clients' part for logs by lines: pages, search, errors, all tasks merged in time, all logs as an archive."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trainwright.client.connection import AsyncConnection, SyncConnection
from trainwright.client.errors import ClientError
from trainwright.client.methods import async_call, call
from trainwright.client.operations import log_views
from trainwright.client.streams import MergedLogCursor, Patience
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Iterator, Sequence

    from trainwright.wire.log_views import MergedLogPage
else:
    asyncio = deferred("asyncio")


class LogViewsClient(SyncConnection):
    """Logs by lines."""

    list_log_lines = call(log_views.build_list_log_lines)
    search_log = call(log_views.build_search_log)
    show_log_errors = call(log_views.build_show_log_errors)
    list_merged_log_lines = call(log_views.build_list_merged_log_lines)

    def follow_merged_log(
        self, job_id: str, *, tasks: Sequence[str] = (), after: str = "", attempt: int | None = None
    ) -> Iterator[MergedLogPage]:
        """Pages of lines of all tasks, or of those named, as they come, behind `after` of a page or behind the newest
        line, until all tasks have ended. Goes on after cuts and restarts of the server; each line comes once.
        """
        cursor, patience = MergedLogCursor(after), Patience()
        while not cursor.ended:
            request = log_views.build_stream_merged_log(
                self.access.project_id, job_id, tasks=tasks, after=cursor.after, attempt=attempt
            )
            try:
                with self.stream(request) as response:
                    cursor.opened()
                    for piece in response.iter_bytes():
                        patience.progress()
                        yield from cursor.feed(piece)
                cursor.check_end()
            except ClientError as exc:
                time.sleep(patience.pause_s(exc))

    def read_logs_archive(
        self, job_id: str, *, tasks: Sequence[str] = (), attempt: int | None = None
    ) -> Iterator[bytes]:
        """The logs of all tasks, or of those named, as a zip archive, in pieces."""
        request = log_views.build_read_logs_archive(
            self.access.project_id, job_id, tasks=tasks, attempt=attempt
        )
        with self.stream(request) as response:
            yield from response.iter_bytes()


class AsyncLogViewsClient(AsyncConnection):
    """Logs by lines."""

    list_log_lines = async_call(log_views.build_list_log_lines)
    search_log = async_call(log_views.build_search_log)
    show_log_errors = async_call(log_views.build_show_log_errors)
    list_merged_log_lines = async_call(log_views.build_list_merged_log_lines)

    async def follow_merged_log(
        self, job_id: str, *, tasks: Sequence[str] = (), after: str = "", attempt: int | None = None
    ) -> AsyncIterator[MergedLogPage]:
        """Pages of lines of all tasks, or of those named, as they come, behind `after` of a page or behind the newest
        line, until all tasks have ended. Goes on after cuts and restarts of the server; each line comes once.
        """
        cursor, patience = MergedLogCursor(after), Patience()
        while not cursor.ended:
            request = log_views.build_stream_merged_log(
                self.access.project_id, job_id, tasks=tasks, after=cursor.after, attempt=attempt
            )
            try:
                async with self.stream(request) as response:
                    cursor.opened()
                    async for piece in response.aiter_bytes():
                        patience.progress()
                        for page in cursor.feed(piece):
                            yield page
                cursor.check_end()
            except ClientError as exc:
                await asyncio.sleep(patience.pause_s(exc))

    async def read_logs_archive(
        self, job_id: str, *, tasks: Sequence[str] = (), attempt: int | None = None
    ) -> AsyncIterator[bytes]:
        """The logs of all tasks, or of those named, as a zip archive, in pieces."""
        request = log_views.build_read_logs_archive(
            self.access.project_id, job_id, tasks=tasks, attempt=attempt
        )
        async with self.stream(request) as response:
            async for piece in response.aiter_bytes():
                yield piece
