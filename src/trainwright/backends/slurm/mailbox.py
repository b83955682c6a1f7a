"""The server's side of the folder through which nodes talk that cannot reach it (runner/mailbox.py has the layout).

Every request is carried out by the server's own application: the same routes, the same tokens, the same limits. Only
what runners may ask gets that far. What lies in the folder may have been put there by anyone who can write it: nothing
but plain files is read, nothing outside is written, and one task cannot fill another one's place.

A request is removed once its answer is there. A server that dies in between carries it out again at its next start,
which the runners' routes take as the repetition it is.
"""

import asyncio
import json
import logging
import os
import random
import re
import stat
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from trainwright.backends.slurm.threads import Threads

log = logging.getLogger(__name__)

Application = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]
"""ASGI 3."""

FOLDER = "folder://"
HEAD_BYTES_MAX = 64 << 10
PATH_MAX = 8 << 10
PIECE_BYTES = 1 << 20
LISTED_MAX, LISTED_OF_BOX = 10_000, 64
SORTED_MAX = 256  # requests of which the head is read in one look
LOOK_FIRST_S, LOOK_MAX_S, LOOK_GROWTH = 0.01, 0.12, 1.3
LIFE_S = 5.0
SWEEP_S = 600.0
STALE_S = 3600.0
RETRY_S = 2.0
METHODS = frozenset({"GET", "POST", "PUT"})
PASSED_ON = frozenset({"authorization", "content-type"})
_NAME = re.compile(
    r"(?P<box>[A-Za-z0-9][A-Za-z0-9._-]{0,120}~[A-Za-z0-9][A-Za-z0-9._-]{0,120})~(?P<id>[0-9a-f]{8,64})\.req"
)
_CONTROL = re.compile(r"/runner/v1/attempts/[^/]+/tasks/[^/]+/(registration|reports|log|stacks)(\?|$)")
_PATH = re.compile(r"/runner/v1/attempts/([^/?#]+)/tasks/([^/?#]+)/[\x21-\x7e]*")


class Lane(StrEnum):
    """Requests that must not wait for each other: a job's life goes on while files are moved."""

    CONTROL = "control"
    DATA = "data"


AT_ONCE: Mapping[Lane, int] = MappingProxyType({Lane.CONTROL: 16, Lane.DATA: 16})
AT_ONCE_OF_BOX: Mapping[Lane, int] = MappingProxyType({Lane.CONTROL: 4, Lane.DATA: 4})


class Unusable(Exception):
    """That is no request of a runner."""


class Withdrawn(Unusable):
    """It is not there any more."""


@dataclass
class _Request:
    """One that was understood; `body` stands at its body, of `size` bytes."""

    method: str
    path: str
    headers: dict[str, str]
    body: int
    size: int

    @property
    def lane(self) -> Lane:
        return Lane.CONTROL if _CONTROL.match(self.path) else Lane.DATA


@dataclass
class _Exchange:
    """What happens to one file."""

    name: str
    box: str
    number: str
    lane: Lane = Lane.CONTROL
    answer: int = -1  # the answer's file, while it is written
    began: bool = False
    finished: asyncio.Event = field(default_factory=asyncio.Event)


