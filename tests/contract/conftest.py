"""Fixtures that several modules of this folder share."""

from tests.contract.db_fixtures import (
    database,
    empty_url,
    migrated_postgres,
    migrated_sqlite,
    postgres,
    url,
)

__all__ = ["database", "empty_url", "migrated_postgres", "migrated_sqlite", "postgres", "url"]
