"""Wake-ups of streams: none is lost, none goes to the wrong one, nothing is left behind."""

import asyncio

import pytest

from trainwright.domain.errors import TooManyFollowers
from trainwright.server.broadcast import Broadcast

pytestmark = pytest.mark.anyio
SOON = 5.0


async def test_growth_between_read_and_wait_is_not_lost() -> None:
    """What grows after `take` ends the next wait at once."""
    broadcast = Broadcast()
    with broadcast.watch("a") as watch:
        watch.take()
        broadcast.grown("a")
        assert await watch.wait(SOON)
        assert watch.take() == {"a"}
        assert not await watch.wait(0)


async def test_only_the_topic_watched_wakes() -> None:
    """Others' growth is not ours, until we extend to it."""
    broadcast = Broadcast()
    with broadcast.watch("a") as watch:
        broadcast.grown("b")
        assert not await watch.wait(0)
        watch.extend("b")
        broadcast.grown("b")
        assert await watch.wait(SOON)
        assert watch.take() == {"b"}


async def test_growth_told_by_another_thread_wakes() -> None:
    """Worker threads may tell it."""
    broadcast = Broadcast()
    with broadcast.watch("a") as watch:
        await asyncio.get_running_loop().run_in_executor(None, broadcast.grown, "a")
        assert await watch.wait(SOON)


async def test_many_followers_all_wake_and_leave_nothing() -> None:
    """A thousand watches of one topic wake; afterwards the broadcast holds nothing."""
    broadcast = Broadcast()
    started = asyncio.Semaphore(0)

    async def follow() -> bool:
        with broadcast.watch("a") as watch:
            started.release()
            return await watch.wait(SOON)

    tasks = [asyncio.create_task(follow()) for _ in range(1000)]
    for _ in tasks:
        await started.acquire()
    broadcast.grown("a")
    assert all(await asyncio.gather(*tasks))
    assert broadcast.count == 0
    broadcast.grown("a")


async def test_number_of_followers_is_bounded() -> None:
    """One too many is refused, and a place that was given back is free again."""
    broadcast = Broadcast(limit=1)
    with broadcast.watch("a"), pytest.raises(TooManyFollowers), broadcast.watch("b"):
        pass
    with broadcast.watch("b"):
        assert broadcast.count == 1


async def test_closing_ends_every_wait() -> None:
    """Going down, nobody waits any more, neither present nor future followers."""
    broadcast = Broadcast()
    with broadcast.watch("a") as watch:
        waiting = asyncio.create_task(watch.wait(SOON))
        await asyncio.sleep(0)
        broadcast.close()
        assert await waiting
        assert await watch.wait(SOON)
        assert watch.is_closed
