"""The query parameters of the list of algorithms as an `AlgorithmQuery` (contract §8.4, manual 3.6). Pure.

`searches` is `name:<text>`; ours are description, engine, code_dir and `create_time:<from>-<to>` (ms), several of them
divided by commas. A comma within a text is written `%2C` once more.
"""

import re
from urllib.parse import unquote

from trainwright.domain.errors import InvalidFilterValue, InvalidQuery, UnsupportedFilterKey, UnsupportedSort
from trainwright.domain.texts import Text
from trainwright.ports.algorithms import AlgorithmQuery

CONTAINED = ("name", "description", "engine", "code_dir")
CREATED = "create_time"
SORTED = ("create_time", "update_time", "name")
_SPAN = re.compile(r"([0-9]{0,15})-([0-9]{0,15})")

_FORM = Text("it must be made of key:text, divided by commas", "必须为以逗号分隔的 key:text")
_TIMES = Text("it must be two times in ms: from-to", "必须为两个毫秒时间：from-to")


def algorithm_query(
    *, searches: str, workspace_id: str, sort_by: str, descending: bool, offset: int, limit: int
) -> AlgorithmQuery:
    """What to list.

    Raises:
        UnsupportedSort, UnsupportedFilterKey, InvalidFilterValue, InvalidQuery: about the parameter it names.
    """
    if sort_by not in SORTED:
        raise UnsupportedSort(value=sort_by, allowed=", ".join(SORTED))
    contains, created_from_ms, created_to_ms = _conditions(searches)
    return AlgorithmQuery(
        contains=contains,
        created_from_ms=created_from_ms,
        created_to_ms=created_to_ms,
        workspace_id=workspace_id,
        sort_by=sort_by,
        descending=descending,
        offset=offset,
        limit=limit,
    )


def _conditions(searches: str) -> tuple[dict[str, str], int, int]:
    contains: dict[str, str] = {}
    created = (0, 0)
    for part in searches.split(","):
        if not part.strip():
            continue
        key, colon, text = part.partition(":")
        key, text = key.strip(), unquote(text)
        if not colon:
            raise InvalidQuery(field="searches", detail=_FORM)
        if key in CONTAINED:
            contains[key] = text
        elif key == CREATED:
            created = _span(text)
        else:
            raise UnsupportedFilterKey(value=key, allowed=", ".join((*CONTAINED, CREATED)))
    return contains, *created


def _span(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise InvalidFilterValue(field="searches create_time", detail=_TIMES)
    return int(found[1] or 0), int(found[2] or 0)
