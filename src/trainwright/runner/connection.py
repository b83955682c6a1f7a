"""One connection to the server: HTTP/1.1 with keep-alive, without ever blocking, one exchange at a time.

`http.client` would do, but its import alone (`email`, `ssl`) takes 60 ms and 6 MB (measured 2026-11-22), and it blocks.
Moving files goes through it (`transfers`); reports and log bytes, which a user waits for, go through this.
"""

from __future__ import annotations

import errno
import os
import select
import time

from . import deferred

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from typing import Any
else:
    import _socket as socket  # the same without enums, which cost 4 ms

_BODY_BYTES_MAX = 64 << 20
_HEAD_BYTES_MAX = 64 << 10
_PIECE = 64 << 10
FOLDER = "folder://"


class Lost(Exception):
    """The exchange failed on the way; nothing is known about whether the server has seen it.

    `stale`: a kept connection turned out to be closed, so trying again at once is right.
    """

    def __init__(self, detail: str, *, stale: bool = False) -> None:
        super().__init__(detail)
        self.stale = stale


class Address:
    """A base URL taken apart. Raises `ValueError` when it is none of ours."""

    def __init__(self, url: str) -> None:
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in ("http", "https"):
            raise ValueError(f"{url!r} is not an http or https URL")
        authority, slash, path = rest.partition("/")
        host, colon, port = authority.rpartition(":")
        if not colon or port.endswith("]"):
            host, port = authority, "443" if scheme == "https" else "80"
        self.tls = scheme == "https"
        self.host = host.strip("[]")
        self.port = int(port)
        self.authority = authority
        self.prefix = (slash + path).rstrip("/")


def host_bytes(host: str) -> bytes:
    """`host` as the resolver wants it. Given as text, Python loads its codec for international names: 9 ms."""
    return host.encode("ascii") if host.isascii() else host.encode("idna")


class Request:
    """What is sent. `path` begins with a slash and is put behind the address's own path."""

    def __init__(
        self, method: str, path: str, body: bytes = b"", content_type: str = "application/json"
    ) -> None:
        self.method = method
        self.path = path
        self.body = body
        self.content_type = content_type


