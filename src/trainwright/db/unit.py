"""The unit of work. Implements `ports.uow.UnitOfWork`."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from trainwright.db.algorithms import Algorithms
from trainwright.db.attempts import Attempts, Tasks
from trainwright.db.audit import AuditTrail
from trainwright.db.authorizations import Authorizations
from trainwright.db.buckets import Buckets
from trainwright.db.datasets import Datasets
from trainwright.db.engines import WAIT_S
from trainwright.db.events import Events
from trainwright.db.experiments import Experiments
from trainwright.db.gallery import Gallery
from trainwright.db.job_changes import JobChanges
from trainwright.db.jobs import Jobs
from trainwright.db.leases import Leases
from trainwright.db.log_links import LogLinks
from trainwright.db.metrics import Metrics
from trainwright.db.models import Models
from trainwright.db.nodes import Isolations, StackDumps
from trainwright.db.overview import Overviews
from trainwright.db.pools import Pools
from trainwright.db.principals import Principals
from trainwright.db.quotas import Quotas
from trainwright.db.tags import Tags
from trainwright.db.training_metrics import Creations, TrainingMetrics
from trainwright.db.transaction import Transaction, unavailable
from trainwright.db.turns import Turns
from trainwright.db.workspaces import Workspaces
from trainwright.domain.errors import DatabaseUnavailable
from trainwright.ports.uow import Scope


class Unit:
    """One transaction on one connection, from `with` to `commit` or the end of the block. For one thread at a time.

    Entering a writing unit on SQLite waits for the writer before it; never open one inside another.
    """

    def __init__(
        self,
        engine: Engine,
        scope: Scope,
        *,
        write: bool,
        turns: Turns | None,
        jobs_changed: Callable[[], None],
    ) -> None:
        """`turns`: what the unit takes before its connection, and gives back after it. `jobs_changed` is called once
        what the log of changes is told is durable.
        """
        self._engine = engine
        self._jobs_changed = jobs_changed
        self._turns = turns
        self._scope = scope
        self._write = write
        self._connection: Connection | None = None
        self._tx: Transaction | None = None

    def __enter__(self) -> Self:
        if self._connection is not None:
            raise RuntimeError("a unit of work is entered once")
        connection = self._connect()
        self._connection = connection
        self._tx = Transaction(connection, self._scope, write=self._write)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tx = None
        if self._connection is None:
            return
        try:
            self._connection.close()  # rolls back what is not committed
        finally:
            self._give_turn()

    def commit(self) -> None:
        """Make it durable; the unit is over then.

        Raises:
            DatabaseUnavailable: it is not durable, or, when the connection broke just now, nobody knows.
            RuntimeError: the unit is over or was never entered.
        """
        tx = self._open()
        self._tx = None
        if self._connection is None:
            raise RuntimeError("a unit of work commits inside its `with`")
        try:
            self._connection.commit()
        except OperationalError as exc:
            raise unavailable(exc) from exc
        if tx.changes_jobs:
            self._jobs_changed()

    @property
    def jobs(self) -> Jobs:
        """Jobs of the scope."""
        return Jobs(self._open())

    @property
    def leases(self) -> Leases:
        """The reconciler's view. Raises `ScopeBreach` in a project's scope."""
        return Leases(self._open())

    @property
    def attempts(self) -> Attempts:
        """Attempts of the scope."""
        return Attempts(self._open())

    @property
    def tasks(self) -> Tasks:
        """Tasks of the scope."""
        return Tasks(self._open())

    @property
    def events(self) -> Events:
        """History of the scope."""
        return Events(self._open())

    @property
    def job_changes(self) -> JobChanges:
        """Which jobs of the scope have changed."""
        return JobChanges(self._open())

    @property
    def overview(self) -> Overviews:
        """Sums over the jobs of the scope."""
        return Overviews(self._open())

    @property
    def log_links(self) -> LogLinks:
        """Share links to logs of the scope."""
        return LogLinks(self._open())

    @property
    def metrics(self) -> Metrics:
        """Resource samples of the scope."""
        return Metrics(self._open())

    @property
    def training_metrics(self) -> TrainingMetrics:
        """Training metrics of the scope."""
        return TrainingMetrics(self._open())

    @property
    def creations(self) -> Creations:
        """Requests that made jobs of the scope."""
        return Creations(self._open())

    @property
    def principals(self) -> Principals:
        """Users and tokens of the scope."""
        return Principals(self._open())

    @property
    def workspaces(self) -> Workspaces:
        """Workspaces and their members."""
        return Workspaces(self._open())

    @property
    def quotas(self) -> Quotas:
        """Limits of workspaces and users."""
        return Quotas(self._open())

    @property
    def experiments(self) -> Experiments:
        """Experiments."""
        return Experiments(self._open())

    @property
    def tags(self) -> Tags:
        """Tags of jobs."""
        return Tags(self._open())

    @property
    def authorizations(self) -> Authorizations:
        """Authorisations and options."""
        return Authorizations(self._open())

    @property
    def algorithms(self) -> Algorithms:
        """Saved algorithms."""
        return Algorithms(self._open())

    @property
    def gallery(self) -> Gallery:
        """Published algorithms and subscriptions."""
        return Gallery(self._open())

    @property
    def datasets(self) -> Datasets:
        """Datasets and their versions."""
        return Datasets(self._open())

    @property
    def models(self) -> Models:
        """Registered models and their versions."""
        return Models(self._open())

    @property
    def buckets(self) -> Buckets:
        """Whose each bucket is."""
        return Buckets(self._open())

    @property
    def pools(self) -> Pools:
        """Dedicated pools."""
        return Pools(self._open())

    @property
    def isolations(self) -> Isolations:
        """Isolated nodes."""
        return Isolations(self._open())

    @property
    def stacks(self) -> StackDumps:
        """Dumps of stacks of the scope."""
        return StackDumps(self._open())

    @property
    def audit(self) -> AuditTrail:
        """Who did what in the scope."""
        return AuditTrail(self._open())

    def _open(self) -> Transaction:
        if self._tx is None:
            raise RuntimeError("the unit of work is not open: not entered, or committed already")
        return self._tx

    def _connect(self) -> Connection:
        if self._turns is not None and not self._turns.take(WAIT_S):
            raise DatabaseUnavailable(detail=f"no turn to write within {WAIT_S} s")
        connection = None
        try:
            connection = _begin(self._engine)
        finally:
            if connection is None:
                self._give_turn()
        return connection

    def _give_turn(self) -> None:
        if self._turns is not None:
            self._turns.give()


def _begin(engine: Engine) -> Connection:
    try:
        connection = engine.connect()
    except (OperationalError, PoolTimeout) as exc:
        raise unavailable(exc) from exc
    try:
        connection.begin()
    except OperationalError as exc:
        connection.close()
        raise unavailable(exc) from exc
    return connection
