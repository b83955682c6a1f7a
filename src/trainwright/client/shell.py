"""A shell in a running task. Apart from the other operations: it is a WebSocket, and whoever wants none need not wait
for its library.

>>> with open_shell(access, job_id, "worker-0", argv=["nvidia-smi"]) as shell:
...     for piece in shell:
...         sys.stdout.buffer.write(piece)
>>> shell.end.exit_code
"""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import httpx
from pydantic import ValidationError
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from trainwright.client.connection import Access
from trainwright.client.errors import ConnectionFailed, api_error
from trainwright.wire.shell import ShellControl, ShellEnd

OPEN_TIMEOUT_S = 20.0
CLOSE_TIMEOUT_S = 5.0


class RemoteShell:
    """An open one. Iterate over its output; afterwards `end` says how it ended. Other threads may write."""

    def __init__(self, socket: ClientConnection, endpoint: str) -> None:
        self._socket = socket
        self._endpoint = endpoint
        self.end: ShellEnd | None = None

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
                    self.end = ShellEnd.model_validate_json(message)
        except ConnectionClosed as exc:
            raise ConnectionFailed(self._endpoint, f"the shell's connection broke: {exc}") from exc
        except ValidationError as exc:
            raise ConnectionFailed(self._endpoint, f"the shell's end cannot be read: {exc}") from exc
        if self.end is None:
            raise ConnectionFailed(self._endpoint, "the server closed the shell")

    def write(self, data: bytes) -> None:
        """Type. After the end nothing happens."""
        self._send(data)

    def end_input(self) -> None:
        """Nothing more will be written; without a terminal the program learns of it."""
        self._send(ShellControl(end_input=True).model_dump_json(exclude_defaults=True))

    def resize(self, rows: int, columns: int) -> None:
        """The window has another size now."""
        self._send(ShellControl(rows=rows, columns=columns).model_dump_json(exclude_defaults=True))

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
        except ConnectionClosed:
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
    try:
        socket = connect(
            f"{_websocket(access.endpoint)}{path}?{query}",
            additional_headers={
                name: value for name, value in access.headers().items() if name != "User-Agent"
            },
            user_agent_header=access.headers()["User-Agent"],
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            compression=None,
            max_size=None,
            proxy=None if access.is_here else True,
        )
    except InvalidStatus as exc:
        said = exc.response
        raise api_error(
            httpx.Response(
                said.status_code, headers=list(said.headers.raw_items()), content=bytes(said.body or b"")
            )
        ) from exc
    except (InvalidHandshake, OSError, TimeoutError) as exc:
        raise ConnectionFailed(access.endpoint, str(exc) or type(exc).__name__) from exc
    return RemoteShell(socket, access.endpoint)


def _websocket(endpoint: str) -> str:
    return "ws" + endpoint.removeprefix("http")  # and wss for https
