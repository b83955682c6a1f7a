"""How lists are sorted: what callers may ask for."""

from trainwright.domain.errors import InvalidQuery, UnsupportedSort
from trainwright.domain.texts import Text

_ORDER = Text("it must be asc or desc", "必须为 asc 或 desc")


def sort_key(asked: str | None, allowed: tuple[str, ...], *, default: str) -> str:
    """The key to sort by; empty text means none was asked for.

    Raises:
        UnsupportedSort: it is none of `allowed`.
    """
    key = asked or default
    if key not in allowed:
        raise UnsupportedSort(value=key, allowed=", ".join(allowed))
    return key


def is_descending(order: str | None, *, default: bool = True) -> bool:
    """Whether the largest comes first; letters of either case.

    Raises:
        InvalidQuery: neither asc nor desc.
    """
    if not order:
        return default
    if order.lower() not in ("asc", "desc"):
        raise InvalidQuery(field="order", detail=_ORDER)
    return order.lower() == "desc"
