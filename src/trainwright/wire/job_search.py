"""Request body of the search for training jobs (contract §5). Null means "not given" everywhere."""

from typing import Annotated

from pydantic import Field

from trainwright.wire.model import RequestModel

SEARCH_LIMIT_MAX = 50
OFFSET_MAX = 2**62
FILTERS_MAX = 50
VALUES_MAX = 500  # with FILTERS_MAX below what one statement of SQLite takes
TAGS_MAX = 10
HOSTS_MAX = 10

Word = Annotated[str, Field(max_length=256)]


class SearchFilter(RequestModel):
    """One condition. An empty value list, or one of empty texts only, switches the condition off."""

    key: Word
    operator: Word
    value: list[Word] | None = Field(default=None, max_length=VALUES_MAX)


class SearchTag(RequestModel):
    """A tag that the jobs have. The values are alternatives; without any the key alone counts."""

    key: str = Field(min_length=1, max_length=128)
    values: list[Word] | None = Field(default=None, max_length=TAGS_MAX)


class JobSearch(RequestModel):
    """Body of `POST /v2/{P}/training-job-searches`. `offset` counts records.

    `summary` (ours): each job is answered with one, see `JobSummary`. With `tags` or `host_ips` only jobs of
    the last 31 days are looked at.
    """

    offset: int | None = Field(default=None, ge=0, le=OFFSET_MAX)
    limit: int | None = Field(default=None, ge=1, le=SEARCH_LIMIT_MAX)
    sort_by: Word | None = None
    order: Word | None = None
    group_by: Word | None = None
    workspace_id: Word | None = None
    train_type: Word | None = None
    filters: list[SearchFilter] | None = Field(default=None, max_length=FILTERS_MAX)
    tags: list[SearchTag] | None = Field(default=None, max_length=TAGS_MAX)
    host_ips: list[Word] | None = Field(default=None, max_length=HOSTS_MAX)
    summary: bool | None = None
