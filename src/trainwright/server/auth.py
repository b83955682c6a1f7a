"""Who calls. Comes before routing, so that nobody without credentials learns which paths or ids exist."""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from trainwright.domain.errors import NoCredentials, WrongProject
from trainwright.ports.identity import Principal

FindPrincipal = Callable[[str], Awaitable[Principal]]
"""The owner of a token; raises `NoCredentials` when it has none."""

OPEN_PATHS = frozenset({"/health", "/docs", "/openapi.json"})
OPEN_PREFIXES = ("/runner/v1/", "/share/", "/docs/")  # attempt tokens and signed links: their routes check them
_PROJECT = re.compile(r"/v[12]/([^/]+)/")


class TokenCache:
    """Remembers who a token belongs to, for `ttl_s` seconds: a revoked token is refused that much later.

    Keys are hashes, so that no token stays in memory. Unknown tokens are not remembered: a new one works at once.
    """

    def __init__(
        self,
        find: FindPrincipal,
        *,
        ttl_s: float = 5.0,
        size: int = 4096,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._ttl_s = ttl_s
        self._size = size
        self._now_s = now_s
        self._known: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()

    async def owner(self, token: str) -> Principal:
        """The owner of `token`.

        Raises:
            NoCredentials: it has none.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        now_s = self._now_s()
        known = self._known.get(digest)
        if known and now_s < known[1]:
            return known[0]
        self._known.pop(digest, None)
        principal = await self._find(token)
        self._known[digest] = (principal, now_s + self._ttl_s)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return principal


class Authentication:
    """ASGI middleware: sets `state.principal`, or raises `NoCredentials` or `WrongProject`. Open paths pass without."""

    def __init__(self, app: ASGIApp, *, tokens: TokenCache) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        token = token_of(Headers(scope=scope))
        if not token:
            raise NoCredentials
        principal = await self._tokens.owner(token)
        project = _PROJECT.match(scope["path"])
        if project and project[1] != principal.project_id:
            raise WrongProject
        scope["state"]["principal"] = principal
        await self._app(scope, receive, send)


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
