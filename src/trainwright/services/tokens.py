"""Tokens that are derived, never stored: two of each attempt, one of each session of the console.

Of an attempt's, one lets its runners report on it, and nothing else; the other lets what runs in it reach objects as
the job's owner, and nothing else. A session's proves that a page has read what only our own pages can read.
"""

import base64
import hashlib
import hmac

JOB_PREFIX = "job."
_PURPOSE = b"trainwright attempt token\0"
_JOB_PURPOSE = b"trainwright job token\0"
_CSRF_PURPOSE = b"trainwright csrf token\0"


def derive(secret: bytes, attempt_key: str) -> str:
    """The token of an attempt: the same for the same secret and key, 43 URL-safe characters."""
    return _derive(secret, _PURPOSE, attempt_key)


def verify(secret: bytes, attempt_key: str, presented: str) -> bool:
    """Whether `presented` is the attempt's token; takes the same time whatever is wrong with it."""
    return hmac.compare_digest(derive(secret, attempt_key).encode(), presented.encode("utf-8", "replace"))


def derive_job(secret: bytes, attempt_key: str) -> str:
    """What runs in the attempt presents this: `job.`, the attempt's key, a dot, 43 URL-safe characters."""
    return f"{JOB_PREFIX}{attempt_key}.{_derive(secret, _JOB_PURPOSE, attempt_key)}"


def is_of_job(presented: str) -> bool:
    """Whether it looks like the token of a job, the attempt's own to reach objects; it need not be a right one."""
    return presented.startswith(JOB_PREFIX)


def verify_job(secret: bytes, presented: str) -> str:
    """The key of the attempt whose job token `presented` is; empty when it is none.

    It takes the same time whatever is wrong behind the prefix. Whether the attempt still runs is another question.
    """
    attempt_key, _, _ = presented.removeprefix(JOB_PREFIX).rpartition(".")
    expected = derive_job(secret, attempt_key).encode("utf-8", "replace")
    return attempt_key if hmac.compare_digest(expected, presented.encode("utf-8", "replace")) else ""


def derive_csrf(session_token: str) -> str:
    """What changes by the session's cookie must carry, too: 43 URL-safe characters, which do not tell the cookie's.

    Its key is the session's own token, not the server's secret: every server on the same database takes it.
    """
    return _derive(session_token.encode("utf-8", "replace"), _CSRF_PURPOSE, "")


def verify_csrf(session_token: str, presented: str) -> bool:
    """Whether `presented` is the session's; takes the same time whatever is wrong with it."""
    return hmac.compare_digest(derive_csrf(session_token).encode(), presented.encode("utf-8", "replace"))


def _derive(secret: bytes, purpose: bytes, attempt_key: str) -> str:
    digest = hmac.digest(secret, purpose + attempt_key.encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
