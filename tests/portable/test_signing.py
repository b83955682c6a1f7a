"""The signer and the verifier are two sides of one sheet: what one makes, the other accepts, and the official client's
signer makes the same.
"""

import hashlib
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.signer import ACCESS_KEY, DATE_MS, HOST, SECRET_KEY
from tests.server.signer import sign as sign_officially
from trainwright.portable.signing import EMPTY, UNSIGNED, hash_body, sign
from trainwright.server.signing import (
    SignedRequest,
    check_headers,
    leaves_body_out,
    parse_authorization,
    verifies,
)

NOW = DATE_MS / 1000
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)


def _verifies(
    method: str,
    path: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    payload_hash: str,
    *,
    secret: str = SECRET_KEY,
) -> bool:
    """Whether the server accepts what the signer makes of this."""
    added = sign(
        method, path, query, headers, payload_hash, access_key=ACCESS_KEY, secret_key=SECRET_KEY, now=NOW
    )
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in {**headers, **added}.items()]
    request = SignedRequest(method, path.encode(), urlencode(query, quote_via=quote).encode(), sent)
    authorization = parse_authorization(added["Authorization"])
    check_headers(request, authorization, DATE_MS)
    assert leaves_body_out(request) == (payload_hash == UNSIGNED)
    return verifies(request, authorization, secret, payload_hash)


@given(
    segments=st.lists(TEXT, min_size=1, max_size=4),
    query=st.lists(st.tuples(TEXT, st.text(st.characters(codec="utf-8"), max_size=12)), max_size=4),
    body=st.binary(max_size=20),
)
def test_the_server_accepts_what_is_signed(
    segments: list[str], query: list[tuple[str, str]], body: bytes
) -> None:
    """Whatever the path, the query and the body hold: spaces, signs, Chinese, repeated names."""
    path = "/v1/p1/" + "/".join(quote(segment, safe="") for segment in segments)
    headers = {"Host": HOST, "Content-Type": "application/json", "User-Agent": "x"}
    assert _verifies("POST", path, query, headers, hash_body(body))


def test_an_object_is_signed_without_its_bytes() -> None:
    """They may be gigabytes, and read only once."""
    headers = {"Host": HOST, "Content-Type": "application/octet-stream"}
    assert _verifies("PUT", "/v1/p1/buckets/bkt/objects/a%20b", [], headers, UNSIGNED)


def test_without_a_body_nothing_but_the_host_is_needed() -> None:
    """GET and DELETE."""
    assert _verifies("GET", "/v3/projects", [], {"host": HOST}, EMPTY)


def test_another_secret_is_refused() -> None:
    """The test above would not notice a verifier that accepts everything."""
    assert not _verifies("GET", "/v3/projects", [], {"Host": HOST}, EMPTY, secret="x" * 40)


def test_the_official_signer_makes_the_same() -> None:
    """For the headers it signs."""
    official = sign_officially(
        "GET", "/v2/p/jobs", [("b", "2"), ("a", "x y")], headers={"Content-Type": "application/json"}
    )
    ours = sign(
        "GET",
        "/v2/p/jobs",
        [("b", "2"), ("a", "x y")],
        {"Host": HOST, "Content-Type": "application/json"},
        hashlib.sha256(b"").hexdigest(),
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        now=NOW,
    )
    assert ours["Authorization"] == official.authorization


@pytest.mark.parametrize(
    "headers", [{}, {"Host": HOST}, {"Host": HOST, "Content-Type": "application/json; charset=utf-8"}]
)
def test_what_could_not_be_verified_is_not_signed(headers: dict[str, str]) -> None:
    """A mistake of ours is told here, not as a refusal of the server."""
    with pytest.raises(ValueError, match="needs a"):
        sign("PUT", "/v1/x", [], headers, UNSIGNED, access_key="a", secret_key="s")
