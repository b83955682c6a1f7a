"""Connections: how each database is opened so that commits last and readers never wait.

SQLite runs in WAL mode with one writing connection for the whole process (its pool is the writer's queue) and several
reading ones. PostgreSQL has one pool; writers meet at row locks.
"""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool

from trainwright.db.dialects import HintingCompiler

WAIT_S = 30  # for a free connection, a lock, a statement
_MIGRATION_LOCK_S = 300  # another process may be migrating a large table
_READERS = 6
_POSTGRESQL_CONNECTIONS = 16
_POSTGRESQL_TIMEOUTS = {
    "statement_timeout": WAIT_S,
    "lock_timeout": WAIT_S,
    "idle_in_transaction_session_timeout": 2 * WAIT_S,
}


def open_writer(url: URL) -> Engine:
    """The engine of units that write."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, "BEGIN IMMEDIATE", _prepare_writer, connections=1)
    return _postgresql(url)


def open_reader(url: URL, writer: Engine) -> Engine:
    """The engine of units that only read. PostgreSQL shares the writer's pool; close it through the writer then."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, "BEGIN", _prepare_reader, connections=_READERS)
    return writer.execution_options(postgresql_readonly=True)


def open_migrator(url: URL) -> Engine:
    """An engine whose transactions are taken by one process at a time and hold DDL; not pooled.

    Foreign keys are off on SQLite: rebuilding a table there drops the old one, which would cascade.
    """
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, poolclass=NullPool, connect_args={"timeout": WAIT_S})
        _listen(engine, "BEGIN IMMEDIATE", _prepare_migrator)
        return engine
    waits = {"connect_timeout": WAIT_S, "options": f"-c lock_timeout={_MIGRATION_LOCK_S}s"}
    return sa.create_engine(url, poolclass=NullPool, connect_args=waits)


def create_file(path: Path) -> None:
    """Make an empty database file that only its owner can read (it will hold jobs' environments), and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _postgresql(url: URL) -> Engine:
    return sa.create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=_POSTGRESQL_CONNECTIONS,
        max_overflow=0,
        pool_timeout=WAIT_S,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 10,
            "options": " ".join(f"-c {name}={seconds}s" for name, seconds in _POSTGRESQL_TIMEOUTS.items()),
        },
    )


def _sqlite(url: URL, begin: str, prepare: Callable[[sqlite3.Cursor], None], *, connections: int) -> Engine:
    engine = sa.create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_S,
        pool_use_lifo=True,
        connect_args={"timeout": WAIT_S, "check_same_thread": False},
    )
    engine.dialect.statement_compiler = HintingCompiler
    _listen(engine, begin, prepare)
    return engine


def _listen(engine: Engine, begin: str, prepare: Callable[[sqlite3.Cursor], None]) -> None:
    def on_connect(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # or the driver would begin transactions where it sees fit
        cursor = connection.cursor()
        prepare(cursor)
        cursor.close()

    def on_begin(connection: Connection) -> Any:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _prepare_writer(cursor: sqlite3.Cursor) -> None:
    cursor.execute("PRAGMA journal_mode = WAL")
    # FULL: each commit is on the disk before it returns. NORMAL would lose the last ones at a power cut.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA journal_size_limit = 67108864")


def _prepare_reader(cursor: sqlite3.Cursor) -> None:
    cursor.execute("PRAGMA query_only = ON")
    cursor.execute("PRAGMA cache_size = -32768")  # KiB, taken as needed: the search index of 100,000 jobs


def _prepare_migrator(cursor: sqlite3.Cursor) -> None:
    cursor.execute("PRAGMA synchronous = FULL")
