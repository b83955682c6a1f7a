"""Where attempts run. One contract suite (`tests/contract/backend.py`) holds every backend to these docstrings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from trainwright.domain.demand import Demand
from trainwright.domain.observation import Observation
from trainwright.domain.specs import LaunchSpec, Resources


@dataclass(frozen=True, slots=True)
class Launch:
    """One attempt, ready to be submitted. `token` lets its runners report on it and on nothing else.

    `urgent`: it goes before every priority. `avoid`: nodes it must not run on.
    """

    key: str
    attempt: int
    spec: LaunchSpec
    server_url: str
    token: str = field(repr=False)
    urgent: bool = False
    avoid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Handle:
    """A backend's own memory of an attempt: versioned JSON that only that backend reads."""

    key: str
    backend: str
    version: int
    native: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """What is stored with the attempt."""
        return {"key": self.key, "backend": self.backend, "version": self.version, "native": self.native}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Handle":
        """The handle `to_json` was made from.

        Raises:
            KeyError: a field is missing.
        """
        return cls(stored["key"], stored["backend"], stored["version"], dict(stored["native"]))


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a backend has, what is free, and how it lays out a job's files.

    `launcher` is `sandbox` when jobs get their own views of /home/ma-user/modelarts and /cache, else `process`;
    `launcher_note` says why, in English, for the admin. `host` and `ip`: the machine, where it is one.
    """

    total: Resources
    free: Resources
    launcher: str
    launcher_note: str
    queued: int
    running: int
    host: str = ""
    ip: str = ""


class BackendError(Exception):
    """The backend did not do what was asked. `retryable` is False when asking again cannot help."""

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class Backend(Protocol):
    """Seven calls, all idempotent; none waits for the job. Failures raise `BackendError`, never anything else.

    `shares_disk`: its nodes see the server's own folders, so that files need not travel through the server.
    `at_once`: how many jobs the control loop may bring forward at the same time.
    """

    name: str
    shares_disk: bool
    at_once: int

    def render(self, launch: Launch) -> str:
        """The native form of `launch` (argv, batch script, manifest) as text, secrets masked. Pure."""
        ...

    async def probe(self) -> Capacity:
        """Present capacity. Raises `BackendError` when the backend cannot be reached."""
        ...

    async def submit(self, launch: Launch) -> Handle:
        """Accept `launch`; durable once it returns. The same key twice gives the same handle and one attempt.

        A launch that no machine of the backend can ever run is accepted and observed as EXITED with reason
        `LAUNCH_REJECTED`, so that the job's life stays the same.
        """
        ...

    async def observe(self, handles: Sequence[Handle]) -> Mapping[str, Observation]:
        """What is known of each handle, by key. A key left out is unknown. GONE is said, never inferred."""
        ...

    async def stop(self, handle: Handle, *, grace_s: int) -> None:
        """Begin to end it: what is queued leaves the queue, what runs gets SIGTERM and, `grace_s` seconds later,
        is killed with its whole tree. Returns at once. Harmless when repeated (a shorter grace wins) or too late.
        """
        ...

    async def reap(self, handle: Handle) -> None:
        """Remove every trace; afterwards it is observed as GONE. Gone already is success. Refuses what still runs.

        Raises:
            BackendError: processes of it are still alive.
        """
        ...

    async def owned(self) -> Sequence[Handle]:
        """Everything of ours on the backend, for re-attaching after a restart and for sweeping orphans."""
        ...


@runtime_checkable
class Runs(Protocol):
    """A backend with work of its own to do while the server runs (an embedded scheduler)."""

    async def run(self) -> None:
        """Work until cancelled. Cancelling leaves every job running."""
        ...


@dataclass(frozen=True, slots=True)
class PoolUse:
    """What one pool has, what its attempts hold of it (more than `size` while a lowered share still runs full), and how
    many of them wait and run.
    """

    size: Demand
    held: Demand
    queued: int
    running: int

    @property
    def free(self) -> Demand:
        """What is left of its size."""
        return (self.size - self.held).most(Demand())


@runtime_checkable
class Shares(Protocol):
    """A backend that can be divided: each pool is a machine of its own size, the public one (empty id) is the rest."""

    async def set_shares(self, shares: Mapping[str, Demand]) -> None:
        """The dedicated pools from now on, by id. Not kept: said again at every start, before anything is admitted.

        Nothing that runs is ever ended by it. What holds more than its pool has now keeps it until it ends; what waits
        in a pool that is not named, or too small for it, waits on and holds up nobody.
        """
        ...

    async def probe_shares(self) -> Mapping[str, PoolUse]:
        """Every pool by id. Raises `BackendError` when the backend cannot be reached."""
        ...


@runtime_checkable
class Reprioritizes(Protocol):
    """A backend whose queue can be put into another order."""

    async def set_priority(self, key: str, priority: int) -> None:
        """Move a waiting attempt as if it had been submitted, then, with this priority (1 to 3); durable once it
        returns. An attempt that does not wait, or is not known, is left as it is.
        """
        ...


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the backend. `pools`: ids of the pools it is in. `healthy` False: the backend itself does not use
    it, for the reason in `note`.
    """

    name: str
    total: Resources
    free: Demand
    ip: str = ""
    pools: tuple[str, ...] = ("",)
    healthy: bool = True
    note: str = ""


