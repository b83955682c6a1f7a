"""One real server for all of these tests; a folder in the object store and a network of its own for each."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("MOX_SILENT_MODE", "1")

import moxing as mox
from tests.e2e.live import LiveServer
from tests.portable.faults import Network


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A running server with a bucket."""
    server = LiveServer(tmp_path_factory.mktemp("data")).start()
    server.call("PUT", "/v1/{P}/buckets/mox-tests")
    yield server
    server.stop()


@pytest.fixture
def network(live: LiveServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Network]:
    """Leads to it; the environment names it. Retries hardly wait."""
    made = Network(live.port)
    monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", made.url)
    monkeypatch.setenv("TRAINWRIGHT_PROJECT", live.project_id)
    monkeypatch.setenv("TRAINWRIGHT_TOKEN", live.token)
    monkeypatch.setenv("HOME", str(tmp_path))
    mox.file.set_auth(retry_wait=0.001)
    yield made
    mox.file.shift("mox", "os")
    mox.file.set_auth()
    made.close()


@pytest.fixture
def obs(network: Network) -> str:
    """A folder that does not exist yet."""
    return f"obs://mox-tests/{uuid.uuid4().hex[:12]}"
