"""The tables. `migrations/` makes them; a test holds the two together on both databases.

Times are integer milliseconds UTC, 0 = not yet. JSON is kept as text: nothing in SQL looks into it.
"""

import sqlalchemy as sa

from trainwright.db import changes_log, curves, shelves
from trainwright.db.columns import metadata, number, of_attempt, of_job, words
from trainwright.db.dialects import Words
from trainwright.domain.lifecycle import END_PHASES, Phase

__all__ = ["changes_log", "curves", "metadata", "shelves"]


def _any_of(phases: frozenset[Phase]) -> str:
    return ", ".join(f"'{phase.value}'" for phase in sorted(phases))


# Kept narrow, the long texts live in `job_documents`: searches scan these rows, and every lease rewrites one.
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", Words, primary_key=True),
    words("project_id"),
    words("workspace_id"),
    words("name"),
    words("user_id", default=""),
    words("user_name"),
    words("kind"),
    words("algorithm_id", default=""),
    words("algorithm_name", default=""),
    words("pool_id", default=""),
    words("experiment_id", default=""),
    words("engine_id", default=""),  # these three are the launch's, of the role that stands for the job
    words("flavor_id", default=""),
    sa.Column("priority", sa.BigInteger, nullable=False, default=1),
    number("experiment_serial"),  # the job's number in its experiment, from 1; 0: in none
    sa.Column("kept", sa.Boolean, nullable=False, default=False),  # never removed for its age
    words("phase"),
    words(
        "public_phase"
    ),  # what an API caller sees, see domain.lifecycle.public_phase; held to it by a constraint
    number("created_at_ms"),
    number("started_at_ms"),
    number("ended_at_ms"),
    number("ran_ms"),  # from start to end, 0 unless both are known; to sort by
    sa.Column("reason", Words),
    number("stop_requested_at_ms"),
    sa.Column("stop_reason", Words),
    number("attempt_number"),
    number("budget_used"),
    number("free_used"),
    words("avoid", default=""),  # JSON: nodes that failed it; empty: none
    sa.Column("pending", Words),  # JSON of a Note
    words("blocked", default=""),
    number("failures"),
    sa.Column("due_at_ms", sa.BigInteger),  # NULL: ended, never to be looked at again
    sa.Column("woken", sa.Boolean, nullable=False, default=False),  # made due since it was leased
    words("lease_owner", default=""),
    words("lease_token", default=""),
    number("lease_until_ms"),
    sa.UniqueConstraint("project_id", "name"),
    sa.CheckConstraint(f"phase IN ({_any_of(frozenset(Phase))})", name="phase"),
    sa.CheckConstraint(
        "public_phase = CASE WHEN phase IN ('Completed', 'Failed', 'Terminated', 'Abnormal') THEN phase "
        "WHEN stop_requested_at_ms > 0 THEN 'Terminating' WHEN phase = 'Terminating' THEN 'Running' ELSE phase END",
        name="public_phase",
    ),
    sa.CheckConstraint(f"(due_at_ms IS NULL) = (phase IN ({_any_of(END_PHASES)}))", name="due"),
    sa.CheckConstraint("(lease_token = '') = (lease_until_ms = 0)", name="lease"),
)
# All that a search may look at, newest last: a filtered page is found without touching the rows themselves.
sa.Index(
    "ix_jobs_search",
    jobs.c.project_id,
    jobs.c.created_at_ms,
    jobs.c.id,
    jobs.c.workspace_id,
    jobs.c.public_phase,
    jobs.c.kind,
    jobs.c.user_name,
    jobs.c.name,
    jobs.c.started_at_ms,
    jobs.c.ended_at_ms,
    jobs.c.user_id,
    jobs.c.algorithm_id,
    jobs.c.algorithm_name,
    jobs.c.pool_id,
    jobs.c.experiment_id,
    jobs.c.engine_id,
    jobs.c.flavor_id,
    jobs.c.priority,
)
# The usual filters in other orders: `search._index` says which search takes which.
sa.Index(
    "ix_jobs_public_phase",
    jobs.c.project_id,
    jobs.c.public_phase,
    jobs.c.created_at_ms,
    jobs.c.id,
    jobs.c.workspace_id,
    jobs.c.name,
)
sa.Index(
    "ix_jobs_name",
    jobs.c.project_id,
    jobs.c.name,
    jobs.c.created_at_ms,
    jobs.c.id,
    jobs.c.workspace_id,
    jobs.c.public_phase,
)
sa.Index(
    "ix_jobs_ran",
    jobs.c.project_id,
    jobs.c.ran_ms,
    jobs.c.created_at_ms,
    jobs.c.id,
    jobs.c.workspace_id,
    jobs.c.public_phase,
    jobs.c.name,
)
sa.Index(
    "ix_jobs_user",
    jobs.c.project_id,
    jobs.c.user_id,
    jobs.c.created_at_ms,
    jobs.c.id,
    jobs.c.workspace_id,
    jobs.c.public_phase,
    jobs.c.name,
)
# Small: whoever asks what failed lately must not look at all that did not.
FAILED = "public_phase IN ('Abnormal', 'Failed')"
sa.Index(
    "ix_jobs_failed",
    jobs.c.project_id,
    jobs.c.ended_at_ms,
    jobs.c.id,
    jobs.c.workspace_id,
    sqlite_where=sa.text(FAILED),
    postgresql_where=sa.text(FAILED),
)
sa.Index("ix_jobs_due", jobs.c.due_at_ms, jobs.c.created_at_ms)
sa.Index("ix_jobs_experiment", jobs.c.experiment_id, jobs.c.experiment_serial)

