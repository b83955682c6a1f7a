"""HTTP to the server, for threads that wait: connections are kept open, passing faults are sat out.

A connection serves one request at a time and goes back to a shelf afterwards; whoever comes next takes it from there.
A child process starts with an empty shelf: two processes must never speak on one connection.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
import time
from collections import deque
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Callable, Iterator, Mapping, TypeVar
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from trainwright.portable import signing
from trainwright.portable.access import Access, NotConfigured
from trainwright.portable.calls import Body, BytesBody, Call, Patience, Query, Retry
from trainwright.portable.failures import Unreachable, in_words, refused

_WAIT_MAX_S = 30.0
_IDLE_MAX_S = 20.0  # servers hang up on what has been silent for longer
_SHELF = 64
_PASSING = frozenset({429, 502, 503, 504})
_FAULTS = (OSError, http.client.HTTPException)
BYTES = "application/octet-stream"

T = TypeVar("T")


class Cut(Exception):
    """The network failed; `error` is how. Kept apart from errors of the files that are sent, which are no reason to
    try again.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Answer:
    """An open answer of a 2xx. Read all of it, or `close` it; either gives the connection back or hangs up."""

    def __init__(self, home: Connection, line: _Line, response: http.client.HTTPResponse) -> None:
        self._open = True
        self._home = home
        self._line = line
        self._response = response
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self._finish_if_read()

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes (all that are left when negative); empty at the end.

        Raises:
            Cut: the connection broke; what was read before is good.
        """
        if not self._open:
            return b""
        try:
            piece = self._response.read() if size < 0 else self._response.read(size)
        except _FAULTS as exc:
            self.close()
            raise Cut(exc) from exc
        self._finish_if_read()
        return piece

    def close(self) -> None:
        """Hang up unless everything was read. Calling it twice is harmless."""
        if self._open:
            self._open = False
            self._line.http.close()

    def __del__(self) -> None:
        self.close()

    def _finish_if_read(self) -> None:
        if self._open and self._response.isclosed():
            self._open = False
            self._home.put_back(self._line)


class _Line:
    """A connection, and since when it has been silent."""

    def __init__(self, http_: http.client.HTTPConnection) -> None:
        self.http = http_
        self.process = os.getpid()
        self.used_at = 0.0  # 0: never


class Connection:
    """To the server of `access`, on behalf of whom it names; safe for threads. `on_retry` hears of each new try.

    Raises:
        NotConfigured: the token, the key or the project cannot be one.
    """

    def __init__(
        self,
        access: Access,
        *,
        patience: Patience | None = None,
        on_retry: Callable[[Retry], None] | None = None,
    ) -> None:
        self.access = access
        self.patience = patience or Patience()
        self._on_retry = on_retry
        said = access.token.value + access.access_key.value + access.project_id.value
        if not all(" " < char <= "~" for char in said):
            raise NotConfigured(
                "The token, the access key or the project holds characters that none of them has.",
                remedy="Copy it again.",
            )
        parts = urlsplit(access.endpoint.value)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._netloc = parts.netloc.rpartition("@")[2]
        self._base = parts.path.rstrip("/")
        self._shelf: deque[_Line] = deque(maxlen=_SHELF)
        self._tls: ssl.SSLContext | None = self._make_tls() if self._secure else None
        self._proxy = self._find_proxy()

    def call(self, call: Call) -> tuple[dict[str, str], bytes]:
        """Headers (lower-case names) and body of the answer; passing faults are tried again.

        Raises:
            Refused: the server refused.
            Unreachable: it did not answer, also after all tries.
        """

        def once() -> tuple[dict[str, str], bytes]:
            answer = self._send(call)
            return answer.headers, answer.read()

        return self.repeat(once)

    def open(self, call: Call) -> Answer:
        """The answer before its body is read; only getting that far is tried again.

        Raises:
            Refused, Unreachable: as `call`.
        """
        return self.repeat(lambda: self._send(call))

    def repeat(self, once: Callable[[], T]) -> T:
        """The result of `once`, called again after faults that may pass.

        Raises:
            Refused, Unreachable: the last fault, or one that will not pass.
        """
        for attempt in range(1, self.patience.tries):
            try:
                return once()
            except _Passing as exc:
                self.pause(attempt, exc.error, asked_s=exc.wait_s)
            except Cut as exc:
                self.pause(attempt, exc.error)
        try:
            return once()
        except _Passing as exc:
            raise exc.error from None
        except Cut as exc:
            raise self.unreachable(exc.error) from exc

    def unreachable(self, cause: Exception) -> Unreachable:
        """The last word on a fault that did not pass."""
        return Unreachable(self.access.endpoint.value, in_words(cause))

    def pause(self, attempt: int, cause: Exception, *, asked_s: float = 0.0) -> None:
        """Wait before the next try; `attempt` have failed. A server that says how long to wait is heeded up to 30 s.

        Raises:
            Unreachable: `cause` will not pass.
        """
        if isinstance(cause, ssl.SSLError) and "EOF" not in str(cause):  # a certificate, or no TLS at all
            raise self.unreachable(cause) from cause
        wait_s = min(_WAIT_MAX_S, max(asked_s, self.patience.wait_s * 2 ** min(attempt - 1, 20)))
        if self._on_retry is not None:
            self._on_retry(Retry(self.patience.tries - attempt, wait_s, cause))
        time.sleep(wait_s)

    def put_back(self, line: _Line) -> None:
        """Keep a connection whose answer was read for the next request."""
        if line.http.sock is not None and self.patience.keep_alive and line.process == os.getpid():
            line.used_at = time.monotonic()
            self._shelf.append(line)
        else:
            line.http.close()

    def close(self) -> None:
        """Hang up. Calling it twice is harmless, and so is using the connection again."""
        while self._shelf:
            self._shelf.pop().http.close()

    def __del__(self) -> None:
        if hasattr(self, "_shelf"):
            self.close()

    def _send(self, call: Call) -> Answer:
        line = self._take()
        if line.used_at:
            try:
                return self._exchange(line, call)
            except Cut as exc:
                if not isinstance(exc.error, (ConnectionError, http.client.BadStatusLine)):
                    raise
            line = self._new()  # it was hung up on while it lay there: a new one is no further try
        return self._exchange(line, call)

    def _exchange(self, line: _Line, call: Call) -> Answer:
        try:
            response = self._ask(line.http, call)
        except BaseException:  # whatever it is, half a request was sent
            line.http.close()
            raise
        answer = Answer(self, line, response)
        if response.status < 300:
            return answer
        error = refused(
            response.status, response.reason, answer.read(), response.headers.get("X-Request-Id", "")
        )
        if response.status in _PASSING:
            raise _Passing(error, _asked_s(response.headers.get("Retry-After", "")))
        raise error

    def _ask(self, http_: http.client.HTTPConnection, call: Call) -> http.client.HTTPResponse:
        body = call.body
        headers = {
            "Host": self._netloc,
            "Accept-Encoding": "identity",
            "X-Language": "en-us",
            "User-Agent": "trainwright-portable",
            **(call.headers or {}),
        }
        payload_hash = signing.EMPTY
        if call.json is not None:
            content = json.dumps(call.json).encode("utf-8")
            body = BytesBody(content)
            headers["Content-Type"] = "application/json"
            payload_hash = signing.hash_body(content)
        elif body is not None:
            headers["Content-Type"] = BYTES
            payload_hash = signing.UNSIGNED if body.size else signing.EMPTY
        if body is not None:
            headers["Content-Length"] = str(body.size)
        path = self._base + quote(call.path, safe="/~")
        headers.update(self._credentials(call, path, headers, payload_hash))
        target = path + ("?" + _query(call.query) if call.query else "")
        if self._proxy and not self._secure:
            target = f"http://{self._netloc}{target}"
            headers.update(_proxy_authorization(self._proxy))
        with _cut():
            self._connect(http_, call.answer_s or self.patience.answer_s)
            http_.putrequest(call.method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                http_.putheader(name, value)
            http_.endheaders()
        return _finish_sending(http_, body)

    def _credentials(
        self, call: Call, path: str, headers: Mapping[str, str], payload_hash: str
    ) -> Mapping[str, str]:
        if self.access.token.value:
            return {"X-Auth-Token": self.access.token.value}
        return signing.sign(
            call.method,
            path,
            list(call.query),
            headers,
            payload_hash,
            access_key=self.access.access_key.value,
            secret_key=self.access.secret_key.value,
        )

    def _connect(self, http_: http.client.HTTPConnection, answer_s: float) -> None:
        if http_.sock is None:
            http_.connect()
        http_.sock.settimeout(answer_s)

    def _take(self) -> _Line:
        while True:
            try:
                line = self._shelf.pop()
            except IndexError:
                return self._new()
            if line.process == os.getpid() and time.monotonic() - line.used_at < _IDLE_MAX_S:
                return line
            line.http.close()

    def _new(self) -> _Line:
        host, port = (self._host, self._port)
        if self._proxy:
            parts = urlsplit(self._proxy)
            host, port = parts.hostname or "", parts.port or 80
        if self._tls is None:
            return _Line(http.client.HTTPConnection(host, port, timeout=self.patience.connect_s))
        secure = http.client.HTTPSConnection(host, port, timeout=self.patience.connect_s, context=self._tls)
        if self._proxy:
            secure.set_tunnel(self._host, self._port, _proxy_authorization(self._proxy))
        return _Line(secure)

    def _make_tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self.access.verify_tls:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _find_proxy(self) -> str:
        if self.access.is_here or proxy_bypass(self._host):
            return ""
        found = getproxies().get("https" if self._secure else "http", "")
        return found if not found or "://" in found else f"http://{found}"


class _Passing(Exception):
    """A refusal that may not be one the next time."""

    def __init__(self, error: Exception, wait_s: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


def _finish_sending(http_: http.client.HTTPConnection, body: Body | None) -> http.client.HTTPResponse:
    for piece in body.pieces() if body is not None else ():
        try:
            http_.send(piece)
        except _FAULTS as exc:
            try:
                return http_.getresponse()  # it may have said why before it hung up
            except _FAULTS:
                raise Cut(exc) from exc
    with _cut():
        return http_.getresponse()


@contextmanager
def _cut() -> Iterator[None]:
    try:
        yield
    except _FAULTS as exc:
        raise Cut(exc) from exc


def _query(pairs: Query) -> str:
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)


def _asked_s(header: str) -> float:
    """Seconds that `Retry-After` asks for; 0 when it says nothing we understand."""
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError, IndexError):
        return 0.0


def _proxy_authorization(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode("ascii")}
