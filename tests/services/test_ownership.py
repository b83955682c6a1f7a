"""Buckets of other projects, and the platform's own, do not exist for a caller."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.services.mortal import Killed, Life
from tests.services.world import ALICE, BOB, World, pieces_of
from trainwright.domain.errors import (
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    ObjectNotFound,
    TrainwrightError,
)
from trainwright.domain.obs import ObsPath
from trainwright.ports.objects import ObjectStore
from trainwright.ports.uow import PLATFORM
from trainwright.services.owners import BucketOwners
from trainwright.services.ownership import owned_objects

pytestmark = pytest.mark.anyio

Call = Callable[[ObjectStore, str], Awaitable[object]]


async def read_all(store: ObjectStore, bucket: str) -> bytes:
    return b"".join([piece async for piece in store.read(ObsPath(bucket, "data/a.png"))])


CALLS: dict[str, Call] = {
    "exists": lambda store, bucket: store.bucket_exists(bucket),
    "head": lambda store, bucket: store.head(ObsPath(bucket, "data/a.png")),
    "read": read_all,
    "write": lambda store, bucket: store.write(ObsPath(bucket, "new"), pieces_of(b"x")),
    "delete": lambda store, bucket: store.delete(ObsPath(bucket, "data/a.png")),
    "list": lambda store, bucket: store.list_page(ObsPath(bucket, "data/")),
    "list in pages": lambda store, bucket: store.list_page(ObsPath(bucket), delimiter=True, limit=1),
    "sign": lambda store, bucket: store.sign(ObsPath(bucket, "data/a.png"), method="GET", ttl_s=9),
    "remove": lambda store, bucket: store.delete_bucket(bucket),
}


async def said(call: Call, store: ObjectStore, bucket: str) -> object:
    """What comes back or is raised, without the bucket's name."""
    try:
        return await call(store, bucket)
    except TrainwrightError as exc:
        return type(exc), str(exc).replace(bucket, "BUCKET")


@pytest.mark.parametrize("name", CALLS)
async def test_anothers_bucket_answers_exactly_like_none(world: World, name: str) -> None:
    """Guards every method of the store: nothing tells whether another project (or the platform) has a bucket."""
    await owned_objects(world.ctx, BOB).create_bucket("bobs")
    await world.put("obs://bobs/data/a.png")
    await world.put("obs://trainwright-logs/data/a.png")
    for who, theirs in (
        (ALICE, "bobs"),
        (BOB, "bucket"),
        (ALICE, "trainwright-logs"),
        (BOB, "trainwright-logs"),
    ):
        store = owned_objects(world.ctx, who)
        assert await said(CALLS[name], store, theirs) == await said(CALLS[name], store, "never-made")
        assert await world.objects.head(ObsPath(theirs, "data/a.png")), "and nothing was done to it"


async def test_each_project_lists_its_own(world: World) -> None:
    """Guards the listing; buckets nobody claimed are the first project's."""
    await owned_objects(world.ctx, BOB).create_bucket("bobs")
    await world.objects.create_bucket("trainwright-logs")
    assert await owned_objects(world.ctx, ALICE).list_buckets() == ["bucket", "results"]
    assert await owned_objects(world.ctx, BOB).list_buckets() == ["bobs"]
    assert await owned_objects(world.ctx, BOB).bucket_exists("bobs")


@pytest.mark.parametrize("name", ["bucket", "bobs", "trainwright-new", "trainwright-logs"])
async def test_a_name_that_is_taken_is_only_that(world: World, name: str) -> None:
    """Guards names as global, as S3 has them, and that the refusal does not say whose it is."""
    await owned_objects(world.ctx, BOB).create_bucket("bobs")
    await world.objects.create_bucket("trainwright-logs")
    for who in (ALICE, BOB):
        with pytest.raises(BucketExists) as caught:
            await owned_objects(world.ctx, who).create_bucket(name)
        assert str(caught.value) == str(BucketExists(bucket=name))
    assert not await world.objects.bucket_exists("trainwright-new")


