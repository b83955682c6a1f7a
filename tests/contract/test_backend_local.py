"""The local backend, with real processes, keeps the contract."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backends.rig import LocalRig, settings_of
from tests.contract.backend import BackendContract, Rig


class TestLocalBackend(BackendContract):
    """The contract over the local backend."""

    @pytest.fixture
    async def rig(self, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Rig]:
        """A fresh one; whatever it started is killed afterwards."""
        rig = LocalRig(settings_of(tmp_path))
        rig.start()
        yield rig
        await rig.cease()
        rig.clean_up()
