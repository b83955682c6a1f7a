"""`python -m scripts.console`: build the console where it is out of date, and say so; otherwise return at once."""

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path

from scripts.console.node import NODE_PACKAGE, Npm, find_npm, install_npm, system_npm
from scripts.console.npm import NpmFailed
from scripts.console.site import (
    SITE,
    SWITCH,
    ensure_built,
    is_current,
    is_wanted,
    lacks_packages,
    site_files,
)

ROOT = Path(__file__).resolve().parents[2]
NO_NODE = 3
"""Exit code of `--system-node` where the system has none."""


def main() -> int:
    """Exit code: 0 when the console is there or not wanted."""
    parser = argparse.ArgumentParser(prog="python -m scripts.console", description=__doc__)
    parser.add_argument("--checks", action="store_true", help="install what checks and tests need, too")
    parser.add_argument("--force", action="store_true", help="build although nothing has changed")
    parser.add_argument(
        "--system-node", action="store_true", help=f"exit with {NO_NODE} where PATH has no Node"
    )
    given = parser.parse_args()
    if not is_wanted():
        return 0
    if is_current(ROOT) and not given.force and not (given.checks and lacks_packages(ROOT, checks=True)):
        return 0
    # As Ctrl-C does: what npm has started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began = time.monotonic()
    npm = system_npm() if given.system_node else find_npm() or _fetch()
    if npm is None:
        return (
            NO_NODE if given.system_node else _fail("Node 20.19 or later with npm is needed for the console.")
        )
    try:
        ensure_built(ROOT, npm, _say, checks=given.checks, force=given.force)
    except NpmFailed as failure:
        print(failure.tail, file=sys.stderr)
        return _fail(f"The console could not be built: {failure}. To do without it, set {SWITCH}=0.")
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    size = sum(
        (ROOT / SITE / path).stat().st_size for path in site_files(ROOT) if path.suffix not in (".br", ".gz")
    )
    _say(f"the console is in {SITE}: {size / 1e6:.1f} MB ({time.monotonic() - began:.0f} s)")
    return 0


def _fetch() -> Npm | None:
    """Node from PyPI, where this runs in a virtual environment."""
    _say(
        f"this machine has no Node that can build the console; installing {NODE_PACKAGE} into the environment"
    )
    try:
        return install_npm()
    except subprocess.SubprocessError as error:
        _fail(f"pip could not install it: {error}. To do without the console, set {SWITCH}=0.")
        return None


def _say(text: str) -> None:
    print(f"[set-up] {text}", flush=True)


def _fail(text: str) -> int:
    print(f"[set-up] {text}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
