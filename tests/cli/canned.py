"""A small server with canned answers, and a shell that runs the CLI against it in this process."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from trainwright.cli.main import main

PROJECT = "p1"
ID = "11111111-2222-3333-4444-555555555555"
Answer = tuple[int, object]


@dataclass
class Canned:
    """`answers` by method and path without the project; a path that is missing is a 404 in our shape."""

    endpoint: str
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self, call: str) -> list[Any]:
        """The JSON bodies that were sent to `call`, such as `POST /v2/training-jobs`."""
        return [json.loads(body) for name, _, body in self.seen if name == call]


@contextmanager
def canned_server() -> Iterator[Canned]:
    """Serves until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0].replace(f"/{PROJECT}/", "/", 1)
            call = f"{self.command} {path}"
            canned.seen.append((call, dict(self.headers), body))
            refusal = {
                "error_code": "ModelArts.2775",
                "error_msg": f"no {path}",
                "error_solution": "Look it up.",
            }
            status, content = canned.answers.get(call, (404, refusal))
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-Request-Id", "req-1")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    canned = Canned(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield canned
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Shell:
    """Runs commands as a user would, without a terminal."""

    server: Canned
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        self.capture.readouterr()
        code = main(arguments)
        out, err = self.capture.readouterr()
        return code, out, err


def job_answer(name: str = "digits", phase: str = "Completed", **status: object) -> dict[str, Any]:
    """A job as the server shows it."""
    return {
        "kind": "job",
        "metadata": {
            "id": ID,
            "name": name,
            "workspace_id": "0",
            "description": "reads digits",
            "create_time": 1_700_000_000_000,
            "user_name": "admin",
            "annotations": {},
        },
        "status": {
            "phase": phase,
            "secondary_phase": phase,
            "duration": 65_000,
            "start_time": 1_700_000_001_000,
            "tasks": ["worker-0"],
            "attempt": 1,
            **status,
        },
        "algorithm": {
            "code_dir": "obs://b/code/",
            "boot_file": "obs://b/code/train.py",
            "engine": {"engine_id": "sk"},
            "parameters": [{"name": "lr", "value": "0.1"}],
            "inputs": [{"name": "data_url", "remote": {"obs": {"obs_url": "obs://b/in/"}}}],
            "outputs": [],
        },
        "spec": {
            "resource": {
                "policy": "regular",
                "flavor_id": "small",
                "flavor_name": "small",
                "node_count": 1,
                "flavor_detail": {},
                "main_container_allocated_resources": {
                    "cpu_arch": "x86_64",
                    "cpu_core_num": 1,
                    "mem_size": 1,
                    "accelerator_num": 0,
                    "accelerator_type": "",
                },
            }
        },
    }


def page_of(*jobs: dict[str, Any]) -> dict[str, Any]:
    """A page of a search."""
    return {
        "total": len(jobs),
        "count": len(jobs),
        "limit": 20,
        "offset": 0,
        "sort_by": "create_time",
        "order": "desc",
        "items": list(jobs),
    }
