"""Talking to the server through a folder that both can see, for nodes that cannot reach it over the network.

    FOLDER/in/<attempt key>~<task>~<id>.req      a request: one line of JSON, then the body
    FOLDER/out/<attempt key>~<task>/<id>.ans     its answer, the same way
    FOLDER/out/<attempt key>~<task>/.<id>.part   it is being worked on, or written

A file is written aside, synced and renamed: what has a name is whole. Whoever has read a file removes it. A request
without an answer may have been carried out or not, just as over the network, and is sent again under another id.
"""

from __future__ import annotations

import os
import time

from . import jsontext
from .connection import Answer, Lost
from .rundir import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .connection import Request

SCHEME = "folder://"
_HEAD_BYTES_MAX = 64 << 10
_BODY_BYTES_MAX = 64 << 20  # of an answer that is kept in memory
_PIECE = 1 << 20
_LOOK_FIRST_S, _LOOK_MAX_S, _LOOK_GROWTH = 0.005, 0.2, 1.5
_ROUTES = "/runner/v1/"


class Box:
    """The place of one task in the folder of `url`: `folder:///path/runner/v1/attempts/<key>/tasks/<task>`."""

    def __init__(self, url: str, token: str) -> None:
        folder, found, rest = url[len(SCHEME) :].partition(_ROUTES)
        parts = rest.split("/")
        if not folder.startswith("/") or not found or len(parts) < 4:
            raise ValueError(f"{url!r} is no folder with a task's routes")
        self.prefix = _ROUTES + "/".join(parts[:4])
        self._name = f"{parts[1]}~{parts[3]}"
        self._requests = os.path.join(folder, "in")
        self._answers = os.path.join(folder, "out", self._name)
        self._token = token

    def post(self, method: str, path: str, headers: dict[str, str], body: Any) -> str:
        """Put a request in; returns its id. `body`: bytes, or an open file of which all is read. Raises `OSError`."""
        os.makedirs(self._answers, mode=0o700, exist_ok=True)
        number = os.urandom(12).hex()
        draft = os.path.join(self._requests, f".{self._name}~{number}.new")
        head = {
            "method": method,
            "path": path,
            "headers": {"authorization": f"Bearer {self._token}", **headers},
        }
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, (jsontext.dumps(head) + "\n").encode("utf-8", "surrogatepass"))
            if isinstance(body, bytes):
                write_all(descriptor, body)
            elif body is not None:
                while True:
                    piece = body.read(_PIECE)
                    if not piece:
                        break
                    write_all(descriptor, piece)
            os.fsync(descriptor)
            os.rename(draft, self._request(number))
        except BaseException:
            os.unlink(draft)
            raise
        finally:
            os.close(descriptor)
        return number

    def take(self, number: str) -> BinaryIO | None:
        """The answer, open and removed; None while there is none. Raises `OSError`."""
        # Listing makes a network file system look afresh; asking for the name alone may be answered from memory.
        if f"{number}.ans" not in os.listdir(self._answers):
            return None
        path = os.path.join(self._answers, f"{number}.ans")
        file = open(path, "rb")  # noqa: SIM115 - it is handed on
        os.unlink(path)
        return file

    def sign_of_life(self, number: str) -> object:
        """Changes for as long as the server works on it."""
        try:
            found = os.stat(os.path.join(self._answers, f".{number}.part"))
        except OSError:
            return None
        return found.st_size, found.st_mtime_ns

    def withdraw(self, number: str) -> None:
        """Nobody waits for it any more."""
        for path in (self._request(number), os.path.join(self._answers, f"{number}.ans")):
            try:
                os.unlink(path)
            except OSError:
                pass  # it was taken, or the folder is away: the server clears up

    def _request(self, number: str) -> str:
        return os.path.join(self._requests, f"{self._name}~{number}.req")


def read_head(file: BinaryIO) -> tuple[int, dict[str, str]]:
    """Status and headers (names in lower case) of an answer; the file then stands at its body. Raises `ValueError`."""
    line = file.readline(_HEAD_BYTES_MAX)
    head = jsontext.loads(line)
    if not line.endswith(b"\n") or not isinstance(head, dict):
        raise ValueError("the answer has no head")
    return int(head["status"]), {str(name).lower(): str(value) for name, value in head["headers"].items()}


