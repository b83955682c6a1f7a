"""Runs the house behind uvicorn until SIGTERM or SIGINT, then lets go of it quickly, leaving every job running."""

import asyncio
import contextlib
import gc
import logging
import secrets
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trainwright.domain.errors import MalformedRequest
from trainwright.server.bootstrap import House, open_house
from trainwright.server.broadcast import Broadcast
from trainwright.server.errors import answer
from trainwright.server.instance import listening, publish
from trainwright.server.settings import Settings

log = logging.getLogger(__name__)

GRACE_S = 1  # for answers under way; streams are ended at once
KEEP_ALIVE_S = 75
SHELL_MESSAGE_MAX = 1 << 20  # bytes that may be typed, or piped in, at once


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, but what is no HTTP at all, such as a path of 64 KiB, is answered in our shape, too."""

    def send_400_response(self, msg: str) -> None:
        """Say so and close the connection."""
        request_id = secrets.token_hex(16)
        error = MalformedRequest()
        answered = answer(error, {"type": "http", "state": {"request_id": request_id}})
        answered.headers["X-Request-Id"] = request_id
        answered.headers["Connection"] = "close"
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in answered.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + lines + b"\r\n" + bytes(answered.body))
        self.transport.close()


class WebServer(uvicorn.Server):
    """uvicorn that leaves signals to `serve` and says when it accepts requests."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: `serve` ends it by `should_exit`."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, then tell that requests are accepted."""
        await super().startup(sockets)
        self._ready()


async def serve(settings: Settings, announce: Callable[[House], None]) -> None:
    """Serve until a signal. `announce` is called once, when requests are accepted and `server.json` is written.

    Raises:
        CannotStart: the address, the database, the catalogue or the backend cannot be used.
    """
    with listening(settings) as sock:
        url = settings.local_url(sock.getsockname()[1])
        async with open_house(settings, url) as house:

            def ready() -> None:
                gc.freeze()  # what lives until the end need not be looked at by every full collection
                publish(settings.data_dir, url)
                announce(house)

            web = WebServer(_config(house), ready)
            with _signals(web, house.broadcast):
                async with asyncio.TaskGroup() as tasks:
                    work = tasks.create_task(house.work())
                    await web.serve([sock])
                    work.cancel()
            log.info("server_stopped")


def _config(house: House) -> uvicorn.Config:
    return uvicorn.Config(
        house.app,
        http=HttpProtocol,
        ws="websockets-sansio",  # for shells in tasks
        ws_max_size=SHELL_MESSAGE_MAX,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


@contextlib.contextmanager
def _signals(web: WebServer, broadcast: Broadcast) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        web.force_exit = web.should_exit  # asked twice: do not wait for answers under way
        web.should_exit = True
        broadcast.close()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
