"""A server with a PyTorch engine that is there already, and flavors small enough for several workers on two cores."""

from pathlib import Path

import pytest

from tests.e2e.live import LiveServer

PYTHON = Path(".cache/torch/bin/python").absolute()
ENGINE, FLAVOR = "torch-test", "small"
_ENGINES = f"""
engines:
  - {{id: {ENGINE}, name: PyTorch, version: "test", interpreter: "{PYTHON}", distribution: pytorch}}
"""
_FLAVORS = f"""
flavors:
  - {{id: {FLAVOR}, resources: {{cpus: 0.25, memory_mib: 1024}}, max_nodes: 8}}
"""


def prepare(data_dir: Path) -> Path:
    """Put the catalogue into `data_dir`. The engine's environment is made by scripts/test-setup."""
    if not PYTHON.exists():
        pytest.fail("no .cache/torch: run scripts/test-setup")
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "engines.yaml").write_text(_ENGINES)
    (data_dir / "flavors.yaml").write_text(_FLAVORS)
    return data_dir


def torch_server(data_dir: Path, **environment: str) -> LiveServer:
    """Such a server, started."""
    settings = {"TRAINWRIGHT_POOL__CPUS": "4", "TRAINWRIGHT_POOL__MEMORY_MIB": "16384"}
    return LiveServer(prepare(data_dir), {**settings, **environment}).start()
