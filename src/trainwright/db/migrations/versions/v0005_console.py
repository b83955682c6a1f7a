"""What lists of jobs are searched and sorted by besides; which jobs failed lately; the log of changes that followers of
a project read.

Written out in full: a migration must not change when `schema.py` does. Never edited once released.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SEARCHED = [
    "project_id",
    "created_at_ms",
    "id",
    "workspace_id",
    "public_phase",
    "kind",
    "user_name",
    "name",
    "started_at_ms",
    "ended_at_ms",
    "user_id",
    "algorithm_id",
    "algorithm_name",
    "pool_id",
    "experiment_id",
    "engine_id",
    "flavor_id",
    "priority",
]
OF_USER = ["project_id", "user_id", "created_at_ms", "id", "workspace_id", "public_phase", "name"]
_BATCH = 500


def upgrade() -> None:
    """Widen `jobs`, fill its new columns from the launches, make the new indexes and the log."""
    for name in ("engine_id", "flavor_id"):
        op.add_column("jobs", sa.Column(name, WORDS, nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("priority", sa.BigInteger, nullable=False, server_default="1"))
    op.drop_index("ix_jobs_search", "jobs")
    _fill(op.get_bind())
    op.create_index("ix_jobs_search", "jobs", SEARCHED)
    op.create_index("ix_jobs_user", "jobs", OF_USER)
    failed = sa.text("public_phase IN ('Abnormal', 'Failed')")
    op.create_index(
        "ix_jobs_failed",
        "jobs",
        ["project_id", "ended_at_ms", "id", "workspace_id"],
        sqlite_where=failed,
        postgresql_where=failed,
    )
    _changes()


def _fill(connection: sa.Connection) -> None:
    """By pages of ids, so that launches are never all in memory."""
    page = sa.text(
        "SELECT job_id, launch FROM job_documents WHERE job_id > :after ORDER BY job_id LIMIT :most"
    )
    change = sa.text(
        "UPDATE jobs SET engine_id = :engine_id, flavor_id = :flavor_id, priority = :priority WHERE id = :id"
    )
    after = ""
    while rows := connection.execute(page, {"after": after, "most": _BATCH}).all():
        connection.execute(change, [{"id": row.job_id, **_of(json.loads(row.launch))} for row in rows])
        after = rows[-1].job_id


def _of(launch: dict[str, Any]) -> dict[str, Any]:
    roles = launch["roles"]
    role = next((each for each in roles if each.get("main")), roles[0])
    engine = (role.get("work") or launch).get("engine") or {}
    return {
        "engine_id": engine.get("engine_id", ""),
        "flavor_id": role["flavor_id"],
        "priority": launch.get("priority", 1),
    }


def _changes() -> None:
    op.create_table(
        "job_changes",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), nullable=False),
        sa.Column("txid", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, WORDS, nullable=False)
            for name in ("project_id", "workspace_id", "job_id", "kind")
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_job_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_changes_txid", "job_changes", ["txid", "seq"])
