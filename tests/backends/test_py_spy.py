"""py-spy for nodes: a copy beside the runner."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.slurm_rig import settings_of
from trainwright.backends.py_spy import find_py_spy, lay_py_spy


def test_a_copy_that_works_is_laid_once(tmp_path: Path) -> None:
    target = settings_of(tmp_path / "shared").py_spy
    lay_py_spy(target)
    stamp = target.stat().st_mtime_ns
    lay_py_spy(target)
    assert target.stat().st_mtime_ns == stamp
    assert subprocess.run([target, "--version"], capture_output=True, timeout=20, check=True).stdout
    assert [path.name for path in target.parent.iterdir()] == ["py-spy"]


def test_where_there_is_none_nothing_is_laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert find_py_spy() == ""
    lay_py_spy(tmp_path / "shared" / "py-spy")
    assert not (tmp_path / "shared").exists()
