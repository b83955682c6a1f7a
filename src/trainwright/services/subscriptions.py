"""Use cases of subscriptions to gallery items (manual 3.2, 3.7): subscribe, list, choose a version, unsubscribe."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trainwright.domain.errors import GalleryVersionNotFound
from trainwright.ports.algorithms import GalleryItem, GalleryVersion, Subscription
from trainwright.ports.identity import Principal
from trainwright.ports.uow import Scope
from trainwright.services.context import Services
from trainwright.services.gallery_view import item_response
from trainwright.services.reading import scope_of
from trainwright.wire.gallery import ChooseBody, SubscribeBody, SubscriptionPage, SubscriptionResponse
from trainwright.wire.parsing import parse


async def subscribe(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> SubscriptionResponse:
    """Subscribe the caller's project; the subscription there is, when it has one.

    Raises:
        InvalidParam: about the body.
        GalleryItemNotFound, GalleryVersionNotFound: not for the caller.
    """
    wanted = parse(SubscribeBody, raw)
    return _response(*await ctx.blocking(_subscribe, ctx, who, wanted), who)


async def search(
    ctx: Services, who: Principal, *, title_like: str, offset: int, limit: int
) -> SubscriptionPage:
    """One page of the project's, newest first."""
    matches, pairs = await ctx.blocking(_search, ctx, scope_of(who), title_like, offset, limit)
    return SubscriptionPage(
        count=matches,
        limit=limit,
        offset=offset,
        items=[_response(subscription, item, who) for subscription, item in pairs],
    )


async def show(ctx: Services, who: Principal, subscription_id: str) -> SubscriptionResponse:
    """One subscription with its item's versions. Raises `SubscriptionNotFound`."""
    pair = await ctx.blocking(_read, ctx, scope_of(who), subscription_id)
    return _response(*pair, who)


async def choose(
    ctx: Services, who: Principal, subscription_id: str, raw: Mapping[str, Any]
) -> SubscriptionResponse:
    """Choose another version of the item.

    Raises:
        InvalidParam, SubscriptionNotFound, GalleryVersionNotFound: it cannot be.
    """
    wanted = parse(ChooseBody, raw)
    pair = await ctx.blocking(_choose, ctx, scope_of(who), subscription_id, wanted.version_id)
    return _response(*pair, who)


async def unsubscribe(ctx: Services, who: Principal, subscription_id: str) -> None:
    """Unfinished jobs go on; new ones are refused. Raises `SubscriptionNotFound`."""
    await ctx.blocking(_unsubscribe, ctx, scope_of(who), subscription_id)


def _subscribe(ctx: Services, who: Principal, wanted: SubscribeBody) -> tuple[Subscription, GalleryItem]:
    with ctx.units(scope_of(who)) as uow:
        item = uow.gallery.get_item(wanted.item_id)
        version = _version(item, wanted.version_id) if wanted.version_id else item.versions[0]
        fresh = Subscription(
            id=str(uuid.uuid4()),
            project_id=who.project_id,
            item_id=item.id,
            version_id=version.id,
            user_id=who.user_id,
            user_name=who.user_name,
            created_at_ms=ctx.clock.now_ms(),
        )
        subscription = uow.gallery.add_subscription(fresh)
        uow.commit()
    return subscription, item


def _search(
    ctx: Services, scope: Scope, title_like: str, offset: int, limit: int
) -> tuple[int, tuple[tuple[Subscription, GalleryItem], ...]]:
    with ctx.units(scope, write=False) as uow:
        return uow.gallery.list_subscriptions(title_like=title_like, offset=offset, limit=limit)


def _read(ctx: Services, scope: Scope, subscription_id: str) -> tuple[Subscription, GalleryItem]:
    with ctx.units(scope, write=False) as uow:
        return uow.gallery.get_subscription(subscription_id)


def _choose(
    ctx: Services, scope: Scope, subscription_id: str, version_id: str
) -> tuple[Subscription, GalleryItem]:
    with ctx.units(scope) as uow:
        subscription, item = uow.gallery.get_subscription(subscription_id)
        chosen = _version(item, version_id)
        uow.gallery.choose_version(subscription_id, chosen.id)
        uow.commit()
    return replace(subscription, version_id=chosen.id), item


def _unsubscribe(ctx: Services, scope: Scope, subscription_id: str) -> None:
    with ctx.units(scope) as uow:
        uow.gallery.delete_subscription(subscription_id)
        uow.commit()


def _version(item: GalleryItem, version_id: str) -> GalleryVersion:
    for version in item.versions:
        if version.id == version_id:
            return version
    raise GalleryVersionNotFound(version=version_id)


def _response(subscription: Subscription, item: GalleryItem, who: Principal) -> SubscriptionResponse:
    numbers = {version.id: version.number for version in item.versions}
    return SubscriptionResponse(
        subscription_id=subscription.id,
        item_id=item.id,
        item_version_id=subscription.version_id,
        version_num=numbers.get(subscription.version_id, ""),
        user_name=subscription.user_name,
        create_time=subscription.created_at_ms,
        item=item_response(item, who),
    )