async def test_a_deleted_bucket_is_free_for_all(world: World) -> None:
    """Guards giving names back, and what this process remembers of the former owner."""
    alice, bob = owned_objects(world.ctx, ALICE), owned_objects(world.ctx, BOB)
    await bob.create_bucket("shared-name")
    await bob.write(ObsPath("shared-name", "k"), pieces_of(b"bob"))
    with pytest.raises(BucketNotEmpty):
        await bob.delete_bucket("shared-name")
    assert await bob.head(ObsPath("shared-name", "k"))
    await bob.delete(ObsPath("shared-name", "k"))
    await bob.delete_bucket("shared-name")
    with pytest.raises(BucketNotFound):
        await bob.delete_bucket("shared-name")
    await alice.create_bucket("shared-name")
    await alice.write(ObsPath("shared-name", "k"), pieces_of(b"alice"))
    with pytest.raises(ObjectNotFound):
        await bob.head(ObsPath("shared-name", "k"))


@pytest.mark.parametrize("deleting", [False, True])
async def test_a_crash_anywhere_leaves_the_name_with_its_project(world: World, deleting: bool) -> None:
    """Guards creating and deleting at every step a server can die at: a bucket that is there is never anyone else's,
    and its project can finish what it began.
    """
    for last in range(40):
        name = f"bobs-{last}"
        if deleting:
            await owned_objects(world.ctx, BOB).create_bucket(name)
        survived = await ended(owned_objects(Life(world.ctx, last).ctx, BOB), name, deleting)
        now = replace(world.ctx, owners=BucketOwners())
        alice, bob = owned_objects(now, ALICE), owned_objects(now, BOB)
        assert not await alice.bucket_exists(name)
        assert await bob.bucket_exists(name) == await world.objects.bucket_exists(name)
        while not await ended(bob, name, deleting):
            pass
        assert name not in await alice.list_buckets()
        if deleting:
            await alice.create_bucket(name)
        else:
            assert name in await bob.list_buckets()
        if survived:
            return
    raise AssertionError("it never survived")


async def ended(store: ObjectStore, name: str, deleting: bool) -> bool:
    """Whether the caller came to its end, be it that it was done before."""
    try:
        await (store.delete_bucket(name) if deleting else store.create_bucket(name))
    except Killed:
        return False
    except (BucketExists, BucketNotFound):
        pass
    return True


async def test_an_unclaimed_bucket_stays_the_first_projects(world: World) -> None:
    """Guards what lay in the store before buckets had owners: a crash while another asks for the name gives nothing
    away.
    """
    for last in range(10):
        await ended(owned_objects(Life(world.ctx, last).ctx, BOB), "bucket", deleting=False)
        assert not await owned_objects(world.ctx, BOB).bucket_exists("bucket")
        with world.ctx.units(PLATFORM, write=False) as uow:
            assert uow.buckets.owner("bucket") == ALICE.project_id


async def test_creating_and_deleting_at_once_never_leaves_it_to_others(world: World) -> None:
    """Guards the lock on a name: one given back must not be one that was just created again."""
    bob = owned_objects(world.ctx, BOB)
    for _ in range(20):
        await asyncio.gather(*(ended(bob, "bobs", deleting) for deleting in (False, True, False, True)))
        assert not await owned_objects(world.ctx, ALICE).bucket_exists("bobs")


async def test_the_owner_read_before_a_change_is_not_remembered_after_it() -> None:
    """Guards the memory of owners against an answer that was overtaken by a change."""
    owners = BucketOwners()
    ticket = owners.ticket()
    owners.forget("other")
    owners.remember("b", "old", ticket)
    assert owners.find("b") is None
    owners.remember("b", "new", owners.ticket())
    assert owners.find("b") == "new"
    owners.forget("b")
    assert owners.find("b") is None
