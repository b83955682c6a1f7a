"""How much a request may send. Routes that take raw bytes have limits of their own.

JSON is read on the event loop, and a small body can stand for a large tree of lists: what strangers may send is small.
"""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trainwright.domain.errors import BodyTooLarge

JSON_BODY_MAX = 2 << 20  # a job with a hundred environment variables of full length fits
LOG_IN_BODY_MAX = 16 << 10
HASHED_BODY_MAX = (
    8 << 20
)  # bytes of an object that are signed, too: they are kept until they have been checked
RUNNER_BODY_MAX = 8 << 20  # reports of tasks, which their tokens vouch for
_RAW_BYTES = re.compile(
    r"/v1/[^/]+/buckets/[^/]+/(objects/.+|uploads/[^/]+/parts/[^/]+)"
    r"|/runner/v1/attempts/[^/]+/tasks/[^/]+/(log|objects/.+)"
)


class BodyLimit:
    """ASGI middleware: refuses bodies over their limit, announced or not, before they are kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or takes_raw_bytes(scope["path"]):
            await self._app(scope, receive, send)
            return
        limit = limit_of(scope["path"])
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise BodyTooLarge(limit=limit)
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLarge(limit=limit)
            return message

        await self._app(scope, counted, send)


def limit_of(path: str) -> int:
    """Bytes that a JSON body of this path may have."""
    if path.startswith("/runner/"):
        return RUNNER_BODY_MAX
    return LOG_IN_BODY_MAX if path.startswith(("/v3/", "/v1/session")) else JSON_BODY_MAX


def takes_raw_bytes(path: str) -> bool:
    """Whether `path` takes the bytes of an object, of a part of one, or of a log."""
    return _RAW_BYTES.fullmatch(path) is not None
