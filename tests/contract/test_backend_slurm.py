"""The Slurm backend keeps the contract, over a real cluster of five nodes without accounting; and what only it can do.

The contract's machine is a partition of one node.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.backends.slurm_rig import Lab, SlurmRig, end_lab, settings_of, start_lab
from tests.contract.backend import BackendContract, Rig

PORT = 27010


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """One cluster for all tests of this module."""
    folder = Path(tempfile.mkdtemp(prefix="trainwright-slurm-"))
    folder.chmod(0o755)
    lab = start_lab(folder / "cluster", port=PORT)
    yield lab
    end_lab(lab)
    shutil.rmtree(folder, ignore_errors=True)


class TestSlurmBackend(BackendContract):
    """The contract over the Slurm backend."""

    @pytest.fixture
    async def rig(self, lab: Lab, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Rig]:
        """A fresh shared folder over a free cluster."""
        rig = SlurmRig(lab, settings_of(tmp_path))
        rig.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLURM_CONF", lab.environment["SLURM_CONF"])
            yield rig
            await rig.cease()
            lab.clear()
