"""The tables of training metrics, and of the requests that made jobs. See `schema`."""

import sqlalchemy as sa

from trainwright.db.columns import metadata, number, of_attempt, of_job, words
from trainwright.db.dialects import Words

training_series = sa.Table(
    "training_series",
    metadata,
    of_attempt(),
    sa.Column("task", Words, primary_key=True),
    sa.Column("name", Words, primary_key=True),
    of_job(),
    number("total"),
)
sa.Index("ix_training_series_job", training_series.c.job_id)

# Points of a series, some hundred in a row: those from `first` up to the next row's `first`.
training_points = sa.Table(
    "training_points",
    metadata,
    of_attempt(),
    sa.Column("task", Words, primary_key=True),
    sa.Column("name", Words, primary_key=True),
    sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),  # lowest step
    sa.Column("points", sa.LargeBinary, nullable=False),  # steps, values, times: 8 bytes each, little-endian
)

training_marks = sa.Table(
    "training_marks",
    metadata,
    of_attempt(),
    sa.Column("task", Words, primary_key=True),
    of_job(),
    number("points"),
    sa.Column("reading", sa.Boolean, nullable=False, default=False),
    number("position"),
    words("counts"),  # JSON: name -> points
    words("told"),  # JSON: a list of words
)
sa.Index("ix_training_marks_job", training_marks.c.job_id)
sa.Index("ix_training_marks_reading", training_marks.c.reading, training_marks.c.attempt_key)

# Of jobs created with an idempotency key: SHA-256 of the body. It outlives the job for a while: the same request must
# not make another job of the same id.
creations = sa.Table(
    "creations",
    metadata,
    sa.Column("job_id", Words, primary_key=True),
    words("project_id"),
    words("digest"),
    number("created_at_ms"),
)
sa.Index("ix_creations_created", creations.c.created_at_ms)
