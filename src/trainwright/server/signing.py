"""The signature SDK-HMAC-SHA256 of the official clients: what was signed, and whether it verifies. Pure.

Source: facts/modelarts-rest-contract.md §1.2. A request is signed as six lines: method, path, query, headers, their
names, hash of the body; the key is the secret itself.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import quote, unquote

from trainwright.domain.errors import BadSignature, MalformedAuthorization
from trainwright.domain.texts import Text

ALGORITHM = "SDK-HMAC-SHA256"
DATE_HEADER = "x-sdk-date"
HASH_HEADER = "x-sdk-content-sha256"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()
SKEW_MS = 15 * 60 * 1000
DUMMY_SECRET = "0" * 40
"""What is calculated with for a key that does not exist, so that it takes as long."""

# Other algorithms the official core can sign with when it is asked to.
_UNSUPPORTED = ("SDK-HMAC-SM3", "SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3", "V11-HMAC-SHA256")
_REQUIRED = ("host", DATE_HEADER)
_HASHED_TYPES = (b"application/json", b"application/bson")
_LENGTH_MAX = 16_384
SIGNED_HEADERS_MAX = 100  # the official client signs about six
_FORM = re.compile(
    r"Access=(?P<key>[A-Za-z0-9_-]{1,128})\s*,\s*"
    r"SignedHeaders=(?P<headers>[A-Za-z0-9_;!#$%&'*+.^`|~-]+)\s*,\s*"
    r"Signature=(?P<signature>[0-9a-fA-F]{64})"
)
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
_DATE_FORM = re.compile(rb"\d{8}T\d{6}Z")

_NOT_A_SCHEME = Text("it must begin with Bearer or SDK-HMAC-SHA256", "必须以 Bearer 或 SDK-HMAC-SHA256 开头")
_NOT_THE_FORM = Text(
    "after SDK-HMAC-SHA256 come Access=…, SignedHeaders=…, Signature=…",
    "SDK-HMAC-SHA256 之后应为 Access=…, SignedHeaders=…, Signature=…",
)
_ALGORITHM_UNKNOWN = Text(
    "{algorithm} is not supported, sign with SDK-HMAC-SHA256",
    "不支持 {algorithm}，请使用 SDK-HMAC-SHA256 签名",
)
_HEADER_UNSIGNED = Text("the header {header} is not signed", "请求头 {header} 未参与签名")
_HEADER_MISSING = Text("the signed header {header} is missing", "缺少参与签名的请求头 {header}")
_DATE_BAD = Text("X-Sdk-Date must have the form 20261122T003832Z", "X-Sdk-Date 的格式必须为 20261122T003832Z")
_DATE_STALE = Text(
    "X-Sdk-Date is more than 15 minutes away from the server's clock",
    "X-Sdk-Date 与服务器时间相差超过 15 分钟",
)
MISMATCH = Text("the signature does not match, or the access key is not valid", "签名不匹配，或访问密钥无效")
"""The one answer for a wrong secret and for an unknown, disabled or expired key: keys cannot be probed."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a signed request says of its signature."""

    access_key: str
    signed_headers: tuple[str, ...]  # as sent: in their order and case
    signature: str = field(repr=False)  # lower-case hex

    def signs(self, header: str) -> bool:
        """Whether the header of this lower-case name is signed."""
        return any(name.lower() == header for name in self.signed_headers)


@dataclass(frozen=True)
class SignedRequest:
    """A request as it came over the wire, but for its body. Header names are lower-case."""

    method: str
    raw_path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]] = field(repr=False)

    def header(self, name: str) -> bytes | None:
        """Its trimmed value; those of headers of the same name joined by commas; None when there is none."""
        found = self._values.get(name.lower().encode("latin-1", "replace"))
        return None if found is None else b",".join(found)

    @cached_property
    def _values(self) -> dict[bytes, list[bytes]]:
        """Gone through once: a stranger may send thousands of headers and ask for as many."""
        values: dict[bytes, list[bytes]] = {}
        for key, value in self.headers:
            values.setdefault(key, []).append(value.strip(b" \t"))
        return values


