"""Nodes that are out of use. The database says which; the backend is told after every change, and at every start."""

import logging
from collections.abc import Sequence

from trainwright.domain.errors import BackendUnavailable
from trainwright.ports.backend import BackendError, Nodes
from trainwright.ports.nodes import Isolation
from trainwright.ports.uow import PLATFORM
from trainwright.services.context import Services

log = logging.getLogger(__name__)


async def announce(ctx: Services) -> None:
    """Tell the backend which nodes are isolated, until it has heard of the latest change, whoever else tells it, too.

    Raises:
        BackendUnavailable: it does not listen.
    """
    if not isinstance(ctx.backend, Nodes):
        return
    isolated = await ctx.blocking(isolated_nodes, ctx)
    while True:
        try:
            await ctx.backend.set_isolated(isolated)
        except BackendError as exc:
            raise BackendUnavailable(backend=ctx.backend.name, detail=str(exc)) from exc
        said, isolated = isolated, await ctx.blocking(isolated_nodes, ctx)
        if said == isolated:
            return


async def tell(ctx: Services) -> None:
    """As `announce`; a backend that does not listen now hears of it at the next time round."""
    try:
        await announce(ctx)
    except BackendUnavailable as exc:
        log.warning("isolation_not_told", extra={"error": str(exc)})


def isolations(ctx: Services) -> dict[str, Isolation]:
    """What is out of use and why, by node. Blocking."""
    with ctx.units(PLATFORM, write=False) as uow:
        return {isolation.node: isolation for isolation in uow.isolations.list_all()}


def add(ctx: Services, isolations: Sequence[Isolation]) -> None:
    """Take nodes out of use. Blocking; the backend is told by `announce`."""
    with ctx.units(PLATFORM) as uow:
        for isolation in isolations:
            uow.isolations.add(isolation)
        uow.commit()


def remove(ctx: Services, nodes: Sequence[str]) -> None:
    """Return nodes. Blocking; the backend is told by `announce`."""
    with ctx.units(PLATFORM) as uow:
        for node in nodes:
            uow.isolations.remove(node)
        uow.commit()


def isolated_nodes(ctx: Services) -> tuple[str, ...]:
    """Their names. Blocking."""
    with ctx.units(PLATFORM, write=False) as uow:
        return tuple(isolation.node for isolation in uow.isolations.list_all())
