"""Guards the checks of the console: sizes, the lock file, and what a script of it says."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.console.node import Npm
from scripts.gates import console
from scripts.gates.console import LOCK, check_console_sizes, check_lock, console_script

HOST = "https://registry.example/react.tgz"


@pytest.mark.parametrize(
    ("name", "lines", "caught"),
    [
        ("jobs/JobsPage.tsx", 200, False),
        ("jobs/JobsPage.tsx", 201, True),
        ("jobs/JobsPage.test.tsx", 201, False),
        ("jobs/JobsPage.test.tsx", 401, True),
        ("shared/format.ts", 400, False),
        ("shared/format.ts", 401, True),
        ("api/schema.gen.ts", 20_000, False),
        ("styles.css", 1000, False),
    ],
)
def test_sizes(tmp_path: Path, name: str, lines: int, caught: bool) -> None:
    """Guards the limits of components and of other modules."""
    path = tmp_path / "console" / "src" / name
    path.parent.mkdir(parents=True)
    path.write_text("x\n" * lines)
    findings = check_console_sizes(tmp_path)
    assert [finding.path for finding in findings] == ([f"console/src/{name}"] if caught else [])


def _lock(root: Path, packages: dict[str, dict[str, Any]]) -> Path:
    path = root / LOCK
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))
    return path


def test_a_host_in_the_lock_file_is_caught_and_mended(tmp_path: Path) -> None:
    """Guards that whoever installs may use another registry."""
    packages = {
        "": {},
        "node_modules/react": {"version": "19.3.1", "resolved": HOST, "integrity": "sha512-x"},
    }
    path = _lock(tmp_path, packages)
    outcome = check_lock(tmp_path, False)
    assert not outcome.ok
    assert f"node_modules/react names a host: {HOST}" in outcome.report
    assert check_lock(tmp_path, True).ok
    assert check_lock(tmp_path, False).ok
    kept = json.loads(path.read_text())["packages"]["node_modules/react"]
    assert kept == {"version": "19.3.1", "integrity": "sha512-x"}


def test_what_a_registry_lacks_is_caught_and_mended(tmp_path: Path) -> None:
    """Guards `npm ci` on every machine: packages for other systems stand in the lock file, without a checksum."""
    variants = {f"@biome/cli-{name}": "2.6.8" for name in ("darwin-arm64", "linux-x64", "linux-x64-musl")}
    packages: dict[str, dict[str, Any]] = {
        "": {},
        "node_modules/@biome/biome": {"version": "2.6.8", "dev": True, "optionalDependencies": variants},
        "node_modules/@biome/cli-linux-x64": {"version": "2.6.8", "dev": True, "optional": True},
        "node_modules/zod": {"version": "4.0.0", "optionalDependencies": {"own": "1.0.0"}},
        "node_modules/zod/node_modules/own": {"version": "1.0.0", "optional": True},
    }
    path = _lock(tmp_path, packages)
    outcome = check_lock(tmp_path, False)
    assert not outcome.ok
    assert outcome.report.count("is missing") == 2
    assert check_lock(tmp_path, True).ok
    mended = json.loads(path.read_text())["packages"]
    assert list(mended) == [
        "",
        "node_modules/@biome/biome",
        "node_modules/@biome/cli-darwin-arm64",
        "node_modules/@biome/cli-linux-x64",
        "node_modules/@biome/cli-linux-x64-musl",
        "node_modules/zod",
        "node_modules/zod/node_modules/own",
    ]
    assert mended["node_modules/@biome/cli-darwin-arm64"] == {
        "version": "2.6.8",
        "cpu": ["arm64"],
        "dev": True,
        "optional": True,
        "os": ["darwin"],
    }
    assert mended["node_modules/@biome/cli-linux-x64-musl"]["libc"] == ["musl"]
    assert check_lock(tmp_path, False).ok


def test_a_script_is_run_and_what_it_says_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the steps that are the console's own tools, and the word on packages that are not there."""
    _lock(tmp_path, {"": {}})
    step = console_script("lint", fix="fix")
    assert "scripts/bootstrap dev" in step(tmp_path, False).report
    installed = tmp_path / "console" / "node_modules" / ".package-lock.json"
    installed.parent.mkdir()
    installed.write_text('{"packages": {}}')
    says = "import sys; print(sys.argv[-1], 'was run'); sys.exit(sys.argv[-1] == 'lint')"
    monkeypatch.setattr(console, "find_npm", lambda: Npm((sys.executable, "-c", says), ""))
    checked = step(tmp_path, False)
    assert (checked.ok, checked.report.splitlines()[0]) == (False, "lint was run")
    mended = step(tmp_path, True)
    assert (mended.ok, mended.report) == (True, "fix was run")
