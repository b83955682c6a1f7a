"""A shell in a running task. Apart from the other operations: it is a WebSocket, and whoever wants none need not wait
for its library.

>>> with open_shell(access, job_id, "worker-0", argv=["nvidia-smi"]) as shell:
...     for piece in shell:
...         sys.stdout.buffer.write(piece)
>>> shell.end.exit_code
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlencode

from trainwright.client.access import Access, host_header
from trainwright.client.errors import ConnectionFailed, api_error
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    import httpx
    import pydantic
    from websockets import exceptions
    from websockets.sync import client as websocket

    from trainwright.wire import shell as wire
else:
    httpx = deferred("httpx")
    pydantic = deferred("pydantic")
    exceptions = deferred("websockets.exceptions")
    websocket = deferred("websockets.sync.client")
    wire = deferred("trainwright.wire.shell")

OPEN_TIMEOUT_S = 20.0
CLOSE_TIMEOUT_S = 5.0


class RemoteShell:
    """An open one. Iterate over its output; afterwards `end` says how it ended. Other threads may write."""

    def __init__(self, socket: websocket.ClientConnection, endpoint: str) -> None:
        self._socket = socket
        self._endpoint = endpoint
        self.end: wire.ShellEnd | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Output as it comes, until the program has ended or the shell was closed here.

        Raises:
            ConnectionFailed: the connection broke before the program's end was heard of.
        """
        try:
            for message in self._socket:
                if isinstance(message, bytes):
                    yield message
                else:
                    self.end = wire.ShellEnd.model_validate_json(message)
        except exceptions.ConnectionClosed as exc:
            raise ConnectionFailed(self._endpoint, f"the shell's connection broke: {exc}") from exc
        except pydantic.ValidationError as exc:
            raise ConnectionFailed(self._endpoint, f"the shell's end cannot be read: {exc}") from exc
        if self.end is None:
            raise ConnectionFailed(self._endpoint, "the server closed the shell")

    def write(self, data: bytes) -> None:
        """Type. After the end nothing happens."""
        self._send(data)

    def end_input(self) -> None:
        """Nothing more will be written; without a terminal the program learns of it."""
        self._send(wire.ShellControl(end_input=True).model_dump_json(exclude_defaults=True))

    def resize(self, rows: int, columns: int) -> None:
        """The window has another size now."""
        self._send(wire.ShellControl(rows=rows, columns=columns).model_dump_json(exclude_defaults=True))

    def close(self) -> None:
        """Leave: what runs in it is hung up on. Harmless when repeated."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, message: bytes | str) -> None:
        try:
            self._socket.send(message)
        except exceptions.ConnectionClosed:
            return  # whoever reads hears of it


def open_shell(
    access: Access, job_id: str, task: str, *, rows: int = 0, columns: int = 0, argv: Sequence[str] = ()
) -> RemoteShell:
    """A terminal of that size in the task (0 rows: pipes) with a shell, or with `argv`.

    Raises:
        ApiError: the server refused.
        ConnectionFailed: it did not answer.
    """
    ids = [quote(part, safe="") for part in (access.project_id, job_id, task)]
    query = urlencode([("rows", rows), ("columns", columns), *(("argument", word) for word in argv)])
    path = "/v2/{}/training-jobs/{}/tasks/{}/shell".format(*ids)
    url = f"{_websocket(access.endpoint)}{path}?{query}"
    headers = access.headers()
    agent = headers.pop("User-Agent")
    headers.update(access.signature("GET", url, {**headers, "Host": host_header(url)}))
    try:
        socket = websocket.connect(
            url,
            additional_headers=headers,
            user_agent_header=agent,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            compression=None,
            max_size=None,
            proxy=None if access.is_here else True,
        )
    except exceptions.InvalidStatus as exc:
        said = exc.response
        raise api_error(
            httpx.Response(
                said.status_code, headers=list(said.headers.raw_items()), content=bytes(said.body or b"")
            )
        ) from exc
    except (exceptions.InvalidHandshake, OSError, TimeoutError) as exc:
        raise ConnectionFailed(access.endpoint, str(exc) or type(exc).__name__) from exc
    return RemoteShell(socket, access.endpoint)


def _websocket(endpoint: str) -> str:
    return "ws" + endpoint.removeprefix("http")  # and wss for https