class _Waiting:
    """A request that is out: when to look again, and when to give up unless the server shows signs of life."""

    def __init__(self, box: Box, number: str, timeout_s: float) -> None:
        self._box = box
        self.number = number
        self._timeout_s = timeout_s
        self._pause_s = _LOOK_FIRST_S
        self._life: object = None
        now = time.monotonic()
        self._look_at = now
        self._deadline = now + timeout_s

    def look(self) -> BinaryIO | None:
        """The answer if it is there and it is time to look. Raises `Lost`, and `OSError`."""
        now = time.monotonic()
        if now < self._look_at:
            return None
        self._pause_s = min(self._pause_s * _LOOK_GROWTH, _LOOK_MAX_S)
        self._look_at = now + self._pause_s
        file = self._box.take(self.number)
        if file is not None:
            return file
        life = self._box.sign_of_life(self.number)
        if life != self._life:
            self._life = life
            self._deadline = now + self._timeout_s
        if now >= self._deadline:
            raise Lost(f"no answer in the folder within {self._timeout_s:g} s")
        return None

    def due_in(self) -> float:
        """Seconds until it is time to look."""
        return max(0.0, self._look_at - time.monotonic())


class MailboxConnection:
    """What `connection.Connection` is over the network: one exchange at a time, never blocking for an answer."""

    def __init__(self, url: str, token: str, *, timeout_s: float = 30.0) -> None:
        self._box = Box(url, token)
        self._timeout_s = timeout_s
        self._waiting: _Waiting | None = None
        self.busy = False

    def begin(self, request: Request) -> None:
        """Start an exchange. Raises `Lost` when the folder cannot be written."""
        headers = {"content-type": request.content_type}
        try:
            number = self._box.post(request.method, self._box.prefix + request.path, headers, request.body)
        except OSError as error:
            raise Lost(f"the folder cannot be written: {error}") from error
        self._waiting = _Waiting(self._box, number, self._timeout_s)
        self.busy = True

    def fileno(self) -> int:
        """There is nothing to poll."""
        return -1

    def interest(self) -> int:
        """There is nothing to poll for."""
        return 0

    def wait_s(self) -> float:
        """Seconds after which `advance` is to be called."""
        return self._waiting.due_in() if self._waiting is not None else 0.0

    def advance(self) -> Answer | None:
        """The answer once it is there. Raises `Lost`."""
        if self._waiting is None:
            raise Lost("nothing was sent")
        try:
            file = self._waiting.look()
            if file is None:
                return None
            with file:
                status, headers = read_head(file)
                body = file.read(_BODY_BYTES_MAX)
        except (OSError, ValueError, KeyError, AttributeError) as error:
            self.close()
            raise Lost(f"the answer cannot be read: {error}") from error
        except Lost:
            self.close()
            raise
        self._waiting = None
        self.busy = False
        return Answer(status, headers, body)

    def close(self) -> None:
        """Give the present exchange up."""
        if self._waiting is not None:
            self._box.withdraw(self._waiting.number)
        self._waiting = None
        self.busy = False


class Reply:
    """An answer as `http.client` gives it: read in pieces. `headers.get` takes names in any case."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.status, found = read_head(file)
        self.headers = _Headers(found)

    def read(self, count: int = -1) -> bytes:
        """The next bytes; empty at the end, for ever. Raises `ConnectionError`."""
        if self._file.closed:
            return b""
        try:
            data = self._file.read(count)
        except OSError as error:
            raise ConnectionError(f"the answer cannot be read: {error}") from error
        if not data or count < 0:
            self._file.close()
        return data

    def close(self) -> None:
        """Nothing more of it is wanted."""
        self._file.close()


class _Headers(dict):  # type: ignore[type-arg] # Python 3.8
    def get(self, name: str, default: Any = None) -> Any:
        """The header, whatever the case."""
        return super().get(name.lower(), default)


class Courier:
    """The same for `transfers`, which moves whole files from threads: blocks, and keeps nothing of them in memory."""

    def __init__(self, url: str, token: str, *, timeout_s: float) -> None:
        self._box = Box(url, token)
        self._timeout_s = timeout_s
        self._number = ""
        self._reply: Reply | None = None

    def request(self, method: str, path: str, body: Any = None, headers: Any = None) -> None:
        """Put a request in. Raises `ConnectionError`: the folder cannot be written."""
        self.close()
        known = {name.lower(): value for name, value in (headers or {}).items() if name != "Authorization"}
        try:
            self._number = self._box.post(method, path, known, body)
        except OSError as error:
            raise ConnectionError(f"the folder cannot be written: {error}") from error

    def getresponse(self) -> Reply:
        """Wait for the answer. Raises `ConnectionError`: there is none."""
        waiting = _Waiting(self._box, self._number, self._timeout_s)
        try:
            while True:
                file = waiting.look()
                if file is not None:
                    self._number = ""
                    self._reply = Reply(file)
                    return self._reply
                time.sleep(waiting.due_in())
        except (Lost, OSError, ValueError, KeyError, AttributeError) as error:
            raise ConnectionError(str(error)) from error

    def close(self) -> None:
        """Give up what is under way."""
        if self._number:
            self._box.withdraw(self._number)
            self._number = ""
        if self._reply is not None:
            self._reply.close()
            self._reply = None