job_documents = sa.Table(
    "job_documents",
    metadata,
    of_job(primary_key=True),
    words("description"),
    words("request"),  # JSON
    words("launch"),  # JSON of a LaunchSpec
    words(
        "filled", default=""
    ),  # JSON: the algorithm as the saved one completed it; empty: it was made of none
    number("millicpus"),  # these three: what all its tasks take together, to be summed against quotas
    number("memory_mib"),
    number("accelerators"),
)

# How many jobs there are; changed with each job added or deleted, because counting 100,000 takes 15 ms.
job_totals = sa.Table(
    "job_totals",
    metadata,
    sa.Column("project_id", Words, primary_key=True),
    sa.Column("workspace_id", Words, primary_key=True),
    number("jobs"),
    sa.CheckConstraint("jobs >= 0", name="jobs"),
)

# Rows of unfinished jobs only. `folder` is the uri with exactly one slash at its end, so that "the same or inside" is
# "begins with".
job_outputs = sa.Table(
    "job_outputs",
    metadata,
    of_job(primary_key=True),
    sa.Column("folder", Words, primary_key=True),
    words("uri"),
)
sa.Index("ix_job_outputs_folder", job_outputs.c.folder)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("key", Words, primary_key=True),
    of_job(),
    number("number"),
    number("created_at_ms"),
    sa.Column("handle", Words),  # JSON
    number("up_at_ms"),
    number("settled_at_ms"),
    number("ended_at_ms"),
    number("unseen_since_ms"),
    sa.Column("end_reason", Words),
    words("end_task", default=""),
    sa.Column("urgent", sa.Boolean, nullable=False, default=False),
    number("wanted_starts"),
    number("hang_restarts"),
    number("hang_since_ms"),
    number("wanted_stacks"),
    number("reserved_until_ms"),
    number("restarted_at_ms"),
    number("process_restarts"),
    number("ran_before_ms"),
    sa.UniqueConstraint("job_id", "number"),
    sa.CheckConstraint("number >= 1", name="number"),
)
sa.Index("ix_attempts_ended", attempts.c.ended_at_ms)

