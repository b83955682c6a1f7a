"""Guards the word scan and the form of change notes."""

import subprocess
from pathlib import Path

import pytest

from scripts.gates.fragments import check_fragments
from scripts.gates.words import check_words


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty git repository."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True, timeout=30)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("see https://" + "pypi" + ".org/simple", True),
        ("cd /" + "work/main", True),
        ("open('/" + "root/.config')", True),
        ("/home/" + "work/user-job-dir", False),
        ("RUNDIR/" + "root/home", False),
        ("{run_dir}/" + "root/cache", False),
        ("docs/work/page", False),
    ],
)
def test_words(repository: Path, text: str, caught: bool) -> None:
    """Guards that hosts and machine paths are caught and paths that only look alike are not."""
    (repository / "page.md").write_text(f"first line\n{text}\n", encoding="utf-8")
    _add(repository, "page.md")
    assert [(finding.path, finding.line) for finding in check_words(repository)] == [("page.md", 2)] * caught


def test_words_reads_only_tracked_text(repository: Path) -> None:
    """Guards that pictures and what lies about untracked (a server's data, say) are left alone."""
    bad = b"/" + b"work/main\n"
    (repository / "image.bin").write_bytes(b"\0" + bad)
    (repository / "local.txt").write_bytes(bad)
    _add(repository, "image.bin")
    assert check_words(repository) == []


def _add(repository: Path, name: str) -> None:
    subprocess.run(["git", "add", name], cwd=repository, check=True, timeout=30)


@pytest.mark.parametrize(
    ("name", "text", "findings"),
    [
        ("2.feature.md", "- Jobs run.\n  On one machine.\n- Logs follow.\n", 0),
        ("2.fix.md", "- Mended.\n", 0),
        ("README.md", "anything", 0),
        ("two.feature.md", "- x\n", 1),
        ("2.chore.md", "- x\n", 1),
        ("2.feature.md", "", 1),
        ("2.feature.md", "No bullet\n", 1),
        ("2.feature.md", "- " + "x" * 200 + "\n", 1),
    ],
)
def test_fragments(tmp_path: Path, name: str, text: str, findings: int) -> None:
    """Guards the naming and the bullet form."""
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / name).write_text(text, encoding="utf-8")
    assert len(check_fragments(tmp_path)) == findings
