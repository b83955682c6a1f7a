"""A database, opened."""

from collections.abc import Callable
from pathlib import Path
from typing import Self

from sqlalchemy.engine import Engine

from trainwright.db.engines import create_file, open_reader, open_writer
from trainwright.db.turns import Turns
from trainwright.db.unit import Unit
from trainwright.db.urls import database_url
from trainwright.ports.uow import Scope, UnitOfWorkFactory


class Units:
    """Implements `ports.uow.UnitOfWorkFactory`. Safe for use by many threads."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader
        self._turns = Turns() if writer.dialect.name == "sqlite" else None
        self.jobs_changed: Callable[[], None] = _nobody_listens

    def __call__(self, scope: Scope, *, write: bool = True) -> Unit:
        """A new unit. With `write=False` the database itself refuses changes."""
        if write:
            told = self.jobs_changed
            return Unit(self._writer, scope, write=True, turns=self._turns, jobs_changed=told)
        return Unit(self._reader, scope, write=False, turns=None, jobs_changed=_nobody_listens)


class Database:
    """The open engines. Its schema must be current: see `migrate.upgrade`."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader
        self._units = Units(writer, reader)

    @classmethod
    def open(cls, url: str) -> Self:
        """The database at `url` (see `urls.database_url`). Connects on first use only; an SQLite file is made.

        Raises:
            ValueError: `url` names no database we support.
            OSError: the SQLite file cannot be made.
        """
        parsed = database_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            create_file(Path(parsed.database))
        writer = open_writer(parsed)
        return cls(writer, open_reader(parsed, writer))

    @property
    def units(self) -> UnitOfWorkFactory:
        """Opens units of work."""
        return self._units

    def tell_of_jobs(self, call: Callable[[], None]) -> None:
        """Have `call` called, from whichever thread, after every commit that changed a job; a hint, nothing else."""
        self._units.jobs_changed = call

    def close(self) -> None:
        """Close all connections. Harmless when repeated; units still open keep theirs until they end."""
        self._reader.dispose()
        self._writer.dispose()


def _nobody_listens() -> None:
    """What is told to nobody."""
