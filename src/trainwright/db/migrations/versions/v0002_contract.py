"""The rest of the ModelArts contract: identity, workspaces, experiments, tags, algorithms, gallery, datasets, pools.

Written out in full: a migration must not change when `schema.py` does. Never edited once released.
"""

import json

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SEARCHED = ["project_id", "created_at_ms", "id", "workspace_id", "public_phase", "kind", "user_name", "name"]
SEARCHED += ["started_at_ms", "ended_at_ms", "user_id", "algorithm_id", "algorithm_name", "pool_id"]
SEARCHED += ["experiment_id"]
BY_PHASE = ["project_id", "public_phase", "created_at_ms", "id", "workspace_id", "name"]
BY_NAME = ["project_id", "name", "created_at_ms", "id", "workspace_id", "public_phase"]
BY_RAN = ["project_id", "ran_ms", "created_at_ms", "id", "workspace_id", "public_phase", "name"]


def upgrade() -> None:
    """Make the new tables and widen the old ones."""
    _wider_jobs()
    _wider_users()
    _identity()
    _workspaces()
    _settings()
    _grouping()
    _algorithms()
    _gallery()
    _datasets()
    _pools_and_buckets()


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, WORDS, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)


def _more_words(table: str, *names: str, default: str = "") -> None:
    for name in names:
        op.add_column(table, sa.Column(name, WORDS, nullable=False, server_default=default))


def _more_number(table: str, name: str) -> None:
    op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))


def _more_flag(table: str, name: str, *, default: bool) -> None:
    value = sa.true() if default else sa.false()
    op.add_column(table, sa.Column(name, sa.Boolean, nullable=False, server_default=value))


def _wider_jobs() -> None:
    _more_words("jobs", "user_id", "algorithm_id", "algorithm_name", "pool_id", "experiment_id")
    _more_number("jobs", "experiment_serial")
    _more_number("jobs", "ran_ms")
    _more_flag("jobs", "kept", default=False)
    _more_words("job_documents", "filled")
    _add_demands()
    op.execute(
        "UPDATE jobs SET user_id = COALESCE((SELECT users.id FROM users WHERE users.name = jobs.user_name "
        "AND users.project_id = jobs.project_id LIMIT 1), '')"
    )
    op.drop_index("ix_jobs_search", "jobs")
    op.create_index("ix_jobs_search", "jobs", SEARCHED)
    op.execute(
        "UPDATE jobs SET ran_ms = ended_at_ms - started_at_ms WHERE started_at_ms > 0 AND ended_at_ms > 0"
    )
    op.drop_index("ix_jobs_public_phase", "jobs")
    op.create_index("ix_jobs_public_phase", "jobs", BY_PHASE)
    op.create_index("ix_jobs_name", "jobs", BY_NAME)
    op.create_index("ix_jobs_ran", "jobs", BY_RAN)
    op.create_index("ix_jobs_experiment", "jobs", ["experiment_id", "experiment_serial"])
    op.drop_index("ix_tasks_job", "tasks")
    op.create_index("ix_tasks_job", "tasks", ["job_id", "ip"])


def _add_demands() -> None:
    for name in ("millicpus", "memory_mib", "accelerators"):
        _more_number("job_documents", name)
    connection = op.get_bind()
    # Those that have ended count against nothing.
    unfinished = (
        "SELECT job_id, launch FROM job_documents JOIN jobs ON id = job_id WHERE due_at_ms IS NOT NULL"
    )
    for job_id, launch in connection.execute(sa.text(unfinished)).fetchall():
        roles = [(role["replicas"], role["resources"]) for role in json.loads(launch)["roles"]]
        connection.execute(
            sa.text(
                "UPDATE job_documents SET millicpus = :cpu, memory_mib = :memory, accelerators = :cards "
                "WHERE job_id = :job"
            ),
            {
                "job": job_id,
                "cpu": sum(count * round(each["cpus"] * 1000) for count, each in roles),
                "memory": sum(count * each["memory_mib"] for count, each in roles),
                "cards": sum(count * each.get("accelerators", 0) for count, each in roles),
            },
        )


