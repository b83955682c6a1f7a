"""AWS Signature Version 4 of one S3 request, in its headers. Pure.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request is signed with. `session_token` belongs to temporary keys."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A request as it will be sent. `path` is not encoded yet and begins with `/`; `host` includes the port when it
    is not the scheme's own.
    """

    method: str
    host: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query, encoded as they are signed and must be sent."""
        query = canonical_query(self.query)
        return canonical_path(self.path) + (f"?{query}" if query else "")


def canonical_path(path: str) -> str:
    """Percent-encoded; `/` stays."""
    return quote(path, safe="/-_.~")


def canonical_query(query: Sequence[tuple[str, str]]) -> str:
    """Percent-encoded and sorted by name."""
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(query)
    )


def signed_headers(
    request: Unsigned, credentials: Credentials, *, region: str, at: datetime, service: str = "s3"
) -> dict[str, str]:
    """All headers that `request` must carry, `Authorization` and `Host` among them. `at` is an aware time; servers
    take signatures that are at most 15 minutes off.
    """
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(request.body).hexdigest()
    headers = {"host": request.host, "x-amz-content-sha256": payload, "x-amz-date": stamp}
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    query = canonical_query(request.query)
    canonical = "\n".join((request.method, canonical_path(request.path), query, lines, names, payload))
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{credentials.access_key}/{scope}"
    headers["authorization"] = (
        f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return headers
