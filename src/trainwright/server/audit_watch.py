"""The outermost layer of the application: sees who asked for what and what became of it, for the audit trail.

Routes tell what no path says by `note`: who signs in, and the things a request on several of them is about.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trainwright.ports.audit import AuditRecord, Credential
from trainwright.ports.identity import Principal
from trainwright.server.audit_rules import (
    ANSWER_MAX,
    SESSION,
    SIGN_INS,
    Subject,
    is_recorded,
    subject_of,
    who_signed_in,
    with_answer,
)
from trainwright.server.audit_trail import AuditTrail

_NOTE = "audit"
SEVERAL_MAX = 100
NAME_MAX = 128
_JSON = b"application/json"
_GZIP = 31  # zlib's word for it
_OURS = ("/v1/", "/v2/", "/v3/")


@dataclass(slots=True)
class Note:
    """What a route tells of its request."""

    account: str = ""
    user_name: str = ""
    credential: Credential = Credential.NONE
    ids: list[str] = field(default_factory=list)  # of a request about several things


def note_sign_in(request: HTTPConnection, body: Mapping[str, Any], place: Sequence[str] = ()) -> None:
    """Who wants to be whom: account and name in the body of a sign-in, at `place` in it; nothing else of it."""
    told: Any = body
    for name in place:
        told = told.get(name) if isinstance(told, Mapping) else None
    if not isinstance(told, Mapping):
        return
    domain = told.get("domain")
    account = domain.get("name") if isinstance(domain, Mapping) else told.get("account")
    credential = Credential.TOKEN if told.get("token") else Credential.PASSWORD
    _keep(request, Note(_text(account), _text(told.get("name")), credential))


def note_jobs(request: HTTPConnection, body: Mapping[str, Any]) -> None:
    """Which jobs a request on several is about."""
    items = body.get("jobs")
    found = [_text(item["metadata"].get("id")) for item in items if _is_job(item)] if _is_list(items) else []
    _keep(request, Note(ids=found[:SEVERAL_MAX]))


class AuditWatch:
    """ASGI middleware. It has to be outside of everything that can refuse a request."""

    def __init__(self, app: ASGIApp, *, trail: AuditTrail) -> None:
        self._app = app
        self._trail = trail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" or scope["type"] == "websocket":
            watched = _Watched(scope, send, self._trail)
            try:
                await self._app(scope, receive, watched)
            finally:
                await watched.end()
        else:
            await self._app(scope, receive, send)


class _Watched:
    """Passes the answer on, once its record is written. Nothing is held back of what leaves no record."""

    def __init__(self, scope: Scope, send: Send, trail: AuditTrail) -> None:
        self._scope = scope
        self._send = send
        self._trail = trail
        self._start: Message | None = None
        self._done = False

    async def __call__(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start" and not self._done and _is_recorded(self._scope):
            self._start = message
            return
        if kind == "http.response.body" and self._start is not None:
            whole = b"" if message.get("more_body") else message.get("body", b"")
            await self._answer(whole)
        elif kind in ("websocket.accept", "websocket.http.response.start") and not self._done:
            self._done = True
            await self._record(int(message.get("status", 101)), b"")
        await self._send(message)

    async def end(self) -> None:
        """The request is over, answered or not: by a stop of the server, a change may go unanswered."""
        if self._start is not None:
            await self._answer(b"")
        elif not self._done and self._scope["type"] == "http" and _is_recorded(self._scope):
            self._done = True
            await self._record(0, b"")

    async def _answer(self, body: bytes) -> None:
        start, self._start, self._done = self._start, None, True
        if start is None:
            return
        headers = dict(start.get("headers", ()))
        is_json = headers.get(b"content-type", b"").startswith(_JSON)
        if headers.get(b"content-encoding") == b"gzip":
            body = zlib.decompressobj(_GZIP).decompress(body, ANSWER_MAX)
        await self._record(int(start["status"]), body if is_json else b"")
        await self._send(start)

    async def _record(self, status: int, body: bytes) -> None:
        scope, state = self._scope, self._scope.get("state", {})
        said: Note = state.get(_NOTE) or Note()
        operation, template = _operation_of(scope)
        who = _signing_in(said, status, body) if operation in SIGN_INS else _caller(scope)
        subject = _subject_of(scope, operation, template)
        if body and status < 400 and who.user_id and not subject.id and operation not in SIGN_INS:
            subject = with_answer(subject, body)
        for each in said.ids or (subject.id,):
            record = AuditRecord(
                id="",
                at_ms=0,
                project_id=who.project_id,
                workspace_id=subject.workspace_id,
                user_id=who.user_id,
                user_name=who.user_name,
                account=said.account,
                credential=who.credential,
                operation=operation,
                resource=subject.kind,
                resource_id=each,
                resource_name=subject.name,
                status=status,
                error_code=state.get("error_code", "") if status >= 400 else "",
                request_id=state.get("request_id", ""),
                client=_client_of(scope),
            )
            await self._trail.record(record, known=bool(who.user_id))


@dataclass(frozen=True, slots=True)
class _Who:
    """Who made a request, as far as is known."""

    credential: str
    project_id: str = ""
    user_id: str = ""
    user_name: str = ""


def _signing_in(said: Note, status: int, body: bytes) -> _Who:
    """Who it was, or wanted to be; who was signed in before does not matter."""
    if status >= 400:
        return _Who(said.credential, user_name=said.user_name)
    user_id, user_name, project_id = who_signed_in(body)
    return _Who(said.credential, project_id, user_id, user_name or said.user_name)


def _caller(scope: Scope) -> _Who:
    principal: Principal | None = scope.get("state", {}).get("principal")
    credential = credential_of(scope)
    if principal is None:
        return _Who(credential)
    return _Who(credential, principal.project_id, principal.user_id, principal.user_name)


def _subject_of(scope: Scope, operation: str, template: str) -> Subject:
    if operation in SIGN_INS:
        return Subject(SESSION)
    return subject_of(template or scope["path"], scope.get("path_params") or {})


def credential_of(scope: Scope) -> str:
    """What the request proves with who sends it, whether it is right or not."""
    headers = Headers(scope=scope)
    if headers.get("x-auth-token"):
        return Credential.TOKEN
    scheme = headers.get("authorization", "").partition(" ")[0].lower()
    if scheme:
        return Credential.TOKEN if scheme == "bearer" else Credential.ACCESS_KEY
    return Credential.SESSION if scope.get("state", {}).get("session") else Credential.NONE


def _operation_of(scope: Scope) -> tuple[str, str]:
    """The id of the operation and the form of its path; what never reached a route has neither."""
    route = scope.get("route")
    if isinstance(route, APIRoute):
        return str(route.operation_id or route.name), route.path
    if isinstance(route, WebSocketRoute):
        return route.name, route.path
    return "", ""


def _is_recorded(scope: Scope) -> bool:
    operation, template = _operation_of(scope)
    verb = scope["method"]
    if operation:
        return is_recorded(verb, operation, template)
    path = scope["path"]  # refused before its route
    return path.startswith(_OURS) and is_recorded(verb, "", path)


def _client_of(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _keep(request: HTTPConnection, note: Note) -> None:
    request.scope.setdefault("state", {})[_NOTE] = note


def _text(value: object) -> str:
    return value[:NAME_MAX] if isinstance(value, str) else ""


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_job(item: object) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("metadata"), Mapping)
