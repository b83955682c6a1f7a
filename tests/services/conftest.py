"""Fixtures of the use cases' tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path, anyio_backend: str) -> AsyncIterator[World]:
    """A world with code, data and a bucket for results."""
    with open_world(tmp_path) as made:
        await made.seed()
        yield made
