"""What the client's tests put in place of the network: clients over a handler, answers that break off."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import httpx

from trainwright.client import Access, AsyncClient, Client

ACCESS = Access("http://127.0.0.1:9", "p1", "secret")
Handler = Callable[[httpx.Request], httpx.Response]


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in pieces; after the last one the connection breaks if it is told to."""

    def __init__(self, pieces: Sequence[bytes], *, broken: bool = False) -> None:
        self._pieces = pieces
        self._broken = broken

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        if self._broken:
            raise httpx.ReadError("cut")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def whole(content: bytes) -> httpx.Response:
    """An answer that is streamed and ends properly."""
    return httpx.Response(200, stream=Pieces([content]))


def broken(*pieces: bytes) -> httpx.Response:
    """An answer that breaks off after `pieces`."""
    return httpx.Response(200, stream=Pieces(pieces, broken=True))


def blocking(handler: Handler) -> Client:
    """A blocking client whose requests `handler` answers."""
    return Client(ACCESS, transport=httpx.MockTransport(handler))


def asynchronous(handler: Handler) -> AsyncClient:
    """An asyncio client whose requests `handler` answers."""
    return AsyncClient(ACCESS, transport=httpx.MockTransport(handler))


def refusal(status: int, code: str, message: str = "no", solution: str = "") -> httpx.Response:
    """An error in our shape."""
    body = {"error_code": code, "error_msg": message, "error_solution": solution}
    return httpx.Response(status, json=body, headers={"X-Request-Id": "r-1"})


def body_of(request: httpx.Request) -> dict[str, object]:
    """The JSON a request carries."""
    loaded = json.loads(request.content)
    assert isinstance(loaded, dict)
    return loaded
