"""Words that must not stand in the repository: hosts of package registries, paths of one machine."""

import re
import subprocess
from pathlib import Path

from scripts.gates.finding import Finding

TEXT_MAX_BYTES = 2_000_000
# In pieces, so that this file passes its own check.
_HOSTS = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("deb", "debian", "org"),
    ("crates", "io"),
    ("docker", "io"),
    ("ghcr", "io"),
    ("quay", "io"),
    ("proxy", "golang", "org"),
    ("huggingface", "co"),
)
_FOLDERS = ("work", "root", "opt/pypi", "opt/wheels")
_RULES = (
    (re.compile("|".join(re.escape(".".join(host)) for host in _HOSTS)), "host of a package registry"),
    (re.compile(r"(?<![\w.$}>*)\]-])/(?:" + "|".join(_FOLDERS) + r")/"), "path of one machine"),
)


def check_words(root: Path) -> list[Finding]:
    """Every line of a tracked text file that holds a forbidden word."""
    findings: list[Finding] = []
    for name in tracked_files(root):
        path = root / name
        if path.is_symlink() or not path.is_file() or path.stat().st_size > TEXT_MAX_BYTES:
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            findings += _in_text(name, content.decode("utf-8", errors="replace"))
    return findings


def tracked_files(root: Path) -> list[str]:
    """Files git knows, added ones included, relative to `root`. Untracked ones may be anything: a server's data."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return sorted(name for name in listing.stdout.split("\0") if name)


def _in_text(name: str, text: str) -> list[Finding]:
    return [
        Finding(name, number, f"{what}: {match.group()!r}")
        for number, line in enumerate(text.splitlines(), start=1)
        for rule, what in _RULES
        if (match := rule.search(line))
    ]
