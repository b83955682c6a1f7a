"""The first tables: jobs, attempts, tasks, events, metrics, users.

Written out in full: a migration must not change when `schema.py` does. Never edited once released.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")
ALL = "'Abnormal', 'Completed', 'Creating', 'Failed', 'Pending', 'Running', 'Terminated', 'Terminating'"
END = "'Abnormal', 'Completed', 'Failed', 'Terminated'"
SEARCHED = ["project_id", "created_at_ms", "id", "workspace_id", "public_phase", "kind", "user_name", "name"]
SEARCHED += ["started_at_ms", "ended_at_ms"]
SHOWN = (
    "CASE WHEN phase IN ('Completed', 'Failed', 'Terminated', 'Abnormal') THEN phase "
    "WHEN stop_requested_at_ms > 0 THEN 'Terminating' WHEN phase = 'Terminating' THEN 'Running' ELSE phase END"
)


def upgrade() -> None:
    """Make all tables."""
    _jobs()
    _of_jobs()
    _attempts_and_tasks()
    _events_and_metrics()
    _users()


def _words(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, WORDS, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable, autoincrement=False)


def _job_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=f"fk_{table}_job_id", ondelete="CASCADE")


def _attempt_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["attempt_key"], ["attempts.key"], name=f"fk_{table}_attempt_key", ondelete="CASCADE"
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        _words("id"),
        _words("project_id"),
        _words("workspace_id"),
        _words("name"),
        _words("user_name"),
        _words("kind"),
        _words("phase"),
        _words("public_phase"),
        _number("created_at_ms"),
        _number("started_at_ms"),
        _number("ended_at_ms"),
        _words("reason", nullable=True),
        _number("stop_requested_at_ms"),
        _words("stop_reason", nullable=True),
        _number("attempt_number"),
        _number("budget_used"),
        _number("free_used"),
        _words("pending", nullable=True),
        _words("blocked"),
        _number("failures"),
        _number("due_at_ms", nullable=True),
        sa.Column("woken", sa.Boolean, nullable=False),
        _words("lease_owner"),
        _words("lease_token"),
        _number("lease_until_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("project_id", "name", name="uq_jobs_project_id_name"),
        sa.CheckConstraint(f"phase IN ({ALL})", name=op.f("ck_jobs_phase")),
        sa.CheckConstraint(f"public_phase = {SHOWN}", name=op.f("ck_jobs_public_phase")),
        sa.CheckConstraint(f"(due_at_ms IS NULL) = (phase IN ({END}))", name=op.f("ck_jobs_due")),
        sa.CheckConstraint("(lease_token = '') = (lease_until_ms = 0)", name=op.f("ck_jobs_lease")),
    )
    op.create_index("ix_jobs_search", "jobs", SEARCHED)
    op.create_index("ix_jobs_public_phase", "jobs", ["project_id", "public_phase", "created_at_ms", "id"])
    op.create_index("ix_jobs_due", "jobs", ["due_at_ms", "created_at_ms"])


def _of_jobs() -> None:
    op.create_table(
        "job_documents",
        _words("job_id"),
        _words("description"),
        _words("request"),
        _words("launch"),
        sa.PrimaryKeyConstraint("job_id", name="pk_job_documents"),
        _job_key("job_documents"),
    )
    op.create_table(
        "job_totals",
        _words("project_id"),
        _words("workspace_id"),
        _number("jobs"),
        sa.PrimaryKeyConstraint("project_id", "workspace_id", name="pk_job_totals"),
        sa.CheckConstraint("jobs >= 0", name=op.f("ck_job_totals_jobs")),
    )
    op.create_table(
        "job_outputs",
        _words("job_id"),
        _words("folder"),
        _words("uri"),
        sa.PrimaryKeyConstraint("job_id", "folder", name="pk_job_outputs"),
        _job_key("job_outputs"),
    )
    op.create_index("ix_job_outputs_folder", "job_outputs", ["folder"])


def _attempts_and_tasks() -> None:
    op.create_table(
        "attempts",
        _words("key"),
        _words("job_id"),
        _number("number"),
        _number("created_at_ms"),
        _words("handle", nullable=True),
        _number("up_at_ms"),
        _number("settled_at_ms"),
        _number("ended_at_ms"),
        _number("unseen_since_ms"),
        _words("end_reason", nullable=True),
        _words("end_task"),
        sa.PrimaryKeyConstraint("key", name="pk_attempts"),
        sa.UniqueConstraint("job_id", "number", name="uq_attempts_job_id_number"),
        sa.CheckConstraint("number >= 1", name=op.f("ck_attempts_number")),
        _job_key("attempts"),
    )
    op.create_index("ix_attempts_ended", "attempts", ["ended_at_ms"])
    op.create_table(
        "tasks",
        _words("attempt_key"),
        _words("name"),
        _words("job_id"),
        _number("position"),
        _words("role"),
        _number("index"),
        _number("registered_at_ms"),
        _number("started_at_ms"),
        _number("ended_at_ms"),
        _words("step"),
        _words("reason", nullable=True),
        _number("exit_code", nullable=True),
        _words("message"),
        _number("last_seq"),
        _number("last_seen_ms"),
        _words("ip"),
        _words("host"),
        _words("launcher"),
        sa.PrimaryKeyConstraint("attempt_key", "name", name="pk_tasks"),
        sa.UniqueConstraint("attempt_key", "position", name="uq_tasks_attempt_key_position"),
        _attempt_key("tasks"),
        _job_key("tasks"),
    )
    op.create_index("ix_tasks_job", "tasks", ["job_id"])


def _events_and_metrics() -> None:
    op.create_table(
        "events",
        sa.Column("seq", SEQ, sa.Identity(), nullable=False),
        _words("job_id"),
        _number("at_ms"),
        _words("code"),
        _words("slots"),
        _words("level"),
        _words("source"),
        _number("attempt"),
        _words("task"),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        _job_key("events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_job", "events", ["job_id", "seq"])
    op.create_table(
        "metrics",
        _words("attempt_key"),
        _words("task"),
        _number("step_s"),
        _number("start_s"),
        _words("job_id"),
        _number("end_s"),
        _words("samples"),
        _words("counts"),
        sa.PrimaryKeyConstraint("attempt_key", "task", "step_s", "start_s", name="pk_metrics"),
        _attempt_key("metrics"),
        _job_key("metrics"),
    )
    op.create_index("ix_metrics_job", "metrics", ["job_id"])
    op.create_index("ix_metrics_end", "metrics", ["step_s", "end_s"])


def _users() -> None:
    op.create_table(
        "projects",
        _words("id"),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
    )
    op.create_table(
        "users",
        _words("id"),
        _words("name"),
        _words("project_id"),
        sa.Column("is_admin", sa.Boolean, nullable=False),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_users_project_id"),
    )
    op.create_index("ix_users_project", "users", ["project_id"])
    op.create_table(
        "tokens",
        _words("hash"),
        _words("user_id"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("hash", name="pk_tokens"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tokens_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_tokens_user", "tokens", ["user_id"])
