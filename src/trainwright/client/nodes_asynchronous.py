"""The asyncio client's part for nodes, and for stacks of jobs that hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.models_asynchronous import AsyncModelsClient
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainwright.client.operations import nodes
    from trainwright.wire.nodes import NodeItem, NodesLockResponse, NodesResponse
    from trainwright.wire.watch import StacksResponse
else:
    nodes = deferred("trainwright.client.operations.nodes")


class AsyncNodesClient(AsyncModelsClient):
    """Nodes and stacks."""

    async def list_nodes(
        self, pool: str, *, after: str | None = None, limit: int | None = None
    ) -> NodesResponse:
        """One page of the nodes of a pool, by name; `after`: `metadata.continue` of the page before."""
        return await self.send(nodes.build_list_nodes(self._project, pool, after=after, limit=limit))

    async def show_node(self, pool: str, node: str) -> NodeItem:
        """One node."""
        return await self.send(nodes.build_show_node(self._project, pool, node))

    async def lock_nodes(self, pool: str, names: Sequence[str], *, reason: str = "") -> NodesLockResponse:
        """Take nodes out of use: nothing more is started on them; what runs there runs on. `reason` is shown."""
        return await self.send(nodes.build_lock_nodes(self._project, pool, names, reason=reason))

    async def unlock_nodes(self, pool: str, names: Sequence[str]) -> NodesLockResponse:
        """Return nodes that were locked, or isolated after a fault."""
        return await self.send(nodes.build_unlock_nodes(self._project, pool, names))

    async def list_stacks(self, job_id: str, *, offset: int = 0, limit: int = 10) -> StacksResponse:
        """One page of the stacks stored when a job was suspected to hang, the newest first."""
        return await self.send(nodes.build_list_stacks(self._project, job_id, offset=offset, limit=limit))
