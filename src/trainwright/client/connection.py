"""Sending requests: one shell for blocking code, one for asyncio, over the same `Request`s.

Both answer with what the request's `parse` reads, retry what may be repeated, and turn every failure into a
`ClientError`. A stream is opened once; going on after a cut is the business of `streams`.
"""

from __future__ import annotations

import time
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Self, TypeVar

from trainwright.client.errors import ApiError, api_error, connection_failed
from trainwright.client.pacing import RETRY_STATUSES, delays
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from types import TracebackType

    import httpx

    from trainwright.client.access import Access
    from trainwright.client.requests import Request
else:
    asyncio = deferred("asyncio")
    httpx = deferred("httpx")

T = TypeVar("T")

CONNECT_TIMEOUT_S = 10.0
CALL_TIMEOUT_S = 120.0
# A stream may be silent for as long as a job prints nothing. After this long it is opened anew where it stood, which
# costs nothing and finds out about a connection that died without a word.
STREAM_TIMEOUT_S = 60.0
CONNECTIONS = 64


class SyncConnection:
    """Blocking calls. Use as a context manager, or call `close`."""

    def __init__(self, access: Access, *, transport: httpx.BaseTransport | None = None) -> None:
        self.access = access
        self._http = httpx.Client(
            base_url=access.endpoint,
            headers=access.headers(),
            auth=_signer(access),
            timeout=_timeout(CALL_TIMEOUT_S),
            limits=_limits(),
            verify=_verifies(access),
            trust_env=not access.is_here,  # a proxy from the environment cannot reach it,
            transport=transport,
        )

    def send(self, request: Request[T]) -> T:
        """The parsed answer.

        Raises:
            ApiError: the server refused.
            ConnectionFailed: it did not answer, also not after the retries.
        """
        pauses = delays() if request.repeatable else iter(())
        while True:
            try:
                response = self._http.send(_build(self._http, request))
            except httpx.TransportError as exc:
                pause = next(pauses, None)
                if pause is None:
                    raise connection_failed(self.access.endpoint, exc) from exc
            else:
                if response.is_success:
                    return _read(request, response)
                pause = next(pauses, None) if response.status_code in RETRY_STATUSES else None
                if pause is None:
                    raise api_error(response)
            time.sleep(pause)

    @contextmanager
    def stream(
        self,
        request: Request[T],
        *,
        headers: Mapping[str, str] | None = None,
        silence_s: float = STREAM_TIMEOUT_S,
    ) -> Iterator[httpx.Response]:
        """The open answer of a 2xx, to be read in pieces; broken off after `silence_s` seconds without a byte.

        Raises:
            ApiError: the server refused.
            ConnectionFailed: no answer, or the connection broke while being read.
        """
        try:
            response = self._http.send(_build(self._http, request, headers, silence_s), stream=True)
            try:
                if not response.is_success:
                    response.read()
                    raise api_error(response)
                yield response
            finally:
                response.close()
        except httpx.TransportError as exc:
            raise connection_failed(self.access.endpoint, exc) from exc

    def close(self) -> None:
        """Release the connections. Calling it twice is harmless."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncConnection:
    """The same for asyncio. Use as an async context manager, or await `aclose`."""

    def __init__(self, access: Access, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.access = access
        self._http = httpx.AsyncClient(
            base_url=access.endpoint,
            headers=access.headers(),
            auth=_signer(access),
            timeout=_timeout(CALL_TIMEOUT_S),
            limits=_limits(),
            verify=_verifies(access),
            trust_env=not access.is_here,  # a proxy from the environment cannot reach it,
            transport=transport,
        )

    async def send(self, request: Request[T]) -> T:
        """The parsed answer.

        Raises:
            ApiError: the server refused.
            ConnectionFailed: it did not answer, also not after the retries.
        """
        pauses = delays() if request.repeatable else iter(())
        while True:
            try:
                response = await self._http.send(_build(self._http, request))
            except httpx.TransportError as exc:
                pause = next(pauses, None)
                if pause is None:
                    raise connection_failed(self.access.endpoint, exc) from exc
            else:
                if response.is_success:
                    return _read(request, response)
                pause = next(pauses, None) if response.status_code in RETRY_STATUSES else None
                if pause is None:
                    raise api_error(response)
            await asyncio.sleep(pause)

    @asynccontextmanager
    async def stream(
        self,
        request: Request[T],
        *,
        headers: Mapping[str, str] | None = None,
        silence_s: float = STREAM_TIMEOUT_S,
    ) -> AsyncIterator[httpx.Response]:
        """The open answer of a 2xx, to be read in pieces; broken off after `silence_s` seconds without a byte.

        Raises:
            ApiError: the server refused.
            ConnectionFailed: no answer, or the connection broke while being read.
        """
        try:
            response = await self._http.send(_build(self._http, request, headers, silence_s), stream=True)
            try:
                if not response.is_success:
                    await response.aread()
                    raise api_error(response)
                yield response
            finally:
                await response.aclose()
        except httpx.TransportError as exc:
            raise connection_failed(self.access.endpoint, exc) from exc

    async def upload(self, request: Request[T], pieces: AsyncIterator[bytes], size: int) -> T:
        """Send `pieces` (exactly `size` bytes) as the body; never retried here, since `pieces` is used up.

        Raises:
            ApiError: the server refused.
            ConnectionFailed: no answer, or the connection broke.
        """
        try:
            response = await self._http.request(
                request.method,
                request.path,
                params=request.query or None,
                headers={**request.headers, "Content-Length": str(size)},
                content=pieces if size else b"",
            )
        except httpx.TransportError as exc:
            raise connection_failed(self.access.endpoint, exc) from exc
        if not response.is_success:
            raise api_error(response)
        return _read(request, response)

    async def aclose(self) -> None:
        """Release the connections. Calling it twice is harmless."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def is_worth_repeating(error: ApiError) -> bool:
    """Whether the refusal says that a part of the server is away for a moment."""
    return error.status in RETRY_STATUSES or error.status == 429


