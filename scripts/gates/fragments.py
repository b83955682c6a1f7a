"""Form of the change notes in `changes/`: `<issue>.<feature|fix>.md`, one bullet a change."""

import re
from pathlib import Path

from scripts.gates.finding import Finding

NAME = re.compile(r"^[1-9]\d*\.(feature|fix)\.md$")
LINE_MAX = 200


def check_fragments(root: Path) -> list[Finding]:
    """What is wrong with the fragments; an empty folder is fine."""
    findings: list[Finding] = []
    for path in sorted((root / "changes").iterdir()):
        name = path.relative_to(root).as_posix()
        if path.name == "README.md":
            continue
        if not NAME.match(path.name):
            findings.append(Finding(name, 0, "not named <issue>.feature.md or <issue>.fix.md"))
        else:
            findings += _content(name, path.read_text(encoding="utf-8"))
    return findings


def _content(name: str, text: str) -> list[Finding]:
    lines = text.splitlines()
    if not lines:
        return [Finding(name, 0, "is empty; write what a user gains, one bullet a change")]
    findings = [
        Finding(name, number, "a line begins with `- ` or continues a bullet with two spaces")
        for number, line in enumerate(lines, start=1)
        if not line.startswith(("- ", "  "))
    ]
    long = [number for number, line in enumerate(lines, start=1) if len(line) > LINE_MAX]
    return findings + [Finding(name, number, f"longer than {LINE_MAX} characters") for number in long]
