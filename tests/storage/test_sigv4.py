"""The signatures, against the examples that AWS publishes.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from trainwright.storage.sigv4 import Credentials, Unsigned, signed_headers

CREDENTIALS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
HOST = "examplebucket.s3.amazonaws.com"
AT = datetime(2013, 5, 24, tzinfo=UTC)


def signature(request: Unsigned, credentials: Credentials = CREDENTIALS, at: datetime = AT) -> str:
    headers = signed_headers(request, credentials, region="us-east-1", at=at)
    return headers["authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([("lifecycle", "")], "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            [("prefix", "J"), ("max-keys", "2")],
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_the_published_examples(query: list[tuple[str, str]], expected: str) -> None:
    # Guards: canonical request, key derivation and signature, to the bit.
    assert signature(Unsigned("GET", HOST, "/", query)) == expected


def test_all_headers_of_the_published_example() -> None:
    # Guards: names, stamp and scope around the signature.
    assert signed_headers(
        Unsigned("GET", HOST, "/", [("lifecycle", "")]), CREDENTIALS, region="us-east-1", at=AT
    ) == {
        "host": HOST,
        "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-amz-date": "20130524T000000Z",
        "authorization": (
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ),
    }


def test_the_time_zone_does_not_matter() -> None:
    # Guards: a server whose clock is not UTC.
    request = Unsigned("GET", HOST, "/")
    assert signature(request, at=AT.astimezone(timezone(timedelta(hours=8)))) == signature(request)


def test_what_is_sent_is_what_is_signed() -> None:
    # Guards: one encoding of path and query, of every odd character.
    request = Unsigned("GET", HOST, "/a b/ü+%2F~", [("prefix", "x y+/&="), ("delimiter", "/")])
    assert request.target == "/a%20b/%C3%BC%2B%252F~?delimiter=%2F&prefix=x%20y%2B%2F%26%3D"


def test_a_session_token_is_signed_along() -> None:
    # Guards: temporary keys.
    temporary = Credentials("AK", "SK", "TOKEN")
    headers = signed_headers(Unsigned("GET", HOST, "/"), temporary, region="us-east-1", at=AT)
    assert headers["x-amz-security-token"] == "TOKEN"
    assert "x-amz-date;x-amz-security-token," in headers["authorization"]


def test_secrets_are_not_shown() -> None:
    # Guards: logs and tracebacks.
    assert "SK" not in repr(Credentials("AK", "SK", "TOKEN"))
    assert "TOKEN" not in repr(Credentials("AK", "SK", "TOKEN"))
