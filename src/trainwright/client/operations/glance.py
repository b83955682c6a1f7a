"""A project at a glance, the room in its pools, the changes of all its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import overview
else:
    overview = deferred("trainwright.wire.overview")


def build_show_overview(project_id: str, *, since_ms: int | None = None) -> Request[overview.Overview]:
    """The project at a glance: how many jobs, what failed and waits and why, pools and who uses them, quotas.

    `since_ms`: which failures count (UTC); those of a day unless given.
    """
    return make_request(
        "GET",
        "/v2/{project_id}/training-overview",
        model_parser(overview.Overview),
        path={"project_id": project_id},
        query={"since": since_ms},
    )


def build_show_pool_room(project_id: str, *, pool_id: str | None = None) -> Request[overview.PoolRooms]:
    """How much of each pool, or of one, is free now, and how many nodes of each flavor."""
    return make_request(
        "GET",
        "/v2/{project_id}/training-pool-room",
        model_parser(overview.PoolRooms),
        path={"project_id": project_id},
        query={"pool_id": pool_id},
    )


def build_stream_job_changes(project_id: str, *, after: str = "") -> Request[None]:
    """The changes of all jobs behind the one with the id `after`, or from now on, as server-sent events."""
    headers = {"Accept": "text/event-stream"}
    if after:
        headers["Last-Event-ID"] = after
    return make_request(
        "GET",
        "/v2/{project_id}/training-job-changes",
        parse_nothing,
        path={"project_id": project_id},
        headers=headers,
    )
