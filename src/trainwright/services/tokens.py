"""Attempt tokens: they let the runners of one attempt report on it, and on nothing else. Derived, never stored."""

import base64
import hashlib
import hmac

_PURPOSE = b"trainwright attempt token\0"


def derive(secret: bytes, attempt_key: str) -> str:
    """The token of an attempt: the same for the same secret and key, 43 URL-safe characters."""
    digest = hmac.digest(secret, _PURPOSE + attempt_key.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def verify(secret: bytes, attempt_key: str, presented: str) -> bool:
    """Whether `presented` is the attempt's token; takes the same time whatever is wrong with it."""
    return hmac.compare_digest(derive(secret, attempt_key).encode(), presented.encode("utf-8", "replace"))
