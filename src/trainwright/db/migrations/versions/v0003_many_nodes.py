"""Many nodes, many roles, and faults: what attempts and tasks remember of them; isolated nodes, stacks, models.

Written out in full: a migration must not change when `schema.py` does. Never edited once released.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Widen the old tables and make the new ones."""
    _wider()
    _nodes_and_stacks()
    _models()


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, WORDS, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)


def _more_words(table: str, *names: str) -> None:
    for name in names:
        op.add_column(table, sa.Column(name, WORDS, nullable=False, server_default=""))


def _more_numbers(table: str, *names: str, default: str = "0") -> None:
    for name in names:
        op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default=default))


def _wider() -> None:
    _more_words("jobs", "avoid")
    op.add_column("attempts", sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()))
    _more_numbers("attempts", "wanted_starts", "hang_restarts", "hang_since_ms", "wanted_stacks")
    _more_numbers("attempts", "reserved_until_ms", "restarted_at_ms", "process_restarts", "ran_before_ms")
    _more_words("tasks", "node", "quiet_measure")
    _more_numbers("tasks", "round", "failed_round", default="-1")
    _more_numbers("tasks", "port", "quiet_since_ms")
    op.add_column("tasks", sa.Column("failure", WORDS))


def _nodes_and_stacks() -> None:
    op.create_table(
        "isolations",
        _words("node"),
        _words("reason"),
        _words("detail"),
        _number("since_ms"),
        _words("job_id"),
        _words("by"),
        sa.PrimaryKeyConstraint("node", name="pk_isolations"),
    )
    op.create_table(
        "stacks",
        _words("attempt_key"),
        _words("task"),
        _number("number"),
        _words("job_id"),
        _number("at_ms"),
        _words("text"),
        sa.PrimaryKeyConstraint("attempt_key", "task", "number", name="pk_stacks"),
        sa.ForeignKeyConstraint(
            ["attempt_key"], ["attempts.key"], name="fk_stacks_attempt_key", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_stacks_job_id", ondelete="CASCADE"),
    )
    op.create_index("ix_stacks_job", "stacks", ["job_id"])


def _models() -> None:
    op.create_table(
        "models",
        _words("id"),
        _words("project_id"),
        _words("workspace_id"),
        _words("name"),
        _words("description"),
        _words("user_id"),
        _words("user_name"),
        _number("last_version"),
        _number("created_at_ms"),
        _number("updated_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
        sa.UniqueConstraint("project_id", "name", name="uq_models_project_id_name"),
    )
    op.create_table(
        "model_versions",
        _words("id"),
        _words("model_id"),
        _number("number"),
        _words("uri"),
        _words("job_id"),
        _words("job_name"),
        _words("document"),
        _number("objects"),
        _number("bytes"),
        sa.Column("ready", sa.Boolean, nullable=False),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_model_versions"),
        sa.UniqueConstraint("model_id", "number", name="uq_model_versions_model_id_number"),
        sa.UniqueConstraint("model_id", "job_id", name="uq_model_versions_model_id_job_id"),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name="fk_model_versions_model_id", ondelete="CASCADE"
        ),
    )