@runtime_checkable
class Nodes(Protocol):
    """A backend whose machines can be told apart and isolated."""

    async def nodes(self) -> Sequence[Node]:
        """All of them by name. Raises `BackendError` when the backend cannot be reached."""
        ...

    async def set_isolated(self, nodes: Collection[str]) -> None:
        """Start nothing more on these nodes from now on; what runs there runs on. Not kept: said again at every start,
        before anything is admitted. Names that it does not know are ignored.
        """
        ...


@runtime_checkable
class Preempts(Protocol):
    """A backend that can make room for a job of higher priority by ending ones that allow it (`spec.preemptible`).

    The victim gets its grace, ends as any stopped attempt does, and is observed as EXITED with reason `PREEMPTED`.
    """

    async def set_preemption(self, pools: Collection[str]) -> None:
        """The pools where that is allowed from now on (empty id: the public one). Not kept: said again at
        every start.
        """
        ...


@dataclass(frozen=True, slots=True)
class FixedPool:
    """A pool that the backend's configuration makes: `id` is what jobs name, `title` what people read."""

    id: str
    title: str
    size: Demand


@runtime_checkable
class HasPools(Protocol):
    """A backend whose pools are given by its own configuration, open to every project, instead of being divided."""

    async def fixed_pools(self) -> Sequence[FixedPool]:
        """All but the public one. Raises `BackendError` when the backend cannot be reached."""
        ...


class Terminal(Protocol):
    """A terminal on a task, or pipes to it. Ends when the program in it does.

    `exit_code`: what the program ended with (128 + n by signal n), once `read` has told the end; None before.
    """

    exit_code: int | None

    async def read(self) -> bytes:
        """The next output; empty at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Type. After the end nothing happens."""
        ...

    async def end_input(self) -> None:
        """Nothing more will be written. A terminal has no such end: there nothing happens."""
        ...

    async def resize(self, rows: int, columns: int) -> None:
        """The window has another size now. Nothing happens to pipes."""
        ...

    async def close(self) -> None:
        """Hang up: what runs in it gets SIGHUP, and after a moment is killed. Harmless when repeated."""
        ...


@runtime_checkable
class Shell(Protocol):
    """A backend that opens a terminal inside a running task: its files, environment, processes, devices."""

    async def open_shell(
        self, handle: Handle, task: str, *, rows: int, columns: int, argv: Sequence[str] = ()
    ) -> Terminal:
        """A terminal of that size with a shell in the command's environment, or with `argv`; 0 rows: pipes.

        Raises:
            BackendError: the task does not run (`retryable` False), or the backend cannot be reached.
        """
        ...
