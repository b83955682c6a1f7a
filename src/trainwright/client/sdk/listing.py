"""Lists that are asked for page by page while they are read."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from trainwright.client.sdk.html import table_html

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from typing import Any

T = TypeVar("T")

SHOWN = 20
"""How many lines a notebook shows of a list."""
_FIELDS = 6


class Listing(Generic[T]):
    """What was found, to be read by `for`; each reading asks the server anew. What is added or taken away meanwhile
    may be missed or come late, as with every list that is read in pages.
    """

    def __init__(self, read: Callable[[], Iterator[T]]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[T]:
        return self._read()

    def first(self) -> T | None:
        """The first of them; None when there is none."""
        return next(iter(self), None)

    def all(self) -> list[T]:
        """All of them in memory."""
        return list(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: read it with `for`, `.first()` or `.all()`>"

    def _repr_html_(self) -> str:
        found = list(islice(self, SHOWN + 1))
        note = f"the first {SHOWN}; there are more" if len(found) > SHOWN else ""
        return table_html([row_of(item) for item in found[:SHOWN]], note)


class AsyncListing(Generic[T]):
    """As `Listing`, to be read by `async for`."""

    def __init__(self, read: Callable[[], AsyncIterator[T]]) -> None:
        self._read = read

    def __aiter__(self) -> AsyncIterator[T]:
        return self._read()

    async def first(self) -> T | None:
        """The first of them; None when there is none."""
        async for item in self:
            return item
        return None

    async def all(self) -> list[T]:
        """All of them in memory."""
        return [item async for item in self]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: read it with `async for`, `await .first()` or `await .all()`>"


def row_of(item: object) -> Mapping[str, object]:
    """What a table shows of an item: what it says itself, or the first of its fields that are plain values."""
    row: Any = getattr(item, "row", None)
    if callable(row):
        found: Mapping[str, object] = row()
        return found
    fields = _plain_fields(item)
    return dict(islice(fields.items(), _FIELDS)) or {"": item}


def _plain_fields(item: object) -> dict[str, object]:
    """Also of `metadata`, which is where algorithms and experiments have their names."""
    names = getattr(type(item), "model_fields", {})
    found: dict[str, object] = {}
    for name in names:
        value = getattr(item, name)
        if name == "metadata":
            found.update(_plain_fields(value))
        elif isinstance(value, str | int | float):
            found[name] = value
    return found
