"""What Alembic runs for each command: `muster.stores.migrations` hands it an open connection."""

from alembic import context

from muster.stores.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
