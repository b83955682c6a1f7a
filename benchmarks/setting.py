"""What each benchmark is given: a folder, how thorough to be, and servers."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.live import LiveServer
from trainwright.client.access import Access
from trainwright.client.blocking import Client


@dataclass(frozen=True, slots=True)
class Setting:
    """`quick` asks for a look at everything within a minute or two instead of numbers worth keeping."""

    folder: Path
    quick: bool

    def amount(self, full: int, quick: int) -> int:
        """How many rounds to make."""
        return quick if self.quick else full

    @contextmanager
    def server(self, name: str, **environment: str) -> Iterator[LiveServer]:
        """A running server over a data directory of its own; TRAINWRIGHT_ is put before the variables' names.

        What still runs in it is stopped at the end, so that one benchmark does not disturb the next.
        """
        variables = {f"TRAINWRIGHT_{key}": value for key, value in environment.items()}
        live = LiveServer(self.folder / name, variables).start()
        try:
            yield live
            _stop_all(live)
        finally:
            live.stop()


def client_of(live: LiveServer) -> Client:
    """The SDK's own client; close it, or use it as a context manager."""
    return Client(Access(live.url, live.project_id, live.token))


class Sampler:
    """Calls `look` every `period_s` on a thread of its own while the `with` block runs; the values stay in `seen`."""

    def __init__(self, look: Callable[[], float], period_s: float) -> None:
        self.seen: list[float] = []
        self._look = look
        self._period_s = period_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.wait(self._period_s):
            self.seen.append(self._look())

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def timed(call: Callable[[], object]) -> float:
    """Milliseconds `call` takes."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _stop_all(live: LiveServer) -> None:
    unfinished = {"key": "phase", "operator": "in", "value": ["Creating", "Pending", "Running"]}
    while True:
        body = {"limit": 50, "filters": [unfinished]}
        items = live.call("POST", "/v2/{P}/training-job-searches", json=body).json()["items"]
        if not items:
            return
        for item in items:
            job = item["metadata"]["id"]
            live.call("POST", f"/v2/{{P}}/training-jobs/{job}/actions", json={"action_type": "terminate"})
        for item in items:
            live.wait(item["metadata"]["id"])
