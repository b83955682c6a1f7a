"""Guards what scripts/bootstrap says on machines that lack something, and that it does nothing when nothing changed."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("bash", "cat", "cut", "dirname", "flock", "id", "mkdir", "rm", "sha256sum", "tail")
# A Python without ensurepip, as Debian's is before python3-venv is installed.
HALF_A_PYTHON = """#!/bin/sh
case "$2" in
    *ensurepip*) exit 1 ;;
    *print*) echo 3.11 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a space in its name, holding the script and a project file, and a bare set of tools beside it."""
    folder = tmp_path / "a checkout"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "bootstrap", folder / "scripts")
    (folder / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None, tool
        (tools / tool).symlink_to(found)
    return folder


def _run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "scripts" / "bootstrap", *arguments],
        env={"PATH": str(checkout.parent / "bin")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _add_python(checkout: Path, text: str) -> None:
    python = checkout.parent / "bin" / "python3"
    python.write_text(text, encoding="utf-8")
    python.chmod(0o755)


def test_says_that_python_is_missing(checkout: Path) -> None:
    """Guards the message where there is no Python that is new enough."""
    _add_python(checkout, "#!/bin/sh\nexit 1\n")
    done = _run(checkout)
    assert done.returncode == 1
    assert "Python 3.11 or later is needed" in done.stderr


def test_says_which_package_holds_venv(checkout: Path) -> None:
    """Guards the message on a Debian without python3-venv where it cannot be installed."""
    _add_python(checkout, HALF_A_PYTHON)
    done = _run(checkout)
    assert done.returncode == 1
    assert "apt-get install python3.11-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_does_nothing_when_nothing_changed(checkout: Path) -> None:
    """Guards the warm path: the stamp of `dev` serves `run` too, and no Python is even looked for."""
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch(mode=0o755)
    content = (checkout / "pyproject.toml").read_text(encoding="utf-8") + f"{checkout}\n"
    stamp = hashlib.sha256(content.encode()).hexdigest()
    (checkout / ".venv" / ".ready-dev").write_text(stamp + "\n", encoding="utf-8")
    for level in ("run", "dev"):
        done = _run(checkout, level)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (checkout / "pyproject.toml").write_text("[project]\nname='x'\n", encoding="utf-8")
    assert _run(checkout).returncode == 1


def test_refuses_an_unknown_level(checkout: Path) -> None:
    """Guards the usage message."""
    done = _run(checkout, "everything")
    assert done.returncode == 2
    assert "usage" in done.stderr
