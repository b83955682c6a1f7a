"""The tables. `migrations/` makes them; a test holds the two together on both databases.

Times are integer milliseconds UTC, 0 = not yet. JSON is kept as text: nothing in SQL looks into it.
"""

import sqlalchemy as sa

from trainwright.db.dialects import Words
from trainwright.domain.lifecycle import END_PHASES, Phase

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _words(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, Words, nullable=False, default=default)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, default=0)


def _of_job(*, primary_key: bool = False) -> sa.Column[str]:
    target = sa.ForeignKey("jobs.id", ondelete="CASCADE")
    return sa.Column("job_id", Words, target, nullable=False, primary_key=primary_key)


def _of_attempt() -> sa.Column[str]:
    target = sa.ForeignKey("attempts.key", ondelete="CASCADE")
    return sa.Column("attempt_key", Words, target, primary_key=True)


def _any_of(phases: frozenset[Phase]) -> str:
    return ", ".join(f"'{phase.value}'" for phase in sorted(phases))


# Kept narrow, the long texts live in `job_documents`: searches scan these rows, and every lease rewrites one.
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", Words, primary_key=True),
    _words("project_id"),
    _words("workspace_id"),
    _words("name"),
    _words("user_id", default=""),
    _words("user_name"),
    _words("kind"),
    _words("algorithm_id", default=""),
    _words("algorithm_name", default=""),
    _words("pool_id", default=""),
    _words("experiment_id", default=""),
    _number("experiment_serial"),  # the job's number in its experiment, from 1; 0: in none
    sa.Column("kept", sa.Boolean, nullable=False, default=False),  # never removed for its age
    _words("phase"),
    _words(
        "public_phase"
    ),  # what an API caller sees, see domain.lifecycle.public_phase; held to it by a constraint
    _number("created_at_ms"),
    _number("started_at_ms"),
    _number("ended_at_ms"),
    _number("ran_ms"),  # from start to end, 0 unless both are known; to sort by
    sa.Column("reason", Words),
    _number("stop_requested_at_ms"),
    sa.Column("stop_reason", Words),
    _number("attempt_number"),
    _number("budget_used"),
    _number("free_used"),
    _words("avoid", default=""),  # JSON: nodes that failed it; empty: none
    sa.Column("pending", Words),  # JSON of a Note
    _words("blocked", default=""),
    _number("failures"),
    sa.Column("due_at_ms", sa.BigInteger),  # NULL: ended, never to be looked at again
    sa.Column("woken", sa.Boolean, nullable=False, default=False),  # made due since it was leased
    _words("lease_owner", default=""),
    _words("lease_token", default=""),
    _number("lease_until_ms"),
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
sa.Index("ix_jobs_due", jobs.c.due_at_ms, jobs.c.created_at_ms)
sa.Index("ix_jobs_experiment", jobs.c.experiment_id, jobs.c.experiment_serial)

job_documents = sa.Table(
    "job_documents",
    metadata,
    _of_job(primary_key=True),
    _words("description"),
    _words("request"),  # JSON
    _words("launch"),  # JSON of a LaunchSpec
    _words(
        "filled", default=""
    ),  # JSON: the algorithm as the saved one completed it; empty: it was made of none
    _number("millicpus"),  # these three: what all its tasks take together, to be summed against quotas
    _number("memory_mib"),
    _number("accelerators"),
)

# How many jobs there are; changed with each job added or deleted, because counting 100,000 takes 15 ms.
job_totals = sa.Table(
    "job_totals",
    metadata,
    sa.Column("project_id", Words, primary_key=True),
    sa.Column("workspace_id", Words, primary_key=True),
    _number("jobs"),
    sa.CheckConstraint("jobs >= 0", name="jobs"),
)

