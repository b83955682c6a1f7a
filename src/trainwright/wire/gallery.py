"""Bodies of the gallery: publishing (contract §2.4), and finding and subscribing, which are ours (manual 3.2).

Times in ms. What an item or a subscription shows of an algorithm never holds its code or command.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from trainwright.wire.model import AnswerModel, RequestModel, ShortText

TITLE_LENGTH_MAX = 64
DESCRIPTION_LENGTH_MAX = 1024
VERSION_LENGTH_MAX = 32

Title = Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH_MAX)]
Description = Annotated[str, Field(max_length=DESCRIPTION_LENGTH_MAX)]
Visibility = Literal["public", "project"]


class ContentInfo(RequestModel):
    """What is published. `title` and `visibility` are ours, for a new item: public is for every project of the server,
    project for the publisher's own.
    """

    version_num: Annotated[str, Field(max_length=VERSION_LENGTH_MAX)] | None = None
    desc: Description | None = None
    title: Title | None = None
    visibility: Visibility | None = None


class PublishedAlgorithm(RequestModel):
    """Which of one's algorithms."""

    id: ShortText


class PublishBody(RequestModel):
    """Body of `POST /v2/{P}/gallery-algorithm-publication`: a new item, or the next version of `content_id`."""

    content_id: ShortText | None = None
    content_info: ContentInfo | None = None
    algorithm: PublishedAlgorithm


class Published(AnswerModel):
    """Where it is now."""

    content_id: str
    version_id: str
    version_num: str
    content_uri: str


class ItemChange(RequestModel):
    """Body of `PUT …/gallery/algorithms/{item_id}`; what is left out stays."""

    title: Title | None = None
    description: Description | None = None
    visibility: Visibility | None = None


class ItemVersion(AnswerModel):
    """A published version. What it takes and needs is shown of one item at a time, not in lists."""

    id: str
    version_num: str
    description: str = ""
    create_time: int = 0
    job_config: dict[str, Any] | None = None
    resource_requirements: list[dict[str, Any]] | None = None
    advanced_config: dict[str, Any] | None = None


class ItemResponse(AnswerModel):
    """A published algorithm. `own`: it is the caller's project's. Versions: newest first."""

    id: str
    title: str
    description: str = ""
    visibility: Visibility
    user_name: str = ""
    own: bool
    version_count: int
    latest_version: str = ""
    create_time: int = 0
    update_time: int = 0
    versions: list[ItemVersion] = Field(default_factory=list)


class ItemPage(AnswerModel):
    """One page of the gallery. `count`: all that match."""

    count: int
    limit: int
    offset: int
    sort_by: str
    order: str
    items: list[ItemResponse]


class SubscribeBody(RequestModel):
    """Body of `POST …/gallery/subscriptions`; without a version the newest."""

    item_id: ShortText
    version_id: ShortText | None = None


class ChooseBody(RequestModel):
    """Body of `PUT …/gallery/subscriptions/{subscription_id}`."""

    version_id: ShortText


class SubscriptionResponse(AnswerModel):
    """A project's subscription. Jobs name `subscription_id` and `item_version_id`: the version chosen, or another."""

    subscription_id: str
    item_id: str
    item_version_id: str
    version_num: str
    user_name: str = ""
    create_time: int = 0
    item: ItemResponse


class SubscriptionPage(AnswerModel):
    """One page of the project's subscriptions, newest first. `count`: all that match."""

    count: int
    limit: int
    offset: int
    items: list[SubscriptionResponse]
