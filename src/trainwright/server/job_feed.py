"""A project's changes as server-sent events, for many followers at little cost (ADR 0037).

Where the log of changes ends is asked once for all followers; only when it has moved do they read, each in its own
scope. What this process commits is heard of at once; what others commit is seen at the next look.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from trainwright.domain.errors import ActionDenied, NoCredentials, WrongProject
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.ports.job_changes import Position
from trainwright.server.broadcast import Broadcast, Watch
from trainwright.server.streams import HEARTBEAT_S, sse
from trainwright.services import job_changes
from trainwright.services.context import Services
from trainwright.services.job_changes import cursor_text

TOPIC = "job-changes"
LOOK_AGAIN_S = 2.0
GATHER_S = 0.25  # after something was told: changes come in bursts


class JobFeed:
    """One in a process."""

    def __init__(self, ctx: Services, broadcast: Broadcast, *, look_again_s: float = LOOK_AGAIN_S) -> None:
        self._ctx = ctx
        self._broadcast = broadcast
        self._look_again_s = look_again_s
        self._numbers = itertools.count(1)
        self._heard = 0  # number of the last hint
        self._asking = asyncio.Lock()
        self._end = Position()
        self._end_heard = -1  # the last hint that `_end` knows of
        self._end_asked_s = 0.0

    def heard(self) -> None:
        """A commit of this process has changed a job. From any thread."""
        self._heard = next(self._numbers)
        self._broadcast.grown(TOPIC)

    def watch(self) -> Watch:
        """What a follower waits with."""
        return self._broadcast.watch(TOPIC)

    async def end(self) -> Position:
        """Where the log ends: with all that was heard of before the call, and what others did a moment ago."""
        async with self._asking:
            young = time.monotonic() - self._end_asked_s < self._look_again_s / 2
            if not young or self._end_heard != self._heard:
                asked_s, heard = time.monotonic(), self._heard
                self._end = await job_changes.newest(self._ctx)
                self._end_asked_s, self._end_heard = asked_s, heard
            return self._end

    async def follow(
        self,
        who: Principal,
        watch: Watch,
        language: Language,
        *,
        after: Position | None,
        still: Callable[[], Awaitable[Principal]],
    ) -> AsyncGenerator[bytes, None]:
        """The changes behind `after`, or from now on, without end; until the server goes or `who` may no more.

        First `ready` with the place where it begins, or `reset` when what lies behind `after` was forgotten.
        `still`: who calls, as their credentials count now.
        """
        place = await self.end()
        if after is not None and await job_changes.is_kept(self._ctx, after, place):
            place = after
            yield b": connected\n\n"
        else:
            yield sse("ready" if after is None else "reset", "{}", event_id=cursor_text(place))
        told_s = time.monotonic()
        while not watch.is_closed:
            watch.take()
            end = await self.end()
            if place < end:
                batch = await job_changes.read(self._ctx, who, place, end, language)
                place = batch.upto
                for position, item in batch.items:
                    yield sse("job", item.model_dump_json(), event_id=cursor_text(position))
                if batch.items:
                    await asyncio.sleep(GATHER_S)
                    continue
            if time.monotonic() - told_s >= HEARTBEAT_S:
                told_s = time.monotonic()
                try:
                    who = await still()
                except (NoCredentials, WrongProject, ActionDenied):
                    return
                # With the place: who comes back after a long silence must not find it forgotten.
                yield f": still here\nid: {cursor_text(place)}\n\n".encode()
            if place == end:
                await watch.wait(self._look_again_s)
