"""Who calls. Comes before routing, so that nobody without credentials learns which paths or ids exist."""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from trainwright.domain.errors import BadSignature, NoCredentials, SessionEnded, UnknownRoute, WrongProject
from trainwright.ports.clock import Clock
from trainwright.ports.identity import Principal
from trainwright.server.bodies import hash_body, see_body
from trainwright.server.cookies import SESSION_PATH, check_forgery, check_same_site, session_of
from trainwright.server.limits import HASHED_BODY_MAX, limit_of, takes_raw_bytes
from trainwright.server.signing import (
    DUMMY_SECRET,
    EMPTY_HASH,
    MISMATCH,
    UNSIGNED,
    Authorization,
    SignedRequest,
    check_headers,
    leaves_body_out,
    parse_authorization,
    verifies,
)
from trainwright.services.credentials import KeyOwner
from trainwright.services.tokens import is_of_job

FindPrincipal = Callable[[str], Awaitable[Principal]]
"""The owner of a token; raises `NoCredentials` when it has none."""
FindKey = Callable[[str], Awaitable[KeyOwner | None]]
"""The owner of an access key, if it has one."""

OPEN_PATHS = frozenset(
    {"/", "/console", "/health", "/docs", "/openapi.json", "/v3/auth/tokens", SESSION_PATH}
)
# Attempt tokens, share links: their routes check them. The console's files are everyone's.
OPEN_PREFIXES = ("/runner/v1/", "/share/", "/docs/", "/console/")
REMEMBERED_S = 5.0
_KEYED = re.compile(r"/v1/[^/]+/buckets/")
_PROJECT = re.compile(r"/v[12]/([^/]+)/")
_PROJECT_HEADER = "x-project-id"

V = TypeVar("V")


class _Memory(Generic[V]):
    """What was found out, for `ttl_s` seconds, of the `size` things asked for last; until `forget`."""

    def __init__(self, ttl_s: float, size: int, now_s: Callable[[], float]) -> None:
        self._ttl_s = ttl_s
        self._size = size
        self._now_s = now_s
        self._known: OrderedDict[bytes, tuple[V, float]] = OrderedDict()
        self._changes = 0

    async def recall(self, name: str, find: Callable[[str], Awaitable[V]]) -> V:
        """What is known of `name`, else what `find` says. Names are kept as hashes: they may be secrets."""
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
        now_s, changes = self._now_s(), self._changes
        known = self._known.get(digest)
        if known and now_s < known[1]:
            return known[0]
        self._known.pop(digest, None)
        found = await find(name)
        if changes == self._changes:  # else it may have been read just before the change
            self._known[digest] = (found, now_s + self._ttl_s)
            if len(self._known) > self._size:
                self._known.popitem(last=False)
        return found

    def forget(self) -> None:
        """Everything."""
        self._changes += 1
        self._known.clear()


