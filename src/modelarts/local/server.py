"""The private server of local training: started when it is needed, shared, found again, stopped when nobody is left.

Who does what is said by locks, which fall with the process that holds them (docs/adr/0030):

* `users.lock`, shared, is held by every Python process that uses the server, as long as it lives;
* `start.lock` by whoever starts or stops the server at the moment;
* `server.lock` by the server, `keeper.lock` by the keeper (`modelarts.local.keeper`).
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from modelarts.local.offers import Packages, add_engines, packages_of, pool_settings, write_flavors
from modelarts.local.places import (
    LocalModeFailed,
    Places,
    is_held,
    locked,
    open_lock,
    try_lock,
    wait_lock,
)
from trainwright.client import Access, Client, ClientError

NEEDED = ("fastapi", "uvicorn", "uvloop", "pydantic_settings", "sqlalchemy", "alembic", "obstore")
_START_S = 60.0
_STOP_S = 30.0
_POLL_S = 0.05
_OUTPUT_BYTES = 4000
_OURS = "TRAINWRIGHT_"
_users: dict[Path, int] = {}
_children: list[subprocess.Popen[bytes]] = []  # kept, so that they are not thought forgotten


def ensure_server(places: Places, packages: Packages | None = None) -> Access:
    """The running server, started if need be, with engines for `packages`. It is not stopped while this process lives.

    Without `packages` whatever server there is will do; one that is started then has this Python as it is. A server
    that does not know the packages is started again with them; jobs go on in between.

    Raises:
        LocalModeFailed: its dependencies are missing, it cannot be started, or the folder cannot be used.
    """
    check_dependencies()
    places.make()
    _become_user(places)
    with locked(places.start):
        if packages is not None and add_engines(places, packages):
            stop_server(places)
        if not is_held(places.server_lock):
            add_engines(places, packages_of(None))
        _run_server(places)
        _ensure_keeper(places)
        return read_access(places)


def revive_server(places: Places) -> Access:
    """For the keeper, which is no user: the running server, started if it was killed.

    Raises:
        LocalModeFailed: as `ensure_server`.
    """
    with locked(places.start):
        _run_server(places)
        return read_access(places)


def check_dependencies() -> None:
    """Raises `LocalModeFailed` unless the server's packages are installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise LocalModeFailed(
            "Local training runs a private Trainwright server, and packages that it needs are not installed here: "
            f"{', '.join(missing)}.",
            error_solution="Install them with `pip install trainwright[server]`.",
        )


def read_access(places: Places) -> Access:
    """Who asks the server that is running.

    Raises:
        LocalModeFailed: its files cannot be read.
    """
    try:
        address, account = _read(places.address), _read(places.account)
        return Access(str(address["url"]), str(account["project_id"]), str(account["token"]))
    except (OSError, ValueError, KeyError) as exc:
        raise LocalModeFailed(
            f"The files of the private server in {places.root} cannot be read: {exc}."
        ) from exc


def stop_server(places: Places) -> None:
    """Stop it and wait until it is gone; jobs go on. The caller holds `places.start`. Harmless when it is not running.

    Raises:
        LocalModeFailed: it does not stop.
    """
    if not is_held(places.server_lock):
        return
    try:
        pid = int(_read(places.address)["pid"])
        os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError, KeyError) as exc:
        raise LocalModeFailed(f"The private server in {places.root} cannot be stopped: {exc}.") from exc
    give_up = time.monotonic() + _STOP_S
    while is_held(places.server_lock):
        if time.monotonic() > give_up:
            raise LocalModeFailed(f"The private server (process {pid}) does not stop.")
        time.sleep(_POLL_S)
    _reap()


def _run_server(places: Places) -> None:
    """Start it unless it runs, and wait until it answers: also for one that somebody else has begun to start, or that
    is just dying. The caller holds `places.start`. Raises `LocalModeFailed`.
    """
    before, began = _mark(places.address), places.output.stat().st_size if places.output.exists() else 0
    child: subprocess.Popen[bytes] | None = None
    give_up = time.monotonic() + _START_S
    while True:
        if child is None and not is_held(places.server_lock):
            child = _start_server(places)
        if (child is None or _mark(places.address) != before) and _answers(places):
            return
        if (child is not None and child.poll() is not None) or time.monotonic() > give_up:
            raise LocalModeFailed(_why_not(places, began))
        time.sleep(_POLL_S)


def _start_server(places: Places) -> subprocess.Popen[bytes]:
    write_flavors(places)
    argv = [sys.executable, "-m", "trainwright.server", "run"]
    argv += ["--data-dir", str(places.root), "--host", "127.0.0.1", "--port", "0"]
    settings = {"TRAINWRIGHT_SANDBOX": "off", **pool_settings()}
    with places.output.open("ab") as output:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={**clean_environment(os.environ), **settings},
            start_new_session=True,
        )
    _children.append(child)
    return child


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Without the settings of another server or job of ours."""
    return {name: value for name, value in environment.items() if not name.startswith(_OURS)}


def _answers(places: Places) -> bool:
    try:
        with Client(read_access(places)) as client:
            client.show_health()
    except (ClientError, LocalModeFailed):
        return False
    return True


def _why_not(places: Places, began: int) -> str:
    with places.output.open("rb") as output:
        output.seek(began)
        said = output.read()[-_OUTPUT_BYTES:].decode("utf-8", "replace").strip()
    errors = [line for line in said.splitlines() if line.startswith("error:")]
    return f"The private server in {places.root} does not start: {errors[-1] if errors else said or 'it said nothing.'}"


def _ensure_keeper(places: Places) -> None:
    """Start the keeper unless there is one: it inherits the lock, so that there is never a second one."""
    lock = open_lock(places.keeper)
    try:
        if not try_lock(lock):
            return
        with places.keeper_output.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "modelarts.local.keeper", str(places.root), str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=clean_environment(os.environ),
                pass_fds=(lock,),
                start_new_session=True,
            )
    finally:
        os.close(lock)
    _children.append(child)
    _reap()


def _become_user(places: Places) -> None:
    if places.root in _users:
        return
    descriptor = open_lock(places.users)
    wait_lock(descriptor, places.users, shared=True)
    _users[places.root] = descriptor  # until this process ends


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]


def _mark(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)


def _read(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict):
        raise ValueError(f"{path} is no JSON object")
    return content
