"""One real server for all of these tests, a bucket and a network of its own for each."""

import subprocess
import uuid
from collections.abc import Iterator

import pytest

from tests.e2e.live import LiveServer
from tests.portable.faults import Network
from trainwright.portable.access import Access, Setting
from trainwright.portable.calls import Patience, Retry
from trainwright.portable.store import Store


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A running server."""
    server = LiveServer(tmp_path_factory.mktemp("data")).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """Makes small disks; `make test` installs it."""
    subprocess.run(["bwrap", "--version"], check=True, capture_output=True, timeout=10)


@pytest.fixture
def network(live: LiveServer) -> Iterator[Network]:
    """Leads to it."""
    made = Network(live.port)
    yield made
    made.close()


@pytest.fixture
def access(live: LiveServer, network: Network) -> Access:
    """The first administrator's, over the network."""
    return Access(Setting(network.url), Setting(live.project_id), Setting(live.token))


@pytest.fixture
def retries() -> list[Retry]:
    """What was tried again."""
    return []


@pytest.fixture
def store(access: Access, retries: list[Retry]) -> Iterator[Store]:
    """Waits hardly at all."""
    made = Store(access, patience=Patience(wait_s=0.001), on_retry=retries.append, page=3)
    yield made
    made.close()


@pytest.fixture
def bucket(live: LiveServer) -> str:
    """A new one."""
    name = f"b-{uuid.uuid4().hex[:12]}"
    assert live.call("PUT", f"/v1/{{P}}/buckets/{name}").status_code == 201
    return name
