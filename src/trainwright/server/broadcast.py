"""Tells followers, inside this process, that something they read has grown. A hint: the truth is always read again.

A follower registers first and reads afterwards, so growth between its read and its wait is never lost:

    with broadcast.watch(topic) as watch:
        while not broadcast.is_closed:
            watch.take()
            ... read what is there; leave when done ...
            await watch.wait(timeout_s)
"""

import asyncio
from collections.abc import Hashable
from types import TracebackType
from typing import Self

from trainwright.domain.errors import TooManyFollowers


class Broadcast:
    """Wake-ups by topic. Bounded: at most `limit` watches at a time. `grown` may be called from any thread."""

    def __init__(self, *, limit: int = 10_000) -> None:
        self.limit = limit
        self._count = 0
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watches: dict[Hashable, set[Watch]] = {}

    @property
    def is_closed(self) -> bool:
        """True once the server is on its way down: followers end their streams."""
        return self._closed

    @property
    def count(self) -> int:
        """Open watches."""
        return self._count

    def watch(self, *topics: Hashable) -> "Watch":
        """A watch of all of `topics`."""
        return Watch(self, topics)

    def grown(self, topic: Hashable) -> None:
        """Wake those who watch `topic`. Nobody watching is fine."""
        if topic in self._watches:
            self._on_loop(topic)

    def close(self) -> None:
        """Wake everyone for the last time; every later wait returns at once."""
        self._closed = True
        for watches in self._watches.values():
            for watch in watches:
                watch.wake(None)

    def add(self, watch: "Watch") -> None:
        """Register; for `Watch` only.

        Raises:
            TooManyFollowers: the limit is reached.
        """
        if self._count >= self.limit:
            raise TooManyFollowers(limit=self.limit)
        self._count += 1
        self._loop = asyncio.get_running_loop()
        for topic in watch.topics:
            self.extend(watch, topic)

    def extend(self, watch: "Watch", topic: Hashable) -> None:
        """Register for one more topic; for `Watch` only."""
        self._watches.setdefault(topic, set()).add(watch)

    def remove(self, watch: "Watch") -> None:
        """Forget; for `Watch` only."""
        self._count -= 1
        for topic in watch.topics:
            watches = self._watches.get(topic, set())
            watches.discard(watch)
            if not watches:
                self._watches.pop(topic, None)

    def _on_loop(self, topic: Hashable) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        if _running_loop() is loop:
            self._wake(topic)
        else:
            loop.call_soon_threadsafe(self._wake, topic)

    def _wake(self, topic: Hashable) -> None:
        for watch in self._watches.get(topic, ()):
            watch.wake(topic)


class Watch:
    """One follower's registration; active inside its `with`."""

    def __init__(self, broadcast: Broadcast, topics: tuple[Hashable, ...]) -> None:
        self.topics = set(topics)
        self._broadcast = broadcast
        self._something = asyncio.Event()
        self._grown: set[Hashable] = set()
        self._closed = False

    def __enter__(self) -> Self:
        self._broadcast.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._broadcast.remove(self)

    @property
    def is_closed(self) -> bool:
        """True once the server is on its way down, or `close` was called: end the stream."""
        return self._closed or self._broadcast.is_closed

    def close(self) -> None:
        """This follower is to stop: its present and every later wait return at once."""
        self._closed = True
        self.wake(None)

    def extend(self, topic: Hashable) -> None:
        """Watch one more topic. Repeating it is harmless."""
        if topic not in self.topics:
            self.topics.add(topic)
            self._broadcast.extend(self, topic)

    def take(self) -> frozenset[Hashable]:
        """The topics that grew since the last call; call it before reading."""
        grown = frozenset(self._grown)
        self._grown.clear()
        self._something.clear()
        return grown

    def wake(self, topic: Hashable) -> None:
        """End the present or the next wait; for `Broadcast` only."""
        self._grown.add(topic)
        self._something.set()

    async def wait(self, timeout_s: float) -> bool:
        """Until something grew (True) or `timeout_s` seconds passed (False). Returns at once after `close`."""
        if self.is_closed:
            return True
        try:
            async with asyncio.timeout(timeout_s):
                await self._something.wait()
        except TimeoutError:
            return False
        return True


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
