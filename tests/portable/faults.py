"""A network between a client and a server that fails on request, and servers that say what a test tells them to."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

NEVER = 1 << 60


@dataclass
class Network:
    """Passes connections on to `port` of this machine.

    `cuts`: for each of the next connections, after how many bytes from the server, or to it (negative), it is cut.
    `refusals`: answers (whole, as bytes) that the next requests get from here instead.
    """

    port: int
    cuts: list[int] = field(default_factory=list)
    refusals: list[bytes] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    lose: tuple[str, str] | None = (
        None  # method and end of the path of a request whose answer does not arrive
    )
    sent: int = 0
    received: int = 0
    connections: int = 0

    def __post_init__(self) -> None:
        self._losing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def drop(self) -> None:
        """Cut every connection there is."""
        for one in self._open:
            _hang_up(one, rudely=True)
        self._open = []

    def close(self) -> None:
        """Be no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(timeout=10)
        self.drop()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            cut = self.cuts.pop(0) if self.cuts else NEVER
            server = socket.create_connection(("127.0.0.1", self.port))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [client, server]
            up, down = (-cut, NEVER) if cut < 0 else (NEVER, cut)
            for one, other, left in ((client, server, up), (server, client, down)):
                arguments = (one, other, left, one is client)
                threading.Thread(target=self._pump, args=arguments, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, left: int, to_server: bool) -> None:
        try:
            while left > 0:
                piece = source.recv(min(65536, left))
                if not piece:
                    target.shutdown(socket.SHUT_WR)
                    return
                left -= len(piece)
                if to_server:
                    self.sent += len(piece)
                    if self._is_answered_here(piece, source):
                        break
                else:
                    self.received += len(piece)
                    if self._losing:
                        self._losing = False
                        break
                target.sendall(piece)
        except OSError:
            pass  # one side has hung up: so does the other
        _hang_up(source)
        _hang_up(target)

    def _is_answered_here(self, piece: bytes, client: socket.socket) -> bool:
        line = piece.split(b"\r\n", 1)[0].decode("latin-1")
        method, _, rest = line.partition(" ")
        if method not in ("GET", "PUT", "POST", "HEAD", "DELETE"):
            return False
        self.requests.append(line)
        if self.lose and method == self.lose[0] and rest.split(" ")[0].endswith(self.lose[1]):
            self.lose, self._losing = None, True
        if not self.refusals:
            return False
        client.sendall(self.refusals.pop(0))
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):  # until it has read the answer and hung up
            pass
        return True


def _hang_up(one: socket.socket, *, rudely: bool = False) -> None:
    """After what was sent has arrived, or `rudely` at once."""
    with contextlib.suppress(OSError):
        if rudely:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RDWR)  # or the thread that waits for it would keep it open
    one.close()


def answer(status: str, body: bytes = b"", **headers: str) -> bytes:
    """An answer after which the connection is closed."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def canned(
    say: Callable[[bytes], bytes], wrap: Callable[[socket.socket], socket.socket] | None = None
) -> Iterator[int]:
    """A server that answers the head of every request with what `say` makes of it; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(plain: socket.socket) -> None:
        with contextlib.suppress(OSError), wrap(plain) if wrap else plain as client:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(65536)
                if not piece:
                    return
                head += piece
            client.sendall(say(head))

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
