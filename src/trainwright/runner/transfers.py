"""Files over HTTP, for stores that are not a folder of this machine. Used from worker threads only; blocks.

Loaded late: importing `http.client` costs 60 ms.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import ssl
import threading
import time

from . import deferred
from .channel import CLOSED_CODE, Closed, backoff_s
from .connection import FOLDER, Address
from .copying import DRAFT_PREFIX, Cancel, Cancelled
from .faults import Changed, Missing, Rejected, StoreTrouble
from .rundir import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, BinaryIO

    from .beneath import Spot
    from .copying import Item

    Note = Callable[[int], None]

STORE_PATIENCE_S = 600.0
_TIMEOUT_S = 60.0
_PIECE = 1 << 20
_ROUTES = "/runner/v1/"
_MIDDLE = 0.5  # no jitter: transfers do not come in herds


class _Again(Exception):
    """This try failed; the next one may not."""

    def __init__(self, problem: str, *, patient: bool) -> None:
        super().__init__(problem)
        self.patient = patient  # our own server may be away for as long as it likes


class Transfers:
    """Lists, downloads and uploads granted objects. Safe for threads; each thread keeps its own connections."""

    def __init__(
        self, server_url: str, token: str, cancel: Cancel, *, patience_s: float = STORE_PATIENCE_S
    ) -> None:
        self._server = None if server_url.startswith(FOLDER) else Address(server_url)
        self._server_url = server_url.rstrip("/")
        self._token = token
        self._cancel = cancel
        self._patience_s = patience_s
        self._local = threading.local()

    def iter_objects(self, url: str) -> Iterator[dict[str, Any]]:
        """The `ObjectTarget`s of a granted folder, page by page. Raises `Missing`, `Rejected`, `StoreTrouble`."""
        for page in self.iter_pages(url):
            yield from page["objects"]

    def iter_pages(self, url: str) -> Iterator[dict[str, Any]]:
        """The `ObjectList`s of a granted folder. Raises as `iter_objects`."""
        after = ""
        while True:
            separator = "&" if "?" in url else "?"
            page = self._json("GET", f"{url}{separator}after={_quote(after)}" if after else url)
            yield page
            after = page.get("next_after", "")
            if not after:
                return

    def put_targets(self, url: str, files: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
        """Where to PUT these files (path, size). Raises as `iter_objects`."""
        body = json.dumps({"files": files}).encode("utf-8", "replace")
        return list(self._json("POST", url, body)["objects"])

    def download(self, target: dict[str, Any], spot: Spot, note: Note) -> None:
        """Lay one object down at `spot`, whole or not at all. Raises as `iter_objects`, and `Changed` when it is not
        what the target's checksum says.
        """
        draft = spot.beside(DRAFT_PREFIX)
        try:
            self._patiently(lambda: self._download_once(target, draft, note), target["authorized"])
            draft.rename(spot.name)
        finally:
            draft.remove()

    def upload(self, target: dict[str, Any], item: Item, note: Note) -> None:
        """PUT the bytes of `item`. Raises as `iter_objects`, and `FileNotFoundError` when it is gone."""
        self._patiently(lambda: self._upload_once(target, item, note), target["authorized"])

    def close(self) -> None:
        """Hang up the calling thread's connections."""
        for connection in self._connections().values():
            connection.close()
        self._connections().clear()

    def _json(self, method: str, url: str, body: bytes | None = None) -> dict[str, Any]:
        def once() -> bytes:
            answer = self._exchange(method, url, True, body, len(body or b""))
            data: bytes = answer.read()
            return data

        value = json.loads(self._patiently(once, True).decode("utf-8"))
        if not isinstance(value, dict):
            raise Rejected(f"{url}: the answer is no object")
        return value

    def _download_once(self, target: dict[str, Any], draft: Spot, note: Note) -> bytes:
        answer = self._exchange("GET", target["url"], target["authorized"], None, 0)
        wanted = int(answer.headers.get("Content-Length", target["size"]))
        if target.get("sha256") and wanted != int(target["size"]):
            self.close()  # what is left of the answer is not wanted
            raise Changed(target["path"])
        size, digest = 0, hashlib.sha256() if target.get("sha256") else None
        writing = draft.create()
        try:
            while True:
                piece = answer.read(_PIECE)
                if not piece:
                    break
                write_all(writing, piece)
                size += len(piece)
                if digest is not None:
                    digest.update(piece)
                self._check_cancelled()
                note(len(piece))
        finally:
            os.close(writing)
        if size != wanted:
            note(-size)
            raise _Again(f"{size} of {wanted} bytes came", patient=target["authorized"])
        if digest is not None and digest.hexdigest() != target["sha256"]:
            raise Changed(target["path"])
        return b""

    def _upload_once(self, target: dict[str, Any], item: Item, note: Note) -> bytes:
        with os.fdopen(item.open(), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            body = _Limited(file, size, note, self._check_cancelled)
            said: bytes = self._exchange("PUT", target["url"], target["authorized"], body, size).read()
            return said

    def _patiently(self, once: Callable[[], bytes], authorized: bool) -> bytes:
        """Repeat `once` until it succeeds or will never."""
        failures = 0
        since = 0.0
        while True:
            self._check_cancelled()
            try:
                return once()
            except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError, _Again) as error:
                self.close()
                failures += 1
                patient = error.patient if isinstance(error, _Again) else authorized
                since = since or time.monotonic()
                if not patient and time.monotonic() - since > self._patience_s:
                    raise StoreTrouble(str(error)) from error
                self._cancel.wait(backoff_s(failures, _MIDDLE))

    def _exchange(self, method: str, url: str, authorized: bool, body: Any, size: int) -> Any:
        connection, path = self._way(url, authorized)
        headers = {"Content-Length": str(size)} if method != "GET" else {}
        if authorized:
            headers["Authorization"] = f"Bearer {self._token}"
            if isinstance(body, bytes):
                headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            if isinstance(error, (FileNotFoundError, PermissionError)):
                raise
            raise _Again(f"{url.partition('?')[0]}: {error}", patient=authorized) from error
        if answer.status >= 300:
            self._refuse(answer, url)
        return answer

    def _refuse(self, answer: Any, url: str) -> None:
        said = answer.read(4096).decode("utf-8", "replace")
        where = f"{url.partition('?')[0]}: status {answer.status}"  # presigned queries are secrets
        if answer.status == 404:
            raise Missing(where)
        if answer.status == 409 and CLOSED_CODE in said:
            raise Closed
        if answer.status >= 500 or answer.status in (408, 429):
            raise _Again(where, patient=False)
        raise Rejected(where)

    def _way(self, url: str, authorized: bool) -> tuple[Any, str]:
        """The connection for `url`, and what to ask it for. The server's own routes are reached as the server is,
        whatever it calls itself.
        """
        own = url.find(_ROUTES)
        if self._server is None and authorized and own >= 0:
            return self._courier(url[own:]), url[own:]
        if self._server is not None and authorized and own >= 0:
            return self._connect(self._server), self._server.prefix + url[own:]
        if self._server is not None and url.startswith("/"):
            return self._connect(self._server), url
        address = Address(url)
        return self._connect(address), address.prefix or "/"

    def _courier(self, path: str) -> Any:
        known = self._connections()
        if FOLDER not in known:
            known[FOLDER] = deferred.load("mailbox").Courier(
                self._server_url + path, self._token, timeout_s=_TIMEOUT_S
            )
        return known[FOLDER]

    def _connect(self, address: Address) -> http.client.HTTPConnection:
        key = f"{address.tls}{address.authority}"
        known = self._connections()
        if key not in known:
            kind = http.client.HTTPSConnection if address.tls else http.client.HTTPConnection
            known[key] = kind(address.host, address.port, timeout=_TIMEOUT_S, blocksize=_PIECE)
        found: http.client.HTTPConnection = known[key]
        return found

    def _connections(self) -> dict[str, Any]:
        if not hasattr(self._local, "connections"):
            self._local.connections = {}
        connections: dict[str, Any] = self._local.connections
        return connections

    def _check_cancelled(self) -> None:
        if self._cancel.is_set():
            raise Cancelled


class _Limited:
    """A file that ends after `size` bytes even when it grows; it is an error when it shrank."""

    def __init__(self, file: BinaryIO, size: int, note: Note, check: Callable[[], None]) -> None:
        self._file = file
        self._left = size
        self._note = note
        self._check = check

    def read(self, count: int = -1) -> bytes:
        """The next bytes."""
        self._check()
        wanted = self._left if count < 0 else min(count, self._left)
        data = self._file.read(wanted)
        if len(data) < wanted:
            raise http.client.HTTPException("the file shrank while it was sent")
        self._left -= len(data)
        self._note(len(data))
        return data


def _quote(text: str) -> str:
    safe = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    return "".join(
        chr(byte) if byte in safe else f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass")
    )
