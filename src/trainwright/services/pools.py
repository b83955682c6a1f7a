"""Dedicated pools: named shares of what the backend has, given to a project by its administrator."""

from trainwright.domain.errors import PoolNotFound
from trainwright.ports.identity import Principal
from trainwright.ports.pools import PUBLIC_POOL, Pool
from trainwright.ports.uow import UnitOfWork


def find_pool(uow: UnitOfWork, who: Principal, pool_id: str) -> Pool:
    """The pool that a job of the caller is put into by this id; its own `id` is what `LaunchSpec.pool_id` takes. In a
    writing unit it stays as it is until the unit ends.

    The public pool, named by nothing or by the id that lists show, has the empty id and no share of its own.

    Raises:
        PoolNotFound: there is none, or the caller does not see it.
    """
    if pool_id in ("", PUBLIC_POOL):
        return Pool("", who.project_id, "", PUBLIC_POOL, {}, 0, 0, 0)
    pool = uow.pools.get(pool_id)
    if pool.project_id != who.project_id:
        raise PoolNotFound(pool=pool_id)
    return pool
