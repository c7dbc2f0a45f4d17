"""Run by Alembic: uses the connection that `Store.upgrade` hands in."""

from alembic import context

from ccm.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
