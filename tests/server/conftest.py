"""A server world for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.world import ServerWorld, open_world


@pytest.fixture
async def world(tmp_path: Path, anyio_backend: str) -> AsyncIterator[ServerWorld]:
    """The application over a fresh database."""
    async with open_world(tmp_path) as opened:
        yield opened
