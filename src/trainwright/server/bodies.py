"""Looking at the body of a request before whoever it is for, and handing it on."""

import hashlib
from collections import deque
from collections.abc import Iterable

from starlette.types import Message, Receive

from trainwright.domain.errors import BodyTooLarge


async def hash_body(receive: Receive, *, limit: int, keep: bool) -> tuple[str, Receive]:
    """The hex SHA-256 of the whole body, and the body, to be received anew; empty unless `keep`.

    Raises:
        BodyTooLarge: it is over `limit` bytes.
    """
    digest = hashlib.sha256()
    size = 0
    pieces: list[bytes] = []
    while True:
        message = await receive()
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(limit=limit)
        digest.update(piece)
        if keep:
            pieces.append(piece)
        if message["type"] != "http.request":  # the client has gone
            return digest.hexdigest(), _again([message], receive)
        if not message.get("more_body", False):
            whole = {"type": "http.request", "body": b"".join(pieces), "more_body": False}
            return digest.hexdigest(), _again([whole], receive)


async def see_body(receive: Receive, announced: bytes | None) -> tuple[bool, Receive]:
    """Whether the body holds anything, and the body. `announced`: the header Content-Length, if any.

    Without the header the body is received up to its first byte.
    """
    if announced is not None:
        return announced.strip(b"0 ") != b"", receive
    seen: list[Message] = []
    while True:
        message = await receive()
        seen.append(message)
        if message.get("body") or not message.get("more_body", False):
            return bool(message.get("body")), _again(seen, receive)


def _again(messages: Iterable[Message], receive: Receive) -> Receive:
    waiting = deque(messages)

    async def replay() -> Message:
        return waiting.popleft() if waiting else await receive()

    return replay
