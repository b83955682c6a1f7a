"""What happened to pools, as far as their rows say: when they were made and when they were changed last."""

from collections.abc import Iterator
from operator import itemgetter

from trainwright.domain.errors import InvalidQuery
from trainwright.domain.texts import Language, Text
from trainwright.ports.identity import Principal
from trainwright.ports.pools import Pool
from trainwright.services.context import Services
from trainwright.services.pool_view import stamp
from trainwright.services.pools import list_own, read_pool
from trainwright.services.selectors import page
from trainwright.wire.pools import PoolEventItem, PoolEventsResponse

POOLS = "pools"
TYPES = ("Normal", "Warning")
ANY = ("", "*")
_LATEST_MS = 2**63 - 1
_TEXTS = {
    "PoolCreated": Text("Pool {name} was created.", "资源池 {name} 已创建。"),
    "PoolChanged": Text("Pool {name} was changed.", "资源池 {name} 已变更。"),
}
_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")


async def list_events(
    ctx: Services,
    who: Principal,
    language: Language,
    *,
    resource: str = "",
    name: str = "",
    kind: str = "",
    since_ms: int = 0,
    until_ms: int = 0,
    after: str = "",
    limit: int = 0,
) -> PoolEventsResponse:
    """One page, newest first: of the pool called `name`, or of all that the caller sees. Bounds of 0 do not count.

    Raises:
        InvalidQuery: the resource or the type is not one.
        PoolNotFound: there is none of that name, or the caller does not see it.
    """
    if resource not in ("", POOLS):
        raise InvalidQuery(field="resource", detail=_ONE_OF, allowed=POOLS)
    if kind and kind not in TYPES:
        raise InvalidQuery(field="type", detail=_ONE_OF, allowed=", ".join(TYPES))
    if name in ANY:
        pools = await list_own(ctx, who)
    else:
        found = await read_pool(ctx, who, name)
        pools = (found,) if found.id else ()
    events = [
        (f"{_LATEST_MS - at_ms:020}.{pool.id}.{reason}", _event(pool, reason, at_ms, language))
        for pool in pools
        for reason, at_ms in _happenings(pool)
        if since_ms <= at_ms <= (until_ms or _LATEST_MS) and kind != "Warning"
    ]
    events.sort(key=itemgetter(0))
    items, meta = page(events, after, limit)
    return PoolEventsResponse(metadata=meta, items=items)


def _happenings(pool: Pool) -> Iterator[tuple[str, int]]:
    yield "PoolCreated", pool.created_at_ms
    if pool.updated_at_ms > pool.created_at_ms:
        yield "PoolChanged", pool.updated_at_ms


def _event(pool: Pool, reason: str, at_ms: int, language: Language) -> PoolEventItem:
    return PoolEventItem(
        first_timestamp=stamp(at_ms),
        last_timestamp=stamp(at_ms),
        reason=reason,
        message=_TEXTS[reason].render(language, {"name": pool.name}),
        involved_object={"kind": "Pool", "name": pool.id},
    )
