"""The tables of what jobs are made of and what they leave: algorithms, gallery, datasets, models. See `schema`."""

import sqlalchemy as sa

from trainwright.db.columns import metadata, number, words
from trainwright.db.dialects import Words

algorithms = sa.Table(
    "algorithms",
    metadata,
    sa.Column("id", Words, primary_key=True),
    words("project_id"),
    words("workspace_id"),
    words("name"),
    words("description"),
    words("user_id"),
    words("user_name"),
    words("engine"),  # id of the engine or the image, to search by
    words("code_dir"),  # to search by
    words("document"),  # JSON: the request as given, its engine completed
    number("code_bytes"),  # of the code when it was last looked at
    words("code_tree"),  # JSON: its files then; empty: it has no code
    number("version"),  # counts the changes, from 1
    number("created_at_ms"),
    number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
)


gallery_items = sa.Table(
    "gallery_items",
    metadata,
    sa.Column("id", Words, primary_key=True),
    words("project_id"),  # who publishes
    words("user_id"),
    words("user_name"),
    words("title"),
    words("description"),
    words("visibility"),
    number("created_at_ms"),
    number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "title"),
    sa.CheckConstraint("visibility IN ('public', 'project')", name="visibility"),
)


gallery_versions = sa.Table(
    "gallery_versions",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("item_id", Words, sa.ForeignKey("gallery_items.id", ondelete="CASCADE"), nullable=False),
    words("number"),  # 1.0.0
    words("description"),
    words("document"),  # JSON: the algorithm as it was
    words("code_uri"),  # where its own copy of the code lies; empty: it has none
    number("created_at_ms"),
    sa.UniqueConstraint("item_id", "number"),
)


subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", Words, primary_key=True),
    words("project_id"),
    sa.Column("item_id", Words, sa.ForeignKey("gallery_items.id", ondelete="CASCADE"), nullable=False),
    words("version_id"),  # the one chosen
    words("user_id"),
    words("user_name"),
    number("created_at_ms"),
    sa.UniqueConstraint("project_id", "item_id"),
)


datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", Words, primary_key=True),
    words("project_id"),
    words("workspace_id"),
    words("name"),
    words("description"),
    words("type"),
    words("uri"),  # the folder new versions are made of
    words("user_id"),
    words("user_name"),
    number("created_at_ms"),
    number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
)


dataset_versions = sa.Table(
    "dataset_versions",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("dataset_id", Words, sa.ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
    words("name"),
    words("description"),
    words("uri"),
    words("state"),
    words("message"),
    number("objects"),
    number("bytes"),
    number("done_objects"),  # while it is being made
    number("created_at_ms"),
    number("ready_at_ms"),
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
    number("size"),
    words("sha256"),
    words("etag"),  # the store's, when it was read
)


models = sa.Table(
    "models",
    metadata,
    sa.Column("id", Words, primary_key=True),
    words("project_id"),
    words("workspace_id"),
    words("name"),
    words("description"),
    words("user_id"),
    words("user_name"),
    number("last_version"),
    number("created_at_ms"),
    number("updated_at_ms"),
    sa.UniqueConstraint("project_id", "name"),
)


model_versions = sa.Table(
    "model_versions",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("model_id", Words, sa.ForeignKey("models.id", ondelete="CASCADE"), nullable=False),
    number("number"),
    words("uri"),
    words("job_id"),  # it outlives the job
    words("job_name"),
    words("document"),  # JSON
    number("objects"),
    number("bytes"),
    sa.Column("ready", sa.Boolean, nullable=False, default=False),
    number("created_at_ms"),
    sa.UniqueConstraint("model_id", "number"),
    sa.UniqueConstraint("model_id", "job_id"),
)