def _wider_users() -> None:
    _more_words("projects", "name")
    op.execute("UPDATE projects SET name = id")
    op.execute(
        "UPDATE projects SET name = 'default' WHERE id = "
        "(SELECT id FROM projects ORDER BY created_at_ms, id LIMIT 1)"
    )
    op.create_index("ix_projects_name", "projects", ["name"], unique=True)
    _more_flag("users", "enabled", default=True)
    _more_words("users", "roles", default="[]")
    op.execute("UPDATE users SET roles = '[\"administrator\"]' WHERE is_admin")
    _more_words("users", "password_hash")
    op.drop_index("ix_users_project", "users")
    op.create_index("ix_users_project", "users", ["project_id", "name"], unique=True)
    _more_words("tokens", "id", "description")
    _more_number("tokens", "expires_at_ms")
    op.execute("UPDATE tokens SET id = SUBSTR(hash, 1, 32)")
    op.create_index("ix_tokens_id", "tokens", ["id"], unique=True)


def _identity() -> None:
    op.create_table(
        "roles",
        _words("project_id"),
        _words("name"),
        _words("description"),
        _words("actions"),
        _number("created_at_ms"),
        _number("updated_at_ms"),
        sa.PrimaryKeyConstraint("project_id", "name", name="pk_roles"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_roles_project_id"),
    )
    op.create_table(
        "access_keys",
        _words("access_key"),
        _words("user_id"),
        _words("sealed_secret"),
        _words("description"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _number("created_at_ms"),
        _number("expires_at_ms"),
        sa.PrimaryKeyConstraint("access_key", name="pk_access_keys"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_access_keys_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_access_keys_user", "access_keys", ["user_id"])


def _workspaces() -> None:
    op.create_table(
        "workspaces",
        _words("id"),
        _words("project_id"),
        _words("name"),
        _words("description"),
        _words("owner_id"),
        _words("owner_name"),
        _words("auth_type"),
        _words("enterprise_project_id"),
        _number("created_at_ms"),
        _number("updated_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
        sa.UniqueConstraint("project_id", "name", name="uq_workspaces_project_id_name"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_workspaces_project_id"),
        sa.CheckConstraint(
            "auth_type IN ('PUBLIC', 'PRIVATE', 'INTERNAL')", name=op.f("ck_workspaces_auth_type")
        ),
    )
    op.create_table(
        "workspace_members",
        _words("workspace_id"),
        _words("user_id"),
        _words("user_name"),
        _words("user_type"),
        _words("role"),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name="pk_workspace_members"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_workspace_members_workspace_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "workspace_quotas",
        _words("project_id"),
        _words("workspace_id"),
        _words("resource"),
        _number("quota"),
        _number("updated_at_ms"),
        sa.PrimaryKeyConstraint("project_id", "workspace_id", "resource", name="pk_workspace_quotas"),
    )
    op.create_table(
        "training_quotas",
        _words("project_id"),
        _words("user_id"),
        _words("resource"),
        _number("quota"),
        _words("extra_info"),
        sa.PrimaryKeyConstraint("project_id", "user_id", "resource", name="pk_training_quotas"),
    )


def _settings() -> None:
    op.create_table(
        "authorizations",
        _words("project_id"),
        _words("user_id"),
        _words("user_name"),
        _words("user_type"),
        _words("type"),
        _words("content"),
        _words("sealed_secret"),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("project_id", "user_id", name="pk_authorizations"),
    )
    op.create_table(
        "options",
        _words("project_id"),
        _words("name"),
        _words("value"),
        sa.PrimaryKeyConstraint("project_id", "name", name="pk_options"),
    )


def _grouping() -> None:
    op.create_table(
        "experiments",
        _words("id"),
        _words("project_id"),
        _words("workspace_id"),
        _words("name"),
        _words("description"),
        _number("last_serial"),
        _number("created_at_ms"),
        _number("updated_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
        sa.UniqueConstraint("project_id", "name", name="uq_experiments_project_id_name"),
    )
    op.create_table(
        "job_tags",
        _words("job_id"),
        _words("key"),
        _words("value"),
        _words("project_id"),
        _words("workspace_id"),
        sa.PrimaryKeyConstraint("job_id", "key", name="pk_job_tags"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_tags_job_id", ondelete="CASCADE"),
    )
    op.create_index("ix_job_tags_key", "job_tags", ["key", "value", "job_id"])
    op.create_index(
        "ix_job_tags_project", "job_tags", ["project_id", "key", "value", "workspace_id", "job_id"]
    )


def _algorithms() -> None:
    op.create_table(
        "algorithms",
        _words("id"),
        _words("project_id"),
        _words("workspace_id"),
        _words("name"),
        _words("description"),
        _words("user_id"),
        _words("user_name"),
        _words("engine"),
        _words("code_dir"),
        _words("document"),
        _number("code_bytes"),
        _words("code_tree"),
        _number("version"),
        _number("created_at_ms"),
        _number("updated_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_algorithms"),
        sa.UniqueConstraint("project_id", "name", name="uq_algorithms_project_id_name"),
    )


def _gallery() -> None:
    op.create_table(
        "gallery_items",
        _words("id"),
        _words("project_id"),
        _words("user_id"),
        _words("user_name"),
        _words("title"),
        _words("description"),
        _words("visibility"),
        _number("created_at_ms"),
        _number("updated_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_gallery_items"),
        sa.CheckConstraint("visibility IN ('public', 'project')", name=op.f("ck_gallery_items_visibility")),
        sa.UniqueConstraint("project_id", "title", name="uq_gallery_items_project_id_title"),
    )
    op.create_table(
        "gallery_versions",
        _words("id"),
        _words("item_id"),
        _words("number"),
        _words("description"),
        _words("document"),
        _words("code_uri"),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_gallery_versions"),
        sa.ForeignKeyConstraint(
            ["item_id"], ["gallery_items.id"], name="fk_gallery_versions_item_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("item_id", "number", name="uq_gallery_versions_item_id_number"),
    )
    op.create_table(
        "subscriptions",
        _words("id"),
        _words("project_id"),
        _words("item_id"),
        _words("version_id"),
        _words("user_id"),
        _words("user_name"),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
        sa.UniqueConstraint("project_id", "item_id", name="uq_subscriptions_project_id_item_id"),
        sa.ForeignKeyConstraint(
            ["item_id"], ["gallery_items.id"], name="fk_subscriptions_item_id", ondelete="CASCADE"
        ),
    )


def _datasets() -> None:
    op.create_table(
        "datasets",
        _words("id"),
        _words("project_id"),
        _words("workspace_id"),
        _words("name"),
        _words("description"),
        _words("type"),
        _words("uri"),
        _words("user_id"),
        _words("user_name"),
        _number("created_at_ms"),
        _number("updated_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
        sa.UniqueConstraint("project_id", "name", name="uq_datasets_project_id_name"),
    )
    op.create_table(
        "dataset_versions",
        _words("id"),
        _words("dataset_id"),
        _words("name"),
        _words("description"),
        _words("uri"),
        _words("state"),
        _words("message"),
        _number("objects"),
        _number("bytes"),
        _number("done_objects"),
        _number("created_at_ms"),
        _number("ready_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_dataset_versions"),
        sa.UniqueConstraint("dataset_id", "name", name="uq_dataset_versions_dataset_id_name"),
        sa.CheckConstraint(
            "state IN ('creating', 'ready', 'failed')", name=op.f("ck_dataset_versions_state")
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name="fk_dataset_versions_dataset_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "dataset_objects",
        _words("version_id"),
        _words("path"),
        _number("size"),
        _words("sha256"),
        _words("etag"),
        sa.PrimaryKeyConstraint("version_id", "path", name="pk_dataset_objects"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["dataset_versions.id"], name="fk_dataset_objects_version_id", ondelete="CASCADE"
        ),
    )


def _pools_and_buckets() -> None:
    op.create_table(
        "pools",
        _words("id"),
        _words("project_id"),
        _words("workspace_id"),
        _words("name"),
        _words("document"),
        _number("millicpus"),
        _number("memory_mib"),
        _number("accelerators"),
        _number("created_at_ms"),
        _number("updated_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_pools"),
        sa.UniqueConstraint("project_id", "name", name="uq_pools_project_id_name"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_pools_project_id"),
    )
    op.create_index("ix_pools_project", "pools", ["project_id", "created_at_ms"])
    op.create_table(
        "buckets",
        _words("name"),
        _words("project_id"),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("name", name="pk_buckets"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_buckets_project_id"),
    )
    op.create_table(
        "log_links",
        _words("id"),
        _words("job_id"),
        _words("task"),
        _number("attempt"),
        sa.Column("download", sa.Boolean, nullable=False),
        _words("user_id"),
        _words("user_name"),
        _number("created_at_ms"),
        _number("expires_at_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_log_links"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_log_links_job_id", ondelete="CASCADE"),
    )
    op.create_index("ix_log_links_expires", "log_links", ["expires_at_ms"])
    op.create_index("ix_log_links_job", "log_links", ["job_id"])
