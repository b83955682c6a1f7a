"""The table of which jobs changed, in an order in which nothing is passed over. See `schema` and `job_changes`."""

import sqlalchemy as sa

from trainwright.db.columns import metadata, number, words

# No foreign key: that a job was deleted is a change, too. Only the newest rows are kept.
job_changes = sa.Table(
    "job_changes",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
    number(
        "txid"
    ),  # of the transaction that wrote it; 0 on SQLite, whose numbers are in the order of commits
    words("project_id"),
    words("workspace_id"),
    words("job_id"),
    words("kind"),  # created, changed or deleted
    sqlite_autoincrement=True,
)
sa.Index("ix_job_changes_txid", job_changes.c.txid, job_changes.c.seq)
