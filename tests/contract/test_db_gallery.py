"""The gallery and subscriptions on both databases."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.domain.errors import (
    DuplicateGalleryTitle,
    DuplicateGalleryVersion,
    GalleryItemNotFound,
    SubscriptionNotFound,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import CodeSpec
from trainwright.ports.algorithms import GalleryItem, GalleryVersion, Subscription
from trainwright.ports.uow import PLATFORM, Scope, UnitOfWork

MINE = Scope(PROJECT, "ann", "u1")
THEIRS = Scope(OTHER_PROJECT, "bob", "u2")
GARBAGE = ("", " ", "\x00", "\ud800", "'; DROP TABLE gallery_items; --", "\u4e2d" * 5000)
ITEM = GalleryItem("i1", PROJECT, "u1", "ann", "digits", "Scanned digits", "public", 10, 10)
FIRST = GalleryVersion("v1", "i1", "1.0.0", "first", {"job_config": {"x": ["\u4e2d"]}}, "obs://g/i1/v1/", 11)
SECOND = replace(FIRST, id="v2", number="1.0.1", code_uri="", created_at_ms=12)
WHOLE = replace(ITEM, updated_at_ms=12, versions=(SECOND, FIRST))
SUBSCRIBED = Subscription("s1", OTHER_PROJECT, "i1", "v1", "u2", "bob", 13)
FIND: dict[str, Any] = {
    "title_like": "",
    "own_only": False,
    "sort_by": "create_time",
    "descending": True,
    "offset": 0,
    "limit": 10,
}


@pytest.fixture
def filled(database: Database) -> Database:
    """A public item of ours with two versions, to which the other project has subscribed."""
    with database.units(MINE) as uow:
        uow.gallery.add_item(ITEM)
        uow.gallery.add_version(FIRST)
        uow.gallery.add_version(SECOND)
        uow.commit()
    with database.units(THEIRS) as uow:
        uow.gallery.add_subscription(SUBSCRIBED)
        uow.commit()
    return database


def set_visibility(database: Database, visibility: str) -> None:
    with database.units(MINE) as uow:
        uow.gallery.save_item(replace(ITEM, visibility=visibility, updated_at_ms=20))
        uow.commit()


def test_what_goes_in_comes_out(filled: Database) -> None:
    """Guards every column; lists leave the documents out, which are long."""
    brief = replace(WHOLE, versions=(replace(SECOND, document={}), replace(FIRST, document={})))
    with filled.units(MINE) as uow:
        assert uow.gallery.get_item("i1") == WHOLE
        assert uow.gallery.search_items(**FIND) == (1, (brief,))
        uow.gallery.save_item(replace(ITEM, title="letters", description="", updated_at_ms=30))
        uow.commit()
    with filled.units(THEIRS, write=False) as uow:
        changed = replace(WHOLE, title="letters", description="", updated_at_ms=30)
        assert uow.gallery.get_subscription("s1") == (SUBSCRIBED, changed)
        count, ((subscription, item),) = uow.gallery.list_subscriptions(title_like="lett", offset=0, limit=5)
        assert (count, subscription, item.title) == (1, SUBSCRIBED, "letters")
        assert uow.gallery.list_subscriptions(title_like="digits", offset=0, limit=5) == (0, ())


def test_titles_and_numbers_are_there_once(filled: Database) -> None:
    """Guards titles of a project and numbers of an item; after a refusal the unit goes on."""
    with filled.units(MINE) as uow:
        with pytest.raises(DuplicateGalleryTitle):
            uow.gallery.add_item(replace(ITEM, id="i2"))
        uow.gallery.add_item(replace(ITEM, id="i2", title="letters"))
        with pytest.raises(DuplicateGalleryTitle):
            uow.gallery.save_item(replace(ITEM, id="i2"))
        with pytest.raises(DuplicateGalleryVersion):
            uow.gallery.add_version(replace(FIRST, id="v9"))
        uow.gallery.add_version(replace(FIRST, id="v9", item_id="i2"))
        uow.commit()
    with filled.units(THEIRS) as uow:
        uow.gallery.add_item(replace(ITEM, id="i3", project_id=OTHER_PROJECT))
        uow.commit()


@pytest.mark.parametrize(
    "call",
    [
        lambda uow, item_id: uow.gallery.add_version(replace(FIRST, id="v9", item_id=item_id, number="9")),
        lambda uow, item_id: uow.gallery.save_item(replace(ITEM, id=item_id, title="stolen")),
        lambda uow, item_id: uow.gallery.delete_item(item_id),
    ],
)
def test_only_the_publisher_changes_an_item(
    filled: Database, call: Callable[[UnitOfWork, str], object]
) -> None:
    """Guards items: a public one is read by all and written by its own project only."""
    with filled.units(THEIRS) as uow:
        for item_id in ("i1", *GARBAGE):
            with pytest.raises(GalleryItemNotFound):
                call(uow, item_id)
        with pytest.raises(ScopeBreach):
            uow.gallery.add_item(replace(ITEM, id="i9", title="planted"))
    with filled.units(MINE, write=False) as uow:
        assert uow.gallery.get_item("i1") == WHOLE


def test_what_is_not_public_any_more_does_not_exist_for_others(filled: Database) -> None:
    """Guards visibility: the item, its place in lists and subscriptions to it vanish for others, and come back."""
    set_visibility(filled, "project")
    with filled.units(THEIRS, write=False) as uow:
        with pytest.raises(GalleryItemNotFound):
            uow.gallery.get_item("i1")
        with pytest.raises(SubscriptionNotFound):
            uow.gallery.get_subscription("s1")
        assert uow.gallery.search_items(**FIND) == (0, ())
        assert uow.gallery.list_subscriptions(title_like="", offset=0, limit=5) == (0, ())
    with filled.units(MINE, write=False) as uow:
        assert uow.gallery.search_items(**FIND)[0] == 1
    set_visibility(filled, "public")
    with filled.units(THEIRS, write=False) as uow:
        assert uow.gallery.get_subscription("s1")[0] == SUBSCRIBED
        assert uow.gallery.search_items(**{**FIND, "own_only": True}) == (0, ())


def test_a_project_subscribes_once(filled: Database) -> None:
    """Guards subscribing twice: the subscription there is comes back as it is."""
    with filled.units(THEIRS) as uow:
        again = replace(SUBSCRIBED, id="s2", version_id="v2", created_at_ms=99)
        assert uow.gallery.add_subscription(again) == SUBSCRIBED
        uow.gallery.choose_version("s1", "v2")
        uow.commit()
    with filled.units(THEIRS, write=False) as uow:
        assert uow.gallery.get_subscription("s1")[0].version_id == "v2"


def test_subscriptions_belong_to_their_project(filled: Database) -> None:
    """Guards subscriptions of others: not shown, not changed, not ended, not planted."""
    with filled.units(MINE) as uow:
        for subscription_id in ("s1", *GARBAGE):
            with pytest.raises(SubscriptionNotFound):
                uow.gallery.get_subscription(subscription_id)
            with pytest.raises(SubscriptionNotFound):
                uow.gallery.choose_version(subscription_id, "v2")
            with pytest.raises(SubscriptionNotFound):
                uow.gallery.delete_subscription(subscription_id)
        with pytest.raises(ScopeBreach):
            uow.gallery.add_subscription(replace(SUBSCRIBED, id="s9"))
    with filled.units(THEIRS) as uow:
        uow.gallery.delete_subscription("s1")
        with pytest.raises(SubscriptionNotFound):
            uow.gallery.delete_subscription("s1")
        uow.commit()


def test_withdrawing_takes_everything_along(filled: Database) -> None:
    """Guards withdrawal: versions and everyone's subscriptions are gone with the item."""
    with filled.units(MINE) as uow:
        uow.gallery.delete_item("i1")
        uow.commit()
    with filled.units(THEIRS) as uow:
        with pytest.raises(SubscriptionNotFound):
            uow.gallery.get_subscription("s1")
        assert uow.gallery.existing(["i1", "i2"]) == frozenset()
        uow.gallery.add_item(replace(ITEM, id="i2", project_id=OTHER_PROJECT))
        assert uow.gallery.existing(["i1", "i2"]) == {"i2"}


