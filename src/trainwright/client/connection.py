"""Sending requests: one shell for blocking code, one for asyncio, over the same `Request`s.

Both answer with what the request's `parse` reads, retry what may be repeated, and turn every failure into a
`ClientError`. A stream is opened once; going on after a cut is the business of `streams`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx

from trainwright.client.errors import ApiError, api_error, connection_failed
from trainwright.client.pacing import RETRY_STATUSES, delays
from trainwright.client.requests import Request

T = TypeVar("T")

CALL_TIMEOUT = httpx.Timeout(120.0, connect=10.0)
# A stream may be silent for as long as a job prints nothing. After this long it is opened anew where it stood, which
# costs nothing and finds out about a connection that died without a word.
STREAM_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
CONNECTIONS = 64
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Access:
    """Which server, which project, on whose behalf, and the language of its sentences (`en-us` or `zh-cn`)."""

    endpoint: str
    project_id: str
    token: str = field(repr=False)
    language: str = "en-us"

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine."""
        return urlsplit(self.endpoint).hostname in _LOOPBACK

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"X-Auth-Token": self.token, "X-Language": self.language, "User-Agent": "trainwright-client"}


class SyncConnection:
    """Blocking calls. Use as a context manager, or call `close`."""

    def __init__(self, access: Access, *, transport: httpx.BaseTransport | None = None) -> None:
        self.access = access
        self._http = httpx.Client(
            base_url=access.endpoint,
            headers=access.headers(),
            timeout=CALL_TIMEOUT,
            limits=_limits(),
            verify=_needs_tls(access.endpoint),
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
        self, request: Request[T], *, headers: Mapping[str, str] | None = None
    ) -> Iterator[httpx.Response]:
        """The open answer of a 2xx, to be read in pieces.

        Raises:
            ApiError: the server refused.
            ConnectionFailed: no answer, or the connection broke while being read.
        """
        try:
            response = self._http.send(_build(self._http, request, headers, STREAM_TIMEOUT), stream=True)
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
            timeout=CALL_TIMEOUT,
            limits=_limits(),
            verify=_needs_tls(access.endpoint),
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
        self, request: Request[T], *, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """The open answer of a 2xx, to be read in pieces.

        Raises:
            ApiError: the server refused.
            ConnectionFailed: no answer, or the connection broke while being read.
        """
        try:
            response = await self._http.send(
                _build(self._http, request, headers, STREAM_TIMEOUT), stream=True
            )
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
                content=pieces,
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
    timeout: httpx.Timeout = CALL_TIMEOUT,
) -> httpx.Request:
    return http.build_request(
        request.method,
        request.path,
        params=request.query or None,
        headers={**request.headers, **(headers or {})},
        content=request.content,
        timeout=timeout,
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


def _limits() -> httpx.Limits:
    return httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)


def _needs_tls(endpoint: str) -> bool:
    # Loading the certificate store costs 20 ms and is of no use over plain http, which is what loopback speaks.
    return not endpoint.startswith("http://")
