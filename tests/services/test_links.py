"""Share links: who has one reads one log, for an hour or until it is revoked."""

from dataclasses import replace

import pytest

from tests.services.people import add_user
from tests.services.world import ALICE, BOB, World
from trainwright.control.chores import link_expiry, log_sweep
from trainwright.domain.access import VIEWER, Action
from trainwright.domain.errors import ActionDenied, InvalidLink, JobNotFound, LogLinkNotFound, TooManyLogLinks
from trainwright.ports.uow import PLATFORM
from trainwright.services import jobs, links, reports

pytestmark = pytest.mark.anyio
TASK = "worker-0"
PREFIX = "http://127.0.0.1:8000/share/logs/"


async def shared(world: World) -> tuple[str, str, str]:
    """A running job with a log, the secret part of a link to it, and the link's id."""
    job_id = await world.running()
    await reports.append_log(world.ctx, f"{job_id}-a1", TASK, 0, b"secret\n")
    link = await links.share(world.ctx, ALICE, job_id, TASK, download=True)
    assert link.obs_url.startswith(PREFIX)
    assert link.expire_time == world.clock.ms + links.LINK_TTL_MS
    return job_id, link.obs_url.removeprefix(PREFIX), link.link_id


async def test_a_link_opens_its_log_until_it_expires(world: World) -> None:
    """Guards that a link needs no credentials, leads to one log, tells nothing of the job, and dies."""
    job_id, secret, _ = await shared(world)
    assert len(secret) >= 43 and all(char.isalnum() or char in "-_" for char in secret)
    opened = await links.open_link(world.ctx, secret)
    assert (opened.view.attempt_key, opened.view.size, opened.download) == (f"{job_id}-a1", 7, True)
    assert opened.view.file_name == "worker-0.log"
    world.clock.ms += links.LINK_TTL_MS
    with pytest.raises(InvalidLink):
        await links.open_link(world.ctx, secret)


async def test_neither_table_nor_list_opens_a_log(world: World) -> None:
    """Guards that only a hash is kept: what an admin or a colleague can read is no link."""
    job_id, secret, link_id = await shared(world)
    with world.ctx.units(PLATFORM, write=False) as uow:
        _, stored = uow.log_links.list_of_job(job_id, 0, offset=0, limit=10)
    assert secret not in repr(stored)
    for wrong in (link_id, "", secret[:-1], f"{secret}x", "\ud800", "é"):
        with pytest.raises(InvalidLink):
            await links.open_link(world.ctx, wrong)
    listed = await links.list_links(world.ctx, ALICE, job_id, offset=0, limit=10)
    assert (listed.total, listed.count, listed.links[0].id) == (1, 1, link_id)
    assert secret not in listed.model_dump_json()
    assert (listed.links[0].task, listed.links[0].user_name, listed.links[0].attempt) == (TASK, "alice", 1)


async def test_a_revoked_link_opens_nothing(world: World) -> None:
    """Guards revocation, by its maker or by whoever may change the job, and by nobody else: not by a namesake."""
    job_id, secret, link_id = await shared(world)
    viewer = replace(ALICE, user_id="vic", actions=frozenset({Action.JOB_GET}))
    with pytest.raises(ActionDenied):
        await links.revoke(world.ctx, viewer, job_id, link_id)
    with pytest.raises(JobNotFound):
        await links.revoke(world.ctx, BOB, job_id, link_id)
    with pytest.raises(LogLinkNotFound):
        await links.revoke(world.ctx, ALICE, job_id, "0" * 64)
    await links.revoke(world.ctx, ALICE, job_id, link_id)
    with pytest.raises(InvalidLink):
        await links.open_link(world.ctx, secret)
    assert (await links.list_links(world.ctx, ALICE, job_id, offset=0, limit=10)).links == []
    own = await links.share(world.ctx, viewer, job_id, TASK, download=False)
    await links.revoke(world.ctx, viewer, job_id, own.link_id)


async def test_a_link_does_not_outlive_its_job(world: World) -> None:
    """Guards links to a deleted job."""
    job_id = await world.ended()
    link = await links.share(world.ctx, ALICE, job_id, TASK, download=False)
    await jobs.delete(world.ctx, ALICE, job_id)
    with pytest.raises(InvalidLink):
        await links.open_link(world.ctx, link.obs_url.removeprefix(PREFIX))


@pytest.mark.parametrize("gone", [False, True])
async def test_a_link_does_not_outlive_its_makers_account(world: World, gone: bool) -> None:
    """Guards logs against those who left: a link of a disabled or deleted user opens no more, a colleague's does."""
    vera, job_id = add_user(world, "vera", VIEWER), (await shared(world))[0]
    secret = {}
    for who in (vera, ALICE):
        link = await links.share(world.ctx, who, job_id, TASK, download=False)
        secret[who.user_id] = link.obs_url.removeprefix(PREFIX)
        await links.open_link(world.ctx, secret[who.user_id])
    with world.ctx.units(PLATFORM) as uow:
        if gone:
            uow.principals.delete_user(vera.user_id)
        else:
            uow.principals.save_user(replace(uow.principals.get_user(vera.user_id), enabled=False))
        uow.commit()
    with pytest.raises(InvalidLink):
        await links.open_link(world.ctx, secret["vera"])
    await links.open_link(world.ctx, secret[ALICE.user_id])


async def test_links_of_a_job_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the table against a program that asks for links without end."""
    monkeypatch.setattr(links, "LINKS_MAX", 2)
    job_id, _, link_id = await shared(world)
    await links.share(world.ctx, ALICE, job_id, TASK, download=False)
    with pytest.raises(TooManyLogLinks):
        await links.share(world.ctx, ALICE, job_id, TASK, download=False)
    await links.revoke(world.ctx, ALICE, job_id, link_id)
    await links.share(world.ctx, ALICE, job_id, TASK, download=False)


async def test_expired_links_are_swept(world: World) -> None:
    """Guards the table against growing for ever."""
    await shared(world)
    world.clock.ms += links.LINK_TTL_MS
    await link_expiry(world.ctx).call()
    with world.ctx.units(PLATFORM) as uow:
        assert uow.log_links.delete_expired(world.clock.ms) == 0


async def test_logs_without_a_job_are_swept(world: World) -> None:
    """Guards the disk: a crash between deleting a job's rows and its log leaves a log nobody can reach."""
    job_id, *_ = await shared(world)
    await world.ctx.blocking(world.ctx.logs.append, "gone-a1", TASK, 0, b"left behind")
    await log_sweep(world.ctx).call()
    assert world.ctx.logs.size("gone-a1", TASK) == 0
    assert list(world.ctx.logs.job_ids()) == [job_id]
