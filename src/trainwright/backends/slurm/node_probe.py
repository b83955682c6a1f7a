"""What a node is like, as one line of JSON. Sent to the node's Python on its standard input by `check`; any Python from
3.6 on can run it. Arguments: shared folder, a mark's name and text, URL of the server, whether bubblewrap is wanted.
"""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

BWRAP = (
    "bwrap",
    "--unshare-user",
    "--unshare-pid",
    "--ro-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "true",
)


def look_at_folder(folder: str, name: str, text: str) -> str:
    """What is wrong with the shared folder here; empty: nothing."""
    place = Path(folder)
    try:
        if (place / name).read_text() != text:
            return "another folder"
        mine = place / f"{name}.{socket.gethostname()}.node"
        with mine.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        renamed = mine.with_name(mine.name + ".renamed")
        mine.rename(renamed)
        renamed.unlink()
    except OSError as error:
        return str(error)
    return ""


def ask(url: str) -> str:
    """What is wrong with the way to the server; empty: nothing."""
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url + "/health", timeout=5) as answer:
            return "" if answer.status == 200 else f"status {answer.status}"
    except (OSError, ValueError) as error:
        return str(error)


def try_bwrap() -> str:
    """What is wrong with bubblewrap; empty: nothing."""
    if shutil.which("bwrap") is None:
        return "not installed"
    try:
        done = subprocess.run(
            BWRAP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return "" if done.returncode == 0 else done.stdout.decode("utf-8", "replace").strip()[-200:]


def main(folder: str, name: str, text: str, url: str, sandbox: str) -> None:
    """Print what was found."""
    has_venv = importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")
    found = {
        "python": list(sys.version_info[:3]),
        "uid": os.getuid(),
        "time": time.time(),
        "folder": look_at_folder(folder, name, text),
        "server": ask(url) if url.startswith("http") else "",
        "bwrap": try_bwrap() if sandbox == "1" else "",
        "py_spy": bool(shutil.which("py-spy") or shutil.which(str(Path(folder) / "py-spy"))),
        "venv": has_venv is not None,
    }
    print("\n" + json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:6])