class Answer:
    """What came back. Names of headers are lower-case."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class Connection:
    """`begin` an exchange, then call `advance` whenever the socket is ready, until it returns the answer."""

    def __init__(self, address: Address, token: str, *, timeout_s: float = 30.0) -> None:
        self._address = address
        self._token = token
        self._timeout_s = timeout_s
        self._socket: Any = None
        self._exchanges = 0  # finished ones on the present socket
        self._connecting = False
        self._out = memoryview(b"")
        self._in = bytearray()
        self._deadline = 0.0
        self.busy = False

    def begin(self, request: Request) -> None:
        """Start an exchange. Raises `Lost` when the server cannot even be dialled."""
        address = self._address
        head = (
            f"{request.method} {address.prefix}{request.path} HTTP/1.1\r\nHost: {address.authority}\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: {request.content_type}\r\n"
            f"Content-Length: {len(request.body)}\r\n\r\n"
        )
        self._out = memoryview(head.encode("latin-1") + request.body)
        self._in = bytearray()
        self._deadline = time.monotonic() + self._timeout_s
        self.busy = True
        if self._socket is None:
            self._dial()

    def fileno(self) -> int:
        """The socket to poll; -1 when there is none."""
        return self._socket.fileno() if self._socket is not None else -1

    def interest(self) -> int:
        """What to poll for."""
        wants = getattr(self._socket, "wants", 0)
        if wants:
            return int(wants)
        return select.POLLOUT if self._connecting or self._out else select.POLLIN

    def wait_s(self) -> float:
        """Seconds after which `advance` is to be called even if the socket is not ready: to give up."""
        return max(0.0, self._deadline - time.monotonic())

    def advance(self) -> Answer | None:
        """Go on as far as possible without waiting; the answer once it is complete. Raises `Lost`."""
        fresh = self._exchanges == 0 or bool(self._in)
        try:
            answer = self._advance()
        except (OSError, ValueError) as error:
            self.close()
            raise Lost(str(error), stale=not fresh) from error
        if answer is None and time.monotonic() >= self._deadline:
            self.close()
            raise Lost(f"no answer within {self._timeout_s:g} s")
        return answer

    def close(self) -> None:
        """Hang up. The next exchange dials again."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._connecting = False
        self._exchanges = 0
        self.busy = False

    def _dial(self) -> None:
        address = self._address
        try:
            found = socket.getaddrinfo(host_bytes(address.host), address.port, type=socket.SOCK_STREAM)
            family, kind, protocol, _, target = found[0]
            plain = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
            self._socket = plain
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = plain.connect_ex(target)
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, os.strerror(code))
            self._connecting = code != 0
        except OSError as error:
            self.close()
            raise Lost(f"{address.authority}: {error}") from error

    def _advance(self) -> Answer | None:
        if self._socket is None:
            raise OSError("not connected")
        if self._connecting and not self._connected():
            return None
        try:
            while self._out:
                self._out = self._out[self._socket.send(self._out[: 4 * _PIECE]) :]
            while True:
                piece = self._socket.recv(_PIECE)
                self._in += piece
                answer = parse(self._in, ended=not piece)
                if answer is not None:
                    self._finish(answer, ended=not piece)
                    return answer
                if not piece:
                    raise OSError("the server closed the connection")
        except BlockingIOError:
            return None

    def _connected(self) -> bool:
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT)
        if not poll.poll(0):
            return False
        self._connecting = False
        if self._address.tls:
            self._socket = deferred.load("tls").TlsSocket(self._socket, self._address.host)
        return True

    def _finish(self, answer: Answer, *, ended: bool) -> None:
        if ended or answer.headers.get("connection", "").lower() == "close":
            self.close()
        self._exchanges += 1
        self.busy = False
        self._in = bytearray()


def connect(url: str, token: str) -> Connection:
    """A connection to the routes below `url`: over the network, or through a folder (`folder:///…`)."""
    if url.startswith(FOLDER):
        folder: Connection = deferred.load("mailbox").MailboxConnection(url, token)
        return folder
    return Connection(Address(url), token)


def reached(url: str) -> tuple[str, int]:
    """Host and port of `url`; of a folder an address that stands for the rest of the world, which nobody has."""
    if url.startswith(FOLDER):
        return "198.51.100.1", 9
    address = Address(url)
    return address.host, address.port


def parse(received: bytearray, *, ended: bool) -> Answer | None:
    """The answer that `received` holds; None while it is incomplete. `ended`: nothing more will come.

    Raises:
        ValueError: that is not HTTP, or larger than any answer of ours.
    """
    head_end = received.find(b"\r\n\r\n")
    if head_end < 0:
        if len(received) > _HEAD_BYTES_MAX:
            raise ValueError("the answer's head is too long")
        return None
    lines = received[:head_end].decode("latin-1").split("\r\n")
    version, _, rest = lines[0].partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError("the answer is not HTTP/1")
    status = int(rest[:3])
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = received[head_end + 4 :]
    if len(body) > _BODY_BYTES_MAX:
        raise ValueError("the answer is too long")
    if status in (204, 304):
        return Answer(status, headers, b"")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        whole = _unchunk(body)
        return None if whole is None else Answer(status, headers, whole)
    if "content-length" in headers:
        length = int(headers["content-length"])
        return Answer(status, headers, bytes(body[:length])) if len(body) >= length else None
    return Answer(status, headers, bytes(body)) if ended else None


def _unchunk(body: bytearray) -> bytes | None:
    whole = bytearray()
    at = 0
    while True:
        line_end = body.find(b"\r\n", at)
        if line_end < 0:
            return None
        size = int(bytes(body[at:line_end]).split(b";")[0], 16)
        begin = line_end + 2
        if len(body) < begin + size + 2:
            return None
        if size == 0:
            return bytes(whole)
        whole += body[begin : begin + size]
        at = begin + size + 2
