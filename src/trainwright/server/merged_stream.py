"""The logs of a job's tasks followed as one, as server-sent events over one connection."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable

from trainwright.domain.errors import JobNotFound
from trainwright.server.broadcast import Watch
from trainwright.server.streams import HEARTBEAT_S, LOOK_AGAIN_S, log_topic, sse
from trainwright.services.context import Services
from trainwright.services.log_merged import Merged, next_page, place_behind

GATHER_S = 0.1  # what comes meanwhile is sent together, and in better order


async def follow_merged(
    ctx: Services,
    look: Callable[[], Awaitable[Merged]],
    merged: Merged,
    watch: Watch,
    *,
    place: tuple[int, ...],
) -> AsyncGenerator[bytes, None]:
    """`begin`, then pages behind `place` as `lines`, each with its cursor as id, till all tasks have ended: then `end`.

    `look` gives the logs as they stand; when it turns to a new attempt, what there is of this one is all there will be.
    `watch` covers the job's events. Ends when the job is deleted.
    """
    key = merged.views[0].attempt_key
    logs: dict[Hashable, tuple[str, str]] = {
        log_topic(view.attempt_key, view.task): (view.attempt_key, view.task) for view in merged.views
    }
    for topic in logs:
        watch.extend(topic)
    over, check, silent_s = False, True, 0.0
    yield sse("begin", "{}", event_id=merged.cursor_at(place))
    while not watch.is_closed:
        grown = watch.take()
        if check or grown - logs.keys():
            check = False
            try:
                seen = await look()
            except JobNotFound:
                return
            merged = seen if seen.views[0].attempt_key == key else merged.closed()
            over = merged.ended
        # `over` was learnt before this: of what has ended the sizes are final
        keys = frozenset(logs.values() if over else (logs[topic] for topic in grown & logs.keys()))
        merged = await ctx.blocking(merged.grown, ctx, keys)
        page = await ctx.blocking(next_page, ctx, merged, place)
        if page.lines:
            silent_s, place = 0.0, place_behind(page)
            yield sse("lines", page.model_dump_json(exclude_none=True), event_id=page.after)
        if not page.at_end:
            continue
        if over:
            yield sse("end", "{}", event_id=page.after)
            return
        check = not await watch.wait(LOOK_AGAIN_S)
        await asyncio.sleep(GATHER_S)
        silent_s += LOOK_AGAIN_S
        if silent_s >= HEARTBEAT_S:
            silent_s = 0.0
            yield b": still here\n\n"
