"""SDK-HMAC-SHA256: whatever the official client's core signs verifies, whatever was changed afterwards does not."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
import requests
from huaweicloudsdkcore.signer.signer import P256SHA256Signer, SM2SM3Signer, SM3Signer
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.signer import ACCESS_KEY, DATE_MS, HOST, SECRET_KEY, Wire, sign
from trainwright.domain.errors import BadSignature, MalformedAuthorization
from trainwright.domain.texts import Language
from trainwright.server.signing import (
    EMPTY_HASH,
    SIGNED_HEADERS_MAX,
    SKEW_MS,
    UNSIGNED,
    Authorization,
    SignedRequest,
    canonical_path,
    canonical_queries,
    check_headers,
    leaves_body_out,
    parse_authorization,
    verifies,
)

JSON = {"Content-Type": "application/json"}


def transported(wire: Wire) -> Wire:
    """What the client's HTTP library makes of the address before it goes over the wire."""
    return replace(
        wire, target=requests.Request(wire.method, f"http://{HOST}{wire.target}").prepare().path_url
    )


def is_genuine(wire: Wire, *, secret: str = SECRET_KEY, body: bytes | None = None) -> bool:
    """Whether the server takes it."""
    request, content = wire.received(), wire.body if body is None else body
    authorization = parse_authorization(wire.authorization)
    check_headers(request, authorization, DATE_MS)
    payload_hash = hashlib.sha256(content).hexdigest()
    if content and leaves_body_out(request):
        payload_hash = UNSIGNED
    return verifies(request, authorization, secret, payload_hash)


def changed_header(wire: Wire, name: str, value: str) -> Wire:
    """The request with another value of a header."""
    return replace(wire, headers={**wire.headers, name: value})


SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "root": {"path": "/"},
    "no slash at the end": {"path": "/v2/p/training-jobs/x"},
    "slash at the end": {"path": "/v2/p/training-jobs/"},
    "slash in an id": {"path": "/v2/p/training-jobs/a%2Fb%2f"},
    "unset id": {"path": "/v2/%7Bproject_id%7D/training-jobs/%7Btraining_job_id%7D"},
    "unicode id": {"path": "/v2/p/training-jobs/%E6%95%B0%E5%AD%97"},
    "blanks, plus and percent in an id": {"path": "/v2/p/training-jobs/a%20b%2Bc%25d~e*"},
    "garbage in an id": {"path": "/v2/p/training-jobs/%FF%00"},
    "query": {"query": [("offset", 0), ("limit", 10), ("sort_by", "create_time")]},
    "query that wants encoding": {"query": [("a", "x y"), ("b", "1+1"), ("c", "*~/?&=#"), ("d", "数字")]},
    "repeated keys": {"query": [("k", ["b", "a", "a"]), ("k2", "x")]},
    "numbers in a list": {"query": [("k", [10, 9, 2])]},
    "true and false": {"query": [("a", True), ("b", False)]},
    "empty value": {"query": [("a", ""), ("b", "")]},
    "keys in another order": {"query": [("b", "1"), ("B", "2"), ("a", "3"), ("a-", "4")]},
    "body": {"method": "POST", "body": b'{"kind":"job"}', "headers": JSON},
    "body as text": {"method": "POST", "body": '{"name":"\\u6570"}', "headers": JSON},
    "body without a type": {"method": "POST", "body": b"{}"},
    "post without a body": {"method": "POST", "headers": JSON},
    "delete with a body": {"method": "DELETE", "body": b'{"tags":[]}', "headers": JSON},
    "charset": {
        "method": "PUT",
        "body": b"{}",
        "headers": {"Content-Type": "application/json;charset=utf-8"},
    },
    "more headers": {
        "headers": {
            "User-Agent": "huaweicloud-usdk-python/3.0; os/linux",
            "X-Project-Id": "pid123",
            "X-Language": "zh-cn",
            "X-Security-Token": "t" * 500,
            "x-custom": "  blanks around  ",
            "X-Unicode": "数字",
            "X-Empty": "",
            "X_underscored": "not signed",
        }
    },
    "default port": {"host": "example.com"},
    "bytes of a file": {
        "method": "PUT",
        "body": b"\x00\x01",
        "headers": {"Content-Type": "application/octet-stream"},
    },
    "no bytes of a file": {"method": "PUT", "headers": {"Content-Type": "text/plain"}},
    "own hash": {
        "method": "POST",
        "body": b"{}",
        "headers": {**JSON, "X-Sdk-Content-Sha256": hashlib.sha256(b"{}").hexdigest()},
    },
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_the_official_signer_signs_verifies(shape: dict[str, Any]) -> None:
    """Guards the canonical form, part by part; a wrong secret never verifies."""
    wire = transported(sign(**shape))
    assert is_genuine(wire)
    assert not is_genuine(wire, secret=SECRET_KEY[:-1] + "X")