class Mailbox:
    """The folder of one server. `app` carries requests out."""

    def __init__(self, folder: Path, app: Application, threads: Threads | None = None) -> None:
        self._requests = folder / "in"
        self._answers = folder / "out"
        self._threads = threads or Threads(sum(AT_ONCE.values()))
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._in_lane: Counter[Lane] = Counter()
        self._of_box: Counter[tuple[str, Lane]] = Counter()
        self._lanes: dict[str, Lane] = {}  # of those that wait
        self._given_up: set[str] = set()
        self._app = app

    async def run(self) -> None:
        """Answer until cancelled; what is under way then is carried out again by the next one."""
        pause_s, swept_at = LOOK_FIRST_S, 0.0
        try:
            while True:
                try:
                    if time.monotonic() > swept_at + SWEEP_S or not swept_at:
                        await self._threads(self._open_and_sweep)
                        swept_at = time.monotonic()
                        self._given_up.clear()
                    found = await self._look()
                    pause_s = LOOK_FIRST_S if found else min(pause_s * LOOK_GROWTH, LOOK_MAX_S)
                except OSError as error:
                    log.warning("mailbox_not_readable", extra={"error": str(error)})
                    pause_s = RETRY_S
                await asyncio.sleep(pause_s)
        finally:
            tasks = list(self._busy.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # -- looking

    async def _look(self) -> bool:
        """Begin with what is new; whether there was any."""
        found = False
        listed = [
            n for n in await self._threads(self._list) if n not in self._busy and n not in self._given_up
        ]
        waiting = {name: self._lanes[name] for name in listed if name in self._lanes}
        fresh = [name for name in listed if name not in waiting][:SORTED_MAX]
        waiting |= await self._threads(self._sort, fresh)
        self._lanes = {}
        for name, lane in waiting.items():
            box, _, number = name.removesuffix(".req").rpartition("~")
            full = self._in_lane[lane] >= AT_ONCE[lane]
            if full or self._of_box[box, lane] >= AT_ONCE_OF_BOX[lane]:
                self._lanes[name] = lane
                continue
            found = True
            self._in_lane[lane] += 1
            self._of_box[box, lane] += 1
            exchange = _Exchange(name, box, number, lane)
            self._busy[name] = asyncio.create_task(self._serve(exchange), name=name)
            self._busy[name].add_done_callback(self._look_at_end)
        return found

    def _list(self) -> list[str]:
        """Names of requests in any order: a bounded number of each task, so that none is hidden behind others."""
        of_box: Counter[str] = Counter()
        names = []
        with os.scandir(self._requests) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name) if entry.name.endswith(".req") else None
                if match is not None and of_box[match["box"]] < LISTED_OF_BOX:
                    of_box[match["box"]] += 1
                    names.append(entry.name)
        return random.sample(names, min(len(names), LISTED_MAX))

    def _sort(self, names: Sequence[str]) -> dict[str, Lane]:
        """Which lane each is for. What cannot be read is found out, and dealt with, when it is served."""
        lanes = {}
        for name in names:
            box, _, number = name.removesuffix(".req").rpartition("~")
            try:
                request = self._read(_Exchange(name, box, number))
            except Withdrawn:
                continue
            except (Unusable, OSError):
                lanes[name] = Lane.CONTROL
            else:
                os.close(request.body)
                lanes[name] = request.lane
        return lanes

    def _open_and_sweep(self) -> None:
        """Make the folders, and remove what nobody has come for."""
        for folder in (self._requests, self._answers):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = time.time() - STALE_S
        for path in self._requests.iterdir():
            _remove_stale(path, before)
        for box in self._answers.iterdir():
            if box.is_dir() and not box.is_symlink():
                for path in box.iterdir():
                    _remove_stale(path, before)
                with suppress(OSError):  # not empty, or just made
                    if box.stat().st_ctime < before:
                        box.rmdir()

    # -- serving

    async def _serve(self, exchange: _Exchange) -> None:
        try:
            async with self._opened(exchange) as request:
                await self._carry_out(exchange, request)
            await self._threads(self._remove, exchange.name)
        except Withdrawn:
            return  # it was listed just before
        except Unusable as error:
            log.warning("mailbox_refused", extra={"file": exchange.name, "error": str(error)})
            await self._threads(self._remove, exchange.name)
        except OSError as error:  # the disk is full, or the file server away: the runner asks again
            log.warning("mailbox_trouble", extra={"file": exchange.name, "error": str(error)})
            await asyncio.sleep(RETRY_S)
        finally:
            self._busy.pop(exchange.name, None)
            place = exchange.box, exchange.lane
            self._in_lane[exchange.lane] -= 1
            self._of_box[place] -= 1
            if not self._of_box[place]:
                del self._of_box[place]

    def _look_at_end(self, task: "asyncio.Task[None]") -> None:
        """A request on which the application itself fails is left alone for a while."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("mailbox_request_crashed", extra={"file": task.get_name()}, exc_info=error)
            self._given_up.add(task.get_name())

    @asynccontextmanager
    async def _opened(self, exchange: _Exchange) -> AsyncIterator[_Request]:
        """The request, and the beginning of its answer; both closed at the end."""
        request = await self._threads(self._read, exchange)
        try:
            if request.lane is not exchange.lane:
                raise Unusable("it has been changed")
            exchange.answer = await self._threads(self._begin_answer, exchange)
            yield request
        finally:
            os.close(request.body)
            if exchange.answer >= 0:  # it was not finished
                os.close(exchange.answer)
                await self._threads(self._drop_answer, exchange)

    async def _carry_out(self, exchange: _Exchange, request: _Request) -> None:
        life = asyncio.create_task(self._show_life(exchange))
        try:
            await self._app(_scope(request), self._receiver(exchange, request), self._sender(exchange))
            if not exchange.finished.is_set():
                raise OSError("the application gave no whole answer")
        finally:
            life.cancel()

    def _receiver(
        self, exchange: _Exchange, request: _Request
    ) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
        left = request.size
        told_end = False

        async def receive() -> MutableMapping[str, Any]:
            nonlocal left, told_end
            if told_end:
                await exchange.finished.wait()
                return {"type": "http.disconnect"}
            data = await self._threads(os.read, request.body, min(left, PIECE_BYTES)) if left else b""
            if left and not data:
                raise OSError("the request's file has shrunk")
            left -= len(data)
            told_end = left == 0
            return {"type": "http.request", "body": data, "more_body": not told_end}

        return receive

    def _sender(self, exchange: _Exchange) -> Callable[[MutableMapping[str, Any]], Awaitable[None]]:
        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = {
                    name.decode("latin-1"): value.decode("latin-1")
                    for name, value in message.get("headers", ())
                }
                head = {"status": message["status"], "headers": headers}
                await self._threads(_write_all, exchange.answer, json.dumps(head).encode() + b"\n")
            elif message["type"] == "http.response.body":
                if message.get("body"):
                    await self._threads(_write_all, exchange.answer, message["body"])
                if not message.get("more_body", False):
                    await self._threads(self._finish_answer, exchange)
                    exchange.finished.set()

        return send

    async def _show_life(self, exchange: _Exchange) -> None:
        """Touch the unfinished answer now and then: the runner sees that it is being worked on."""
        while True:
            await asyncio.sleep(LIFE_S)
            if exchange.answer >= 0:
                await self._threads(os.utime, exchange.answer)

    # -- files; blocking

    def _read(self, exchange: _Exchange) -> _Request:
        """Open and understand a request.

        Raises:
            Unusable: it is none.
            OSError: it cannot be read.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(self._requests / exchange.name, flags)
        except FileNotFoundError as error:
            raise Withdrawn("it has been answered, or nobody waits any more") from error
        except OSError as error:
            raise Unusable(f"it is no plain file: {error.strerror}") from error
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unusable("it is no plain file")
            head, size = _head_of(descriptor)
            return _understand(head, exchange.box, descriptor, size)
        except BaseException:
            os.close(descriptor)
            raise

    def _box(self, exchange: _Exchange) -> int:
        """The folder of the task's answers, open. A link in its place is not followed."""
        path = self._answers / exchange.box
        path.mkdir(mode=0o700, exist_ok=True)
        try:
            return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except NotADirectoryError as error:
            raise Unusable("there is no folder for its answer") from error
        except OSError as error:
            raise Unusable(f"there is no folder for its answer: {error.strerror}") from error

    def _begin_answer(self, exchange: _Exchange) -> int:
        box = self._box(exchange)
        try:
            with suppress(FileNotFoundError):  # of a server that died
                os.unlink(f".{exchange.number}.part", dir_fd=box)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            return os.open(f".{exchange.number}.part", flags, 0o600, dir_fd=box)
        except (IsADirectoryError, FileExistsError) as error:
            raise Unusable("something is in the way of its answer") from error
        finally:
            os.close(box)

    def _finish_answer(self, exchange: _Exchange) -> None:
        os.fsync(exchange.answer)
        os.close(exchange.answer)
        exchange.answer = -1
        box = self._box(exchange)
        try:
            part, whole = f".{exchange.number}.part", f"{exchange.number}.ans"
            os.rename(part, whole, src_dir_fd=box, dst_dir_fd=box)
        finally:
            os.close(box)

    def _drop_answer(self, exchange: _Exchange) -> None:
        box = self._box(exchange)
        try:
            with suppress(FileNotFoundError):
                os.unlink(f".{exchange.number}.part", dir_fd=box)
        finally:
            os.close(box)

    def _remove(self, name: str) -> None:
        path = self._requests / name
        try:
            path.unlink()
        except FileNotFoundError:
            return
        except (
            IsADirectoryError,
            PermissionError,
        ):  # somebody made a folder of that name: out of the way with it
            with suppress(OSError):
                path.rename(self._requests / f".refused.{time.time_ns()}")


