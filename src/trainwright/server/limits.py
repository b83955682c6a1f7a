"""How much a request may send. Routes that take raw bytes have limits of their own."""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trainwright.domain.errors import BodyTooLarge

JSON_BODY_MAX = 8 << 20
_RAW_BYTES = re.compile(
    r"/v1/[^/]+/buckets/[^/]+/(objects/.+|uploads/[^/]+/parts/[^/]+)"
    r"|/runner/v1/attempts/[^/]+/tasks/[^/]+/(log|objects/.+)"
)


class BodyLimit:
    """ASGI middleware: refuses bodies over `limit` bytes, announced or not, before they are kept."""

    def __init__(self, app: ASGIApp, *, limit: int = JSON_BODY_MAX) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or takes_raw_bytes(scope["path"]):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._limit:
            raise BodyTooLarge(limit=self._limit)
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise BodyTooLarge(limit=self._limit)
            return message

        await self._app(scope, counted, send)


def takes_raw_bytes(path: str) -> bool:
    """Whether `path` takes the bytes of an object, of a part of one, or of a log."""
    return _RAW_BYTES.fullmatch(path) is not None
