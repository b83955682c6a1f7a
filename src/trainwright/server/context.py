"""The outermost layer of every request: its id, its language, its line in the log, and the last net for errors."""

import logging
import re
import secrets
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trainwright.domain.errors import TrainwrightError
from trainwright.domain.texts import Language
from trainwright.server.cookies import language_in
from trainwright.server.errors import answer
from trainwright.server.journal import REQUEST_ID

log = logging.getLogger(__name__)
access = logging.getLogger("trainwright.access")

REQUEST_ID_HEADER = b"x-request-id"
# What an answer is unless its route says more: no page. Users' bytes come from our origin, with the reader's cookie;
# opened in a browser they run no script, and no other site's page may take them in.
_HARMLESS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = ("/health", "/runner/")  # asked all the time; at DEBUG only


class RequestContext:
    """ASGI middleware. Sets `state.request_id` and `state.language`, answers what nothing inside has answered."""

    def __init__(self, app: ASGIApp, *, default_language: Language) -> None:
        self._app = app
        self._default = default_language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["language"] = language_of(headers, self._default)
        bound = REQUEST_ID.set(request_id)
        try:
            await self._serve(scope, receive, _Sender(send, request_id))
        finally:
            REQUEST_ID.reset(bound)

    async def _serve(self, scope: Scope, receive: Receive, sender: "_Sender") -> None:
        began = time.perf_counter()
        try:
            await self._app(scope, receive, sender)
        except TrainwrightError as exc:  # raised by a middleware, outside the routes
            if sender.status:
                raise
            await answer(exc, scope)(scope, receive, sender)
        except Exception:  # the top of a request: nothing may leave without our error shape
            log.exception("request_crashed", extra={"method": _verb(scope), "path": _shown_path(scope)})
            if sender.status:
                raise  # too late for another answer: uvicorn cuts the connection, so that nobody takes it as whole
            await answer(TrainwrightError(), scope)(scope, receive, sender)
        finally:
            _log_access(scope, sender.status, time.perf_counter() - began)


class _Sender:
    """Passes messages on, adds the request id, remembers the status (0: nothing sent yet)."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode("ascii")
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            self.status = 101
        elif message["type"].endswith("http.response.start"):  # also a refusal of a WebSocket
            self.status = int(message["status"])
            headers = list(message.get("headers", ()))
            said = {name.lower() for name, _ in headers}
            headers += [(REQUEST_ID_HEADER, self._request_id)]
            headers += [(name, value) for name, value in _HARMLESS if name not in said]
            message = {**message, "headers": headers}
        await self._send(message)


def language_of(headers: Headers, default: Language) -> Language:
    """The reader's language: `X-Language`, else the console's cookie, else the best of `Accept-Language`, else
    `default`.

    Whatever a browser opens by itself (streams, downloads) has no header of ours, but the cookie.
    """
    for asked in (headers.get("x-language", ""), language_in(headers)):
        if (known := asked.strip().lower()) in (Language.EN.value, Language.ZH.value):
            return Language(known)
    ranked = sorted(
        (_weighed(item) for item in headers.get("accept-language", "").split(",")[:32]),
        key=lambda pair: -pair[1],
    )
    for tag, weight in ranked:
        primary = tag.partition("-")[0]
        if weight > 0 and primary in ("zh", "en"):
            return Language.ZH if primary == "zh" else Language.EN
    return default


def _weighed(item: str) -> tuple[str, float]:
    tag, _, rest = item.strip().lower().partition(";")
    weight = rest.strip().removeprefix("q=")
    try:
        return tag.strip(), float(weight) if weight else 1.0
    except ValueError:
        return tag.strip(), 0.0


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _SANE_ID.fullmatch(given) else secrets.token_hex(16)


def _shown_path(scope: Scope) -> str:
    path = str(scope["path"])
    return path.rpartition("/")[0] + "/***" if path.startswith("/share/") else path  # the link is the secret


def _verb(scope: Scope) -> str:
    return str(scope.get("method", "GET"))  # a WebSocket begins as one


def _log_access(scope: Scope, status: int, took_s: float) -> None:
    level = logging.DEBUG if scope["path"].startswith(_QUIET) and status < 400 else logging.INFO
    if not access.isEnabledFor(level):
        return
    principal = scope["state"].get("principal")
    access.log(
        level,
        "request",
        extra={
            "method": _verb(scope),
            "path": _shown_path(scope),
            "status": status,
            "ms": round(took_s * 1000, 1),
            "user": principal.user_name if principal else "",
        },
    )