def _head_of(descriptor: int) -> tuple[Any, int]:
    """The first line as JSON, and how many bytes follow; the file then stands behind the line."""
    data = os.pread(descriptor, HEAD_BYTES_MAX, 0)
    line, found, _ = data.partition(b"\n")
    if not found:
        raise Unusable("it has no head")
    try:
        head = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unusable("its head is no JSON") from error
    os.lseek(descriptor, len(line) + 1, os.SEEK_SET)
    return head, os.fstat(descriptor).st_size - len(line) - 1


def _understand(head: Any, box: str, descriptor: int, size: int) -> _Request:
    """The request that `head` begins.

    Raises:
        Unusable: it asks for something else than a runner may, or for another task.
    """
    if not isinstance(head, dict) or not isinstance(head.get("headers"), dict):
        raise Unusable("its head has another form")
    method, path = head.get("method"), head.get("path")
    if method not in METHODS or not isinstance(path, str) or len(path) > PATH_MAX:
        raise Unusable("its method or path is none of ours")
    match = _PATH.fullmatch(path)
    if match is None or f"{match[1]}~{match[2]}" != box or ".." in path.partition("?")[0].split("/"):
        raise Unusable("its path is not of its task")
    headers = {
        str(name).lower(): str(value)
        for name, value in head["headers"].items()
        if str(name).lower() in PASSED_ON and str(value).isprintable() and str(value).isascii()
    }
    return _Request(method, path, headers, descriptor, size)


def _scope(request: _Request) -> dict[str, Any]:
    path, _, query = request.path.partition("?")
    headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in request.headers.items()]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(b"host", b"mailbox"), (b"content-length", str(request.size).encode()), *headers],
        "client": None,
        "server": ("mailbox", None),
        "state": {},
    }


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _remove_stale(path: Path, before: float) -> None:
    with suppress(OSError):  # it has gone meanwhile, or is a folder that somebody put there
        if path.lstat().st_ctime < before:  # the other time is whatever its owner says
            path.unlink()
