"""Saved algorithms, and the gallery through which they are shared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A saved algorithm. `document` is the request body as given (unknown fields kept), its engine completed.

    `code_bytes` and `code_tree` are the code's when it was saved: `{"name": "code/", "children": [...]}`, empty when it
    has none.
    """

    id: str
    project_id: str
    workspace_id: str
    name: str
    description: str
    user_id: str
    user_name: str
    document: dict[str, Any]
    engine: str = ""
    code_dir: str = ""
    code_bytes: int = 0
    code_tree: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    created_at_ms: int = 0
    updated_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class AlgorithmQuery:
    """One page. `contains` maps name, description, engine or code_dir to a text it must contain, case-sensitively."""

    contains: Mapping[str, str]
    created_from_ms: int = 0
    created_to_ms: int = 0  # inclusive; 0: no bound
    workspace_id: str = ""
    sort_by: str = "create_time"  # create_time, update_time or name
    descending: bool = True
    offset: int = 0
    limit: int = 10


class AlgorithmRepository(Protocol):
    """Algorithms in workspaces that the scope sees."""

    def add(self, algorithm: Algorithm) -> None:
        """Insert it. Raises `DuplicateAlgorithmName` (per project)."""
        ...

    def get(self, algorithm_id: str) -> Algorithm:
        """In a writing unit nobody else changes or deletes it until the unit ends. Raises `AlgorithmNotFound`."""
        ...

    def search(self, query: AlgorithmQuery) -> tuple[int, int, tuple[Algorithm, ...]]:
        """How many there are, how many match, and one page."""
        ...

    def save(self, algorithm: Algorithm) -> None:
        """Replace it. Raises `AlgorithmNotFound`, `DuplicateAlgorithmName`."""
        ...

    def delete(self, algorithm_id: str) -> None:
        """Jobs made of it keep what they were made of. Raises `AlgorithmNotFound`."""
        ...


@dataclass(frozen=True, slots=True)
class GalleryVersion:
    """One published version: the algorithm as it was, with its own copy of the code."""

    id: str
    item_id: str
    number: str
    description: str
    document: dict[str, Any]
    code_uri: str
    created_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class GalleryItem:
    """A published algorithm. `visibility` public: every project of the server; project: the publisher's only."""

    id: str
    project_id: str
    user_id: str
    user_name: str
    title: str
    description: str
    visibility: str
    created_at_ms: int = 0
    updated_at_ms: int = 0
    versions: tuple[GalleryVersion, ...] = ()  # newest first


@dataclass(frozen=True, slots=True)
class Subscription:
    """A project's subscription to an item, with the version it chose."""

    id: str
    project_id: str
    item_id: str
    version_id: str
    user_id: str
    user_name: str
    created_at_ms: int = 0


class GalleryRepository(Protocol):
    """The gallery as the scope's project sees it: what is public, and its own. In a writing unit what was read of it
    stays until the unit ends: nothing is withdrawn under a job that is being created.
    """

    def add_item(self, item: GalleryItem) -> None:
        """Insert it without versions. Raises `DuplicateGalleryTitle` (per project)."""
        ...

    def add_version(self, version: GalleryVersion) -> None:
        """The item counts as changed then. Raises `DuplicateGalleryVersion`, `GalleryItemNotFound` (also for another
        project's item).
        """
        ...

    def get_item(self, item_id: str) -> GalleryItem:
        """With versions. Raises `GalleryItemNotFound`."""
        ...

    def search_items(
        self, *, title_like: str, own_only: bool, sort_by: str, descending: bool, offset: int, limit: int
    ) -> tuple[int, tuple[GalleryItem, ...]]:
        """How many match, and one page with versions but without their documents; `sort_by` create_time, update_time
        or title.
        """
        ...

    def save_item(self, item: GalleryItem) -> None:
        """Write title, description, visibility of one's own. Raises `GalleryItemNotFound`."""
        ...

    def delete_item(self, item_id: str) -> None:
        """Withdraw one's own, with versions and everyone's subscriptions. Raises `GalleryItemNotFound`."""
        ...

    def add_subscription(self, subscription: Subscription) -> Subscription:
        """Insert it; the one there is, when the project has subscribed already."""
        ...

    def get_subscription(self, subscription_id: str) -> tuple[Subscription, GalleryItem]:
        """With its item. Raises `SubscriptionNotFound`, also while the item is not for this project any more."""
        ...

    def list_subscriptions(
        self, *, title_like: str, offset: int, limit: int
    ) -> tuple[int, tuple[tuple[Subscription, GalleryItem], ...]]:
        """How many match, and one page, newest first; the versions without their documents."""
        ...

    def choose_version(self, subscription_id: str, version_id: str) -> None:
        """Raises `SubscriptionNotFound`."""
        ...

    def delete_subscription(self, subscription_id: str) -> None:
        """Raises `SubscriptionNotFound`."""
        ...

    def existing(self, item_ids: Sequence[str]) -> frozenset[str]:
        """Which of these items there are, of any project: what lies in the store for others is left over."""
        ...

    def code_in_use(self, code_uri: str) -> bool:
        """Whether an unfinished job of any project runs the code there."""
        ...
