"""The folder between runners and server: the real runner, the real application's edge, a hostile folder."""

import asyncio
import contextlib
import json
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import KEY, Rig, folder, make_order, poll_until
from trainwright.backends.slurm import mailbox as server_side
from trainwright.backends.slurm.mailbox import Mailbox
from trainwright.runner import mailbox as runner_side
from trainwright.runner.connection import Lost, Request, connect
from trainwright.runner.copying import Cancel, Folders, Item, walk
from trainwright.runner.transfers import Transfers

BOX = f"{KEY}~worker-0"
ROUTES = f"/runner/v1/attempts/{KEY}/tasks/worker-0"


class Post:
    """The server's side in a thread of its own, over any ASGI application."""

    def __init__(self, place: Path, app: server_side.Application) -> None:
        self.place = place
        self.app = app
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> "Post":
        ready = threading.Event()

        async def work() -> None:
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(Mailbox(self.place, self.app).run())
            ready.set()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

        self._thread = threading.Thread(target=lambda: asyncio.run(work()))
        self._thread.start()
        ready.wait()
        poll_until((self.place / "in").is_dir)
        return self

    def stop(self) -> None:
        assert self._loop is not None and self._task is not None and self._thread is not None
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()


def forward(url: Callable[[], str]) -> server_side.Application:
    """An application that asks a server over HTTP."""

    async def app(
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        target = (
            url()
            + scope["raw_path"].decode()
            + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
        )
        headers = {name.decode(): value.decode() for name, value in scope["headers"] if name != b"host"}
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.request(scope["method"], target, content=body, headers=headers)
        await send(
            {"type": "http.response.start", "status": answer.status_code, "headers": answer.headers.raw}
        )
        await send({"type": "http.response.body", "body": answer.content})

    return app


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Callable[[server_side.Application], Post]]:
    """`post(app)`: a mailbox that is served by `app`."""
    posts: list[Post] = []

    def make(app: server_side.Application) -> Post:
        posts.append(Post(tmp_path / "mailbox", app).start())
        return posts[-1]

    yield make
    for each in posts:
        each.stop()


StartPost = Callable[[server_side.Application], Post]