def test_items_are_sorted_and_paged(database: Database) -> None:
    """Guards the list: each order, titles by a part of them, pages that neither overlap nor lose anything."""
    with database.units(MINE) as uow:
        for number in range(5):
            title = f"{'net' if number % 2 else 'tree'}-{number}"
            uow.gallery.add_item(
                replace(ITEM, id=f"i{number}", title=title, created_at_ms=number, updated_at_ms=9 - number)
            )
        uow.commit()
    with database.units(MINE, write=False) as uow:

        def found(**changes: object) -> list[str]:
            return [item.id for item in uow.gallery.search_items(**{**FIND, **changes})[1]]

        assert found() == ["i4", "i3", "i2", "i1", "i0"]
        assert found(sort_by="update_time") == ["i0", "i1", "i2", "i3", "i4"]
        assert found(sort_by="title", descending=False) == ["i1", "i3", "i0", "i2", "i4"]
        assert found(title_like="net") == ["i3", "i1"]
        assert [found(offset=n, limit=2) for n in (0, 2, 4, 2**70)] == [
            ["i4", "i3"],
            ["i2", "i1"],
            ["i0"],
            [],
        ]
        with pytest.raises(ValueError, match="sort"):
            found(sort_by="size")


def test_code_is_in_use_while_a_job_of_any_project_is_unfinished(filled: Database) -> None:
    """Guards the copy of published code against being removed under a job."""
    job = make_job("job-1", project_id=OTHER_PROJECT)
    code = CodeSpec(uri="obs://g/i1/v1/code/", local_path="/c")
    job = replace(job, launch=job.launch.model_copy(update={"code": code}))
    with filled.units(PLATFORM) as uow:
        uow.jobs.add(job)
        uow.commit()
    with filled.units(MINE, write=False) as uow:
        assert uow.gallery.code_in_use("obs://g/i1/v1/")
        assert not uow.gallery.code_in_use("obs://g/i1/v2/")
    with filled.units(PLATFORM) as uow:
        uow.jobs.delete("job-1")
        uow.jobs.add(replace(job, phase=Phase.COMPLETED))
        uow.commit()
    with filled.units(MINE, write=False) as uow:
        assert not uow.gallery.code_in_use("obs://g/i1/v1/")
