"""Jobs that ended long ago are deleted when the admin asks for it; others stay."""

from dataclasses import dataclass, replace

import pytest

from tests.server.world import ServerWorld
from trainwright.domain.lifecycle import Phase
from trainwright.ports.clock import Clock
from trainwright.ports.uow import PLATFORM, JobQuery
from trainwright.server.retention import retention

pytestmark = pytest.mark.anyio
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Later:
    """A clock some days ahead of another."""

    inner: Clock
    days: int

    def now_ms(self) -> int:
        """Then."""
        return self.inner.now_ms() + self.days * DAY_MS


async def test_only_jobs_that_ended_long_ago_go(world: ServerWorld) -> None:
    """An ended job stays until its time, a running one for ever."""
    ended, running = await world.start_job("ended"), await world.start_job("running")
    await world.finish_job(ended)

    async def left(days_later: int) -> set[str]:
        services = replace(world.services, clock=Later(world.services.clock, days_later))
        await retention(services, 7).call()
        with services.units(PLATFORM, write=False) as uow:
            return {job.id for job in uow.jobs.search(JobQuery()).jobs}

    assert await left(6) == {ended.id, running.id}
    assert await left(8) == {running.id}


async def test_a_job_that_is_to_be_kept_never_goes(world: ServerWorld) -> None:
    """`spec.retention.policy: disabled` outweighs any age."""
    old = await world.start_job("old")
    await world.finish_job(old)
    with world.services.units(PLATFORM) as uow:
        uow.jobs.add(replace(old, id="kept", name="kept", phase=Phase.COMPLETED, ended_at_ms=1, kept=True))
        uow.commit()
    services = replace(world.services, clock=Later(world.services.clock, 8))
    await retention(services, 7).call()
    with services.units(PLATFORM, write=False) as uow:
        assert [job.id for job in uow.jobs.search(JobQuery()).jobs] == ["kept"]


async def test_more_than_a_page_of_old_jobs_goes_in_one_sweep(world: ServerWorld) -> None:
    """Kept jobs do not hide those behind them."""
    for number in range(3):
        await world.start_job(f"kept-{number}")
    for number in range(55):
        await world.finish_job(await world.start_job(f"old-{number}"))
    services = replace(world.services, clock=Later(world.services.clock, 8))
    await retention(services, 7).call()
    with services.units(PLATFORM, write=False) as uow:
        assert uow.jobs.search(JobQuery()).total == 3