class TokenCache:
    """Remembers who a token belongs to, for `ttl_s` seconds: one that another process revokes is refused that late.

    Unknown tokens are not remembered: a new one works at once.
    """

    def __init__(
        self,
        find: FindPrincipal,
        *,
        ttl_s: float = REMEMBERED_S,
        size: int = 4096,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._memory: _Memory[Principal] = _Memory(ttl_s, size, now_s)

    async def owner(self, token: str) -> Principal:
        """The owner of `token`.

        Raises:
            NoCredentials: it has none.
        """
        return await self._memory.recall(token, self._find)

    def forget(self) -> None:
        """Everything: somebody's credentials have changed."""
        self._memory.forget()


class KeyCache:
    """The same for access keys. Unknown ones are remembered, too: or the time of an answer would tell them apart."""

    def __init__(
        self,
        find: FindKey,
        *,
        ttl_s: float = REMEMBERED_S,
        size: int = 4096,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._memory: _Memory[KeyOwner | None] = _Memory(ttl_s, size, now_s)

    async def owner(self, access_key: str) -> KeyOwner | None:
        """The owner of `access_key` and its secret; None when nobody may use it."""
        return await self._memory.recall(access_key, self._find)

    def forget(self) -> None:
        """Everything: somebody's credentials have changed."""
        self._memory.forget()


class Authentication:
    """ASGI middleware: sets `state.principal`, or raises. Open paths pass without.

    `state.identify` finds out anew whom the same credentials stand for, for what lasts longer than a request: it raises
    `NoCredentials` once they are gone. `state.session` is the token of the cookie, when that is what counted: headers
    come first. At the path of sessions nobody is somebody, too: their own routes say what follows.
    """

    def __init__(
        self, app: ASGIApp, *, tokens: TokenCache, keys: KeyCache, clock: Clock, public_url: str = ""
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._keys = keys
        self._clock = clock
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            NoCredentials, SessionEnded, MalformedAuthorization, BadSignature: nobody we know.
            CrossSiteRequest: the cookie is a session's, but the request may be another site's.
            WrongProject: the project of the path, or of a signed X-Project-Id, is not theirs.
            BodyTooLarge: more than can be hashed was signed.
            UnknownRoute: an encoded slash would make one id the path of something else.
        """
        at_sessions = scope["path"] == SESSION_PATH
        if scope["type"] not in ("http", "websocket") or (is_open(scope["path"]) and not at_sessions):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if token := token_of(headers):
            if at_sessions and is_of_job(token):  # it is for objects, and tells nothing of its owner
                raise NoCredentials
            identify = partial(self._tokens.owner, token)
            principal = await identify()
        elif said := headers.get("authorization", ""):
            authorization = parse_authorization(said)
            identify = partial(self._key_user, authorization.access_key)
            principal, receive = await self._signer(scope, receive, authorization)
        elif at_sessions:
            await self._serve_sessions(scope, receive, send)
            return
        elif token := session_of(scope):
            identify = partial(self._tokens.owner, token)
            principal = await self._session_user(token)
            check_forgery(scope, token, self._public_url)
            scope["state"]["session"] = token
        else:
            raise NoCredentials
        scope["state"].update(principal=principal, identify=identify)
        project = _PROJECT.match(scope["path"])
        if project and project[1] != principal.project_id:
            raise WrongProject
        if _hides_slash(scope):
            raise UnknownRoute(path=scope["path"])
        await self._app(scope, receive, send)

    async def _serve_sessions(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What only browsers do: open a session, look at it, change and leave it; with one before, or without."""
        check_same_site(scope, self._public_url)
        if token := session_of(scope):
            try:
                scope["state"]["principal"] = await self._session_user(token)
            except SessionEnded:
                scope["state"]["session_ended"] = True
            else:
                # Signing in anew needs no token: the page may have lost its own.
                if scope.get("method") != "POST":
                    check_forgery(scope, token, self._public_url)
                scope["state"]["session"] = token
        await self._app(scope, receive, send)

    async def _session_user(self, token: str) -> Principal:
        try:
            if is_of_job(token):
                raise NoCredentials
            return await self._tokens.owner(token)
        except NoCredentials as exc:
            raise SessionEnded from exc

    async def _key_user(self, access_key: str) -> Principal:
        owner = await self._keys.owner(access_key)
        if owner is None:
            raise NoCredentials
        return owner.principal

    async def _signer(
        self, scope: Scope, receive: Receive, authorization: Authorization
    ) -> tuple[Principal, Receive]:
        """Who signed the request, and its body, to be received anew.

        An unknown key takes the same way as a known one to the same answer; only its body is not kept meanwhile.
        """
        request = _signed_request(scope)
        check_headers(request, authorization, self._clock.now_ms())
        owner = await self._keys.owner(authorization.access_key)
        if scope["type"] == "websocket":  # what follows is no body
            payload_hash = EMPTY_HASH
        elif takes_raw_bytes(scope["path"]) and leaves_body_out(request):
            has_body, receive = await see_body(receive, request.header("content-length"))
            payload_hash = UNSIGNED if has_body else EMPTY_HASH
        else:
            limit = HASHED_BODY_MAX if takes_raw_bytes(scope["path"]) else limit_of(scope["path"])
            payload_hash, receive = await hash_body(receive, limit=limit, keep=owner is not None)
        secret = DUMMY_SECRET if owner is None else owner.secret
        if not verifies(request, authorization, secret, payload_hash) or owner is None:
            raise BadSignature(detail=MISMATCH)
        told = request.header(_PROJECT_HEADER) if authorization.signs(_PROJECT_HEADER) else None
        if told and told != owner.principal.project_id.encode():
            raise WrongProject
        return owner.principal, receive


def _signed_request(scope: Scope) -> SignedRequest:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return SignedRequest(scope.get("method", "GET"), raw_path, scope["query_string"], scope["headers"])


def _hides_slash(scope: Scope) -> bool:
    """Whether an id holds a slash: no id does, and routing would read it as a path. Keys of objects may."""
    return b"%2f" in (scope.get("raw_path") or b"").lower() and not _KEYED.match(scope["path"])


def is_open(path: str) -> bool:
    """Whether `path` needs no user: it tells nothing, or its route checks credentials of its own."""
    return path in OPEN_PATHS or path.startswith(OPEN_PREFIXES)


def token_of(headers: Headers) -> str:
    """The token of a request: `X-Auth-Token` first, for clients that send an arbitrary `Authorization` beside it."""
    named = headers.get("x-auth-token", "").strip()
    return named or bearer_of(headers)


def bearer_of(headers: Headers) -> str:
    """The token of `Authorization: Bearer …`; empty when there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
