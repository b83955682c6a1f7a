"""Pages of lists: filtered, sorted and cut on this side, since versions are grouped into jobs here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from modelarts.arguments import optional_text
from modelarts.exception import InvalidArgument
from modelarts.v1.shown import Json, job_engine, job_item
from modelarts.v1.states import JOB_STATE, status_number
from modelarts.v1.versions import Version, group_versions, iter_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trainwright.client import Client

T = TypeVar("T")
PER_PAGE_MAX = 1000
SEARCH_MAX = 100
JOB_COUNT_LIMIT = 0  # there is no limit

_KEYS: Mapping[str, Callable[[Sequence[Version]], Any]] = {
    "job_name": lambda versions: versions[-1].job_name,
    "job_desc": lambda versions: versions[-1].job.metadata.description,
    "status": lambda versions: status_number(versions[-1].job),
    "duration": lambda versions: versions[-1].job.status.duration,
    "engine_type": lambda versions: job_engine(versions[-1]),
    "create_time": lambda versions: versions[0].job.metadata.create_time,
    "version_count": len,
}


def list_jobs(
    client: Client,
    *,
    status: int | None,
    per_page: int,
    page: int,
    sort_by: str | None,
    order: str,
    search_content: str | None,
    visualization: bool = False,
) -> tuple[int, list[list[Version]]]:
    """How many jobs match, and one page of them, each with its versions.

    Raises:
        InvalidArgument: a sort key, an order or a number that does not exist.
    """
    key = sort_by or "job_name"
    if key not in _KEYS:
        raise InvalidArgument(f"sortBy: {key!r} is none of {', '.join(_KEYS)}.")
    sought = check_page(per_page, page, order, search_content)
    if status is not None and (isinstance(status, bool) or status not in range(len(JOB_STATE))):
        raise InvalidArgument(
            f"status must be a number from 0 to {len(JOB_STATE) - 1}, not {status!r}.",
            error_solution="JOB_STATE[n] is the name of status n; None lists all.",
        )
    groups = [
        versions
        for versions in group_versions(iter_jobs(client), visualization=visualization)
        if (status is None or status_number(versions[-1].job) == status)
        and sought in versions[-1].job_name.lower()
    ]
    groups.sort(key=lambda versions: (_KEYS[key](versions), versions[0].job.metadata.create_time))
    return len(groups), cut_page(groups, per_page, page, order)


def job_list_answer(total: int, groups: Sequence[Sequence[Version]]) -> Json:
    """`get_job_list`."""
    return {
        "job_total_count": total,
        "job_count_limit": JOB_COUNT_LIMIT,
        "quotas": JOB_COUNT_LIMIT,
        "jobs": [job_item(versions) for versions in groups],
    }


def check_page(per_page: int, page: int, order: str, search_content: str | None) -> str:
    """What is searched for, in small letters.

    Raises:
        InvalidArgument: an argument of a list has a value that does not exist.
    """
    for name, value, most in (("per_page", per_page, PER_PAGE_MAX), ("page", page, None)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most and value > most):
            raise InvalidArgument(
                f"{name} must be a number from 1{f' to {most}' if most else ' on'}, not {value!r}."
            )
    if order not in ("asc", "desc"):
        raise InvalidArgument(f"order must be asc or desc, not {order!r}.")
    sought = optional_text("search_content", search_content)
    if len(sought) > SEARCH_MAX:
        raise InvalidArgument(f"search_content is longer than {SEARCH_MAX} characters.")
    return sought.lower()


def cut_page(items: Sequence[T], per_page: int, page: int, order: str) -> list[T]:
    """The asked page of `items`, which are sorted ascending."""
    ordered = list(reversed(items)) if order == "desc" else list(items)
    return ordered[(page - 1) * per_page : page * per_page]
