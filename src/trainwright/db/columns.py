"""What all tables are made with: one collection of them, and the kinds of their columns."""

import sqlalchemy as sa

from trainwright.db.dialects import Words

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def words(name: str, *, default: str | None = None) -> sa.Column[str]:
    """A text that is always there."""
    return sa.Column(name, Words, nullable=False, default=default)


def number(name: str) -> sa.Column[int]:
    """A number that is always there, 0 unless given."""
    return sa.Column(name, sa.BigInteger, nullable=False, default=0)


def of_job(*, primary_key: bool = False) -> sa.Column[str]:
    """The job that a row belongs to and is removed with."""
    target = sa.ForeignKey("jobs.id", ondelete="CASCADE")
    return sa.Column("job_id", Words, target, nullable=False, primary_key=primary_key)


def of_attempt() -> sa.Column[str]:
    """The attempt that a row belongs to and is removed with, as a part of the key."""
    target = sa.ForeignKey("attempts.key", ondelete="CASCADE")
    return sa.Column("attempt_key", Words, target, primary_key=True)
