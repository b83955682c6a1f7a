"""Which server, which project, and on whose behalf."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from trainwright.portable.signing import EMPTY, UNSIGNED, sign

USER_AGENT = "trainwright-client"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Access:
    """Which server, which project, on whose behalf, and the language of its sentences (`en-us` or `zh-cn`).

    On whose behalf says a token, or an access key with its secret; a token wins. Without either the server answers
    what needs no proof.
    """

    endpoint: str
    project_id: str
    token: str = field(default="", repr=False)
    language: str = "en-us"
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    verify_tls: bool = True

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine."""
        return urlsplit(self.endpoint).hostname in _LOOPBACK

    @property
    def is_signed(self) -> bool:
        """Whether requests are signed, since there is an access key and no token."""
        return bool(self.access_key) and not self.token

    def headers(self) -> dict[str, str]:
        """What every request carries; one that is signed needs those of `signature` as well."""
        proof = {"X-Auth-Token": self.token} if self.token else {}
        return {**proof, "X-Language": self.language, "User-Agent": USER_AGENT}

    def signature(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = b""
    ) -> dict[str, str]:
        """The headers that prove who sends this request, now; none when there is a token.

        `url` and `headers` are as they will be sent, `Host` among the headers. `body` is None for one that is sent in
        pieces; it must then be an object's bytes, with a Content-Type that is not JSON.
        """
        if not self.is_signed:
            return {}
        parts = urlsplit(url)
        payload = UNSIGNED if body is None else hashlib.sha256(body).hexdigest() if body else EMPTY
        return sign(
            method,
            parts.path or "/",
            _pairs(parts.query),
            headers,
            payload,
            access_key=self.access_key,
            secret_key=self.secret_key,
        )


def host_header(url: str) -> str:
    """The `Host` that a client sends for `url`: the port only when it is not the scheme's own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "ws": 80, "https": 443, "wss": 443}.get(parts.scheme)
    return host if parts.port in (None, usual) else f"{host}:{parts.port}"


def _pairs(query: str) -> list[tuple[str, str]]:
    """The pairs as a signature sees them: a `+` stands for itself, although servers read it as a blank."""
    items = (item.partition("=") for item in query.split("&") if item)
    return [(unquote(name), unquote(value)) for name, _, value in items]
