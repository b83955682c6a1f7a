"""The gallery: publishing (contract §2.4); finding and subscribing are ours (manual 3.2)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JSON, JsonBody, answer_model, takes
from trainwright.server.dependencies import ServicesDep, needs
from trainwright.services import gallery, subscriptions
from trainwright.services.gallery import ItemQuery
from trainwright.wire.gallery import (
    ChooseBody,
    ItemChange,
    ItemPage,
    ItemResponse,
    PublishBody,
    Published,
    SubscribeBody,
    SubscriptionPage,
    SubscriptionResponse,
)

router = APIRouter(prefix="/v2/{project_id}", tags=["gallery"])

MayList = Annotated[Principal, needs(Action.GALLERY_LIST)]
MayPublish = Annotated[Principal, needs(Action.GALLERY_PUBLISH)]
MaySubscribe = Annotated[Principal, needs(Action.GALLERY_SUBSCRIBE)]

ITEMS = "/gallery/algorithms"
ITEM = ITEMS + "/{item_id}"
SUBSCRIPTIONS = "/gallery/subscriptions"
SUBSCRIPTION = SUBSCRIPTIONS + "/{subscription_id}"
_OFFSET_MAX = 1 << 53

ItemId = Annotated[str, Path(alias="item_id", description="Id of a gallery item.")]
SubscriptionId = Annotated[str, Path(alias="subscription_id", description="Id of a subscription.")]
Offset = Annotated[int, Query(ge=0, le=_OFFSET_MAX, description="Records to skip.")]
Limit = Annotated[int, Query(ge=1, le=50)]
Title = Annotated[str, Query(max_length=64, description="Part of the title.")]


@router.post(
    "/gallery-algorithm-publication",
    operation_id="create_algorithm_version_to_gallery",
    status_code=201,
    response_model=Published,
    openapi_extra=takes(PublishBody),
)
async def publish(who: MayPublish, ctx: ServicesDep, body: JsonBody) -> Response:
    """Publish an algorithm as a new item, or as the next version of `content_id`."""
    return answer_model(await gallery.publish(ctx, who, body), 201)


@router.get(ITEMS, operation_id="gallery_find", response_model=ItemPage)
async def find(
    who: MayList,
    ctx: ServicesDep,
    title: Title = "",
    own: Annotated[bool, Query(description="Only what one's own project has published.")] = False,
    sort_by: Literal["create_time", "update_time", "title"] = "create_time",
    order: Literal["asc", "desc"] = "desc",
    offset: Offset = 0,
    limit: Limit = 10,
) -> Response:
    """One page of published algorithms."""
    query = ItemQuery(
        title_like=title,
        own_only=own,
        sort_by=sort_by,
        descending=order == "desc",
        offset=offset,
        limit=limit,
    )
    return answer_model(await gallery.find(ctx, who, query))


@router.get(ITEM, operation_id="gallery_show", response_model=ItemResponse)
async def show(item_id: ItemId, who: MayList, ctx: ServicesDep) -> Response:
    """One published algorithm with its versions."""
    return answer_model(await gallery.show(ctx, who, item_id))


@router.put(ITEM, operation_id="gallery_change", response_model=ItemResponse, openapi_extra=takes(ItemChange))
async def change(item_id: ItemId, who: MayPublish, ctx: ServicesDep, body: JsonBody) -> Response:
    """Change title, description or visibility of one's own."""
    return answer_model(await gallery.change(ctx, who, item_id, body))


@router.delete(ITEM, operation_id="gallery_withdraw", status_code=202)
async def withdraw(item_id: ItemId, who: MayPublish, ctx: ServicesDep) -> Response:
    """Withdraw one's own, with all subscriptions to it. Unfinished jobs of it go on."""
    await gallery.withdraw(ctx, who, item_id)
    return Response(b"null", 202, media_type=JSON)


@router.post(
    SUBSCRIPTIONS,
    operation_id="subscriptions_create",
    status_code=201,
    response_model=SubscriptionResponse,
    openapi_extra=takes(SubscribeBody),
)
async def subscribe(who: MaySubscribe, ctx: ServicesDep, body: JsonBody) -> Response:
    """Subscribe to a published algorithm; the subscription there is, when there is one."""
    return answer_model(await subscriptions.subscribe(ctx, who, body), 201)


@router.get(SUBSCRIPTIONS, operation_id="subscriptions_list", response_model=SubscriptionPage)
async def list_subscriptions(
    who: MayList, ctx: ServicesDep, title: Title = "", offset: Offset = 0, limit: Limit = 10
) -> Response:
    """One page of the project's subscriptions."""
    found = await subscriptions.search(ctx, who, title_like=title, offset=offset, limit=limit)
    return answer_model(found)


@router.get(SUBSCRIPTION, operation_id="subscriptions_show", response_model=SubscriptionResponse)
async def show_subscription(subscription_id: SubscriptionId, who: MayList, ctx: ServicesDep) -> Response:
    """One subscription with the versions there are."""
    return answer_model(await subscriptions.show(ctx, who, subscription_id))


@router.put(
    SUBSCRIPTION,
    operation_id="subscriptions_choose",
    response_model=SubscriptionResponse,
    openapi_extra=takes(ChooseBody),
)
async def choose(
    subscription_id: SubscriptionId, who: MaySubscribe, ctx: ServicesDep, body: JsonBody
) -> Response:
    """Choose another version."""
    return answer_model(await subscriptions.choose(ctx, who, subscription_id, body))


@router.delete(SUBSCRIPTION, operation_id="subscriptions_delete", status_code=202)
async def unsubscribe(subscription_id: SubscriptionId, who: MaySubscribe, ctx: ServicesDep) -> Response:
    """Unsubscribe. Unfinished jobs go on, new ones are refused."""
    await subscriptions.unsubscribe(ctx, who, subscription_id)
    return Response(b"null", 202, media_type=JSON)
