"""Where SQLite and PostgreSQL differ, and how the rest of this package need not know."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Upsert = sqlite.Insert | postgresql.Insert


class Words(sa.types.TypeDecorator[str]):
    """Text that both databases hold, compare and sort alike: by code point.

    Says so explicitly on PostgreSQL, where the order would otherwise follow the locale of the database.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """The dialect's own text type."""
        return sa.Text(collation="C" if dialect.name == "postgresql" else None)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """See `storable`."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """`text` in a form both databases take: NUL becomes U+FFFD, what is not Unicode becomes a question mark.

    PostgreSQL refuses NUL, and neither takes lone surrogates; both come from garbage in URLs and program output.
    """
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


WORDS = Words()


class contains(FunctionElement[bool]):
    """True where the first text contains the second, case-sensitively. LIKE would fold ASCII case on SQLite."""

    inherit_cache = True
    type = sa.Boolean()


@compiles(contains, "sqlite")
def _contains_sqlite(element: contains, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)}) > 0"


@compiles(contains, "postgresql")
def _contains_postgresql(element: contains, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)}) > 0"


class unindexed(FunctionElement[str]):
    """The text column, but not offered to SQLite's planner as a way into an index.

    Without statistics SQLite takes `project = ? AND id IN (…)` for a scan of the project (measured: 100 ms of 100,000).
    """

    inherit_cache = True
    type = WORDS


@compiles(unindexed, "sqlite")
def _unindexed_sqlite(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


@compiles(unindexed, "postgresql")
def _unindexed_postgresql(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


class HintingCompiler(SQLiteCompiler):
    """SQLAlchemy knows hints, but not that SQLite has one."""

    def get_from_hint_text(self, table: sa.FromClause, text: str | None) -> str | None:
        """What comes behind the table's name."""
        return text


def from_index(statement: sa.Select[Any], table: sa.Table, index: str) -> sa.Select[Any]:
    """`statement` reading `table` in the order of its index, on SQLite. There the index must exist and fit."""
    return statement.with_hint(table, f"INDEXED BY {index}", "sqlite")


def earlier(one: sa.ColumnElement[int], other: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The smaller of two numbers; NULL when `one` is NULL."""
    return sa.case((one.is_(None), sa.null()), (one < other, one), else_=other)


def later(one: sa.ColumnElement[int], other: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The larger of two numbers, neither NULL."""
    return sa.case((one > other, one), else_=other)


def upserts(table: sa.Table, conflict: Callable[[Upsert], sa.Insert]) -> Mapping[str, sa.Insert]:
    """An INSERT with an ON CONFLICT clause in both dialects, by the dialect's name."""
    return {"sqlite": conflict(sqlite.insert(table)), "postgresql": conflict(postgresql.insert(table))}
