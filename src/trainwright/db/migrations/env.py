"""What Alembic runs: the migrations, on the connection that `migrate.upgrade` has opened and locked."""

from alembic import context

from trainwright.db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
