"""Where local training keeps what it has: one folder, which is also the data directory of its server."""

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path

from modelarts.exception import ModelArtsError

FOLDER_VARIABLE = "TRAINWRIGHT_LOCAL_DIR"
LOCAL_FAILED = "Trainwright.1910"
_POLL_S = 0.1
_LOCK_PATIENCE_S = 120.0


class LocalModeFailed(ModelArtsError):
    """The private server of local training cannot be had; the text says why and what to do."""

    def __init__(self, error_msg: str, *, error_solution: str = "") -> None:
        super().__init__(error_msg, error_code=LOCAL_FAILED, error_solution=error_solution)


@dataclass(frozen=True, slots=True)
class Places:
    """Paths below `root`. The server's own files lie directly in it, those of the SDK in `sdk/`."""

    root: Path

    @property
    def server_lock(self) -> Path:
        """Held by the server while it runs."""
        return self.root / "server.lock"

    @property
    def address(self) -> Path:
        """Address and process of the running, or of the last, server."""
        return self.root / "server.json"

    @property
    def account(self) -> Path:
        """Project and token of the server's first user."""
        return self.root / "admin.json"

    @property
    def engines(self) -> Path:
        """The server's catalogue of engines."""
        return self.root / "engines.yaml"

    @property
    def flavors(self) -> Path:
        """The server's sizes of node."""
        return self.root / "flavors.yaml"

    @property
    def output(self) -> Path:
        """What the server printed."""
        return self.root / "server.out"

    @property
    def sdk(self) -> Path:
        """What is ours."""
        return self.root / "sdk"

    @property
    def users(self) -> Path:
        """Held, shared, by every Python process that uses the server."""
        return self.sdk / "users.lock"

    @property
    def start(self) -> Path:
        """Held by whoever starts or stops the server."""
        return self.sdk / "start.lock"

    @property
    def keeper(self) -> Path:
        """Held by the keeper while it runs."""
        return self.sdk / "keeper.lock"

    @property
    def keeper_output(self) -> Path:
        """What the keeper printed."""
        return self.sdk / "keeper.out"

    @property
    def copies(self) -> Path:
        """One file for each job whose outputs are still to be copied."""
        return self.sdk / "copies"

    @property
    def inputs(self) -> Path:
        """What was downloaded for jobs, below the name of its bucket."""
        return self.sdk / "inputs"

    @property
    def outputs(self) -> Path:
        """What jobs write where nobody said where."""
        return self.sdk / "outputs"

    def outputs_of(self, job: str) -> Path:
        """A folder for what the job with this name writes. Another job had the name before: a new one, so that what
        that one wrote is not taken for this one's.
        """
        first = self.outputs / job
        return self.outputs / f"{job}-{secrets.token_hex(4)}" if first.exists() else first

    def make(self) -> None:
        """Create the folders, for their owner only. Raises `LocalModeFailed`."""
        try:
            for folder in (self.root, self.sdk, self.copies):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise LocalModeFailed(
                f"Local training cannot use the folder {self.root}: {exc.strerror}.",
                error_solution=f"Make it writable, or name another one in {FOLDER_VARIABLE}.",
            ) from exc


def find_places(env: Mapping[str, str] | None = None) -> Places:
    """The folder of this user: `$TRAINWRIGHT_LOCAL_DIR`, else `trainwright-local` among the user's data."""
    env = os.environ if env is None else env
    if chosen := env.get(FOLDER_VARIABLE):
        return Places(Path(chosen).expanduser().absolute())
    home = Path(env["HOME"]) if env.get("HOME") else Path.home()
    base = env.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    return Places(Path(base) / "trainwright-local")


def open_lock(path: Path) -> int:
    """A descriptor to lock; closed on exec, so that only forks keep what it holds."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take the lock unless somebody else holds it; whether it is ours now."""
    try:
        flock(descriptor, (LOCK_SH if shared else LOCK_EX) | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_lock(descriptor: int, path: Path, *, shared: bool = False) -> None:
    """Take the lock once it can be had. Raises `LocalModeFailed` after two minutes."""
    give_up = time.monotonic() + _LOCK_PATIENCE_S
    while not try_lock(descriptor, shared=shared):
        if time.monotonic() > give_up:
            raise LocalModeFailed(
                f"Another process holds {path} and does not let go of it.",
                error_solution=f"`fuser {path}` says which one; end it.",
            )
        time.sleep(_POLL_S)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` for oneself. Raises `LocalModeFailed`."""
    descriptor = open_lock(path)
    try:
        wait_lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether anybody holds the lock. A file that is missing is held by nobody."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)
