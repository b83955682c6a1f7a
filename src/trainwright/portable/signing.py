"""Signing a request with an access key: SDK-HMAC-SHA256, as the official clients do. Pure.

Source: facts/modelarts-rest-contract.md §1.2; `server/signing.py` is the other side of it.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Mapping, Sequence
from urllib.parse import quote, unquote

ALGORITHM = "SDK-HMAC-SHA256"
DATE_HEADER = "X-Sdk-Date"
HASH_HEADER = "X-Sdk-Content-Sha256"
UNSIGNED = "UNSIGNED-PAYLOAD"
"""Stands for the hash of the bytes of an object or of a part of one. Never for an empty body, never for JSON."""
EMPTY = hashlib.sha256(b"").hexdigest()

# What a proxy on the way has no reason to change. Other headers are sent as they are and vouched for by nobody.
_SIGNED = frozenset({"host", "content-type", "x-project-id", "x-domain-id"})


def hash_body(body: bytes) -> str:
    """The `payload_hash` of a body that is at hand as a whole."""
    return hashlib.sha256(body).hexdigest()


def sign(
    method: str,
    path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    payload_hash: str,
    *,
    access_key: str,
    secret_key: str,
    now: float | None = None,
) -> dict[str, str]:
    """The headers to add to a request so that it counts as the owner's of the key.

    `path` is that of the request line, percent-encoded; `query` holds its pairs, decoded, a repeated name once for each
    value. `headers` are those that will be sent, `Host` (with its port, as sent) among them; of these Content-Type,
    X-Project-Id and X-Domain-Id are signed, too, and must not be changed afterwards. `payload_hash` is what `hash_body`
    says, `EMPTY` for no body, or `UNSIGNED` for the bytes of an object, which then need a Content-Type that is not
    JSON. `now` is in seconds since 1970 (the clock by default); the server accepts 15 minutes to either side.

    Raises:
        ValueError: `headers` has no `Host`, or `UNSIGNED` is asked for a body it cannot stand for.
    """
    now = time.time() if now is None else now
    added = {DATE_HEADER: time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))}
    if payload_hash == UNSIGNED:
        added[HASH_HEADER] = UNSIGNED
    lowered = {name.lower(): value.strip(" \t") for name, value in headers.items()}
    _check(lowered, payload_hash)
    signed = {name: value for name, value in lowered.items() if name in _SIGNED}
    signed.update((name.lower(), value) for name, value in added.items())
    names = sorted(signed)
    canonical = "\n".join(
        (
            method.upper(),
            _canonical_path(path),
            _canonical_query(query),
            "".join(f"{name}:{signed[name]}\n" for name in names),
            ";".join(names),
            payload_hash,
        )
    )
    told = "\n".join((ALGORITHM, added[DATE_HEADER], hashlib.sha256(canonical.encode("utf-8")).hexdigest()))
    signature = hmac.new(secret_key.encode("utf-8"), told.encode("utf-8"), hashlib.sha256).hexdigest()
    added["Authorization"] = "{} Access={}, SignedHeaders={}, Signature={}".format(
        ALGORITHM, access_key, ";".join(names), signature
    )
    return added


def _check(headers: Mapping[str, str], payload_hash: str) -> None:
    if not headers.get("host"):
        raise ValueError("a signed request needs a Host header")
    kind = headers.get("content-type", "").lower()
    if payload_hash == UNSIGNED and (not kind or kind.startswith(("application/json", "application/bson"))):
        raise ValueError("an unsigned body needs a Content-Type, and JSON must be signed")


def _canonical_path(path: str) -> str:
    encoded = "/".join(_encode(segment) for segment in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else encoded + "/"


def _canonical_query(query: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"{_encode(key)}={_encode(value)}" for key, value in sorted(query))


def _encode(text: str) -> str:
    return quote(text, safe="~", errors="replace")
