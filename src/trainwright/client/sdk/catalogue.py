"""What the project has beside jobs, as collections: each is iterated, listed with filters, and asked by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

from trainwright.client.sdk.listing import AsyncListing, Listing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

P = ParamSpec("P")
T = TypeVar("T")


class Collection(Generic[P, T]):
    """Things of one kind. The filters of `list` are those of the client's operation, without `offset` and `limit`.

    >>> for dataset in platform.datasets:
    ...     print(dataset.name)
    >>> platform.datasets.get(dataset_id)
    """

    def __init__(self, kind: str, read: Callable[P, Iterator[T]], get: Callable[[str], T]) -> None:
        self._kind = kind
        self._read = read
        self._get = get

    def list(self, *args: P.args, **filters: P.kwargs) -> Listing[T]:
        """Those that match."""
        return Listing(lambda: self._read(*args, **filters))

    def get(self, id: str) -> T:
        """The one with this id.

        Raises:
            ApiError: there is none.
            KeyError: there is none of what the server offers as a whole (engines, flavors).
        """
        return self._get(id)

    def __iter__(self) -> Iterator[T]:
        read: Callable[..., Iterator[T]] = self._read
        return read()

    def __repr__(self) -> str:
        return f"<{self._kind}: iterate, or .list(…), .get(id)>"

    def _repr_html_(self) -> str:
        return Listing(self.__iter__)._repr_html_()


class AsyncCollection(Generic[P, T]):
    """As `Collection`, for `async for` and `await`."""

    def __init__(
        self, kind: str, read: Callable[P, AsyncIterator[T]], get: Callable[[str], Awaitable[T]]
    ) -> None:
        self._kind = kind
        self._read = read
        self._get = get

    def list(self, *args: P.args, **filters: P.kwargs) -> AsyncListing[T]:
        """Those that match."""
        return AsyncListing(lambda: self._read(*args, **filters))

    async def get(self, id: str) -> T:
        """The one with this id; see `Collection.get`."""
        return await self._get(id)

    def __aiter__(self) -> AsyncIterator[T]:
        read: Callable[..., AsyncIterator[T]] = self._read
        return read()

    def __repr__(self) -> str:
        return f"<{self._kind}: iterate with `async for`, or .list(…), await .get(id)>"