# Rows of unfinished jobs only. `folder` is the uri with exactly one slash at its end, so that "the same or inside" is
# "begins with".
job_outputs = sa.Table(
    "job_outputs",
    metadata,
    _of_job(primary_key=True),
    sa.Column("folder", Words, primary_key=True),
    _words("uri"),
)
sa.Index("ix_job_outputs_folder", job_outputs.c.folder)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("key", Words, primary_key=True),
    _of_job(),
    _number("number"),
    _number("created_at_ms"),
    sa.Column("handle", Words),  # JSON
    _number("up_at_ms"),
    _number("settled_at_ms"),
    _number("ended_at_ms"),
    _number("unseen_since_ms"),
    sa.Column("end_reason", Words),
    _words("end_task", default=""),
    sa.Column("urgent", sa.Boolean, nullable=False, default=False),
    _number("wanted_starts"),
    _number("hang_restarts"),
    _number("hang_since_ms"),
    _number("wanted_stacks"),
    _number("reserved_until_ms"),
    _number("restarted_at_ms"),
    _number("process_restarts"),
    _number("ran_before_ms"),
    sa.UniqueConstraint("job_id", "number"),
    sa.CheckConstraint("number >= 1", name="number"),
)
sa.Index("ix_attempts_ended", attempts.c.ended_at_ms)

tasks = sa.Table(
    "tasks",
    metadata,
    _of_attempt(),
    sa.Column("name", Words, primary_key=True),
    _of_job(),
    _number("position"),  # in the job's task order, from 0
    _words("role"),
    _number("index"),
    _number("registered_at_ms"),
    _number("started_at_ms"),
    _number("ended_at_ms"),
    _words("step", default=""),
    sa.Column("reason", Words),
    sa.Column("exit_code", sa.BigInteger),
    _words("message", default=""),
    _number("last_seq"),
    _number("last_seen_ms"),
    _words("ip", default=""),
    _words("host", default=""),
    _words("launcher", default=""),
    _words("node", default=""),
    sa.Column("round", sa.BigInteger, nullable=False, default=-1),
    _number("port"),
    _number("quiet_since_ms"),
    _words("quiet_measure", default=""),
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
    _of_job(),
    _number("at_ms"),
    _words("code"),
    _words("slots"),  # JSON
    _words("level"),
    _words("source"),
    _number("attempt"),
    _words("task"),
    sqlite_autoincrement=True,
)
sa.Index("ix_events_job", events.c.job_id, events.c.seq)

