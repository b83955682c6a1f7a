"""A bare copy of the package tree in which a test plants a breach."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTING = "scripts/gates/broad_excepts.txt"


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """Every package of src, empty but for its `__init__.py`, with the import contracts in force."""
    root = tmp_path / "tree"
    for package in sorted((ROOT / "src").rglob("__init__.py")):
        copy = root / package.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text('"""Empty."""\n', encoding="utf-8")
    shutil.copy(ROOT / ".importlinter", root)
    (root / LISTING).parent.mkdir(parents=True)
    (root / LISTING).write_text("# none\n", encoding="utf-8")
    return root