def parse_authorization(text: str) -> Authorization:
    """The `Authorization` header of a signed request.

    Raises:
        BadSignature: it is signed in a way that is not supported.
        MalformedAuthorization: it is no signature at all, or an incomplete one.
    """
    scheme, _, rest = text.strip().partition(" ")
    if scheme in _UNSUPPORTED:
        raise BadSignature(detail=_ALGORITHM_UNKNOWN, algorithm=scheme)
    if scheme != ALGORITHM:
        raise MalformedAuthorization(detail=_NOT_A_SCHEME)
    match = _FORM.fullmatch(rest.strip()) if len(rest) <= _LENGTH_MAX else None
    if match is None:
        raise MalformedAuthorization(detail=_NOT_THE_FORM)
    names = match["headers"].split(";")
    if len(names) > SIGNED_HEADERS_MAX or len({name.lower() for name in names}) < len(names):
        raise MalformedAuthorization(detail=_NOT_THE_FORM)  # a name told twice would be hashed twice, at will
    return Authorization(match["key"], tuple(names), match["signature"].lower())


def check_headers(request: SignedRequest, authorization: Authorization, now_ms: int) -> None:
    """What can be said without a key: what must be signed is, what is signed is there, and the date is of now.

    Raises:
        BadSignature: not so.
    """
    for name in _REQUIRED:
        if not authorization.signs(name):
            raise BadSignature(detail=_HEADER_UNSIGNED, header=name)
    for name in authorization.signed_headers:
        if request.header(name) is None:
            raise BadSignature(detail=_HEADER_MISSING, header=name)
    if abs(_date_ms(request.header(DATE_HEADER) or b"") - now_ms) > SKEW_MS:
        raise BadSignature(detail=_DATE_STALE)


def leaves_body_out(request: SignedRequest) -> bool:
    """Whether a body that is not empty counts as `UNSIGNED_PAYLOAD`: never for JSON."""
    kind = (request.header("content-type") or b"").lower()
    return (
        request.header(HASH_HEADER) == UNSIGNED.encode()
        and kind != b""
        and not kind.startswith(_HASHED_TYPES)
    )


def verifies(request: SignedRequest, authorization: Authorization, secret: str, payload_hash: str) -> bool:
    """Whether `authorization` was made with `secret` for this request and body; in constant time.

    `payload_hash`: lower-case hex SHA-256 of the body, or `UNSIGNED`.
    """
    date = request.header(DATE_HEADER) or b""
    signature = authorization.signature.encode("ascii")
    found = False
    for query in canonical_queries(request.query):
        canonical = _canonical(request, authorization, query, payload_hash)
        told = b"\n".join((ALGORITHM.encode(), date, hashlib.sha256(canonical).hexdigest().encode()))
        expected = hmac.digest(secret.encode(), told, hashlib.sha256).hex().encode("ascii")
        found |= hmac.compare_digest(expected, signature)
    return found


def canonical_path(raw_path: bytes) -> str:
    """Decoded as a whole, then encoded segment by segment, with a slash at its end: `%2F` parts segments, too."""
    decoded = unquote(raw_path.decode("utf-8", "replace"))
    path = "/".join(_encode(segment) for segment in decoded.split("/"))
    return path if path.endswith("/") else path + "/"


def canonical_queries(query: bytes) -> tuple[str, ...]:
    """The forms in which the query may have been signed: its pairs sorted, and as they were sent.

    The official client sorts a list of numbers as numbers and sends what it signed. Neither form can be had by
    changing a pair, so both are as safe.
    """
    pairs = [
        (unquote(key), unquote(value))
        for item in query.decode("utf-8", "replace").split("&")
        if item
        for key, _, value in (item.partition("="),)
    ]
    as_sent, in_order = _joined(pairs), _joined(sorted(pairs))
    return (in_order,) if in_order == as_sent else (in_order, as_sent)


def _joined(pairs: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"{_encode(key)}={_encode(value)}" for key, value in pairs)


def _encode(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return quote(text, safe="~", errors="replace")


def _canonical(request: SignedRequest, authorization: Authorization, query: str, payload_hash: str) -> bytes:
    headers = b"".join(
        name.lower().encode() + b":" + (request.header(name) or b"") + b"\n"
        for name in authorization.signed_headers
    )
    return b"\n".join(
        (
            request.method.upper().encode("ascii", "replace"),
            canonical_path(request.raw_path).encode(),
            query.encode(),
            headers,
            ";".join(authorization.signed_headers).encode(),
            payload_hash.encode(),
        )
    )


def _date_ms(date: bytes) -> int:
    try:
        if not _DATE_FORM.fullmatch(date):
            raise ValueError(date)
        parsed = datetime.fromisoformat(date.decode("ascii"))
    except ValueError as exc:
        raise BadSignature(detail=_DATE_BAD) from exc
    return int(parsed.timestamp()) * 1000
