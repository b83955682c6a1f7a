"""Training metrics: series, their points, how far logs were searched; and which request made a job.

Written out in full: a migration must not change when `schema.py` does. Never edited once released.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the new tables."""
    _series()
    _marks()
    op.create_table(
        "creations",
        _words("job_id"),
        _words("project_id"),
        _words("digest"),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("job_id", name="pk_creations"),
    )
    op.create_index("ix_creations_created", "creations", ["created_at_ms"])


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, WORDS, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)


def _of_job(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=f"fk_{table}_job_id", ondelete="CASCADE")


def _of_attempt(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["attempt_key"], ["attempts.key"], name=f"fk_{table}_attempt_key", ondelete="CASCADE"
    )


def _series() -> None:
    op.create_table(
        "training_series",
        _words("attempt_key"),
        _words("task"),
        _words("name"),
        _words("job_id"),
        _number("total"),
        sa.PrimaryKeyConstraint("attempt_key", "task", "name", name="pk_training_series"),
        _of_attempt("training_series"),
        _of_job("training_series"),
    )
    op.create_index("ix_training_series_job", "training_series", ["job_id"])
    op.create_table(
        "training_points",
        _words("attempt_key"),
        _words("task"),
        _words("name"),
        _number("first"),
        sa.Column("points", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("attempt_key", "task", "name", "first", name="pk_training_points"),
        _of_attempt("training_points"),
    )


def _marks() -> None:
    op.create_table(
        "training_marks",
        _words("attempt_key"),
        _words("task"),
        _words("job_id"),
        _number("points"),
        sa.Column("reading", sa.Boolean, nullable=False),
        _number("position"),
        _words("counts"),
        _words("told"),
        sa.PrimaryKeyConstraint("attempt_key", "task", name="pk_training_marks"),
        _of_attempt("training_marks"),
        _of_job("training_marks"),
    )
    op.create_index("ix_training_marks_job", "training_marks", ["job_id"])
    op.create_index("ix_training_marks_reading", "training_marks", ["reading", "attempt_key"])
