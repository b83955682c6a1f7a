"""One server per data directory, and where others find it."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from trainwright.server.private_files import read_json, write_private_json
from trainwright.server.routers.health import VERSION
from trainwright.server.settings import Settings

LOCK = "server.lock"
ADDRESS = "server.json"
BACKLOG = 2048


class CannotStart(Exception):
    """The server cannot start here; the text says why and what to do."""


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data directory, made when missing (mode 0700). The kernel frees it when the process dies.

    Raises:
        CannotStart: another server holds it, or it cannot be written.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise CannotStart(f"The data directory {data_dir} cannot be used: {exc.strerror}.") from exc
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(_taken(data_dir)) from None
        yield
    finally:
        os.close(descriptor)


def publish(data_dir: Path, url: str) -> None:
    """Write `server.json`: the address and process of the running (later: of the last) server."""
    write_private_json(data_dir / ADDRESS, {"url": url, "pid": os.getpid(), "version": VERSION})


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """A socket that listens where the settings say.

    With port 0 the port of the server's last life is taken again when it is free, since the runners of that life
    still report there.

    Raises:
        CannotStart: the address cannot be had.
    """
    ports = [last_port(settings.data_dir), 0] if settings.port == 0 else [settings.port]
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(sock, settings.host, ports)
        sock.listen(BACKLOG)
        sock.setblocking(False)
        yield sock


def last_port(data_dir: Path) -> int:
    """The port of the last server of this data directory; 0 when there was none."""
    url = read_json(data_dir / ADDRESS).get("url")
    try:
        return urlsplit(url).port or 0 if isinstance(url, str) else 0
    except ValueError:
        return 0


def _bind(sock: socket.socket, host: str, ports: list[int]) -> None:
    for port in ports:
        try:
            sock.bind((host, port))
        except OSError as exc:
            if port != ports[-1]:
                continue
            raise CannotStart(
                f"Cannot listen on {host} port {port}: {exc.strerror or exc}. "
                "Choose another with --port (0: any free one) or --host."
            ) from exc
        return


def _taken(data_dir: Path) -> str:
    other = read_json(data_dir / ADDRESS)
    where = f" (pid {other['pid']}, {other['url']})" if {"pid", "url"} <= other.keys() else ""
    return (
        f"Another server{where} uses the data directory {data_dir}. "
        "Use that one, stop it, or choose another directory with --data-dir."
    )
