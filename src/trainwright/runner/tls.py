"""A socket with TLS that behaves like a non-blocking plain one. Apart, because importing `ssl` costs 35 ms."""

from __future__ import annotations

import select
import socket
import ssl


class TlsSocket:
    """`send` and `recv` raise `BlockingIOError` when they would wait; `wants` then says what for.

    Certificates are checked against the system's store (or `SSL_CERT_FILE`).
    """

    def __init__(self, plain: socket.socket, host: str) -> None:
        context = ssl.create_default_context()
        whole = socket.socket(fileno=plain.detach())  # `plain` is of the bare C type
        self._socket = context.wrap_socket(whole, server_hostname=host, do_handshake_on_connect=False)
        self._ready = False
        self.wants = 0

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._socket.fileno()

    def send(self, data: memoryview) -> int:
        """Bytes taken."""
        try:
            if not self._ready:
                self._socket.do_handshake()
                self._ready = True
            taken = self._socket.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            raise self._would_block(error) from error
        self.wants = 0
        return taken

    def recv(self, limit: int) -> bytes:
        """Bytes received; empty at the end."""
        try:
            received = self._socket.recv(limit)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            raise self._would_block(error) from error
        except ssl.SSLEOFError:
            return b""
        self.wants = 0
        return received

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _would_block(self, error: ssl.SSLError) -> BlockingIOError:
        self.wants = select.POLLOUT if isinstance(error, ssl.SSLWantWriteError) else select.POLLIN
        return BlockingIOError()
