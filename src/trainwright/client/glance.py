"""Both clients' part for what is seen of many things at once: overview, room in pools, changes of jobs, folders."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trainwright.client.changes import ChangeCursor, JobChange
from trainwright.client.connection import STREAM_TIMEOUT_S, AsyncConnection, SyncConnection
from trainwright.client.errors import ClientError
from trainwright.client.methods import async_call, call
from trainwright.client.operations import glance, object_folders
from trainwright.client.pacing import Deadline
from trainwright.client.streams import Patience
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Iterator
else:
    asyncio = deferred("asyncio")


class GlanceClient(SyncConnection):
    """Overview, room in pools, changes of jobs, folders of the object store."""

    show_overview = call(glance.build_show_overview)
    show_pool_room = call(glance.build_show_pool_room)

    show_folder_usage = call(object_folders.build_show_folder_usage)
    show_folder_use = call(object_folders.build_show_folder_use)
    delete_objects = call(object_folders.build_delete_objects)
    copy_objects = call(object_folders.build_copy_objects)

    def follow_job_changes(self, *, after: str = "", timeout_s: float | None = None) -> Iterator[JobChange]:
        """Every job of the project that changes, behind the change with the id `after` or from now on; without end, or
        for `timeout_s` seconds. Goes on after cuts and restarts of the server without leaving one out.
        """
        cursor, patience, deadline = ChangeCursor(after), Patience(), Deadline(timeout_s)
        while not deadline.has_passed:
            request = glance.build_stream_job_changes(self.access.project_id, after=cursor.place)
            silence_s = deadline.within(STREAM_TIMEOUT_S)
            try:
                with self.stream(request, silence_s=silence_s) as response:
                    cursor.opened()
                    for piece in response.iter_bytes():
                        patience.progress()
                        yield from cursor.feed(piece)
                        if deadline.has_passed:
                            return
                cursor.ended()
            except ClientError as exc:
                if deadline.has_passed:
                    return
                time.sleep(deadline.within(patience.pause_s(exc)))


class AsyncGlanceClient(AsyncConnection):
    """Overview, room in pools, changes of jobs, folders of the object store."""

    show_overview = async_call(glance.build_show_overview)
    show_pool_room = async_call(glance.build_show_pool_room)

    show_folder_usage = async_call(object_folders.build_show_folder_usage)
    show_folder_use = async_call(object_folders.build_show_folder_use)
    delete_objects = async_call(object_folders.build_delete_objects)
    copy_objects = async_call(object_folders.build_copy_objects)

    async def follow_job_changes(
        self, *, after: str = "", timeout_s: float | None = None
    ) -> AsyncIterator[JobChange]:
        """Every job of the project that changes, behind the change with the id `after` or from now on; without end, or
        for `timeout_s` seconds. Goes on after cuts and restarts of the server without leaving one out.
        """
        cursor, patience, deadline = ChangeCursor(after), Patience(), Deadline(timeout_s)
        while not deadline.has_passed:
            request = glance.build_stream_job_changes(self.access.project_id, after=cursor.place)
            silence_s = deadline.within(STREAM_TIMEOUT_S)
            try:
                async with self.stream(request, silence_s=silence_s) as response:
                    cursor.opened()
                    async for piece in response.aiter_bytes():
                        patience.progress()
                        for change in cursor.feed(piece):
                            yield change
                        if deadline.has_passed:
                            return
                cursor.ended()
            except ClientError as exc:
                if deadline.has_passed:
                    return
                await asyncio.sleep(deadline.within(patience.pause_s(exc)))
