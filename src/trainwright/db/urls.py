"""How a database is named: a URL, or just the path of an SQLite file."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

_POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+psycopg"})


def database_url(text: str) -> URL:
    """The full URL of `text`: a path or `sqlite:///path`, or `postgresql://user:password@host/name`.

    Raises:
        ValueError: neither SQLite on a file nor PostgreSQL. The message holds no password.
    """
    if "://" not in text:
        if not text:
            raise ValueError("the database URL is empty")
        return URL.create("sqlite", database=str(Path(text).absolute()))
    try:
        url = make_url(text)
    except ArgumentError as exc:
        raise ValueError("the database URL cannot be parsed") from exc
    if url.drivername in _POSTGRESQL:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername != "sqlite":
        raise ValueError(
            f"{url.render_as_string(hide_password=True)}: only sqlite and postgresql are supported"
        )
    if not url.database or url.database == ":memory:":
        raise ValueError("an SQLite database must be a file: sqlite:////absolute/path.db")
    return url.set(database=str(Path(url.database).absolute()))