def echo(seen: list[tuple[str, str, int]], *, wait_s: float = 0.0) -> server_side.Application:
    """Answers with the body it was sent, piece by piece; notes method, path and size."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(wait_s)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Seen", b"yes")]})
        size, more = 0, True
        while more:
            message = await receive()
            more = message["more_body"]
            size += len(message["body"])
            await send({"type": "http.response.body", "body": message["body"], "more_body": True})
        seen.append((scope["method"], scope["path"], size))
        await send({"type": "http.response.body", "body": b""})

    return app


def exchange(place: Path, request: Request, *, timeout_s: float = 10.0) -> Any:
    connection = connect(f"folder://{place}{ROUTES}", "secret")
    connection._timeout_s = timeout_s
    connection.begin(request)
    while True:
        answer = connection.advance()
        if answer is not None:
            return answer
        time.sleep(connection.wait_s())


def test_a_whole_task_through_the_folder(
    rig: StartRig, post: StartPost, tmp_path: Path, launcher: str
) -> None:
    """Registration, log, inputs, outputs, final report; the server is away for a while; nothing stays in the folder."""
    shared = tmp_path / "granted"
    (shared / "in").mkdir(parents=True)
    (shared / "in" / "a.bin").write_bytes(os.urandom(3 << 20))
    (shared / "out").mkdir()
    order = make_order(
        shell='cp "$data/a.bin" "$result/b.bin"; for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.2; done',
    )
    task: Rig = rig(order, launcher)
    task.server.objects["inputs/0"] = shared / "in"
    task.server.objects["outputs/0"] = shared / "out"
    base = f"{task.server.url}{ROUTES}"
    order["inputs"] = [
        folder(
            "data", "/home/ma-user/modelarts/inputs/data_0", {"kind": "url", "url": f"{base}/files/inputs/0"}
        )
    ]
    order["outputs"] = [
        folder(
            "result",
            "/home/ma-user/modelarts/outputs/result_0",
            {"kind": "url", "url": f"{base}/files/outputs/0"},
        )
    ]
    first = post(forward(lambda: task.server.url))
    task.launch["server_url"] = f"folder://{first.place}"
    task.start()
    poll_until(lambda: b"line 2\n" in task.user_log(), story=task.story)
    first.stop()
    time.sleep(0.5)
    first.start()
    assert task.wait()["reason"] == "completed"
    assert (shared / "out" / "b.bin").read_bytes() == (shared / "in" / "a.bin").read_bytes()
    assert task.user_log() == b"".join(f"line {number}\n".encode() for number in range(1, 9))
    poll_until(lambda: not list((first.place / "in").iterdir()), 5)


def test_a_round_trip_of_a_quiet_folder(post: StartPost) -> None:
    """Its target is 300 ms: what it waits for on average is half of the longest pauses between the looks of both."""
    seen: list[tuple[str, str, int]] = []
    place = post(echo(seen)).place
    for _ in range(4):
        time.sleep(0.3)
        answer = exchange(place, Request("POST", "/reports", b"{}"))
        assert (answer.status, answer.headers["x-seen"], answer.body) == (200, "yes", b"{}")
    assert (server_side.LOOK_MAX_S + runner_side._LOOK_MAX_S) / 2 < 0.3


def test_big_objects_pass_in_constant_memory(post: StartPost, tmp_path: Path) -> None:
    """Both directions, whole and unchanged, with a slow server that shows that it lives."""
    seen: list[tuple[str, str, int]] = []
    stored = tmp_path / "stored"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "PUT":
            more = True
            with stored.open("wb") as file:
                while more:
                    message = await receive()
                    more = message["more_body"]
                    assert len(message["body"]) <= 1 << 20
                    file.write(message["body"])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})
        else:
            size = str(stored.stat().st_size).encode()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", size)]})
            with stored.open("rb") as file:
                while piece := file.read(1 << 20):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    place = post(app).place
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(os.urandom(1 << 20) * 40)
    transfers = Transfers(f"folder://{place}", "secret", Cancel())
    target = {
        "path": "x",
        "size": 40 << 20,
        "url": f"http://elsewhere:1{ROUTES}/objects/outputs/0/x",
        "authorized": True,
    }
    moved: list[int] = []
    [item] = [found for found in walk(str(tmp_path)) if isinstance(found, Item) and found.path == "source"]
    transfers.upload(target, item, moved.append)
    transfers.download(target, Folders(str(tmp_path)).target("copy"), moved.append)
    assert copy.read_bytes() == source.read_bytes()
    assert sum(moved) == 80 << 20
    assert not seen


def test_a_request_that_nobody_answers_is_withdrawn(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(Lost):
        exchange(tmp_path, Request("POST", "/reports", b"{}"), timeout_s=0.3)
    assert not list((tmp_path / "in").iterdir())
    with pytest.raises(Lost):
        connect(f"folder://{tmp_path}/missing{ROUTES}", "secret").begin(Request("POST", "/reports", b""))


def test_a_server_that_dies_in_between_answers_after_all(post: StartPost) -> None:
    """The request is still there, and is carried out again."""
    seen: list[tuple[str, str, int]] = []
    first = post(echo(seen, wait_s=60))
    got: list[Any] = []
    asking = threading.Thread(
        target=lambda: got.append(exchange(first.place, Request("POST", "/reports", b"x")))
    )
    asking.start()
    poll_until(lambda: bool(list((first.place / "out").glob("*/.*.part"))))
    first.stop()
    first.app = echo(seen)
    first.start()
    asking.join()
    assert got[0].body == b"x"
    poll_until(lambda: not list((first.place / "in").iterdir()), 5)


def put(place: Path, name: str, content: bytes) -> None:
    (place / "in" / name).write_bytes(content)


def head(path: str = f"{ROUTES}/reports", method: str = "POST", **more: Any) -> bytes:
    return json.dumps({"method": method, "path": path, "headers": {}, **more}).encode() + b"\n"


def test_what_is_no_request_of_a_runner_is_harmless(post: StartPost, tmp_path: Path) -> None:
    """It is removed or left alone, nothing of it reaches the application, and others are served meanwhile."""
    seen: list[tuple[str, str, int]] = []
    place = post(echo(seen)).place
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(head())
    numbers = iter(range(1, 100))

    def name(box: str = BOX) -> str:
        return f"{box}~{next(numbers):024x}.req"

    put(place, name(), b"")
    put(place, name(), b"\0" * 100_000)
    put(place, name(), b"[" * 60_000 + b"\n")
    put(place, name(), b'{"method": "POST"}\n')
    put(place, name(), head(headers=[]))
    put(place, name(), head("/v2/p/training-jobs"))
    put(place, name(), head(f"{ROUTES}/../../../../../../v2/p/training-jobs"))
    put(place, name(), head("/runner/v1/attempts/other/tasks/worker-0/reports"))
    put(place, name(), head(f"{ROUTES}/reports\r\nX: y"))
    put(place, name(), head(method="DELETE"))
    put(place, name("..~.."), head())
    put(place, "half.req.new", head())
    (place / "in" / name()).symlink_to(outside / "secret")
    os.mkfifo(place / "in" / name())
    (place / "in" / name()).mkdir()
    stolen = f"{KEY}~worker-1"
    (place / "out" / stolen).symlink_to(outside)
    put(place, name(stolen), head(f"/runner/v1/attempts/{KEY}/tasks/worker-1/reports"))
    assert exchange(place, Request("POST", "/reports", b"{}")).status == 200
    poll_until(lambda: not list((place / "in").glob(f"{KEY}*.req")), 10)
    assert seen == [("POST", f"{ROUTES}/reports", 2)]
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_one_noisy_task_holds_up_no_other(post: StartPost) -> None:
    seen: list[tuple[str, str, int]] = []
    place = post(echo(seen, wait_s=0.05)).place
    for number in range(300):
        put(
            place,
            f"{KEY}~worker-9~{number:024x}.req",
            head(f"/runner/v1/attempts/{KEY}/tasks/worker-9/reports"),
        )
    assert exchange(place, Request("POST", "/reports", b"{}")).status == 200
    assert len(seen) < 100  # it went before those that were there first
    poll_until(lambda: not list((place / "in").iterdir()), 60)
    assert len(seen) == 301


def test_downloads_hold_up_no_report(post: StartPost) -> None:
    """Nor do those of other tasks, nor its own."""
    served: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if "/objects/" in scope["path"]:
            await asyncio.sleep(60)
        await receive()
        served.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    place = post(app).place
    for task in range(30):
        for number in range(10):
            path = f"/runner/v1/attempts/{KEY}/tasks/worker-{task}/objects/inputs/0/big"
            put(place, f"{KEY}~worker-{task}~{number:08x}.req", head(path, "GET"))
    time.sleep(1)
    began = time.monotonic()
    for path in ("/reports", "/registration", "/log", "/stacks?number=1"):
        assert exchange(place, Request("POST", path, b"{}")).status == 200
    assert time.monotonic() - began < 50  # none waited for a download
    assert len(served) == 4


def test_heaps_of_junk_hide_no_request(post: StartPost) -> None:
    """Also when it is dated into the future, and when much of it looks like requests."""
    seen: list[tuple[str, str, int]] = []
    place = post(echo(seen)).place
    for number in range(12_000):
        junk = place / "in" / (f".{number}.new" if number % 4 else f"noise~worker-0~{number:08x}.req.new")
        junk.touch()
        os.utime(junk, (4e9, 4e9))
    assert exchange(place, Request("POST", "/reports", b"{}")).status == 200


def test_what_nobody_comes_for_is_swept(
    tmp_path: Path, post: StartPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever time it claims to be of."""
    monkeypatch.setattr(server_side, "STALE_S", -1.0)
    (tmp_path / "mailbox" / "in").mkdir(parents=True)
    old = tmp_path / "mailbox" / "out" / "gone~worker-0"
    old.mkdir(parents=True)
    for path in (old / "0a.ans", tmp_path / "mailbox/in/.draft.new", old):
        if path != old:
            path.write_bytes(b"")
        os.utime(path, (4e9, 4e9))
    place = post(echo([])).place
    poll_until(lambda: not list((place / "in").iterdir()))
    poll_until(lambda: not (old / "0a.ans").exists())
