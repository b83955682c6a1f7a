"""Fixtures of the CLI's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.canned import PROJECT, Shell, canned_server


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own settings reaches a test."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "TRAINWRIGHT_LANGUAGE", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("TRAINWRIGHT_ENDPOINT", "TRAINWRIGHT_PROJECT", "TRAINWRIGHT_TOKEN", "TRAINWRIGHT_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A shell whose environment names a canned server."""
    with canned_server() as server:
        monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", server.endpoint)
        monkeypatch.setenv("TRAINWRIGHT_PROJECT", PROJECT)
        monkeypatch.setenv("TRAINWRIGHT_TOKEN", "secret-token")
        yield Shell(server, capsys)
