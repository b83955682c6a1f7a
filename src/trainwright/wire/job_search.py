"""Request body of the search for training jobs (contract §5). Null means "not given" everywhere."""

from typing import Any

from pydantic import Field

from trainwright.wire.model import RequestModel

SEARCH_LIMIT_MAX = 50


class SearchFilter(RequestModel):
    """One condition. An empty value list, or one of empty texts only, switches the condition off."""

    key: str
    operator: str
    value: list[str] | None = None


class JobSearch(RequestModel):
    """Body of `POST /v2/{P}/training-job-searches`. `offset` counts records."""

    offset: int | None = Field(default=None, ge=0)
    limit: int | None = Field(default=None, ge=1, le=SEARCH_LIMIT_MAX)
    sort_by: str | None = None
    order: str | None = None
    group_by: str | None = None
    workspace_id: str | None = None
    train_type: str | None = None
    filters: list[SearchFilter] | None = None
    tags: Any = None
    host_ips: Any = None
