"""From the contract's search body (§5) to a query of the repository. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trainwright.domain.errors import (
    InvalidFilterValue,
    InvalidParam,
    NotOffered,
    UnsupportedFilterKey,
    UnsupportedFilterOperator,
    UnsupportedSort,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.texts import Text
from trainwright.ports.uow import JobQuery
from trainwright.wire.job_search import JobSearch, SearchFilter

LIMIT_DEFAULT = 10
SORT_KEYS = ("create_time", "name", "duration", "status")
OPERATORS = {
    "id": ("in", "not"),
    "name": ("like",),
    "create_time": ("between",),
    "phase": ("in", "not"),
    "kind": ("in",),
    "user_name": ("in",),
}
_LATER_KEYS = ("algorithm_name", "user_id", "runtime_type", "pool_id")
_NO_JOB = ("",)  # an id that no job has: conditions that exclude each other match nothing
_ORDER = Text("it must be asc or desc", "必须为 asc 或 desc")
_TWO_TIMES = Text("it needs two times in ms, the earlier first", "需要两个毫秒时间戳，且先小后大")
_NOT_A_PHASE = Text("{value} is not a phase", "{value} 不是有效的状态")
_TIME_MAX = 1 << 53
_TIME = re.compile(r"[0-9]{1,15}")


@dataclass(slots=True)
class _Conditions:
    """What the filters say together. None: no condition; an empty set: nothing can match."""

    ids: frozenset[str] | None = None
    not_ids: frozenset[str] = frozenset()
    name_like: str = ""
    phases: frozenset[str] | None = None
    not_phases: frozenset[str] = frozenset()
    kinds: frozenset[str] | None = None
    user_names: frozenset[str] | None = None
    created_from_ms: int = 0
    created_to_ms: int = _TIME_MAX


def job_query(search: JobSearch, now_ms: int) -> JobQuery:
    """The query that `search` means.

    Raises:
        UnsupportedSort, UnsupportedFilterKey, UnsupportedFilterOperator, InvalidFilterValue: as contract §5 says.
        InvalidParam: the order is neither asc nor desc.
        NotOffered: a filter of the contract that this server lacks.
    """
    sort_by = search.sort_by or SORT_KEYS[0]
    if sort_by not in SORT_KEYS:
        raise UnsupportedSort(value=sort_by, allowed=", ".join(SORT_KEYS))
    if search.order not in (None, "", "asc", "desc"):
        raise InvalidParam(field="order", detail=_ORDER)
    query = JobQuery(
        workspace_id=search.workspace_id or "",
        sort_by=sort_by,
        descending=search.order != "asc",
        offset=search.offset or 0,
        limit=search.limit or LIMIT_DEFAULT,
        now_ms=now_ms,
    )
    return _narrowed(query, _conditions(search.filters or []))


def _conditions(filters: Sequence[SearchFilter]) -> _Conditions:
    conditions = _Conditions()
    for condition in filters:
        values = [value for value in condition.value or [] if value]
        _check_key(condition)
        if values:
            _apply(conditions, condition, values)
    return conditions


def _check_key(condition: SearchFilter) -> None:
    if condition.key in _LATER_KEYS:
        raise NotOffered(field=f"filters {condition.key}")
    if condition.key not in OPERATORS:
        raise UnsupportedFilterKey(value=condition.key, allowed=", ".join(OPERATORS))
    allowed = OPERATORS[condition.key]
    if condition.operator not in allowed:
        raise UnsupportedFilterOperator(
            value=condition.operator, field=condition.key, allowed=", ".join(allowed)
        )


def _apply(conditions: _Conditions, condition: SearchFilter, values: list[str]) -> None:
    match condition.key, condition.operator:
        case "id", "in":
            conditions.ids = _both(conditions.ids, values)
        case "id", "not":
            conditions.not_ids |= frozenset(values)
        case "name", "like":
            conditions.name_like = _both_names(conditions.name_like, values[0])
        case "phase", "in":
            conditions.phases = _both(conditions.phases, _phases(values))
        case "phase", "not":
            conditions.not_phases |= frozenset(_phases(values))
        case "kind", _:
            conditions.kinds = _both(conditions.kinds, values)
        case "user_name", _:
            conditions.user_names = _both(conditions.user_names, values)
        case _:
            first, last = _times(values)
            conditions.created_from_ms = max(conditions.created_from_ms, first)
            conditions.created_to_ms = min(conditions.created_to_ms, last)


def _narrowed(query: JobQuery, conditions: _Conditions) -> JobQuery:
    chosen = (conditions.ids, conditions.phases, conditions.kinds, conditions.user_names)
    if frozenset() in chosen or conditions.created_from_ms > conditions.created_to_ms:
        return replace(query, ids=_NO_JOB)
    return replace(
        query,
        ids=tuple(sorted(conditions.ids or ())),
        not_ids=tuple(sorted(conditions.not_ids)),
        name_like=conditions.name_like,
        phases=tuple(Phase(value) for value in sorted(conditions.phases or ())),
        not_phases=tuple(Phase(value) for value in sorted(conditions.not_phases)),
        kinds=tuple(sorted(conditions.kinds or ())),
        user_names=tuple(sorted(conditions.user_names or ())),
        created_from_ms=conditions.created_from_ms,
        created_to_ms=0 if conditions.created_to_ms == _TIME_MAX else conditions.created_to_ms,
    )


def _both(known: frozenset[str] | None, values: Sequence[str]) -> frozenset[str]:
    """Conditions on the same key hold together."""
    return frozenset(values) if known is None else known & frozenset(values)


def _both_names(known: str, wanted: str) -> str:
    """One text that says both; the repository looks for a single one."""
    if known in wanted:
        return wanted
    if wanted in known:
        return known
    raise NotOffered(field="filters name, given twice")


def _phases(values: Sequence[str]) -> Sequence[str]:
    for value in values:
        if value not in Phase._value2member_map_:
            raise InvalidFilterValue(field="phase", detail=_NOT_A_PHASE, value=value)
    return values


def _times(values: Sequence[str]) -> tuple[int, int]:
    if len(values) != 2 or not all(_TIME.fullmatch(value) for value in values):
        raise InvalidFilterValue(field="create_time", detail=_TWO_TIMES)
    first, last = int(values[0]), int(values[1])
    if first > last:
        raise InvalidFilterValue(field="create_time", detail=_TWO_TIMES)
    return first, last
