"""The audit trail: who did what, when, from where, with what result.

Written out in full: a migration must not change when `schema.py` does. Never edited once released.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "audit_records",
        _words("id"),
        _number("at_ms"),
        *(_words(name) for name in ("project_id", "workspace_id", "user_id", "user_name", "account")),
        *(_words(name) for name in ("credential", "operation", "resource", "resource_id", "resource_name")),
        _number("status"),
        *(_words(name) for name in ("error_code", "request_id", "client")),
        _number("unrecorded"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_records"),
    )
    op.create_index("ix_audit_records_project", "audit_records", ["project_id", "id"])
    op.create_index("ix_audit_records_user", "audit_records", ["project_id", "user_id", "id"])
    op.create_index("ix_audit_records_operation", "audit_records", ["project_id", "operation", "id"])
    op.create_index("ix_audit_records_resource", "audit_records", ["project_id", "resource_id", "id"])
    op.create_index("ix_audit_records_name", "audit_records", ["project_id", "resource_name", "id"])


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, WORDS, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)
