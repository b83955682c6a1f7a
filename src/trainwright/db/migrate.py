"""Bringing a database's schema up to date. Run at every start of the server."""

import logging
import sqlite3
import time
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util.exc import CommandError
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import OperationalError

from trainwright.db.engines import WAIT_S, create_file, open_migrator
from trainwright.db.transaction import unavailable
from trainwright.db.urls import database_url

log = logging.getLogger(__name__)

_MIGRATIONS = Path(__file__).parent / "migrations"
_SCHEMA_LOCK = 7_214_002  # any number; the same for all servers of one database
_RETRY_S = 0.02


class SchemaUnknown(Exception):
    """The database was made by another version of Trainwright that this one does not know."""


def upgrade(engine_url: str) -> None:
    """Make or update the schema of the database at `engine_url` (see `urls.database_url`) in one transaction.

    All of it or nothing. Of several processes that start at once one does it and the others wait for it; a current
    schema is left as it is. An SQLite file that does not exist is made.

    Raises:
        DatabaseUnavailable: the database cannot be reached or stays locked.
        SchemaUnknown: the schema is newer than this program.
        ValueError: `engine_url` names no database we support.
    """
    url = database_url(engine_url)
    if url.get_backend_name() == "sqlite" and url.database:
        create_file(Path(url.database))
        _use_wal(url.database)
    engine = open_migrator(url)
    try:
        with engine.begin() as connection:
            _upgrade(connection, url)
    except OperationalError as exc:
        raise unavailable(exc) from exc
    finally:
        engine.dispose()


def alembic_config(connection: Connection) -> Config:
    """Alembic on `connection`, with the migrations of this package. There is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def head_revision() -> str:
    """The newest revision this program knows."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        raise LookupError("the package holds no migrations")
    return head


def _upgrade(connection: Connection, url: URL) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as exc:
        if not isinstance(exc.__cause__, ResolutionError):
            raise
        shown = url.render_as_string(hide_password=True)
        raise SchemaUnknown(
            f"{shown}: its schema is not known to this version of Trainwright ({exc}). Start the version that last "
            "used it, or one newer than that."
        ) from exc


def _use_wal(path: str) -> None:
    """Switch the file to WAL for good. SQLite does not wait for locks here, so we do."""
    deadline = time.monotonic() + WAIT_S
    connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    try:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
                return
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_S)
    finally:
        connection.close()
