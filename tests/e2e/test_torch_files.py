"""Files as a real torch writes them, checked without torch: whole ones, cut ones, and one that would run something."""

import subprocess
from pathlib import Path

import pytest

from tests.domain.test_checkpoint_formats import verdict
from trainwright.domain.checkpoint_formats import State

TORCH = Path(__file__).parents[2] / ".cache" / "torch" / "bin" / "python"
WRITE = """
import collections, os, sys, torch
folder, trace = sys.argv[1:]
model = torch.nn.Sequential(torch.nn.Linear(50, 50), torch.nn.BatchNorm1d(50))
optimizer = torch.optim.Adam(model.parameters())
model(torch.randn(4, 50)).sum().backward()
optimizer.step()
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
state = {'model': model.state_dict(), 'optimizer': optimizer.state_dict(), 'schedule': schedule.state_dict(),
         'step': 7, 'rng': torch.get_rng_state(), 'half': torch.ones(3, dtype=torch.bfloat16), 'none': None}

class Evil:
    def __reduce__(self):
        return os.system, ('touch ' + trace,)

for name, content in {'state': state, 'whole': model, 'empty': {}, 'evil': {'a': torch.ones(3), 'b': Evil()}}.items():
    torch.save(content, f'{folder}/{name}.pt')
    torch.save(content, f'{folder}/{name}-old.pt', _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.script(torch.nn.Linear(3, 3)), f'{folder}/script.pt')
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder they are in; `trace` in it would be made by the one that runs something."""
    folder = tmp_path_factory.mktemp("torch")
    command = [str(TORCH), "-c", WRITE, str(folder), str(folder / "trace")]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    return folder


def test_what_torch_writes(written: Path) -> None:
    """Guards the formats against torch itself: both of its own, and TorchScript."""
    files = sorted(written.glob("*.pt"))
    assert len(files) == 9
    for file in files:
        expected = State.UNSAFE if file.name.startswith("evil") else State.COMPLETE
        assert verdict(file.name, file.read_bytes()).state is expected, file.name
    assert not (written / "trace").exists()


def test_what_torch_has_not_finished(written: Path) -> None:
    """Guards every kind of beginning of such a file."""
    for file in sorted(written.glob("*.pt")):
        data = file.read_bytes()
        for size in {0, 1, 2, 8, 63, 64, 65, len(data) // 3, len(data) // 2, len(data) - 22, len(data) - 1}:
            assert verdict(file.name, data[:size]).state is State.INCOMPLETE, (file.name, size)
