"""Fixtures of the use cases' tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.world import World, make_schema, open_world


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the current schema and nothing in it."""
    return make_schema(tmp_path_factory.mktemp("schema") / "empty.db")


@pytest.fixture
async def world(tmp_path: Path, schema: Path, anyio_backend: str) -> AsyncIterator[World]:
    """A world with code, data and a bucket for results."""
    with open_world(tmp_path, schema) as made:
        await made.seed()
        yield made
