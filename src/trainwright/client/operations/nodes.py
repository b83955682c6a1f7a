"""Nodes of pools: which there are, taking them out of use and returning them; stacks of jobs that hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.operations.jobs import JOB
from trainwright.client.requests import Request, make_request, model_parser
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainwright.wire import nodes as wire
    from trainwright.wire import watch
else:
    wire = deferred("trainwright.wire.nodes")
    watch = deferred("trainwright.wire.watch")

NODES = "/v2/{project_id}/pools/{pool_name}/nodes"


def build_list_nodes(
    project_id: str, pool: str, *, after: str | None = None, limit: int | None = None
) -> Request[wire.NodesResponse]:
    """One page of the nodes of a pool, by name, at most 500; `after`: `metadata.continue` of the page before."""
    return make_request(
        "GET",
        NODES,
        model_parser(wire.NodesResponse),
        path={"project_id": project_id, "pool_name": pool},
        query={"continue": after, "limit": limit},
    )


def build_show_node(project_id: str, pool: str, node: str) -> Request[wire.NodeItem]:
    """One node."""
    return make_request(
        "GET",
        NODES + "/{node_name}",
        model_parser(wire.NodeItem),
        path={"project_id": project_id, "pool_name": pool, "node_name": node},
    )


def build_lock_nodes(
    project_id: str, pool: str, nodes: Sequence[str], *, reason: str = ""
) -> Request[wire.NodesLockResponse]:
    """Take nodes out of use; `reason` is shown with them."""
    return _build_change("batch-lock", project_id, pool, nodes, reason)


def build_unlock_nodes(project_id: str, pool: str, nodes: Sequence[str]) -> Request[wire.NodesLockResponse]:
    """Return nodes."""
    return _build_change("batch-unlock", project_id, pool, nodes)


def build_list_stacks(
    project_id: str, job_id: str, *, offset: int = 0, limit: int = 10
) -> Request[watch.StacksResponse]:
    """One page of the stacks stored when a job was suspected to hang, the newest first; `limit` at most 50."""
    return make_request(
        "GET",
        JOB + "/stacks",
        model_parser(watch.StacksResponse),
        path={"project_id": project_id, "training_job_id": job_id},
        query={"offset": offset, "limit": limit},
    )


def _build_change(
    verb: str, project_id: str, pool: str, nodes: Sequence[str], reason: str = ""
) -> Request[wire.NodesLockResponse]:
    return make_request(
        "POST",
        f"{NODES}/{verb}",
        model_parser(wire.NodesLockResponse),
        path={"project_id": project_id, "pool_name": pool},
        body={"nodeNames": list(nodes)} | ({"reason": reason} if reason else {}),
        repeatable=True,
    )
