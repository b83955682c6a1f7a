"""One real server per module and launcher."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.live import LiveServer


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """The sandbox tests need it; `make test` installs it. Fails loudly when it is missing or cannot work."""
    subprocess.run(["bwrap", "--version"], check=True, capture_output=True, timeout=10)


@pytest.fixture(scope="module", params=["process", "sandbox"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, bubblewrap: None
) -> Iterator[LiveServer]:
    """A running server whose jobs use this launcher."""
    environment = {"TRAINWRIGHT_SANDBOX": "on" if request.param == "sandbox" else "off"}
    live = LiveServer(tmp_path_factory.mktemp("data"), environment).start()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A running server with the default settings."""
    live = LiveServer(tmp_path_factory.mktemp("data")).start()
    yield live
    live.stop()