tasks = sa.Table(
    "tasks",
    metadata,
    of_attempt(),
    sa.Column("name", Words, primary_key=True),
    of_job(),
    number("position"),  # in the job's task order, from 0
    words("role"),
    number("index"),
    number("registered_at_ms"),
    number("started_at_ms"),
    number("ended_at_ms"),
    words("step", default=""),
    sa.Column("reason", Words),
    sa.Column("exit_code", sa.BigInteger),
    words("message", default=""),
    number("last_seq"),
    number("last_seen_ms"),
    words("ip", default=""),
    words("host", default=""),
    words("launcher", default=""),
    words("node", default=""),
    sa.Column("round", sa.BigInteger, nullable=False, default=-1),
    number("port"),
    number("quiet_since_ms"),
    words("quiet_measure", default=""),
    sa.Column("failed_round", sa.BigInteger, nullable=False, default=-1),
    sa.Column("failure", Words),
    sa.UniqueConstraint("attempt_key", "position"),
)
sa.Index("ix_tasks_job", tasks.c.job_id, tasks.c.ip)

events = sa.Table(
    "events",
    metadata,
    # SQLite counts up by itself only in a column called INTEGER; AUTOINCREMENT never gives a number twice.
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
    of_job(),
    number("at_ms"),
    words("code"),
    words("slots"),  # JSON
    words("level"),
    words("source"),
    number("attempt"),
    words("task"),
    sqlite_autoincrement=True,
)
sa.Index("ix_events_job", events.c.job_id, events.c.seq)