def _build(
    http: httpx.Client | httpx.AsyncClient,
    request: Request[T],
    headers: Mapping[str, str] | None = None,
    timeout_s: float = CALL_TIMEOUT_S,
) -> httpx.Request:
    return http.build_request(
        request.method,
        request.path,
        params=request.query or None,
        headers={**request.headers, **(headers or {})},
        content=request.content,
        timeout=_timeout(timeout_s),
    )


def _read(request: Request[T], response: httpx.Response) -> T:
    try:
        return request.parse(response)
    except ValueError as exc:  # pydantic's and json's errors
        raise ApiError(
            status=response.status_code,
            error_code="unreadable_answer",
            error_msg=f"{request.method} {request.path} was answered with something else than expected: {exc}",
            error_solution="Check that the endpoint is a Trainwright server of a matching version.",
            request_id=response.headers.get("x-request-id", ""),
        ) from exc


def _signer(access: Access) -> Callable[[httpx.Request], httpx.Request] | None:
    """Signs each request at the moment it is sent: one that is repeated later is signed anew."""
    if not access.is_signed:
        return None

    def sign(request: httpx.Request) -> httpx.Request:
        whole = isinstance(request.stream, httpx.ByteStream)
        if not whole:
            request.headers.setdefault("Content-Type", "application/octet-stream")
        body = request.content if whole else None
        request.headers.update(
            access.signature(request.method, str(request.url), dict(request.headers), body)
        )
        return request

    return sign


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=CONNECT_TIMEOUT_S)


def _limits() -> httpx.Limits:
    return httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)


def _verifies(access: Access) -> bool:
    # Loading the certificate store costs 20 ms and is of no use over plain http, which is what loopback speaks.
    return access.verify_tls and not access.endpoint.startswith("http://")
