"""Label selectors and pages in the manner of Kubernetes."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from trainwright.domain.errors import InvalidQuery
from trainwright.domain.texts import Text
from trainwright.wire.pools import ListMeta

T = TypeVar("T")
Labels = Mapping[str, str]
Selector = Callable[[Labels], bool]

PAGE_MAX = 500
_KEY = r"[A-Za-z0-9][A-Za-z0-9./_-]{0,127}"
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s+\(([^()]*)\)")
_PAIR = re.compile(rf"({_KEY})\s*(==|=|!=)\s*(.*)")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})")
_SPLIT = re.compile(r",(?![^(]*\))")
_NOT_UNDERSTOOD = Text("it is not a label selector: {part}", "不是有效的标签选择器：{part}")


def parse_selector(text: str, *, field: str = "labelSelector") -> Selector:
    """What `key=value`, `key==value`, `key!=value`, `key in (a,b)`, `key notin (a)`, `key` and `!key`, with commas
    between them, ask for: all of it. The empty text asks for nothing.

    Raises:
        InvalidQuery: it is something else.
    """
    terms = [_term(part.strip(), field) for part in _SPLIT.split(text)] if text.strip() else []
    return lambda labels: all(term(labels) for term in terms)


def _term(part: str, field: str) -> Selector:
    if among := _SET.fullmatch(part):
        key, values = among[1], frozenset(value.strip() for value in among[3].split(","))
        return _among(key, values, wanted=among[2] == "in")
    if pair := _PAIR.fullmatch(part):
        return _among(pair[1], frozenset({pair[3].strip()}), wanted=pair[2] != "!=")
    if exists := _EXISTS.fullmatch(part):
        key, wanted = exists[2], not exists[1]
        return lambda labels: (key in labels) == wanted
    raise InvalidQuery(field=field, detail=_NOT_UNDERSTOOD, part=part[:100])


def _among(key: str, values: frozenset[str], *, wanted: bool) -> Selector:
    """As Kubernetes has it, what is not labelled at all is not equal to anything."""
    return lambda labels: (labels.get(key) in values) == wanted


def page(items: Sequence[tuple[str, T]], after: str, limit: int) -> tuple[list[T], ListMeta]:
    """One page of `items`, which are in the order of their keys: those behind the key `after`, `limit` of them.

    A key stays a place to go on from, whatever comes or goes. `limit` 0: as many as there may be.
    """
    rest = [pair for pair in items if pair[0] > after]
    shown = rest[: min(limit or PAGE_MAX, PAGE_MAX)]
    left = len(rest) - len(shown)
    meta = {"continue": shown[-1][0] if left else "", "remaining_item_count": left}
    return [item for _, item in shown], ListMeta.model_validate(meta)