@pytest.mark.parametrize(
    "wire",
    [
        replace(sign(), method="DELETE"),
        replace(sign(), target="/v2/pid124/training-job-engines"),
        replace(sign(), target="/v2/pid123/training-job-engines?a=1"),
        replace(sign(query=[("a", "1"), ("b", "2")]), target="/v2/pid123/training-job-engines?a=1"),
        replace(sign(query=[("a", "1"), ("b", "2")]), target="/v2/pid123/training-job-engines?a=2&b=1"),
        changed_header(sign(), "Host", "other"),
        changed_header(sign(), "X-Sdk-Date", "20261122T003833Z"),
        changed_header(sign(headers={"X-Project-Id": "a"}), "X-Project-Id", "b"),
    ],
)
def test_what_was_changed_does_not_verify(wire: Wire) -> None:
    """Guards against anyone between client and server changing verb, path, query or signed headers."""
    assert not is_genuine(wire)


def test_changed_body_does_not_verify() -> None:
    """Guards the body; one that was left out of the signature is only ever another kind than JSON."""
    wire = sign("POST", body=b'{"a":1}', headers=JSON)
    assert is_genuine(wire) and not is_genuine(wire, body=b'{"a":2}') and not is_genuine(wire, body=b"")
    file = sign("PUT", body=b"bytes", headers={"Content-Type": "text/plain"})
    assert is_genuine(file, body=b"other") and not is_genuine(file, body=b"")
    claimed = sign("POST", body=b"{}", headers={**JSON, "X-Sdk-Content-Sha256": UNSIGNED})
    assert not is_genuine(claimed)


def test_header_sent_twice_does_not_verify() -> None:
    """Guards against a second value that another part of the server might read."""
    request = sign(headers={"X-Project-Id": "a"}).received()
    authorization = parse_authorization(sign(headers={"X-Project-Id": "a"}).authorization)
    assert verifies(request, authorization, SECRET_KEY, EMPTY_HASH)
    twice = replace(request, headers=[*request.headers, (b"x-project-id", b"b")])
    assert not verifies(twice, authorization, SECRET_KEY, EMPTY_HASH)


def test_signers_that_put_the_query_in_another_order_verify() -> None:
    """Only the set of pairs counts for clients that sign the sorted query and send it unsorted."""
    wire = sign(query=[("a", "1"), ("b", "2")])
    assert is_genuine(replace(wire, target="/v2/pid123/training-job-engines?b=2&a=1"))
    assert canonical_queries(b"a=1&b=2") == ("a=1&b=2",)
    assert canonical_queries(b"") == ("",)
    assert canonical_queries(b"&&x") == ("x=",)


def test_canonical_path() -> None:
    """The worked example of the contract, and its rule for `%2F`."""
    assert canonical_path(b"/v2/pid123/training-job-engines") == "/v2/pid123/training-job-engines/"
    assert canonical_path(b"/a%2fb/%7Bx%7D~") == "/a/b/%7Bx%7D~/"
    assert canonical_path(b"/") == "/"


@pytest.mark.parametrize(
    ("offset_ms", "is_fresh"),
    [(0, True), (SKEW_MS, True), (-SKEW_MS, True), (SKEW_MS + 1, False), (-SKEW_MS - 1, False)],
)
def test_dates_are_of_now(offset_ms: int, is_fresh: bool) -> None:
    """Fifteen minutes on both sides of the server's clock, and not a moment more."""
    wire = sign()
    if is_fresh:
        check_headers(wire.received(), parse_authorization(wire.authorization), DATE_MS + offset_ms)
        return
    with pytest.raises(BadSignature, match="15 minutes"):
        check_headers(wire.received(), parse_authorization(wire.authorization), DATE_MS + offset_ms)


@pytest.mark.parametrize(
    "date", ["", "now", "20261122", "2026-11-22T00:38:32Z", "20261399T003832Z", "9" * 400]
)
def test_dates_that_are_none(date: str) -> None:
    """Whatever stands in X-Sdk-Date is 401, never 500."""
    wire = sign()
    wire.headers["X-Sdk-Date"] = date
    with pytest.raises(BadSignature, match="X-Sdk-Date"):
        check_headers(wire.received(), parse_authorization(wire.authorization), DATE_MS)


def test_host_and_date_must_be_signed_and_signed_headers_be_there() -> None:
    """Else a request could be sent to another server, or for ever."""
    request = sign().received()
    for names in (("host",), ("x-sdk-date",), ("content-type",)):
        with pytest.raises(BadSignature, match="not signed"):
            check_headers(request, Authorization("k", names, "0"), DATE_MS)
    with pytest.raises(BadSignature, match="x-gone is missing"):
        check_headers(request, Authorization("k", ("host", "x-gone", "x-sdk-date"), "0"), DATE_MS)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "Basic dXNlcjpwYXNz",
        "Bearer",
        "tw_token",
        "SDK-HMAC-SHA256",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=host",
        "SDK-HMAC-SHA256 Access=A, Signature=" + "0" * 64,
        "SDK-HMAC-SHA256 Access=, SignedHeaders=host, Signature=" + "0" * 64,
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=" + "0" * 63,
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=" + "g" * 64,
        "SDK-HMAC-SHA256 Access=A\u4e2d, SignedHeaders=host, Signature=" + "0" * 64,
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=" + "a;" * 9000 + "host, Signature=" + "0" * 64,
    ],
)
def test_malformed_authorization(text: str) -> None:
    """Its own code, ModelArts.0206: the sender's mistake, not a wrong key."""
    with pytest.raises(MalformedAuthorization):
        parse_authorization(text)


