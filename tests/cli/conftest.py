"""Fixtures of the CLI's tests."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.cli.canned import PROJECT, Shell, canned_server
from tests.server.world import PROJECT as SERVED
from tests.server.world import TOKEN, ServerWorld, open_world
from trainwright.cli.main import main

Result = tuple[int, str, str]
Run = Callable[..., Awaitable[Result]]


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


@pytest.fixture
async def world(tmp_path: Path, anyio_backend: str) -> AsyncIterator[ServerWorld]:
    """The application over a fresh database."""
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
async def run(
    world: ServerWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Run]:
    """Runs a command as the server's admin: exit code, stdout, stderr."""
    async with world.live() as client:
        monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", str(client.base_url).rstrip("/"))
        monkeypatch.setenv("TRAINWRIGHT_PROJECT", SERVED)
        monkeypatch.setenv("TRAINWRIGHT_TOKEN", TOKEN)

        async def command(
            *arguments: str, stdin: str = "", program: Callable[[Sequence[str]], int] = main
        ) -> Result:
            capsys.readouterr()
            monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
            code = await asyncio.to_thread(program, arguments)
            out, err = capsys.readouterr()
            return code, out, err

        yield command
