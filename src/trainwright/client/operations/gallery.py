"""The gallery: algorithms published for others, and subscriptions to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import gallery
else:
    gallery = deferred("trainwright.wire.gallery")

Body = Mapping[str, object]
GALLERY = "/v2/{project_id}/gallery"
ITEM = GALLERY + "/algorithms/{item_id}"
SUBSCRIPTIONS = GALLERY + "/subscriptions"
SUBSCRIPTION = SUBSCRIPTIONS + "/{subscription_id}"


def build_publish_algorithm(project_id: str, body: Body) -> Request[gallery.Published]:
    """Publish an algorithm as a new item, or as the next version of `content_id`; fields as in `PublishBody`."""
    return make_request(
        "POST",
        "/v2/{project_id}/gallery-algorithm-publication",
        model_parser(gallery.Published),
        path={"project_id": project_id},
        body=body,
    )


def build_list_gallery(
    project_id: str,
    *,
    title: str = "",
    own: bool = False,
    sort_by: str | None = None,
    order: str | None = None,
    offset: int = 0,
    limit: int = 10,
) -> Request[gallery.ItemPage]:
    """One page of the published algorithms whose title contains `title`; with `own` only one's own."""
    return make_request(
        "GET",
        GALLERY + "/algorithms",
        model_parser(gallery.ItemPage),
        path={"project_id": project_id},
        query={
            "title": title or None,
            "own": "true" if own else None,
            "sort_by": sort_by,
            "order": order,
            "offset": offset,
            "limit": limit,
        },
    )


def build_show_gallery_item(project_id: str, item_id: str) -> Request[gallery.ItemResponse]:
    """One published algorithm with its versions."""
    return make_request(
        "GET", ITEM, model_parser(gallery.ItemResponse), path={"project_id": project_id, "item_id": item_id}
    )


def build_change_gallery_item(project_id: str, item_id: str, body: Body) -> Request[gallery.ItemResponse]:
    """Change title, description or visibility of one's own; fields as in `ItemChange`."""
    return make_request(
        "PUT",
        ITEM,
        model_parser(gallery.ItemResponse),
        path={"project_id": project_id, "item_id": item_id},
        body=body,
    )


def build_withdraw_gallery_item(project_id: str, item_id: str) -> Request[None]:
    """Withdraw one's own, with all subscriptions to it. Unfinished jobs of it go on."""
    return make_request("DELETE", ITEM, parse_nothing, path={"project_id": project_id, "item_id": item_id})


def build_list_subscriptions(
    project_id: str, *, title: str = "", offset: int = 0, limit: int = 10
) -> Request[gallery.SubscriptionPage]:
    """One page of the project's subscriptions, newest first."""
    return make_request(
        "GET",
        SUBSCRIPTIONS,
        model_parser(gallery.SubscriptionPage),
        path={"project_id": project_id},
        query={"title": title or None, "offset": offset, "limit": limit},
    )


def build_subscribe(project_id: str, body: Body) -> Request[gallery.SubscriptionResponse]:
    """Subscribe to a published algorithm; fields as in `SubscribeBody`. Again: the subscription there is."""
    return make_request(
        "POST",
        SUBSCRIPTIONS,
        model_parser(gallery.SubscriptionResponse),
        path={"project_id": project_id},
        body=body,
        repeatable=True,
    )


def build_show_subscription(project_id: str, subscription_id: str) -> Request[gallery.SubscriptionResponse]:
    """One subscription with the versions there are."""
    return make_request(
        "GET",
        SUBSCRIPTION,
        model_parser(gallery.SubscriptionResponse),
        path=_path(project_id, subscription_id),
    )


def build_choose_subscription_version(
    project_id: str, subscription_id: str, body: Body
) -> Request[gallery.SubscriptionResponse]:
    """Choose another version; fields as in `ChooseBody`."""
    return make_request(
        "PUT",
        SUBSCRIPTION,
        model_parser(gallery.SubscriptionResponse),
        path=_path(project_id, subscription_id),
        body=body,
    )


def build_unsubscribe(project_id: str, subscription_id: str) -> Request[None]:
    """End a subscription. Unfinished jobs go on, new ones are refused."""
    return make_request("DELETE", SUBSCRIPTION, parse_nothing, path=_path(project_id, subscription_id))


def _path(project_id: str, subscription_id: str) -> dict[str, str]:
    return {"project_id": project_id, "subscription_id": subscription_id}
