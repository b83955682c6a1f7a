"""From one pure builder to a method of the blocking and one of the asyncio client, one line each.

>>> show_dataset = call(datasets.build_show_dataset)  # in the blocking class
>>> show_dataset = async_call(datasets.build_show_dataset)  # in the asyncio class

Name, documentation and signature are the builder's, its `project_id` taken from the connection. `pages` and
`async_pages` make iterators of operations that answer a page at a time.
"""

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from trainwright.client.connection import AsyncConnection, SyncConnection
from trainwright.client.requests import Request

P = ParamSpec("P")
T = TypeVar("T")
ItemT = TypeVar("ItemT")
MethodT = TypeVar("MethodT", bound=Callable[..., Any])

_EACH = "\n\nAll of them, asked for a page at a time: `limit` is the size of a page."


def call(build: Callable[Concatenate[str, P], Request[T]]) -> Callable[Concatenate[SyncConnection, P], T]:
    """A method that sends what `build` builds for the connection's project."""

    def method(self: SyncConnection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.send(build(self.access.project_id, *args, **kwargs))

    return _named(method, build, _answer(build))


def async_call(
    build: Callable[Concatenate[str, P], Request[T]],
) -> Callable[Concatenate[AsyncConnection, P], Coroutine[Any, Any, T]]:
    """As `call`, to be awaited."""

    async def method(self: AsyncConnection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.send(build(self.access.project_id, *args, **kwargs))

    return _named(method, build, _answer(build))


def pages(
    build: Callable[Concatenate[str, P], Request[T]], items: Callable[[T], Sequence[ItemT]]
) -> Callable[Concatenate[SyncConnection, P], Iterator[ItemT]]:
    """A method that yields the `items` of every page, from `offset` or `after` on. What is added or taken away
    meanwhile may make an item come twice or not at all, as with every list that is read in pages.
    """

    def method(self: SyncConnection, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[ItemT]:
        cursor = _Cursor(build, (self.access.project_id, *args), kwargs)
        while not cursor.done:
            page: T = self.send(cursor.request())
            found = items(page)
            cursor.took(page, len(found))
            yield from found

    return _named(method, build, Iterator, _EACH)


def async_pages(
    build: Callable[Concatenate[str, P], Request[T]], items: Callable[[T], Sequence[ItemT]]
) -> Callable[Concatenate[AsyncConnection, P], AsyncIterator[ItemT]]:
    """As `pages`, for `async for`."""

    async def method(self: AsyncConnection, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[ItemT]:
        cursor = _Cursor(build, (self.access.project_id, *args), kwargs)
        while not cursor.done:
            page: T = await self.send(cursor.request())
            found = items(page)
            cursor.took(page, len(found))
            for item in found:
                yield item

    return _named(method, build, AsyncIterator, _EACH)


class _Cursor:
    """Where in a list that is read in pages the next page begins: by number (`offset`) or behind a key (`after`)."""

    def __init__(
        self, build: Callable[..., Request[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._build = build
        self._bound = inspect.signature(build).bind(*args, **kwargs)
        self._bound.apply_defaults()
        self.done = False

    def request(self) -> Request[Any]:
        return self._build(*self._bound.args, **self._bound.kwargs)

    def took(self, page: object, count: int) -> None:
        told = self._bound.arguments
        if "after" in told:
            told["after"] = getattr(page, "next_after", "")
            self.done = not told["after"]
        else:
            told["offset"] += count
            self.done = count < told["limit"]


def _answer(build: Callable[..., Any]) -> Any:
    written = inspect.signature(build).return_annotation  # as text: what it names may not be imported yet
    return written.removeprefix("Request[").removesuffix("]") if isinstance(written, str) else written


def _named(method: MethodT, build: Callable[..., Any], answer: object, note: str = "") -> MethodT:
    """`method` under the builder's name, with its documentation and signature; `self` stands for the project."""
    named: Any = method
    signature = inspect.signature(build)
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    _, *rest = signature.parameters.values()
    named.__name__ = named.__qualname__ = build.__name__.removeprefix("build_")
    named.__doc__ = (build.__doc__ or "") + note
    named.__signature__ = signature.replace(parameters=[own, *rest], return_annotation=answer)
    return method