def test_other_algorithms_are_named() -> None:
    """What the official core can be told to sign with besides is refused, saying what to use instead."""
    for signer in (SM3Signer, P256SHA256Signer, SM2SM3Signer):
        with pytest.raises(BadSignature, match="is not supported, sign with SDK-HMAC-SHA256") as told:
            parse_authorization(sign(signer=signer).authorization)
        assert "SDK-HMAC-SHA256" in told.value.message(Language.ZH)
    with pytest.raises(BadSignature, match="V11-HMAC-SHA256 is not supported"):
        parse_authorization("V11-HMAC-SHA256 Credential=A/20261122/r/s, SignedHeaders=host, Signature=0")


def test_authorization_is_read_leniently_where_that_is_safe() -> None:
    """Blanks between the parts and capital hex come from other signers."""
    mark = "AB" * 32
    read = parse_authorization(
        f" SDK-HMAC-SHA256  Access={ACCESS_KEY},SignedHeaders=Host;x-sdk-date ,  Signature={mark}"
    )
    assert (read.access_key, read.signed_headers) == (ACCESS_KEY, ("Host", "x-sdk-date"))
    assert read.signs("host") and not read.signs("date") and mark.lower() not in repr(read)
    assert read.signature == mark.lower()


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
SEGMENTS = TEXTS.filter(lambda text: text not in (".", ".."))
VALUES = st.one_of(TEXTS, st.integers(), st.booleans(), st.lists(TEXTS, min_size=1, max_size=3))
NAMES = st.from_regex(r"X-[A-Za-z0-9-]{1,8}", fullmatch=True).filter(
    lambda name: name.lower() not in ("x-sdk-date", "x-sdk-content-sha256")
)
HEADER_VALUES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=20)


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    segments=st.lists(SEGMENTS, min_size=1, max_size=5),
    query=st.dictionaries(TEXTS.filter(bool), VALUES, max_size=4),
    headers=st.dictionaries(NAMES, HEADER_VALUES, max_size=3),
    body=st.binary(max_size=40),
    kind=st.sampled_from(["application/json", "application/json;charset=utf-8", "text/plain", ""]),
    secret=st.text("abcXYZ019", min_size=1, max_size=60),
)
def test_anything_the_official_signer_signs_verifies(
    method: str,
    segments: list[str],
    query: dict[str, Any],
    headers: dict[str, str],
    body: bytes,
    kind: str,
    secret: str,
) -> None:
    """Guards the whole canonical form against shapes nobody thought of."""
    if len({name.lower() for name in headers}) < len(headers):
        return  # one header in two spellings: the client's own mistake
    wire = sign(
        method,
        "/" + "/".join(quote(segment, safe="") for segment in segments),
        list(query.items()),
        headers={**headers, **({"Content-Type": kind} if kind else {})},
        body=body,
        secret_key=secret,
    )
    wire = transported(wire)
    assert is_genuine(wire, secret=secret)
    assert not is_genuine(wire, secret=secret + "x")


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(st.text(max_size=200), st.text(max_size=200).map(lambda text: f"SDK-HMAC-SHA256 {text}"))
)
def test_no_authorization_crashes_the_server(text: str) -> None:
    """Whatever stands in the header is refused as what it is."""
    try:
        parse_authorization(text)
    except (BadSignature, MalformedAuthorization):
        return


@settings(max_examples=200, deadline=None)
@given(path=st.binary(max_size=60), query=st.binary(max_size=60))
def test_no_address_crashes_the_server(path: bytes, query: bytes) -> None:
    """Whatever bytes stand in the request line, there is a canonical form of them."""
    authorization = Authorization("k", ("host",), "0" * 64)
    request = SignedRequest("GET", path, query, [(b"host", b"h")])
    assert not verifies(request, authorization, "secret", EMPTY_HASH)


def test_a_stranger_cannot_make_the_server_search_headers_for_long() -> None:
    """Guards the event loop: names of signed headers are few, and headers are gone through once, not once a name."""
    names = ";".join(["host", "x-sdk-date", *(f"h{number}" for number in range(SIGNED_HEADERS_MAX))])
    with pytest.raises(MalformedAuthorization):
        parse_authorization(f"SDK-HMAC-SHA256 Access=A, SignedHeaders={names}, Signature={'0' * 64}")

    with pytest.raises(MalformedAuthorization):
        parse_authorization(
            f"SDK-HMAC-SHA256 Access=A, SignedHeaders=host;a;x-sdk-date;A, Signature={'0' * 64}"
        )

    class Counted(list[tuple[bytes, bytes]]):
        walked = 0

        def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
            Counted.walked += 1
            return super().__iter__()

    request = SignedRequest("GET", b"/", b"", Counted([(b"a", b"1"), (b"b", b" 2"), (b"a", b"3 ")]))
    assert [request.header(name) for name in ("a", "B", "c", "a")] == [b"1,3", b"2", None, b"1,3"]
    assert Counted.walked == 1