metrics = sa.Table(
    "metrics",
    metadata,
    of_attempt(),
    sa.Column("task", Words, primary_key=True),
    sa.Column("step_s", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("start_s", sa.BigInteger, primary_key=True, autoincrement=False),
    of_job(),
    number("end_s"),  # exclusive
    words("samples"),  # JSON: metric name -> list of numbers
    words("counts"),  # JSON in the same shape: samples behind each mean; empty for samples as measured
)
sa.Index("ix_metrics_job", metrics.c.job_id)
sa.Index("ix_metrics_end", metrics.c.step_s, metrics.c.end_s)

projects = sa.Table(
    "projects",
    metadata,
    sa.Column("id", Words, primary_key=True),
    words("name", default=""),  # the account's name at the password log-in
    number("created_at_ms"),
)
sa.Index("ix_projects_name", projects.c.name, unique=True)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", Words, primary_key=True),
    words("name"),
    sa.Column("project_id", Words, sa.ForeignKey("projects.id"), nullable=False),
    sa.Column("is_admin", sa.Boolean, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    words("roles", default="[]"),  # JSON: names of roles
    words("password_hash", default=""),  # argon2; empty: no password log-in
    number("created_at_ms"),
)
sa.Index("ix_users_project", users.c.project_id, users.c.name, unique=True)

# Roles that an admin composed; the built-in ones live in `domain.access`.
roles = sa.Table(
    "roles",
    metadata,
    sa.Column("project_id", Words, sa.ForeignKey("projects.id"), primary_key=True),
    sa.Column("name", Words, primary_key=True),
    words("description"),
    words("actions"),  # JSON: patterns of actions
    number("created_at_ms"),
    number("updated_at_ms"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("hash", Words, primary_key=True),  # SHA-256 only; the token itself is never stored
    words("id"),  # what it is called where the token must not be shown
    sa.Column("user_id", Words, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    words("description", default=""),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    number("created_at_ms"),
    number("expires_at_ms"),  # 0: never
)
sa.Index("ix_tokens_user", tokens.c.user_id)
sa.Index("ix_tokens_id", tokens.c.id, unique=True)

access_keys = sa.Table(
    "access_keys",
    metadata,
    sa.Column("access_key", Words, primary_key=True),
    sa.Column("user_id", Words, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    words("sealed_secret"),  # see services.sealing
    words("description"),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    number("created_at_ms"),
    number("expires_at_ms"),  # 0: never
)
sa.Index("ix_access_keys_user", access_keys.c.user_id)

# The default workspace "0" of a project has no row.
workspaces = sa.Table(
    "workspaces",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("project_id", Words, sa.ForeignKey("projects.id"), nullable=False),
    words("name"),
    words("description"),
    words("owner_id"),
    words("owner_name"),
    words("auth_type"),
    words("enterprise_project_id"),
    number("created_at_ms"),
    number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
    sa.CheckConstraint("auth_type IN ('PUBLIC', 'PRIVATE', 'INTERNAL')", name="auth_type"),
)

workspace_members = sa.Table(
    "workspace_members",
    metadata,
    sa.Column("workspace_id", Words, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", Words, primary_key=True),
    words("user_name"),
    words("user_type"),
    words("role"),  # what they may do there; empty: what they may do anywhere
)

workspace_quotas = sa.Table(
    "workspace_quotas",
    metadata,
    sa.Column("project_id", Words, primary_key=True),
    sa.Column("workspace_id", Words, primary_key=True),
    sa.Column("resource", Words, primary_key=True),
    number("quota"),
    number("updated_at_ms"),
)

# Of one user, or, with an empty user_id, of everyone in the project who has none of their own.
training_quotas = sa.Table(
    "training_quotas",
    metadata,
    sa.Column("project_id", Words, primary_key=True),
    sa.Column("user_id", Words, primary_key=True),
    sa.Column("resource", Words, primary_key=True),
    number("quota"),
    words("extra_info"),
)

authorizations = sa.Table(
    "authorizations",
    metadata,
    sa.Column("project_id", Words, primary_key=True),
    sa.Column("user_id", Words, primary_key=True),
    words("user_name"),
    words("user_type"),
    words("type"),
    words("content"),
    words("sealed_secret"),
    number("created_at_ms"),
)

# Settings that people change through the API, of the whole server (empty project_id) or of a project.
options = sa.Table(
    "options",
    metadata,
    sa.Column("project_id", Words, primary_key=True),
    sa.Column("name", Words, primary_key=True),
    words("value"),
)

experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("id", Words, primary_key=True),
    words("project_id"),
    words("workspace_id"),
    words("name"),
    words("description"),
    number("last_serial"),  # of the jobs that ever joined
    number("created_at_ms"),
    number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
)

job_tags = sa.Table(
    "job_tags",
    metadata,
    of_job(primary_key=True),
    sa.Column("key", Words, primary_key=True),
    words("value"),
    words(
        "project_id"
    ),  # these two are the job's, which never change: without them each row would need a look at it
    words("workspace_id"),
)
sa.Index("ix_job_tags_key", job_tags.c.key, job_tags.c.value, job_tags.c.job_id)
sa.Index(
    "ix_job_tags_project",
    job_tags.c.project_id,
    job_tags.c.key,
    job_tags.c.value,
    job_tags.c.workspace_id,
    job_tags.c.job_id,
)


# Dedicated pools: named shares of what the backend has. The public pool has no row.
pools = sa.Table(
    "pools",
    metadata,
    sa.Column("id", Words, primary_key=True),  # metadata.name of the contract
    sa.Column("project_id", Words, sa.ForeignKey("projects.id"), nullable=False),
    words("workspace_id"),
    words("name"),  # the display name
    words("document"),  # JSON: the request as given
    number("millicpus"),
    number("memory_mib"),
    number("accelerators"),
    number("created_at_ms"),
    number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
)
sa.Index("ix_pools_project", pools.c.project_id, pools.c.created_at_ms)

# Whose a bucket is. One without a row, made before buckets had owners or by others, belongs to the first project.
buckets = sa.Table(
    "buckets",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("project_id", Words, sa.ForeignKey("projects.id"), nullable=False),
    number("created_at_ms"),
)

# Share links to one log; revoked by deleting the row.
log_links = sa.Table(
    "log_links",
    metadata,
    sa.Column("id", Words, primary_key=True),
    of_job(),
    words("task"),
    number("attempt"),
    sa.Column("download", sa.Boolean, nullable=False),
    words("user_id"),
    words("user_name"),
    number("created_at_ms"),
    number("expires_at_ms"),
)
sa.Index("ix_log_links_job", log_links.c.job_id)
sa.Index("ix_log_links_expires", log_links.c.expires_at_ms)

# Nodes out of use, whoever's jobs they failed.
isolations = sa.Table(
    "isolations",
    metadata,
    sa.Column("node", Words, primary_key=True),
    words("reason"),
    words("detail"),
    number("since_ms"),
    words("job_id"),
    words("by"),
)

stacks = sa.Table(
    "stacks",
    metadata,
    of_attempt(),
    sa.Column("task", Words, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    of_job(),
    number("at_ms"),
    words("text"),
)
sa.Index("ix_stacks_job", stacks.c.job_id)
