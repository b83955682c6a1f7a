"""Published algorithms and subscriptions. Implements `ports.algorithms.GalleryRepository`.

What is public crosses projects, so most statements are not narrowed by `within_table` but by `_visible`.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, contains, upserts
from trainwright.db.schema import job_documents, jobs
from trainwright.db.shelves import gallery_items, gallery_versions, subscriptions
from trainwright.db.transaction import Scoped, Transaction, within_table
from trainwright.domain.errors import (
    DuplicateGalleryTitle,
    DuplicateGalleryVersion,
    GalleryItemNotFound,
    SubscriptionNotFound,
)
from trainwright.ports.algorithms import GalleryItem, GalleryVersion, Subscription

PUBLIC = "public"
_MOST = 2**62  # both databases refuse numbers of more than 64 bits
_SORTED = {
    "create_time": gallery_items.c.created_at_ms,
    "update_time": gallery_items.c.updated_at_ms,
    "title": gallery_items.c.title,
}

_ITEM: sa.BindParameter[str] = sa.bindparam("item")
_SUBSCRIPTION: sa.BindParameter[str] = sa.bindparam("subscription")
_ITEMS: sa.Select[Any] = sa.select(gallery_items)
_BRIEF = [column for column in gallery_versions.c if column.name != "document"]


def _own(statement: sa.Select[Any] | sa.Update | sa.Delete) -> Scoped:
    return within_table(statement, gallery_items.c.project_id)


def _subscribed(statement: sa.Select[Any] | sa.Update | sa.Delete) -> Scoped:
    return within_table(statement, subscriptions.c.project_id)


_ADD_ITEM = upserts(
    gallery_items,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["project_id", "title"]).returning(
        gallery_items.c.id
    ),
)
_TOUCH = _own(
    sa.update(gallery_items).where(gallery_items.c.id == _ITEM).values(updated_at_ms=sa.bindparam("now"))
)
_ADD_VERSION = upserts(
    gallery_versions,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["item_id", "number"]).returning(
        gallery_versions.c.id
    ),
)
_SAVE_ITEM = _own(
    sa.update(gallery_items)
    .where(gallery_items.c.id == _ITEM)
    .values(
        title=sa.bindparam("new_title"),
        description=sa.bindparam("new_description"),
        visibility=sa.bindparam("new_visibility"),
        updated_at_ms=sa.bindparam("now"),
    )
)
_DELETE_ITEM = _own(sa.delete(gallery_items).where(gallery_items.c.id == _ITEM))
_ADD_SUBSCRIPTION = upserts(
    subscriptions,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["project_id", "item_id"]).returning(
        subscriptions.c.id
    ),
)
_SUBSCRIPTION_TO = _subscribed(sa.select(subscriptions).where(subscriptions.c.item_id == _ITEM))
_SUBSCRIPTION_ROW = _subscribed(sa.select(subscriptions).where(subscriptions.c.id == _SUBSCRIPTION))
_CHOOSE = _subscribed(
    sa.update(subscriptions)
    .where(subscriptions.c.id == _SUBSCRIPTION)
    .values(version_id=sa.bindparam("version"))
)
_UNSUBSCRIBE = _subscribed(sa.delete(subscriptions).where(subscriptions.c.id == _SUBSCRIPTION))


class Gallery:
    """See `ports.algorithms.GalleryRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add_item(self, item: GalleryItem) -> None:
        """Insert it without versions. Raises `DuplicateGalleryTitle`, `ScopeBreach`."""
        tx = self._tx
        tx.require_project(item.project_id)
        values = asdict(item)
        del values["versions"]
        if tx.scalar(_ADD_ITEM[tx.dialect_name], **values) is None:
            raise DuplicateGalleryTitle(title=item.title)

    def add_version(self, version: GalleryVersion) -> None:
        """Raises `DuplicateGalleryVersion`, `GalleryItemNotFound`."""
        tx = self._tx
        if not tx.change(_TOUCH, item=version.item_id, now=version.created_at_ms):
            raise GalleryItemNotFound(item=version.item_id)
        values = {**asdict(version), "document": json.dumps(version.document)}
        if tx.scalar(_ADD_VERSION[tx.dialect_name], **values) is None:
            raise DuplicateGalleryVersion(number=version.number)

    def get_item(self, item_id: str) -> GalleryItem:
        """With versions. Raises `GalleryItemNotFound`."""
        statement = _ITEMS.where(gallery_items.c.id == item_id, *self._visible())
        row = self._tx.row(self._held(statement))
        if row is None:
            raise GalleryItemNotFound(item=item_id)
        return self._with_versions([row], documents=True)[0]

    def search_items(
        self, *, title_like: str, own_only: bool, sort_by: str, descending: bool, offset: int, limit: int
    ) -> tuple[int, tuple[GalleryItem, ...]]:
        """How many match, and one page with versions. `ValueError` for another `sort_by`."""
        key = _SORTED.get(sort_by)
        if key is None:
            raise ValueError(f"cannot sort gallery items by {sort_by}")
        wanted = [*self._visible(), *_titled(title_like)]
        if own_only:
            wanted.append(gallery_items.c.project_id == self._viewer())
        matches = self._tx.scalar(sa.select(sa.func.count()).select_from(gallery_items).where(*wanted))
        keys = (key, gallery_items.c.created_at_ms, gallery_items.c.id)
        page = (
            _ITEMS.where(*wanted)
            .order_by(*((key.desc() if descending else key.asc()) for key in keys))
            .limit(min(limit, _MOST))
            .offset(min(offset, _MOST))
        )
        return int(matches), self._with_versions(self._tx.rows(page))

    def save_item(self, item: GalleryItem) -> None:
        """Write what may change of one's own. Raises `GalleryItemNotFound`, `DuplicateGalleryTitle`."""
        changed = self._tx.change_or_clash(
            _SAVE_ITEM,
            item=item.id,
            new_title=item.title,
            new_description=item.description,
            new_visibility=item.visibility,
            now=item.updated_at_ms,
        )
        if changed is None:
            raise DuplicateGalleryTitle(title=item.title)
        if not changed:
            raise GalleryItemNotFound(item=item.id)

    def delete_item(self, item_id: str) -> None:
        """Withdraw one's own. Raises `GalleryItemNotFound`, also when called twice."""
        if not self._tx.change(_DELETE_ITEM, item=item_id):
            raise GalleryItemNotFound(item=item_id)

    def add_subscription(self, subscription: Subscription) -> Subscription:
        """Insert it; the one there is, when the project has subscribed already. Raises `ScopeBreach`."""
        tx = self._tx
        tx.require_project(subscription.project_id)
        tx.scalar(_ADD_SUBSCRIPTION[tx.dialect_name], **asdict(subscription))
        row = tx.row(_SUBSCRIPTION_TO, item=subscription.item_id)
        return subscription if row is None else Subscription(**row)

    def get_subscription(self, subscription_id: str) -> tuple[Subscription, GalleryItem]:
        """With its item. Raises `SubscriptionNotFound`."""
        row = self._tx.row(_SUBSCRIPTION_ROW, subscription=subscription_id)
        try:
            if row is not None:
                return Subscription(**row), self.get_item(row["item_id"])
        except GalleryItemNotFound:
            pass  # not public any more
        raise SubscriptionNotFound(subscription=subscription_id)

    def list_subscriptions(
        self, *, title_like: str, offset: int, limit: int
    ) -> tuple[int, tuple[tuple[Subscription, GalleryItem], ...]]:
        """How many match, and one page, newest first."""
        wanted = [*self._visible(), *_titled(title_like)]
        joined = sa.select(sa.func.count()).select_from(subscriptions.join(gallery_items)).where(*wanted)
        page = (
            sa.select(subscriptions)
            .join(gallery_items)
            .where(*wanted)
            .order_by(subscriptions.c.created_at_ms.desc(), subscriptions.c.id.desc())
            .limit(min(limit, _MOST))
            .offset(min(offset, _MOST))
        )
        found = [Subscription(**row) for row in self._tx.rows(_subscribed(page))]
        item_ids = [subscription.item_id for subscription in found]
        rows = self._tx.rows(_ITEMS.where(gallery_items.c.id.in_(item_ids))) if found else []
        items = {item.id: item for item in self._with_versions(rows)}
        pairs = tuple((subscription, items[subscription.item_id]) for subscription in found)
        return int(self._tx.scalar(_subscribed(joined))), pairs

    def choose_version(self, subscription_id: str, version_id: str) -> None:
        """Raises `SubscriptionNotFound`."""
        if not self._tx.change(_CHOOSE, subscription=subscription_id, version=version_id):
            raise SubscriptionNotFound(subscription=subscription_id)

    def delete_subscription(self, subscription_id: str) -> None:
        """Raises `SubscriptionNotFound`, also when called twice."""
        if not self._tx.change(_UNSUBSCRIBE, subscription=subscription_id):
            raise SubscriptionNotFound(subscription=subscription_id)

    def existing(self, item_ids: Sequence[str]) -> frozenset[str]:
        """Which of these items there are, of any project."""
        rows = self._tx.rows(sa.select(gallery_items.c.id).where(gallery_items.c.id.in_(item_ids)))
        return frozenset(row["id"] for row in rows)

    def code_in_use(self, code_uri: str) -> bool:
        """Whether an unfinished job of any project runs the code there."""
        using = (
            sa.select(jobs.c.id)
            .join(job_documents)
            .where(
                jobs.c.due_at_ms.is_not(None),
                contains(job_documents.c.launch, sa.literal(code_uri, WORDS)),
            )
            .limit(1)
        )
        return self._tx.scalar(using) is not None

    def _viewer(self) -> sa.ColumnElement[str]:
        return sa.literal(self._tx.project_id or "", WORDS)

    def _visible(self) -> list[sa.ColumnElement[bool]]:
        """What the scope's project may see; the platform sees all."""
        if self._tx.project_id is None:
            return []
        own = gallery_items.c.project_id == self._viewer()
        return [sa.or_(gallery_items.c.visibility == PUBLIC, own)]

    def _held(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        """In a writing unit the rows are kept from being withdrawn until it ends."""
        return statement.with_for_update(key_share=True) if self._tx.write else statement

    def _with_versions(
        self, rows: Sequence[RowMapping], *, documents: bool = False
    ) -> tuple[GalleryItem, ...]:
        """The items of `rows`, in their order; on lists without the documents, which are long."""
        if not rows:
            return ()
        wanted = (
            sa.select(*(gallery_versions.c if documents else _BRIEF))
            .where(gallery_versions.c.item_id.in_([row["id"] for row in rows]))
            .order_by(gallery_versions.c.created_at_ms.desc(), gallery_versions.c.id.desc())
        )
        versions: dict[str, list[GalleryVersion]] = {}
        for found in self._tx.rows(wanted):
            document = json.loads(found["document"]) if documents else {}
            version = GalleryVersion(**{**found, "document": document})
            versions.setdefault(version.item_id, []).append(version)
        return tuple(GalleryItem(**row, versions=tuple(versions.get(row["id"], ()))) for row in rows)


def _titled(title_like: str) -> list[sa.ColumnElement[bool]]:
    return [contains(gallery_items.c.title, sa.literal(title_like, WORDS))] if title_like else []
