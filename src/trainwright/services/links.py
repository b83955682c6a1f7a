"""Share links: a signed, expiring statement of which log may be read without credentials. Pure."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass

from trainwright.domain.errors import InvalidLink

_PURPOSE = b"trainwright share link\0"
_SEPARATOR = "."


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a link allows: one task's log of one attempt, until `expires_at_ms`."""

    project_id: str
    job_id: str
    task: str
    attempt: int
    download: bool
    expires_at_ms: int


def seal(secret: bytes, claim: LinkClaim) -> str:
    """`claim` as URL-safe text that only a holder of `secret` can make."""
    body = _encode(json.dumps(asdict(claim), separators=(",", ":"), sort_keys=True).encode())
    return f"{body}{_SEPARATOR}{_signature(secret, body)}"


def unseal(secret: bytes, token: str, now_ms: int) -> LinkClaim:
    """The claim `token` was made from.

    Raises:
        InvalidLink: forged, altered or expired.
    """
    body, _, signature = token.partition(_SEPARATOR)
    if not hmac.compare_digest(_signature(secret, body).encode(), signature.encode("utf-8", "replace")):
        raise InvalidLink
    try:
        claim = LinkClaim(**json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
    except (binascii.Error, ValueError, TypeError) as exc:  # signed by us, but by another version
        raise InvalidLink from exc
    if now_ms >= claim.expires_at_ms:
        raise InvalidLink
    return claim


def _signature(secret: bytes, body: str) -> str:
    message = _PURPOSE + body.encode("utf-8", "replace")
    return _encode(hmac.digest(secret, message, hashlib.sha256))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