metrics = sa.Table(
    "metrics",
    metadata,
    _of_attempt(),
    sa.Column("task", Words, primary_key=True),
    sa.Column("step_s", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("start_s", sa.BigInteger, primary_key=True, autoincrement=False),
    _of_job(),
    _number("end_s"),  # exclusive
    _words("samples"),  # JSON: metric name -> list of numbers
    _words("counts"),  # JSON in the same shape: samples behind each mean; empty for samples as measured
)
sa.Index("ix_metrics_job", metrics.c.job_id)
sa.Index("ix_metrics_end", metrics.c.step_s, metrics.c.end_s)

projects = sa.Table(
    "projects",
    metadata,
    sa.Column("id", Words, primary_key=True),
    _words("name", default=""),  # the account's name at the password log-in
    _number("created_at_ms"),
)
sa.Index("ix_projects_name", projects.c.name, unique=True)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", Words, primary_key=True),
    _words("name"),
    sa.Column("project_id", Words, sa.ForeignKey("projects.id"), nullable=False),
    sa.Column("is_admin", sa.Boolean, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    _words("roles", default="[]"),  # JSON: names of roles
    _words("password_hash", default=""),  # argon2; empty: no password log-in
    _number("created_at_ms"),
)
sa.Index("ix_users_project", users.c.project_id, users.c.name, unique=True)

# Roles that an admin composed; the built-in ones live in `domain.access`.
roles = sa.Table(
    "roles",
    metadata,
    sa.Column("project_id", Words, sa.ForeignKey("projects.id"), primary_key=True),
    sa.Column("name", Words, primary_key=True),
    _words("description"),
    _words("actions"),  # JSON: patterns of actions
    _number("created_at_ms"),
    _number("updated_at_ms"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("hash", Words, primary_key=True),  # SHA-256 only; the token itself is never stored
    _words("id"),  # what it is called where the token must not be shown
    sa.Column("user_id", Words, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    _words("description", default=""),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    _number("created_at_ms"),
    _number("expires_at_ms"),  # 0: never
)
sa.Index("ix_tokens_user", tokens.c.user_id)
sa.Index("ix_tokens_id", tokens.c.id, unique=True)

access_keys = sa.Table(
    "access_keys",
    metadata,
    sa.Column("access_key", Words, primary_key=True),
    sa.Column("user_id", Words, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    _words("sealed_secret"),  # see services.sealing
    _words("description"),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    _number("created_at_ms"),
    _number("expires_at_ms"),  # 0: never
)
sa.Index("ix_access_keys_user", access_keys.c.user_id)

# The default workspace "0" of a project has no row.
workspaces = sa.Table(
    "workspaces",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("project_id", Words, sa.ForeignKey("projects.id"), nullable=False),
    _words("name"),
    _words("description"),
    _words("owner_id"),
    _words("owner_name"),
    _words("auth_type"),
    _words("enterprise_project_id"),
    _number("created_at_ms"),
    _number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
    sa.CheckConstraint("auth_type IN ('PUBLIC', 'PRIVATE', 'INTERNAL')", name="auth_type"),
)

workspace_members = sa.Table(
    "workspace_members",
    metadata,
    sa.Column("workspace_id", Words, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", Words, primary_key=True),
    _words("user_name"),
    _words("user_type"),
    _words("role"),  # what they may do there; empty: what they may do anywhere
)

workspace_quotas = sa.Table(
    "workspace_quotas",
    metadata,
    sa.Column("project_id", Words, primary_key=True),
    sa.Column("workspace_id", Words, primary_key=True),
    sa.Column("resource", Words, primary_key=True),
    _number("quota"),
    _number("updated_at_ms"),
)

# Of one user, or, with an empty user_id, of everyone in the project who has none of their own.
training_quotas = sa.Table(
    "training_quotas",
    metadata,
    sa.Column("project_id", Words, primary_key=True),
    sa.Column("user_id", Words, primary_key=True),
    sa.Column("resource", Words, primary_key=True),
    _number("quota"),
    _words("extra_info"),
)

authorizations = sa.Table(
    "authorizations",
    metadata,
    sa.Column("project_id", Words, primary_key=True),
    sa.Column("user_id", Words, primary_key=True),
    _words("user_name"),
    _words("user_type"),
    _words("type"),
    _words("content"),
    _words("sealed_secret"),
    _number("created_at_ms"),
)

# Settings that people change through the API, of the whole server (empty project_id) or of a project.
options = sa.Table(
    "options",
    metadata,
    sa.Column("project_id", Words, primary_key=True),
    sa.Column("name", Words, primary_key=True),
    _words("value"),
)

experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("id", Words, primary_key=True),
    _words("project_id"),
    _words("workspace_id"),
    _words("name"),
    _words("description"),
    _number("last_serial"),  # of the jobs that ever joined
    _number("created_at_ms"),
    _number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
)

job_tags = sa.Table(
    "job_tags",
    metadata,
    _of_job(primary_key=True),
    sa.Column("key", Words, primary_key=True),
    _words("value"),
    _words(
        "project_id"
    ),  # these two are the job's, which never change: without them each row would need a look at it
    _words("workspace_id"),
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

algorithms = sa.Table(
    "algorithms",
    metadata,
    sa.Column("id", Words, primary_key=True),
    _words("project_id"),
    _words("workspace_id"),
    _words("name"),
    _words("description"),
    _words("user_id"),
    _words("user_name"),
    _words("engine"),  # id of the engine or the image, to search by
    _words("code_dir"),  # to search by
    _words("document"),  # JSON: the request as given, its engine completed
    _number("code_bytes"),  # of the code when it was last looked at
    _words("code_tree"),  # JSON: its files then; empty: it has no code
    _number("version"),  # counts the changes, from 1
    _number("created_at_ms"),
    _number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
)

gallery_items = sa.Table(
    "gallery_items",
    metadata,
    sa.Column("id", Words, primary_key=True),
    _words("project_id"),  # who publishes
    _words("user_id"),
    _words("user_name"),
    _words("title"),
    _words("description"),
    _words("visibility"),
    _number("created_at_ms"),
    _number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "title"),
    sa.CheckConstraint("visibility IN ('public', 'project')", name="visibility"),
)

gallery_versions = sa.Table(
    "gallery_versions",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("item_id", Words, sa.ForeignKey("gallery_items.id", ondelete="CASCADE"), nullable=False),
    _words("number"),  # 1.0.0
    _words("description"),
    _words("document"),  # JSON: the algorithm as it was
    _words("code_uri"),  # where its own copy of the code lies; empty: it has none
    _number("created_at_ms"),
    sa.UniqueConstraint("item_id", "number"),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", Words, primary_key=True),
    _words("project_id"),
    sa.Column("item_id", Words, sa.ForeignKey("gallery_items.id", ondelete="CASCADE"), nullable=False),
    _words("version_id"),  # the one chosen
    _words("user_id"),
    _words("user_name"),
    _number("created_at_ms"),
    sa.UniqueConstraint("project_id", "item_id"),
)

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", Words, primary_key=True),
    _words("project_id"),
    _words("workspace_id"),
    _words("name"),
    _words("description"),
    _words("type"),
    _words("uri"),  # the folder new versions are made of
    _words("user_id"),
    _words("user_name"),
    _number("created_at_ms"),
    _number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
)

dataset_versions = sa.Table(
    "dataset_versions",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("dataset_id", Words, sa.ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
    _words("name"),
    _words("description"),
    _words("uri"),
    _words("state"),
    _words("message"),
    _number("objects"),
    _number("bytes"),
    _number("done_objects"),  # while it is being made
    _number("created_at_ms"),
    _number("ready_at_ms"),
    sa.UniqueConstraint("dataset_id", "name"),
    sa.CheckConstraint("state IN ('creating', 'ready', 'failed')", name="state"),
)

dataset_objects = sa.Table(
    "dataset_objects",
    metadata,
    sa.Column(
        "version_id", Words, sa.ForeignKey("dataset_versions.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("path", Words, primary_key=True),  # relative to the version's folder
    _number("size"),
    _words("sha256"),
    _words("etag"),  # the store's, when it was read
)

# Dedicated pools: named shares of what the backend has. The public pool has no row.
pools = sa.Table(
    "pools",
    metadata,
    sa.Column("id", Words, primary_key=True),  # metadata.name of the contract
    sa.Column("project_id", Words, sa.ForeignKey("projects.id"), nullable=False),
    _words("workspace_id"),
    _words("name"),  # the display name
    _words("document"),  # JSON: the request as given
    _number("millicpus"),
    _number("memory_mib"),
    _number("accelerators"),
    _number("created_at_ms"),
    _number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
)
sa.Index("ix_pools_project", pools.c.project_id, pools.c.created_at_ms)

# Whose a bucket is. One without a row, made before buckets had owners or by others, belongs to the first project.
buckets = sa.Table(
    "buckets",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("project_id", Words, sa.ForeignKey("projects.id"), nullable=False),
    _number("created_at_ms"),
)

# Share links to one log; revoked by deleting the row.
log_links = sa.Table(
    "log_links",
    metadata,
    sa.Column("id", Words, primary_key=True),
    _of_job(),
    _words("task"),
    _number("attempt"),
    sa.Column("download", sa.Boolean, nullable=False),
    _words("user_id"),
    _words("user_name"),
    _number("created_at_ms"),
    _number("expires_at_ms"),
)
sa.Index("ix_log_links_job", log_links.c.job_id)
sa.Index("ix_log_links_expires", log_links.c.expires_at_ms)

# Nodes out of use, whoever's jobs they failed.
isolations = sa.Table(
    "isolations",
    metadata,
    sa.Column("node", Words, primary_key=True),
    _words("reason"),
    _words("detail"),
    _number("since_ms"),
    _words("job_id"),
    _words("by"),
)

stacks = sa.Table(
    "stacks",
    metadata,
    _of_attempt(),
    sa.Column("task", Words, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    _of_job(),
    _number("at_ms"),
    _words("text"),
)
sa.Index("ix_stacks_job", stacks.c.job_id)

models = sa.Table(
    "models",
    metadata,
    sa.Column("id", Words, primary_key=True),
    _words("project_id"),
    _words("workspace_id"),
    _words("name"),
    _words("description"),
    _words("user_id"),
    _words("user_name"),
    _number("last_version"),
    _number("created_at_ms"),
    _number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
)

model_versions = sa.Table(
    "model_versions",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("model_id", Words, sa.ForeignKey("models.id", ondelete="CASCADE"), nullable=False),
    _number("number"),
    _words("uri"),
    _words("job_id"),  # it outlives the job
    _words("job_name"),
    _words("document"),  # JSON
    _number("objects"),
    _number("bytes"),
    sa.Column("ready", sa.Boolean, nullable=False, default=False),
    _number("created_at_ms"),
    sa.UniqueConstraint("model_id", "number"),
    sa.UniqueConstraint("model_id", "job_id"),
)
