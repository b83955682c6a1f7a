"""Requests signed by the official client core's own signer, as they then go over the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from trainwright.server.signing import SignedRequest

ACCESS_KEY = "A1" * 10
SECRET_KEY = "s3cretS3CRET" * 3 + "abcd"
HOST = "127.0.0.1:18999"
DATE = "20261122T003832Z"
DATE_MS = 1_795_307_912_000

Query = Sequence[tuple[str, Any]]


@dataclass
class Wire:
    """What the client would send."""

    method: str
    target: str  # path and query, as in the request line
    headers: dict[str, str]
    body: bytes

    @property
    def authorization(self) -> str:
        """The header."""
        return self.headers["Authorization"]

    def received(self) -> SignedRequest:
        """The request as the server sees it."""
        path, _, query = self.target.partition("?")
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        return SignedRequest(self.method, path.encode(), query.encode(), headers)


def sign(
    method: str = "GET",
    path: str = "/v2/pid123/training-job-engines",
    query: Query = (),
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | str = b"",
    host: str = HOST,
    access_key: str = ACCESS_KEY,
    secret_key: str = SECRET_KEY,
    date: str = DATE,
    signer: type[Signer] = Signer,
) -> Wire:
    """A signed request. `path` is percent-encoded already, as the client has it; `query` is not."""
    request = SdkRequest(
        method=method,
        schema="http",
        host=host,
        resource_path=path,
        query_params=list(query),
        header_params={"X-Sdk-Date": date, **(headers or {})},
        body=body,
    )
    signed = signer(SimpleNamespace(ak=access_key, sk=secret_key)).sign(request)
    content = signed.body.encode() if isinstance(signed.body, str) else signed.body
    return Wire(signed.method, signed.uri, dict(signed.header_params), content or b"")
