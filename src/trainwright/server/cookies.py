"""The session's cookie: how it is set, and which requests with it are taken for our own page's (docs/adr/0034).

A browser sends cookies along with what any page asks. `SameSite=Strict` keeps them from pages of other sites; but other
ports of the same host are the same site, so what changes anything must also prove that it could read our answers.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from trainwright.domain.errors import CrossSiteRequest
from trainwright.domain.texts import Text
from trainwright.services.tokens import verify_csrf

COOKIE = "trainwright_session"
LANGUAGE_COOKIE = "trainwright_language"
"""Set by the console's page itself: `zh-cn` or `en-us`. Not a secret, and not trusted with anything."""
CSRF_HEADER = "X-CSRF-Token"
SESSION_PATH = "/v1/session"
_FLAGS = "Path=/; HttpOnly; SameSite=Strict"
CLEARED = f"{COOKIE}=; Max-Age=0; {_FLAGS}"
"""The `Set-Cookie` that makes a browser forget the session."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FOREIGN = frozenset({"cross-site", "same-site"})
_BY_SITE = Text("the browser says {site}", "浏览器标明 {site}")
_BY_ORIGIN = Text("it comes from {origin}", "其来源为 {origin}")
_NO_ORIGIN = Text(
    "a WebSocket with a cookie must name its Origin", "携带 Cookie 的 WebSocket 必须带有 Origin"
)
_NO_TOKEN = Text("X-CSRF-Token is missing or not the session's", "X-CSRF-Token 缺失或不属于该会话")


def language_in(headers: Headers) -> str:
    """What the console's language cookie says; empty without it."""
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == LANGUAGE_COOKIE:
            return value
    return ""


def session_of(scope: Scope) -> str:
    """The session's token in the cookie of a request; empty when there is none."""
    return HTTPConnection(scope).cookies.get(COOKIE, "")


def session_cookie(scope: Scope, token: str, lifetime_s: int, public_url: str) -> str:
    """The `Set-Cookie` of a new session; for HTTPS only where the request came by HTTPS, also through a proxy."""
    ours = urlsplit(public_url)
    behind_tls = ours.scheme == "https" and ours.netloc == Headers(scope=scope).get("host", "")
    secure = "; Secure" if scope.get("scheme") == "https" or behind_tls else ""
    return f"{COOKIE}={token}; Max-Age={lifetime_s}; {_FLAGS}{secure}"


def is_our_origin(origin: str, host: str, public_url: str) -> bool:
    """Whether a page of `origin` is one that this server served."""
    try:
        return urlsplit(origin).netloc in {host, urlsplit(public_url).netloc} - {""}
    except ValueError:  # no URL at all
        return False


def check_same_site(scope: Scope, public_url: str) -> None:
    """The request is not one that another site's page makes, as far as the browser says so.

    Raises:
        CrossSiteRequest: it is. Following a link to one of our pages is not meant.
    """
    headers = Headers(scope=scope)
    site, safe = headers.get("sec-fetch-site", ""), scope.get("method", "GET") in _SAFE
    followed = (
        safe and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )
    if site in _FOREIGN and not followed:
        raise CrossSiteRequest(detail=_BY_SITE, site=site)
    is_socket, origin = scope["type"] == "websocket", headers.get("origin", "")
    if is_socket and not origin:
        raise CrossSiteRequest(detail=_NO_ORIGIN)
    if (is_socket or not safe) and origin and not is_our_origin(origin, headers.get("host", ""), public_url):
        raise CrossSiteRequest(detail=_BY_ORIGIN, origin=origin[:200])


def check_forgery(scope: Scope, token: str, public_url: str) -> None:
    """A request that the cookie of the session `token` vouches for is our own page's.

    Raises:
        CrossSiteRequest: it may be another site's, or it changes something and lacks the session's CSRF token.
    """
    check_same_site(scope, public_url)
    if scope["type"] == "http" and scope["method"] not in _SAFE:
        presented = Headers(scope=scope).get(CSRF_HEADER, "")
        if not verify_csrf(token, presented):
            raise CrossSiteRequest(detail=_NO_TOKEN)
