"""Local backends for tests, cleaned up after."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.backends.rig import LocalRig, settings_of

MakeRig = Callable[..., LocalRig]


@pytest.fixture
async def make_rig(tmp_path: Path, anyio_backend: str) -> AsyncIterator[MakeRig]:
    """`make_rig(mode, **settings)`: a started backend."""
    rigs: list[LocalRig] = []

    def make(mode: str = "wait", **changes: object) -> LocalRig:
        rig = LocalRig(settings_of(tmp_path, mode, **changes))
        rigs.append(rig)
        rig.start()
        return rig

    yield make
    for rig in rigs:
        await rig.cease()
        rig.clean_up()
