"""A scriptable server for runners: keeps what it is told, and fails in the ways real ones do."""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit


@dataclass
class Faults:
    """How the server misbehaves. Counters go down with every request they spoil."""

    errors: int = 0  # answer 503
    drops: int = 0  # close the connection without an answer
    drops_after: int = 0  # take the request in, then close the connection
    closed: bool = False  # 409 AttemptClosed to everything
    refuse_registration: int = 0  # answer it with this status
    lose_log_to: int = -1  # forget log bytes from here on, once
    object_errors: int = 0  # 500 for objects
    stacks_status: int = 200  # answer dumps of stacks with this
    short_objects: int = 0  # promise more bytes than are sent


@dataclass
class Told:
    """Everything runners have said."""

    log: bytearray = field(default_factory=bytearray)
    events: list[dict[str, Any]] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)
    finals: list[dict[str, Any]] = field(default_factory=list)
    registrations: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    first_log_at: dict[str, float] = field(default_factory=dict)  # text -> when it was first seen
    first_heard_at: float = 0.0
    stacks: dict[int, str] = field(default_factory=dict)
    bad_tokens: int = 0
    log_gaps: int = 0

    def codes(self) -> list[str]:
        return [event["code"] for event in self.events]


class StubServer:
    """`with StubServer(order) as server:`; `url` is where it listens. It can be `pause`d and `resume`d on its port."""

    TOKEN = "attempt-token"

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.told = Told()
        self.faults = Faults()
        self.stop_grace_s: int | None = None
        self.verdict: Callable[[dict[str, Any]], dict[str, Any]] = lambda report: {}  # more of an answer
        self.objects: dict[str, Path] = {}  # "inputs/0" -> folder behind a UrlGrant
        self.manifests: dict[
            str, dict[str, bytes]
        ] = {}  # "inputs/0" -> what a dataset version says lies there
        self.rename: dict[str, str] = {}  # object name -> the name it is listed under
        self.watch_for: bytes = b""
        self.changed = threading.Condition()
        self.port = 0
        self._http: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.resume()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause()

    def resume(self) -> None:
        """Listen (again, on the same port)."""
        server = self

        class Handler(_Handler):
            stub = server

        self._http = _Server(("127.0.0.1", self.port), Handler)
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def pause(self) -> None:
        """Be gone: connections are refused."""
        if self._http is not None and self._thread is not None:
            self._http.shutdown()
            self._http.server_close()
            self._thread.join()
            self._http = None

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Return once `condition()` holds; it is looked at whenever a runner has said something."""
        deadline = time.monotonic() + timeout_s
        with self.changed:
            while not condition():
                if time.monotonic() > deadline:
                    raise TimeoutError(f"events {self.told.codes()}, log {bytes(self.told.log[-2000:])!r}")
                self.changed.wait(0.1)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True

    def __init__(self, *args: Any) -> None:
        self._open: set[Any] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Runners are killed in the middle of requests here; that is no news."""

    def server_close(self) -> None:
        self.drop_connections()
        super().server_close()

    def drop_connections(self) -> None:
        for request in list(self._open):
            try:
                request.shutdown(2)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    stub: StubServer

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        stub, faults = self.stub, self.stub.faults
        with stub.changed:
            if not stub.told.first_heard_at:
                stub.told.first_heard_at = time.monotonic()
            if faults.drops > 0:
                faults.drops -= 1
                self.close_connection = True
                return
            if faults.errors > 0:
                faults.errors -= 1
                self._answer(503, {"error_code": "Trainwright.0301"})
                return
            if self.headers.get("Authorization") != f"Bearer {stub.TOKEN}":
                stub.told.bad_tokens += 1
                self._answer(401, {"error_code": "ModelArts.0104"})
                return
            if faults.closed:
                self._answer(409, {"error_code": "Trainwright.0201"})
                return
            self._route(method, body)
            stub.changed.notify_all()

    def _route(self, method: str, body: bytes) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        tail = url.path.partition("/tasks/worker-0/")[2]
        head, _, rest = tail.partition("/")
        if tail == "registration":
            self._register(json.loads(body))
        elif tail == "reports":
            self._report(json.loads(body))
        elif tail == "log":
            self._log(int(query["offset"]), body)
        elif tail == "stacks":
            self.stub.told.stacks[int(query["number"])] = body.decode()
            self._answer(self.stub.faults.stacks_status, {})
        elif head == "files" and method == "GET":
            self._list(rest, query.get("after", ""))
        elif head == "files":
            self._targets(rest, json.loads(body))
        elif head == "objects":
            self._object(method, rest, body)
        else:
            self._answer(404, {"error_code": "ModelArts.0010"})

    def _register(self, body: dict[str, Any]) -> None:
        self.stub.told.registrations.append(body)
        if self.stub.faults.refuse_registration:
            self._answer(self.stub.faults.refuse_registration, {})
        else:
            self._answer(200, self.stub.order)

    def _report(self, body: dict[str, Any]) -> None:
        told = self.stub.told
        told.reports.append(body)
        last = told.events[-1]["seq"] if told.events else 0
        for event in body["events"]:
            if event["seq"] > last:
                assert event["seq"] == last + 1, "a sequence number was left out"
                told.events.append(event)
                last = event["seq"]
        told.samples.extend(body["samples"])
        if body["final"] is not None:
            told.finals.append(body["final"])
        answer = {"acked_seq": last, "stop_grace_s": self.stub.stop_grace_s}
        self._answer_unless_dropped({**answer, **self.stub.verdict(body)})

    def _log(self, offset: int, body: bytes) -> None:
        told, faults = self.stub.told, self.stub.faults
        if 0 <= faults.lose_log_to < len(told.log):
            del told.log[faults.lose_log_to :]
            faults.lose_log_to = -1
        if offset > len(told.log):
            told.log_gaps += 1
            self._answer(409, {"error_code": "Trainwright.0202"}, {"X-Log-Stored": str(len(told.log))})
            return
        told.log += body[len(told.log) - offset :]
        if self.stub.watch_for and self.stub.watch_for in body:
            told.first_log_at.setdefault(self.stub.watch_for.decode(), time.monotonic())
        self._answer_unless_dropped({"stored": len(told.log)})

    def _list(self, section: str, after: str) -> None:
        if section in self.stub.manifests:
            self._list_manifest(section, after)
            return
        folder = self.stub.objects.get(section)
        if folder is None:
            self._answer(404, {"error_code": "Trainwright.0203"})
            return
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        names = [str(path.relative_to(folder)) for path in paths]
        page = [name for name in names if name > after][:3]
        objects = [self._target(section, name, (folder / name).stat().st_size) for name in page]
        self._answer(
            200, {"objects": objects, "next_after": page[-1] if page and page[-1] != names[-1] else ""}
        )

    def _list_manifest(self, section: str, after: str) -> None:
        manifest = self.stub.manifests[section]
        page = sorted(name for name in manifest if name > after)[:3]
        objects = []
        for name in page:
            data = manifest[name]
            target = self._target(section, name, len(data))
            objects.append({**target, "sha256": hashlib.sha256(data).hexdigest()})
        last = not page or page[-1] == max(manifest)
        self._answer(
            200,
            {
                "objects": objects,
                "next_after": "" if last else page[-1],
                "total_bytes": sum(map(len, manifest.values())),
            },
        )

    def _targets(self, section: str, body: dict[str, Any]) -> None:
        self._answer(200, {"objects": [self._target(section, path, size) for path, size in body["files"]]})

    def _target(self, section: str, path: str, size: int) -> dict[str, Any]:
        base = self.path.partition("/files/")[0]
        return {
            "path": self.stub.rename.get(path, path),
            "size": size,
            "url": f"{self.stub.url}{base}/objects/{section}/{quote(path)}",
            "authorized": True,
        }

    def _object(self, method: str, rest: str, body: bytes) -> None:
        section, _, index_and_path = rest.partition("/")
        index, _, path = index_and_path.partition("/")
        file = self.stub.objects[f"{section}/{index}"] / unquote(path)
        if self.stub.faults.object_errors > 0:
            self.stub.faults.object_errors -= 1
            self._answer(500, {})
        elif method == "PUT":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
            self._answer(200, {})
        elif file.is_file():
            self._send_object(file.read_bytes())
        else:
            self._answer(404, {})

    def _send_object(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.stub.faults.short_objects > 0:
            self.stub.faults.short_objects -= 1
            data = data[: len(data) // 2]
            self.close_connection = True
        self.wfile.write(data)

    def _answer_unless_dropped(self, body: dict[str, Any]) -> None:
        if self.stub.faults.drops_after > 0:
            self.stub.faults.drops_after -= 1
            self.close_connection = True
        else:
            self._answer(200, body)

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()  # under the lock: whoever waited for this request may pause the server next
