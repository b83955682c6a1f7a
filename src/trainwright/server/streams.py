"""Live streams: a job's events as server-sent events, a task's log as raw bytes.

Both read the truth again after every hint, send no faster than their reader takes it, and keep one piece in memory.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from trainwright.domain.errors import JobNotFound, NoCredentials, Unavailable
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.server.broadcast import Watch
from trainwright.services import events, logs
from trainwright.services.context import Services

HEARTBEAT_S = 15.0
CREDENTIALS_S = 5.0  # how often it is asked whether the reader is still who they were
LOOK_AGAIN_S = 2.0  # hints may be lost; the state is looked at again after this long
PIECE_BYTES = 256 << 10


def events_topic(job_id: str) -> tuple[str, str]:
    """What a job's events are watched under."""
    return ("events", job_id)


def log_topic(attempt_key: str, task: str) -> tuple[str, str, str]:
    """What a task's log is watched under."""
    return ("log", attempt_key, task)


class Stream(Response):
    """Sends `pieces` while `watch` is registered; ends at once, and closes `pieces`, when the reader leaves. Ends, too,
    when the reader's credentials are gone or stand for something else: whoever still may, asks again.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        watch: Watch,
        *,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        self._pieces = pieces
        self._watch = watch
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **headers})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it.

        Raises:
            TooManyFollowers: before anything was sent.
        """
        with self._watch:
            async with anyio.create_task_group() as group:
                group.start_soon(_cancel_when_gone, receive, group.cancel_scope)
                group.start_soon(_close_when_not_theirs, scope["state"], self._watch)
                async with aclosing(self._pieces) as pieces:
                    await self._send(send, pieces)
                group.cancel_scope.cancel()

    async def _send(self, send: Send, pieces: AsyncIterator[bytes]) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in pieces:
            if self._watch.is_closed:
                break
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _cancel_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _close_when_not_theirs(state: Mapping[str, Any], watch: Watch) -> None:
    identify, who = state.get("identify"), state.get("principal")
    if identify is None:  # a share link, which is its own permission
        return
    while not watch.is_closed:
        await anyio.sleep(CREDENTIALS_S)
        try:
            if await identify() != who:
                watch.close()
        except NoCredentials:
            watch.close()
        except Unavailable:
            continue  # nothing is known: it is asked again


async def follow_events(
    ctx: Services, who: Principal, job_id: str, watch: Watch, *, after_seq: int, language: Language
) -> AsyncGenerator[bytes, None]:
    """Events after `after_seq` and every change of phase; ends after the end phase or when the job is deleted."""
    shown = ""
    yield b": connected\n\n"
    while not watch.is_closed:
        watch.take()
        try:
            tail = await events.tail(ctx, who, job_id, after_seq, language)
        except JobNotFound:
            return
        for event in tail.events:
            yield sse("event", event.model_dump_json(), event_id=event.seq)
            after_seq = event.seq
        if tail.phase.phase != shown:
            shown = tail.phase.phase
            yield sse("phase", tail.phase.model_dump_json())
        if tail.ended:
            return
        if not tail.events and not await watch.wait(HEARTBEAT_S):
            yield b": still here\n\n"


def sse(kind: str, data: str, *, event_id: int | str | None = None) -> bytes:
    """One server-sent event. `data` must be one line, as JSON is."""
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()


async def follow_log(
    ctx: Services,
    look: Callable[[], Awaitable[logs.LogView]],
    view: logs.LogView,
    watch: Watch,
    *,
    offset: int,
) -> AsyncGenerator[bytes, None]:
    """The bytes of `view` from `offset` on, until its task has ended and all of them are sent.

    `look` gives the view as it stands; when it turns to a new attempt, what there is of this one is all there will be.
    `watch` covers the job's events. Ends when the job is deleted.
    """
    sent, over, check = offset, False, True
    while not watch.is_closed:
        topic = log_topic(view.attempt_key, view.task)
        watch.extend(topic)
        if watch.take() - {topic} or check:
            try:
                seen = await look()
            except JobNotFound:
                return
            over = seen.complete or seen.attempt_key != view.attempt_key
        # `over` was learnt before this read: what is complete is read to its end
        while piece := await ctx.blocking(ctx.logs.read, view.attempt_key, view.task, sent, PIECE_BYTES):
            yield piece
            sent += len(piece)
        if over:
            return
        check = not await watch.wait(LOOK_AGAIN_S)


async def log_range(ctx: Services, view: logs.LogView, start: int, end: int) -> AsyncGenerator[bytes, None]:
    """The bytes of `view` from `start` up to `end`."""
    while start < end:
        piece = await ctx.blocking(
            ctx.logs.read, view.attempt_key, view.task, start, min(PIECE_BYTES, end - start)
        )
        if not piece:
            return  # deleted meanwhile: the answer ends short of its length, which its reader notices
        yield piece
        start += len(piece)


def content_disposition(file_name: str) -> str:
    """Header value that makes a browser save the answer as `file_name`."""
    return f"attachment; filename={json.dumps(file_name)}"
