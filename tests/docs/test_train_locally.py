"""Guards that the page on local training works as written."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelarts.local.places import Places, is_held
from tests.docs.test_howto import _follow
from tests.e2e.live import LiveServer, wait_for


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    """The platform, on its first day."""
    server = LiveServer(tmp_path / "data").start()
    yield server
    server.stop()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_train_locally(tmp_path: Path, live: LiveServer) -> None:
    """Every example of the page, and what the text promises; the private server is gone in the end."""
    told = _follow("train-locally.md", live, tmp_path)
    assert re.search(r"^Completed \['obs://results/try/model-0\.txt'\]$", told, re.MULTILINE)
    assert "rank 0 of 1 sees ['a.txt']" in told
    assert "rank 1 of 2 sees ['a.txt']" in told
    assert sorted(path.name for path in (tmp_path / "pair").iterdir()) == ["model-0.txt", "model-1.txt"]
    assert re.search(r"^try-it True$", told, re.MULTILINE)
    places = Places(tmp_path / ".local/share/trainwright-local")
    wait_for(lambda: not is_held(places.server_lock), what="the end of the private server")
