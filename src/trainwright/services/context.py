"""What every use case is given: the ports, wired once in `server.bootstrap`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import ParamSpec, Protocol, TypeVar

from trainwright.catalog.catalogue import Catalogue
from trainwright.ports.backend import Backend, FixedPool
from trainwright.ports.clock import Clock
from trainwright.ports.logs import LogStore
from trainwright.ports.objects import ObjectStore
from trainwright.ports.uow import UnitOfWorkFactory
from trainwright.services.checked import Checked
from trainwright.services.log_waits import LogWaits
from trainwright.services.log_work import LogWork
from trainwright.services.owners import BucketOwners
from trainwright.services.passwords import Passwords
from trainwright.services.resume_points import ResumePoints
from trainwright.services.shell_limits import OpenShells
from trainwright.wire.runner import CheckLimits, QuietLimits

P = ParamSpec("P")
R = TypeVar("R")


class Blocking(Protocol):
    """Runs a blocking call on the bounded thread pool and awaits it."""

    def __call__(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Awaitable[R]:
        """Await its result; its exception is raised here."""
        ...


class Signal:
    """Something that happened, told at once to whoever listens in this process. For use on one event loop."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def listen(self, call: Callable[[], None]) -> None:
        """Have `call` called each time."""
        self._listeners.append(call)

    def __call__(self) -> None:
        """Tell all of them."""
        for call in self._listeners:
            call()


@dataclass(frozen=True)
class Services:
    """The ports and settings the use cases work with.

    `wake` tells the control loop that a job is worth looking at now; losing the call costs latency, nothing else.
    `log_grown` tells followers of a task's log, `events_grown` followers of a job's events, in the same sense.
    `secret` signs attempt tokens and share links.
    `server_url` is how programs on this machine reach the server, `public_url` how people do (empty: the same).
    `credentials_changed` is told after every change of what proves or allows anything: who remembers it must forget.
    `upload_period_s` and `log_limit_bytes` are the server's settings of those names, for `LaunchSpec` and `TaskOrder`.
    `owners` remembers whose buckets are, `checked` what was found of checkpoints. `version_waits` is set when a dataset
    version is to be made. `log_waits` hears which logs are to be searched for training metrics, `log_work` remembers
    where lines of logs are and shares the work of looking.
    `preemption`: in the public pool jobs may pre-empt others. `fixed_pools` are those of the backend's configuration.
    `resume_points` remembers what tasks of one start were told to go on from.
    `check` is what pre-checks of nodes demand, `quiet` when a task counts as quiet; None: not at all.
    """

    units: UnitOfWorkFactory
    objects: ObjectStore
    logs: LogStore
    backend: Backend
    catalogue: Catalogue
    clock: Clock
    blocking: Blocking
    wake: Callable[[str], None]
    log_grown: Callable[[str, str], None]
    events_grown: Callable[[str], None]
    server_url: str
    secret: bytes = field(repr=False)
    upload_period_s: int = 30
    log_limit_bytes: int = 1 << 30
    public_url: str = ""
    check: CheckLimits | None = None
    quiet: QuietLimits | None = None
    preemption: bool = False
    fixed_pools: dict[str, FixedPool] = field(default_factory=dict, repr=False)
    owners: BucketOwners = field(default_factory=BucketOwners, repr=False)
    checked: Checked = field(default_factory=Checked, repr=False)
    version_waits: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    log_waits: LogWaits = field(default_factory=LogWaits, repr=False)
    log_work: LogWork = field(default_factory=LogWork, repr=False)
    resume_points: ResumePoints = field(default_factory=ResumePoints, repr=False)
    credentials_changed: Signal = field(default_factory=Signal, repr=False)
    passwords: Passwords = field(default_factory=Passwords, repr=False)
    shells: OpenShells = field(default_factory=OpenShells, repr=False)
