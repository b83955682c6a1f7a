"""Which jobs are meant: from plain values to the search of the REST contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trainwright.wire import job_search
else:
    job_search = deferred("trainwright.wire.job_search")

PAGE = 50
_FAR_MS = 10**14


def search_for(
    *,
    name: str = "",
    exact_name: str = "",
    phases: Sequence[str] = (),
    user: str = "",
    workspace: str = "",
    pool: str = "",
    experiment_id: str = "",
    algorithm_id: str = "",
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    tags: Mapping[str, str] | None = None,
    sort_by: str = "",
    order: str = "",
) -> job_search.JobSearch:
    """The search; see `Jobs.list` for what each value means."""
    conditions = [
        ("name", "like", name),
        ("name", "in", exact_name),
        ("user_name", "in", user),
        ("pool_id", "in", pool),
        ("experiment_id", "in", experiment_id),
        ("algorithm_id", "in", algorithm_id),
    ]
    filters = [
        job_search.SearchFilter(key=key, operator=operator, value=[value])
        for key, operator, value in conditions
        if value
    ]
    if phases:
        filters.append(job_search.SearchFilter(key="phase", operator="in", value=[*phases]))
    if created_after or created_before:
        between = [_ms(created_after, 0), _ms(created_before, _FAR_MS)]
        filters.append(job_search.SearchFilter(key="create_time", operator="between", value=between))
    wanted = [
        job_search.SearchTag(key=key, values=[value] if value else None)
        for key, value in (tags or {}).items()
    ]
    return job_search.JobSearch(
        limit=PAGE,
        filters=filters or None,
        tags=wanted or None,
        workspace_id=workspace or None,
        sort_by=sort_by or None,
        order=order or None,
    )


def _ms(moment: datetime | None, otherwise: int) -> str:
    return str(otherwise if moment is None else int(moment.timestamp() * 1000))
