"""From the contract's search body (§5) to a query of the repository. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from trainwright.domain.errors import (
    InvalidFilterValue,
    InvalidParam,
    UnsupportedFilterKey,
    UnsupportedFilterOperator,
    UnsupportedSort,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.texts import Text
from trainwright.ports.pools import PUBLIC_POOL
from trainwright.ports.uow import JobQuery, Match
from trainwright.wire.job_search import JobSearch, SearchFilter

LIMIT_DEFAULT = 10
RECENT_MS = 31 * 86_400_000  # how far back a search by tags or hosts looks
JOB = "job"
FINE_TUNING = "ftjob"
RUNTIME_TYPE = "normal"  # of every job here; the contract's other one is `debug`
_SORTS: Mapping[str, str] = {
    "create_time": "create_time",
    "name": "name",
    "duration": "duration",
    "status": "status",
    "phase": "status",
    "start_time": "start_time",
    "user_name": "user_name",
    "priority": "priority",
}
_CHOICE = ("in", "not")
_TEXT = ("like", "in", "not")
_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "id": _CHOICE,
    "name": _TEXT,
    "create_time": ("between",),
    "phase": _CHOICE,
    "kind": _CHOICE,
    "user_id": _CHOICE,
    "user_name": _TEXT,
    "algorithm_id": _CHOICE,
    "algorithm_name": _TEXT,
    "runtime_type": _CHOICE,
    "pool_id": _CHOICE,
    "experiment_id": _CHOICE,
    "engine_id": _TEXT,
    "flavor_id": _TEXT,
}
_HOWS: Mapping[str, Literal["in", "not", "like"]] = {"in": "in", "not": "not", "like": "like"}
_NO_JOB = Match("id", ("",))
_ORDER = Text("it must be asc or desc", "必须为 asc 或 desc")
_TRAIN_TYPE = Text("it must be job or ftjob", "必须为 job 或 ftjob")
_TWO_TIMES = Text("it needs two times in ms, the earlier first", "需要两个毫秒时间戳，且先小后大")
_NOT_A_PHASE = Text("{value} is not a phase", "{value} 不是有效的状态")
_TIME = re.compile(r"[0-9]{1,15}")


def job_query(search: JobSearch, now_ms: int) -> JobQuery:
    """The query that `search` means.

    Raises:
        UnsupportedSort, UnsupportedFilterKey, UnsupportedFilterOperator, InvalidFilterValue: as contract §5 says.
        InvalidParam: the order or the training type does not exist.
    """
    sort_by = search.sort_by or "create_time"
    if sort_by not in _SORTS:
        raise UnsupportedSort(value=sort_by, allowed=", ".join(_SORTS))
    if search.order not in (None, "", "asc", "desc"):
        raise InvalidParam(field="order", detail=_ORDER)
    if search.train_type not in (None, "", JOB, FINE_TUNING):
        raise InvalidParam(field="train_type", detail=_TRAIN_TYPE)
    query = JobQuery(
        matches=(_NO_JOB,) if search.train_type == FINE_TUNING else (),
        tags=tuple((tag.key, tuple(tag.values or ())) for tag in search.tags or ()),
        host_ips=tuple(ip for ip in search.host_ips or () if ip),
        workspace_id=search.workspace_id or "",
        sort_by=_SORTS[sort_by],
        descending=search.order != "asc",
        offset=search.offset or 0,
        limit=search.limit or LIMIT_DEFAULT,
        now_ms=now_ms,
    )
    if query.tags or query.host_ips:
        query = replace(query, created_from_ms=max(0, now_ms - RECENT_MS))
    for condition in search.filters or ():
        query = _with(query, condition)
    return query


def _with(query: JobQuery, condition: SearchFilter) -> JobQuery:
    """`query` with one more condition; those on the same key hold together."""
    key, operator = condition.key, condition.operator
    if key not in _OPERATORS:
        raise UnsupportedFilterKey(value=key, allowed=", ".join(_OPERATORS))
    if operator not in _OPERATORS[key]:
        raise UnsupportedFilterOperator(value=operator, field=key, allowed=", ".join(_OPERATORS[key]))
    values = tuple(value for value in condition.value or () if value)
    if not values:
        return query
    if key == "create_time":
        return _between(query, *_times(values))
    if key == "runtime_type":
        return query if (RUNTIME_TYPE in values) == (operator == "in") else _nothing(query)
    if key == "phase":
        _check_phases(values)
    if key == "pool_id":
        values = tuple("" if value == PUBLIC_POOL else value for value in values)  # as jobs store it
    if operator == "like":
        values = values[:1]
    return replace(query, matches=(*query.matches, Match(key, values, _HOWS[operator])))


def _between(query: JobQuery, first: int, last: int) -> JobQuery:
    first = max(query.created_from_ms, first)
    last = min(query.created_to_ms, last) if query.created_to_ms else last
    if first > last or not last:
        return _nothing(query)
    return replace(query, created_from_ms=first, created_to_ms=last)


def _nothing(query: JobQuery) -> JobQuery:
    return replace(query, matches=(*query.matches, _NO_JOB))


def _check_phases(values: Sequence[str]) -> None:
    for value in values:
        if value not in Phase._value2member_map_:
            raise InvalidFilterValue(field="phase", detail=_NOT_A_PHASE, value=value)


def _times(values: Sequence[str]) -> tuple[int, int]:
    if len(values) != 2 or not all(_TIME.fullmatch(value) for value in values):
        raise InvalidFilterValue(field="create_time", detail=_TWO_TIMES)
    first, last = int(values[0]), int(values[1])
    if first > last:
        raise InvalidFilterValue(field="create_time", detail=_TWO_TIMES)
    return first, last
